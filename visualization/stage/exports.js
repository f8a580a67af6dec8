// Exports: picture, drawing, numbers, link, replay, scenario.

import { address, frameAt, shown } from "./store.js";
import { tr } from "./language.js";
import { PAPER } from "./words.js";

function save(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function fileName(state, end) {
  const run = state.runs[0];
  return `${shown(state).map((r) => r.scenario.replace(/[^\w-]+/g, "-")).join("-and-")}-seed-${run.seed}-${frameAt(run, state.t).quarter}.${end}`;
}

/** The stage as an SVG document. */
export function drawing() {
  const stage = document.querySelector("svg.stage");
  const copy = stage.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", stage.clientWidth);
  copy.setAttribute("height", stage.clientHeight);
  copy.style.background = PAPER;
  for (const node of copy.querySelectorAll(".hit, .ask")) node.remove(); // clickable areas and buttons, which only the page's style sheet hides
  for (const node of copy.querySelectorAll("[tabindex]")) node.removeAttribute("tabindex");
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}`;
}

export const saveSvg = (state) => save(fileName(state, "svg"), drawing(), "image/svg+xml");

/** Save the stage as a PNG with twice the resolution of the screen. */
export function savePng(state, store) {
  const stage = document.querySelector("svg.stage");
  const image = new Image();
  const name = fileName(state, "png");
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = stage.clientWidth * 2;
    canvas.height = stage.clientHeight * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(name, blob));
  };
  image.onerror = () => store.set({ notice: tr("The picture could not be drawn; save it as SVG.") });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing())}`;
}

const COLUMNS = ["quarter", "selected", "contracted", "working", "accelerators", "largest_run_flop", "added_up_flop", "frontier_flop", "years_behind", "capability_lag_years"];

/** A CSV table with one row per quarter of the runs shown; its columns are those of the table `timeline`. */
export function numbers(state) {
  const rows = shown(state).flatMap((run) => run.frames.map((f) => [run.scenario, run.seed, run.replicate, ...COLUMNS.map((c) => f[c] ?? "")]));
  return [["scenario", "seed", "replicate", ...COLUMNS.map((c) => (c === "accelerators" ? "working_accelerators" : c))], ...rows]
    .map((row) => row.map((x) => (/[",\n]/.test(`${x}`) ? `"${`${x}`.replace(/"/g, '""')}"` : x)).join(",")).join("\n") + "\n";
}

export const saveCsv = (state) => save(fileName(state, "csv"), numbers(state), "text/csv");

export const saveReplay = (state, director) => director.replay((text) => save(fileName(state, "html"), text, "text/html"));

export const saveToml = (state, director, side) => director.toml(side, (text) => save(`${state.specs[side].base}${Object.keys(state.specs[side].changes).length ? "-changed" : ""}.toml`, text, "text/plain"));

/** Copy the address of what is shown to the clipboard. */
export function copyLink(state, store) {
  const link = new URL(address(state), window.location.href).href;
  const told = (notice) => store.set({ notice });
  if (!navigator.clipboard) return told(tr("The link: {link}", { link }));
  navigator.clipboard.writeText(link).then(() => told(tr("The link is copied: it shows just this.")), () => told(tr("The link: {link}", { link })));
}
