// Why: what a state, a commissioner, a lab or a facility decided or is, from the run's own record.

import { h } from "./paint.js";
import { brief, counted, money, percent, plain, season } from "./words.js";
import { ballotAt, frameAt } from "./store.js";

const TERMS = {
  trophies: "Being a host",
  local: "Money spent at home",
  race: "The union nearer the frontier",
  open: "Chips open to all",
  payment: "What it pays",
  transfer: "Cash for its yes",
};

/** The panel as elements; `side` is the run that is asked. */
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
  return [which, found || h("p", { key: "hint" }, "Click a country or a site on the map to see why it did what it did.")];
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
    h("h2", {}, place.name),
    vote ? voteWhy(vote, ballot, i, place.name, run.dissent_cost_eur_bn) : h("p", { key: "none" }, run.ballots.length ? "It has not voted yet." : `It is not asked. ${run.proposer}.`),
    bid && h("p", { key: "bid", class: "bid" }, h("strong", {}, `The call, ${season(bid.quarter)}: `), bidWords(bid, i)),
    (sites.length || people.length || labs.length) > 0 && h("h3", { key: "here" }, "Here"),
    h("ul", { key: "links", class: "links" },
      sites.map(([f, k]) => link(`Site: ${f.city}`, () => go("facility", k))),
      people.map(([c, k]) => link(`Commissioner: ${c.name}`, () => go("commissioner", k))),
      labs.map(([l, k]) => link(`Lab: ${l.title}`, () => go("lab", k)))));
}

const link = (text, act) => h("li", { key: text }, h("button", { type: "button", class: "link", onclick: act }, text));

function bidWords(bid, i) {
  if (bid.size[i] > 0) return `it applies for ${money(bid.size[i])}.`;
  return bid.able[i] ? "it could apply and does not: a site would not be worth it." : "its bid is not ready, or it has no site with power left or money to match.";
}

function voteWhy(vote, ballot, i, name, dissent) {
  const d = vote.decision[i];
  const said = d > 0 ? "yes" : d < 0 ? "no" : "abstain";
  const u = vote.utility[i];
  const r = vote.reservation[i];
  const verb = said === "abstain" ? "abstains" : `votes ${said}`;
  const why = said === "yes"
    ? `The offer is worth ${money(u)} to it. Less than ${money(r - dissent)} and it would say no.`
    : `The offer is worth ${money(u)} to it. It wants ${money(r)}${dissent > 0 ? `, less the ${money(dissent)} that a no costs it` : ""}: it lacks ${money(vote.needed[i])}.`;
  const tipped = ballot && ballot.pivotal.includes(i) ? "Its vote alone would have turned the result." : "Its vote alone would not have changed the result.";
  return h("div", { key: "vote", class: "vote-why" },
    h("p", { class: `verdict ${said}` }, `${name} ${verb}, ${season(vote.quarter)}`),
    h("p", {}, why),
    termBars(vote, i, dissent),
    h("p", { class: "pivot" }, tipped));
}

function termBars(decision, i, dissent) {
  const rows = Object.entries(decision.terms).map(([name, values]) => [TERMS[name] || plain(name), values[i] ?? 0]).filter(([, v], k) => Math.abs(v) > 5e-7 || k < 2);
  rows.push(["All together", decision.utility[i] ?? 0]);
  const wants = decision.reservation[i] ?? 0;
  const parts = dissent > 0 ? [["Without the plan it would have", wants], ["What a no costs it", -dissent]] : [];
  const marks = [...parts, ["It says yes from", wants - dissent]];
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
    ["Contract", f.contracted ? `${season(f.contracted)}, after ${f.years_to_contract.toFixed(1)} years` : "never"],
    ["At work", f.operational ? `${season(f.operational)}, ${f.years_to_open.toFixed(1)} years after the choice` : "never"],
    ["Cost", money(f.spend_eur_bn)],
    ["AI chips", brief(Math.round(f.accelerators))],
    ["Power", `${f.power_mw.toFixed(f.power_mw < 10 ? 1 : 0)} MW of ${f.headroom_mw.toFixed(0)} MW at hand`],
    ["A big job fails every", hours(f.hours_between_failures)],
    ["Wait for someone who may act", hours(f.person_wait_h)],
    ["A broken part is back after", hours(f.repair_h)],
    ["Time that moves the work on", percent(f.goodput)],
  ];
  if (f.pledged_eur_bn > 0) facts.splice(facts.findIndex(([name]) => name === "AI chips"), 0, ["Pledged by labs", money(f.pledged_eur_bn)]);
  return h("div", { key: `facility${i}` }, h("h2", {}, f.city),
    h("p", {}, h("button", { type: "button", class: "link", onclick: () => go("state", f.state) }, place.name), f.cancelled ? " · dropped before a contract" : ""),
    h("dl", { class: "facts" }, facts.flatMap(([name, value]) => [h("dt", { key: `t${name}` }, name), h("dd", { key: `d${name}` }, value)])),
    lateness(f));
}

