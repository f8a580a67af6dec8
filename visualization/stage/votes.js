// The last vote: proposer, votes, thresholds, and the states that could have changed the result.

import { askWidth, fitting, h, pressable, whole, width, words } from "./paint.js";
import { KEYS, keyed } from "./keys.js";
import { ALARM, INK, NO, SOFT, YES, color, counted, season, type } from "./words.js";
import { decimal, numbered, sentence, tr } from "./language.js";
import { ballotAt, otherVotes, voteOf } from "./store.js";

/** The last vote up to the time shown, within a box; a click opens its panel. */
export function drawVotes(state, run, box, u, short = false, ask = null, store = null) {
  const ballot = ballotAt(state, run);
  const size = type(u, 0.8);
  const parts = [];
  let y = box.y + size;
  const line = (text, style = {}, x = box.x) => {
    parts.push(words(text, x, y, { key: `l${parts.length}`, size, ...style }));
    y += size * 1.3;
  };
  if (!ballot) {
    const nobody = run.ballots.length === 0;
    line(tr(nobody ? "Nobody votes" : "No vote yet"), { weight: 700 });
    parts.push(words(sentence(run.proposer), box.x, y, { key: "who", size, fill: SOFT, lines: 2 }, box.w));
    return h("g", { key: `votes${box.x}`, class: "votes" }, parts);
  }
  const result = resultOf(state, run, ballot);
  const title = fitting([short ? "" : tr("The vote, {season}", { season: season(ballot.quarter) }), tr("The vote")].filter(Boolean), size, box.w - width(result, size, 700) - size, 700);
  parts.push(words(result, box.x + box.w, y, { key: "result", size, weight: 700, anchor: "end", fill: ballot.passed ? color("good") : ALARM }));
  const free = box.w - width(title, size, 700) - width(result, size, 700) - size;
  const asking = ask && askWidth(size) <= free && ask("no", box.x + width(title, size, 700) + size * 0.5, y, size); // drawn above the area that opens the panel
  line(title, { weight: 700 });
  if (!short) {
    parts.push(words(sentence(ballot.proposer), box.x, y, { key: "who", size, fill: SOFT, lines: 1 }, box.w));
    y += size * 1.35;
  }
  for (const test of thresholds(ballot, state).slice(0, short ? 2 : 3)) {
    parts.push(bar(test, ballot, box, y, size, parts.length));
    y += size * 2.25;
  }
  if (!short) {
    const code = (i) => state.geometry.states[i].code;
    const against = ballot.no.length ? tr("Against: {states}.", { states: few(ballot.no.map(code)) }) : "";
    const tip = turned(ballot, code, 0);
    const sites = ballot.coalition.length ? `${tr(ballot.passed ? "Yes and a site" : "Yes, with a site in the plan")}: ${few(ballot.coalition.map(code), 6)}. ` : "";
    const lines = Math.max(1, 1 + Math.floor((box.y + box.h - y) / (size * 1.25)));
    parts.push(words(whole(`${tip} ${sites}${against}`, size, box.w, lines), box.x, y, { key: "tip", size, fill: SOFT, lines }, box.w));
  }
  if (store) {
    parts.push(h("rect", { key: "open", class: "hit", x: box.x, y: box.y, width: box.w, height: box.h, tabindex: 0, role: "button", "aria-label": tr(KEYS.vote.does),
      "aria-keyshortcuts": keyed("vote")["aria-keyshortcuts"], ...pressable(() => KEYS.vote.act({ store, state })) }));
  }
  return h("g", { key: `votes${box.x}`, class: "votes", "data-yes": ballot.yes.length, "data-passed": ballot.passed }, parts, asking);
}

/** The result of a ballot, in the conditional if votes have been changed. */
function resultOf(state, run, { passed }) {
  if (state.panel === "vote" && otherVotes(state, run)?.found) return tr(passed ? "✓ would pass" : "✕ would fail");
  return tr(passed ? "✓ adopted" : "✕ rejected");
}

const several = (sets, code, most, count) => [...sets.slice(0, most).map((set) => set.map(code).join(" + ")), count > most && counted(count - most, "{n} other set", "{n} other sets")].filter(Boolean).join(tr(", or "));

