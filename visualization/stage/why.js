// The panel "Why?": decisions and facts of a state, a commissioner, a lab or a facility, from the record of the run.

import { h } from "./paint.js";
import { brief, counted, money, percent, plain, season } from "./words.js";
import { decimal, sentence, tr } from "./language.js";
import { ballotAt, frameAt } from "./store.js";

export const TERMS = {
  trophies: "Being a host",
  local: "Money spent at home",
  race: "The union nearer the frontier",
  open: "Chips open to all",
  payment: "What it pays",
  transfer: "Cash for its yes",
};

/** The panel as elements. */
export function drawWhy(state, store) {
  const { kind, index, side: asked = 0 } = state.who || { kind: "nothing" };
  const side = state.compare ? asked : 0;
  const run = state.runs[side] || state.runs[0];
  if (!run) return [];
  const panels = { state: stateWhy, facility: facilityWhy, commissioner: commissionerWhy, lab: labWhy };
  const go = (k, i) => store.set({ who: { kind: k, index: i, side }, panel: "why" });
  const which = state.compare && kind !== "nothing" && h("p", { key: "side", class: "sides" }, ["A", "B"].map((name, k) =>
    h("button", { key: name, type: "button", "aria-pressed": `${k === side}`, onclick: () => store.set({ who: { ...state.who, side: k } }) }, name)));
  const found = panels[kind]?.(state, run, index, go);
  return [which, found || h("p", { key: "hint" }, tr("Click a country or a site on the map to see why it did what it did."))];
}

const before = (run, state, kind) => {
  const now = frameAt(run, state.t).quarter;
  return run.decisions.filter((d) => d.kind === kind && d.quarter <= now).at(-1);
};

function stateWhy(state, run, i, go) {
  const place = state.geometry.states[i];
  if (!place) return null;
  const frame = frameAt(run, state.t);
  const ballot = ballotAt(state, run);
  const vote = before(run, state, "vote");
  const bid = before(run, state, "bid");
  const sites = run.facilities.map((f, k) => [f, k]).filter(([f, k]) => f.state === i && frame.phase[k]);
  const people = state.geometry.commissioners.map((c, k) => [c, k]).filter(([c]) => c.state === i);
  const labs = state.geometry.labs.map((l, k) => [l, k]).filter(([l]) => l.home === i);
  return h("div", { key: `state${i}` },
    h("h2", {}, tr(place.name)),
    vote ? voteWhy(vote, ballot, i, tr(place.name), run.dissent_cost_eur_bn) : h("p", { key: "none" }, run.ballots.length ? tr("It has not voted yet.") : `${tr("It has no vote.")} ${sentence(run.proposer)}.`),
    bid && h("p", { key: "bid", class: "bid" }, h("strong", {}, `${tr("The call, {season}:", { season: season(bid.quarter) })} `), bidWords(bid, i)),
    (sites.length || people.length || labs.length) > 0 && h("h3", { key: "here" }, tr("Here")),
    h("ul", { key: "links", class: "links" },
      sites.map(([f, k]) => link(tr("Site: {name}", { name: tr(f.city) }), () => go("facility", k))),
      people.map(([c, k]) => link(tr("Commissioner: {name}", { name: c.name }), () => go("commissioner", k))),
      labs.map(([l, k]) => link(tr("Lab: {name}", { name: tr(l.title) }), () => go("lab", k)))));
}

const link = (text, act) => h("li", { key: text }, h("button", { type: "button", class: "link", onclick: act }, text));

function bidWords(bid, i) {
  if (bid.size[i] > 0) return tr("it applies for {money}.", { money: money(bid.size[i]) });
  return tr(bid.able[i] ? "it could apply but does not, because a site would not be worth it." : "its bid is not ready, or it lacks a site with free power or its own share of the money.");
}

function voteWhy(vote, ballot, i, name, dissent) {
  const d = vote.decision[i];
  const said = d > 0 ? "yes" : d < 0 ? "no" : "abstain";
  const u = vote.utility[i];
  const r = vote.reservation[i];
  const why = said === "yes"
    ? tr("The offer is worth {worth} to it. Below {limit} it would vote no.", { worth: money(u), limit: money(r - dissent) })
    : tr(dissent > 0 ? "The offer is worth {worth} to it. It demands {wants}, minus the {cost} that a no vote costs it; {lacks} is missing." : "The offer is worth {worth} to it. It demands {wants}; {lacks} is missing.", { worth: money(u), wants: money(r), cost: money(dissent), lacks: money(vote.needed[i]) });
  const tipped = ballot && ballot.pivotal.includes(i) ? tr("Its vote alone would have changed the result.") : tr("Its vote alone would not have changed the result.");
  return h("div", { key: "vote", class: "vote-why" },
    h("p", { class: `verdict ${said}` }, tr({ yes: "{name} votes yes, {season}", no: "{name} votes no, {season}", abstain: "{name} abstains, {season}" }[said], { name, season: season(vote.quarter) })),
    h("p", {}, why),
    termBars(vote, i, dissent),
    h("p", { class: "pivot" }, tipped));
}

