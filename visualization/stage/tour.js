// The tour: the essay's five claims, each a question to guess first, then a run, then the number that the model finds.

import { h } from "./paint.js";
import { brief, counted, years } from "./words.js";

const EUROPE = { base: "eu-status-quo", changes: {} };
const REFORM = { base: "essay-reform", changes: {} };
const with_ = (spec, changes) => ({ base: spec.base, changes: { ...spec.changes, ...changes } });
const verdict = (guess, right) => (guess === right ? "You guessed it. " : "");

export const STEPS = [
  {
    title: "1 · Everyone takes part",
    claim: "Every country with a vote claims a site of its own.",
    question: "Europe has €10 billion for AI factories. How many will 27 countries choose?",
    options: ["2 or 3", "about 8", "15 or more"],
    specs: [EUROPE],
    tell([a], guess) {
      const n = a.outcome.sites;
      const right = n >= 15 ? 2 : n >= 5 ? 1 : 0;
      return `${verdict(guess, right)}${counted(n, "site")} in ${counted(a.outcome.hosts, "country", "countries")}. The largest has ${brief(Math.round(a.outcome.largest_site_accelerators))} chips.`;
    },
  },
  {
    title: "2 · Geography defeats arithmetic",
    claim: "Many medium sites are not one large site.",
    question: "Same sites, same money. Let them train one model together, exchanging only now and then. Does it help?",
    options: ["hardly", "about half a year", "a year or more"],
    specs: [EUROPE, with_(EUROPE, { pooling: "low_communication" })],
    tell([a, b], guess) {
      const won = a.outcome.years_behind - b.outcome.years_behind;
      const right = won >= 0.9 ? 2 : won >= 0.3 ? 1 : 0;
      const view = won >= 0.3 ? "Clever training wins back part of what geography costs: here the essay is too gloomy." : "The essay is right: distance is hardly overcome.";
      return `${verdict(guess, right)}${years(a.outcome.years_behind)} years behind alone, ${years(b.outcome.years_behind)} together. ${view}`;
    },
  },
  {
    title: "3 · The wrong people, the wrong mandate",
    claim: "Slow tenders, and repairs that wait for a signature.",
    question: "Two or three large sites in both pictures. On the left bought and run the public way, on the right fast. What does that cost?",
    options: ["weeks", "about half a year", "a year or more"],
    specs: [with_(REFORM, { procurement: "public_tender", operations: "audit_first" }), REFORM],
    tell([a, b], guess) {
      const lost = a.outcome.years_behind - b.outcome.years_behind;
      const right = lost >= 0.9 ? 2 : lost >= 0.25 ? 1 : 0;
      return `${verdict(guess, right)}${years(a.outcome.years_behind)} years behind the public way, ${years(b.outcome.years_behind)} the fast way: ${years(lost)} years${lost < 0 ? " gained by patience" : " for the same machines"}.`;
    },
  },
  {
    title: "4 · The window closes",
    claim: "In three years the gap becomes structural.",
    question: "Nothing more is built after these factories. By 2034, is the gap …",
    options: ["smaller", "the same", "larger"],
    specs: [EUROPE],
    to_end: true,
    tell([a], guess) {
      const end = a.frames[a.frames.length - 1].years_behind;
      const then = a.outcome.years_behind;
      const right = end > then + 0.3 ? 2 : end < then - 0.3 ? 0 : 1;
      return `${verdict(guess, right)}${years(then)} years when the race is read, ${years(end)} years at the end. The frontier does not wait: standing still loses a year each year.`;
    },
  },
  {
    title: "5 · What would work",
    claim: "Two or three large sites, built fast, run by those who know.",
    question: "The essay's reform against Europe today, on the same luck. How many years are won?",
    options: ["none", "about one", "two or more"],
    specs: [EUROPE, REFORM],
    tell([a, b], guess) {
      const won = a.outcome.years_behind - b.outcome.years_behind;
      const right = won >= 1.75 ? 2 : won >= 0.5 ? 1 : 0;
      const rest = b.outcome.years_behind > 1 ? ` Still ${years(b.outcome.years_behind)} years behind: €10 billion is not enough to catch up.` : "";
      return `${verdict(guess, right)}${years(won)} years won. Placing sites by votes alone costs ${years(a.outcome.price_of_politics)} of them; the rest is how they are bought, run and joined.${rest}`;
    },
  },
  { title: "Your turn", claim: "Change a rule and watch.", question: "Open “Rules”, change one thing, and see what it costs.", options: [], specs: null, tell: () => "" },
];

/** What drives the tour. */
export function makeTour(store, director) {
  const { state } = store;
  const tour = {
    step(by) {
      const next = state.tour + by;
      if (next >= 0 && next < STEPS.length) store.set({ tour: next });
    },
    /** Set the stage of a step, unless it stands already. */
    enter(k) {
      const step = STEPS[k];
      store.pause();
      store.set({ guess: null, panel: k === STEPS.length - 1 ? "rules" : null, who: null, many: false, t: 0 });
      if (!step.specs) return;
      const specs = [step.specs[0], step.specs[1] || state.specs[1]].map((s) => structuredClone(s));
      store.set({ compare: step.specs.length > 1 });
      director.change({ specs });
    },
    answer(k) {
      store.set({ guess: k, t: 0, speed: 4 });
      const step = STEPS[state.tour];
      store.play(step.to_end ? null : state.runs[0].assess_frame);
    },
  };
  let at = null;
  store.watch(() => {
    if (state.tour === at) return;
    at = state.tour;
    if (at !== null) tour.enter(at);
  });
  return tour;
}

/** The card of the tour as elements. */
export function drawTour(state, store, tour) {
  const step = STEPS[state.tour];
  const runs = state.runs.slice(0, step.specs?.length || 0);
  const read = runs.length && runs.every((run) => run.assess_frame !== null);
  const due = step.to_end ? store.last : runs[0]?.assess_frame;
  const told = state.guess !== null && read && state.t >= due;
  return [
    h("div", { key: "claim" }, h("p", { class: "step" }, step.title), h("p", { class: "claim" }, step.claim)),
    h("div", { key: "question" }, h("p", {}, step.question), guesses(step, state, tour)),
    h("div", { key: "answer" },
      step.options.length > 0 && h("p", { key: "answer", class: "answer", "aria-live": "polite" }, told ? step.tell(runs, state.guess) : state.guess === null ? "Guess first." : "Watch …"),
      h("p", { key: "nav", class: "nav" },
        h("button", { type: "button", "data-press": "tour-back", disabled: state.tour === 0, onclick: () => tour.step(-1) }, "← Back"),
        h("span", {}, `${state.tour + 1} of ${STEPS.length}`),
        state.tour < STEPS.length - 1
          ? h("button", { key: "next", type: "button", "data-press": "tour-next", class: told ? "main" : "", onclick: () => tour.step(1) }, "Next →")
          : h("button", { key: "end", type: "button", "data-press": "tour-end", class: "main", onclick: () => store.set({ tour: null }) }, "Done"))),
  ];
}

function guesses(step, state, tour) {
  return step.options.length > 0 && h("p", { key: "options", class: "options", role: "group", "aria-label": "Your guess" }, step.options.map((text, k) =>
    h("button", { key: text, type: "button", "aria-pressed": `${state.guess === k}`, disabled: state.busy, onclick: () => tour.answer(k) }, text)));
}
