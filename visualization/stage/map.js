// The map: states, how they vote, and facilities that grow from a dashed ring to a full disc.

import { h, width, words } from "./paint.js";
import { INK, NO, SIDES, SOFT, YES, brief, counted, money } from "./words.js";
import { frameAt } from "./store.js";

const LAND = "#e9e6df";
const QUIET = "#dfe3e6";
const PALE_YES = "#a9d0e8";
const PER_ROOT_CHIP = 0.155; // map units of radius for the square root of one accelerator
const CHOSEN = 1, SIGNED = 2, BUILDING = 3, WORKING = 4, DROPPED = 5;
const PHASE_WORDS = ["", "chosen", "contract signed", "being built", "working", "dropped", "stopped"];

/** Patterns that the map and its legend fill with; `id` keeps two maps apart. */
export function patterns() {
  const lines = (id, colour, ground) =>
    h("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      h("rect", { width: 7, height: 7, fill: ground }), h("line", { x1: 0, y1: 0, x2: 0, y2: 7, stroke: colour, "stroke-width": 3.4 }));
  return h("defs", { key: "patterns" },
    lines("hatch-no", NO, "#fbe3b5"), lines("hatch-0", SIDES[0], "#e3eff6"), lines("hatch-1", SIDES[1], "#f7e6d3"));
}

/** Radius of a facility, in map units. */
const radius = (chips) => Math.max(3.2, PER_ROOT_CHIP * Math.sqrt(chips));

/** The map of one run at a time, within a box. */
export function drawMap(state, run, side, box, u, store) {
  const { geometry } = state;
  const [left, top, w, height] = geometry.window;
  const scale = Math.min(box.w / w, box.h / height);
  const slack = box.w - w * scale;
  const at = ([x, y]) => [box.x + (box.right ? slack : slack / 2) + (x - left) * scale, box.y + (box.h - height * scale) / 2 + (y - top) * scale];
  const [x0, y0] = at([0, 0]);
  const frame = frameAt(run, state.t);
  const ballot = frame.voting ? run.ballots[frame.ballot] : null;
  const cast = votes(ballot);
  const won = new Set(ballot?.coalition);
  const hosts = new Map();
  run.facilities.forEach((f, i) => {
    const p = frame.phase[i];
    if (p && p !== DROPPED) hosts.set(f.state, (hosts.get(f.state) || 0) + 1);
  });
  return h("g", { key: `map${side}`, "clip-path": `url(#window${side})` },
    h("clipPath", { key: "clip", id: `window${side}` }, h("rect", { x: box.x, y: box.y, width: box.w, height: box.h })),
    h("g", { key: "land", transform: `translate(${x0} ${y0}) scale(${scale})` },
      h("path", { d: geometry.other, fill: LAND, "aria-hidden": "true" }),
      geometry.states.map((s, i) => shape(s, i, cast[i], won.has(i), hosts.get(i) || 0, state, store))),
    pool(run, frame, at, side, geometry),
    run.facilities.map((f, i) => bubble(f, i, frame, at(geometry.sites[f.index].at), scale, side, state, store)),
    labels(geometry, hosts, cast, ballot, state, scale, u, at));
}

function votes(ballot) {
  const cast = {};
  for (const i of ballot?.yes || []) cast[i] = "yes";
  for (const i of ballot?.no || []) cast[i] = "no";
  for (const i of ballot?.abstain || []) cast[i] = "abstains";
  return cast;
}

function shape(s, i, vote, won, hosting, state, store) {
  const fill = won ? YES : vote === "yes" ? PALE_YES : vote === "no" ? "url(#hatch-no)" : vote ? "#c6c9cc" : hosting ? "#cdd8e0" : QUIET;
  const chosen = state.who?.kind === "state" && state.who.index === i;
  const says = `${s.name}${vote ? `, votes ${vote}` : ""}${won ? " and wins a site" : ""}, ${counted(hosting, "site")}`;
  const pick = () => store.set({ who: { kind: "state", index: i }, panel: "why" });
  const common = {
    key: s.code, class: "state", "data-state": s.code, fill, stroke: chosen ? INK : "#fff", "stroke-width": chosen ? 3 : 1,
    tabindex: 0, role: "button", "aria-label": says, onclick: pick, onkeydown: (e) => e.key === "Enter" && pick(),
  };
  const more = [h("title", {}, says)];
  if (!s.small) return h("path", { ...common, d: s.path }, more);
  return h("g", common, h("path", { d: s.path }), h("circle", { cx: s.at[0], cy: s.at[1], r: 7 }), more);
}

function pool(run, frame, at, side, geometry) {
  if (frame.pool.length < 2) return null;
  const points = frame.pool.map((j) => at(geometry.sites[j].at));
  const cx = points.reduce((a, p) => a + p[0], 0) / points.length;
  const cy = points.reduce((a, p) => a + p[1], 0) / points.length;
  const ring = points.sort((a, b) => Math.atan2(a[1] - cy, a[0] - cx) - Math.atan2(b[1] - cy, b[0] - cx));
  return h("polygon", { key: "pool", points: ring.map((p) => p.join(",")).join(" "), fill: SIDES[side], "fill-opacity": 0.07,
    stroke: SIDES[side], "stroke-width": 2, "stroke-dasharray": "2 5", "stroke-linecap": "round" });
}

function bubble(f, i, frame, [x, y], scale, side, state, store) {
  const phase = frame.phase[i];
  if (!phase) return null;
  const r = radius(f.accelerators) * scale;
  const chosen = state.who?.kind === "facility" && state.who.index === i;
  const says = `${f.city}: ${PHASE_WORDS[phase]}, ${counted(Math.round(f.accelerators), "AI chip")}, ${money(f.spend_eur_bn)}`;
  const pick = () => store.set({ who: { kind: "facility", index: i, side }, panel: "why" });
  return h("g", { key: `f${i}`, class: "facility", "data-phase": PHASE_WORDS[phase], tabindex: 0, role: "button", "aria-label": says,
    onclick: pick, onkeydown: (e) => e.key === "Enter" && pick() },
    h("title", {}, says), marks(phase, frame.progress[i], x, y, r, side, chosen));
}

function marks(phase, progress, x, y, r, side, chosen) {
  const colour = SIDES[side];
  const ring = (more) => h("circle", { key: "ring", cx: x, cy: y, r, stroke: chosen ? INK : colour, "stroke-width": chosen ? 3.5 : 2, class: "grow", ...more });
  if (phase === DROPPED) {
    const d = Math.max(4, r * 0.7);
    return h("path", { key: "cross", d: `M${x - d},${y - d}L${x + d},${y + d}M${x + d},${y - d}L${x - d},${y + d}`, stroke: SOFT, "stroke-width": 2.5 });
  }
  if (phase === CHOSEN) return ring({ fill: "#fff", "fill-opacity": 0.6, "stroke-dasharray": "4 3" });
  if (phase === SIGNED) return ring({ fill: "#fff", "fill-opacity": 0.9 });
  if (phase === BUILDING) {
    return [ring({ fill: "#fff", "fill-opacity": 0.85 }),
      h("circle", { key: "built", class: "grow", cx: x, cy: y, r: r * Math.sqrt(progress), fill: `url(#hatch-${side})` })];
  }
  const full = ring({ fill: colour, "fill-opacity": phase === WORKING ? 0.88 : 0.35, stroke: chosen ? INK : "#fff", "stroke-width": chosen ? 3.5 : 1.5 });
  return phase === WORKING ? full : [full, h("path", { key: "stop", d: `M${x - 3},${y - 4}v8M${x + 3},${y - 4}v8`, stroke: INK, "stroke-width": 2.5 })];
}

function labels(geometry, hosts, cast, ballot, state, scale, u, at) {
  const size = Math.max(16, 0.78 * u);
  if (scale < 0.58 && !ballot) return null;
  return geometry.states.map((s, i) => {
    const vote = cast[i];
    const dear = vote === "no" || (state.who?.kind === "state" && state.who.index === i);
    if (scale < 0.8 ? !dear : !hosts.has(i) && !dear) return null;
    const [x, y] = at(s.at);
    const sign = vote === "no" ? "– " : vote === "yes" ? "+ " : "";
    return words(`${sign}${s.code}`, x, y + size * 0.35 + (s.small ? size : 0), {
      key: `l${s.code}`, size, weight: 600, anchor: "middle", fill: INK, stroke: "#ffffffcc", "stroke-width": 4, "paint-order": "stroke",
      "pointer-events": "none", "aria-hidden": "true",
    });
  });
}

/** What the discs mean, in a row. */
export function legend(x, y, u, most, voting) {
  const size = Math.max(16, 0.72 * u);
  const r = size * 0.45;
  const entries = voting
    ? [["yes", (cx) => h("rect", { x: cx - r, y: y - r, width: 2 * r, height: 2 * r, fill: PALE_YES })],
      ["no", (cx) => h("rect", { x: cx - r, y: y - r, width: 2 * r, height: 2 * r, fill: "url(#hatch-no)" })],
      ["yes, wins a site", (cx) => h("rect", { x: cx - r, y: y - r, width: 2 * r, height: 2 * r, fill: YES })],
      ["abstains", (cx) => h("rect", { x: cx - r, y: y - r, width: 2 * r, height: 2 * r, fill: "#c6c9cc" })]]
    : [["chosen", (cx) => marks(CHOSEN, 0, cx, y, r, 0)], ["being built", (cx) => marks(BUILDING, 0.55, cx, y, r, 0)], ["working", (cx) => marks(WORKING, 1, cx, y, r, 0)]];
  const gap = Math.min(1.6 * u, most / 20);
  let left = x;
  const drawn = entries.map(([text, mark]) => {
    const at = left;
    left += 2.6 * r + width(text, size) + gap;
    return h("g", { key: text }, mark(at + r), words(text, at + 2.6 * r, y + size * 0.35, { size, fill: SOFT }));
  });
  const area = voting ? null : words("area = AI chips", left, y + size * 0.35, { key: "area", size, fill: SOFT });
  return h("g", { key: "legend", "aria-hidden": "true" }, drawn, area);
}

/** Sites and chips so far, in one line. */
export function tally(frame) {
  return `${counted(frame.selected, "site")} · ${frame.working} working · ${brief(Math.round(frame.accelerators))} AI chips at work`;
}

