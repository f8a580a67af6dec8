// What the page says, in the language of its address: the English template is the key of each catalog in `languages/`.

/* global CATALOGS: all catalogs by language code, which the bundle puts before the modules (replay.py) */

let language = "en";
let catalog = {};
let spoken = null; // the language and the states that the catalog was made for
const formats = new Map();

/** Codes of the languages that the page speaks. */
export const LANGUAGES = ["en", ...Object.keys(CATALOGS)];

/** A language by its own name, as "Deutsch". */
export function nameOf(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code);
  return name[0].toLocaleUpperCase(code) + name.slice(1);
}

/** Speak a language from now on; the browser knows the names of the states of Europe's map in all of them. */
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

/**
 * A text in the language spoken, its values put in where the template names them: `tr("{n} sites", { n: 3 })`. What the
 * catalog lacks stays English.
 */
export function tr(english, values = null) {
  const text = catalog[english] ?? english;
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? (typeof values[name] === "number" ? thousands(values[name]) : values[name]) : hole));
}

/** A sentence of the server's: a text, a template with its values, which may be sentences too, or a list of them. */
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

/** A text that holds a number, by the template that says `{n}` in its place. */
export function numbered(english) {
  const [n] = english.match(/\d+(\.\d+)?/) ?? [null];
  return n === null ? tr(english) : sentence([english.replace(n, "{n}"), { n }]);
}

function format(digits, grouping) {
  const key = `${digits}${grouping}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language === "en" ? "en-GB" : language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: grouping }));
  return formats.get(key);
}

/** A number with so many decimals, as the language writes it. */
export const decimal = (x, digits) => format(digits, false).format(x);

/** A whole number with its thousands set apart. */
export const thousands = (x) => format(0, true).format(x);

/** A text in small letters where it goes on a sentence. */
export const inSentence = (text) => text[0].toLocaleLowerCase(language) + text.slice(1);
