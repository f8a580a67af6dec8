// Keyboard shortcuts: one table defines the actions, the tooltips of buttons and the list in the help.

import { savePng } from "./exports.js";
import { tr } from "./language.js";
import { h } from "./paint.js";
import { nextRegion } from "./spotlight.js";

const nobody = () => {};
const openNotes = () => window.open("/?notes=1", "juste-retour-notes", "popup,width=900,height=720");
const toPanel = (panel) => ({ store, state }) => store.set({ panel: state.panel === panel ? null : panel, who: null });
const playing = (state) => Boolean(state.catalog.audience); // whether phones take part
const served = (state) => !state.catalog.seeds; // whether the page can compute runs, unlike a file with stored runs
const lacking = ({ store }) => store.set({ notice: tr("This file has single runs only; use the live app (juste-retour app).") });
const go = (quarter) => ({ store }) => { store.pause(); store.go(quarter(store)); };
const talking = (state) => Boolean(state.catalog.talk); // whether the app was started with a talk
const step = (by) => ({ store, state, tour, talk }) => (talk && state.talk !== null ? (by > 0 ? talk.forward() : talk.back()) : tour && state.tour !== null ? tour.step(by) : store.step(by));
const guess = (k) => ({ state, tour, talk }) => (state.talk !== null ? talk.answer(k) : state.tour !== null && tour.answer(k));
function close({ store, state }) {
  if (state.talk !== null) return document.fullscreenElement && document.exitFullscreen(); // a talk ends with its own key
  const first = [["blank", false], ["notice", null], ["panel", null], ["spotlight", null], ["clean", false]].find(([name]) => state[name]);
  if (first) return store.set({ [first[0]]: first[1], ...(first[0] === "panel" ? { who: null } : {}) });
  store.set({ tour: null });
}
const fill = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.().catch(nobody));

/*
 * For each action: `keys`, the browser's names of its keys; `shown`, the label of the key; `does`, the action in words; and
 * `act`. Actions with `live` need a server or a model, so a replay does not have them. `when` limits an action to states in
 * which it is useful.
 */
export const KEYS = {
  toggle: { keys: [" "], shown: "Space", does: "Play or pause; in a talk, next step", act: (given) => (given.state.talk !== null ? step(1)(given) : given.store.toggle()) },
  back: { keys: ["ArrowLeft", "PageUp"], shown: "←", does: "One quarter back; in the tour or a talk, one step", act: step(-1) },
  forward: { keys: ["ArrowRight", "PageDown"], shown: "→", does: "One quarter forward; in the tour or a talk, one step", act: step(1) },
  first: { keys: ["Home"], shown: "Home", does: "First quarter", act: go(() => 0) },
  last: { keys: ["End"], shown: "End", does: "Last quarter", act: go((store) => store.last) },
  faster: { keys: ["+", "="], shown: "+", does: "Faster", act: ({ store }) => store.faster(1) },
  slower: { keys: ["-"], shown: "−", does: "Slower", act: ({ store }) => store.faster(-1) },
  compare: { keys: ["c"], shown: "C", does: "Compare: two scenarios on the same random draw", live: true, act: ({ director }) => director.compare() },
  many: { keys: ["m", "w"], shown: "M", does: "Many runs: this run among 200", live: true, when: served, act: (given) => (served(given.state) ? given.director.many() : lacking(given)) },
  rules: { keys: ["r"], shown: "R", does: "Rules and numbers", live: true, act: toPanel("rules") },
  vote: { keys: ["v"], shown: "V", does: "The vote: who could have changed the result", act: toPanel("vote") },
  passing: { keys: ["y"], shown: "Y", does: "Would it pass? The states' votes on the reform and its parts", live: true, act: toPanel("passing") },
  tour: { keys: ["t"], shown: "T", does: "Tour: the five claims, step by step", live: true, act: (given) => (served(given.state) ? given.store.tours && given.state.talk === null && given.store.set({ tour: given.state.tour === null ? 0 : null }) : lacking(given)) },
  talk: { keys: ["k"], shown: "K", does: "Talk: start, leave or resume it", live: true, when: talking, act: ({ talk }) => talk?.toggle() },
  notes: { keys: ["n"], shown: "N", does: "Notes of the talk in a second window", live: true, when: talking, act: ({ state }) => talking(state) && openNotes() },
  guess: { keys: ["1"], shown: "1", does: "In the tour, the first guess; 2 and 3 for the others", live: true, act: guess(0) },
  second: { keys: ["2"], live: true, act: guess(1) },
  third: { keys: ["3"], live: true, act: guess(2) },
  audience: { keys: ["a"], shown: "A", does: "Audience: phones guess and vote", live: true, when: playing, act: (given) => playing(given.state) && toPanel("audience")(given) },
  save: { keys: ["s"], shown: "S", does: "Save: pictures, tables, links, replay", live: true, act: toPanel("save") },
  dice: { keys: ["l"], shown: "L", does: "Another random draw", live: true, act: ({ director }) => director.redraw() },
  undo: { keys: ["u"], shown: "U", does: "Undo the last change", live: true, act: ({ director }) => director.undo() },
  big: { keys: ["g"], shown: "G", does: "Big type", act: ({ store, state }) => store.set({ big: !state.big }) },
  blank: { keys: ["b", "."], shown: "B", does: "Blank the screen, or show it again", live: true, act: ({ store, state }) => { store.pause(); store.set({ blank: !state.blank }); } },
  clean: { keys: ["h"], shown: "H", does: "Hide all controls, or show them again", live: true, act: ({ store, state }) => store.set({ clean: !state.clean }) },
  spotlight: { keys: ["o"], shown: "O", does: "Spotlight: highlight the regions of the page in turn", live: true, act: ({ store, state }) => store.set({ spotlight: nextRegion(state.spotlight) }) },
  full: { keys: ["f"], shown: "F", does: "Full screen", act: fill },
  picture: { keys: ["p"], shown: "P", does: "Save a picture", act: ({ store, state }) => state.runs.length && savePng(state, store) },
  close: { keys: ["Escape"], shown: "Esc", does: "Close; in a talk, leave full screen only", act: close },
  help: { keys: ["?"], shown: "?", does: "Questions and keys", act: toPanel("help") },
};

