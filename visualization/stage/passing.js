// Would it pass? Every package of the parts in which two scenarios differ: what it gains, and how each state would vote.

import { paneled } from "./audience.js";
import { inFavor, namedParts, packageOn, partsOn, passingFor, passingSaid, yearsGained } from "./answer.js";
import { h, pressable, words } from "./paint.js";
import { INK, PAPER, RULE, SIDES, SOFT, WEIGHT, fromTo, money, percent, type } from "./words.js";
import { decimal, tr } from "./language.js";
import { asking } from "./store.js";
import { titleOf } from "./titles.js";
import { thresholdBars } from "./votes.js";
import { TERMS } from "./why.js";

/** The panel as elements. */
export function drawPassing(state, store, director) {
  const head = h("h2", { key: "title" }, tr("Would it pass?"));
  if (asking(state)) return [head, h("p", { key: "guess" }, tr("Guess first."))];
  const { passing: found, done, error } = passingFor(state) ?? { done: 0 };
  const about = h("p", { key: "about", class: "about" }, tr("From “{a}” to “{b}”: each point is a package of parts. A state is in favor if it expects to gain.", { a: titleOf(state, 0), b: titleOf(state, 1) }));
  if (!found) return [head, about, h("p", { key: "pending", role: "status" }, error ?? tr("Computing the packages … {n} %", { n: Math.round(100 * done) }))];
  const p = packageOn(state);
  const turn = (unit) => {
    const now = partsOn(state, found);
    store.set({ on: now.includes(unit[0]) ? now.filter((part) => !unit.includes(part)) : [...now, ...unit] });
  };
  return [
    head, about,
    h("p", { key: "answer", class: "answered" }, passingSaid(state)),
    drawPackages(state, store, found, p),
    h("div", { key: "parts", class: "acts", role: "group", "aria-label": tr("Parts of the reform") }, found.units.map((unit) =>
      h("button", { key: unit[0], type: "button", "data-switch": unit[0], "aria-pressed": `${partsOn(state, found).includes(unit[0])}`, onclick: () => turn(unit) }, namedParts(state, unit)))),
    p && state.catalog.audience && h("p", { key: "room" }, h("button", { type: "button", "data-ask": "reform", onclick: () => { director.audience("reform", { specs: state.specs, parts: p.parts }); store.set({ panel: "audience" }); } }, tr("Let the room vote on it"))),
    p ? shownPackage(state, store, found, p) : h("p", { key: "none" }, tr("Without any part, everything stays as it is.")),
  ];
}

/** Points of all packages, years gained against states in favor; filled if they pass. Arrow keys move from one to the next. */
function drawPackages(state, store, found, p) {
  const n = state.geometry.states.length;
  const order = [...found.packages].sort((a, b) => a.gain_years - b.gain_years);
  const [low, high] = [Math.min(0, order[0].gain_years), Math.max(0.1, order.at(-1).gain_years)];
  const pick = (one) => store.set({ on: one.parts });
  const move = (e) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by || state.talk !== null) return; // in a talk, the arrow keys step
    e.preventDefault();
    const next = order[Math.max(0, Math.min(order.length - 1, order.indexOf(p) + by))];
    pick(next);
    e.currentTarget.querySelectorAll(".package")[order.indexOf(next)].focus();
  };
  const says = tr("{n} packages, of which {passing} would pass.", { n: order.length, passing: order.filter((one) => one.passes).length });
  return paneled("packages", state, 13, (box, u) => {
    const size = type(u, 0.8);
    const [left, base, top] = [size * 2, box.h - size * 2.9, size * 1.9];
    const x = (v) => left + size + ((v - low) / (high - low)) * (box.w - left - 2 * size);
    const y = (v) => base - (v / n) * (base - top);
    const step = high - low > 1.2 ? 0.5 : 0.2;
    const marks = Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, k) => k * step);
    return h("g", { key: "packages", onkeydown: move },
      words(tr("states in favor"), 0, size, { key: "y", size, fill: SOFT }),
      [0, Math.round(n / 2), n].map((v) => [h("line", { key: `r${v}`, x1: left, x2: box.w, y1: y(v), y2: y(v), stroke: RULE }), words(`${v}`, left - size * 0.4, y(v) + size * 0.35, { key: `v${v}`, size, anchor: "end", fill: SOFT })]),
      marks.map((v) => words(decimal(v, 1), x(v), base + size * 1.2, { key: `x${v.toFixed(1)}`, size, anchor: "middle", fill: SOFT })),
      words(tr("years gained; ● would pass"), box.w, base + size * 2.4, { key: "xname", size, anchor: "end", fill: SOFT }),
      order.map((one) => h("circle", {
        key: one.parts.join(), class: "package", "data-package": one.parts.join(), "data-passes": `${one.passes}`, cx: x(one.gain_years), cy: y(one.in_favor), r: size * (one === p ? 0.62 : 0.4),
        fill: one.passes ? SIDES[0] : PAPER, stroke: one === p ? INK : SIDES[0], "stroke-width": one === p ? WEIGHT.strong : WEIGHT.line, tabindex: one === (p ?? order[0]) ? 0 : -1, role: "button", "aria-pressed": `${one === p}`,
        "aria-label": `${namedParts(state, one.parts)}: ${tr("{n} years", { n: yearsGained(one) })}, ${inFavor(state, one)}, ${tr(one.passes ? "would pass" : "would not pass")}`, ...pressable(() => pick(one)),
      }, h("title", {}, namedParts(state, one.parts)))));
  }, { role: "group", "aria-label": `${says} ${passingSaid(state)}` });
}

