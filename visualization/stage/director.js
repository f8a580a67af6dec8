// Changes scenarios and draws. Each change requests new runs with the same random draw, can be undone, and is undone if it fails.

import { answerFor, pairKey, passingFor } from "./answer.js";
import { roomSide, votedBefore } from "./room.js";
import { tr } from "./language.js";
import { frameAt, otherVotes, past, valueOf, voteOf, wanted } from "./store.js";
import { titleOf } from "./titles.js";

const KEPT = 50;
const WORLDS = 200;
const LONGEST = 20_000; // limit on the bytes of a scenario file
const PAUSE = 120; // milliseconds in which further changes are combined into one question
const PATIENCE = 8000; // milliseconds without an answer until the page shows a notice
const DOUBT = 1500; // milliseconds without an answer until the page checks whether the server has restarted
const WAYS = ["yes", "no", "abstain"]; // the order in which clicks change a state's vote
const LOST = "The server does not answer. The runs shown still play, and the page continues when the server is back. If this message stays, reload the page.";

/** The director of a store. `ask` sends a question to the server; `look` reloads the page if the server has restarted. */
export function makeDirector(store, ask, look = () => {}) {
  const { state } = store;
  const earlier = []; // previous settings, for undo
  const computing = { parts: null, passing: null }; // the pair for which each is being computed
  let n = 0;
  let good = null;
  let seeking = null; // number of the pending question for the typical run
  let timer = null;
  const waiting = new Map();
  const answered = new Set(); // numbers of questions that have got the first of several answers
  const setting = () => structuredClone({ specs: state.specs, seed: state.seed, world: state.world });

  const several = (kind) => ["spread", "parts", "passing"].includes(kind); // questions that have several answers

  function send(question, then, silent = () => store.set({ notice: tr(LOST) })) {
    n += 1;
    waiting.set(n, then);
    ask({ n, ...question });
    const mine = n;
    doubt(mine);
    if (!state.catalog?.alone) setTimeout(() => waiting.has(mine) && !several(question.kind) && silent(), PATIENCE);
    return mine;
  }

  function doubt(mine) {
    setTimeout(() => {
      if (mine !== n || !waiting.has(mine) || answered.has(mine)) return;
      look();
      doubt(mine);
    }, DOUBT);
  }

  /** After an error: drop changes or a comparison that a link asks for but that were never shown; otherwise restore the last state. */
  function recover(error, then) {
    const unseen = (spec, side) => side >= state.runs.length && Object.keys(spec.changes).length > 0;
    if (wanted(state).some(unseen)) {
      const specs = state.specs.map((spec, side) => (unseen(spec, side) ? { base: spec.base, changes: {} } : spec));
      store.set({ specs, notice: `${error} ${tr("The scenario is shown without the changes of this link.")}` });
      renew(then);
      return;
    }
    if (state.compare && state.runs.length < 2) {
      store.set({ compare: false, busy: false, notice: `${error} ${tr("Only scenario A is shown.")}` });
      if (!state.runs.length) renew(then);
      return;
    }
    if (good) {
      Object.assign(state, structuredClone(good));
      if (JSON.stringify(earlier.at(-1)) === JSON.stringify(good)) earlier.pop();
    }
    store.set({ busy: false, notice: error });
  }

  function renew(then) {
    clearTimeout(timer);
    store.set({ busy: true });
    const asked = setting();
    const mine = send({ kind: "runs", specs: wanted(state), seed: state.seed, replicate: state.world, map: state.geometry.digest }, (said) => {
      if (mine !== director.latest) return;
      if (said.error) return recover(said.error, then);
      good = asked;
      if (said.geometry) store.set({ geometry: said.geometry, who: null, panel: state.panel === "why" ? null : state.panel });
      store.set({ runs: said.runs, busy: false, notice: state.notice === tr(LOST) ? null : state.notice });
      store.go(state.t);
      if (state.many) director.spread();
      if (then) then();
    }, () => {
      if (mine !== director.latest) return;
      store.set({ notice: tr(LOST) });
      renew(then);
    });
    director.latest = mine;
  }

  /** Request a comparison of the pair if it is due, and cancel the request for a previous pair. */
  function compared(kind, place, due) {
    const key = pairKey(state);
    const put = (pair, answer) => store.set({ [place]: { ...state[place], [pair]: answer } });
    if (computing[kind] !== null && computing[kind] !== key) {
      n += 1;
      ask({ n, kind });
      put(computing[kind], undefined);
      computing[kind] = null;
    }
    if (!due) return;
    computing[kind] = key;
    put(key, { done: 0 });
    send({ kind, specs: state.specs }, (said) => {
      if (computing[kind] !== key) return;
      if (said.done === undefined) computing[kind] = null;
      put(key, said[kind] || said.error ? { [kind]: said[kind], error: said.error } : { done: said.done });
    });
  }

  const director = {
    latest: 0,
    /** Process an answer. */
    hear(said) {
      if (said.kind === "audience") return store.set(said.error ? { notice: said.error } : { audience: said.audience });
      const then = waiting.get(said.n);
      if (!then) return;
      if (!several(said.kind)) waiting.delete(said.n);
      else answered.add(said.n);
      then(said);
    },
    /** Change scenarios or random draw; `changes` has specs, seed or world. */
    change(changes, { soon = false, then = null } = {}) {
      earlier.push(setting());
      if (earlier.length > KEPT) earlier.shift();
      store.set({ ...changes, part: null, notice: null });
      clearTimeout(timer);
      if (soon) timer = setTimeout(() => renew(then), PAUSE);
      else renew(then);
    },
    get undoable() {
      return earlier.length > 0;
    },
    undo() {
      if (!earlier.length) return;
      store.set({ ...earlier.pop(), notice: null });
      renew();
    },
    renew,
    choose: (side, base) => director.spec(side, { base, changes: {} }),
    spec(side, spec, options) {
      const specs = [...state.specs];
      specs[side] = spec;
      director.change({ specs }, options);
    },
    put(side, key, value, options = { soon: true }) {
      const spec = state.specs[side];
      const preset = state.catalog.presets.find((p) => p.name === spec.base);
      const changes = { ...spec.changes };
      for (const old of Object.keys(changes)) if (old.startsWith(`${key}.`)) delete changes[old];
      if (JSON.stringify(preset.plain[key]) === JSON.stringify(value)) delete changes[key];
      else changes[key] = value;
      director.spec(side, { base: spec.base, changes }, options);
    },
    /** Choose another random draw: the next stored seed, or any if the page has a server. */
    redraw() {
      const { seeds } = state.catalog;
      director.change({ seed: seeds ? seeds[(seeds.indexOf(state.seed) + 1) % seeds.length] : (state.seed * 48271 + 11) % 99991 });
    },
    compare(on = !state.compare) {
      store.set({ compare: on });
      if (on && state.runs.length < 2) renew();
      else {
        store.go(state.t);
        if (state.many) director.spread();
      }
    },
    many(on = !state.many) {
      store.set({ many: on });
      if (on) director.spread();
    },
    spread(worlds = WORLDS) {
      if (seeking) return; // the server answers only the latest question about many runs
      store.set({ spreads: state.spreads.map((s, k) => (s?.digest === state.runs[k]?.digest && s?.seed === state.seed ? s : null)) });
      const lacking = wanted(state).some((_, k) => !(state.spreads[k]?.worlds >= worlds));
      if (!lacking) return;
      send({ kind: "spread", specs: wanted(state), seed: state.seed, worlds }, (said) => {
        if (said.error) return store.set({ notice: said.error });
        const spreads = [...state.spreads];
        spreads[said.side] = said.spread;
        store.set({ spreads });
      });
    },
    /** Compare scenario A with the same scenario and twice the money. */
    more() {
      const [a] = state.specs;
      const twice = { base: a.base, changes: { ...a.changes, envelope_eur_bn: 2 * valueOf(state, 0, "envelope_eur_bn") } };
      store.set({ compare: true, many: false, panel: null, topic: null });
      director.change({ specs: [a, twice] });
    },
    /** Request what is due for the pair and not stored: the parts of the difference, and the votes on the packages. */
    compute() {
      const ready = state.runs.length > 0 && !state.busy;
      compared("parts", "answers", ready && !state.compare && !state.many && state.tour === null && past(state.runs[0], state.t) && !answerFor(state));
      compared("passing", "passing", ready && state.panel === "passing" && !passingFor(state));
    },
    /** Find the most typical run of a scenario for the current random draw. */
    ordinary(spec, then) {
      if (state.ordinary?.seed === state.seed) return then(state.ordinary.world);
      store.set({ busy: true });
      const mine = send({ kind: "spread", specs: [spec], seed: state.seed, worlds: WORLDS }, (said) => {
        if (!said.error && said.spread.worlds < WORLDS) return;
        if (seeking === mine) seeking = null;
        store.set({ busy: false });
        if (said.error) return store.set({ notice: said.error });
        if (said.spread.seed !== state.seed) return director.ordinary(spec, then);
        store.set({ ordinary: { seed: said.spread.seed, world: said.spread.ordinary } });
        then(said.spread.ordinary);
        if (state.many) director.spread();
      });
      seeking = mine;
    },
    /** Change a state's vote in the last ballot of a run to the next of yes, no, abstain. The server counts it by the run's rule. */
    flip(side, i) {
      const run = state.runs[side];
      const number = frameAt(run, state.t).ballot;
      const { code } = state.geometry.states[i];
      if (number === null) return;
      const { [code]: now = voteOf(run.ballots[number], i), ...votes } = otherVotes(state, run)?.votes ?? {};
      const next = WAYS[(WAYS.indexOf(now) + 1) % WAYS.length];
      director.recount(side, next === voteOf(run.ballots[number], i) ? votes : { ...votes, [code]: next });
    },
    recount(side, votes) {
      const run = state.runs[side];
      const ballot = frameAt(run, state.t).ballot;
      if (!Object.keys(votes).length) return store.set({ otherwise: null });
      store.set({ otherwise: { run, side, ballot, votes, found: otherVotes(state, run)?.found } });
      send({ kind: "vote", specs: wanted(state), seed: state.seed, replicate: state.world, side, ballot, votes }, (said) => {
        if (state.otherwise?.votes !== votes) return;
        if (said.error) return store.set({ otherwise: null, notice: said.error });
        store.set({ otherwise: { ...state.otherwise, found: said.ballot } });
      });
    },
    /** Run a scenario on with other votes in the ballot of a quarter, beside its own run; later ballots are the model's again. */
    runOn(side, quarter, votes) {
      const spec = votedBefore(state.specs[side], quarter);
      const { votes: earlier, ...changes } = spec.changes;
      const at = state.runs[side].frames.findIndex((frame) => frame.quarter === quarter);
      store.set({ compare: true, many: false, otherwise: null, panel: null, who: null });
      director.change({ specs: [{ base: spec.base, changes }, { base: spec.base, changes: { ...changes, votes: { ...earlier, [quarter]: votes } } }] }, { then: () => store.go(at) });
    },
    /** Run scenario A with some parts of the rules of scenario B beside it, from the beginning. */
    reform(parts) {
      const [a, b] = state.specs;
      const theirs = state.catalog.families.filter((family) => parts.includes(family.group)).map(({ name }) => [name, valueOf(state, 1, name)]);
      const differ = theirs.filter(([name, value]) => JSON.stringify(valueOf(state, 0, name)) !== JSON.stringify(value));
      const whole = passingFor(state)?.passing?.units.flat().every((part) => parts.includes(part));
      store.set({ compare: true, many: false, panel: null, who: null });
      director.change({ specs: [a, whole ? b : { base: a.base, changes: { ...a.changes, ...Object.fromEntries(differ) } }] }, { then: () => store.go(0) });
    },
    async open(file, side) {
      if (file.size > LONGEST) return store.set({ notice: tr("{name} is too long for a scenario; open a TOML file.", { name: file.name }) });
      send({ kind: "open", text: await file.text() }, (said) => (said.error ? store.set({ notice: said.error }) : director.spec(side, said.spec)));
    },
    /** Ask the phones a question or close it; the server sends an update whenever something changes. */
    audience: (act, more = {}) => ask({ n: 0, kind: "audience", act, specs: wanted(state), seed: state.seed, replicate: state.world, lang: state.lang, title: titleOf(state, roomSide(state)), ...more }),
    toml: (side, then) => send({ kind: "toml", spec: state.specs[side] }, (said) => (said.error ? store.set({ notice: said.error }) : then(said.text))),
    replay: (then) => {
      const view = { t: state.t, compare: state.compare, big: state.big, lang: state.lang, speed: state.speed, titles: wanted(state).map((_, side) => titleOf(state, side)) };
      send({ kind: "replay", specs: wanted(state), seed: state.seed, replicate: state.world, view }, (said) => (said.error ? store.set({ notice: said.error }) : then(said.text)));
    },
  };
  if (!state.catalog?.seeds) store.flip = director.flip;
  return director;
}
