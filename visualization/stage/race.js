// The chart of the race on a logarithmic scale: the frontier, the union's largest training run, and the lag in years.

import { HALO, askWidth, fitting, h, width, words } from "./paint.js";
import { ALARM, INK, LIGHT, PAPER, RULE, SIDES, SOFT, WEIGHT, apart, power, season, type, years } from "./words.js";
import { tr } from "./language.js";
import { frameAt, shown } from "./store.js";

/** What there is to see: how the gap moves, or which of two runs is nearer the frontier. */
function title(state, runs, t) {
  const lags = runs.map((run) => frameAt(run, t).years_behind);
  if (t === 0 && !state.playing) return tr("How far behind will {union} be by {year}?", { union: tr(state.geometry.union), year: runs[0].frames.at(-1).quarter.slice(0, 4) });
  if (lags.includes(null)) return tr("The largest training run");
  if (runs.length > 1) {
    const gap = apart(...lags);
    if (!gap) return tr("A and B are equally far behind");
    const values = { n: years(gap), season: season(frameAt(runs[0], t).quarter) };
    return tr(gap < 0 ? "B is {n} years nearer the frontier in {season}" : "A is {n} years nearer the frontier in {season}", values);
  }
  if (lags[0] < -0.05) return tr("The gap is closed: {n} years ahead", { n: years(lags[0]) });
  const before = runs[0].frames.slice(0, t + 1).map((f) => f.years_behind).find((v) => v !== null);
  const change = apart(before, lags[0]);
  if (Math.abs(change) < STEADY) return tr("The gap stays near {n} years", { n: years(lags[0]) });
  return tr(change > 0 ? "The gap grows from {a} to {b} years" : "The gap narrows from {a} to {b} years", { a: years(before), b: years(lags[0]) });
}

const STEADY = 0.3; // years by which a gap may change and still be called steady
const log = (x) => (x > 0 ? Math.log10(x) : null);

/** The chart of the largest training run, within a box. */
export function drawRace(state, box, u, ask) {
  const runs = shown(state);
  const first = runs[0];
  const size = type(u, 0.72);
  const n = Math.max(...runs.map((run) => run.frames.length));
  const t = Math.min(state.t, n - 1);
  const said = fitting([title(state, runs, t)], size * 1.08, box.w - askWidth(size) - size * 0.5, 700) || tr("The largest training run");
  const unit = unitOf(box, size, said);
  const row = unit.beside ? 0 : size * 1.2; // the unit's own, where there is no room beside the title
  const inner = { x: box.x + size * 2.5, y: box.y + size * 2.1 + row, w: box.w - size * 3.2, h: box.h - size * 3.7 - row };
  const [low, high] = range(state, runs);
  const x = (k) => inner.x + (n > 1 ? k / (n - 1) : 0) * inner.w;
  const y = (v) => inner.y + inner.h * (1 - (v - low) / (high - low));
  return h("g", { key: "race", class: "race" },
    words(said, box.x, box.y + size * 1.05, { key: "title", size: size * 1.08, weight: 700 }),
    ask("frontier", box.x + width(said, size * 1.08, 700) + size * 0.5, box.y + size * 1.05, size),
    words(unit.text, unit.beside ? box.x + box.w : box.x, box.y + size * 1.05 + row, { key: "unit", size, anchor: unit.beside ? "end" : "start", fill: SOFT, "font-style": "italic" }),
    grid(first, n, low, high, x, y, inner, size),
    h("clipPath", { key: "clip", id: "race-window" }, h("rect", { x: inner.x, y: inner.y - 4, width: inner.w + 4, height: inner.h + 8 })),
    h("g", { key: "lines", "clip-path": "url(#race-window)", role: "img", "aria-label": `${tr("The largest training run")}. ${said}` },
      state.many && runs.map((run, side) => band(state.spreads[side], run, side, x, y, low)),
      path(first.frames.map((f) => log(f.frontier_flop)), x, y, { key: "frontier", stroke: INK, "stroke-width": WEIGHT.fine, "stroke-dasharray": "9 6", fill: "none" }),
      runs.map((run, side) => lines(run, side, t, x, y, runs.length > 1))),
    cursor(x(t), inner),
    runs.map((run, side) => here(run, side, t, x, y, size)),
    runs.length === 1 && distance(first, t, n, x, y, inner, size),
    tags(state, runs, t, x, y, inner, size));
}

