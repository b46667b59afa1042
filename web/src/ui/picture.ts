/** The picture: which kind, what is lit, and saving it. */
import { at, h, svg } from "../dom";
import type { Answer } from "../protocol";

const NAMES = { nodes: "nodes", blocks: "blocks", treemap: "map" } as Record<string, string>;
const sheet = new CSSStyleSheet();

export interface Picturing {
  /** another kind is wanted */
  chosen(kind: string): void;
  save(kind: string, as: "svg" | "png"): void;
}

export function style(text: string): void {
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  sheet.replaceSync(text);
}

export function picture(answer: Answer, kind: string, markup: string, act: Picturing): void {
  const { kinds } = answer.pictures;
  const drawn = markup ? svg(markup) : null;
  at("kinds").replaceChildren(
    ...(kinds.length > 1
      ? kinds.map((each) =>
          h("button", { type: "button", "aria-pressed": String(each === kind), click: () => act.chosen(each) }, NAMES[each] ?? each))
      : []),
    ...(drawn
      ? (["svg", "png"] as const).map((as) =>
          h("button", { type: "button", class: "save", click: () => act.save(kind, as) }, `save ${as.toUpperCase()}`))
      : []),
  );
  drawn?.addEventListener("mouseover", (event) => light(rowAt(event.target)));
  drawn?.addEventListener("mouseleave", () => light(null));
  at("picture").replaceChildren(drawn ?? h("p", { class: "dim" }, "There is nothing to draw yet."));
}

const rowAt = (target: EventTarget | null): string | null =>
  target instanceof Element ? (target.closest("[data-row]")?.getAttribute("data-row") ?? null) : null;

/** Light the edges, the neurons and the block of a row, wherever they are. */
export function light(name: string | null): void {
  const scope = at("result");
  scope.classList.toggle("lighting", name !== null);
  for (const each of scope.querySelectorAll("[data-row]")) {
    each.classList.toggle(each instanceof SVGElement ? "np-lit" : "lit", name !== null && each.getAttribute("data-row") === name);
  }
}

/** Hand a file to the browser to be saved. */
export function download(name: string, data: Blob): void {
  const url = URL.createObjectURL(data);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A picture of dots, twice as fine as it is drawn. */
export async function png(markup: string): Promise<Blob | null> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([markup], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = h("canvas", { width: image.width * 2, height: image.height * 2 });
  const context = canvas.getContext("2d");
  context?.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
