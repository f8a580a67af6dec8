// Frequent questions, answered with the numbers of the run on the stage.

import { askWidth, h, pressable, words } from "./paint.js";
import { INK, begun, brief, color, counted, money, ruleOf, season, seasonOf, years } from "./words.js";
import { flop } from "./numbers.js";
import { inReality, realCount, realDates } from "./reality.js";
import { titleOf } from "./titles.js";
import { passingSaid } from "./answer.js";
import { turned } from "./votes.js";
import { sentence, tr } from "./language.js";
import { frameAt, valueOf } from "./store.js";

const QUESTIONS = [
  ["what", "What am I looking at?", (state, run, frame) => [
    tr("The map shows where AI factories go under the rules of “{title}”, quarter by quarter; now it is {season}. A disc is a site and its area is its number of AI chips: dashed when chosen, hatched while it is built, full when it works.", { title: titleOf(state, 0), season: season(frame.quarter) }),
    inReality(state).length > 0 && tr("A diamond is reality: {factories}, selected {when}. No rule reads them, but the authors of the rules knew them. So that places agree is no test of the model.", { factories: realCount(state), when: realDates(state) }),
    tr("This is one run with one random draw, number {n}. “Many runs” shows the spread of 200 draws; “Compare” shows other rules with the same draw.", { n: `${run.seed}` }),
  ]],
  ["money", "Whose money?", (state, run, frame) => [
    `${tr("{money} of public money, the envelope of this scenario.", { money: money(run.envelope_eur_bn) })} ${funding(state)}`,
    tr("In {season}, {committed} of it is committed to sites and {rest} is not.", { season: season(frame.quarter), committed: money(frame.committed_eur_bn), rest: money(run.envelope_eur_bn - frame.committed_eur_bn) }),
    tr("At the end of the run, most has been paid by {payers}; most has been received by {receivers}.", { payers: most(state, run, "paid_eur_bn"), receivers: most(state, run, "received_eur_bn") }),
  ]],
  ["more", "What if there were more money?", (state, run) => [
    `${tr("At the end of the run, {part} of {whole} is left unspent.", { part: money(run.outcome.unspent_eur_bn), whole: money(run.envelope_eur_bn) })} ${tr(run.outcome.unspent_eur_bn > 0.1 * run.envelope_eur_bn ? "These rules do not spend all the available money." : "These rules spend nearly all the available money.")}`,
    run.outcome.price_of_politics !== null && tr(run.outcome.price_of_politics < 0 ? "With the same envelope, a planner would be {n} years further from the frontier." : "With the same envelope, a planner would be {n} years closer to the frontier.", { n: years(run.outcome.price_of_politics) }),
  ]],
  ["limits", "What limits it?", (state, run, frame) => {
    const waves = run.waves.filter((wave) => wave.quarter <= frame.quarter);
    return waves.length ? waves.map(limited) : [tr("No site chosen yet.")];
  }],
  ["no", "Who said no, and would it have mattered?", opposed],
  ["pass", "Would the states agree to a reform?", (state) => [tr("A state agrees if it expects to gain, and each part of a reform needs the vote that its legal basis asks for."), passingSaid(state)]],
  ["labs", "What about private labs?", (state, run) => [
    tr("The number is about machines that the public pays for: those that stood before, and the sites of this program. What a private lab trains on machines of its own or in a cloud does not count, in Europe or abroad."),
    counted(run.outcome.exited_labs, "In this run, {n} lab of the union leaves for a cloud abroad, because it offers more than the public machines.", "In this run, {n} labs of the union leave for a cloud abroad, because it offers more than the public machines."),
  ]],
  ["frontier", "What is the frontier?", (state, run, frame) => [
    tr("The largest training run in the world at a date: the computing operations that go into one model. In {season} it is {flop}{yearly}.", { season: season(frame.quarter), flop: flop(frame.frontier_flop), yearly: yearly(run, state.t) }),
    frame.frontier_was_here === null
      ? tr("No machine in {union} works yet.", { union: tr(state.geometry.union) })
      : tr(frame.years_behind < 0 ? "The largest run in {union} is {flop}. The frontier will be there in {season}: that is what “{n} years ahead” means." : "The largest run in {union} is {flop}. The frontier was there in {season}: that is what “{n} years behind” means.", { union: tr(state.geometry.union), flop: flop(frame.largest_run_flop), season: seasonOf(frame.frontier_was_here), n: years(frame.years_behind) }),
    tr("All machines in {union} together would reach {flop}, but distant machines cannot train one model as well as a single machine.", { union: tr(state.geometry.union), flop: flop(frame.added_up_flop) }),
  ]],
];

const BOUND = {
  choice: ["{n} is as large as was asked for", "{n} are as large as was asked for"], match: ["at {n} the host cannot match more", "at {n} the hosts cannot match more"],
  power: ["{n} lacks power for more", "{n} lack power for more"], tender: ["{n} is as large as the call allows", "{n} are as large as the call allows"], money: ["at {n} the money ends", "at {n} the money ends"],
};