/** The explanation of the scale, and whether there is room for it next to the title. */
function unitOf(box, size, said) {
  const texts = ["computing operations; each step up is ten times more", "each step up: ten times more", "log scale"].map((one) => tr(one));
  const beside = fitting(texts, size, box.w - width(said, size * 1.08, 700) - askWidth(size) - size);
  return { text: beside || fitting(texts, size, box.w), beside: beside !== "" };
}

function range(state, runs) {
  const values = runs.flatMap((run) => run.frames.flatMap((f) => [log(f.largest_run_flop), log(f.frontier_flop), log(f.added_up_flop)])).filter((v) => v !== null);
  const low = values.length ? Math.min(...values) : 24;
  const high = values.length ? Math.max(...values) : 30;
  return [Math.floor(low * 2) / 2, Math.ceil(high * 2) / 2];
}

function grid(run, n, low, high, x, y, inner, size) {
  const step = [1, 2, 4].find((s) => (s * inner.h) / (high - low) >= 1.8 * size) ?? 8;
  const rows = [];
  for (let v = Math.ceil(low); v <= high; v += step) {
    rows.push(h("line", { key: `g${v}`, x1: inner.x, x2: inner.x + inner.w, y1: y(v), y2: y(v), stroke: RULE }),
      words(power(v), inner.x - size * 0.4, y(v) + size * 0.35, { key: `p${v}`, size, anchor: "end", fill: SOFT }));
  }
  const every = inner.w / (n / 4) < size * 2.9 ? 2 : 1;
  run.frames.forEach((f, k) => {
    const year = Number(f.quarter.slice(0, 4));
    if (f.quarter.endsWith("Q1") && year % (2 * every) === 0) {
      rows.push(words(`${year}`, x(k), inner.y + inner.h + size * 1.3, { key: `y${k}`, size, anchor: "middle", fill: SOFT }));
    }
  });
  return h("g", { key: "grid", "aria-hidden": "true" }, rows);
}

function path(values, x, y, style) {
  let d = "";
  let pen = "M";
  values.forEach((v, k) => {
    if (v === null) pen = "M";
    else {
      d += `${pen}${x(k).toFixed(1)},${y(v).toFixed(1)}`;
      pen = "L";
    }
  });
  return h("path", { d, "stroke-linejoin": "round", ...style });
}

function lines(run, side, t, x, y, pair) {
  const now = run.frames.slice(0, t + 1);
  return h("g", { key: `run${side}` },
    path(run.frames.map((f) => log(f.largest_run_flop)), x, y, { key: "ghost", fill: "none", stroke: SIDES[side], "stroke-width": WEIGHT.fine, opacity: 0 }),
    !pair && path(now.map((f) => log(f.added_up_flop)), x, y, { key: "added", fill: "none", stroke: SIDES[side], "stroke-width": WEIGHT.line, "stroke-dasharray": "1 6", "stroke-linecap": "round" }),
    path(now.map((f) => log(f.largest_run_flop)), x, y, { key: "best", fill: "none", stroke: SIDES[side], "stroke-width": WEIGHT.strong, "stroke-dasharray": side ? "12 5" : null }));
}

function band(spread, run, side, x, y, low) {
  if (!spread || spread.digest !== run.digest || spread.seed !== run.seed) return null;
  const rows = spread.bands.largest_run_flop.map((values) => values.map((v) => Math.max(low - 1, log(v) ?? low - 1)));
  const area = (a, b) => `M${a.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).join("L")}L${b.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).reverse().join("L")}Z`;
  return h("g", { key: `band${side}`, class: "band", fill: LIGHT[side] },
    h("path", { key: "wide", d: area(rows[0], rows[4]), opacity: 0.45 }), h("path", { key: "half", d: area(rows[1], rows[3]), opacity: 0.75 }));
}

function cursor(x, inner) {
  return h("line", { key: "cursor", class: "cursor", x1: x, x2: x, y1: inner.y, y2: inner.y + inner.h, stroke: INK, "stroke-width": WEIGHT.hair, "stroke-dasharray": "2 3" });
}

/** A point for a run at the quarter shown. */
function here(run, side, t, x, y, size) {
  const v = log(frameAt(run, t).largest_run_flop);
  return v !== null && h("circle", { key: `here${side}`, class: "here", cx: x(t), cy: y(v), r: size * 0.32, fill: SIDES[side], stroke: PAPER, "stroke-width": 1.5 });
}