const CAUSES = { award_years: "Tender and award", retender_years: "New tender", litigation_years: "In court", building_years: "Building" };

/** Why a site is late, or early: what each part of its delivery took beyond the plan, as bars that add up. */
function lateness(f) {
  if (f.cancelled) return null;
  const parts = Object.entries(CAUSES).map(([name, text]) => [text, f.delay[name] - (f.planned[name] ?? 0)]).filter(([, years]) => Math.abs(years) >= 0.005);
  const late = parts.reduce((sum, [, years]) => sum + years, 0);
  const planned = f.planned.award_years + f.planned.building_years;
  const word = late < 0 ? "early" : "late";
  const most = Math.max(0.01, ...parts.map(([, years]) => Math.abs(years)), Math.abs(late));
  const low = Math.min(0, late, ...parts.map(([, years]) => years));
  const span = Math.max(0, late, ...parts.map(([, years]) => years)) - low || most;
  const row = ([name, years], kind) => h("div", { key: name, class: `term ${kind}`, role: "listitem" }, h("span", { class: "name" }, name), h("span", { class: "value" }, signed(years)),
    h("span", { class: "track" }, h("i", { class: years > 0 ? "minus" : "plus", style: `left:${(100 * (Math.min(0, years) - low)) / span}%;width:${(100 * Math.abs(years)) / span}%` }), h("b", { style: `left:${(-100 * low) / span}%` })));
  return h("section", { key: "late", class: "late" },
    h("h3", {}, `Why it is ${word}`),
    h("p", {}, `Planned: ${planned.toFixed(1)} years from the choice to work. It took ${(planned + late).toFixed(1)}: ${Math.abs(late).toFixed(1)} years ${word}.`),
    h("div", { class: "terms", role: "list" }, parts.map((part) => row(part, "")), row(["All together", late], "sum")),
    f.delay.grid_years > 0 && h("p", { key: "grid" }, `The grid takes another ${f.delay.grid_years.toFixed(1)} years until all its chips have power.`));
}

const signed = (years) => `${years < 0 ? "−" : "+"}${Math.abs(years).toFixed(2)} years`;

const hours = (x) => (x < 1 ? `${Math.round(60 * x)} minutes` : x < 48 ? `${brief(x)} hours` : `${brief(x / 24)} days`);

function commissionerWhy(state, run, i, go) {
  const c = state.geometry.commissioners[i];
  if (!c) return null;
  const place = state.geometry.states[c.state];
  const draft = before(run, state, "draft");
  const lead = state.geometry.lead === i;
  let said = "Commissioners draft nothing under these rules: the Commission has one vote and no plan of its own.";
  if (draft && draft.chosen >= 0) {
    const mine = draft.own_best[i] === draft.chosen ? "It is also the plan this commissioner likes best." : `This commissioner would rather have had another of the ${draft.plans} plans.`;
    said = `${lead ? "Drafts the plan" : draft.endorsed[i] ? "Votes for the draft in the College" : "Votes against the draft in the College"} in ${season(draft.quarter)}. ${mine} Worth of the draft in this commissioner's eyes: ${money(draft.score[i])}; of the favourite: ${money(draft.best_score[i])}.`;
  } else if (draft) said = "The College adopted none of the plans.";
  return h("div", { key: `commissioner${i}` }, h("h2", {}, c.name),
    h("p", {}, h("button", { type: "button", class: "link", onclick: () => go("state", c.state) }, place.name), ` · ${c.portfolio}`), h("p", {}, said));
}

function labWhy(state, run, i, go) {
  const lab = state.geometry.labs[i];
  if (!lab) return null;
  const frame = frameAt(run, state.t);
  const gone = frame.exited_labs.includes(lab.name);
  const vote = before(run, state, "vote");
  const site = vote?.letter_site?.[i] ?? -1;
  const letter = site >= 0 ? `Offers ${money(vote.letter_eur_bn[i])} for access to the site in ${state.geometry.sites[site].city}.` : "No letter of intent: no site on offer beats what it has.";
  return h("div", { key: `lab${i}` }, h("h2", {}, lab.title),
    h("p", {}, lab.home >= 0 ? h("button", { type: "button", class: "link", onclick: () => go("state", lab.home) }, state.geometry.states[lab.home].name) : lab.bloc),
    h("p", {}, `Has ${counted(lab.accelerators, "chip")} of its own and ${money(lab.capital_eur_bn)} a year to spend.`),
    vote && h("p", { key: "letter" }, letter),
    h("p", { class: `verdict ${gone || lab.home < 0 ? "no" : "yes"}` }, gone ? "Has left for a cloud abroad." : lab.home < 0 ? `Does not train in ${state.geometry.union}.` : `Trains in ${state.geometry.union}.`));
}