/** What the package of the switches gains, the votes with their thresholds, and why a state votes as it does. */
function shownPackage(state, store, found, p) {
  const { states } = state.geometry;
  const who = state.who?.kind === "state" ? state.who.index : null;
  const range = fromTo(decimal(p.low, 2), decimal(p.high, 2));
  const lacking = p.passes ? null : p.compensation_eur_bn === null ? tr("No payment to the losers would make it pass.")
    : tr(p.winners_can_pay ? "It lacks {money} for states that lose; those that gain could pay it." : "It lacks {money} for states that lose; those that gain could not pay it.", { money: money(p.compensation_eur_bn) });
  const sure = p.in_draws && tr("It would pass in {share} of {n} draws of all uncertain numbers (95 % interval {range}).", { share: percent(p.in_draws[0]), n: found.draws, range: fromTo(percent(p.in_draws[1]), percent(p.in_draws[2])) });
  return [
    h("p", { key: "result", class: `verdict ${p.passes ? "yes" : "no"}`, role: "status" }, `${tr(p.passes ? "would pass" : "would not pass")}: ${tr("{n} years", { n: yearsGained(p) })}, ${inFavor(state, p)}`),
    h("p", { key: "sure" }, tr("At the default numbers, over {n} runs: {gain} years gained (95 % interval {range}).", { n: found.worlds, gain: decimal(p.gain_years, 2), range }), sure && ` ${sure}`),
    thresholdBars({ ...p, passed: p.passes, yes: p.yes.concat(p.unsure.filter((i) => p.change[i] > 0)), people_share: p.population_in_favor }, state),
    lacking && h("p", { key: "lacking" }, lacking),
    h("p", { key: "why", class: "why-state", "aria-live": "polite" }, who === null ? tr("Click a state here or on the map for its reason.") : reasonOf(state, p, who)),
    h("ul", { key: "all", class: "ballot" }, states.map((s, i) => {
      const [way, mark] = p.unsure.includes(i) ? ["abstain", "○"] : p.yes.includes(i) ? ["yes", "+"] : ["no", "–"];
      return h("li", { key: s.code }, h("button", { type: "button", class: `vote-${way}`, "data-reason": s.code, "data-way": way, "aria-pressed": `${who === i}`, title: reasonOf(state, p, i), onclick: () => store.set({ who: { kind: "state", index: i, side: 0 } }) }, `${mark} ${s.code}`));
    })),
  ];
}

/** Why a state votes as it does on a package: its change, and the terms of its payoff that move most. */
function reasonOf(state, p, i) {
  const values = { name: tr(state.geometry.states[i].name), money: money(Math.abs(p.change[i])) };
  const sign = (v) => `${v < 0 ? "−" : "+"}${money(Math.abs(v))}`;
  const terms = Object.entries(p.terms).map(([name, column]) => [TERMS[name] ? tr(TERMS[name]) : name, column[i]]).filter(([, v]) => Math.abs(v) >= 5e-4).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)).slice(0, 3);
  const first = p.unsure.includes(i) ? tr("{name} is undecided: what it expects differs from today by no more than chance ({money}).", values)
    : tr(p.yes.includes(i) ? "{name} is in favor: it expects to gain {money}." : "{name} is against: it expects to lose {money}.", values);
  return [first, ...(terms.length ? [`${terms.map(([name, v]) => `${name} ${sign(v)}`).join("; ")}.`] : [])].join(" ");
}