function termBars(decision, i, dissent) {
  const rows = Object.entries(decision.terms).map(([name, values]) => [TERMS[name] ? tr(TERMS[name]) : plain(name), values[i] ?? 0]).filter(([, v], k) => Math.abs(v) > 5e-7 || k < 2);
  rows.push([tr("Total"), decision.utility[i] ?? 0]);
  const wants = decision.reservation[i] ?? 0;
  const parts = dissent > 0 ? [[tr("Payoff without the plan"), wants], [tr("Cost of a no vote"), -dissent]] : [];
  const marks = [...parts, [tr("It votes yes from"), wants - dissent]];
  const most = Math.max(1e-6, ...rows.map(([, v]) => Math.abs(v)), ...marks.map(([, v]) => Math.abs(v)));
  const low = Math.min(0, ...rows.map(([, v]) => v), ...marks.map(([, v]) => v)) / most;
  const span = 1 - low;
  const zero = (-low / span) * 100;
  const draw = ([name, v], k, kind) => {
    const w = (Math.abs(v) / most / span) * 100;
    const left = v < 0 ? zero - w : zero;
    return h("div", { key: name, class: `term ${kind}`, role: "listitem" }, h("span", { class: "name" }, name), h("span", { class: "value" }, money(v)),
      h("span", { class: "track" }, h("i", { class: v < 0 ? "minus" : "plus", style: `left:${left}%;width:${w}%` }), h("b", { style: `left:${zero}%` })));
  };
  return h("div", { key: "terms", class: "terms", role: "list" }, rows.map((row, k) => draw(row, k, k === rows.length - 1 ? "sum" : "")), marks.map((m, k) => draw(m, k, k === parts.length ? "mark" : "part")));
}

function facilityWhy(state, run, i, go) {
  const f = run.facilities[i];
  if (!f) return null;
  const place = state.geometry.states[f.state];
  const facts = [
    ["Chosen", season(f.selected)],
    ["Contract", f.contracted ? tr("{season}, after {n} years", { season: season(f.contracted), n: decimal(f.years_to_contract, 1) }) : tr("never")],
    ["In operation", f.operational ? tr("{season}, {n} years after selection", { season: season(f.operational), n: decimal(f.years_to_open, 1) }) : tr("never")],
    ["Cost", money(f.spend_eur_bn)],
    ["AI chips", brief(Math.round(f.accelerators))],
    ["Power", tr("{used} MW of {all} MW available", { used: decimal(f.power_mw, f.power_mw < 10 ? 1 : 0), all: decimal(f.headroom_mw, 0) })],
    ["A large run fails every", hours(f.hours_between_failures)],
    ["Wait for an authorized person", hours(f.person_wait_h)],
    ["A broken part is back after", hours(f.repair_h)],
    ["Share of time with progress", percent(f.goodput)],
  ];
  if (f.pledged_eur_bn > 0) facts.splice(facts.findIndex(([name]) => name === "AI chips"), 0, ["Pledged by labs", money(f.pledged_eur_bn)]);
  return h("div", { key: `facility${i}` }, h("h2", {}, tr(f.city)),
    h("p", {}, h("button", { type: "button", class: "link", onclick: () => go("state", f.state) }, tr(place.name)), f.cancelled ? ` · ${tr("dropped before a contract")}` : ""),
    h("dl", { class: "facts" }, facts.flatMap(([name, value]) => [h("dt", { key: `t${name}` }, tr(name)), h("dd", { key: `d${name}` }, value)])),
    lateness(f));
}

const CAUSES = { award_years: "Tender and award", retender_years: "New tender", litigation_years: "In court", building_years: "Building" };

