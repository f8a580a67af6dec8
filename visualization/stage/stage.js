// The stage: the whole picture that the audience sees, as one drawing that fits the window.

import { HALO, SERIF, broken, h, whole, width, words } from "./paint.js";
import { drawMap, legend, patterns, tally } from "./map.js";
import { drawVotes } from "./votes.js";
import { drawRace } from "./race.js";
import { drawAddsUp, drawDifferences, drawMoney, drawNumber } from "./numbers.js";
import { ANSWER, answerFor, drawAnswer, drawPending } from "./answer.js";
import { drawSpreads } from "./spreads.js";
import { answerHeight, drawOpening, drawQuestion, opensWith, questionHeight } from "./opening.js";
import { ALARM, INK, PAPER, RULE, SIDES, SOFT, money, season, span, type, years } from "./words.js";
import { alike, inReality, opening, realCount, realDates } from "./reality.js";
import { titleOf } from "./titles.js";
import { decimal, sentence, tr } from "./language.js";
import { asker } from "./questions.js";
import { answers, asking, frameAt, headline, past, shown } from "./store.js";

const NARROW = 46; // ems; in a narrower window all parts are stacked vertically

/** The unit that everything is measured in, in pixels. */
export function unit(state) {
  const u = Math.max(16, Math.min(window.innerWidth / 76, window.innerHeight / 42));
  return state.big ? u * 1.2 : u;
}

/** Set the sizes for the style sheet, if they have changed, because every change updates the whole layout. */
export function setType(place, state) {
  for (const [name, value] of [["--u", unit(state)], ["--type", type(unit(state))]]) {
    if (place.style.getPropertyValue(name) !== `${value}px`) place.style.setProperty(name, `${value}px`);
  }
}

