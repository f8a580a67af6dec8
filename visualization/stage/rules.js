// Controls for rules and parameters. They are generated from the catalog, which also has their order; none is hard-coded here.

import { h, unlessTyping } from "./paint.js";
import { keyed } from "./keys.js";
import { tr } from "./language.js";
import { valueOf } from "./store.js";
import { begun, counted, measured, ownRules, plain, ruleOf } from "./words.js";

/** The panel as elements: a search, the most important rules and numbers, and all others in collapsed groups. */
export function drawRules(state, store, director) {
  const side = state.compare ? state.ruleSide || 0 : 0;
  const spec = state.specs[side];
  const preset = state.catalog.presets.find((p) => p.name === spec.base);
  const changed = Object.keys(spec.changes).length;
  const show = (one) => (one.decides ? familyField(one, state, side, store, director) : field(one, valueOf(state, side, one.name), (value) => director.put(side, one.name, value)));
  return [
    state.compare && h("p", { key: "sides", class: "sides" }, ["A", "B"].map((name, k) => h("button", { key: name, type: "button", "aria-pressed": `${k === side}`, onclick: () => store.set({ ruleSide: k }) }, tr("Scenario {side}", { side: name })))),
    h("h2", { key: "title" }, preset ? tr(preset.title) : spec.base),
    h("p", { key: "about", class: "about" }, tr(preset?.about ?? "")),
    h("p", { key: "acts", class: "acts" },
      h("button", { type: "button", "data-press": "undo", disabled: !director.undoable, ...keyed("undo"), onclick: () => director.undo() }, tr("Undo")),
      h("button", { type: "button", "data-press": "reset", disabled: !changed, onclick: () => director.choose(side, spec.base) }, `${tr("Reset")}${changed ? ` ${changed}` : ""}`),
      h("label", { class: "file" }, tr("Open TOML"), h("input", { type: "file", accept: ".toml", "aria-label": tr("Open TOML: a scenario file"), onchange: (e) => openFile(e, director, side) }))),
    h("label", { key: "find", class: "find" }, h("span", {}, tr("Find a rule or a number")),
      h("input", { type: "search", value: state.find, autocomplete: "off", placeholder: tr("for example: power"), oninput: (e) => store.set({ find: e.target.value }) })),
    state.find.trim() ? hits(state, show) : [shelves(state, show), ownAgents(state, side, director), ownOutcomes(state, side)],
  ];
}

/** Words that people search for and the word that the page uses. */
const SYNONYMS = [["veto", "unanimity"], ["electricity", "power"], ["subsidy", "money"], ["budget", "envelope"], ["deadline", "application"], ["chips", "accelerators"]];

/** The results of a search in names, descriptions, units and rules, and in the actors that may have a rule of their own. */
function hits({ catalog, geometry, find }, show) {
  const asked = find.toLowerCase().split(/\s+/).filter(Boolean);
  const also = SYNONYMS.flatMap(([word, ours]) => [word, tr(word)].map((one) => [one.toLowerCase(), ours]));
  const who = Object.fromEntries(["state", "commissioner", "lab"].map((kind) => [kind, [...actorsOf(kind, geometry)].flat()]));
  const found = [...catalog.families, ...catalog.parameters].filter((one) => {
    const text = (one.decides ? [one.name, one.decides, tr(one.decides), catalog.groups[one.group], ...(who[one.actor] ?? []), ...one.rules.flatMap((r) => [r.title, tr(r.title), r.summary, tr(r.summary), ...r.parameters.flatMap((p) => [p.title, tr(p.title)])])]
      : [one.title, tr(one.title), one.about, tr(one.about), one.unit, tr(one.unit), catalog.numbers[one.group], one.source]).join(" ").toLowerCase();
    return asked.every((word) => text.includes(word) || also.some(([other, ours]) => word.length > 2 && other.startsWith(word) && text.includes(ours)));
  }).sort((a, b) => called(b, asked) - called(a, asked));
  return h("section", { key: "hits", class: "hits" },
    h("p", { key: "count", class: "help", role: "status" }, found.length ? counted(found.length, "{n} entry with “{text}”", "{n} entries with “{text}”", { text: find.trim() }) : tr("No rule or number matches “{text}”.", { text: find.trim() })), found.map(show));
}

