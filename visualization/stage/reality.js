// The real AI factories. They are the first picture of the stage, and remain as marks next to the sites of a run.

import { h } from "./paint.js";
import { asking } from "./store.js";
import { tr } from "./language.js";
import { INK, PAPER, counted, fromTo, season } from "./words.js";

export const DROPPED = 5; // phase of a site after its project is canceled

/** The real AI factories; none for another union, in the tour, beside votes on a reform, or while a talk waits for a guess that they would reveal. */
export const inReality = (state) => (state.tour === null && state.panel !== "passing" && !asking(state) ? state.geometry.observed ?? [] : []);

/** Whether the stage shows its first picture: the real factories, before anything is played. */
export const opening = (state) => state.t === 0 && !state.playing && inReality(state).length > 0;

/** The number of real factories by index of the state. */
export function realHosts(state) {
  const hosts = new Map();
  for (const { state: i } of inReality(state)) hosts.set(i, (hosts.get(i) || 0) + 1);
  return hosts;
}

/** "19 AI factories in 16 countries". */
export const realCount = (state) => tr("{factories} in {countries}", { factories: counted(inReality(state).length, "{n} AI factory", "{n} AI factories"), countries: counted(realHosts(state).size, "{n} country", "{n} countries") });

/** The dates of their selection, as in "late 2024 to late 2025". */
export function realDates(state) {
  const dates = inReality(state).map((f) => f.selected).sort();
  const [from, to] = [dates[0], dates.at(-1)].map(season);
  return from === to ? from : fromTo(from, to);
}

/** How many real factories are at sites that the run also selected, and how many of as many random sites would be; null while it has none. */
export function alike(state, run, frame) {
  if (!inReality(state).length || !frame.phase.some((p) => p && p !== DROPPED)) return null;
  const chosen = new Set(run.facilities.filter((f, i) => frame.phase[i] && frame.phase[i] !== DROPPED).map((f) => f.index));
  const same = inReality(state).filter((f) => chosen.has(f.site)).length;
  return { same, chance: (chosen.size * inReality(state).length) / state.geometry.sites.length };
}

/** A mark for a real factory: filled in the first picture, an outline later. */
export const diamond = (x, y, r, full, more = {}) => h("path", { d: `M${x},${y - r}L${x + r},${y}L${x},${y + r}L${x - r},${y}Z`, fill: full ? INK : "none", stroke: full ? PAPER : INK, "stroke-width": full ? 1.5 : 1.8, ...more });

/** Half the width of a mark, in font sizes. */
export const MARK = 0.46;

/**
 * The marks on a map; `at` converts coordinates. After the first picture, marks have a rim below the discs and an outline above
 * them, so that a disc at the same place remains visible.
 */
export function drawReality(state, at, size, rim = false) {
  const there = inReality(state);
  const full = opening(state);
  if (!there.length || (rim && full)) return null;
  const r = size * MARK * (full ? 1.15 : 1);
  const mark = (f) => (rim ? diamond(...at(f.at), r, false, { stroke: PAPER, "stroke-width": 4.5 }) : diamond(...at(f.at), r, full));
  const marks = there.map((f) => h("g", { key: f.name }, h("title", {}, tr("{name}, {city}: selected {season}", { name: f.name, city: f.city, season: season(f.selected) })), mark(f)));
  if (rim) return h("g", { key: "rims", "aria-hidden": "true", "pointer-events": "none" }, marks);
  return h("g", { key: "reality", class: "reality", role: "img", "aria-label": tr("In reality: {factories}", { factories: realCount(state) }), "data-reality": there.length, "data-full": full, "pointer-events": full ? null : "none" }, marks);
}
