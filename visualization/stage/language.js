// Translation of the page's texts. The English template is the key of each catalog in `languages/`.

/* global CATALOGS: all catalogs by language code, which the bundle puts before the modules (replay.py) */

let language = "en";
let catalog = {};
let spoken = null; // the language and the map for which `catalog` was made
const formats = new Map();

/** Codes of the languages of the page. */
export const LANGUAGES = ["en", ...Object.keys(CATALOGS)];

/** The name of a language in that language, such as "Deutsch". */
export function nameOf(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code);
  return name[0].toLocaleUpperCase(code) + name.slice(1);
}

/** Set the language. The browser provides the names of the states on the map of Europe in each language. */
export function speak(code, geometry = null) {
  const wanted = LANGUAGES.includes(code) ? code : "en";
  if (spoken?.code === wanted && spoken.geometry === geometry) return;
  spoken = { code: wanted, geometry };
  language = wanted;
  formats.clear();
  document.documentElement.lang = wanted;
  const region = new Intl.DisplayNames([wanted], { type: "region" });
  const states = wanted !== "en" && geometry?.tour ? geometry.states.map(({ code: state, name }) => [name, region.of(state === "EL" ? "GR" : state)]) : [];
  catalog = { ...Object.fromEntries(states), ...CATALOGS[wanted] };
}

/** A text in the current language with its placeholders filled in, as in `tr("{n} sites", { n: 3 })`. Missing texts stay English. */
export function tr(english, values = null) {
  const text = catalog[english] ?? english;
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? (typeof values[name] === "number" ? thousands(values[name]) : values[name]) : hole));
}

/** A sentence from the server: a text, a template with values, which may be sentences too, or a list of sentences. */
export function sentence(given) {
  if (!Array.isArray(given)) return tr(`${given}`);
  if (typeof given[0] !== "string") return given.map(sentence).join(" ");
  const [template, values] = given;
  return tr(template, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueOfSentence(value)])));
}

function valueOfSentence(value) {
  if (typeof value === "number") return value;
  const digits = typeof value === "string" && value.match(/^\d+\.(\d+)$/)?.[1].length;
  return digits ? decimal(Number(value), digits) : sentence(value);
}

/** A text with a number, translated by the template that has `{n}` in its place. */
export function numbered(english) {
  const [n] = english.match(/\d+(\.\d+)?/) ?? [null];
  return n === null ? tr(english) : sentence([english.replace(n, "{n}"), { n }]);
}

function format(digits, grouping) {
  const key = `${digits}${grouping}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language === "en" ? "en-GB" : language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: grouping }));
  return formats.get(key);
}

/** A number with `digits` decimals, in the format of the language. */
export const decimal = (x, digits) => format(digits, false).format(x);

/** An integer with separators for thousands. */
export const thousands = (x) => format(0, true).format(x);

/** A text with a lower-case first letter, for use within a sentence. */
export const inSentence = (text) => text[0].toLocaleLowerCase(language) + text.slice(1);
