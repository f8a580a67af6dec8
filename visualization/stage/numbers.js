// The large number, the bars of added-up and largest training run, the money, and the differences of two runs.

import { HALO, SERIF, askWidth, broken, fitting, h, width, words } from "./paint.js";
import { ALARM, FAINT, INK, LIGHT, RULE, SIDES, SOFT, apart, brief, money, percent, power, ruleOf, season, seasonOf, span, times, type, years } from "./words.js";
import { decimal, tr } from "./language.js";
import { frameAt, headline, past } from "./store.js";

/** Years behind as a large number, within a box. */
export function drawNumber(state, run, box, u) {
  const frame = frameAt(run, state.t);
  const size = type(u, 0.85);
  const large = Math.min(box.h - size * 2.9, box.w * (state.big ? 0.42 : 0.3));
  const { behind: lag, averaged } = headline(run, state.t);
  const ahead = lag !== null && lag < -0.05;
  const number = lag === null ? "–" : years(lag);
  const end = width(number, large, 700, SERIF) + large * 0.14;
  const side = box.w - end;
  const when = averaged ? tr("on average, {years}", { years: span(run) }) : tr("in {season}", { season: season(frame.quarter) });
  const head = ahead ? tr("years ahead of the frontier {when}", { when }) : tr("years behind the frontier {when}", { when });
  const rows = broken(head, size * 1.35, side, 700);
  return h("g", { key: "number", class: "number", role: "img", "aria-label": `${number} ${head}` },
    words(number, box.x, box.y + large * 0.82, { key: "big", size: large, weight: 700, family: SERIF, fill: ahead ? SIDES[0] : ALARM, "data-years-behind": lag === null ? "" : lag }),
    words(head, box.x + end, box.y + large * 0.82 - (rows.length - 1) * size * 1.35 * 1.15, { key: "head", size: size * 1.35, weight: 700, leading: 1.15 }, side),
    words(matches(run, frame, tr(state.geometry.union)), box.x, box.y + large + size * 0.75, { key: "matches", size, fill: SOFT, lines: 2 }, box.w));
}

function matches(run, frame, union) {
  if (frame.frontier_was_here === null) return tr("No machine in {union} works.", { union });
  if (frame.years_behind < -0.05) return tr("The best machine in {union} is, for the moment, ahead of what the frontier trains.", { union });
  const publicly = ruleOf(run.rules.funding) !== "private";
  return tr(publicly ? "What {union} can train on public machines in {season}, the world's frontier could train in {then}." : "What {union} can train in {season}, the world's frontier could train in {then}.", { union, season: season(frame.quarter), then: seasonOf(frame.frontier_was_here) });
}

/** Two bars: the sum of all machines, and the largest single training run. */
export function drawAddsUp(state, run, box, u) {
  const frame = frameAt(run, state.t);
  const size = type(u, 0.8);
  const height = size * 0.8;
  const all = frame.added_up_flop || 0;
  const best = frame.largest_run_flop || 0;
  const bar = (k, text, share, filled, of) => {
    const y = box.y + size * 1.05 + k * size * 2.4;
    return h("g", { key: `bar${k}` },
      words(text, box.x, y, { key: "text", size, weight: 600 }),
      words(fitting(of, size, box.w - width(text, size, 600) - size), box.x + box.w, y, { key: "of", size, anchor: "end", fill: SOFT }),
      h("rect", { key: "ground", x: box.x, y: y + size * 0.35, width: box.w, height, fill: FAINT }),
      h("rect", { key: "fill", class: "slide", x: box.x, y: y + size * 0.35, width: Math.max(0, Math.min(1, share)) * box.w, height, fill: filled, stroke: SIDES[0] }));
  };
  const f = frame.frontier_flop;
  const of = (x) => (f ? [tr("{share} of a frontier run", { share: percent(x / f) }), tr("{share} of the frontier", { share: percent(x / f) }), percent(x / f)] : []);
  const whole = Math.max(f || 0, all, best) || 1; // a full bar is a frontier run, or more
  const part = all && best < all ? `${tr("{share} of that:", { share: percent(best / all) })} ` : "";
  return h("g", { key: "adds", class: "adds" },
    bar(0, tr("If all machines added up"), all / whole, LIGHT[0], of(all)),
    bar(1, tr("What can train one model"), best / whole, SIDES[0], [part + of(best)[0], ...of(best)]));
}

