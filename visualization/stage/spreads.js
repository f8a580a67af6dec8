// Distributions of outcomes over many runs, with both scenarios on one scale and marks for the medians and the run shown.

import { HALO, fitting, h, width, words } from "./paint.js";
import { INK, LIGHT, PAPER, RULE, SIDES, SOFT, WEIGHT, apart, brief, span, type, years } from "./words.js";
import { tr } from "./language.js";
import { lagOver, whisker } from "./answer.js";
import { shown } from "./store.js";

// Outcome, title, label of the axis, format of a value, whether it is a count
const SHOWN = [
  ["sites", "Sites", (run) => [tr("sites under contract by {year}", { year: run.frames.at(-1).quarter.slice(0, 4) }), tr("sites")], brief, true],
  ["years_behind", "Years behind", (run) => [tr("years behind, average {years}", { years: span(run) }), tr("years, {years}", { years: span(run) })], years, false],
];

/** Distributions of the outcomes, within a box. */
export function drawSpreads(state, box, u) {
  const runs = shown(state);
  const size = type(u, 0.75);
  const ready = runs.map((run, k) => (state.spreads[k]?.digest === run.digest ? state.spreads[k] : null));
  const worlds = ready.some(Boolean) ? Math.min(...ready.filter(Boolean).map((s) => s.worlds)) : 0;
  const gap = 1.6 * size;
  const w = (box.w - gap) / SHOWN.length;
  const top = box.y + size * 1.7;
  const title = worlds ? heading(worlds, ready, size * 1.08, box.w) : tr("Computing many runs …");
  const marks = [tr(runs.length > 1 ? "▼ median; line: these two runs; gray: all uncertain numbers" : "▼ median; line: this run; gray: all uncertain numbers"), tr("▼ median; gray: all uncertain numbers"), tr("▼ median")];
  return h("g", { key: "spreads", class: "spreads", "data-worlds": ready.includes(null) ? 0 : worlds },
    words(title, box.x, box.y + size * 1.05, { key: "title", size: size * 1.08, weight: 700 }),
    worlds > 0 && words(fitting(marks, size, box.w - width(title, size * 1.08, 700) - size), box.x + box.w, box.y + size * 1.05, { key: "marks", size, anchor: "end", fill: SOFT, "font-style": "italic" }),
    SHOWN.map((kind, k) => histogram(kind, runs, ready, kind[0] === "years_behind" ? runs.map((_, side) => lagOver(state, side)) : [], { x: box.x + k * (w + gap), y: top, w, h: box.y + box.h - top }, size)));
}

/** The title: the medians of the distributions, or the difference of two medians. */
function heading(worlds, spreads, size, room) {
  const n = worlds;
  const lags = spreads.map((s) => s?.outcomes.years_behind.median ?? null);
  const plain = tr("{n} runs, default numbers", { n });
  if (lags.includes(null)) return plain;
  if (lags.length > 1) {
    const gap = apart(...lags);
    const by = years(gap);
    if (!gap) return fitting([tr("At the default numbers, A and B do not differ in the median of {n} runs", { n }), plain], size, room, 700);
    return fitting([tr(gap < 0 ? "At the default numbers, B is {by} years nearer in the median of {n} runs" : "At the default numbers, A is {by} years nearer in the median of {n} runs", { n, by }), plain], size, room, 700);
  }
  const values = { n, sites: brief(spreads[0].outcomes.sites.median), years: years(lags[0]) };
  return fitting([tr("{n} runs at the default numbers: {sites} sites, {years} years behind in the median", values), plain], size, room, 700);
}

/** Values for the labels of an axis in round steps, as many as there is room for. */
function ticks(low, high, most, whole) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find((s) => (!whole || s >= 1) && (high - low) / s <= most) ?? high - low;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, k) => (first + k) * step);
}

