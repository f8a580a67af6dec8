// The map: states, how they vote, and facilities that grow from a dashed ring to a full disc.

import { HALO, h, pressable, width, words } from "./paint.js";
import { FAINT, INK, NO, PAPER, SIDES, SOFT, YES, brief, color, counted, money, type } from "./words.js";
import { DROPPED, MARK, diamond, drawReality, inReality, opening, realDates, realHosts } from "./reality.js";
import { tr } from "./language.js";
import { ballotAt, frameAt } from "./store.js";
import { packageOn } from "./answer.js";
import { roomBallot } from "./room.js";

const [LAND, QUIET, HOST, PALE_YES] = ["land", "quiet", "host", "pale-yes"].map(color);
const PER_ROOT_CHIP = 0.155; // map units of radius for the square root of one accelerator
const TARGET = 12; // smallest radius of a clickable area, in pixels
const CHOSEN = 1, SIGNED = 2, BUILDING = 3, WORKING = 4, STOPPED = 6;
const PHASE_WORDS = ["", "chosen", "contract signed", "being built", "working", "dropped", "stopped"];

/** The fill patterns of the map and its legend. */
export function patterns() {
  const lines = (id, color, ground) =>
    h("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      h("rect", { width: 7, height: 7, fill: ground }), h("line", { x1: 0, y1: 0, x2: 0, y2: 7, stroke: color, "stroke-width": 3.4 }));
  return h("defs", { key: "patterns" },
    h("pattern", { id: "dots-abstains", width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      h("rect", { width: 8, height: 8, fill: FAINT }), h("circle", { cx: 4, cy: 4, r: 2, fill: SOFT })),
    lines("hatch-no", NO, color("no-light")), lines("hatch-0", SIDES[0], color("a-faint")), lines("hatch-1", SIDES[1], color("b-faint")));
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
  const ballot = votedOn(state, run);
  const cast = votes(ballot);
  const won = new Set((ballot?.passed && ballot.coalition) || []); // a package of a reform has none
  const hosts = opening(state) ? realHosts(state) : new Map();
  run.facilities.forEach((f, i) => {
    const p = frame.phase[i];
    if (p && p !== DROPPED) hosts.set(f.state, (hosts.get(f.state) || 0) + 1);
  });
  return h("g", { key: `map${side}`, class: "map" },
    h("clipPath", { key: "clip", id: `window${side}` }, h("rect", { x: box.x, y: box.y, width: box.w, height: box.h })),
    h("g", { key: "ground", "clip-path": `url(#window${side})` }, h("g", { key: "land", transform: `translate(${x0} ${y0}) scale(${scale})` },
      h("path", { d: geometry.other, fill: opening(state) ? FAINT : LAND, "aria-hidden": "true" }),
      geometry.states.map((s, i) => shape(s, i, cast[i], won.has(i), hosts.get(i) || 0, side, scale, state, store)))), // only the land is clipped, so that discs at the edge stay complete
    pool(run, frame, at, side, geometry),
    drawReality(state, at, type(u, 0.78), true),
    run.facilities.map((f, i) => target(f, i, frame, at(geometry.sites[f.index].at), scale, side, store)),
    run.facilities.map((f, i) => bubble(f, i, frame, at(geometry.sites[f.index].at), scale, side, state, store)),
    drawReality(state, at, type(u, 0.78)),
    labels(state, run, frame, hosts, cast, scale, u, at, box));
}

/** The ballot that the map shows: that of the quarter, the last one while the panel of the vote is open, or that on a reform. */
const votedOn = (state, run) => (state.panel === "passing" ? packageOn(state) : roomBallot(state, run) ?? (frameAt(run, state.t).voting || state.panel === "vote" ? ballotAt(state, run) : null));

function votes(ballot) {
  const cast = {};
  for (const i of ballot?.yes || []) cast[i] = "yes";
  for (const i of ballot?.no || []) cast[i] = "no";
  for (const i of ballot?.abstain || []) cast[i] = "abstains";
  for (const i of ballot?.unsure || []) cast[i] = "undecided";
  return cast;
}

function shape(s, i, vote, won, hosting, side, scale, state, store) {
  const fill = won ? YES : vote === "yes" ? PALE_YES : vote === "no" ? "url(#hatch-no)" : vote ? "url(#dots-abstains)" : hosting ? HOST : QUIET;
  const chosen = state.who?.kind === "state" && state.who.index === i;
  const said = won ? "votes yes and wins a site" : { yes: "votes yes", no: "votes no", abstains: "abstains", undecided: "undecided" }[vote];
  const says = [tr(s.name), said && tr(said), counted(hosting, "{n} site", "{n} sites")].filter(Boolean).join(", ");
  const pick = () => (vote && state.panel === "vote" && store.flip ? store.flip(side, i) : store.set({ who: { kind: "state", index: i, side }, panel: state.panel === "passing" ? "passing" : "why" }));
  const common = {
    key: s.code, class: "state", "data-state": s.code, fill, stroke: chosen ? INK : PAPER, "stroke-width": chosen ? 2 : 1,
    tabindex: 0, role: "button", "aria-label": says, ...pressable(pick),
  };
  const more = [h("title", {}, says)];
  if (!s.small) return h("path", { ...common, d: s.path }, more);
  return h("g", common, h("circle", { cx: s.at[0], cy: s.at[1], r: Math.max(7, TARGET / scale), class: "hit" }), h("path", { d: s.path }), h("rect", { x: s.at[0] - 7, y: s.at[1] - 7, width: 14, height: 14, rx: 2 }), more); // a square, since a disc is a site
}

/** Sites that train one model together: lines from the largest of them to the others. */
function pool(run, frame, at, side, geometry) {
  if (!together(run, frame)) return null;
  const chips = (j) => {
    const i = run.facilities.findIndex((f) => f.index === j);
    return frame.phase[i] === WORKING ? run.facilities[i].accelerators : 0;
  };
  const [hub, ...others] = [...frame.pool].sort((a, b) => chips(b) - chips(a) || a - b);
  const [x, y] = at(geometry.sites[hub].at);
  const d = others.map((j) => `M${x},${y}L${at(geometry.sites[j].at).join(",")}`).join("");
  return h("path", { key: "pool", class: "pool", d, stroke: SIDES[side], "stroke-width": 2.5, "stroke-dasharray": "1 6", "stroke-linecap": "round" });
}

/** Whether several sites, at least one of them working, train a model together. */
const together = (run, frame) => frame.pool.length > 1 && run.facilities.some((f, i) => frame.phase[i] === WORKING && frame.pool.includes(f.index));

/** A larger clickable area for a small disc. These areas lie below all discs, so that none covers another disc. */
function target(f, i, frame, [x, y], scale, side, store) {
  return frame.phase[i] > 0 && radius(f.accelerators) * scale < TARGET && h("circle", { key: `t${i}`, class: "hit", cx: x, cy: y, r: TARGET, "aria-hidden": "true", onclick: () => store.set({ who: { kind: "facility", index: i, side }, panel: "why" }) });
}

function bubble(f, i, frame, [x, y], scale, side, state, store) {
  const phase = frame.phase[i];
  if (!phase) return null;
  const r = radius(f.accelerators) * scale;
  const chosen = state.who?.kind === "facility" && state.who.index === i && (state.who.side || 0) === side;
  const says = `${tr(f.city)}: ${tr(PHASE_WORDS[phase])}, ${counted(Math.round(f.accelerators), "{n} AI chip", "{n} AI chips")}, ${money(f.spend_eur_bn)}`;
  const pick = () => store.set({ who: { kind: "facility", index: i, side }, panel: "why" });
  return h("g", { key: `f${i}`, class: "facility", "data-phase": PHASE_WORDS[phase], tabindex: 0, role: "button", "aria-label": says, ...pressable(pick) },
    h("title", {}, says), marks(phase, frame.progress[i], x, y, r, side, chosen));
}

function marks(phase, progress, x, y, r, side, chosen) {
  const color = SIDES[side];
  const ring = (more) => h("circle", { key: "ring", cx: x, cy: y, r, stroke: chosen ? INK : color, "stroke-width": chosen ? 3.5 : 2, class: "grow", ...more });
  if (phase === DROPPED) {
    const d = Math.max(4, r * 0.7);
    return h("path", { key: "cross", d: `M${x - d},${y - d}L${x + d},${y + d}M${x + d},${y - d}L${x - d},${y + d}`, stroke: SOFT, "stroke-width": 2.5 });
  }
  if (phase === CHOSEN) return ring({ fill: PAPER, "fill-opacity": 0.6, "stroke-dasharray": r < 8 ? "2 2" : "4 3" });
  if (phase === SIGNED) return ring({ fill: PAPER, "fill-opacity": 0.9 });
  if (phase === BUILDING) {
    return [ring({ fill: PAPER, "fill-opacity": 0.85 }),
      h("circle", { key: "built", class: "grow", cx: x, cy: y, r: r * Math.sqrt(progress), fill: `url(#hatch-${side})` })];
  }
  const full = ring({ fill: color, "fill-opacity": phase === WORKING ? 0.88 : 0.35, stroke: chosen ? INK : PAPER, "stroke-width": chosen ? 3.5 : 1.5 });
  return phase === WORKING ? full : [full, h("path", { key: "stop", d: `M${x - 3},${y - 4}v8M${x + 3},${y - 4}v8`, stroke: INK, "stroke-width": 2.5 })];
}

const NAMED = 12; // states with their whole name in the first picture

/** Possible positions of a code around a state's center, the nearest first, in units of the code's width and height. */
const RINGS = [[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [-1, -1], [1, -1], [-1, 1], [0, 1.8], [0, -1.8]];

/** Codes of the relevant states, placed so that they cover no disc and no other code; a code without such a place is omitted. */
function labels(state, run, frame, hosts, cast, scale, u, at, box) {
  const size = type(u, 0.78);
  const roomy = opening(state) || scale > 0.036 * size;
  const states = state.geometry.states;
  const asked = (i) => state.who?.kind === "state" && state.who.index === i;
  const rank = (i) => 4 * asked(i) + 2 * (cast[i] === "no") + hosts.has(i); // states with a higher rank are labeled first
  const taken = run.facilities.flatMap((f, i) => {
    if (!frame.phase[i]) return [];
    const [x, y] = at(state.geometry.sites[f.index].at);
    return [around(x, y, 2 * radius(f.accelerators) * scale, 2 * radius(f.accelerators) * scale)];
  }).concat(inReality(state).map((f) => around(...at(f.at), 2 * MARK * size, 2 * MARK * size)), states.filter((s) => s.small).map((s) => around(...at(s.at), 14 * scale, 14 * scale)));
  const placed = states.map((s, i) => i).filter((i) => rank(i) > 1 || (roomy && hosts.has(i))).sort((a, b) => rank(b) - rank(a) || (hosts.get(b) ?? 0) - (hosts.get(a) ?? 0) || (opening(state) ? states[b].path.length - states[a].path.length : a - b));
  let named = 0;
  return placed.map((i) => {
    const s = states[i];
    if (opening(state) && named >= NAMED) return null;
    const text = opening(state) ? tr(s.name) : `${cast[i] === "no" ? "– " : cast[i] === "yes" ? "+ " : ""}${s.code}`;
    const wide = width(text, size, 600);
    const [x, y] = at(s.at);
    const side = wide / 2 + size * 0.7;
    const places = RINGS.slice(s.small ? 1 : 0, opening(state) ? 3 : Infinity).map(([dx, dy]) => around(x + dx * side, y + dy * size, wide, size * 0.9))
      .filter((p) => p.left >= box.x && p.right <= box.x + box.w && p.top >= box.y && p.bottom <= box.y + box.h);
    const free = places.find((p) => !taken.some((q) => p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom));
    if (!free) return null;
    taken.push(free);
    named += 1;
    return words(text, (free.left + free.right) / 2, free.bottom - size * 0.1, {
      key: `l${s.code}`, class: "code", size, weight: 600, anchor: "middle", fill: INK, ...HALO, "stroke-width": 4, "pointer-events": "none", "aria-hidden": "true",
    });
  });
}

const around = (x, y, w, height) => ({ left: x - w / 2, right: x + w / 2, top: y - height / 2, bottom: y + height / 2 });

/** The legend of the map in a row: colors of the vote, or marks of the sites. */
export function legend(state, x, y, u, most, run, side = 0) {
  const frame = frameAt(run, state.t);
  const ballot = votedOn(state, run);
  const size = type(u, 0.72);
  const r = size * 0.45;
  const patch = (fill) => (cx) => h("rect", { x: cx - r, y: y - r, width: 2 * r, height: 2 * r, fill });
  const disc = (phase) => (cx) => marks(phase, 0.55, cx, y, r, side);
  const there = (phase) => frame.phase.includes(phase);
  const real = inReality(state).length > 0 && ["selected in reality", (cx) => diamond(cx, y, size * MARK, opening(state))];
  if (opening(state)) return h("g", { key: "legend", class: "legend", "aria-hidden": "true" }, real[1](x + r), words(tr("an AI factory as it was selected, {when}", { when: realDates(state) }), x + 2.4 * r, y + size * 0.35, { size, fill: SOFT, lines: 1 }, most - 2.4 * r));
  const entries = ballot
    ? [["yes", patch(PALE_YES)], ["no", patch("url(#hatch-no)")], ballot.passed && ["yes, wins a site", patch(YES)], [ballot.unsure ? "undecided" : "abstains", patch("url(#dots-abstains)")]].filter(Boolean)
    : [real, ["chosen", disc(CHOSEN)], ["being built", disc(BUILDING)], ["working", disc(WORKING)],
      there(DROPPED) && ["dropped", disc(DROPPED)], there(STOPPED) && ["stopped", disc(STOPPED)],
      together(run, frame) && ["train together", (cx) => h("line", { x1: cx - r, x2: cx + r, y1: y, y2: y, stroke: SIDES[side], "stroke-width": 2.5, "stroke-dasharray": "1 5", "stroke-linecap": "round" })]].filter(Boolean);
  const gap = Math.min(1.3 * u, most / 24);
  let left = x;
  const drawn = entries.map(([english, mark]) => {
    const text = tr(english);
    const at = left;
    left += 2.4 * r + width(text, size) + gap;
    return left - gap <= x + most && h("g", { key: english }, mark(at + r), words(text, at + 2.4 * r, y + size * 0.35, { size, fill: SOFT }));
  });
  const area = tr("area = AI chips");
  const room = !ballot && left + width(area, size) <= x + most;
  return h("g", { key: "legend", class: "legend", "aria-hidden": "true" }, drawn, room && words(area, left, y + size * 0.35, { key: "area", size, fill: SOFT }));
}

/** A sentence on the numbers of sites and chips so far. */
export function tally(frame) {
  return counted(frame.selected, "{n} site · {working} working · {chips} AI chips at work", "{n} sites · {working} working · {chips} AI chips at work", { working: frame.working, chips: brief(Math.round(frame.accelerators)) });
}