/** A sentence on who could have changed the result: single states, or the smallest sets of states. */
export function turned(ballot, code, most) {
  const { passed, pivotal, turning } = ballot;
  if (pivotal.length) return tr("Each of these alone could have changed the result: {states}.", { states: few(pivotal.map(code)) });
  const { size, tried, sets, count } = turning;
  const which = most > 0 ? `: ${anyOf(ballot) ?? several(sets, code, most, count)}` : "";
  if (size === null) return tried ? counted(tried, "No state could have changed the result.", "No {n} states together could have changed the result.") : tr("The votes did not decide the result.");
  return `${passed ? counted(size, "{n} more no vote would have blocked it", "{n} more no votes would have blocked it") : counted(size, "It lacked {n} yes vote", "It lacked {n} yes votes")}${which}.`;
}

/** A phrase for the case that any set of this size could have changed the result; null otherwise. */
function anyOf({ passed, yes, no, abstain, turning }) {
  const n = passed ? yes.length : no.length + abstain.length;
  let ways = 1;
  for (let k = 1; k <= turning.size; k += 1) ways *= (n - turning.size + k) / k;
  return Math.round(ways) === turning.count && turning.count > 1 ? tr(passed ? "any of the {n} that voted yes" : "any of the {n} that did not", { n }) : null;
}

/** A sentence on the smallest blocking minorities among the states that did not vote yes, after a rejection. */
export function blocked({ blocking }, code, most) {
  if (!blocking || blocking.size === null) return null;
  return `${tr(blocking.count > 1 ? "Smallest blocking minorities" : "Smallest blocking minority")}: ${several(blocking.sets, code, most, blocking.count)}.`;
}

/** The panel of the vote as elements: thresholds, states that could have changed the result, and all votes, which can be changed. */
export function drawBallot(state, store, director = null) {
  const side = state.compare ? state.voteSide || 0 : 0;
  const run = state.runs[side];
  const ballot = run && ballotAt(state, run);
  const sides = state.compare && h("p", { key: "sides", class: "sides" }, ["A", "B"].map((name, k) => h("button", { key: name, type: "button", "aria-pressed": `${k === side}`, onclick: () => store.set({ voteSide: k }) }, tr("Scenario {side}", { side: name }))));
  if (!ballot) return [sides, h("h2", { key: "title" }, tr("The vote")), h("p", { key: "none" }, tr(run?.ballots.length ? "No vote yet" : "Nobody votes"), run && !run.ballots.length ? `. ${sentence(run.proposer)}.` : ".")];
  const other = otherVotes(state, run);
  const { states } = state.geometry;
  const code = (i) => states[i].code;
  return [
    sides,
    h("h2", { key: "title" }, tr("The vote, {season}", { season: season(ballot.quarter) })),
    h("p", { key: "who", class: "about" }, sentence(ballot.proposer)),
    h("p", { key: "result", class: `verdict ${ballot.passed ? "yes" : "no"}`, role: "status" }, tr(other?.found ? (ballot.passed ? "With these votes it would have been adopted." : "With these votes it would have been rejected.") : ballot.passed ? "Adopted" : "Rejected")),
    thresholds(ballot, state).map(track),
    h("p", { key: "turned", class: "turned" }, turned(ballot, code, 6)),
    !ballot.passed && h("p", { key: "blocked" }, blocked(ballot, code, 6)),
    h("h3", { key: "votes" }, tr(director ? "What if they had voted differently?" : "Who voted how")),
    director && h("p", { key: "how", class: "help" }, tr("Click a state here or on the map to change its vote: yes, no, abstain. The votes are counted again by this scenario's voting rule.")),
    other && h("p", { key: "changed", class: "changed" }, `${Object.entries(other.votes).map(([name, way]) => `${name} ${tr(way)}`).join(", ")}. `, h("button", { type: "button", "data-press": "as-it-was", onclick: () => director.recount(side, {}) }, tr("Original votes")), " ",
      h("button", { type: "button", class: "main", "data-press": "run-on", onclick: () => director.runOn(side, ballot.quarter, { ...state.specs[side].changes.votes?.[ballot.quarter], ...other.votes }) }, tr("Run on with these votes"))),
    h("ul", { key: "all", class: "ballot" }, states.map((s, i) => h("li", { key: s.code }, stateVote(s, i, other?.votes[s.code], other?.votes[s.code] ?? voteOf(ballot, i), side, director)))),
  ];
}

const MARKS = { yes: "+", no: "–", abstain: "○" };
const SAYS = { yes: "{name} votes yes", no: "{name} votes no", abstain: "{name} abstains" };

