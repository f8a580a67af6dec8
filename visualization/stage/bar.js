// The row at the top: scenarios, random draw, views and menus.

import { h, unlessTyping } from "./paint.js";
import { KEYS, keyed } from "./keys.js";
import { LANGUAGES, nameOf, tr } from "./language.js";
import { copyLink, saveCsv, savePng, saveReplay, saveSvg, saveToml } from "./exports.js";

/** The bar as elements. */
export function drawBar(state, store, director, talk = null) {
  const press = (key, text, act, on = null) => h("button", { key, type: "button", "data-press": key, ...keyed(key), "aria-label": /\p{L}/u.test(text) ? null : tr(KEYS[key].does), "aria-pressed": on === null ? null : `${on}`, onclick: act }, tr(text));
  const given = { store, state, director };
  const crowded = window.innerWidth < (state.compare ? 1500 : 700);
  return [
    h("h1", { key: "name" }, "juste ", h("em", {}, "retour"), !state.geometry.tour && h("small", { key: "union" }, ` ${tr(state.geometry.name)}`)),
    h("div", { key: "who", class: "who" },
      chooser(state, director, 0),
      state.compare && h("span", { key: "versus", class: "versus" }, tr("against")),
      state.compare && chooser(state, director, 1)),
    h("label", { key: "seed", class: "seed", title: tr("The same number gives the same random draw, whatever the rules") }, tr("draw"),
      h("input", { type: "text", inputmode: "numeric", name: "seed", ref: unlessTyping(state.seed), "aria-label": tr("Number of the random draw"),
        onchange: (e) => reseed(e.target, state, store, director) })),
    press("dice", "⚄", () => KEYS.dice.act(given)),
    h("span", { key: "space", class: "space" }, state.busy ? "…" : ""),
    press("compare", "Compare", () => director.compare(), state.compare),
    !state.catalog.seeds && press("many", "Many runs", () => director.many(), state.many),
    press("rules", "Rules", () => KEYS.rules.act(given), state.panel === "rules"),
    press("passing", "Would it pass?", () => KEYS.passing.act(given), state.panel === "passing"),
    store.tours && press("tour", "Tour", () => KEYS.tour.act(given), state.tour !== null),
    state.catalog.talk && press("talk", "Talk", () => KEYS.talk.act({ ...given, talk }), state.talk !== null),
    state.catalog.talk && press("notes", "Notes", () => KEYS.notes.act(given)),
    state.catalog.audience && press("audience", "Audience", () => KEYS.audience.act(given), state.panel === "audience"),
    menu(state, store, director),
    h("select", { key: "lang", name: "lang", class: "lang", "aria-label": tr("Language"), title: tr("Language"), value: state.lang, onchange: (e) => { store.set({ lang: e.target.value }); if (state.catalog.audience) director.audience("speak"); } },
      LANGUAGES.map((code) => h("option", { key: code, value: code, lang: code, label: crowded ? code.toUpperCase() : null }, nameOf(code)))),
    press("help", "?", () => KEYS.help.act(given), state.panel === "help"),
  ];
}

function chooser(state, director, side) {
  const spec = state.specs[side];
  const changed = Object.keys(spec.changes).length > 0;
  return h("select", { key: `choose${side}`, class: `side${side}`, "aria-label": tr("Scenario {side}", { side: "AB"[side] }), value: changed ? "changed" : spec.base, onchange: (e) => director.choose(side, e.target.value) },
    state.catalog.presets.map((p) => h("option", { key: p.name, value: p.name }, tr(p.title))),
    changed && h("option", { key: "changed", value: "changed", disabled: true }, tr("{title}, changed", { title: tr(state.catalog.presets.find((p) => p.name === spec.base)?.title) })));
}

function reseed(field, state, store, director) {
  const text = field.value.trim();
  if (/^\d{1,15}$/.test(text)) {
    director.change({ seed: Number(text) });
    return;
  }
  store.set({ notice: tr("“{text}” is not a valid draw number; enter a whole number such as 1.", { text }) });
  field.value = state.seed;
}

function menu(state, store, director) {
  const item = (key, text, act) => h("button", { key, type: "button", role: "menuitem", "data-save": key, onclick: () => { store.set({ panel: null }); act(); } }, tr(text));
  const open = state.panel === "save";
  return h("div", { key: "save", class: "menu" },
    h("button", { type: "button", "data-press": "save", "aria-haspopup": "menu", "aria-expanded": `${open}`, ...keyed("save"), onclick: () => store.set({ panel: open ? null : "save" }) }, tr("Save")),
    open && h("div", { key: "items", role: "menu", class: "items" },
      item("link", "Copy the link", () => copyLink(state, store)),
      item("png", "Picture (PNG)", () => savePng(state, store)),
      item("svg", "Drawing (SVG)", () => saveSvg(state)),
      item("csv", "Numbers (CSV)", () => saveCsv(state)),
      !state.catalog.seeds && item("replay", "Replay without a server (HTML)", () => saveReplay(state, director)),
      item("toml", "This scenario (TOML)", () => saveToml(state, director, 0)),
      state.compare && item("toml-b", "Scenario B (TOML)", () => saveToml(state, director, 1))));
}
