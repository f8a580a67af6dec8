// A talk: moments from a talk file. One key asks, runs, tells and continues; a second window shows the notes.

import { answerFor, namedParts, partName, passingFor, sameParts } from "./answer.js";
import { makeKeeper } from "./keep.js";
import { h } from "./paint.js";
import { decimal, tr } from "./language.js";
import { titleOf } from "./titles.js";
import { guessRow, middles, outcome } from "./tour.js";
import { apart, brief, fromTo, money, span } from "./words.js";

const TALK_SPEED = 3; // index in SPEEDS, fast enough for an audience
const inYears = (name) => /years|price|gain$|^answer|^verdict/.test(name);

/** The current moment of the talk; null without a talk. */
export const momentOf = (state) => (state.talk === null ? null : state.catalog.talk.moments[state.talk]);

/** The controller of a talk; null if the app was started without one. */
export function makeTalk(store, director) {
  const { state } = store;
  const { talk: file } = state.catalog;
  if (!file) return null;
  const keeper = makeKeeper(store, director);
  let at = null;
  let kept = null; // what the last key asked for while the page computed; one, so that no moment is skipped unseen
  const talk = {
    /** Start the talk, or resume it where it was left. */
    open() {
      if (state.tour !== null) return;
      const left = state.left !== null && state.left < file.moments.length - 1;
      store.set(left ? { talk: state.left } : { talk: 0, told: {}, began: null });
    },
    end: () => store.set({ left: state.talk, talk: null }),
    toggle: () => (state.talk === null ? talk.open() : talk.end()),
    step(by) {
      const next = state.talk + by;
      if (next >= 0 && next < file.moments.length) store.set({ talk: next });
    },
    /** The action of the forward key of a presentation remote. */
    forward() {
      const moment = momentOf(state);
      if (state.began === null) store.set({ began: Date.now(), entered: Date.now() });
      if (state.blank) return store.set({ blank: false });
      if (state.busy && !state.notice) return void (kept = talk.forward);
      if (!state.begun && (moment.guess || moment.play)) return talk.answer(moment.guess?.room ? moment.guess.room - 1 : null);
      if (state.playing) {
        store.pause();
        return store.go(dueIn(state));
      }
      talk.step(1);
    },
    back() {
      if (state.blank) return store.set({ blank: false });
      talk.step(-1);
    },
    /** Record a guess, or null for none, and play the moment. */
    answer(k) {
      const moment = momentOf(state);
      if (k !== null && !moment.guess?.options[k]) return;
      if (state.busy) return void (kept = () => talk.answer(k));
      store.set({ guess: k, begun: true, told: { ...state.told, [state.talk]: k } });
      if (moment.play && state.t < dueIn(state)) store.play(dueIn(state));
    },
  };
  store.watch(() => {
    if (state.talk !== at) kept = null;
    if (kept && !state.busy) {
      const act = kept;
      kept = null;
      act();
    }
    if (state.talk === at) return;
    if (at === null) {
      keeper.keep();
      store.set({ clean: file.clean, big: file.big });
    }
    at = state.talk;
    if (at === null) keeper.restore();
    else enter(store, director, at);
  });
  return talk;
}

/** Prepare the stage for a moment. A moment that was already told is shown as it was then. */
function enter(store, director, k) {
  const { state } = store;
  const m = momentOf(state);
  const told = k in state.told;
  store.pause();
  store.set({
    begun: told, guess: told ? state.told[k] : null, entered: Date.now(), panel: null, who: null, topic: null, part: null, blank: false,
    spotlight: null, speed: TALK_SPEED, seed: m.seed,
  });
  const arrive = () => {
    if (state.talk !== k) return;
    const [at, due] = [m.quarter, m.play ?? m.quarter].map((place) => frameOf(state.runs[0], place));
    store.go(told ? due : at);
    store.set({ panel: m.why === null ? m.panel : "why", who: m.why === null ? null : { kind: "state", index: m.why, side: 0 }, spotlight: m.spotlight });
    director.spread();
  };
  const run = (world) => {
    if (state.talk !== k) return;
    const specs = [m.a, m.b];
    const [now, then] = [[state.specs, state.runs[0]?.seed, state.world], [specs, m.seed, world]].map((x) => JSON.stringify(x));
    store.set({ compare: m.view === "two", many: m.many });
    if (now === then && !state.busy && state.runs.length > Number(state.compare)) arrive();
    else director.change({ specs: structuredClone(specs), world }, { then: arrive });
  };
  if (m.world === "ordinary") director.ordinary(m.a, run);
  else run(m.world);
}

