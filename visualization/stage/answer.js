// The answer over many runs: the lag under both scenarios, and the contribution of each part of the rules to the difference.

import { broken, fitting, h, width, words } from "./paint.js";
import { FAINT, LIGHT, RULE, SIDES, SOFT, WEIGHT, fromTo, plain, ruleOf, span, type, years } from "./words.js";
import { decimal, inSentence, tr } from "./language.js";
import { asking, valueOf } from "./store.js";

const exact = (x) => decimal(Math.abs(x), 2);
const minused = (x) => `${x < 0 ? "−" : ""}${exact(x)}`;
export const ranged = (range) => fromTo(years(range.low), years(range.high));

/** The lag of a scenario over all uncertain numbers, if it is unchanged and its window is the run's; null otherwise. */
export function lagOver(state, side) {
  const lag = state.catalog?.verdict?.lags[state.specs[side].base];
  return lag && lag.read === state.runs[0]?.window_end && !Object.keys(state.specs[side].changes).length ? lag : null;
}

/** The ranges over all uncertain numbers of both lags, and of the parts for the verdict's own pair; null if a lag has none. */
function verdictFor(state) {
  const [a, b] = [lagOver(state, 0), lagOver(state, 1)];
  const { draws, pair, parts } = state.catalog.verdict ?? {};
  return a && b && { a, b, draws, parts: state.specs.every((spec, k) => spec.base === pair[k]) ? parts : [] };
}

/** The range by which parts lower the lag, from their gains over all draws; null if not all of them are known. */
function lowered({ parts }, groups) {
  const found = groups.map((group) => parts.find((p) => p.group === group)).filter(Boolean);
  return found.length === 1 ? { low: -found[0].high, high: -found[0].low } : null;
}

/** A gray line from low to high with short ends. */
export const whisker = (from, to, y, end) => h("path", { key: "whisker", class: "whisker", d: `M${from},${y - end / 2}V${y + end / 2}M${from},${y}H${to}M${to},${y - end / 2}V${y + end / 2}`, stroke: SOFT, "stroke-width": WEIGHT.line, fill: "none" });

/** A key that identifies a pair of scenarios. */
export const pairKey = (state) => JSON.stringify(state.specs);

/**
 * The comparison of scenarios A and B: `parts`, stored or from the server; `done`, the share computed so far; or `error`.
 * Null if it has not been requested.
 */
export function answerFor(state) {
  const [a, b] = state.specs;
  const found = state.catalog?.parts.find((p) => p.pair[0] === a.base && p.pair[1] === b.base);
  if (found && found.digests[0] === state.runs[0]?.digest && !Object.keys(b.changes).length) return { parts: found };
  return state.answers[pairKey(state)] ?? null;
}

/** The votes on the packages between scenarios A and B: `passing`, the share `done`, or `error`; null if not requested. */
export const passingFor = (state) => state.passing?.[pairKey(state)] ?? null;

/** Whether two lists of parts are the same set. */
export const sameParts = (a, b) => a.length === b.length && a.every((part) => b.includes(part));

/** The parts that the switches have on; by default all. */
export const partsOn = (state, found) => found.units.flat().filter((part) => !state.on || state.on.includes(part));

/** The package of the switches while the panel shows one; null otherwise, and for no parts at all. */
export function packageOn(state) {
  const found = state.panel === "passing" && !asking(state) && passingFor(state)?.passing;
  return (found && found.packages.find((p) => sameParts(p.parts, partsOn(state, found)))) || null;
}

/** The name of a part; several groups are separated by commas. */
export function partName(groups, { group, also }) {
  const one = (name) => tr({ money: "How much is committed", parameters: "Numbers" }[name] ?? groups[name] ?? name);
  return [group, ...also].map((name, k) => (k ? inSentence(one(name)) : one(name))).join(", ");
}

/** The names of some parts. */
export const namedParts = (state, parts) => parts.map((group) => partName(state.catalog.groups, { group, also: [] })).join(", ");
export const yearsGained = (p) => decimal(p.gain_years, 1);
export const inFavor = (state, p) => tr("{yes} of {n} states in favor", { yes: p.in_favor, n: state.geometry.states.length });

/** The answer in a sentence: the whole reform, and the package that gains most among those that pass. */
export function passingSaid(state) {
  const found = passingFor(state)?.passing;
  if (!found) return null;
  const whole = found.packages.find((p) => sameParts(p.parts, found.units.flat()));
  const best = found.best && found.packages.find((p) => sameParts(p.parts, found.best));
  const first = tr(whole.passes ? "The whole reform gains {gain} years and would pass: {votes}." : "The whole reform gains {gain} years and would not pass: {votes}.", { gain: yearsGained(whole), votes: inFavor(state, whole) });
  if (whole.passes && best === whole) return first;
  return `${first} ${best ? tr("Of what would pass, most is gained by “{parts}”: {gain} years.", { parts: namedParts(state, best.parts), gain: yearsGained(best) }) : tr("No package that gains anything would pass.")}`;
}