const IN_ARIA = { " ": "Space", "+": "Plus", "-": "Minus" };

/** Attributes of a button for its shortcut: the tooltip and, for screen readers, the keys. */
export const keyed = (name) => ({
  title: `${tr(KEYS[name].does)} (${tr(KEYS[name].shown)})`,
  "aria-keyshortcuts": KEYS[name].keys.map((key) => IN_ARIA[key] ?? (key.length === 1 ? key.toUpperCase() : key)).join(" "),
});

/** The list of shortcuts for the help; `live` if the page has a server. */
const listKeys = (state, live) => h("dl", { key: "keys", class: "facts" }, Object.entries(KEYS).filter(([, key]) => key.shown && (live || !key.live) && (!key.when || key.when(state)))
  .flatMap(([name, { shown, does }]) => [h("dt", { key: name }, tr(shown)), h("dd", { key: `${name} does` }, tr(does))]));

/** The help panel as elements. */
export const drawHelp = (state, live, questions = null) => [questions && [h("h2", { key: "asked" }, tr("Questions")), questions], h("h2", { key: "title" }, tr("Keys")), listKeys(state, live),
  h("p", { key: "what" }, tr("A disc is a site; its area is its number of AI chips. The large number says how many years ago the world's frontier could train what the union can train now. Click a country or a site to see why.")),
  h("p", { key: "terms" }, tr("The comparison covers the years after the announcement. From its end on, the table shows the average of years behind over these years. The price of politics is the number of years that a planner with the same envelope would save. The draw determines the random events; the same number gives the same draw under other rules."))];

/** Listen to keys until the returned function is called. Without a director, only to those that need no server. */
export function listen(store, director, tour, talk = null) {
  const { state } = store;
  const acts = new Map(Object.values(KEYS).filter((key) => director || !key.live).flatMap(({ keys, act }) => keys.map((key) => [key, act])));
  const hear = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) {
      if (director && e.key.toLowerCase() === "z" && !typing(e.target)) director.undo();
      return;
    }
    if (e.defaultPrevented) return; // a button on the map was pressed
    const act = acts.get(e.key.length === 1 ? e.key.toLowerCase() : e.key);
    if (!act || (typing(e.target) && e.key !== "Escape")) return;
    if (e.key === " " && state.talk === null && e.target.closest("button, summary, a")) return;
    e.preventDefault();
    act({ store, state, director, tour, talk });
  };
  window.addEventListener("keydown", hear);
  return () => window.removeEventListener("keydown", hear);
}

const typing = (node) => /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName) && !(node.tagName === "INPUT" && node.type === "range" && node.closest(".player"));
