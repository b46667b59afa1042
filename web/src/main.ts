/** The page: what was typed is asked, what was answered is drawn, and the address tells it all. */
import { at, h, section } from "./dom";
import { Engine, LONG, type Stage } from "./engine";
import { EXAMPLES } from "./examples";
import type { Answer, Fit, Refusal, Solution, Why } from "./protocol";
import { refused } from "./protocol";
import { LONGEST, type State, read, written } from "./state";
import * as boxes from "./ui/boxes";
import { type Given, watched } from "./ui/files";
import { formula } from "./ui/formula";
import * as headline from "./ui/headline";
import * as pictures from "./ui/picture";
import { table } from "./ui/table";

/** What can be copied, and the view that it is. */
const COPIES: Record<string, string> = { link: "", Markdown: "markdown", LaTeX: "latex", CSV: "csv", JSON: "json", Python: "" };

let state: State = read(location.hash);
let files: Given[] = [];
let shown: Answer | null = null;
const source = at<HTMLTextAreaElement>("source");
const engine = new Engine({ stage: staged, progress: (done, size) => say(headline.progressed(done, size)) });

// -- what Python says of itself -------------------------------------------------------------------------------------------

function staged(stage: Stage, told: string): void {
  const words = {
    loading: "Python is loading, once; it is kept for the next visit",
    starting: "Python is starting",
    ready: "",
    failed: `Python did not start here (${told}). This page needs a browser with WebAssembly; the command line works without one.`,
  };
  document.body.dataset["stage"] = stage;
  say(words[stage]);
}

function say(words: string): void {
  at("stage").textContent = words;
}

/** A question that takes long can be given up. */
setInterval(() => {
  const since = engine.since;
  const long = since > 0 && performance.now() - since > LONG;
  const there = at("stage").querySelector("button");
  if (long && !there) at("stage").append(" ", h("button", { type: "button", class: "link", click: stopped }, "stop"));
  if (!long && there) say("");
}, 250);

function stopped(): void {
  engine.stop();
  say("stopped");
}

// -- counting ---------------------------------------------------------------------------------------------------------------

async function count(): Promise<void> {
  if (!files.length && !state.text.trim()) return refuse(null);
  const answer = await engine.ask<Answer | Refusal>(
    files.length
      ? { what: "files", files: files.map((each) => each.file), paths: files.map((each) => each.path) }
      : { what: "count", text: state.text, convention: state.convention, bias: state.bias, set: state.set },
  );
  if (answer === undefined) return;
  if (refused(answer)) return refuse(answer);
  draw(answer);
}

function refuse(answer: Refusal | null): void {
  shown = null;
  at("read-as").textContent = "";
  at("result").hidden = true;
  at("refusal").hidden = !answer;
  at("refusal").textContent = answer ? [answer.error, ...answer.flags].join(" ") : "";
  document.title = "nparams: how many parameters, and why?";
}

function draw(answer: Answer): void {
  shown = answer;
  at("refusal").hidden = true;
  at("result").hidden = false;
  readAs(answer);
  headline.total(answer);
  headline.options(answer, state.bias, { bias: (name) => change({ bias: name }), convention: (name) => change({ convention: name }) });
  headline.symbols(answer.symbols, state.set, (name, value) => change({ set: { ...state.set, [name]: value } }));
  headline.bar(answer, pictures.light);
  table(answer, pictures.light);
  formula(answer);
  pictures.style(answer.pictures.style);
  drawPicture(answer);
  at("vary-row").hidden = answer.form !== "config";
  boxes.why(undefined);
  boxes.solution(undefined, () => {});
  at("copied").textContent = "";
  document.title = `${answer.summary.split("\n")[0]}: nparams`;
  if (state.got) void askWhy();
  if (state.budget) void askSolve();
  for (const id of ["explain", "exercises"]) opened(at<HTMLDetailsElement>(id));
}

function readAs(answer: Answer): void {
  const how = answer.bytes_read ? headline.progressed(Number(answer.bytes_read), files.reduce((sum, { file }) => sum + file.size, 0)) : "";
  at("read-as").replaceChildren(
    h("span", { class: "dim" }, "read as "),
    h("code", {}, answer.read_as.length > 300 ? `${answer.read_as.slice(0, 300)} …` : answer.read_as),
    answer.described && h("span", {}, h("span", { class: "dim" }, " · "), answer.described),
    how && h("span", { class: "dim" }, ` · ${how}`),
  );
  say("");
}

// -- the picture ------------------------------------------------------------------------------------------------------------

const picturing: pictures.Picturing = {
  chosen(kind) {
    state.picture = kind;
    told();
    if (shown) drawPicture(shown);
  },
  async save(kind, as) {
    const made = await engine.ask<{ svg: string }>({ what: "picture", kind, standalone: true });
    if (!made || refused(made)) return;
    if (as === "svg") return pictures.download("network.svg", new Blob([made.svg], { type: "image/svg+xml" }));
    const dots = await pictures.png(made.svg);
    if (dots) pictures.download("network.png", dots);
  },
};

function drawPicture(answer: Answer): void {
  const { kinds, svg } = answer.pictures;
  const kind = kinds.includes(state.picture) ? state.picture : (kinds[0] ?? "");
  if (kind === (kinds[0] ?? "")) return pictures.picture(answer, kind, svg, picturing);
  void engine.ask<{ svg: string }>({ what: "picture", kind }).then((made) => {
    if (made && !refused(made) && shown === answer) pictures.picture(answer, kind, made.svg, picturing);
  });
}

// -- what else is asked -----------------------------------------------------------------------------------------------------

