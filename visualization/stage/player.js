// The row at the bottom: play, step, time slider, speed.

import { h } from "./paint.js";
import { keyed } from "./keys.js";
import { tr } from "./language.js";
import { season } from "./words.js";
import { SPEEDS, shown, frameAt } from "./store.js";

const ICONS = {
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  back: "M18 5v14l-9-7zM6 5h2v14H6z",
  forward: "M6 5v14l9-7zM16 5h2v14h-2z",
};

const icon = (name) => h("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" }, h("path", { d: ICONS[name] }));

/** The player as elements. */
export function drawPlayer(state, store) {
  const runs = shown(state);
  if (!runs.length) return [];
  const last = store.last;
  const run = runs[0];
  const button = (name, says, act, more = {}) => h("button", { key: name, type: "button", ...keyed(name), "aria-label": tr(says), onclick: act, ...more }, icon(name));
  return [
    button("back", "One quarter back", () => store.step(-1), { disabled: state.t === 0 }),
    h("button", { key: "toggle", type: "button", class: "main", ...keyed("toggle"), "data-playing": state.playing, onclick: () => store.toggle() }, icon(state.playing ? "pause" : "play"), tr(state.playing ? "Pause" : "Play")),
    button("forward", "One quarter forward", () => store.step(1), { disabled: state.t >= last }),
    h("div", { key: "line", class: "line" },
      h("div", { class: "marks", "aria-hidden": "true" }, moments(runs, last)),
      h("input", { key: "scrub", type: "range", min: 0, max: last, step: 1, value: state.t, style: `--done:${(100 * state.t) / Math.max(last, 1)}%`, "aria-label": tr("Quarter"), "aria-valuetext": season(frameAt(run, state.t).quarter),
        oninput: (e) => { store.pause(); store.go(Number(e.target.value)); } })),
    h("label", { key: "speed", class: "speed" }, tr("speed"), h("input", { type: "range", "aria-keyshortcuts": "Plus Minus", title: tr("Faster: +, slower: −"), min: 0, max: SPEEDS.length - 1, step: 1, value: state.speed, "aria-label": tr("Speed"), oninput: (e) => store.set({ speed: Number(e.target.value) }) })),
  ];
}

/** Marks along the time slider: votes, the end of the comparison, and years. */
function moments(runs, last) {
  const at = (k) => `left:${(100 * k) / Math.max(last, 1)}%`;
  const marks = [];
  const named = [];
  runs.forEach((run, side) => run.frames.forEach((f, k) => {
    if (f.voting) {
      if (!named.length) named.push([k, "votes"]);
      marks.push(h("i", { key: `v${side}-${k}`, class: `vote side${side}`, style: at(k) }));
    }
  }));
  const read = runs[0].window_frame;
  if (read !== null) named.push([read, "compared"]);
  for (const [k, text] of named) marks.push(h("i", { key: text, class: text, style: at(k) }, h("b", {}, tr(text))));
  runs[0].frames.forEach((f, k) => {
    const year = Number(f.quarter.slice(0, 4));
    const near = Math.min(...named.map(([j]) => Math.abs(k - j)));
    if (f.quarter.endsWith("Q1") && year % 2 === 0 && near >= 5) marks.push(h("i", { key: `y${year}`, class: near < 9 ? "year crowded" : "year", style: at(k) }, h("b", {}, `${year}`)));
  });
  return marks;
}
