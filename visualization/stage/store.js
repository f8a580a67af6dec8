// The state of the page: scenarios, random draw, time and view. The address of the page includes all of it.

import { LANGUAGES, tr } from "./language.js";

export const SPEEDS = [1600, 800, 400, 200, 100, 50]; // milliseconds per quarter
const LINGER = 4; // a quarter with a vote is shown this many times as long

const START = {
  specs: [
    { base: "eu-status-quo", changes: {} },
    { base: "essay-reform", changes: {} },
  ],
  seed: 0, // the default of the command line, so that the first numbers agree
  world: 0,
  compare: false,
  many: false,
  lang: "en",
  big: false,
  t: 0,
  playing: false,
  until: null,
  speed: 2,
  who: null,
  panel: null,
  audience: null, // the question to the phones and their answers
  invite: false, // whether the QR code fills the screen
  otherwise: null, // a ballot with changed votes: its run, number and votes, and the server's recount
  find: "", // search text in the panel of rules
  tour: null,
  guess: null,
  guesses: {}, // guesses in the tour, by step
  talk: null, // index of the current moment of the talk
  left: null, // index of the moment at which the talk was left
  begun: false, // whether the moment has its guess or has started to play
  told: {}, // guesses in the talk, by moment
  began: null, // start of the talk, in milliseconds since 1970
  entered: null, // start of the current moment, in milliseconds since 1970
  blank: false,
  clean: false, // whether all controls are hidden
  spotlight: null, // the highlighted region of the stage
  part: null, // the part of the difference whose rules are shown
  topic: null, // the question that is open in the help
  answers: {}, // comparisons from the server, by pair of scenarios
  passing: {}, // votes on the packages between two scenarios, by pair
  on: null, // the parts of the package that is shown; null for all
  notice: null,
  busy: false,
  runs: [],
  spreads: [],
  ordinary: null,
};

/** A store with the `state`, `set(changes)`, `watch(draw)` and the functions of the player. */
export function makeStore(given = {}) {
  const watchers = [];
  let due = false;
  let timer = null;
  const tours = Boolean(given.geometry?.tour);
  const store = {
    tours,
    state: { ...START, ...given, tour: tours && given.talk === undefined ? given.tour ?? null : null },
    set(changes) {
      Object.assign(store.state, changes);
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        for (const draw of watchers) draw(store.state);
      });
    },
    watch: (draw) => watchers.push(draw),
    get last() {
      return Math.max(0, ...shown(store.state).map((run) => run.frames.length - 1));
    },
    go(t) {
      store.set({ t: Math.max(0, Math.min(store.last, t)) });
    },
    step(by) {
      store.pause();
      store.go(store.state.t + by);
    },
    /** Play until a quarter; by default until the end of the window, where the answer is shown, and from there to the end. */
    play(until) {
      if (store.state.t >= store.last) store.go(0);
      const read = shown(store.state)[0]?.window_frame ?? null;
      store.set({ playing: true, until: until !== undefined ? until : store.state.t < read ? read : null });
      clearTimeout(timer);
      timer = setTimeout(tick, pace());
    },
    pause() {
      clearTimeout(timer);
      if (store.state.playing) store.set({ playing: false });
    },
    toggle: () => (store.state.playing ? store.pause() : store.play()),
    faster(by) {
      store.set({ speed: Math.max(0, Math.min(SPEEDS.length - 1, store.state.speed + by)) });
    },
    stop: () => clearTimeout(timer),
  };
  function pace() {
    const voting = shown(store.state).some((run) => run.frames[store.state.t]?.voting);
    return SPEEDS[store.state.speed] * (voting ? LINGER : 1);
  }
  function tick() {
    if (!store.state.playing) return;
    if (store.state.t >= store.last) return store.pause();
    store.go(store.state.t + 1);
    if (store.state.t === store.state.until || store.state.t >= store.last) return store.pause();
    timer = setTimeout(tick, pace());
  }
  return store;
}

/** Whether changes between quarters are animated: only in slow play, so that a single step is immediate. */
export const gliding = (state) => state.playing && SPEEDS[state.speed] >= 400;

/** Whether a talk waits for a guess, so that the stage must not reveal the answer. */
export const asking = (state) => state.talk !== null && !state.begun && Boolean(state.catalog.talk.moments[state.talk].guess);

/** Whether the stage may show the answer over many runs: not in the tour, and in a talk only if the moment says so. */
export const answers = (state) => state.tour === null && (state.talk === null || state.catalog.talk.moments[state.talk].answer);

/** The runs on the stage: one, or two side by side. */
export const shown = (state) => state.runs.slice(0, state.compare ? 2 : 1);

/** The frame of a run at time t, or its last frame if the run is shorter. */
export const frameAt = (run, t) => run.frames[Math.min(t, run.frames.length - 1)];

/** The last ballot up to the time shown, with changed votes if the panel of the vote has any; null if there is none. */
export function ballotAt(state, run) {
  const { ballot: k } = frameAt(run, state.t);
  if (k === null) return null;
  return (state.panel === "vote" && otherVotes(state, run)?.found) || run.ballots[k];
}

/** The changed votes in the last ballot of a run; null if there are none. */
export const otherVotes = (state, run) => (state.otherwise?.run === run && state.otherwise.ballot === frameAt(run, state.t).ballot ? state.otherwise : null);

/** The vote of a state. */
export const voteOf = (ballot, i) => ["yes", "no", "abstain"].find((way) => ballot[way].includes(i));

/** Whether the window of a run is over. From then on its headline is the average over the window. */
export const past = (run, t) => run.window_frame !== null && t >= run.window_frame;

