// The live page: puts the parts of the page together and exchanges messages with the server.

import * as preact from "./preact/preact.mjs";
import { h } from "./paint.js";
import { address, fromAddress, gliding, makeStore, shown, frameAt } from "./store.js";
import { speak, sentence, tr } from "./language.js";
import { drawStage, setType } from "./stage.js";
import { titleOf } from "./titles.js";
import { opensWith } from "./opening.js";
import { drawQuestions } from "./questions.js";
import { drawPlayer } from "./player.js";
import { drawBar } from "./bar.js";
import { drawWhy } from "./why.js";
import { drawRules } from "./rules.js";
import { drawAudience } from "./audience.js";
import { drawBallot } from "./votes.js";
import { drawPassing } from "./passing.js";
import { drawTour, makeTour } from "./tour.js";
import { drawTalk, makeTalk } from "./talk.js";
import { startNotes, tellNotes } from "./notes.js";
import { dimming } from "./spotlight.js";
import { drawHelp, keyed, listen } from "./keys.js";
import { makeDirector } from "./director.js";
import { learn, season, years } from "./words.js";

const PANELS = { why: "Why?", rules: "Rules and numbers", vote: "The vote", help: "Questions and keys", audience: "Audience", passing: "Would it pass?" };

/** Start the page in an element. Returns `hear`, which takes answers, and `stop`. `served` is the page's name at the server; without it, it makes no HTTP requests. */
export function start(place, geometry, catalog, ask, served = "") {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "/stage/stage.css";
  if (served) document.head.append(style);
  speak(new URLSearchParams(window.location.search).get("lang"));
  if (new URLSearchParams(window.location.search).has("notes")) return startNotes(place);
  learn(catalog);
  const { when, ...asked } = fromAddress(window.location.search, catalog);
  if (asked.who && asked.panel !== "passing") asked.panel = "why";
  const store = makeStore({ geometry, catalog, ...asked });
  const director = makeDirector(store, ask, goOn);
  const tour = makeTour(store, director);
  const talk = makeTalk(store, director);
  const { state } = store;
  let size = { width: 1024, height: 600 };
  let open = null;
  let came = null;

  /** Reload the page from its address if the server does not know it: it has restarted, or the connection was gone for long. */
  async function goOn() {
    if (!served || !(await forgotten(served))) return;
    if (state.runs.length) window.history.replaceState(null, "", address(state));
    window.location.reload();
  }

  function draw() {
    speak(state.lang, state.geometry);
    setType(place, state);
    const panel = PANELS[state.panel] ? state.panel : null;
    const before = document.activeElement;
    preact.render(
      h("div", { class: `page${gliding(state) ? " gliding" : ""}${state.big ? " big" : ""}${state.tour !== null ? " touring" : ""}${state.clean ? " clean" : ""}${opensWith(state) ? " opens" : ""}${panel ? " paneled" : ""}`, "data-ready": state.runs.length > 0, "data-t": state.t, "data-busy": state.busy },
        h("header", { key: "bar", class: "bar" }, drawBar(state, store, director, talk)),
        h("button", { key: "skip", type: "button", class: "skip", onclick: () => place.querySelector(".player .main")?.focus() }, tr("Skip the map")),
        h("main", { key: "stage", class: "hall" }, drawStage(state, store, size)),
        h("footer", { key: "player", class: "player" }, drawPlayer(state, store)),
        panel && h("aside", { key: "panel", class: `panel ${panel}`, tabindex: -1, "aria-label": tr(PANELS[panel]) },
          h("button", { key: "close", type: "button", class: "close", "aria-label": tr("Close"), ...keyed("close"), onclick: () => store.set({ panel: null, who: null }) }, "×"),
          panel === "why" ? drawWhy(state, store) : panel === "rules" ? drawRules(state, store, director) : panel === "vote" ? drawBallot(state, store, catalog.seeds ? null : director) : panel === "audience" ? drawAudience(state, store, director) : panel === "passing" ? drawPassing(state, store, director) : drawHelp(state, true, drawQuestions(state, store, director))),
        state.tour !== null && h("section", { key: "tour", class: "tour", "aria-label": tr("Tour") }, drawTour(state, store, tour)),
        state.talk !== null && drawTalk(state, store, talk),
        state.spotlight && h("style", { key: "spotlight" }, dimming(state.spotlight)),
        state.blank && h("div", { key: "blank", class: "blank", role: "status" }, h("span", { class: "unseen" }, tr("The screen is blank; press B to show it."))),
        state.notice && h("div", { key: "notice", class: "notice", role: "alert" }, h("span", {}, state.notice), h("button", { type: "button", "aria-label": tr("Dismiss"), onclick: () => store.set({ notice: null }) }, "×")),
        h("p", { key: "live", class: "unseen", "aria-live": "polite" }, state.playing ? "" : summary(state))),
      place,
    );
    if (panel === open) return;
    if (panel && !open) came = before;
    if (panel) place.querySelector(".panel").focus({ preventScroll: true });
    else if (document.activeElement === document.body) came?.focus?.({ preventScroll: true });
    open = panel;
  }

  let link = null;
  store.watch(() => {
    director.compute();
    draw();
    clearTimeout(link);
    link = setTimeout(() => state.runs.length && window.history.replaceState(null, "", address(state)), 250);
  });
  const resized = new ResizeObserver(([hall]) => {
    size = hall.contentRect;
    store.set({});
  });
  const silence = listen(store, director, tour, talk);
  const hush = talk && tellNotes(store, { store, state, director, tour, talk });
  const leave = catchFiles(store, director);
  draw();
  resized.observe(place.querySelector(".hall"));
  if (state.tour === null && state.talk === null) director.renew(() => arrive(store, when));
  else store.set({});
  if (catalog.audience) director.audience("watch");
  return {
    store,
    director,
    hear: director.hear,
    stop() {
      store.stop();
      silence();
      hush?.();
      leave();
      resized.disconnect();
      clearTimeout(link);
      style.remove();
    },
  };
}