/** The index of the frame for "start", "window" (the end of the comparison), "end" or a quarter. */
function frameOf(run, place) {
  const last = run.frames.length - 1;
  if (place === "start") return 0;
  if (place === "end") return last;
  if (place === "window") return run.window_frame ?? last;
  const found = run.frames.findIndex((frame) => frame.quarter === place);
  return found < 0 ? last : found;
}

/** The index of the frame at which the current moment is complete. */
function dueIn(state) {
  const m = momentOf(state);
  return state.runs.length ? frameOf(state.runs[0], m.play ?? m.quarter) : Infinity;
}

/** The phase of the current moment: "setting" until its runs have arrived, "asking", "running" or "told". */
export function phaseOf(state) {
  const m = momentOf(state);
  if (state.busy && !state.begun) return "setting";
  if ((m.guess || m.play) && !state.begun) return "asking";
  return !state.busy && state.t >= dueIn(state) ? "told" : "running";
}

/** The answer over many runs under the names of a talk file; the difference is positive if B is closer to the frontier. */
function overMany(state) {
  const found = answerFor(state)?.parts;
  if (!found) return null;
  const { mean, low, high } = found.difference;
  return { a: found.a, b: found.b, difference: { mean: -mean, low: -high, high: -low }, ...found.prices };
}

/** The votes on the packages under the names of a talk file; null while they are not known. */
function inPackages(state) {
  const found = passingFor(state)?.passing;
  if (!found) return null;
  const [whole, best] = [found.units.flat(), found.best ?? []].map((parts) => found.packages.find((p) => sameParts(p.parts, parts)));
  return {
    packages: found.packages.length, passes: found.packages.filter((p) => p.passes).length, gain: whole.gain_years, in_favor: whole.in_favor,
    best_gain: best?.gain_years ?? 0, best_in_favor: best?.in_favor ?? 0, best: namedParts(state, found.best ?? []),
  };
}

/** The number of decimals for a number of years. */
const digits = (name) => (name.startsWith("answer.") && !/^answer\.[ab]$/.test(name) ? 2 : 1);

/** A number by its name in a talk file; undefined while it is not known. */
function numberOf(name, state) {
  const [who, what, how] = name.split(".");
  if (who === "answer") return overMany(state)?.[what]?.mean;
  if (who === "verdict") return state.catalog.verdict?.[what]?.median;
  if (who === "passing") return inPackages(state)?.[what];
  const runs = state.runs.slice(0, state.compare ? 2 : 1);
  const all = how === "middle" ? middles(state, runs) : runs.map((run) => ({ ...outcome(run), envelope_eur_bn: run.envelope_eur_bn }));
  if (!all) return undefined;
  if (who === "gap") return all[1] && apart(all[1][what], all[0][what]); // A minus B
  return all["ab".indexOf(who)]?.[what];
}

/** The range of a number in 90 % of the runs, or the 95 % interval of a mean of the answer. */
function rangeOf(name, state) {
  const [who, what] = name.split(".");
  if (who === "answer") return overMany(state)?.[what];
  if (who === "verdict") return state.catalog.verdict?.[what];
  const side = "ab".indexOf(who);
  const spread = state.spreads[side];
  return spread?.digest === state.runs[side]?.digest && spread.seed === state.runs[side].seed ? spread.outcomes[what] : undefined;
}

/** A number as text, in the format for its name. */
function saidOf(name, x) {
  if (x === undefined || x === null) return "…";
  if (/_eur_bn$/.test(name)) return money(x);
  if (inYears(name)) return `${x < 0 && Number(x.toFixed(digits(name))) !== 0 ? "−" : ""}${decimal(Math.abs(x), digits(name))}`;
  return brief(Math.round(x));
}

