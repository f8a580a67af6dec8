// The model in a worker of the single-file app: it starts Python from the files in the page and answers questions.

const HELD = "https://held.invalid/"; // stands for the files in the page; no request is ever sent to it
let model = null;

async function opened(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

function load(bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  importScripts(address);
  URL.revokeObjectURL(address);
}

async function started(packed) {
  const held = new Map(await Promise.all(Object.entries(packed).map(async ([name, text]) => [name, await opened(text)])));
  self.fetch = async (asked) => {
    const name = String(asked.url ?? asked).replace(HELD, "");
    if (!held.has(name)) throw new TypeError(`${name} is not in this file`);
    return new Response(held.get(name), { headers: { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
  };
  load(held.get("pyodide.asm.js"));
  load(held.get("pyodide.js"));
  const python = await self.loadPyodide({ indexURL: HELD });
  await python.loadPackage("numpy", { messageCallback: () => {}, errorCallback: (text) => { throw new Error(text); } });
  python.unpackArchive(held.get("juste_retour.zip"), "zip", { extractDir: "/held" });
  held.clear();
  python.runPython("import sys; sys.path.insert(0, '/held')");
  return python.pyimport("juste_retour.visualization.answering").answering((text) => self.postMessage(JSON.parse(text)));
}

self.onmessage = async ({ data }) => {
  if (data.files) {
    model = started(data.files);
    model.catch(() => {}); // every question reports the error
    return;
  }
  try {
    (await model)(JSON.stringify(data));
  } catch (error) {
    const said = String(error.message ?? error).trim().split("\n").at(-1);
    self.postMessage({ n: data.n, kind: data.kind, error: `The model cannot run in this browser (${said}); the stored runs of this file still work.` });
  }
};