/** A sentence on what limits the sites of a wave, and which states could not apply. */
function limited(wave) {
  const bound = Object.entries(BOUND).filter(([name]) => wave.limits[name]).map(([name, [one, many]]) => counted(wave.limits[name], one, many));
  const without = [wave.late && counted(wave.late, "{n} state has no finished application", "{n} states have no finished application"), wave.unable && counted(wave.unable, "{n} lacks a free site with power, or its own share of the money", "{n} lack a free site with power, or their own share of the money")].filter(Boolean);
  return `${begun(season(wave.quarter))}, ${counted(wave.sites, "{n} site", "{n} sites")}: ${bound.join("; ")}.${without.length ? ` ${begun(without.join("; "))}.` : ""}`;
}

/** The summary of the funding rule. */
function funding(state) {
  const family = state.catalog?.families.find((f) => f.name === "funding");
  return tr(family?.rules.find((rule) => rule.name === ruleOf(valueOf(state, 0, "funding")))?.summary ?? "");
}

/** The three states with most of something, and how much. */
function most(state, run, column) {
  const rows = run.states.map((row, i) => [tr(state.geometry.states[i].name), row[column]]).filter(([, x]) => x > 0).sort(([, a], [, b]) => b - a);
  return rows.length ? rows.slice(0, 3).map(([name, x]) => `${name} (${money(x)})`).join(", ") : tr("nobody");
}

/** Part of a sentence on the growth of the frontier in the year after a quarter. */
function yearly(run, t) {
  const [a, b] = [frameAt(run, t), frameAt(run, t + 4)].map((f) => f.frontier_flop);
  return a && b && t + 4 < run.frames.length ? tr(", and a year later {n} times that", { n: brief(b / a) }) : "";
}

/** Sentences on the last vote: who voted no, how close it was, and who voted no most often in the run. */
function opposed(state, run, frame) {
  const names = (list) => list.map((i) => tr(state.geometry.states[i].name)).join(", ");
  if (!run.ballots.length) return [`${tr("Nobody votes under these rules.")} ${sentence(run.proposer)}.`];
  const ballot = frame.ballot === null ? null : run.ballots[frame.ballot];
  if (!ballot) return [tr("No vote has been held by {season}; the first is in {first}.", { season: season(frame.quarter), first: season(run.ballots[0].quarter) })];
  const no = ballot.no.length ? counted(ballot.no.length, "{n} state said no: {states}.", "{n} states said no: {states}.", { states: names(ballot.no) }) : tr("Nobody said no.");
  const mattered = ballot.pivotal.length
    ? tr("Each of these states alone could have changed the result: {states}.", { states: names(ballot.pivotal) })
    : `${tr("It would not have mattered: no state alone could have changed the result.")} ${turned(ballot, (i) => state.geometry.states[i].code, 3)}`;
  const often = run.states.map((row, i) => [row.no_votes, i]).filter(([n]) => n > 0).sort(([a], [b]) => b - a).slice(0, 3);
  return [`${tr(ballot.passed ? "The vote in {season} was adopted." : "The vote in {season} was rejected.", { season: season(ballot.quarter) })} ${no}`, mattered,
    often.length > 0 && counted(run.ballots.length, "In the whole run, with {n} vote, these states voted no most often: {states}.", "In the whole run, with {n} votes, these states voted no most often: {states}.", { states: often.map(([n, i]) => `${tr(state.geometry.states[i].name)} (${n})`).join(", ") })];
}

/** Returns a function that draws a small button for a question, with its left edge at x; it draws nothing in a replay. */
export const asker = (state, store) => (topic, x, y, size) => {
  if (!state.catalog || state.clean) return null;
  const r = askWidth(size) / 2;
  const question = tr(QUESTIONS.find(([name]) => name === topic)[1]);
  const open = () => store.set({ panel: "help", topic });
  return h("g", { key: `ask-${topic}`, class: "ask", "data-ask": topic, tabindex: 0, role: "button", "aria-label": question, ...pressable(open) },
    h("title", {}, question), h("circle", { cx: x + r, cy: y - size * 0.35, r: r - 1, fill: color("card"), stroke: INK, "stroke-width": 1 }),
    words("?", x + r, y, { size, weight: 700, anchor: "middle" }));
};

/** The questions with their answers; the one that was clicked is open. */
export function drawQuestions(state, store, director) {
  const run = state.runs[0];
  if (!run) return null;
  const frame = frameAt(run, state.t);
  return h("div", { key: `questions-${state.topic ?? ""}`, class: "questions" }, QUESTIONS.map(([topic, question, answer]) =>
    h("details", { key: topic, "data-topic": topic, open: topic === state.topic || (["more", "limits"].includes(topic) && state.topic === "money") },
      h("summary", {}, tr(question)), answer(state, run, frame).filter(Boolean).map((text, k) => h("p", { key: k }, text)),
      topic === "pass" && h("p", { key: "show" }, h("button", { type: "button", "data-press": "pass", onclick: () => store.set({ panel: "passing", topic: null }) }, tr("Would it pass?"))),
      topic === "more" && h("p", { key: "try" }, h("button", { type: "button", "data-press": "more", onclick: () => director.more() }, tr("Run it with twice the envelope"))))));
}