const LIMITS = { choice: "no more was asked for", match: "hosts cannot match more", power: "sites lack power for more", tender: "the call allows no larger bid", money: "the money is placed" };

/** What binds at most of the sites selected so far, once the last wave is over and much of the money is unspent; empty otherwise. */
export function limitOf(run, frame) {
  const last = run.waves.at(-1);
  if (!last || frame.quarter < last.quarter || run.envelope_eur_bn - frame.committed_eur_bn < 0.1 * run.envelope_eur_bn) return "";
  const sites = (name) => run.waves.reduce((sum, wave) => sum + (wave.limits[name] ?? 0), 0);
  return tr(LIMITS[Object.keys(LIMITS).sort((a, b) => sites(b) - sites(a))[0]]);
}

/** The envelope as a bar: committed so far, and unspent. */
export function drawMoney(state, run, box, u, ask = null) {
  const frame = frameAt(run, state.t);
  const [side, size] = [state.runs.indexOf(run), type(u, 0.8)];
  const [envelope, committed] = [run.envelope_eur_bn, frame.committed_eur_bn];
  const left = envelope - committed;
  const share = envelope > 0 ? Math.max(0, Math.min(1, committed / envelope)) : 0;
  const y = box.y + size * 1.05;
  const parts = { part: money(committed), whole: money(envelope) };
  const [most, text, why] = [tr("{part} of {whole} committed", parts), tr("{money} unspent", { money: money(left) }), limitOf(run, frame)];
  const bar = { y: y + size * 0.35, height: size * 0.8 };
  const asks = ask && width(most, size, 600) + askWidth(size) + size * 0.4 <= box.w ? askWidth(size) + size * 0.4 : 0;
  const said = fitting([most, tr("{part} of {whole}", parts)], size, box.w - asks, 600);
  const both = width(most, size, 600) + asks + width(text, size) + size <= box.w;
  const drawn = h("g", { key: "money", class: "money", role: "img", "aria-label": `${most}, ${text}, ${season(frame.quarter)}${why && `; ${why}`}`, "data-committed": committed, "data-unspent": left },
    words(said, box.x, y, { key: "committed", size, weight: 600, ...HALO }),
    both && words(fitting([...(why ? [`${text}: ${why}`] : [`${text}, ${season(frame.quarter)}`]), text], size, box.w - width(most, size, 600) - asks - size), box.x + box.w, y, { key: "unspent", size, anchor: "end", fill: SOFT, ...HALO }),
    h("rect", { key: "ground", x: box.x, ...bar, width: box.w, fill: FAINT, stroke: SIDES[side] }),
    h("rect", { key: "fill", class: "slide", x: box.x, ...bar, width: share * box.w, fill: SIDES[side] }));
  return [drawn, asks > 0 && ask("money", box.x + width(said, size, 600) + size * 0.4, y, size)];
}

// Name, short name, value at a quarter (null: known for the whole window only), average over the window, format
const ROWS = [
  ["Sites chosen", "Sites", (f) => f.selected, null, brief],
  ["Countries with one", "Countries", (f) => f.chosen_hosts, null, brief],
  ["AI chips under contract", "AI chips", (f) => Math.round(f.contracted_accelerators), null, brief],
  ["Largest run", "Run", (f) => f.largest_run_flop, null, null],
  ["Years behind", "Years", (f) => f.years_behind, (o) => o.years_behind, (x) => (x !== null && x < 0 ? tr("{n} ahead", { n: years(x) }) : years(x))],
  ["Money committed", "Committed", (f) => f.committed_eur_bn, null, money],
  ["Price of politics", "Price", null, (o) => o.price_of_politics, (x) => (x === null ? "–" : tr("{n} years", { n: years(x) }))],
];

