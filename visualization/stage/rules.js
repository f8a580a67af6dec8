// Controls, made from the catalogue of rules and the table of parameters; nothing here knows a rule by name.

import { h, unlessTyping } from "./paint.js";
import { ownRules, plain, ruleOf } from "./words.js";
import { valueOf } from "./store.js";

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
      h("label", { class: "file" }, "Open TOML", h("input", { type: "file", accept: ".toml", "aria-label": "Open TOML: a scenario file", onchange: (e) => openFile(e, director, side) }))),
    Object.entries(state.catalogue.groups).map(([group, title]) => ruleGroup(group, title, state, side, store, director)),
    ownAgents(state, side, director),
    ownOutcomes(state, side),
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

function ruleGroup(group, title, state, side, store, director) {
  const families = state.catalogue.families.filter((f) => f.group === group);
  if (!families.length) return null;
  return h("section", { key: `g-${group}` }, h("h3", {}, title), families.map((family) => familyField(family, state, side, store, director)));
}

function familyField(family, state, side, store, director) {
  const value = valueOf(state, side, family.name);
  const name = ruleOf(value);
  const rule = family.rules.find((r) => r.name === name);
  const own = Object.fromEntries(ownRules(value));
  const put = (parameter, given) => director.put(side, family.name, { ...(typeof value === "object" ? value : { rule: name }), [parameter]: given });
  return h("div", { key: family.name, class: "family" },
    h("label", {}, h("span", {}, family.decides[0].toUpperCase() + family.decides.slice(1)),
      h("select", { value: name, "data-family": family.name, onchange: (e) => director.put(side, family.name, entry(e.target.value, {}, own), {}) }, rulesOf(family))),
    h("p", { class: "help", title: rule?.source || "" }, rule?.summary || ""),
    (rule?.parameters || []).map((p) => field(p, (typeof value === "object" && value[p.name]) ?? p.default, (given) => put(p.name, given))),
    family.actor && exceptions(family, value, own, state, side, store, director));
}

const rulesOf = (family) => family.rules.map((r) => h("option", { key: r.name, value: r.name }, `${plain(r.name)}${r.yours ? " (yours)" : ""}`));

/** A family's entry as a scenario says it: a rule, the rule's own numbers, and who goes by a rule of their own. */
function entry(rule, settings = {}, own = {}) {
  const whole = { rule, ...settings, ...Object.fromEntries(Object.entries(own).sort()) };
  return Object.keys(whole).length > 1 ? whole : rule;
}

/** Who goes by a rule of their own, with its numbers, and a menu to choose one more. */
function exceptions(family, value, own, state, side, store, director) {
  const everyone = actorsOf(family.actor, state.geometry);
  const asked = state.except?.family === family.name && state.except.side === side ? [state.except.code] : [];
  const rows = [...new Set([...Object.keys(own), ...asked])];
  const settings = Object.fromEntries(Object.entries(typeof value === "object" ? value : {}).filter(([key]) => key !== "rule" && !(key in own)));
  const give = (code, given, options) => {
    const { [code]: _, ...others } = own;
    store.set({ except: null });
    director.put(side, family.name, entry(ruleOf(value), settings, given ? { ...others, [code]: given } : others), options);
  };
  return h("div", { key: "except", class: "except" },
    rows.map((code) => ownField(family, code, everyone.get(code) || code, own[code], (given, options) => give(code, given, options))),
    h("select", { key: "who", value: "", "data-except": family.name, "aria-label": `Who goes by another rule: ${family.decides}`, onchange: (e) => store.set({ except: { family: family.name, side, code: e.target.value } }) },
      h("option", { key: "", value: "" }, "all by this rule, except …"),
      [...everyone].filter(([code]) => !rows.includes(code)).map(([code, name]) => h("option", { key: code, value: code }, name))));
}

function ownField(family, code, name, mine, give) {
  const set = mine && typeof mine === "object" ? mine : {};
  const rule = family.rules.find((r) => r.name === ruleOf(mine));
  return h("div", { key: code, "data-actor": code },
    h("label", { class: "own" }, h("span", {}, name),
      h("select", { value: rule?.name || "", "data-own": `${family.name}.${code}`, onchange: (e) => give(e.target.value, {}) },
        h("option", { key: "all", value: "" }, "as the others"), rulesOf(family))),
    (rule?.parameters || []).map((p) => field(p, set[p.name] ?? p.default, (given) => give({ rule: rule.name, ...set, [p.name]: given }))));
}

