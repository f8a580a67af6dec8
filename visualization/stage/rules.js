// Controls, made from the catalogue of rules and the table of parameters; nothing here knows a rule by name.

import { h } from "./paint.js";
import { plain } from "./words.js";
import { valueOf } from "./director.js";

const ruleOf = (value) => (value && typeof value === "object" ? value.rule : value);

/** An actor's own rule in words, with what it sets: "probabilistic (noise 0.5)". */
function entry(own) {
  const set = Object.entries(own && typeof own === "object" ? own : {}).filter(([k]) => k !== "rule");
  return plain(ruleOf(own)) + (set.length ? ` (${set.map(([k, x]) => `${plain(k)} ${x}`).join(", ")})` : "");
}

/** The panel as elements. */
export function drawRules(state, store, director) {
  const side = state.compare ? state.ruleSide || 0 : 0;
  const spec = state.specs[side];
  const preset = state.catalogue.presets.find((p) => p.name === spec.base);
  const changed = Object.keys(spec.changes).length;
  return [
    state.compare && h("p", { key: "sides", class: "sides" }, ["A", "B"].map((name, k) => h("button", { key: name, type: "button", "aria-pressed": `${k === side}`, onclick: () => store.set({ ruleSide: k }) }, `Scenario ${name}`))),
    h("h2", { key: "title" }, preset?.title || spec.base),
    h("p", { key: "about", class: "about" }, preset?.about),
    h("p", { key: "acts", class: "acts" },
      h("button", { type: "button", "data-press": "undo", disabled: !director.undoable, onclick: () => director.undo() }, "Undo"),
      h("button", { type: "button", "data-press": "reset", disabled: !changed, onclick: () => director.choose(side, spec.base) }, `Reset${changed ? ` ${changed}` : ""}`),
      h("label", { class: "file" }, "Open TOML", h("input", { type: "file", accept: ".toml", "aria-label": "Open a scenario file", onchange: (e) => openFile(e, director, side) }))),
    Object.entries(state.catalogue.groups).map(([group, title]) => ruleGroup(group, title, state, side, director)),
    h("h3", { key: "numbers" }, "Numbers"),
    parameterGroups(state.catalogue.parameters).map(([group, members]) => h("details", { key: `p-${group}` }, h("summary", {}, group || "other"),
      members.map((p) => field(p, valueOf(state, side, p.name), (value) => director.put(side, p.name, value))))),
  ];
}

function openFile(e, director, side) {
  const file = e.target.files[0];
  if (file) director.open(file, side);
  e.target.value = "";
}

function parameterGroups(parameters) {
  const groups = new Map();
  for (const p of parameters) groups.set(p.group, [...(groups.get(p.group) || []), p]);
  return [...groups];
}

function ruleGroup(group, title, state, side, director) {
  const families = state.catalogue.families.filter((f) => f.group === group);
  if (!families.length) return null;
  return h("section", { key: `g-${group}` }, h("h3", {}, title), families.map((family) => familyField(family, state, side, director)));
}

function familyField(family, state, side, director) {
  const value = valueOf(state, side, family.name);
  const name = ruleOf(value);
  const rule = family.rules.find((r) => r.name === name);
  const actors = value && typeof value === "object" ? Object.entries(value).filter(([k]) => k !== "rule" && k === k.toUpperCase()) : [];
  const put = (parameter, given) => director.put(side, family.name, { ...(typeof value === "object" ? value : { rule: name }), [parameter]: given });
  return h("div", { key: family.name, class: "family" },
    h("label", {}, h("span", {}, family.decides[0].toUpperCase() + family.decides.slice(1)),
      h("select", { value: name, "data-family": family.name, onchange: (e) => director.put(side, family.name, e.target.value, {}) },
        family.rules.map((r) => h("option", { key: r.name, value: r.name }, `${plain(r.name)}${r.yours ? " (yours)" : ""}`)))),
    h("p", { class: "help", title: rule?.source || "" }, rule?.summary || ""),
    actors.length > 0 && h("p", { key: "actors", class: "help" }, actors.map(([k, own]) => `${k}: ${entry(own)}`).join(", ")),
    (rule?.parameters || []).map((p) => field(p, (typeof value === "object" && value[p.name]) ?? p.default, (given) => put(p.name, given))));
}

/** One parameter: its meaning, a slider over its plausible range, a box, its unit and source. */
function field(p, value, put) {
  const shown = value === undefined || value === false && p.kind !== "truth" ? p.default : value;
  const about = `${p.about || plain(p.name)}`;
  const title = `${p.name} · default ${p.default}${p.source ? ` · ${p.source}` : ""}`;
  let control;
  if (p.kind === "truth") control = h("input", { type: "checkbox", checked: shown, onchange: (e) => put(e.target.checked) });
  else if (p.choices.length) control = h("select", { value: shown, onchange: (e) => put(e.target.value) }, p.choices.map((c) => h("option", { key: c, value: c }, plain(c))));
  else if (p.kind === "text") control = h("input", { type: "text", value: shown, onchange: (e) => put(e.target.value) });
  else control = [slider(p, shown, put), h("input", { key: "box", type: "text", inputmode: "decimal", class: "box", value: shown, "aria-label": `${about}, number`, onchange: (e) => put(e.target.value.trim() === "" || Number.isNaN(Number(e.target.value)) ? e.target.value : Number(e.target.value)) })];
  return h("label", { key: p.name, class: `field${shown !== p.default ? " moved" : ""}`, title, "data-parameter": p.name }, h("span", {}, about, p.unit && p.unit !== "1" ? h("small", {}, ` ${p.unit}`) : null), control);
}

function slider(p, value, put) {
  const [low, high] = p.range || [p.low, p.high];
  if (low === null || high === null || low === undefined || high === undefined || !(high > low)) return null;
  const logs = p.scale === "log" && low > 0;
  const to = (x) => (logs ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low));
  const from = (s) => {
    const x = logs ? low * (high / low) ** s : low + s * (high - low);
    return p.whole ? Math.round(x) : Number(x.toPrecision(3));
  };
  return h("input", { key: "slide", type: "range", min: 0, max: 1, step: 0.01, value: Math.max(0, Math.min(1, to(value))), onchange: (e) => put(from(Number(e.target.value))) });
}