/** A text of a talk, translated by paragraphs if the catalogs have it, with numbers from the runs; an unknown one is an ellipsis. */
export function filled(text, state) {
  return text.trim().split(/\n\s*\n/).map((part) => tr(part.trim())).join("\n\n").replace(/\{([^{}]*)\}/g, (_, name) => {
    if (name === "worlds") return brief(state.spreads[0]?.worlds ?? 200);
    if (name === "window") return state.runs[0] ? span(state.runs[0]) : "…";
    if (name === "a.title" || name === "b.title") return titleOf(state, "ab".indexOf(name[0]));
    const found = answerFor(state)?.parts;
    if (name === "answer.worlds") return found ? brief(found.worlds) : "…";
    if (name === "answer.largest") return found ? largestPart(found, state.catalog.groups) : "…";
    if (name === "passing.best") return inPackages(state)?.best ?? "…";
    if (!name.endsWith(".range")) return saidOf(name, numberOf(name, state));
    const range = rangeOf(name.slice(0, -6), state);
    return range ? fromTo(saidOf(name, range.low), saidOf(name, range.high)) : "…";
  });
}

/** The name and size of the largest part of a difference. */
function largestPart(found, groups) {
  const [most] = [...found.shares].sort((x, y) => x.mean - y.mean);
  return `${partName(groups, most)} (${tr("{n} years", { n: saidOf("answer.largest", -most.mean) })})`;
}

/** The index of the right option: the number of edges that the rounded number reaches; null while it is not known. */
function rightOf(moment, state) {
  const x = numberOf(moment.guess.answer, state);
  if (x === undefined || x === null) return null;
  const shown = inYears(moment.guess.answer) ? Number(x.toFixed(digits(moment.guess.answer))) : x;
  return moment.guess.edges.filter((edge) => shown >= edge).length;
}

/** The data for the window of notes; null without a talk. */
export function notesOf(state) {
  const moment = momentOf(state);
  if (!moment || !state.runs.length) return null;
  const { title, moments } = state.catalog.talk;
  const after = moments[state.talk + 1];
  const phase = phaseOf(state);
  return {
    lang: state.lang, title, phase, at: state.talk, of: moments.length, name: tr(moment.name), notes: filled(moment.notes, state), say: filled(moment.say, state),
    question: moment.guess ? filled(moment.guess.question, state) : null, options: (moment.guess?.options ?? []).map((text) => tr(text)), guess: state.guess,
    right: moment.guess && phase === "told" ? rightOf(moment, state) : null, tell: filled(moment.tell, state),
    next: after ? { name: tr(after.name), say: tr([after.guess?.question, after.say].find((text) => text && !text.includes("{")) ?? "") } : null,
    minutes: moment.minutes, before: moments.slice(0, state.talk).reduce((sum, m) => sum + m.minutes, 0), planned: moments.reduce((sum, m) => sum + m.minutes, 0),
    began: state.began, entered: state.entered, blank: state.blank,
  };
}

/** The card of a talk as elements; null if the moment has no text on the stage. */
export function drawTalk(state, store, talk) {
  const moment = momentOf(state);
  const phase = phaseOf(state);
  if (!state.runs.length || (state.clean && !moment.say && !moment.guess && !(moment.tell && phase === "told"))) return null;
  const right = moment.guess && phase === "told" ? rightOf(moment, state) : null;
  const tells = phase === "told" ? filled(moment.tell, state) : phase === "running" ? tr("Watch …") : "";
  const won = right !== null && state.guess === right ? `${tr("You guessed it.")} ` : "";
  return h("section", { key: "talk", class: "tour talk", "aria-label": tr(state.catalog.talk.title), "data-moment": state.talk + 1, "data-phase": phase },
    moment.say && h("div", { key: "say" }, h("p", { class: "claim" }, filled(moment.say, state))),
    moment.guess && h("div", { key: "question" }, h("p", {}, filled(moment.guess.question, state)), guessRow(moment.guess.options, state, right, talk.answer)),
    (moment.tell || !state.clean) && h("div", { key: "answer", class: "found" },
      h("p", { key: "answer", class: "answer", "aria-live": "polite" }, won, tells),
      !state.clean && h("p", { key: "nav", class: "nav" },
        h("button", { key: "back", type: "button", "data-press": "talk-back", disabled: state.talk === 0, onclick: talk.back }, tr("← Back")),
        h("span", { key: "where" }, tr("{n} of {all}", { n: state.talk + 1, all: state.catalog.talk.moments.length })),
        h("button", { key: "next", type: "button", "data-press": "talk-next", class: "main", onclick: talk.forward }, tr(phase === "asking" ? "Run →" : "Next →")),
        h("button", { key: "end", type: "button", "data-press": "talk-end", onclick: talk.end }, tr("End")))));
}