/** Whether all words of a search occur in the name of a family or parameter, not only in its description. */
const called = (one, asked) => asked.every((word) => `${one.name} ${one.decides ?? one.title} ${tr(one.decides ?? one.title)}`.toLowerCase().includes(word));

/** The most important rules and numbers, and all others in collapsed groups. */
function shelves({ catalog }, show) {
  const { families, parameters, groups, numbers, levers } = catalog;
  const first = levers.map((name) => [...families, ...parameters].find((one) => one.name === name)).filter(Boolean);
  const rest = (all) => all.filter((one) => !first.includes(one));
  const folds = (all, titles, kind) => Object.entries(grouped(all)).map(([group, members]) =>
    h("details", { key: `${kind}-${group}`, "data-fold": `${kind}-${group}` }, h("summary", {}, tr(titles[group] ?? begun(plain(group || "other")))), members.map(show)));
  return h("div", { key: "shelves" },
    h("h3", { key: "levers" }, tr("What matters most")),
    h("p", { key: "why", class: "help" }, tr("Of the rules and numbers that this page can change, {n} with the largest effects on years behind or on the number of sites in the project's results.", { n: first.length })),
    h("div", { key: "first", class: "levers" }, first.map(show)),
    h("h3", { key: "rules" }, tr("More rules")), folds(rest(families), groups, "rules"),
    h("h3", { key: "numbers" }, tr("More numbers")), folds(rest(parameters), numbers, "numbers"));
}

function grouped(all) {
  const groups = {};
  for (const one of all) (groups[one.group] ??= []).push(one);
  return groups;
}

function openFile(e, director, side) {
  const file = e.target.files[0];
  if (file) director.open(file, side);
  e.target.value = "";
}

function familyField(family, state, side, store, director) {
  const value = valueOf(state, side, family.name);
  const name = ruleOf(value);
  const rule = family.rules.find((r) => r.name === name);
  const own = Object.fromEntries(ownRules(value));
  const put = (parameter, given) => director.put(side, family.name, { ...(typeof value === "object" ? value : { rule: name }), [parameter]: given });
  return h("div", { key: family.name, class: "family" },
    h("label", {}, h("span", {}, begun(tr(family.decides))),
      h("select", { value: name, "data-family": family.name, onchange: (e) => director.put(side, family.name, entry(e.target.value, {}, own), {}) }, rulesOf(family))),
    h("p", { class: "help", title: rule?.source || "" }, tr(rule?.summary || "")),
    ownNumbers(rule, state.find, (p) => (typeof value === "object" && value[p.name]) ?? p.default, (p, given) => put(p.name, given)),
    family.actor && exceptions(family, value, own, state, side, store, director));
}

const rulesOf = (family) => family.rules.map((r) => h("option", { key: r.name, value: r.name }, begun(r.yours ? tr("{name} (yours)", { name: tr(r.title) }) : tr(r.title))));

/** A family's entry in a scenario: a rule, its parameters, and actors with other rules. */
function entry(rule, settings = {}, own = {}) {
  const whole = { rule, ...settings, ...Object.fromEntries(Object.entries(own).sort()) };
  return Object.keys(whole).length > 1 ? whole : rule;
}

