// The last vote: who proposed, how many said yes, where the threshold stands, who would have tipped it.

import { askWidth, fitting, h, width, words } from "./paint.js";
import { ALARM, INK, NO, SOFT, YES, season, type } from "./words.js";
import { frameAt } from "./store.js";

/** The panel of the last vote up to the time shown, within a box. */
export function drawVotes(state, run, box, u, short = false, ask = null) {
  const frame = frameAt(run, state.t);
  const ballot = frame.ballot === null ? null : run.ballots[frame.ballot];
  const size = type(u, 0.8);
  const parts = [];
  let y = box.y + size;
  const line = (text, style = {}, x = box.x) => {
    parts.push(words(text, x, y, { key: `l${parts.length}`, size, ...style }));
    y += size * 1.3;
  };
  if (!ballot) {
    const nobody = run.ballots.length === 0;
    line(nobody ? "Nobody votes" : "No vote yet", { weight: 700 });
    parts.push(words(run.proposer, box.x, y, { key: "who", size, fill: SOFT, lines: 2 }, box.w));
    return h("g", { key: `votes${box.x}`, class: "votes" }, parts);
  }
  const result = ballot.passed ? "✓ adopted" : "✕ rejected";
  const title = short ? "The vote" : `The vote, ${season(ballot.quarter)}`;
  parts.push(words(result, box.x + box.w, y, { key: "result", size, weight: 700, anchor: "end", fill: ballot.passed ? "var(--good, #1b6b3a)" : ALARM }));
  const free = box.w - width(title, size, 700) - width(result, size, 700) - size;
  parts.push(ask && askWidth(size) <= free && ask("no", box.x + width(title, size, 700) + size * 0.5, y, size));
  line(title, { weight: 700 });
  if (!short) {
    parts.push(words(ballot.proposer, box.x, y, { key: "who", size, fill: SOFT, lines: 1 }, box.w));
    y += size * 1.35;
  }
  for (const test of thresholds(ballot, state).slice(0, short ? 2 : 3)) {
    parts.push(bar(test, ballot, box, y, size, parts.length));
    y += size * 2.25;
  }
  if (!short) {
    const code = (i) => state.geometry.states[i].code;
    const against = ballot.no.length ? `Against: ${few(ballot.no.map(code))}. ` : "";
    const tip = ballot.pivotal.length ? `Could have tipped it: ${few(ballot.pivotal.map(code))}.` : "No state alone could have tipped it.";
    const sites = ballot.coalition.length ? `${ballot.passed ? "Yes and a site" : "Yes, with a site in the plan"}: ${few(ballot.coalition.map(code), 6)}. ` : "";
    parts.push(words(sites + against + tip, box.x, y, { key: "tip", size, fill: SOFT, lines: 2 }, box.w));
  }
  return h("g", { key: `votes${box.x}`, class: "votes", "data-yes": ballot.yes.length, "data-passed": ballot.passed }, parts);
}

const few = (codes, most = 8) => (codes.length <= most ? codes.join(", ") : `${codes.slice(0, most - 1).join(", ")} and ${codes.length - most + 1} more`);

/** The way in which it passed, or else the first, as shares; the Commission's own yes is a word, not a bar. */
function thresholds(ballot, state) {
  const n = state.geometry.states.length;
  const ways = new Set(ballot.conditions.map((c) => c.way));
  const whole = [...ways].find((way) => ballot.conditions.every((c) => c.way !== way || c.met)) ?? 0;
  const tests = ballot.conditions.filter((c) => c.way === whole && c.full > 1);
  if (!tests.length) {
    return [{ share: ballot.yes.length / n, text: `${ballot.yes.length} of ${n} states say yes`, quota: null, met: ballot.passed },
      { share: ballot.people_share, text: `with ${Math.round(100 * ballot.people_share)} % of the people`, quota: null, met: ballot.passed }];
  }
  return tests.map((c) => {
    const heads = c.full <= n;
    const part = (100 * c.reached) / c.full;
    const whole = c.says.match(/^[\d.]+ % (of the .*)$/);
    const have = heads ? `${c.reached} of ${c.full} states` : `${c.reached === c.full ? 100 : Math.min(99.9, part).toFixed(1)} %${whole ? ` ${whole[1]}` : ""}`;
    const asked = whole && !heads ? c.says.replace(` ${whole[1]}`, "") : c.says;
    const wants = c.against ? `${asked} could stop it` : /^no /.test(asked) ? asked : `needs ${asked}`;
    return { share: c.reached / c.full, quota: c.quota / c.full, met: c.met, text: [`${have} ${c.against ? "against" : "in favour"}`, have], needs: wants };
  });
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
