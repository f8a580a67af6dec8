// Keys, as on any player, and a list of them for the help.

import { savePng } from "./exports.js";

export const KEYS = [
  ["Space", "play or pause"],
  ["← →", "a quarter back or on; in the tour, a step (a clicker's keys too)"],
  ["Home End", "first and last quarter"],
  ["+ −", "faster, slower"],
  ["C", "side by side"],
  ["R", "this run among many"],
  ["L", "other luck"],
  ["S", "rules and numbers"],
  ["U", "undo"],
  ["T", "the tour"],
  ["A", "the audience, where phones play"],
  ["1 2 3", "in the tour, a guess"],
  ["B", "big type"],
  ["F", "full screen"],
  ["P", "picture"],
  ["Esc", "close"],
  ["?", "this list"],
];

/** Listen to keys until the returned function is called. */
export function listen(store, director, tour) {
  const { state } = store;
  const acts = {
    " ": () => store.toggle(),
    ArrowLeft: () => (state.tour !== null ? tour.step(-1) : store.step(-1)),
    ArrowRight: () => (state.tour !== null ? tour.step(1) : store.step(1)),
    PageUp: () => acts.ArrowLeft(),
    PageDown: () => acts.ArrowRight(),
    Home: () => { store.pause(); store.go(0); },
    End: () => { store.pause(); store.go(store.last); },
    "+": () => store.faster(1),
    "=": () => store.faster(1),
    "-": () => store.faster(-1),
    b: () => store.set({ big: !state.big }),
    f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.().catch(() => {})),
    p: () => state.runs.length && savePng(state, store),
    Escape: () => (state.notice ? store.set({ notice: null }) : state.panel ? store.set({ panel: null, who: null }) : store.set({ tour: null })),
    "?": () => store.set({ panel: state.panel === "help" ? null : "help" }),
  };
  if (director) {
    Object.assign(acts, {
      c: () => director.compare(),
      r: () => !state.catalogue.seeds && director.many(),
      l: () => director.luck(),
      u: () => director.undo(),
      a: () => state.catalogue.audience && store.set({ panel: state.panel === "audience" ? null : "audience" }),
      s: () => store.set({ panel: state.panel === "rules" ? null : "rules" }),
      1: () => state.tour !== null && tour.answer(0),
      2: () => state.tour !== null && tour.answer(1),
      3: () => state.tour !== null && tour.answer(2),
      t: () => store.tours && store.set({ tour: state.tour === null ? 0 : null }),
    });
  }
  const hear = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) {
      if (director && e.key.toLowerCase() === "z" && !typing(e.target)) director.undo();
      return;
    }
    if (e.defaultPrevented) return; // a button on the map was pressed
    const act = acts[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (!act || (typing(e.target) && e.key !== "Escape")) return;
    if (e.key === " " && e.target.closest("button, summary, a")) return;
    e.preventDefault();
    act();
  };
  window.addEventListener("keydown", hear);
  return () => window.removeEventListener("keydown", hear);
}

const typing = (node) => /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName) && !(node.tagName === "INPUT" && node.type === "range" && node.closest(".player"));
