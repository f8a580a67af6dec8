// The laboratory in one file: the live page, whose questions are answered from the runs that the file holds, or else by
// the model in a worker, where the file holds that too.

import { start } from "./app.js";

const ELSEWHERE = "the live app (juste-retour app) computes it";

/** Objects again from the columns in which the file keeps lists of them. */
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

/** A library that answers what a server would be asked. */
function library({ geometry, seeds, parts }) {
  const opened = new Map();

  function part({ base, changes }) {
    const key = [base, ...Object.entries(changes).map(([family, rule]) => `${family}=${rule}`)].join(" ");
    if (!(key in parts)) throw new Error(`This file holds each scenario with one change of those in the menus, and not “${key}”; ${ELSEWHERE}.`);
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
      if (k < 0 || replicate) throw new Error(`This file holds the seeds ${seeds.at(0)} to ${seeds.at(-1)}; ${ELSEWHERE}.`);
      const runs = (await Promise.all(specs.map(found))).map((held) => held.runs[k]);
      const [first, ...others] = runs.map((run) => `${run.window_end}, ${run.window_years} years`);
      if (others.some((window) => window !== first)) throw new Error(`The two are compared over different years (to ${first}; to ${others[0]}), which this file cannot bring together; ${ELSEWHERE}.`);
      return map === geometry.digest ? { runs } : { runs, geometry };
    },
    toml: async ({ spec }) => ({ text: (await found(spec)).toml }),
  };

  return async function answer({ kind, ...question }) {
    try {
      if (!answers[kind]) throw new Error(`This file holds single runs; ${ELSEWHERE}.`);
      return await answers[kind](question);
    } catch (error) {
      return { error: error.message };
    }
  };
}

/** Starts the model in a worker; returns what passes questions to it, whose answers go to `hear`. */
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
  const page = start(document.getElementById("juste-retour"), content.geometry, content.catalogue, ask, false);
  hear = page.hear;
  waiting.forEach(hear);
}

laboratory();