/** The caption: events of the quarter; in the first picture, the real selection and a hint to press play. */
function told(state, side) {
  const says = sentence(frameAt(state.runs[side], state.t).says);
  const envelope = money(state.runs[side].envelope_eur_bn);
  if (opening(state) && state.compare) return tr("As it happened. Press play: what do these rules produce with {money}?", { money: envelope });
  if (opening(state)) return tr("In reality, {factories} were selected, {when}. Press play: what do the rules produce with {money}?", { factories: realCount(state), when: realDates(state), money: envelope });
  if (state.compare && past(state.runs[0], state.t) && state.t > state.runs[0].window_frame) return `${capital(season(frameAt(state.runs[side], state.t).quarter))}: ${says}`;
  return state.t === 0 && state.catalog ? `${says} ${tr("Where will {money} of AI factories go?", { money: envelope })}` : says;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A sentence on sites and chips so far; in the first picture, on the real factories. */
const soFar = (state, frame) => (opening(state) ? realCount(state) : tally(frame));

/** A sentence on how many real places the run has selected too; empty if there is nothing to compare. */
function likeReality(state, run, frame) {
  const found = alike(state, run, frame);
  return found ? `◇ ${tr("{n} of the {all} real places; by chance, {chance}", { n: found.same, all: inReality(state).length, chance: decimal(found.chance, 1) })}` : "";
}

/** The stage for a window of some width and height in pixels. If that is too small, the stage is larger and the window scrolls. */
export function drawStage(state, store, size) {
  const k = Math.max(1, Math.min(window.innerWidth / 1920, window.innerHeight / 1080)); // lines grow with the screen
  const w = size.width / k;
  const u = unit(state) / k;
  const runs = shown(state);
  const pair = runs.length > 1;
  const tall = w < type(u) * NARROW;
  const first = runs.length > 0 && !tall && opensWith(state);
  const least = !runs.length ? 0 : tall ? stackHeight(stack(state, w, u, store)) : first ? questionHeight(u, w - 2.2 * u) + answerHeight(state, store, first, u, w - mapWidth(w, size.height / k, u) - 2.2 * u) : type(u) * (pair ? 20.5 : answered(state)?.parts ? 36 : 25);
  const height = Math.max(size.height / k, least);
  const style = height * k > size.height + 1 ? `height:${height * k}px` : "";
  return h("svg", { key: "svg", class: "stage", role: "group", "aria-label": tr("Map, vote and race"), viewBox: `0 0 ${w} ${height}`, style },
    runs.length > 0 && patterns(),
    h("rect", { key: "paper", width: w, height, fill: PAPER }),
    runs.length > 0 && h("g", { key: tall ? "tall" : pair ? "pair" : "single", class: "scene" }, tall ? drawStack(stack(state, w, u, store), w) : pair ? drawPair(state, w, height, u, store) : first ? drawFirst(state, w, height, u, store) : drawSingle(state, w, height, u, store)),
    runs.length > 0 && !opensWith(state) && words(stamp(state), w - 6, pair || tall ? height - 5 : u * 0.75, { key: "stamp", class: "stamp", size: Math.max(11, 0.55 * u), anchor: "end", fill: SOFT }));
}

/** A line with everything needed to reproduce the picture; it is part of every export. */
export function stamp(state) {
  const names = shown(state).map((run) => run.scenario).join(" / ");
  const run = state.runs[0];
  return `${names} · ${tr("seed")} ${run.seed}${run.replicate ? `, ${tr("world")} ${run.replicate}` : ""} · juste-retour ${run.version}`;
}

/** The first picture: the question across the width, reality on the map, the answer beside it. */
function drawFirst(state, w, height, u, store) {
  const g = 1.1 * u;
  const top = questionHeight(u, w - 2 * g);
  const left = mapWidth(w, height, u);
  const small = type(u, 0.85);
  const said = `◆ ${chosen(state)}`;
  const foot = small * (0.7 + 1.25 * broken(said, small, left - g, 600).length);
  return [
    drawMap(state, state.runs[0], 0, { x: 0, y: top, w: left, h: height - top - foot }, u, store),
    drawQuestion(g, 0, w - 2 * g, u),
    words(said, g, height - foot + small * 1.2, { key: "chosen", size: small, weight: 600 }, left - g),
    drawOpening(state, store, opensWith(state), { x: left + g, y: top, w: w - left - 2 * g, h: height - top }, u),
  ];
}

const mapWidth = (w, height, u) => Math.round(Math.min(w * 0.52, (height - questionHeight(u, w - 2.2 * u)) * 1.06));

const chosen = (state) => tr("What was chosen: {factories}, {when}", { factories: realCount(state), when: realDates(state) });

function drawSingle(state, w, height, u, store) {
  const ask = asker(state, store);
  const run = state.runs[0];
  const frame = frameAt(run, state.t);
  const size = type(u);
  const g = 1.1 * u;
  const left = Math.round(Math.min(w * 0.56, height * 1.06));
  const column = { x: left + g, w: w - left - 2 * g };
  const foot = type(u, 0.72) * 1.9;
  const numberHeight = Math.max(7 * size, Math.min(height * (state.big ? 0.36 : 0.2), (state.big ? 12 : 8.4) * u));
  const rest = height - numberHeight - 2.2 * g;
  const addsHeight = size * (state.many ? 10.5 : 5);
  const moneyHeight = size * 2.3;
  const short = rest - moneyHeight - addsHeight - 10.2 * size < 9 * size;
  const votesHeight = size * (short ? 6.5 : 10.2);
  const found = answered(state);
  const answer = found?.parts;
  const wait = found && !answer ? type(u, 0.75) * PENDING : 0;
  const bars = state.many || rest - moneyHeight - addsHeight - votesHeight - wait > (wait ? 8.5 : 6) * size;
  const room = rest - moneyHeight - 0.9 * g;
  const beside = room - ANSWER * type(u, 0.75) > 6 * size; // the answer has priority if both do not fit
  const answerHeight = beside ? ANSWER * type(u, 0.75) : room;
  const race = answer ? beside && room - answerHeight : rest - moneyHeight - 0.45 * g - votesHeight - (wait && wait + 0.45 * g) - (bars ? addsHeight : 0);
  let y = 0.4 * g;
  const at = (hh) => {
    const box = { ...column, y, h: hh };
    y += hh + 0.45 * g;
    return box;
  };
  return [
    drawMap(state, run, 0, { x: 0, y: 0, w: left, h: height - foot }, u, store),
    caption(state, 0, g, 0, left * 0.47, u, ask),
    legend(state, g, height - foot * 0.5, u, left - g, run),
    below(state, run, frame, { x: g, foot: height - foot - 0.6 * u, w: left * 0.48 }, size),
    drawNumber(state, run, at(numberHeight), u),
    drawMoney(state, run, at(moneyHeight), u, ask),
    !answer && bars && (state.many ? drawSpreads(state, at(addsHeight), u) : drawAddsUp(state, run, at(addsHeight), u)),
    wait > 0 && drawPending(found, names(state), at(wait), u),
    race && drawRace(state, at(race), u, ask),
    answer ? drawAnswer(state, store, answer, names(state), at(answerHeight), u) : drawVotes(state, run, at(votesHeight), u, short, ask, store),
  ];
}

/** The sentences at the bottom of the map: sites so far, and the comparison with reality. */
function below(state, run, frame, { x, foot, w }, size) {
  const like = likeReality(state, run, frame);
  const small = type(size, 0.9);
  const rows = broken(like, small, w).length * (like ? small * 1.25 : 0);
  const said = soFar(state, frame);
  const first = foot - rows - (broken(said, size, w, 600).length - 1) * size * 1.25;
  return [words(said, x, first, { key: "tally", size, weight: 600, fill: INK, ...HALO }, w),
    like && words(like, x, foot - rows + small * 1.25, { key: "real", size: small, fill: SOFT, ...HALO }, w)];
}

/** The answer over many runs, once the window of the run shown has passed. */
const answered = (state) => (!state.many && answers(state) && !asking(state) && past(state.runs[0], state.t) ? answerFor(state) : null);
const PENDING = 2.8; // height of the progress message of the answer, in font sizes

const names = (state) => [0, 1].map((side) => titleOf(state, side));

/** The caption on the map: scenario, date and events. */
function caption(state, side, x, y, most, u, ask) {
  const frame = frameAt(state.runs[side], state.t);
  const small = type(u, 0.85);
  const large = 1.8 * u;
  const size = type(u, 1.02);
  const title = broken(titleOf(state, side), small, most, 700).length;
  const when = opening(state) ? tr("As it happened") : season(frame.quarter);
  const below = y + 0.45 * u + title * small * 1.25;
  return h("g", { key: "caption", class: "caption" },
    words(titleOf(state, side), x, y + 0.4 * u + small, { key: "title", size: small, weight: 700, fill: SIDES[side], ...HALO }, most),
    words(when, x, below + large, { key: "when", size: large, weight: 700, family: SERIF, ...HALO }),
    ask("what", x + width(when, large, 700, SERIF) + small * 0.5, below + large - small * 0.2, small),
    words(told(state, side), x, below + large + 0.4 * u + size, { key: "says", size, family: SERIF, fill: INK, lines: 6, ...HALO }, most));
}

function drawPair(state, w, height, u, store) {
  const ask = asker(state, store);
  const g = u;
  const half = w / 2;
  const lower = type(u) * Math.max(10, Math.min(12, (0.45 * height) / type(u)));
  const size = type(u, 0.85);
  const row = type(u, 0.72) * 1.9; // height of the legend
  const upper = height - lower - g - row;
  const vote = upper > size * 17 ? size * 5.9 : 0;
  const lines = Math.max(state.big ? 0 : 2, Math.floor((upper - vote - size * (state.big ? 12.3 : 10.8)) / (size * 1.25)));
  const columns = shown(state).map((run, side) => {
    const x = side * half;
    const wide = half - 2 * g;
    const textWide = Math.max(wide * 0.34, size * 10.5, wide - upper);
    const aside = vote > 0 ? textWide + 2 * g : 0; // the vote is next to the map, not on it
    return h("g", { key: `side${side}`, class: "side" },
      drawMap(state, run, side, { x: x + aside, y: 0, w: half - aside, h: upper, right: true }, u, store),
      words(`${side ? "B" : "A"}  ${titleOf(state, side)}`, x + g, size * 1.35, { key: "title", size: size * 1.12, weight: 700, fill: SIDES[side], lines: 1, ...HALO }, wide),
      !side && ask("what", x + g + Math.min(wide, width(`A  ${titleOf(state, side)}`, size * 1.12, 700)) + size * 0.5, size * 1.35, size),
      lag(run, state.t, x + g, size * 1.6, size, textWide, state.big),
      words(whole(told(state, side), size, textWide, lines, SERIF), x + g, size * (state.big ? 10.7 : 9.2), { key: "says", size, family: SERIF, lines, ...HALO }, textWide),
      drawMoney(state, run, { x: x + g, y: upper - vote - size * 2.5, w: textWide, h: size * 2 }, u, side ? null : ask),
      legend(state, x + g, upper + row * 0.5, u, half - 2 * g, run, side),
      vote > 0 && drawVotes(state, run, { x: x + g, y: upper - vote, w: textWide, h: vote }, u, true, side ? null : ask, store));
  });
  const race = { x: g, y: upper + row + g * 0.6, w: half - 1.6 * g, h: lower - g * 0.4 };
  const right = { x: half + g * 0.6, y: race.y, w: half - 1.6 * g, h: race.h - 0.5 * u };
  return [
    columns,
    h("line", { key: "middle", x1: half, x2: half, y1: g, y2: upper + row, stroke: RULE }),
    h("line", { key: "across", x1: g, x2: w - g, y1: upper + row + g * 0.3, y2: upper + row + g * 0.3, stroke: RULE }),
    drawRace(state, race, u, ask),
    state.many ? drawSpreads(state, right, u) : drawDifferences(state, right, u),
  ];
}

const LAG = 3.6; // size of the number, in font sizes

/** Years behind as a large number, with its unit and date below. */
function lag(run, t, x, y, size, room = size * 7, big = false) {
  const { behind, averaged } = headline(run, t);
  const when = averaged ? tr("average, {years}", { years: span(run) }) : season(frameAt(run, t).quarter);
  const ahead = behind !== null && behind < -0.05;
  const large = size * LAG * (big ? 1.4 : 1);
  const under = y + large - size * LAG;
  return h("g", { key: "lag", class: "number" },
    words(behind === null ? "–" : years(behind), x, y + large, { key: "big", size: large, weight: 700, family: SERIF, fill: ahead ? SIDES[0] : ALARM, "data-years-behind": behind ?? "", ...HALO }),
    words(tr(ahead ? "years ahead" : "years behind"), x, under + size * 5, { key: "unit", size, weight: 700, ...HALO }),
    words(when, x, under + size * 6.15, { key: "of", size, ...HALO }, room));
}

/** The parts for a narrow window, stacked vertically: pairs of a height and a function that draws the part. */
function stack(state, w, u, store) {
  const ask = asker(state, store);
  const size = type(u);
  const g = 0.8 * u;
  const runs = shown(state);
  const pair = runs.length > 1;
  const within = (box) => ({ ...box, x: g, w: w - 2 * g });
  const map = (run, side) => [Math.min(w, size * 26), (box) => drawMap(state, run, side, box, u, store)];
  const race = [size * 15, (box) => drawRace(state, within(box), u, ask)];
  const spreads = state.many && [size * 9, (box) => drawSpreads(state, within(box), u)];
  if (!pair) {
    const [run] = runs;
    const frame = frameAt(run, state.t);
    const first = opensWith(state);
    if (first) {
      return [
        [questionHeight(u, w - 2 * g), (box) => drawQuestion(g, box.y, w - 2 * g, u)],
        [answerHeight(state, store, first, u, w - 2 * g, true) + size, (box) => drawOpening(state, store, first, within(box), u)],
        [size * 3, (box) => words(`◆ ${chosen(state)}`, g, box.y + size * 1.1, { key: "chosen", size, weight: 600 }, w - 2 * g)],
        map(run, 0),
      ];
    }
    const found = answered(state);
    return [
      [size * 9.8, (box) => [caption(state, 0, g, box.y, (w - g) * 0.6, u, ask), lag(run, state.t, w - g - size * 7, box.y, size)]],
      map(run, 0),
      [size * 4.6, (box) => [words(soFar(state, frame), g, box.y + size * 1.1, { key: "tally", size, weight: 600 }, w - 2 * g),
        words(likeReality(state, run, frame), g, box.y + size * 2.4, { key: "real", size, fill: SOFT }, w - 2 * g), legend(state, g, box.y + size * 3.8, u, w - 2 * g, run)]],
      spreads,
      found && (found.parts ? [size * (ANSWER + 6), (box) => drawAnswer(state, store, found.parts, names(state), within(box), u)]
        : [size * PENDING, (box) => drawPending(found, names(state), within(box), u)]),
      [size * 2.8, (box) => drawMoney(state, run, within(box), u, ask)],
      race,
      [size * 11.5, (box) => drawVotes(state, run, within(box), u, false, ask, store)],
      [size * 6.5, (box) => drawAddsUp(state, run, within(box), u)],
    ].filter(Boolean);
  }
  const sides = runs.flatMap((run, side) => [
    [size * 9.5, (box) => h("g", { key: `head${side}`, class: "side" },
      words(`${side ? "B" : "A"}  ${titleOf(state, side)}`, g, box.y + size * 1.3, { key: "title", size: size * 1.12, weight: 700, fill: SIDES[side], lines: 1 }, w - 2 * g),
      lag(run, state.t, g, box.y + size * 1.6, size),
      words(told(state, side), g + size * 7.5, box.y + size * 3, { key: "says", size, family: SERIF, lines: 5 }, w - 2 * g - size * 7.5))],
    map(run, side),
    [size * 2.8, (box) => drawMoney(state, run, within(box), u)],
    [size * 1.8, (box) => legend(state, g, box.y + size, u, w - 2 * g, run, side)],
    [size * 6.5, (box) => drawVotes(state, run, within(box), u, true, null, store)],
  ]);
  return [[size * 14, (box) => drawDifferences(state, within(box), u)], spreads, ...sides, race, [size * 2, () => null]].filter(Boolean);
}

const stackHeight = (rows) => rows.reduce((sum, [height]) => sum + height, 0);

function drawStack(rows, w) {
  let y = 0;
  return rows.map(([height, draw]) => {
    const box = { x: 0, y, w, h: height };
    y += height;
    return draw(box);
  });
}