/** Classes of agents from a file of the user's own: whom each plays, and its numbers. */
function ownAgents(state, side, director) {
  const known = state.catalogue.agents || [];
  if (!known.length) return null;
  const said = played(valueOf(state, side, "agents"), known);
  return h("section", { key: "agents" }, h("h3", {}, "Agents of your own"), known.map((agent) => {
    const { of: who = "", ...settings } = said[agent.name] || {};
    const put = (given, more = settings) => {
      const table = { ...said, [agent.name]: { of: given, ...more } };
      if (!given) delete table[agent.name];
      director.put(side, "agents", Object.keys(table).length ? table : undefined);
    };
    const everyone = agent.actor ? [["all", `all ${agent.actor}s`], ...actorsOf(agent.actor, state.geometry)] : [["all", "one, without a seat"]];
    const options = [["", "nobody"], ...everyone, ...(who && !everyone.some(([code]) => code === who) ? [[who, who]] : [])];
    return h("div", { key: agent.name, class: "family" },
      h("label", {}, h("span", {}, `${agent.name} (yours) plays`),
        h("select", { value: who, "data-agent": agent.name, onchange: (e) => put(e.target.value) }, options.map(([code, name]) => h("option", { key: code, value: code }, name)))),
      h("p", { class: "help" }, agent.summary),
      who && agent.parameters.map((p) => field(p, settings[p.name] ?? p.default, (given) => put(who, { ...settings, [p.name]: given }))));
  }));
}

/** What a scenario says of agents, as a table by class: whom it plays, and its numbers. */
function played(value, known) {
  const names = typeof value === "string" ? value.split(/[ ,]+/) : Array.isArray(value) ? value : null;
  const table = names ? Object.fromEntries(names.map((name) => [name, "all"])) : value || {};
  return Object.fromEntries(known.filter((agent) => table[agent.name]).map(({ name }) => [name, typeof table[name] === "string" ? { of: table[name] } : { of: "all", ...table[name] }]));
}

/** Outcomes from a file of the user's own, once the run is over. */
function ownOutcomes(state, side) {
  const known = state.catalogue.outcomes || [];
  const run = state.runs[side];
  if (!known.length || !run) return null;
  const over = state.t >= run.frames.length - 1;
  const value = ({ name, unit }) => (over && run.outcome[name] !== null ? `${Number(run.outcome[name].toPrecision(3))} ${unit === "1" ? "" : unit}` : "–");
  return h("section", { key: "outcomes" }, h("h3", {}, "Outcomes of your own"),
    known.map((one) => h("p", { key: one.name, class: "help", "data-outcome": one.name }, `${one.about}: ${value(one)}`)));
}

/** Codes and names of all actors of a kind, by name; a commissioner goes by the home state's code. */
function actorsOf(kind, { states, commissioners, labs }) {
  const all = {
    state: states.map((s) => [s.code, s.name]),
    commissioner: commissioners.map((c) => [states[c.state].code, `${c.name} (${states[c.state].code})`]),
    lab: labs.map((l) => [l.name.toUpperCase(), l.title]),
  };
  return new Map(all[kind].sort(([, a], [, b]) => a.localeCompare(b)));
}

/** One parameter: its meaning, a slider over its plausible range, a box, its unit and source. */
function field(p, value, put) {
  const shown = value === undefined || value === false && p.kind !== "truth" ? p.default : value;
  const about = `${p.about || plain(p.name)}`;
  const title = `${p.name} · default ${p.default}${p.source ? ` · ${p.source}` : ""}`;
  let control;
  if (p.kind === "truth") control = h("input", { type: "checkbox", checked: shown, onchange: (e) => put(e.target.checked) });
  else if (p.choices.length) control = h("select", { value: shown, onchange: (e) => put(e.target.value) }, p.choices.map((c) => h("option", { key: c, value: c }, plain(c))));
  else if (p.kind === "text") control = h("input", { type: "text", ref: unlessTyping(shown), onchange: (e) => put(e.target.value) });
  else control = [slider(p, shown, put), h("input", { key: "box", type: "text", inputmode: "decimal", class: "box", ref: unlessTyping(shown), "aria-label": `${about}, number`, onchange: (e) => put(e.target.value.trim() === "" || Number.isNaN(Number(e.target.value)) ? e.target.value : Number(e.target.value)) })];
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