/** Whether the server answers that it does not know a page. */
const forgotten = (name) => fetch(`/stage/known?page=${name}`, { cache: "no-store" }).then((found) => found.ok && found.text()).then((said) => said === "no", () => false);

/** Open a file that is dropped on the page. Otherwise the browser would leave the page and show the file. */
function catchFiles(store, director) {
  const stay = (e) => e.preventDefault();
  const open = (e) => {
    e.preventDefault();
    const [file] = e.dataTransfer.files;
    if (file) director.open(file, store.state.compare ? store.state.ruleSide || 0 : 0);
  };
  window.addEventListener("dragover", stay);
  window.addEventListener("drop", open);
  return () => {
    window.removeEventListener("dragover", stay);
    window.removeEventListener("drop", open);
  };
}

/** Go to the quarter given in a link. */
function arrive(store, when) {
  if (!when) return;
  const frames = store.state.runs[0].frames;
  const found = /Q/.test(when) ? frames.findIndex((f) => f.quarter === when) : Number(when);
  if (found >= 0 && found < frames.length) store.go(found);
  else store.set({ notice: tr("The run does not include {when}, to which this link points; it starts at the beginning.", { when }) });
}

/** A sentence for each run on the stage, for screen readers. */
export function summary(state) {
  return shown(state).map((run, side) => {
    const f = frameAt(run, state.t);
    const text = f.years_behind < 0 ? "{n} years ahead of the frontier; {sites} sites chosen, {working} working." : "{n} years behind the frontier; {sites} sites chosen, {working} working.";
    return `${titleOf(state, side)}, ${season(f.quarter)}: ${sentence(f.says)} ${tr(text, { n: years(f.years_behind), sites: f.selected, working: f.working })}`;
  }).join(" ");
}