/** The actors with other rules and their parameters, and a menu to add one. */
function exceptions(family, value, own, state, side, store, director) {
  const everyone = actorsOf(family.actor, state.geometry);
  const asked = state.except?.family === family.name && state.except.side === side ? [state.except.code] : [];
  const sought = state.find.trim().toLowerCase();
  const found = [...everyone].filter(([, name]) => sought.length > 2 && name.toLowerCase().startsWith(sought)).map(([code]) => code);
  const rows = [...new Set([...Object.keys(own), ...asked, ...found])];
  const settings = Object.fromEntries(Object.entries(typeof value === "object" ? value : {}).filter(([key]) => key !== "rule" && !(key in own)));
  const give = (code, given, options) => {
    const { [code]: _, ...others } = own;
    store.set({ except: null });
    director.put(side, family.name, entry(ruleOf(value), settings, given ? { ...others, [code]: given } : others), options);
  };
  return h("div", { key: "except", class: "except" },
    rows.map((code) => ownField(family, code, everyone.get(code) || code, own[code], (given, options) => give(code, given, options))),
    h("select", { key: "who", value: "", "data-except": family.name, "aria-label": tr("Exceptions: {decides}", { decides: tr(family.decides) }), onchange: (e) => store.set({ except: { family: family.name, side, code: e.target.value } }) },
      h("option", { key: "", value: "" }, tr("this rule for all, except …")),
      [...everyone].filter(([code]) => !rows.includes(code)).map(([code, name]) => h("option", { key: code, value: code }, name))));
}

function ownField(family, code, name, mine, give) {
  const set = mine && typeof mine === "object" ? mine : {};
  const rule = family.rules.find((r) => r.name === ruleOf(mine));
  return h("div", { key: code, "data-actor": code },
    h("label", { class: "own" }, h("span", {}, name),
      h("select", { value: rule?.name || "", "data-own": `${family.name}.${code}`, onchange: (e) => give(e.target.value, {}) },
        h("option", { key: "all", value: "" }, tr("as the others")), rulesOf(family))),
    ownNumbers(rule, "", (p) => set[p.name] ?? p.default, (p, given) => give({ rule: rule.name, ...set, [p.name]: given })));
}

/** The parameters of a rule, collapsed unless one has been changed or matches the search. */
function ownNumbers(rule, find, valueFor, put) {
  if (!rule?.parameters.length) return null;
  const sought = find.trim().toLowerCase();
  const moved = rule.parameters.some((p) => shownOf(p, valueFor(p)) !== p.default || (sought && p.title.toLowerCase().includes(sought)));
  return h("details", { key: `own-${rule.name}`, class: "own-numbers", open: moved || undefined }, h("summary", {}, counted(rule.parameters.length, "{n} number of this rule", "{n} numbers of this rule")),
    rule.parameters.map((p) => field(p, valueFor(p), (given) => put(p, given))));
}

/** The user's classes of agents: the actors that each one plays, and its parameters. */
function ownAgents(state, side, director) {
  const known = state.catalog.agents || [];
  if (!known.length) return null;
  const said = played(valueOf(state, side, "agents"), known);
  return h("section", { key: "agents" }, h("h3", {}, tr("Agents of your own")), known.map((agent) => {
    const { of: who = "", ...settings } = said[agent.name] || {};
    const put = (given, more = settings) => {
      const table = { ...said, [agent.name]: { of: given, ...more } };
      if (!given) delete table[agent.name];
      director.put(side, "agents", Object.keys(table).length ? table : undefined);
    };
    const everyone = agent.actor ? [["all", tr(`all ${agent.actor}s`)], ...actorsOf(agent.actor, state.geometry)] : [["all", tr("one agent")]];
    const options = [["", tr("nobody")], ...everyone, ...(who && !everyone.some(([code]) => code === who) ? [[who, who]] : [])];
    return h("div", { key: agent.name, class: "family" },
      h("label", {}, h("span", {}, tr("{name} (yours) plays", { name: agent.name })),
        h("select", { value: who, "data-agent": agent.name, onchange: (e) => put(e.target.value) }, options.map(([code, name]) => h("option", { key: code, value: code }, name)))),
      h("p", { class: "help" }, agent.summary),
      who && agent.parameters.map((p) => field(p, settings[p.name] ?? p.default, (given) => put(who, { ...settings, [p.name]: given }))));
  }));
}

