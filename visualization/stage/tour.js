// The tour: for each of the essay's five claims a question to guess, then a run, then the model's numbers.

import { makeKeeper } from "./keep.js";
import { h } from "./paint.js";
import { ranged } from "./answer.js";
import { tr } from "./language.js";
import { apart, brief, counted, money, years } from "./words.js";

const EUROPE = { base: "eu-status-quo", changes: {} };
const REFORM = { base: "essay-reform", changes: {} };
const with_ = (spec, changes) => ({ base: spec.base, changes: { ...spec.changes, ...changes } });
const steps = (x, ...edges) => edges.filter((edge) => x >= edge).length;
const budget = (state, base) => money(state.catalog.presets.find((p) => p.name === base).plain.envelope_eur_bn);

const spread = (a) => tr("{sites} in {countries}", { sites: counted(a.sites, "{n} site", "{n} sites"), countries: counted(a.hosts, "{n} country", "{n} countries") });
const pair = (a, b) => tr("{a} and {b}", { a: years(a), b: years(b) });

/*
 * A step has a claim, a question with options, and the scenarios that it runs. The result is given for the runs on the stage
 * and for the medians of many runs, which also determine the right option.
 */
export const STEPS = [
  {
    title: "1 · Everyone takes part",
    claim: "Every country with a vote claims a site of its own.",
    question: (state) => tr("Europe has {money} for AI factories. How many sites will {n} countries choose?", { money: budget(state, EUROPE.base), n: state.geometry.states.length }),
    options: ["fewer than 5", "5 to 14", "15 or more"],
    specs: [EUROPE],
    right: ([a]) => steps(a.sites, 5, 15),
    tell: ([a]) => `${spread(a)}. ${tr("The largest has {part} chips of {all}.", { part: brief(Math.round(a.largest_site_accelerators)), all: brief(Math.round(a.aggregate_accelerators)) })}`,
    middle: ([a]) => spread({ sites: Math.round(a.sites), hosts: Math.round(a.hosts) }),
  },
  {
    title: "2 · Geography defeats arithmetic",
    claim: "Many medium sites are not one large site.",
    question: () => tr("The same sites and the same money, with a share of each site for one model. On the right the sites train one model together, with an exchange now and then. How much does that gain?"),
    options: ["almost nothing", "up to a year", "more than a year"],
    specs: [with_(EUROPE, { access: "strategic" }), with_(EUROPE, { access: "strategic", pooling: "low_communication" })],
    right: (found) => steps(won(found), 0.2, 1.05),
    tell([a, b]) {
      const view = won([a, b]) >= 0.2 ? "Better training methods recover part of what geography costs: here the essay is too pessimistic." : "The essay is right: training together hardly overcomes distance.";
      return `${tr("{a} years behind alone, {b} together.", { a: years(a.years_behind), b: years(b.years_behind) })} ${tr(view)}`;
    },
    middle: ([a, b]) => pair(a.years_behind, b.years_behind),
  },
  {
    title: "3 · The wrong people, the wrong mandate",
    claim: "Slow tenders, and repairs that wait for a signature.",
    question: () => tr("Both maps have a few large sites. On the left they are bought and run by public procedures, on the right by fast ones. How much do the public procedures cost?"),
    options: ["weeks", "months", "a year or more"],
    specs: [with_(REFORM, { procurement: "public_tender", operations: "audit_first" }), REFORM],
    right: (found) => steps(won(found), 0.15, 1),
    tell: ([a, b]) => tr(won([a, b]) < 0 ? "{a} years behind with public procedures, {b} with fast ones: {n} years gained." : "{a} years behind with public procedures, {b} with fast ones: {n} years lost for the same money.", { a: years(a.years_behind), b: years(b.years_behind), n: years(won([a, b])) }),
    middle: ([a, b]) => pair(a.years_behind, b.years_behind),
  },
  {
    title: "4 · The window closes",
    claim: "In three years the gap becomes structural.",
    question: (state) => tr("Nothing more is built after these factories. {when}: is the gap …", { when: state.runs[0]?.frames.at(-1).quarter.slice(0, 4) ?? tr("In the end") }),
    options: ["smaller", "the same", "larger"],
    specs: [EUROPE],
    to_end: true,
    right: ([a]) => steps(apart(a.years_behind_at_end, a.end), -0.25, 0.3),
    tell([a]) {
      const each = apart(a.years_behind_at_end, a.end) / a.passed;
      const view = each > 0.05 ? tr("The frontier does not wait: without new sites, {n} years are lost each year.", { n: years(each) }) : tr("The gap does not grow.");
      return `${tr("{a} years when the comparison ends, {b} at the end.", { a: years(a.years_behind_at_end), b: years(a.end) })} ${view}`;
    },
    middle: ([a]) => pair(a.years_behind_at_end, a.end),
  },
  {
    title: "5 · What would work",
    claim: "Two or three large sites, built fast and run by experts.",
    question: () => tr("The essay's reform against Europe today, with the same random draw. How many years does it gain?"),
    options: ["less than one", "one to two", "more than two"],
    specs: [EUROPE, REFORM],
    right: (found) => steps(won(found), 1, 2.05),
    tell([a, b], state) {
      const rest = b.years_behind > 1 ? ` ${tr("Still {n} behind: {money} is not enough to catch up.", { n: years(b.years_behind), money: budget(state, REFORM.base) })}` : "";
      return tr("{n} years gained. A planner, with all else as today, would gain {planner}.", { n: years(won([a, b])), planner: years(a.price_of_politics) }) + rest;
    },
    middle: ([a, b]) => tr("{n} gained, {planner} with a planner only", { n: years(won([a, b])), planner: years(a.price_of_politics) }),
  },
  { title: "Your turn", claim: "Change a rule and watch.", question: () => tr("Change one thing under “Rules”, and see what it costs."), options: [], specs: null },
];

