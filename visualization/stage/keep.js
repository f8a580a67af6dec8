// What was on the stage before a tour or a talk, and how it comes back.

const KEPT_KEYS = ["specs", "seed", "world", "compare", "many", "big", "speed", "clean", "t"];

/** Keeps the settings of a store from `keep` until `restore`. */
export function makeKeeper(store, director) {
  const { state } = store;
  let kept = null;
  const running = ({ specs, seed, world, compare }) => JSON.stringify([specs, seed, world, compare]); // what decides which runs there are
  return {
    keep() {
      kept ??= structuredClone(Object.fromEntries(KEPT_KEYS.map((key) => [key, state[key]])));
    },
    /** Bring all back; where a visitor has made the scenarios their own, these stay, and only the rest comes back. */
    restore(own = false) {
      if (!kept) return;
      const { t, specs, seed, world, ...view } = kept;
      const same = running(kept) === running(state) && state.runs.length > 0 && !state.busy;
      kept = null;
      store.pause();
      if (own) return store.set({ speed: view.speed, clean: view.clean, big: view.big });
      store.set({ ...view, spotlight: null });
      if (same) store.go(t);
      else director.change({ specs, seed, world }, { then: () => store.go(t) });
    },
  };
}
