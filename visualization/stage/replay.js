// A recorded run in a single file: the same stage and player, without a server.

import * as preact from "./preact/preact.mjs";
import { h } from "./paint.js";
import { gliding, makeStore } from "./store.js";
import { speak, tr } from "./language.js";
import { drawStage, setType } from "./stage.js";
import { drawPlayer } from "./player.js";
import { drawWhy } from "./why.js";
import { drawBallot } from "./votes.js";
import { drawHelp, keyed, listen, KEYS } from "./keys.js";

const PANELS_OF_REPLAY = { why: "Why?", vote: "The vote", help: "Keys" };

function replayed() {
  const { geometry, runs, view } = JSON.parse(document.getElementById("runs").textContent);
  const place = document.getElementById("juste-retour");
  const specs = runs.map((run) => ({ base: run.scenario, changes: {} }));
  const store = makeStore({ geometry, runs, specs, ...view, compare: runs.length > 1 });
  const { state } = store;
  let size = { width: 1024, height: 600 };
  const draw = () => {
    speak(state.lang, state.geometry);
    setType(place, state);
    const panel = PANELS_OF_REPLAY[state.panel] ? state.panel : null;
    preact.render(
      h("div", { class: `page replay${gliding(state) ? " gliding" : ""}${panel ? " paneled" : ""}`, "data-ready": true, "data-t": state.t },
        h("header", { key: "bar", class: "bar" }, head(state, store)),
        h("main", { key: "stage", class: "hall" }, drawStage(state, store, size)),
        h("footer", { key: "player", class: "player" }, drawPlayer(state, store)),
        panel && h("aside", { key: "panel", class: `panel ${panel}`, tabindex: -1, "aria-label": tr(PANELS_OF_REPLAY[panel]) },
          h("button", { key: "close", type: "button", class: "close", "aria-label": tr("Close"), ...keyed("close"), onclick: () => store.set({ panel: null, who: null }) }, "×"),
          panel === "why" ? drawWhy(state, store) : panel === "vote" ? drawBallot(state, store) : drawHelp(state, false))),
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

/** The title and the button for the list of keys. */
function head(state, store) {
  const [a, b] = state.titles;
  return [
    h("h1", { key: "name" }, "juste ", h("em", {}, "retour")),
    h("p", { key: "title", class: "who" }, b ? tr("A recorded run: {a} against {b}", { a, b }) : tr("A recorded run: {a}", { a })),
    h("span", { key: "space", class: "space" }),
    h("button", { key: "help", type: "button", "data-press": "help", ...keyed("help"), "aria-label": tr(KEYS.help.does), "aria-pressed": `${state.panel === "help"}`, onclick: () => KEYS.help.act({ store, state }) }, "?"),
  ];
}

replayed();