/** The delay of a site against its plan, with a bar for each part of its delivery. */
function lateness(f) {
  if (f.cancelled) return null;
  const parts = Object.entries(CAUSES).map(([name, text]) => [tr(text), f.delay[name] - (f.planned[name] ?? 0)]).filter(([, years]) => Math.abs(years) >= 0.005);
  const late = parts.reduce((sum, [, years]) => sum + years, 0);
  const planned = f.planned.award_years + f.planned.building_years;
  const most = Math.max(0.01, ...parts.map(([, years]) => Math.abs(years)), Math.abs(late));
  const low = Math.min(0, late, ...parts.map(([, years]) => years));
  const span = Math.max(0, late, ...parts.map(([, years]) => years)) - low || most;
  const row = ([name, years], kind) => h("div", { key: name, class: `term ${kind}`, role: "listitem" }, h("span", { class: "name" }, name), h("span", { class: "value" }, signed(years)),
    h("span", { class: "track" }, h("i", { class: years > 0 ? "minus" : "plus", style: `left:${(100 * (Math.min(0, years) - low)) / span}%;width:${(100 * Math.abs(years)) / span}%` }), h("b", { style: `left:${(-100 * low) / span}%` })));
  return h("section", { key: "late", class: "late" },
    h("h3", {}, cause(parts, late)),
    h("p", {}, tr(late < 0 ? "Planned: {planned} years from selection to operation. Actual: {took}, {n} years early." : "Planned: {planned} years from selection to operation. Actual: {took}, {n} years late.", { planned: decimal(planned, 1), took: decimal(planned + late, 1), n: decimal(Math.abs(late), 1) })),
    h("div", { class: "terms", role: "list" }, parts.map((part) => row(part, "")), row([tr("Total"), late], "sum")),
    f.delay.grid_years > 0 && h("p", { key: "grid" }, tr("The grid needs another {n} years until all its chips have power.", { n: decimal(f.delay.grid_years, 1) })));
}

/** The title: the part of the delivery that explains more than half of the delay, if there is one. */
function cause(parts, late) {
  const toward = parts.filter(([, years]) => years * late > 0).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const whole = toward.reduce((sum, [, years]) => sum + years, 0);
  if (!toward.length) return tr("On time");
  const [[part, years]] = toward;
  if (2 * Math.abs(years) <= Math.abs(whole)) return tr(late < 0 ? "Early for several reasons" : "Late for several reasons");
  return tr(late < 0 ? "Early, above all: {part}" : "Late, above all: {part}", { part });
}

const signed = (years) => tr("{n} years", { n: `${years < 0 ? "−" : "+"}${decimal(Math.abs(years), 2)}` });

const hours = (x) => (x < 1 ? tr("{n} minutes", { n: Math.round(60 * x) }) : x < 48 ? tr("{n} hours", { n: brief(x) }) : tr("{n} days", { n: brief(x / 24) }));

function commissionerWhy(state, run, i, go) {
  const c = state.geometry.commissioners[i];
  if (!c) return null;
  const place = state.geometry.states[c.state];
  const draft = before(run, state, "draft");
  const lead = state.geometry.lead === i;
  let said = tr("Commissioners draft nothing under these rules: the Commission has one vote and no plan of its own.");
  if (draft && draft.chosen >= 0) {
    const mine = draft.own_best[i] === draft.chosen ? tr("It is also the plan that this commissioner prefers.") : tr("This commissioner preferred another of the {n} plans.", { n: draft.plans });
    const role = lead ? "Drafts the plan in {season}." : draft.endorsed[i] ? "Votes for the draft in the College in {season}." : "Votes against the draft in the College in {season}.";
    const worth = tr("Value of the draft to this commissioner: {score}; of the preferred plan: {best}.", { score: money(draft.score[i]), best: money(draft.best_score[i]) });
    said = `${tr(role, { season: season(draft.quarter) })} ${mine} ${worth}`;
  } else if (draft) said = tr("The College adopted none of the plans.");
  return h("div", { key: `commissioner${i}` }, h("h2", {}, c.name),
    h("p", {}, h("button", { type: "button", class: "link", onclick: () => go("state", c.state) }, tr(place.name)), ` · ${tr(c.portfolio)}`), h("p", {}, said));
}

function labWhy(state, run, i, go) {
  const lab = state.geometry.labs[i];
  if (!lab) return null;
  const frame = frameAt(run, state.t);
  const gone = frame.exited_labs.includes(lab.name);
  const vote = before(run, state, "vote");
  const site = vote?.letter_site?.[i] ?? -1;
  const letter = site >= 0 ? tr("Offers {money} for access to the site in {city}.", { money: money(vote.letter_eur_bn[i]), city: tr(state.geometry.sites[site].city) }) : tr("No letter of intent: no site on offer beats what it has.");
  return h("div", { key: `lab${i}` }, h("h2", {}, tr(lab.title)),
    h("p", {}, lab.home >= 0 ? h("button", { type: "button", class: "link", onclick: () => go("state", lab.home) }, tr(state.geometry.states[lab.home].name)) : tr(lab.bloc)),
    h("p", {}, counted(lab.accelerators, "Has {n} chip of its own and {money} a year to spend.", "Has {n} chips of its own and {money} a year to spend.", { money: money(lab.capital_eur_bn) })),
    vote && h("p", { key: "letter" }, letter),
    h("p", { class: `verdict ${gone || lab.home < 0 ? "no" : "yes"}` }, gone ? tr("Has left for a cloud abroad.") : tr(lab.home < 0 ? "Does not train in {union}." : "Trains in {union}.", { union: tr(state.geometry.union) })));
}
