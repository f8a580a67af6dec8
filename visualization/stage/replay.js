// A recorded run in a file of its own: the same stage and player, no server.

import * as preact from "./preact/preact.mjs";
import { h } from "./paint.js";
import { gliding, makeStore } from "./store.js";
import { drawStage, setType } from "./stage.js";
import { drawPlayer } from "./player.js";
import { drawWhy } from "./why.js";
import { listen } from "./keys.js";

function replayed() {
  const { geometry, runs, view } = JSON.parse(document.getElementById("runs").textContent);
  const place = document.getElementById("juste-retour");
  const specs = runs.map((run) => ({ base: run.scenario, changes: {} }));
  const store = makeStore({ geometry, runs, specs, ...view, compare: runs.length > 1 });
  const { state } = store;
  let size = { width: 1024, height: 600 };
  const draw = () => {
    setType(place, state);
    preact.render(
      h("div", { class: `page replay${gliding(state) ? " gliding" : ""}`, "data-ready": true, "data-t": state.t },
        h("main", { key: "stage", class: "hall" }, drawStage(state, store, size)),
        h("footer", { key: "player", class: "player" }, drawPlayer(state, store)),
        state.panel === "why" && h("aside", { key: "panel", class: "panel why" },
          h("button", { key: "close", type: "button", class: "close", "aria-label": "Close", onclick: () => store.set({ panel: null, who: null }) }, "×"), drawWhy(state, store))),
      place,
    );
  };
  store.watch(draw);
  listen(store, null, null);
  draw();
  const resized = new ResizeObserver(([hall]) => {
    size = hall.contentRect;
    store.set({});
  });
  resized.observe(place.querySelector(".hall"));
}

replayed();