/** A progress message for the parts, or the error, within a box. */
export function drawPending({ done, error }, names, box, u) {
  const said = error ? tr("The difference cannot be divided into parts: {error}", { error }) : tr("Computing the parts of the difference to “{name}” … {n} %", { name: names[1], n: Math.round(100 * done) });
  return words(said, box.x, box.y + type(u, 0.75), { key: "pending", class: "pending", size: type(u, 0.75), fill: SOFT, lines: 3 }, box.w);
}

/** Rows of a waterfall chart, from A's years behind through the parts to B's; each with the start and end of its bar. */
export function waterfall(found, names, groups, all = null) {
  let at = found.a.mean;
  const over = (from, range) => range && [from + range.low, from + range.high]; // where the bar's end lies in 9 of 10 draws
  const shares = changing(found).map((share) => {
    const { group, mean, low, high } = share;
    const from = at;
    at += mean;
    return { group, share, name: partName(groups, share), from, to: at, low, high, over: over(from, all && lowered(all, [group, ...share.also])), says: `${mean < 0 ? "−" : "+"}${exact(mean)}` };
  });
  const end = (side, mean) => ({ side, name: names[side], from: 0, to: mean, over: over(0, all?.["ab"[side]]), says: exact(mean) });
  return [end(0, found.a.mean), ...shares, end(1, found.b.mean)];
}

/** The parts that change the lag: those that close the gap first, the largest at the top. */
const changing = ({ shares, difference }) => shares.filter((share) => share.mean || share.low || share.high).sort((a, b) => Math.sign(difference.mean) * (b.mean - a.mean));

/** A title with the largest part of the difference, and a second one if it lies within the interval of the first. */
function largest({ difference, shares }, groups) {
  if (difference.low <= 0 && difference.high >= 0) return tr("The two scenarios do not differ clearly");
  const sign = Math.sign(difference.mean);
  const [top, ...others] = shares.map((share) => ({ name: partName(groups, share), size: sign * share.mean, low: Math.min(sign * share.low, sign * share.high) })).sort((a, b) => b.size - a.size);
  const near = others.filter((other) => other.size >= top.low);
  if (top.low <= 0 || near.length > 1) return tr("No single part makes the difference");
  if (!near.length) return tr("“{part}” makes the largest part of the difference", { part: top.name });
  return tr("“{part}” and “{other}” make most of the difference", { part: top.name, other: near[0].name });
}

/** The height of the answer, in font sizes. */
export const ANSWER = 20.9;

/** The sentence, the waterfall, and the price of politics or the rules behind a part, within a box. */
export function drawAnswer(state, store, found, names, box, u) {
  const size = type(u, 0.75);
  const run = state.runs[0];
  const here = tr("In {n} runs at the default numbers: {a} years behind on average, {span} (9 in 10 runs: {rangeA}). Under “{name}” {b} ({rangeB}).",
    { n: found.worlds, a: years(found.a.mean), span: span(run), rangeA: ranged(found.a), name: names[1], b: years(found.b.mean), rangeB: ranged(found.b) });
  const all = verdictFor(state);
  const said = all ? `${here} ${tr("Over all uncertain numbers (gray lines, 9 in 10 of {n} draws): {rangeA}, and {rangeB}.", { n: all.draws, rangeA: ranged(all.a), rangeB: ranged(all.b) })}` : here;
  const title = largest(found, state.catalog.groups);
  const first = broken(title, size * 1.08, box.w, 700).length * size * 1.35;
  const head = first + broken(said, size, box.w).length * size * 1.25;
  const rows = waterfall(found, names, state.catalog.groups, all);
  const picked = found.shares.find((share) => share.group === state.part);
  const more = picked ? behind(state, picked) : priced(found, names[0]);
  const foot = size * (0.4 + 1.25 * Math.max(3, broken(more, size, box.w).length));
  const step = (box.h - head - foot) / rows.length;
  const left = box.x + Math.min(size * 0.6 + Math.max(...rows.map((row) => width(row.name, size, row.group ? 400 : 700))), box.w * 0.55);
  const reached = rows.flatMap((row) => [row.from, row.to, ...(row.over ?? [])]);
  const low = Math.min(0, ...reached); // negative: years ahead of the frontier
  const scale = (box.x + box.w - left - size * 4) / Math.max(1e-9, Math.max(...reached) - low);
  const top = box.y + head + size * 0.2;
  return h("g", { key: "answer", class: "answer", "data-worlds": found.worlds },
    words(title, box.x, box.y + size, { key: "title", size: size * 1.08, weight: 700 }, box.w),
    words(said, box.x, box.y + first + size, { key: "said", size, fill: SOFT, "font-style": "italic" }, box.w),
    rows.map((row, k) => waterfallRow(row, state, store, { x: box.x, y: top + k * step, w: box.w, h: step, left, zero: left - low * scale, scale, size })),
    words(more, box.x, top + rows.length * step + size * 1.2, { key: "foot", size, fill: SOFT }, box.w));
}