const won = ([a, b]) => apart(b.years_behind, a.years_behind);

/** The outcome of a run on the stage. */
export function outcome(run) {
  const last = run.frames.length - 1;
  return { ...run.outcome, end: run.frames[last].years_behind, passed: (last - run.window_frame) / 4 };
}

/** The medians of many runs, in the same form; null until they are known for all `runs`. */
export function middles(state, runs) {
  const known = runs.map((run, k) => (state.spreads[k]?.digest === run.digest && state.spreads[k].seed === run.seed ? state.spreads[k] : null));
  if (!known.length || known.includes(null)) return null;
  return known.map((s) => ({ ...Object.fromEntries(Object.entries(s.outcomes).map(([name, d]) => [name, d.median])), end: s.bands.years_behind[2].at(-1), worlds: s.worlds }));
}

/** The controller of the tour. */
export function makeTour(store, director) {
  const { state } = store;
  const keeper = makeKeeper(store, director);
  let offered = null; // the scenarios at the start of the last step, in which the visitor may change them
  const tour = {
    step(by) {
      const next = state.tour + by;
      if (next >= 0 && next < STEPS.length) store.set({ tour: next });
    },
    /** Prepare the stage for a step, with the most typical run of the random draw. */
    enter(k) {
      const { specs } = STEPS[k];
      store.pause();
      const guessed = state.guesses[k] ?? null;
      store.set({ guess: guessed, panel: specs ? null : "rules", who: null, many: false });
      const compared = () => store.go(state.runs[0].window_frame ?? state.t);
      if (!specs) return state.runs.length ? compared() : director.renew(compared);
      store.go(0);
      director.ordinary(EUROPE, (world) => {
        if (state.tour !== k) return;
        store.set({ compare: specs.length > 1 });
        director.change({ specs: structuredClone([specs[0], specs[1] || state.specs[1]]), world }, { then: () => {
          if (guessed !== null && state.tour === k) store.go(dueOf(STEPS[k], state, store));
          director.spread();
        } });
      });
    },
    /** Record a guess and play the run. */
    answer(k) {
      const step = STEPS[state.tour];
      if (state.busy || !step.options[k]) return;
      store.set({ guess: k, guesses: { ...state.guesses, [state.tour]: k }, t: 0, speed: 4 });
      store.play(dueOf(step, state, store));
    },
  };
  let at = null;
  store.watch(() => {
    if (state.tour === at) return;
    if (at === null) {
      keeper.keep();
      store.set({ guesses: {} });
    }
    at = state.tour;
    if (at === null) keeper.restore(offered !== null && offered !== JSON.stringify(state.specs));
    else tour.enter(at);
    offered = at !== null && STEPS[at].specs === null ? JSON.stringify(state.specs) : null;
  });
  return tour;
}