/** The histogram of an outcome, in shares of the runs, with the same scale for both scenarios; gray lines: over all uncertain numbers. */
function histogram([name, title, unit, say, counts], runs, spreads, over, box, size) {
  const known = spreads.map((s) => s?.outcomes[name]);
  const ends = known.flatMap((d) => (d && d.counts.some(Boolean) ? [d.edges[0], d.edges.at(-1)] : []));
  if (!ends.length) return null;
  const own = runs.map((run) => run.outcome[name]);
  const values = [...ends, ...own.filter((v) => v !== null), ...over.flatMap((lag) => (lag ? [lag.low, lag.high] : []))];
  const [low, high] = [Math.min(...values), Math.max(...values) + 1e-9];
  const base = box.y + box.h - size * 2.7;
  const head = box.y + size * 2.7; // the title and the medians are above this line
  const x = (v) => box.x + ((v - low) / (high - low)) * box.w;
  const share = (d, c) => c / d.counts.reduce((sum, n) => sum + n, 0);
  const most = Math.max(...known.flatMap((d) => (d ? d.counts.map((c) => share(d, c)) : [])));
  const y = (s) => base - (s / most) * (base - head);
  const room = Math.max(2, Math.floor(box.w / (size * 3.4)));
  const top = tr("{n} % of runs", { n: Math.round(100 * most) });
  return h("g", { key: name, "data-outcome": name },
    words(tr(title), box.x, box.y + size, { key: "title", size, weight: 600 }),
    words(fitting([top, `${Math.round(100 * most)} %`], size, box.w - width(tr(title), size, 600) - size), box.x + box.w, box.y + size, { key: "most", size, anchor: "end", fill: SOFT }),
    h("line", { key: "top", x1: box.x, x2: box.x + box.w, y1: head, y2: head, stroke: RULE, "stroke-dasharray": "2 3" }),
    known.map((d, side) => d && columns(d, side, x, (c) => y(share(d, c)), base)),
    h("line", { key: "base", x1: box.x, x2: box.x + box.w, y1: base, y2: base, stroke: INK }),
    ticks(low, high, room, counts).map((v) => tick(v, x(v), base, say, size)),
    words(fitting(unit(runs[0]), size, box.w), box.x + box.w / 2, base + size * 2.4, { key: "unit", size, anchor: "middle", fill: SOFT }),
    own.map((v, side) => v !== null && h("line", { key: `own${side}`, class: "own", x1: x(v), x2: x(v), y1: head, y2: base, stroke: SIDES[side], "stroke-width": WEIGHT.line, "stroke-dasharray": side ? "6 3" : null })),
    over.map((lag, side) => lag && h("g", { key: `over${side}` }, h("title", {}, tr("nine in ten draws of all uncertain numbers")), whisker(x(lag.low), x(lag.high), base - size * (0.35 + 0.5 * side), size * 0.4))),
    medians(known, runs.length > 1, say, x, head, box, size));
}

function columns(d, side, x, y, base) {
  return h("g", { key: `d${side}`, class: "bars", "data-side": side, fill: LIGHT[side], stroke: SIDES[side], "stroke-width": 0.7, opacity: side ? 0.8 : 1 },
    d.counts.map((c, i) => c > 0 && h("rect", { key: i, x: x(d.edges[i]) + 0.5, width: Math.max(1, x(d.edges[i + 1]) - x(d.edges[i]) - 1), y: y(c), height: base - y(c) })));
}

const tick = (v, x, base, say, size) => h("g", { key: `t${v.toFixed(2)}` },
  h("line", { x1: x, x2: x, y1: base, y2: base + size * 0.25, stroke: INK }), words(say(v), x, base + size * 1.2, { size, anchor: "middle", fill: SOFT }));

/** A triangle and a number for each scenario's median. If two numbers would overlap, they are moved apart. */
function medians(known, pair, say, x, head, box, size) {
  const said = known.map((d, side) => d && d.median !== null && { side, at: x(d.median), text: `${pair ? "AB"[side] : tr("median")} ${say(d.median)}` }).filter(Boolean);
  const wide = said.map((m) => width(m.text, size, 700));
  const left = said.map((m, k) => Math.max(box.x, Math.min(box.x + box.w - wide[k], m.at - wide[k] / 2)));
  if (said.length > 1) {
    const [a, b] = said[0].at <= said[1].at ? [0, 1] : [1, 0];
    const over = left[a] + wide[a] + size / 2 - left[b];
    if (over > 0) {
      left[a] = Math.max(box.x, left[a] - over / 2);
      left[b] = left[a] + wide[a] + size / 2;
    }
  }
  return said.map((m, k) => h("g", { key: `m${m.side}`, class: "median", "data-side": m.side },
    h("path", { d: `M${m.at},${head + size * 0.55}l${-size * 0.32},${-size * 0.55}h${size * 0.64}Z`, fill: SIDES[m.side], stroke: PAPER }),
    words(m.text, left[k], head - size * 0.3, { size, weight: 700, fill: SIDES[m.side], ...HALO })));
}
