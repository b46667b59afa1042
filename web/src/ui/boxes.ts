/** What is asked of the network that is shown: another number, a budget, copies. */
import { at, h } from "../dom";
import { grouped } from "../format";
import type { Fit, Refusal, Solution, Why } from "../protocol";
import { refused } from "../protocol";

export function why(answer: Why | Refusal | undefined): void {
  const box = at("why-says");
  if (!answer) return box.replaceChildren();
  if (refused(answer)) return box.replaceChildren(h("p", { class: "warning" }, answer.error));
  box.replaceChildren(...said(answer.lines, answer.equal ? "right" : ""));
}

/** Lines as the library writes them; what is indented belongs to the line above. */
function said(lines: string[], kind: string): Node[] {
  return lines.filter((line) => line.trim()).map((line) => h("p", { class: line.startsWith(" ") ? "inner" : kind }, line.trim()));
}

export function solution(answer: Solution | Refusal | undefined, take: (fit: Fit) => void): void {
  const box = at("solve-says");
  if (!answer) return box.replaceChildren();
  if (refused(answer)) return box.replaceChildren(h("p", { class: "warning" }, answer.error));
  const fits = (title: string, rows: Fit[]): Node[] =>
    rows.length ? [h("h3", {}, title), h("ul", { class: "fits" }, ...rows.map((fit) => h("li", {}, row(fit, take))))] : [];
  box.replaceChildren(
    ...fits(answer.solved ? "what fits" : "nothing fits; the nearest", answer.answers),
    ...fits("shapes of about this size", answer.shapes),
    h("details", {}, h("summary", {}, "how it was found"), h("pre", {}, answer.lines.join("\n"))),
    ...answer.notes.map((note) => h("p", { class: "dim" }, note)),
  );
}

function row(fit: Fit, take: (fit: Fit) => void): Node {
  const sizes = Object.entries(fit.values).map(([name, value]) => `${name} = ${value}`).join(", ");
  const gap = fit.gap === "0" ? "exactly" : `${fit.gap.startsWith("-") ? "−" : "+"}${grouped(fit.gap.replace("-", ""))}`;
  return h(
    "button",
    { type: "button", class: fit.fits ? "fit" : "fit near", click: () => take(fit) },
    h("span", {}, sizes),
    " ",
    h("b", {}, grouped(fit.total)),
    " ",
    h("small", {}, gap),
  );
}

/** What can be copied: a word on the button, and where the text comes from. */
export function copies(kinds: readonly string[], copy: (kind: string) => void): void {
  at("copy").replaceChildren(...kinds.map((kind) => h("button", { type: "button", click: () => copy(kind) }, kind)));
}
