// The room's votes in a run: whose run they are about, and where the map shows them.

import { frameAt } from "./store.js";

/** The side about whose run the room is asked: that in which it has voted already, otherwise the first. */
export const roomSide = (state) => Number(Boolean(state.compare && state.runs[1] && state.specs[1].changes.votes));

/** A scenario with the votes that were given before a quarter. */
export function votedBefore({ base, changes: { votes = {}, ...changes } }, quarter) {
  const kept = Object.entries(votes).filter(([when]) => when < quarter);
  return { base, changes: kept.length ? { ...changes, votes: Object.fromEntries(kept) } : changes };
}

/** The ballot of the room for the map of a run: while the phones vote, and afterwards in its quarter. */
export function roomBallot(state, run) {
  const ballot = state.panel === "audience" && state.audience?.ballot;
  if (!ballot || run !== state.runs[ballot.parts ? 0 : roomSide(state)]) return null;
  return ballot.parts || state.audience.open || ballot.quarter === frameAt(run, state.t).quarter ? ballot : null;
}
