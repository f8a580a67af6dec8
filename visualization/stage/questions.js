// Five questions that a visitor asks, answered with the numbers of the run on the stage.

import { askWidth, h, pressable, words } from "./paint.js";
import { INK, brief, counted, money, ruleOf, season, seasonOf, years } from "./words.js";
import { flop } from "./numbers.js";
import { inReality, realCount, realDates } from "./reality.js";
import { titleOf } from "./titles.js";
import { frameAt, valueOf } from "./store.js";

const QUESTIONS = [
  ["what", "What am I looking at?", (state, run, frame) => [
    `The map shows where AI factories go under the rules of “${titleOf(state, 0)}”, quarter by quarter; now it is ${season(frame.quarter)}. A disc is a site and its area is its number of AI chips: dashed when chosen, hatched while it is built, full when it works.`,
    inReality(state).length > 0 && `A diamond is reality: ${realCount(state)}, selected ${realDates(state)}. The rules do not know them.`,
    `This is one run with one random draw, number ${run.seed}. “All worlds” shows how 200 draws spread; “Compare” shows other rules with the same draw.`,
  ]],
  ["money", "Whose money?", (state, run, frame) => [
    `${money(run.envelope_eur_bn)} of public money, the envelope of this scenario. ${funding(state)}`,
    `In ${season(frame.quarter)}, ${money(frame.committed_eur_bn)} of it is committed to sites and ${money(run.envelope_eur_bn - frame.committed_eur_bn)} is not.`,
    `At the end of the run, most has been paid by ${most(state, run, "paid_eur_bn")}; most has been received by ${most(state, run, "received_eur_bn")}.`,
  ]],
  ["more", "What if there were more?", (state, run) => [
    `At the end of the run, ${money(run.outcome.unspent_eur_bn)} of ${money(run.envelope_eur_bn)} is left unspent. ${run.outcome.unspent_eur_bn > 0.1 * run.envelope_eur_bn ? "These rules do not place all the money that there is." : "These rules place nearly all the money that there is."}`,
    run.outcome.price_of_politics !== null && `A planner with the same envelope would be ${years(run.outcome.price_of_politics)} years ${run.outcome.price_of_politics < 0 ? "further from" : "nearer"} the frontier.`,
  ]],
  ["no", "Who said no, and would it have mattered?", opposed],
  ["frontier", "What is the frontier?", (state, run, frame) => [
    `The largest training run in the world at a date: the computing operations that go into one model. In ${season(frame.quarter)} it is ${flop(frame.frontier_flop)}${yearly(run, state.t)}.`,
    frame.frontier_was_here === null
      ? `No machine in ${state.geometry.union} works yet.`
      : `The largest run in ${state.geometry.union} is ${flop(frame.largest_run_flop)}. The frontier was there in ${seasonOf(frame.frontier_was_here)}: that is what “${years(frame.years_behind)} years ${frame.years_behind < 0 ? "ahead" : "behind"}” means.`,
    `All machines in ${state.geometry.union} together would come to ${flop(frame.added_up_flop)}, but machines far apart do not train one model as one machine does.`,
  ]],
];

/** Who pays, as the catalogue sums the rule up. */
function funding(state) {
  const family = state.catalogue?.families.find((f) => f.name === "funding");
  return family?.rules.find((rule) => rule.name === ruleOf(valueOf(state, 0, "funding")))?.summary ?? "";
}

/** The three states with most of something, and how much. */
function most(state, run, column) {
  const rows = run.states.map((row, i) => [state.geometry.states[i].name, row[column]]).filter(([, x]) => x > 0).sort(([, a], [, b]) => b - a);
  return rows.length ? rows.slice(0, 3).map(([name, x]) => `${name} (${money(x)})`).join(", ") : "nobody";
}

/** How fast the frontier grows at a quarter of a run. */
function yearly(run, t) {
  const [a, b] = [frameAt(run, t), frameAt(run, t + 4)].map((f) => f.frontier_flop);
  return a && b && t + 4 < run.frames.length ? `, and a year later ${brief(b / a)} times that` : "";
}

/** The last vote: who said no, how far it was from another result, and who said no most often in the run. */
function opposed(state, run, frame) {
  const names = (list) => list.map((i) => state.geometry.states[i].name).join(", ");
  if (!run.ballots.length) return [`Nobody votes under these rules. ${run.proposer}.`];
  const ballot = frame.ballot === null ? null : run.ballots[frame.ballot];
  if (!ballot) return [`No vote has been held by ${season(frame.quarter)}; the first is in ${season(run.ballots[0].quarter)}.`];
  const no = ballot.no.length ? `${counted(ballot.no.length, "state")} said no: ${names(ballot.no)}.` : "Nobody said no.";
  const room = ballot.conditions.filter((c) => !c.against && c.full > 1 && c.full <= state.geometry.states.length).map((c) => c.reached - c.quota);
  const spare = room.length && Math.min(...room) > 0 && ballot.passed ? ` Of states, it had ${Math.min(...room)} more than it needed.` : "";
  const turned = ballot.pivotal.length
    ? `It would have mattered for each of these alone: ${names(ballot.pivotal)}.`
    : `It would not have mattered: no state alone could have turned the result.${spare}`;
  const often = run.states.map((row, i) => [row.no_votes, i]).filter(([n]) => n > 0).sort(([a], [b]) => b - a).slice(0, 3);
  return [`The vote in ${season(ballot.quarter)} was ${ballot.passed ? "adopted" : "rejected"}. ${no}`, turned,
    often.length > 0 && `In the whole run of ${counted(run.ballots.length, "vote")}, no was said most often by ${often.map(([n, i]) => `${state.geometry.states[i].name} (${n})`).join(", ")}.`];
}

/** Draws the small button that opens the answer to a question, its left edge at x; nothing in a replay. */
export const asker = (state, store) => (topic, x, y, size) => {
  if (!state.catalogue || state.clean) return null;
  const r = askWidth(size) / 2;
  const [, question] = QUESTIONS.find(([name]) => name === topic);
  const open = () => store.set({ panel: "help", topic });
  return h("g", { key: `ask-${topic}`, class: "ask", "data-ask": topic, tabindex: 0, role: "button", "aria-label": question, ...pressable(open) },
    h("title", {}, question), h("circle", { cx: x + r, cy: y - size * 0.35, r: r - 1, fill: "var(--card, #fffefb)", stroke: INK, "stroke-width": 1 }),
    words("?", x + r, y, { size, weight: 700, anchor: "middle" }));
};

/** The questions with their answers, the one that was asked open. */
export function drawQuestions(state, store, director) {
  const run = state.runs[0];
  if (!run) return null;
  const frame = frameAt(run, state.t);
  return h("div", { key: `questions-${state.topic ?? ""}`, class: "questions" }, QUESTIONS.map(([topic, question, answer]) =>
    h("details", { key: topic, "data-topic": topic, open: topic === state.topic || (topic === "more" && state.topic === "money") },
      h("summary", {}, question), answer(state, run, frame).filter(Boolean).map((text, k) => h("p", { key: k }, text)),
      topic === "more" && h("p", { key: "try" }, h("button", { type: "button", "data-press": "more", onclick: () => director.more() }, "Run it with twice the envelope")))));
}