function waterfallRow(row, state, store, { x, y, w, h: high, left, zero, scale, size }) {
  const [from, to] = [Math.min(row.from, row.to), Math.max(row.from, row.to)];
  const against = row.group && row.to > row.from; // it adds years
  const fill = row.group ? (against ? "url(#hatch-1)" : LIGHT[1]) : SIDES[row.side];
  const name = fitting([row.name, row.group ? tr(row.group) : ""], size, left - x - size / 2, row.group ? 400 : 700);
  const drawn = [
    h("rect", { key: "ground", x, y, width: w, height: high, fill: state.part && state.part === row.group ? FAINT : "transparent" }),
    words(name, x, y + high / 2 + size * 0.35, { key: "name", size, weight: row.group ? 400 : 700 }),
    h("rect", { key: "bar", x: zero + from * scale, y: y + high * 0.18, width: Math.max(1.5, (to - from) * scale), height: high * 0.64, fill, stroke: row.group ? SIDES[1] : null, "stroke-width": row.group ? WEIGHT.hair : null }),
    h("line", { key: "step", x1: zero + row.to * scale, x2: zero + row.to * scale, y1: y + high * 0.18, y2: y + high * (row.side === 1 ? 0.82 : 1.18), stroke: RULE }),
    row.over && whisker(zero + row.over[0] * scale, zero + row.over[1] * scale, y + high / 2, high * 0.3),
    words(row.says, zero + Math.max(to, ...(row.over ?? [])) * scale + size * 0.4, y + high / 2 + size * 0.35, { key: "says", size, weight: 600 }),
  ];
  if (!row.group) return h("g", { key: `end${row.side}` }, drawn);
  const pick = () => store.set({ part: state.part === row.group ? null : row.group });
  return h("g", { key: row.group, class: "part", "data-part": row.group, tabindex: 0, role: "button", "aria-pressed": `${state.part === row.group}`,
    onclick: pick, onkeydown: (e) => e.key === "Enter" && pick() },
    h("title", {}, tr("{n} years, 95 % interval {low} to {high}. Click for the rules behind it.", { n: row.says, low: minused(row.low), high: minused(row.high) })), drawn);
}

/** A sentence on the price of politics and its two parts, if it is known, and a hint. */
function priced({ prices: { price_of_politics: all, price_where: where, price_unspent: unspent } }, name) {
  const click = tr("Click a part to see its rules.");
  if (all.mean === null) return click;
  const [whole, place, money] = [all, where, unspent].map(({ mean }) => minused(mean));
  return `${tr("Price of politics under “{name}”: {whole} years. A planner with the same envelope would save {place} by choosing where, and {money} with the money left unspent.", { name, whole, place, money })} ${click}`;
}

/** A sentence on the rules and numbers in which the two scenarios differ, for one part. */
function behind(state, share) {
  const groups = [share.group, ...share.also];
  const families = state.catalog.families.filter((family) => groups.includes(family.group)).map(({ name }) => name);
  const numbers = groups.includes("parameters") ? state.specs.flatMap((spec) => Object.keys(spec.changes)).filter((key) => state.catalog.parameters.some((p) => p.name === key)) : [];
  const title = partName(state.catalog.groups, share);
  const changed = [...families, ...new Set(numbers)].map((name) => [name, ...[0, 1].map((side) => ruleOf(valueOf(state, side, name)))]).filter(([, a, b]) => a !== b);
  if (!changed.length && groups.includes("money")) return tr("{part}: the rules are the same; this part comes from how much of the envelope each scenario commits.", { part: title });
  if (!changed.length) return tr("{part}: the rules are the same.", { part: title });
  return `${title}: ${changed.map(([name, a, b]) => tr("{rule} from {a} to {b}", { rule: plain(name), a: plain(a), b: plain(b) })).join("; ")}.`;
}
