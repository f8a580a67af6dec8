// The stage: everything that the audience looks at, as one drawing that fits its window.

import { h, patch, words, SERIF } from "./paint.js";
import { drawMap, legend, patterns, tally } from "./map.js";
import { drawVotes } from "./votes.js";
import { drawRace } from "./race.js";
import { drawAddsUp, drawDifferences, drawNumber } from "./numbers.js";
import { drawSpreads } from "./spreads.js";
import { ALARM, INK, PAPER, SIDES, season, years } from "./words.js";
import { frameAt, shown } from "./store.js";

/** Size of the type that everything is measured in, in pixels. */
export function unit(state) {
  const u = Math.max(16, Math.min(window.innerWidth / 92, window.innerHeight / 50));
  return state.big ? u * 1.2 : u;
}

/** Hand the size of the type to the style sheet; only where it changed, since everything hangs on it. */
export function setType(place, state) {
  const u = `${unit(state)}px`;
  if (place.style.getPropertyValue("--u") !== u) place.style.setProperty("--u", u);
}

/** What a scenario is called on screen. */
export function titleOf(state, side) {
  const spec = state.specs[side];
  const preset = state.catalogue?.presets.find((p) => p.name === spec.base);
  const changed = Object.keys(spec.changes).length;
  return `${preset ? preset.title : state.runs[side]?.scenario || spec.base}${changed ? ", changed" : ""}`;
}

/** Draw the stage into an `<svg>` of some width and height in pixels. */
export function drawStage(svg, state, store, size) {
  const k = Math.max(1, Math.min(window.innerWidth / 1920, window.innerHeight / 1080)); // lines grow with the screen
  const w = size.width / k;
  const height = size.height / k;
  const runs = shown(state);
  const box = `0 0 ${w} ${height}`;
  if (svg.getAttribute("viewBox") !== box) svg.setAttribute("viewBox", box);
  if (!runs.length) {
    patch(svg, [h("rect", { width: w, height, fill: PAPER })]);
    return;
  }
  const u = unit(state) / k;
  const pair = runs.length > 1;
  patch(svg, [
    patterns(),
    h("rect", { key: "paper", width: w, height, fill: PAPER }),
    h("g", { key: pair ? "pair" : "single" }, pair ? drawPair(state, w, height, u, store) : drawSingle(state, w, height, u, store)),
    words(stamp(state), w - 6, height - 5, { key: "stamp", class: "stamp", size: Math.max(11, 0.55 * u), anchor: "end", fill: "#767d86" }),
  ]);
}

/** What is needed to see the same again; stands on every export. */
export function stamp(state) {
  const names = shown(state).map((run) => run.scenario).join(" / ");
  const run = state.runs[0];
  return `${names} · seed ${run.seed}${run.replicate ? `, world ${run.replicate}` : ""} · juste-retour ${run.version}`;
}

function drawSingle(state, w, height, u, store) {
  const run = state.runs[0];
  const frame = frameAt(run, state.t);
  const g = 1.1 * u;
  const left = Math.round(Math.min(w * 0.56, height * 1.06));
  const column = { x: left + g, w: w - left - 2 * g };
  const foot = Math.max(16, 0.72 * u) * 1.9;
  const numberHeight = Math.max(112, Math.min(height * 0.2, 8.4 * u));
  const addsHeight = Math.max(16, 0.8 * u) * (state.many ? 8.2 : 5);
  const votesHeight = Math.max(16, 0.8 * u) * 10.2;
  const race = height - numberHeight - addsHeight - votesHeight - 2.2 * g;
  let y = 0.4 * g;
  const at = (hh) => {
    const box = { ...column, y, h: hh };
    y += hh + 0.45 * g;
    return box;
  };
  return [
    drawMap(state, run, 0, { x: 0, y: 0, w: left, h: height - foot }, u, store),
    caption(titleOf(state, 0), frame, g, 0, left * 0.47, u),
    legend(g, height - foot * 0.5, u, left - g, frame.voting),
    words(tally(frame), g, height - foot - 0.6 * u, { key: "tally", size: Math.max(16, 0.8 * u), weight: 600, fill: INK, stroke: PAPER, "stroke-width": 5, "paint-order": "stroke" }),
    drawNumber(state, run, at(numberHeight), u),
    state.many ? drawSpreads(state, at(addsHeight), u) : drawAddsUp(state, run, at(addsHeight), u),
    drawRace(state, at(race), u),
    drawVotes(state, run, at(votesHeight), u),
  ];
}

function caption(title, frame, x, y, most, u) {
  const large = 1.55 * u;
  const size = Math.max(16, 1.02 * u);
  return h("g", { key: "caption" },
    words(title, x, y + 1.3 * u, { key: "title", size: Math.max(16, 0.85 * u), weight: 700, fill: SIDES[0] }),
    words(season(frame.quarter), x, y + 1.5 * u + large, { key: "when", size: large * 1.15, weight: 700, family: SERIF }),
    words(frame.says, x, y + 1.9 * u + large + size * 1.2, { key: "says", size, family: SERIF, fill: INK, lines: 6 }, most));
}

function drawPair(state, w, height, u, store) {
  const g = u;
  const half = w / 2;
  const lower = Math.max(16, 0.8 * u) * 12;
  const size = Math.max(16, 0.85 * u);
  const vote = size * 5.9;
  const upper = height - lower - g;
  const columns = shown(state).map((run, side) => {
    const x = side * half;
    const frame = frameAt(run, state.t);
    const wide = half - 2 * g;
    const textWide = Math.max(wide * 0.34, size * 10.5);
    const lag = frame.years_behind;
    const ahead = lag !== null && lag < -0.05;
    return h("g", { key: `side${side}` },
      drawMap(state, run, side, { x, y: 0, w: half, h: upper, right: true }, u, store),
      words(`${side ? "B" : "A"}  ${titleOf(state, side)}`, x + g, size * 1.35, { key: "title", size: size * 1.12, weight: 700, fill: SIDES[side], lines: 2 }, textWide + g * 3),
      words(lag === null ? "–" : years(lag), x + g, size * 2.2 + size * 3.1, { key: "big", size: size * 3.6, weight: 700, family: SERIF, fill: ahead ? SIDES[0] : ALARM, "data-years-behind": lag === null ? "" : lag }),
      words(ahead ? "years ahead" : "years behind", x + g, size * 6.7, { key: "unit", size, weight: 700 }),
      words(frame.says, x + g, size * 8.4, { key: "says", size, family: SERIF, lines: Math.max(2, Math.floor((upper - vote - size * 8.4) / (size * 1.25))) }, textWide),
      h("rect", { key: "veil", x: x + g / 2, y: upper - vote, width: textWide + 2 * g, height: vote, fill: PAPER, opacity: 0.88 }),
      drawVotes(state, run, { x: x + g, y: upper - vote, w: textWide + g, h: vote }, u, true));
  });
  const race = { x: g, y: upper + g * 0.6, w: half - 1.6 * g, h: lower - g * 0.4 };
  const right = { x: half + g * 0.6, y: race.y, w: half - 1.6 * g, h: race.h - 0.5 * u };
  return [
    columns,
    h("line", { key: "middle", x1: half, x2: half, y1: g, y2: upper, stroke: "#d9d6ce" }),
    h("line", { key: "across", x1: g, x2: w - g, y1: upper + g * 0.3, y2: upper + g * 0.3, stroke: "#d9d6ce" }),
    drawRace(state, race, u),
    state.many ? drawSpreads(state, right, u) : drawDifferences(state, right, u),
  ];
}