/** The index of the quarter at which a step is complete. */
const dueOf = (step, state, store) => (step.to_end ? store.last : state.runs[0]?.window_frame);

/** The card of the tour as elements. */
export function drawTour(state, store, tour) {
  const step = STEPS[state.tour];
  const runs = state.runs.slice(0, step.specs?.length || 0);
  const read = runs.length && runs.every((run) => run.window_frame !== null);
  const told = state.guess !== null && read && state.t >= dueOf(step, state, store) && !state.busy;
  const middle = told && middles(state, runs);
  const right = told ? step.right(middle || runs.map(outcome)) : null;
  const verdict = told && state.guess === right ? `${tr("You guessed it.")} ` : "";
  return [
    h("div", { key: "claim" }, h("p", { class: "step" }, tr(step.title)), h("p", { class: "claim" }, tr(step.claim))),
    h("div", { key: "question" }, h("p", {}, step.question(state)), step.options.length > 0 && guessRow(step.options, state, right, tour.answer)),
    h("div", { key: "answer", class: "found" },
      step.options.length > 0 && h("p", { key: "answer", class: "answer", "aria-live": "polite" },
        told ? `${verdict}${step.tell(runs.map(outcome), state)}` : state.guess === null ? tr("Guess first.") : tr("Watch …"),
        middle && h("small", { key: "middle" }, ` ${tr("Median of {n} runs at the default numbers: {found}.", { n: middle[0].worlds, found: step.middle(middle) })}${over(step, state)}`)),
      h("p", { key: "nav", class: "nav" },
        h("button", { type: "button", "data-press": "tour-back", disabled: state.tour === 0, onclick: () => tour.step(-1) }, tr("← Back")),
        h("span", {}, tr("{n} of {all}", { n: state.tour + 1, all: STEPS.length })),
        state.tour < STEPS.length - 1
          ? h("button", { key: "next", type: "button", "data-press": "tour-next", class: told ? "main" : "", onclick: () => tour.step(1) }, tr("Next →"))
          : h("button", { key: "end", type: "button", "data-press": "tour-end", class: "main", onclick: () => store.set({ tour: null }) }, tr("Done")))),
  ];
}

/** A sentence on how far the gain of the reform ranges over all uncertain numbers, for the step about it; else empty. */
function over({ specs }, { catalog: { verdict } }) {
  if (!verdict || specs[0] !== EUROPE || specs[1] !== REFORM) return "";
  return ` ${tr("Over all uncertain numbers (9 in 10 of {n} draws): {range} gained.", { n: verdict.draws, range: ranged(verdict.gain) })}`;
}

/** The options of a guess in a row, with the right one marked once it is known. */
export function guessRow(options, state, right, answer) {
  return h("p", { key: "options", class: "options", role: "group", "aria-label": tr("Your guess") }, options.map((text, k) =>
    h("button", { key: text, type: "button", class: k === right ? "right" : "", "aria-pressed": `${state.guess === k}`, disabled: state.busy, onclick: () => answer(k) },
      right === null ? h("kbd", { key: "key", "aria-hidden": "true" }, `${k + 1}`) : k === right ? "✓ " : state.guess === k ? "✕ " : "", tr(text))));
}
