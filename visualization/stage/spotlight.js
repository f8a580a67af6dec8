// The spotlight: all but one region of the stage is dimmed.

const REGION_NAMES = ["caption", "map", "number", "money", "adds", "race", "votes", "answer", "differences", "spreads"]; // their classes in the drawing

/** The region after another one among those on the stage; after the last, none. */
export function nextRegion(now) {
  const there = REGION_NAMES.filter((name) => document.querySelector(`svg.stage .scene .${name}`));
  return there[there.indexOf(now) + 1] ?? null;
}

/** A style that dims whatever is neither the region nor around it. */
export const dimming = (name) => `.stage .scene > :not(.${name}):not(:has(.${name})), .stage .scene > .side > :not(.${name}) { opacity: .12; }`;
