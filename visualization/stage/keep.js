// Keeps the settings from before a tour or a talk, and restores them.

const KEPT_KEYS = ["specs", "seed", "world", "compare", "many", "big", "speed", "clean", "t"];

/** A keeper of a store's settings: `keep` stores them, `restore` brings them back. */
export function makeKeeper(store, director) {
  const { state } = store;
  let kept = null;
  const running = ({ specs, seed, world, compare }) => JSON.stringify([specs, seed, world, compare]); // the settings that determine the runs
  return {
    keep() {
      kept ??= structuredClone(Object.fromEntries(KEPT_KEYS.map((key) => [key, state[key]])));
    },
    /** Restore all settings. If the visitor has changed the scenarios (`own`), keep these and restore only the rest. */
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
