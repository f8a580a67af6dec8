// The audience's panel on the presenter's page: how phones join, the question, and the answers.

import { h, width, words } from "./paint.js";
import { decimal, sentence, tr } from "./language.js";
import { unit } from "./stage.js";
import { roomSide, votedBefore } from "./room.js";
import { voteOf } from "./store.js";
import { drawVotes, thresholdBars } from "./votes.js";
import { ALARM, INK, SOFT, YES, counted, season, type } from "./words.js";

const GUESSED = { years_behind: "Guess: years behind", sites: "Guess: sites", price_of_politics: "Guess: price of politics" };

/** The audience's panel. */
export function drawAudience(state, store, director) {
  const { audience, catalog } = state;
  const { qr, short } = catalog.audience;
  const told = audience ?? { phones: 0, number: 0, open: false };
  return [
    h("h2", { key: "title" }, tr("Audience")),
    h("button", { key: "invite", type: "button", class: `invite${state.invite ? " large" : told.number ? " small" : ""}`, "aria-pressed": `${state.invite}`, "aria-label": `${short}: ${tr(state.invite ? "QR code, smaller" : "QR code, larger")}`, onclick: () => store.set({ invite: !state.invite }) },
      h("img", { src: qr, alt: "" }), h("strong", {}, short)),
    h("p", { key: "phones", class: "phones", "data-phones": told.phones }, counted(told.phones, "{n} phone in the room.", "{n} phones in the room."), told.shared > 1 ? ` ${tr("{n} share one network address: one router, or one device with several windows.", { n: told.shared })}` : "", told.number ? "" : ` ${tr("Join its network and scan the code, or type the address.")}`),
    told.number > 0 && h("section", { key: "question", class: "asked", "data-open": `${told.open}`, "data-answers": told.answers }, drawAsked(state, told, director)),
    !told.open && h("h3", { key: "next" }, tr("Ask the audience")),
    !told.open && h("div", { key: "acts", class: "acts" }, offers(state, director)),
  ];
}

/** Buttons for the questions about the run shown. */
function offers(state, director) {
  const side = roomSide(state);
  const run = state.runs[side];
  if (!run) return [];
  const guesses = Object.entries(GUESSED).map(([what, text]) => h("button", { key: what, type: "button", "data-ask": what, onclick: () => director.audience("guess", { what }) }, tr(text)));
  const ballot = coming(run, state.t);
  if (ballot === null) return [...guesses, h("small", { key: "nobody" }, tr("Nobody votes in this run."))];
  return [...guesses, h("button", { key: "vote", type: "button", "data-ask": "vote", onclick: () => director.audience("vote", { ballot, specs: [votedBefore(state.specs[side], run.ballots[ballot].quarter)] }) }, tr("Vote: {season}", { season: season(run.ballots[ballot].quarter) }))];
}

/** The ballot of the quarter shown, otherwise the next one or the last one; null if the run has no ballot. */
export function coming(run, t) {
  const next = run.frames.slice(t).find((frame) => frame.voting);
  return next ? next.ballot : run.ballots.length ? run.ballots.length - 1 : null;
}

function drawAsked(state, told, director) {
  return [
    told.title && h("p", { key: "of", class: "about" }, told.title),
    h("p", { key: "text" }, h("strong", {}, sentence(told.text))),
    h("p", { key: "answers" }, tr("{answers} from {phones}.", { answers: counted(told.answers, "{n} answer", "{n} answers"), phones: counted(told.phones, "{n} phone", "{n} phones") })),
    told.open && h("button", { key: "close", type: "button", class: "main", "data-ask": "close", onclick: () => director.audience("close") }, tr("Close the question")),
    told.result.length > 0 && h("p", { key: "result", class: "verdict", role: "status" }, sentence(told.result)),
    !told.open && told.ballot && onward(state, told, director),
    told.ballot && drawRoomVote(state, told),
    told.histogram && drawGuesses(state, told.histogram),
  ];
}

