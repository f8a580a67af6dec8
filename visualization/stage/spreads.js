// One run among all: how outcomes are distributed over many worlds, with the world on the stage marked.

import { fitting, h, width, words } from "./paint.js";
import { INK, LIGHT, RULE, SIDES, SOFT, brief, span, type, years } from "./words.js";
import { shown } from "./store.js";

const SHOWN = [
  ["sites", "Sites", brief],
  ["years_behind", "Years behind", years],
];

/** Distributions of the outcomes, within a box. */
export function drawSpreads(state, box, u) {
  const runs = shown(state);
  const size = type(u, 0.75);
  const ready = runs.map((run, k) => (state.spreads[k]?.digest === run.digest ? state.spreads[k] : null));
  const worlds = Math.max(0, ...ready.map((s) => s?.worlds || 0));
  const w = (box.w - size) / SHOWN.length;
  return h("g", { key: "spreads", class: "spreads", "data-worlds": worlds },
    words(worlds ? heading(worlds, runs, size * 1.08, box.w) : "Running many worlds …", box.x, box.y + size * 1.05, { key: "title", size: size * 1.08, weight: 700 }),
    SHOWN.map(([name, title, say], k) => histogram(name, title, say, runs, ready, { x: box.x + k * (w + size), y: box.y + size * 1.6, w, h: box.h - size * 1.6 }, size)));
}

/** What the distributions are of; the page's other numbers are of the quarter shown, these of the whole comparison. */
function heading(worlds, runs, size, room) {
  const text = `In ${worlds} possible worlds`;
  const read = runs[0].window_frame === null ? "" : `, average ${span(runs[0])}`;
  const lines = runs.length > 1 ? "; the lines: these two" : "";
  return fitting([text + read + lines, text + read, `${worlds} worlds${read}`, text], size, room, 700) || text;
}

function histogram(name, title, say, runs, spreads, box, size) {
  const known = spreads.map((s) => s?.outcomes[name]);
  const ends = known.flatMap((d) => (d && d.counts.length ? [d.edges[0], d.edges[d.edges.length - 1]] : []));
  const own = runs.map((run) => run.outcome[name]);
  const values = [...ends, ...own.filter((v) => v !== null)];
  if (!ends.length || !values.length) return null;
  const [low, high] = [Math.min(...values), Math.max(...values) + 1e-9];
  const whole = name === "sites";
  const base = box.y + box.h - size * 1.5;
  const height = base - box.y - size * 1.4;
  const x = (v) => box.x + ((v - low) / (high - low)) * box.w;
  const tail = (side) => (runs.length > 1 ? ["A", "B"][side] + " " : "");
  const middles = known.map((d, side) => d && `${tail(side)}${say(d.median)}`).filter(Boolean).join(", ");
  return h("g", { key: name },
    words(title, box.x, box.y + size, { key: "title", size, weight: 600 }),
    h("line", { key: "base", x1: box.x, x2: box.x + box.w, y1: base, y2: base, stroke: RULE }),
    known.map((d, side) => d && h("g", { key: `d${side}`, fill: LIGHT[side], opacity: side ? 0.8 : 1 },
      d.counts.map((c, i, all) => c > 0 && h("rect", { key: i, x: x(d.edges[i]) + 0.5, width: Math.max(1, x(d.edges[i + 1]) - x(d.edges[i]) - 1), y: base - (c / Math.max(...all)) * height, height: (c / Math.max(...all)) * height })))),
    own.map((v, side) => v !== null && h("g", { key: `own${side}` },
      h("line", { x1: x(v), x2: x(v), y1: base - height, y2: base + 4, stroke: SIDES[side], "stroke-width": 3, "stroke-dasharray": side ? "6 3" : null }))),
    words(say(whole ? Math.ceil(low) : low), box.x, base + size * 1.15, { key: "low", size, fill: SOFT }),
    words(say(whole ? Math.floor(high) : high), box.x + box.w, base + size * 1.15, { key: "high", size, fill: SOFT, anchor: "end" }),
    words(fitting([`middle: ${middles}`, middles], size, box.w - 2 * width(say(high), size) - size), box.x + box.w / 2, base + size * 1.15, { key: "middle", size, weight: 600, anchor: "middle" }),
    own[0] !== null && runs.length === 1 && words(`this one: ${say(own[0])}`, box.x + box.w, box.y + size, { key: "this", size, anchor: "end", fill: INK }));
}