/** The table of differences of two runs: at the quarter shown; after the window, at its end and as averages over it. */
export function differences(state) {
  const [a, b] = state.runs;
  const done = [a, b].every((run) => past(run, state.t));
  const at = done ? a.window_frame : state.t;
  const rows = ROWS.map(([row, brevity, live, average, say]) => {
    const [name, short] = [tr(row), tr(brevity)];
    const dated = done && average ? [tr("{name}, average", { name }), name] : [name];
    const read = (run) => (done && average ? average(run.outcome) : live ? live(frameAt(run, at)) : null);
    const [x, y] = [read(a), read(b)];
    if (!say) return { row, name, short, dated, a: flop(x), b: flop(y), difference: times(x, y), brief: times(x, y, true) };
    const gap = x === null || y === null ? null : say === brief || say === money ? y - x : apart(x, y);
    const sign = gap === null ? "–" : gap === 0 ? tr("same") : `${gap > 0 ? "+" : "−"}${say === brief || say === money ? say(Math.abs(gap)) : years(gap)}`;
    return { row, name, short, dated, a: say(x), b: say(y), difference: sign, brief: sign };
  });
  const when = season(frameAt(a, at).quarter);
  const first = b.frames.find((f) => f.working)?.quarter;
  const values = { years: span(a), first: first && season(first) };
  const half = a.frames[Math.max(0, Math.round(a.window_frame - 2 * a.window_years))]?.quarter; // the middle of the window
  const early = done && !(first <= half) ? tr(first ? "Averages {years}, but B's first site works in {first}" : "Averages {years}, but no site of B works", values) : null;
  return { done, rows, early, when: done ? [tr("{when}, averages {years}", { when, years: span(a) }), when] : [when] };
}

export const flop = (x) => {
  if (!x) return "–";
  const e = Math.floor(Math.log10(x));
  return `${decimal(x / 10 ** e, 1)} × ${power(e)}`;
};

/** The table of differences, within a box. */
export function drawDifferences(state, box, u) {
  const { rows, early, when } = differences(state);
  const size = type(u, 0.8);
  const step = Math.min(size * 2, (box.h - size * 2.4) / (rows.length + 0.4));
  const narrow = box.w < size * 28;
  const columns = [box.x + box.w * (narrow ? 0.58 : 0.5), box.x + box.w * (narrow ? 0.81 : 0.7), box.x + box.w];
  const titles = when.flatMap((date) => [tr("The same random draw, other rules: {date}", { date }), tr("The same random draw, {date}", { date })]);
  const head = (text, k, fill) => words(text, columns[k], box.y + size * 2.5, { key: `h${k}`, size, weight: 700, anchor: "end", fill });
  return h("g", { key: "differences", class: "differences" },
    words(fitting([...(early ? [early] : []), ...titles, when.at(-1)], size * 1.08, box.w, 700), box.x, box.y + size * 1.05, { key: "title", size: size * 1.08, weight: 700 }),
    head("A", 0, SIDES[0]), head("B", 1, SIDES[1]), head(narrow ? "B – A" : tr("difference"), 2, INK),
    rows.map((row, k) => {
      const y = box.y + size * 2.6 + (k + 0.85) * step;
      return h("g", { key: row.row, "data-row": row.row },
        h("line", { x1: box.x, x2: box.x + box.w, y1: y - step * 0.68, y2: y - step * 0.68, stroke: RULE }),
        words(fitting(row.dated, size, columns[0] - box.x - width(row.a, size, 700) - size / 2, 600) || row.short, box.x, y, { key: "n", size, weight: 600 }),
        words(row.a, columns[0], y, { key: "a", size, anchor: "end", fill: SIDES[0], weight: 700 }),
        words(row.b, columns[1], y, { key: "b", size, anchor: "end", fill: SIDES[1], weight: 700 }),
        words(narrow ? row.brief : row.difference, columns[2], y, { key: "d", size, anchor: "end", weight: 700 }));
    }));
}