/** The button that lets the room's result happen, in the run or the reform that it was asked about. */
function onward(state, { ballot, voted }, director) {
  const act = (text, does) => h("p", { key: "onward" }, h("button", { type: "button", class: "main", "data-ask": "onward", onclick: does }, tr(text)));
  if (ballot.parts) return ballot.passed && act("Run the reform that the room adopted", () => director.reform(ballot.parts));
  const side = roomSide(state);
  if (!voted.length || !state.runs[side]?.ballots.some((b) => b.quarter === ballot.quarter)) return null;
  const votes = Object.fromEntries(voted.map((i) => [state.geometry.states[i].code, voteOf(ballot, i)]));
  return act("Run on with the room’s votes", () => director.runOn(side, ballot.quarter, votes));
}

/** The bars of the vote with the audience's votes and, after closing, with the model's. */
function drawRoomVote(state, told) {
  const { states } = state.geometry;
  if (!states[told.ballot.yes.concat(told.ballot.no, told.ballot.abstain).length - 1]) return null; // the map has changed to another union
  const bar = (name, ballot) => [h("h3", { key: `${name}-name` }, name), ballot.parts ? h("div", { key: `${name}-bars`, "data-passed": ballot.passed }, thresholdBars(ballot, state)) : paneled(name, state, told.open ? 10.6 : 6.2, (box, u) => drawVotes(state, { ballots: [ballot], frames: [{ ballot: 0 }], proposer: "" }, box, u, !told.open))];
  const codes = (told.otherwise ?? []).map((i) => states[i].code).join(", ");
  return [
    h("p", { key: "voted" }, `${counted(told.voted.length, "{n} state voted by phone.", "{n} states voted by phone.")} ${tr(told.open ? "States that nobody plays vote as in the model; the others count as abstaining until they vote." : "All others vote as in the model.")}`),
    bar(tr("The room"), told.ballot),
    told.model && bar(tr("The model"), told.model),
    told.model && h("p", { key: "otherwise" }, codes ? tr("Votes that differ from the model: {states}.", { states: codes }) : tr("All states voted as in the model.")),
  ];
}

/** A histogram of the guesses, with their median and the model's value. */
function drawGuesses(state, { low, width: step, counts, median, model, step: by, unit: what }) {
  return paneled("guesses", state, 13, (box, u) => {
    const size = type(u, 0.8);
    const most = Math.max(1, ...counts);
    const base = box.h - size * 1.6;
    const wide = box.w / counts.length;
    const x = (value) => ((value - low) / step) * wide;
    const name = (value, text, y, fill, key) => {
      const half = width(text, size, 700) / 2;
      return [h("line", { key: `${key}-line`, x1: x(value), x2: x(value), y1: y + size * 0.3, y2: base, stroke: fill, "stroke-width": 3, "stroke-dasharray": key === "median" ? "2 4" : null }),
        words(text, Math.max(half, Math.min(box.w - half, x(value))), y, { key, size, weight: 700, anchor: "middle", fill })];
    };
    const said = (value) => (by < 1 ? decimal(value, 1) : `${value}`);
    const edge = (k) => `${Number((low + k * step).toFixed(1))}`;
    return h("g", { key: "guesses", class: "guesses", "data-model": model, "data-median": median ?? "" },
      counts.map((n, k) => h("rect", { key: k, x: k * wide + 1, width: Math.max(1, wide - 2), y: base - (n / most) * (base - size * 4), height: (n / most) * (base - size * 4), fill: YES, stroke: INK })),
      h("line", { key: "base", x1: 0, x2: box.w, y1: base, y2: base, stroke: INK }),
      words(edge(0), 0, base + size * 1.2, { key: "low", size, fill: SOFT }),
      words(`${edge(counts.length)} ${tr(what)}`, box.w, base + size * 1.2, { key: "high", size, fill: SOFT, anchor: "end" }),
      median !== null && name(median, `${tr("The room")} ${said(median)}`, size, INK, "median"),
      name(model, `${tr("The model")} ${said(model)}`, size * 2.5, ALARM, "model"));
  });
}

/** A drawing in the panel, `lines` lines of text high, with attributes that say what it is. */
export function paneled(key, state, lines, draw, said = { role: "img", "aria-label": key }) {
  const u = unit(state);
  const box = { x: 0, y: 0, w: type(u) * 23, h: type(u, 0.8) * lines };
  return h("svg", { key, class: "drawn", ...said, viewBox: `0 0 ${box.w} ${box.h}` }, draw(box, u));
}
