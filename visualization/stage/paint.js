// Describe elements and measure texts; Preact makes the page what the elements say.

import * as preact from "./preact/preact.mjs";
import { INK, PAPER } from "./words.js";

/**
 * An element to be: a tag, its attributes and children. `on...` are handlers, `key` names it among its siblings. Lists
 * among the children are flattened, so that an element is the same one whether it stands alone or in a list.
 */
export const h = (tag, attributes, ...children) => preact.h(tag, attributes, children.flat(4));

/** What makes a drawn element a button: a click, Enter or Space; all other keys stay the browser's. */
export const pressable = (act) => ({
  onclick: act,
  onkeydown: (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.key !== "Enter" && e.key !== " ")) return;
    e.preventDefault();
    act();
  },
});

/** The `ref` of a text field that shows a value, and leaves alone what somebody is typing. */
export const unlessTyping = (value) => (field) => {
  if (field && field !== document.activeElement) field.value = value ?? "";
};

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** Width of a text in pixels. */
export function width(text, size, weight = 400, family = SANS) {
  const key = `${weight}|${family}|${text}`;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    ruler.font = `${weight} 100px ${family}`;
    widths.set(key, ruler.measureText(text).width / 100);
  }
  return widths.get(key) * size;
}

export const { sans: SANS, serif: SERIF } = LOOK.fonts;

/** The first of some wordings that fits into a width; nothing where none does. */
export const fitting = (wordings, size, room, weight = 400) => wordings.find((text) => width(text, size, weight) <= room) ?? "";

/** Width of the button that opens the answer to a question: at least what a finger needs. */
export const askWidth = (size) => 2 * Math.max(12, size * 0.62);

/** A rim of paper around words that stand on the map. */
export const HALO = { stroke: PAPER, "stroke-width": 5, "stroke-linejoin": "round", "paint-order": "stroke" };

/** Lines whose last one ends with an ellipsis, since the text goes on. */
function cut(rows, size, most, weight, family) {
  if (!rows.length) return rows;
  const kept = rows[rows.length - 1].split(" ");
  while (kept.length > 1 && width(`${kept.join(" ")} …`, size, weight, family) > most) kept.pop();
  return [...rows.slice(0, -1), `${kept.join(" ")} …`];
}

/** A text broken into lines that fit. */
export function broken(text, size, most, weight = 400, family = SANS) {
  const lines = [];
  for (const word of `${text}`.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && width(longer, size, weight, family) <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The first sentences of a text that fit into some lines; all of it if not even the first does. */
export function whole(text, size, most, lines, family = SANS) {
  const said = text.split(/(?<=[.?!])(?<!Mrd\.) /);
  while (said.length > 1 && broken(said.join(" "), size, most, 400, family).length > lines) said.pop();
  return broken(said.join(" "), size, most, 400, family).length > lines ? text : said.join(" ");
}

/** SVG text of one or more lines; `style` may hold size, weight, fill, anchor, family, leading and lines (at most). */
export function words(text, x, y, style = {}, most = Infinity) {
  const { size = 16, weight = 400, fill = INK, anchor = "start", family = SANS, leading = 1.25, lines = 9, ...more } = style;
  const all = most === Infinity ? [text] : broken(text, size, most, weight, family);
  const rows = all.length > lines ? cut(all.slice(0, lines), size, most, weight, family) : all;
  return h(
    "text",
    { x, y, fill, "font-size": size, "font-weight": weight, "font-family": family, "text-anchor": anchor, ...more },
    rows.map((row, i) => h("tspan", { x, y: y + i * size * leading }, row)),
  );
}
