/** Python, in a thread of its own: loads Pyodide and the wheel, and puts questions to nparams.page. */
import type { Lockfile, PyodideAPI } from "pyodide";
import python from "../build/python.json";
import type { FromWorker, Question, ToWorker } from "./protocol";

/** Of the library of workers, which does not go together with that of pages. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

const at = (name: string): string => new URL(`${python.folder}/${name}`, root()).href;
const say = (message: FromWorker): void => self.postMessage(message);

/** Where the page lies: this worker is in its folder of assets. */
function root(): string {
  return new URL("../", self.location.href).href;
}

let files: File[] = [];
let asked = 0;
let taken = 0;
const reader = new FileReaderSync();

/** Bytes of a dropped file: only this slice of it is read. */
function slice(number: number, offset: number, length: number): Uint8Array {
  const file = files[number];
  if (!file) return new Uint8Array();
  const bytes = new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)));
  taken += bytes.length;
  say({ id: asked, read: taken, size: file.size });
  return bytes;
}

async function bytes(name: string): Promise<ArrayBuffer> {
  const response = await fetch(at(name));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

interface Session {
  ask(request: string): string;
}

async function started(): Promise<{ session: Session; keep: (catalogue: ArrayBuffer) => void }> {
  say({ stage: "loading" });
  const wheel = bytes("nparams.zip");
  const { loadPyodide } = await import(/* @vite-ignore */ at("pyodide.mjs"));
  const py: PyodideAPI = await loadPyodide({
    indexURL: at(""),
    stdLibURL: at("python_stdlib.zip"),
    lockFileContents: python.lock as Lockfile,
    packageBaseUrl: at(""),
    checkAPIVersion: false,
    fullStdLib: false,
  });
  say({ stage: "starting" });
  const home: string = py.runPython("import site; site.getsitepackages()[0]");
  py.unpackArchive(new Uint8Array(await wheel), "zip", { extractDir: home });
  py.globals.set("slice_of", slice);
  const session: Session = py.runPython(`
import gc
from nparams.page.deep import guard

guard()
from nparams.page.session import Session

def read(number, offset, length):
    return slice_of(number, offset, length).to_bytes()

page = Session(read)
page.ask('{"what": "count", "text": "784-16-16-10"}')
gc.freeze()
page
`);
  const keep = (catalogue: ArrayBuffer): void =>
    py.FS.writeFile(`${home}/nparams/architectures/catalogue.bin`, new Uint8Array(catalogue));
  return { session, keep };
}

const python3 = started();
/** The formulas of architectures, fetched once the first answer is out of the way. */
const catalogue = python3.then(async ({ keep }) => {
  say({ stage: "ready", version: python.nparams });
  keep(await bytes("catalogue.bin"));
});
python3.catch((error: unknown) => say({ stage: "failed", why: error instanceof Error ? error.message : String(error) }));
catalogue.catch(() => {});

/** Whether a text may be a config.json, which needs the catalogue. */
const needs = (question: Question): boolean =>
  question.what === "files" || question.what === "solve" || (question.what === "count" && question.text.includes("model_type"));

function request(question: Question): string {
  if (question.what !== "files") return JSON.stringify(question);
  files = question.files;
  taken = 0;
  return JSON.stringify({ what: "files", files: files.map((file, k) => [question.paths[k], file.size]) });
}

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  const { session } = await python3;
  if (needs(data.question)) await catalogue.catch(() => {});
  const begun = performance.now();
  asked = data.id;
  let answer: unknown;
  let broken = false;
  try {
    answer = JSON.parse(session.ask(request(data.question)));
  } catch (error) {
    broken = true; // Python itself may have come to an end: nested deeper than a browser's stack, or out of memory
    const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n");
    answer = { error: `this is more than Python can take in a page (${lines[lines.length - 1]}); the command line may read it`, flags: [] };
  }
  say({ id: data.id, answer, took: performance.now() - begun, broken });
};
