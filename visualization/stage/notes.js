// The second window of a talk: notes, a countdown and the next moment. The windows of a browser communicate without a server.

import * as preact from "./preact/preact.mjs";
import { h } from "./paint.js";
import { speak, tr } from "./language.js";
import { KEYS } from "./keys.js";
import { momentOf, notesOf } from "./talk.js";

const CHANNEL = "juste-retour talk";
const HEARD = ["toggle", "forward", "back", "blank", "guess", "second", "third"]; // keys that the notes pass on to the stage
const MINUTE = 60_000;

/** In the window of the stage: send the current moment to the notes and act on keys pressed there. Returns a function that ends this. */
export function tellNotes(store, given) {
  const { state } = store;
  const channel = new BroadcastChannel(CHANNEL);
  const me = crypto.randomUUID?.() ?? `${Math.random()}`;
  let sent = "";
  const tell = (anew = false) => {
    const now = notesOf(state);
    const text = JSON.stringify(now);
    if (!anew && text === sent) return;
    sent = text;
    channel.postMessage({ kind: "now", from: me, now });
  };
  channel.onmessage = ({ data }) => {
    if (data.kind === "hello") tell(true);
    if (data.to !== me || !momentOf(state)) return;
    if (data.kind === "press" && HEARD.includes(data.key)) KEYS[data.key].act(given);
    if (data.kind === "clock" && state.began === null) store.set({ began: data.began });
  };
  store.watch(() => tell());
  return () => channel.close();
}

/** Start the notes in an element. Returns `hear` and `stop`, as the live page does. */
export function startNotes(place) {
  const channel = new BroadcastChannel(CHANNEL);
  let stage = null;
  let now = null;
  let clock = null; // start time of the talk, for a stage that is reloaded
  const press = (key) => channel.postMessage({ kind: "press", to: stage, key });
  const draw = () => preact.render(h("main", { class: "page notes", "data-moment": now ? now.at + 1 : "" }, now ? drawNotes(now, press) : waiting()), place);
  channel.onmessage = ({ data }) => {
    if (data.kind !== "now" || (data.now === null && data.from !== stage)) return;
    if (clock && data.now && data.now.began === null && data.now.title === clock.title && data.from !== stage) channel.postMessage({ kind: "clock", to: data.from, began: clock.began });
    [stage, now] = [data.from, data.now];
    speak(now?.lang);
    if (now?.began) clock = { title: now.title, began: now.began };
    draw();
  };
  const hear = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const key = HEARD.find((name) => KEYS[name].keys.includes(e.key.length === 1 ? e.key.toLowerCase() : e.key));
    if (!key || !now || (e.key === " " && e.target.closest("button"))) return;
    e.preventDefault();
    press(key);
  };
  window.addEventListener("keydown", hear);
  document.title = "Notes · juste retour";
  const timer = setInterval(draw, 1000);
  channel.postMessage({ kind: "hello" });
  draw();
  return {
    hear: () => {},
    stop() {
      clearInterval(timer);
      window.removeEventListener("keydown", hear);
      channel.close();
    },
  };
}

const waiting = () => [h("h1", { key: "title" }, tr("Notes")),
  h("p", { key: "how" }, tr("No talk is running. Start the app with --talk and a talk file, open it in another window of this browser, and press K there."))];

/** Minutes and seconds, with a minus sign for overtime. */
function minutesOf(ms) {
  const s = Math.round(Math.abs(ms) / 1000);
  return `${ms < -500 ? "−" : ""}${Math.floor(s / 60)}:${`${s % 60}`.padStart(2, "0")}`;
}

function drawNotes(now, press) {
  const time = Date.now();
  const left = now.began === null ? now.planned * MINUTE : now.began + now.planned * MINUTE - time;
  const here = now.began === null ? now.minutes * MINUTE : now.entered + now.minutes * MINUTE - time;
  const late = now.began === null ? 0 : Math.max(time - now.began - (now.before + now.minutes) * MINUTE, 0);
  const doing = { asking: now.question ? "The audience guesses. Next: run." : "Next: run.", setting: "Preparing the runs.", running: "Running.", told: "Next: continue." }[now.phase];
  return [
    h("header", { key: "clock", class: "clock" },
      h("p", { key: "left" }, h("strong", { "data-left": Math.round(left / 1000), class: left < 0 ? "over" : "" }, minutesOf(left)), tr(" of {n} minutes left", { n: `${now.planned}` })),
      h("p", { key: "here" }, h("strong", { class: here < 0 ? "over" : "" }, minutesOf(here)), tr(" of {n} for this moment", { n: `${now.minutes}` })),
      h("p", { key: "late" }, now.began === null ? tr("The clock starts with the first key press.") : late > 0 ? tr("{time} late", { time: minutesOf(late) }) : tr("On time"))),
    h("h1", { key: "title" }, `${tr("{n} of {all}", { n: now.at + 1, all: now.of })} · ${now.name}`, now.blank && h("em", {}, tr(" · screen blank"))),
    h("p", { key: "doing", class: "doing", "data-phase": now.phase }, tr(doing)),
    now.say && h("p", { key: "say" }, h("b", {}, tr("On the stage: ")), now.say),
    now.question && h("div", { key: "question" }, h("p", {}, h("b", {}, tr("Asked: ")), now.question),
      h("ol", {}, now.options.map((text, k) => h("li", { key: text, class: k === now.right ? "right" : "" }, text, k === now.guess ? tr(" (guessed)") : "", k === now.right ? " ✓" : "")))),
    now.notes.split(/\n\s*\n/).map((text, k) => h("p", { key: `notes${k}`, class: "said" }, text)),
    now.phase === "told" && now.tell && h("p", { key: "tell" }, h("b", {}, tr("Told: ")), now.tell),
    h("p", { key: "next", class: "next" }, now.next ? [h("b", {}, tr("Then: ")), `${now.next.name}. ${now.next.say}`] : tr("This is the end of the talk.")),
    h("p", { key: "keys", class: "nav" },
      h("button", { type: "button", "data-press": "back", onclick: () => press("back") }, tr("← Back")),
      h("button", { type: "button", "data-press": "blank", onclick: () => press("blank") }, tr(now.blank ? "Show the screen" : "Blank the screen")),
      h("button", { type: "button", class: "main", "data-press": "forward", onclick: () => press("forward") }, tr("Next →"))),
  ];
}
