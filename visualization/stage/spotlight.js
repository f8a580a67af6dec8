// The spotlight: one region of the stage is highlighted by dimming the others.

const REGION_NAMES = ["caption", "map", "number", "money", "adds", "race", "votes", "answer", "differences", "spreads"]; // their classes in the drawing

/** The region after `now` among those on the stage; null after the last. */
export function nextRegion(now) {
  const there = REGION_NAMES.filter((name) => document.querySelector(`svg.stage .scene .${name}`));
  return there[there.indexOf(now) + 1] ?? null;
}

/** A style sheet that dims everything except the region and its ancestors. */
export const dimming = (name) => `.stage .scene > :not(.${name}):not(:has(.${name})), .stage .scene > .side > :not(.${name}) { opacity: .12; }`;
