// Titles of scenarios.

import { tr } from "./language.js";
import { measured, ownRules, plain, ruleOf } from "./words.js";

/** The title of a scenario on the page: its preset, and the changes to it. */
export function titleOf(state, side) {
  if (state.titles) return state.titles[side];
  const spec = state.specs[side];
  const preset = state.catalog?.presets.find((p) => p.name === spec.base);
  const name = preset ? tr(preset.title) : state.runs[side]?.scenario || spec.base;
  const changes = Object.entries(spec.changes);
  if (!changes.length) return name;
  const [[key, value]] = changes;
  if (key === "votes") return tr("{name}, other votes", { name });
  if (changes.length > 1) return tr("{name}, {n} changes", { name, n: changes.length });
  const about = state.catalog?.parameters.find((p) => p.name === key);
  if (about) return `${name}, ${tr(about.title)}: ${measured(value, about.unit)}`;
  return `${name}, ${plain(key.split(".")[0])}: ${inWords(value, preset?.plain[key])}`;
}

/** A changed value in words: the rule, if it has changed, and actors with other rules. */
function inWords(value, before) {
  if (typeof value !== "object") return plain(value);
  const own = ownRules(value).map(([code, rule]) => `${plain(code)} ${plain(ruleOf(rule))}`).join(", ");
  return (own && ruleOf(value) === ruleOf(before) ? own : [plain(value.rule || "changed"), own].filter(Boolean).join(", "));
}