/** The lag as a bracket, from the date when the frontier was at this level to now. */
function distance(run, t, n, x, y, inner, size) {
  const frame = frameAt(run, t);
  const v = log(frame.largest_run_flop);
  if (v === null || frame.years_behind === null || frame.years_behind < 0.3) return null;
  const from = Math.max(inner.x, x(t) - (frame.years_behind * 4 * inner.w) / (n - 1));
  const at = y(v);
  const cut = from === inner.x;
  const text = fitting([tr("{n} years in {season}", { n: years(frame.years_behind), season: season(frame.quarter) }), tr("{n} years", { n: years(frame.years_behind) })], size, x(t) - from - size, 700);
  const room = text !== "";
  const clear = room ? above(run, t, n, x, y, inner, size, width(text, size, 700)) : null;
  return h("g", { key: "distance" },
    h("path", { d: `M${from},${at - 6}V${at + 6}M${from},${at}H${x(t)}M${x(t)},${at - 6}V${at + 6}`, stroke: ALARM, "stroke-width": WEIGHT.line, fill: "none", "stroke-dasharray": cut ? "6 4" : null }),
    room && (clear
      ? words(text, clear.x, clear.y, { size, weight: 700, fill: ALARM, anchor: "end", ...HALO })
      : words(text, from + size * 0.4, at + size * (at + size * 1.4 > inner.y + inner.h ? -0.5 : 1.25), { size, weight: 700, fill: ALARM, ...HALO })));
}

/** Where a text that ends at the cursor lies above the run's lines and below the frontier; null if there is no such place. */
function above(run, t, n, x, y, inner, size, wide) {
  const right = x(t) - size * 0.5, left = Math.floor(((right - wide - inner.x) / inner.w) * (n - 1));
  if (left < 0 || t > n * 0.55) return null; // late in the run the names of the lines stand there
  const under = run.frames.slice(left, t + 1).flatMap((f) => [log(f.largest_run_flop), log(f.added_up_flop)]).filter((v) => v !== null);
  const foot = y(Math.max(...under)) - size * 0.6;
  const frontier = log(run.frames[left].frontier_flop);
  return frontier === null || y(frontier) > foot - size * 1.1 ? null : { x: right, y: foot };
}

function tags(state, runs, t, x, y, inner, size) {
  const style = { size, weight: 600, ...HALO };
  const marks = [];
  const frames = runs[0].frames;
  const k = Math.round(frames.length * 0.62);
  const top = log(frames[k].frontier_flop);
  const name = fitting([tr("the world's frontier"), tr("frontier")], size, x(k) - inner.x, 600);
  if (top !== null) marks.push(words(name, x(k) - size * 0.7, y(top) - size * 0.4, { key: "frontier", ...style, anchor: "end", fill: INK }));
  if (t <= 3 && runs.length === 1) {
    const v = log(frameAt(runs[0], t).largest_run_flop);
    const where = tr("{union} stands here", { union: tr(state.geometry.union) });
    if (v !== null) marks.push(words(where[0].toUpperCase() + where.slice(1), x(t) + size * 0.7, Math.min(y(v) + size * 0.35, inner.y + inner.h - size * 0.3), { key: "a", ...style, fill: SIDES[0] }));
  }
  if (t > 3) {
    const late = t > frames.length * 0.55;
    const foot = inner.y + inner.h - size * 0.15; // the years are below this line
    const put = (v, text, key, below) => {
      if (v === null) return;
      const left = late ? x(t) - size * 0.3 : x(t) + size * 0.5;
      const level = below ? y(v) + size * 1.2 : Math.min(y(v) - size * 0.55, foot - size * 1.15);
      marks.push(words(text, left, Math.min(foot, level), { key, ...style, anchor: late ? "end" : "start", fill: SIDES[key === "b" ? 1 : 0] }));
    };
    if (runs.length === 1) {
      const f = frameAt(runs[0], t);
      const [all, best] = [log(f.added_up_flop), log(f.largest_run_flop)];
      const close = all !== null && best !== null && y(best) - y(all) < size * 2.4;
      put(all, tr("if all added up"), "added", false);
      if (!late) put(best, tr("best single run"), "a", close);
    } else {
      const [a, b] = runs.map((run) => log(frameAt(run, t).largest_run_flop));
      put(a, "A", "a", a < b);
      put(b, "B", "b", b <= a);
    }
  }
  return h("g", { key: "tags", "aria-hidden": "true" }, marks);
}