function stateVote(s, i, changed, way, side, director) {
  const text = `${MARKS[way]} ${s.code}`;
  const says = `${text}: ${tr(SAYS[way], { name: tr(s.name) })}`;
  if (!director) return h("span", { class: `vote-${way}`, title: says }, text);
  return h("button", { type: "button", "data-vote": s.code, "data-way": way, class: `vote-${way}${changed ? " moved" : ""}`, title: says, "aria-label": says, onclick: () => director.flip(side, i) }, text);
}

/** The thresholds of a ballot as bars, each once. */
export function thresholdBars(ballot, state) {
  const tests = thresholds(ballot, state);
  return tests.filter((test, k) => tests.findIndex((other) => `${other.needs}` === `${test.needs}`) === k).map(track);
}

/** A threshold as a bar with a mark at the quota. */
function track(test, k) {
  return h("div", { key: `test${k}`, class: "term test" }, h("span", { class: "name" }, [test.text].flat()[0]), h("span", { class: "value" }, test.needs ?? ""),
    h("span", { class: "track" }, h("i", { class: "plus", style: `left:0;width:${100 * Math.min(1, test.share)}%` }), test.quota !== null && h("b", { style: `left:${100 * test.quota}%` })));
}

const few = (codes, most = 8) => (codes.length <= most ? codes.join(", ") : tr("{states} and {n} more", { states: codes.slice(0, most - 1).join(", "), n: codes.length - most + 1 }));

/** The thresholds of the alternative by which the ballot passed, or of the first one; the Commission's vote comes last. */
function thresholds(ballot, state) {
  const n = state.geometry.states.length;
  const ways = new Set(ballot.conditions.map((c) => c.way));
  const whole = [...ways].find((way) => ballot.conditions.every((c) => c.way !== way || c.met)) ?? 0;
  const asked = ballot.conditions.filter((c) => c.way === whole);
  const tests = asked.filter((c) => c.full > 1);
  const union = asked.filter((c) => c.full === 1 && c.says.includes("Commission"))
    .map((c) => ({ share: c.reached, quota: null, met: c.met, text: [tr(c.reached ? "The Commission says yes" : "The Commission says no")], needs: tr("needs {asked}", { asked: tr(c.says) }) }));
  if (!tests.length) {
    return [{ share: ballot.yes.length / n, text: tr("{yes} of {n} states say yes", { yes: ballot.yes.length, n }), quota: null, met: ballot.passed },
      { share: ballot.people_share, text: tr("with {n} % of the people", { n: Math.round(100 * ballot.people_share) }), quota: null, met: ballot.passed }];
  }
  return [...tests.map((c) => {
    const heads = c.full <= n;
    const part = (100 * c.reached) / c.full;
    const share = c.says.match(/^[\d.]+ %(?= of the )/);
    const reached = c.reached === c.full ? "100" : decimal(Math.min(99.9, part), 1);
    const have = heads ? tr("{n} of {all} states", { n: c.reached, all: c.full }) : share ? tr(c.says.replace(/^[\d.]+/, "{n}"), { n: reached }) : `${reached} %`;
    const asked = share && !heads ? numbered(share[0]) : numbered(c.says);
    const wants = c.against ? tr("{asked} could block it", { asked }) : /^no /.test(c.says) ? asked : tr("needs {asked}", { asked });
    return { share: c.reached / c.full, quota: c.quota / c.full, met: c.met, text: [c.against ? tr("{have} against", { have }) : tr("{have} in favor", { have }), have], needs: wants };
  }), ...union];
}

function bar(test, ballot, box, y, size, k) {
  const height = size * 0.72;
  const x = (share) => box.x + share * box.w;
  const text = fitting([test.text].flat(), size, box.w, 600);
  return h("g", { key: `bar${k}` },
    words(text, box.x, y, { key: "text", size, weight: 600 }),
    test.needs && width(text, size, 600) + width(test.needs, size) + size < box.w && words(test.needs, box.x + box.w, y, { key: "needs", size, anchor: "end", fill: SOFT }),
    h("rect", { key: "no", x: box.x, y: y + size * 0.35, width: box.w, height, fill: "url(#hatch-no)", stroke: NO, "stroke-width": 1 }),
    h("rect", { key: "yes", class: "slide", x: box.x, y: y + size * 0.35, width: Math.max(0, test.share * box.w), height, fill: YES, stroke: INK, "stroke-width": 1 }),
    test.quota !== null && h("line", { key: "quota", x1: x(test.quota), x2: x(test.quota), y1: y + size * 0.15, y2: y + size * 0.55 + height, stroke: INK, "stroke-width": 3 }));
}