async function askWhy(): Promise<void> {
  boxes.why(state.got.trim() ? await engine.ask<Why | Refusal>({ what: "why", number: state.got }) : undefined);
}

async function askSolve(): Promise<void> {
  if (!state.budget.trim()) return boxes.solution(undefined, () => {});
  const bound = { [state.bound]: state.budget };
  const vary = shown?.form === "config" && state.vary ? { vary: state.vary } : {};
  const found = await engine.ask<Solution | Refusal>({ what: "solve", ...bound, ...vary });
  if (found) boxes.solution(found, (fit) => takeFit(refused(found) ? state.text : found.text, fit));
}

/** Put the sizes of an answer in. */
function takeFit(text: string, fit: Fit): void {
  source.value = text;
  fitted();
  change({ text, set: { ...state.set, ...fit.values } });
}

async function copy(kind: string): Promise<void> {
  const text = await copied(kind);
  if (text === undefined) return;
  try {
    await navigator.clipboard.writeText(text);
    at("copied").textContent = kind === "link" && !text.includes("#") ? "The link opens the page alone: files and very long texts do not travel in it" : `${kind} copied`;
  } catch {
    at("copied").replaceChildren("The browser did not allow it: ", h("textarea", { readonly: true, rows: 3, "aria-label": kind }, text));
  }
}

async function copied(kind: string): Promise<string | undefined> {
  if (kind === "link") return new URL(files.length || state.text.length > LONGEST ? "./" : `#${written(state)}`, location.href).href;
  if (kind === "Python") return `import nparams\n\nn = nparams.read(${python()})\nprint(n)`;
  const made = await engine.ask<{ text: string } | Refusal>({ what: "view", name: COPIES[kind] ?? "" });
  return made && !refused(made) ? made.text : undefined;
}

/** The arguments of read, as Python writes them. */
function python(): string {
  if (files.length) return JSON.stringify(files.length === 1 ? files[0]?.path : ".");
  const set = Object.entries(state.set).filter(([, value]) => value.trim());
  const options = [
    state.convention && `convention=${JSON.stringify(state.convention)}`,
    state.bias && `bias=${JSON.stringify(state.bias)}`,
    set.length && `set={${set.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ")}}`,
  ];
  const text = state.text.includes("\n") && !state.text.includes('"""') ? `r"""${state.text}"""` : JSON.stringify(state.text);
  return [text, ...options.filter(Boolean)].join(", ");
}

/** The long texts are asked for when they are opened. */
async function opened(details: HTMLDetailsElement): Promise<void> {
  if (!details.open || !shown) return;
  const made = await engine.ask<{ text: string } | Refusal>({
    what: "view", name: details.id === "explain" ? "explain" : "exercises-html",
  });
  if (!made) return;
  if (details.id === "explain") at("explain-text").textContent = refused(made) ? made.error : made.text;
  else at("sheet").replaceChildren(...(refused(made) ? [h("p", {}, made.error)] : section(made.text)));
}

// -- what was changed -------------------------------------------------------------------------------------------------------

function change(some: Partial<State>): void {
  state = { ...state, ...some };
  told();
  void count();
}

/** The address, as far as it fits into one. */
function told(): void {
  const hash = files.length || state.text.length > LONGEST ? "" : `#${written(state)}`;
  history.replaceState(null, "", hash || location.pathname + location.search);
}

function fitted(): void {
  source.rows = Math.min(14, Math.max(1, source.value.split("\n").length));
}

function typed(text: string): void {
  files = [];
  const kept = text === state.text ? state.set : {};
  fitted();
  change({ text, set: kept, got: "", budget: "", picture: "", bias: "", convention: "" });
  inputs();
}

/** The fields as the state has them. */
function inputs(): void {
  at<HTMLInputElement>("got").value = state.got;
  at<HTMLInputElement>("budget").value = state.budget;
  at<HTMLSelectElement>("bound").value = state.bound;
  at<HTMLInputElement>("vary").value = state.vary;
}

function linked(): void {
  state = read(location.hash);
  files = [];
  source.value = state.text;
  fitted();
  inputs();
  void count();
}

function taken(given: Given[]): void {
  files = given;
  source.value = "";
  fitted();
  state = { ...state, text: "", set: {}, got: "", budget: "", picture: "", convention: "", bias: "" };
  inputs();
  at("read-as").textContent = given.length === 1 ? (given[0]?.path ?? "") : `${given.length} files`;
  told();
  void count();
}

function begin(): void {
  source.addEventListener("input", () => typed(source.value));
  for (const id of ["ask", "why", "solve"]) at(id).addEventListener("submit", (event) => event.preventDefault());
  at("why").addEventListener("submit", () => {
    state.got = at<HTMLInputElement>("got").value;
    told();
    void askWhy();
  });
  at("solve").addEventListener("submit", () => {
    state.bound = at<HTMLSelectElement>("bound").value;
    state.budget = at<HTMLInputElement>("budget").value;
    state.vary = at<HTMLInputElement>("vary").value;
    told();
    void askSolve();
  });
  for (const [name, text] of EXAMPLES) {
    at("try").append(h("button", { type: "button", click: () => { source.value = text; typed(text); source.focus(); } }, name));
  }
  for (const id of ["explain", "exercises"]) at(id).addEventListener("toggle", (event) => void opened(event.target as HTMLDetailsElement));
  at("print-sheet").addEventListener("click", () => {
    document.body.classList.add("only-sheet");
    addEventListener("afterprint", () => document.body.classList.remove("only-sheet"), { once: true });
    print();
  });
  boxes.copies(Object.keys(COPIES), (kind) => void copy(kind));
  watched(taken);
  addEventListener("hashchange", linked);
  linked();
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("./sw.js");
}

begin();
