// Formats of numbers and names, and the colors of the page.

/* global LOOK: colors, fonts and weights of lines (../../runs/base/palette.py), which the bundle puts before the modules */

import { decimal, thousands, tr } from "./language.js";

/** A color of the palette: from the style sheet, in light or dark mode, or the light one in an exported drawing. */
export const color = (name) => `var(--${name}, ${LOOK.colors[name]})`;
export const [INK, SOFT, RULE, PAPER, FAINT, ALARM, YES, NO] = ["ink", "soft", "rule", "paper", "faint", "alarm", "yes", "no"].map(color);
export const SIDES = ["a", "b"].map(color); // scenarios A and B; lines of B are also dashed
export const LIGHT = ["a-light", "b-light"].map(color);
export const WEIGHT = LOOK.weights;

/** A font size: a share of the unit, but large enough to be read from the back row. */
export const type = (u, share = 0.8) => Math.max(share * u, Math.min(u, 20));

/** A number with few digits, for an audience. */
export function brief(x) {
  if (x === null || x === undefined) return "–";
  const a = Math.abs(x);
  if (a >= 1e6) return tr("{n} million", { n: decimal(x / 1e6, a >= 1e7 ? 0 : 1) });
  if (a >= 1000 || Number.isInteger(x)) return thousands(x);
  return decimal(x, a >= 100 ? 0 : a >= 1 ? 1 : placesOf(x, 2));
}

/** The number of decimals that show `digits` significant digits. */
const placesOf = (x, digits) => (x === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(Number(x.toPrecision(digits)))))));

/** The absolute value of a number of years, to one decimal. */
export const years = (x) => (x === null || x === undefined ? "–" : decimal(Math.abs(x), 1));

/** The difference b - a of two numbers of years as they are shown, so that it agrees with the rounded numbers. */
export const apart = (a, b) => (a === null || b === null ? null : (Math.round(10 * b) - Math.round(10 * a)) / 10);

/** An amount of money, given in EUR bn. */
export function money(bn) {
  if (bn === null || bn === undefined) return "–";
  const sign = bn < 0 ? "−" : "";
  const a = Math.abs(bn);
  if (a >= 1) return sign + tr("€{n} bn", { n: decimal(a, a >= 10 ? 0 : 1) });
  if (a === 0) return tr("€{n}", { n: 0 });
  return sign + tr("€{n} m", { n: decimal(a * 1000, a >= 0.01 ? 0 : 1) });
}

/** A share as a percentage with few digits. */
export function percent(x) {
  const p = 100 * x;
  return `${decimal(p, p >= 10 ? 0 : p >= 1 ? 1 : placesOf(p, 1))} %`;
}

const SEASONS = ["early {year}", "spring {year}", "summer {year}", "late {year}"];

/** "2026Q3" as "summer 2026". */
export const season = (quarter) => tr(SEASONS[quarter[5] - 1], { year: quarter.slice(0, 4) });

/** A range, as in "2024 to 2029". */
export const fromTo = (from, to) => tr("{from} to {to}", { from, to });

/** The years over which a run is compared, as "2024 to 2029". */
export const span = (run) => fromTo(run.window_start.slice(0, 4), run.window_end.slice(0, 4));

/** A decimal year as "early 2024". */
export function seasonOf(date) {
  const part = Math.floor((date - Math.floor(date)) * 4);
  return tr(SEASONS[part], { year: `${Math.floor(date)}` });
}

const titles = new Map();

/** Read the titles of rules and choices from the catalog. */
export function learn({ families, parameters }) {
  const rules = families.flatMap((family) => family.rules);
  for (const { name, title } of rules) titles.set(name, title);
  for (const p of [...parameters, ...rules.flatMap((rule) => rule.parameters)]) for (const { name, title } of p.choices) titles.set(name, title);
}

/** The title of a rule or a choice; without a title, its name with spaces. */
export const plain = (name) => tr(titles.get(name) ?? `${name}`.replace(/_/g, " "));

/** A text with a capital first letter. */
export const begun = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The value of a parameter with its unit. */
export const measured = (value, unit) => (unit.startsWith("€ bn") && typeof value === "number" ? money(value) : `${plain(value)}${unit && !unit.startsWith("share") ? ` ${tr(unit)}` : ""}`);

/** The rule of a family's entry in a scenario. */
export const ruleOf = (value) => (value && typeof value === "object" ? value.rule : value);

/** The actors with other rules in a family's entry: pairs of a code in capitals and a rule. */
export const ownRules = (value) => (value && typeof value === "object" ? Object.entries(value).filter(([key]) => key === key.toUpperCase()) : []);

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A power of ten, as in 10²⁶. */
export const power = (n) => `10${[...`${n}`].map((d) => SUPERSCRIPTS[d]).join("")}`;

/** The ratio of b to a, in words or in short. */
export function times(a, b, short = false) {
  if (!a || !b) return "–";
  const r = b / a;
  if (Math.max(r, 1 / r) < 1.05) return tr("about the same");
  const n = brief(Math.max(r, 1 / r));
  if (short) return `${r >= 1 ? "×" : "÷"} ${n}`;
  return r >= 1 ? tr("{n} times more", { n }) : tr("{n} times less", { n });
}

/** An integer with its noun: the template for one or for many, with the number as `{n}`. */
export const counted = (n, one, many, values = {}) => tr(n === 1 ? one : many, { n: brief(n), ...values });