/** A scenario's entry for agents as a table by class: the actors that it plays, and its parameters. */
function played(value, known) {
  const names = typeof value === "string" ? value.split(/[ ,]+/) : Array.isArray(value) ? value : null;
  const table = names ? Object.fromEntries(names.map((name) => [name, "all"])) : value || {};
  return Object.fromEntries(known.filter((agent) => table[agent.name]).map(({ name }) => [name, typeof table[name] === "string" ? { of: table[name] } : { of: "all", ...table[name] }]));
}

/** The user's outcomes, with values at the end of the run. */
function ownOutcomes(state, side) {
  const known = state.catalog.outcomes || [];
  const run = state.runs[side];
  if (!known.length || !run) return null;
  const over = state.t >= run.frames.length - 1;
  const value = ({ name, unit }) => (over && run.outcome[name] !== null ? `${Number(run.outcome[name].toPrecision(3))} ${unit === "1" ? "" : unit}` : "–");
  return h("section", { key: "outcomes" }, h("h3", {}, tr("Outcomes of your own")),
    known.map((one) => h("p", { key: one.name, class: "help", "data-outcome": one.name }, `${one.about}: ${value(one)}`)));
}

/** Codes and names of all actors of a kind, sorted by name; a commissioner's code is that of the home state. */
function actorsOf(kind, { states, commissioners, labs }) {
  const all = {
    state: states.map((s) => [s.code, tr(s.name)]),
    commissioner: commissioners.map((c) => [states[c.state].code, `${c.name} (${states[c.state].code})`]),
    lab: labs.map((l) => [l.name.toUpperCase(), l.title]),
  };
  return new Map(all[kind].sort(([, a], [, b]) => a.localeCompare(b)));
}

const shownOf = (p, value) => (value === undefined || value === false && p.kind !== "boolean" ? p.default : value);

/** The controls of a parameter: title, slider over its plausible range, text field, unit and source. */
function field(p, value, put) {
  const shown = shownOf(p, value);
  const title = `${tr("Default: {value}", { value: measured(p.default, p.unit) || tr("empty") })}${p.source ? ` · ${p.source}` : ""}`;
  const box = { class: "box", ref: unlessTyping(shown), "aria-label": tr("{about}, number", { about: begun(tr(p.title)) }) };
  let control;
  if (p.kind === "boolean") control = h("input", { type: "checkbox", checked: shown, onchange: (e) => put(e.target.checked) });
  else if (p.choices.length) control = h("select", { value: shown, onchange: (e) => put(e.target.value) }, p.choices.map((c) => h("option", { key: c.name, value: c.name }, begun(tr(c.title)))));
  else if (p.kind === "string") control = h("input", { type: "text", ref: unlessTyping(shown), onchange: (e) => put(e.target.value) });
  else control = [slider(p, shown, put), h("input", { key: "box", type: "text", inputmode: "decimal", ...box, onchange: (e) => put(e.target.value.trim() === "" || Number.isNaN(Number(e.target.value)) ? e.target.value : Number(e.target.value)) })];
  return h("label", { key: p.name, class: `field${shown !== p.default ? " moved" : ""}`, title, "data-parameter": p.name },
    h("span", {}, begun(tr(p.title)), p.unit ? h("small", { key: "unit" }, ` ${tr(p.unit)}`) : null, p.about ? h("small", { key: "about", class: "more" }, begun(tr(p.about))) : null), control);
}

function slider(p, value, put) {
  const [low, high] = p.range || [p.low, p.high];
  if (low === null || high === null || low === undefined || high === undefined || !(high > low)) return null;
  const logs = p.scale === "log" && low > 0;
  const to = (x) => (logs ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low));
  const from = (s) => {
    const x = logs ? low * (high / low) ** s : low + s * (high - low);
    return p.integer ? Math.round(x) : Number(x.toPrecision(3));
  };
  return h("input", { key: "slide", type: "range", min: 0, max: 1, step: 0.01, value: Math.max(0, Math.min(1, to(value))), onchange: (e) => put(from(Number(e.target.value))) });
}
