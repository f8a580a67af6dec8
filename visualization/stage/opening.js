// The first picture: the question, the answer with its honest range, and the real AI factories. One button starts the run.

import { SERIF, broken, fitting, h, pressable, width, words } from "./paint.js";
import { ALARM, INK, LIGHT, PAPER, RULE, SIDES, SOFT, WEIGHT, fromTo, type, years } from "./words.js";
import { partName, ranged, whisker } from "./answer.js";
import { decimal, tr } from "./language.js";
import { opening } from "./reality.js";

/** The verdict over all uncertain numbers, if the stage opens with it: its own two scenarios, before anything is played. */
export function opensWith(state) {
  const verdict = state.catalog?.verdict;
  const plain = verdict && state.specs.every((spec, k) => spec.base === verdict.pair[k] && !Object.keys(spec.changes).length);
  return plain && opening(state) && !state.compare && !state.many && state.tour === null && state.talk === null ? verdict : null;
}

const theQuestion = () => tr("What does politics cost Europe in AI, and which part of it?");

/** The height of the question across a width, in pixels. */
export const questionHeight = (u, most) => broken(theQuestion(), 1.9 * u, most, 700, SERIF).length * 2.3 * u + 0.7 * u;

export const drawQuestion = (x, y, most, u) => words(theQuestion(), x, y + 2.2 * u, { key: "question", class: "question", size: 1.9 * u, weight: 700, family: SERIF }, most);

/** The height of the answer in a box of some width, in pixels; at least, or with `free` as much as it likes. */
export const answerHeight = (state, store, verdict, u, most, free = false) => laidOut(state, store, verdict, { x: 0, y: 0, w: most, h: free ? Infinity : 0 }, u).height;

/** The answer within a box, as large as it fits: the gain of the reform and the lag, its parts with whiskers, and the button. */
export function drawOpening(state, store, verdict, box, u) {
  const share = box.w > 26 * type(u) && [1.2, 1.05].find((one) => laidOut(state, store, verdict, { ...box, h: 0 }, u, one).height < box.h);
  return h("g", { key: "opening", class: "opening", "data-draws": verdict.draws }, laidOut(state, store, verdict, box, u, share || undefined).parts);
}

function laidOut(state, store, verdict, box, u, share = 0.85) {
  const size = type(u, share);
  const parts = [];
  let y = box.y;
  const say = (text, style = {}) => {
    const s = style.size ?? size;
    const rows = broken(text, s, box.w, style.weight ?? 400, style.family);
    parts.push(words(text, box.x, y + s, { key: `t${parts.length}`, size: s, ...style }, box.w));
    y += rows.length * s * 1.25 + size * 0.5;
  };
  const { a, gain } = verdict;
  const values = { gain: years(gain.median), n: years(a.median), range: ranged(gain), behind: ranged(a), draws: verdict.draws, named: years(verdict.named.median), less: years(verdict.named_spending.median) };
  const head = tr("{gain} of {n} years", values);
  const sure = `(${values.range})`;
  const after = box.x + width(head, 2.5 * size, 700, SERIF) + 0.8 * size;
  const beside = after + width(sure, 1.4 * size, 400, SERIF) <= box.x + box.w;
  if (beside) parts.push(words(sure, after, y + 2.5 * size, { key: "sure", size: 1.4 * size, family: SERIF, fill: SOFT }));
  say(head, { size: 2.5 * size, weight: 700, family: SERIF, class: "lag" });
  say(tr("Under today's rules, the largest AI training run on Europe's public machines is {n} years behind the world's frontier ({behind}). The essay's reform, with our completion of it (who pays, training together), gains {gain} of them with the same envelope{sure}. The three parts that the essay names gain {named}, or {less} if both spend the smaller sum.", { ...values, sure: beside ? "" : ` ${sure}` }));
  say(tr("What each part of the reform gains, and how sure that is:"), { weight: 600 });
  const note = tr("Years; medians of {draws} draws of all uncertain numbers, and nine in ten of them. A training run is all the computing that goes into one model.", values);
  const under = broken(note, size * 0.85, box.w).length * size * 0.85 * 1.25 + size * 3.2;
  const step = Math.min(size * 2.1, Math.max(size * 1.35, (box.y + box.h - under - y) / verdict.parts.length));
  const names = verdict.parts.map((part) => partName(state.catalog.groups, { group: part.group, also: [] }));
  const left = box.x + Math.min(box.w * 0.55, Math.max(...names.map((name) => width(name, size))) + size * 0.7);
  const [low, high] = [Math.min(0, ...verdict.parts.map((p) => p.low)), Math.max(...verdict.parts.map((p) => p.high))];
  const scale = (box.x + box.w - left - size * 2.6) / (high - low);
  const at = (v) => left + (v - low) * scale;
  parts.push(h("line", { key: "zero", x1: at(0), x2: at(0), y1: y, y2: y + verdict.parts.length * step, stroke: RULE }));
  verdict.parts.forEach((part, k) => parts.push(partRow(part, names[k], { x: box.x, y: y + k * step, step, at, size, start: left, end: box.x + box.w })));
  y += verdict.parts.length * step + size * 0.3;
  say(note, { size: size * 0.85, fill: SOFT });
  const text = tr("Watch how it happens");
  const wide = width(text, size, 700) + 3.4 * size;
  parts.push(h("g", { key: "watch", class: "watch", tabindex: 0, role: "button", "aria-label": text, ...pressable(() => store.play()) },
    h("rect", { x: box.x, y, width: wide, height: 2.2 * size, rx: 0.4 * size, fill: ALARM }),
    h("path", { d: `M${box.x + size * 0.9},${y + size * 0.6}l${size * 0.9},${size * 0.5}l${-size * 0.9},${size * 0.5}z`, fill: PAPER }),
    words(text, box.x + 2.4 * size, y + 1.45 * size, { size, weight: 700, fill: PAPER })));
  return { parts, height: y + 2.6 * size - box.y };
}

function partRow(part, name, { x, y, step, at, size, start, end }) {
  const middle = y + step / 2;
  const thick = step * 0.52;
  const [from, to] = [Math.min(0, part.median), Math.max(0, part.median)].map(at);
  return h("g", { key: part.group, "data-part": part.group, role: "img", "aria-label": `${name}: ${decimal(part.median, 2)} (${fromTo(decimal(part.low, 2), decimal(part.high, 2))})` },
    words(fitting([name, tr(part.group)], size, start - x), x, middle + size * 0.35, { key: "name", size }),
    h("rect", { key: "bar", x: from, y: middle - thick / 2, width: Math.max(1.5, to - from), height: thick, fill: LIGHT[0], stroke: SIDES[0], "stroke-width": WEIGHT.hair }),
    whisker(at(part.low), at(part.high), middle, thick * 0.5),
    words(decimal(part.median, 1), end, middle + size * 0.35, { key: "says", size, weight: 600, anchor: "end", fill: INK }));
}