/** The years behind for the headline, and whether they are the average over the window. */
export function headline(run, t) {
  if (past(run, t)) return { behind: run.outcome.years_behind, averaged: true };
  return { behind: frameAt(run, t).years_behind, averaged: false };
}

/** The specifications of the scenarios to show. */
export const wanted = (state) => state.specs.slice(0, state.compare ? 2 : 1);

/** The value of a scenario for a key: from its changes or from its preset. */
export function valueOf(state, side, key) {
  const spec = state.specs[side];
  const preset = state.catalog.presets.find((p) => p.name === spec.base);
  let value = key in spec.changes ? spec.changes[key] : preset?.plain[key];
  for (const [dotted, part] of Object.entries(spec.changes)) {
    if (dotted.startsWith(`${key}.`)) value = within(value, dotted.slice(key.length + 1).split("."), part);
  }
  return value;
}

/** A rule's entry with one change: a parameter, an actor's rule, or a parameter of that rule. */
function within(value, [name, ...rest], part) {
  const table = value && typeof value === "object" ? value : { rule: value };
  return { ...table, [name]: rest.length ? within(table[name] ?? table.rule, rest, part) : part };
}

/** The query of the address for the current state. */
export function address(state) {
  const query = new URLSearchParams();
  ["a", "b"].forEach((side, k) => {
    const spec = state.specs[k];
    query.set(side, spec.base);
    for (const [key, value] of Object.entries(spec.changes)) {
      query.set(`${side}.${key}`, typeof value === "string" ? value : JSON.stringify(value));
    }
  });
  query.set("seed", state.seed);
  if (state.world) query.set("world", state.world);
  const quarter = state.runs[0] && frameAt(state.runs[0], state.t).quarter;
  if (state.t) query.set("t", quarter || state.t);
  for (const name of ["compare", "many", "big"]) if (state[name]) query.set(name, 1);
  if (state.panel === "vote") query.set("vote", 1);
  if (state.panel === "passing") query.set("passing", state.on ? state.on.join(" ") : 1);
  if (state.who) query.set("why", `${state.who.kind}.${state.who.index}${state.who.side ? ".b" : ""}`);
  if (state.tour !== null) query.set("tour", state.tour + 1);
  if (state.talk !== null) query.set("talk", state.talk + 1);
  if (state.clean) query.set("clean", 1);
  if (state.lang !== START.lang) query.set("lang", state.lang);
  if (state.speed !== START.speed) query.set("speed", state.speed);
  return `?${query}`.replace(/%22/g, '"').replace(/%2C/g, ",");
}

/** The state for a query, and a notice about the parts that are not valid. */
export function fromAddress(text, catalog) {
  const query = new URLSearchParams(text);
  const state = { specs: START.specs.map((s) => ({ base: s.base, changes: {} })) };
  const wrong = [];
  const presets = catalog.presets.map((p) => p.name);
  const known = new Set([...catalog.parameters, ...catalog.families, { name: "agents" }, { name: "votes" }].map((x) => x.name));
  for (const [key, value] of query) {
    const [side, ...rest] = key.split(".");
    const k = ["a", "b"].indexOf(side);
    if (k >= 0 && !rest.length) {
      if (presets.includes(value)) state.specs[k].base = value;
      else wrong.push(tr("“{name}” is not a scenario", { name: value }));
    } else if (k >= 0) {
      if (known.has(rest[0])) state.specs[k].changes[rest.join(".")] = parsed(value);
      else if (catalog.seeds) wrong.push(tr("{key} {name} is not in this file", { key: rest[0], name: value }));
      else wrong.push(tr("“{name}” is neither a parameter nor a family of rules", { name: rest[0] }));
    } else if (key === "seed" || key === "world") {
      const held = catalog.seeds && (key === "seed" ? catalog.seeds : [0]);
      if (held && !held.includes(Number(value))) wrong.push(tr("{key} {name} is not in this file", { key, name: value }));
      else if (/^\d{1,15}$/.test(value)) state[key] = Number(value);
      else wrong.push(tr("{key} “{name}” is not a whole number", { key, name: value }));
    } else if (key === "t") {
      if (/^(\d{1,4}|\d{4}Q[1-4])$/.test(value)) state.when = value;
      else wrong.push(tr("“{name}” is not a quarter, such as 2026Q3", { name: value }));
    } else if (["compare", "many", "big", "clean"].includes(key)) state[key] = value !== "0";
    else if (key === "vote") state.panel = "vote";
    else if (key === "passing") Object.assign(state, { panel: "passing", on: value === "1" ? null : value.split(" ").filter(Boolean) });
    else if (key === "why") {
      const found = value.match(/^(state|facility|lab|commissioner)\.(\d{1,4})(\.b)?$/);
      if (found) state.who = { kind: found[1], index: Number(found[2]), side: found[3] ? 1 : 0 };
      else wrong.push(tr("“{name}” is not on the map", { name: value }));
    } else if (key === "lang") {
      if (LANGUAGES.includes(value)) state.lang = value;
      else wrong.push(tr("“{name}” is not a language of this page", { name: value }));
    } else if (key === "tour" && /^[1-6]$/.test(value)) state.tour = Number(value) - 1;
    else if (key === "talk" && Number(value) in (catalog.talk ? [0, ...catalog.talk.moments] : []) && value !== "0") state.talk = Number(value) - 1;
    else if (key === "speed" && /^[0-5]$/.test(value)) state.speed = Number(value);
    else wrong.push(tr("“{name}” is not known", { name: key }));
  }
  const notice = wrong.length ? tr("This link could not be read in full: {wrong}. The rest is shown.", { wrong: wrong.join("; ") }) : null;
  return { ...state, notice };
}

function parsed(value) {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
