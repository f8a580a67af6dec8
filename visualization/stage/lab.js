// The app as a single file: the live page, with questions answered from stored runs, or by the model in a worker if the
// file includes it.

import { start } from "./app.js";

const ELSEWHERE = "use the live app (juste-retour app)";

/** JSON with lists of objects restored from the columns in which the file stores them. */
function rows(value) {
  if (Array.isArray(value)) return value.map(rows);
  if (value === null || typeof value !== "object") return value;
  const { "": count, ...columns } = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key ? rows(inner) : inner]));
  if (count === undefined) return columns;
  return Array.from({ length: count }, (_, k) => Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column[k]])));
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return rows(JSON.parse(await new Response(stream).text()));
}

/** Returns a function that answers questions from the stored runs. */
function library({ geometry, seeds, parts, passing }) {
  const opened = new Map();

  function part({ base, changes }) {
    const key = [base, ...Object.entries(changes).map(([family, rule]) => `${family}=${rule}`)].join(" ");
    if (!(key in parts)) throw new Error(`This file has each scenario with single changes from the menus, but not “${key}”; ${ELSEWHERE}.`);
    if (!opened.has(key)) opened.set(key, unpacked(parts[key]));
    return opened.get(key);
  }

  async function found(spec) {
    const held = await part(spec);
    if (held.error) throw new Error(held.error);
    return held;
  }

  const answers = {
    async runs({ specs, seed, replicate, map }) {
      const k = seeds.indexOf(seed);
      if (k < 0 || replicate) throw new Error(`This file has the draws ${seeds.at(0)} to ${seeds.at(-1)}; ${ELSEWHERE}.`);
      const runs = (await Promise.all(specs.map(found))).map((held) => held.runs[k]);
      const [first, ...others] = runs.map((run) => `${run.window_end}, ${run.window_years} years`);
      if (others.some((window) => window !== first)) throw new Error(`The two scenarios are compared over different years (to ${first}; to ${others[0]}), and this file cannot align them; ${ELSEWHERE}.`);
      return map === geometry.digest ? { runs } : { runs, geometry };
    },
    async passing({ specs }) {
      if (!specs) return {};
      if (specs.some((spec, k) => spec.base !== passing.pair[k] || Object.keys(spec.changes).length)) throw new Error(`This file has the votes on the way from “${passing.pair[0]}” to “${passing.pair[1]}”; ${ELSEWHERE}.`);
      return { passing };
    },
    toml: async ({ spec }) => ({ text: (await found(spec)).toml }),
  };

  return async function answer({ kind, ...question }) {
    try {
      if (!answers[kind]) throw new Error(`This file has single runs only; ${ELSEWHERE}.`);
      return await answers[kind](question);
    } catch (error) {
      return { error: error.message };
    }
  };
}

/** Starts the model in a worker and returns a function that passes questions to it; answers go to `hear`. */
function modelIn({ worker, files }, hear) {
  const address = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
  const model = new Worker(address);
  model.onmessage = ({ data }) => hear(data);
  model.postMessage({ files });
  return (question) => model.postMessage(question);
}

function laboratory() {
  const content = JSON.parse(document.getElementById("runs").textContent);
  const answer = library(content);
  const waiting = [];
  let hear = (said) => waiting.push(said);
  const further = content.model && modelIn(content.model, (said) => hear(said));
  const ask = async (question) => {
    const said = await answer(question);
    if (said.error && further) further(question);
    else hear({ n: question.n, kind: question.kind, ...said });
  };
  const page = start(document.getElementById("juste-retour"), content.geometry, content.catalog, ask);
  hear = page.hear;
  waiting.forEach(hear);
}

laboratory();
