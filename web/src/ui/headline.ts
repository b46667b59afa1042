/** The answer itself: the total, its split, whose layers are meant, numbers for symbols, and the bar of shares. */
import { at, h } from "../dom";
import { about, amount, bytes, counted, grouped, plain } from "../format";
import type { Answer } from "../protocol";

const nouns = { textbook: "textbook", torch: "PyTorch", keras: "Keras" } as Record<string, string>;

export function total(answer: Answer): void {
  const symbolic = !("digits" in answer.total);
  const noun = "digits" in answer.total && answer.total.digits === "1" ? "parameter" : "parameters";
  const said = answer.complete ? noun : `${noun} known`;
  const near = "digits" in answer.total ? about(answer.total.digits) : "";
  at("total").replaceChildren(
    h("p", { class: symbolic ? "number symbolic" : "number" }, h("b", {}, amount(answer.total)), h("span", {}, ` ${said}`)),
    h(
      "p",
      { class: "split" },
      "= ",
      h("span", { class: "w" }, counted(answer.weights, "weight", "weights")),
      " + ",
      h("span", { class: "b" }, counted(answer.biases, "bias", "biases")),
      near && h("span", { class: "near" }, near),
    ),
    ...answer.missing.map((sentence) => h("p", { class: "warning" }, sentence)),
    ...answer.flags.map((sentence) => h("p", { class: "warning" }, sentence)),
  );
}

const BIASES = [["", "every neuron"], ["hidden", "none on the outputs"], ["none", "none"]] as const;

/** What may be chosen: which neurons have biases, and whose layers are meant. */
export function options(answer: Answer, bias: string, act: { bias(name: string): void; convention(name: string): void }): void {
  const biases = h("select", { id: "bias", change: (event) => act.bias((event.target as HTMLSelectElement).value) },
    ...BIASES.map(([value, words]) => h("option", { value, selected: value === bias }, words)));
  at("options").replaceChildren(
    ...(answer.options.includes("bias") ? [h("p", {}, h("label", { for: "bias" }, "biases"), " ", biases)] : []),
    ...conventions(answer, act.convention),
  );
}

/** Whose layer definitions apply, where it matters, with the total by each. */
function conventions(answer: Answer, chosen: (name: string) => void): Node[] {
  if (answer.conventions.length < 2) return [];
  const now = answer.convention;
  const choices = answer.conventions.map(({ name, total: held }) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name: "convention", value: name, checked: name === now, change: () => chosen(name) }),
      h("span", {}, `${nouns[name] ?? name} `, h("small", {}, plain(held))),
    ),
  );
  return [h("fieldset", {}, h("legend", {}, "layers as defined by"), ...choices)];
}

/** A field for every symbol; the same fields are kept while their numbers are typed. */
export function symbols(names: string[], set: Record<string, string>, given: (name: string, value: string) => void): void {
  const box = at("symbols");
  const wanted = [...new Set([...Object.keys(set).filter((name) => set[name]), ...names])];
  const held = [...box.querySelectorAll("input")].map((input) => input.name);
  if (wanted.join("\n") === held.join("\n")) return;
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.name : "";
  box.replaceChildren(
    ...(wanted.length ? [h("span", {}, "put in numbers")] : []),
    ...wanted.map((name) =>
      h("label", {}, h("i", {}, name), " = ", h("input", {
        name, value: set[name] ?? "", size: 6, spellcheck: "false", autocomplete: "off",
        input: (event) => given(name, (event.target as HTMLInputElement).value),
      })),
    ),
  );
  box.querySelector<HTMLInputElement>(`input[name="${CSS.escape(focused || "\0")}"]`)?.focus();
}

/** Where the parameters are: a bar of shares, and the same in words. */
export function bar(answer: Answer, lit: (name: string | null) => void): void {
  const box = at("bar");
  if (!answer.shares.length) {
    box.replaceChildren();
    return;
  }
  const parts = answer.shares.map((share, k) => {
    const part = h("span", {
      class: `part tone${k % 6}`, title: `${share.name}: ${grouped(share.total)} (${share.percent})`, "data-row": share.name,
      mouseenter: () => lit(share.name), mouseleave: () => lit(null),
    });
    part.style.flexGrow = share.share;
    if (Number(share.share) > 9) part.append(h("em", {}, short(share.name)), ` ${share.percent}`);
    return part;
  });
  const words = answer.shares.map((share) => `${share.name} ${share.percent}`).join(", ");
  box.replaceChildren(h("div", { class: "parts", role: "img", "aria-label": `Shares: ${words}` }, ...parts));
}

/** The end of a long name, which tells layers apart. */
const short = (name: string): string => (name.length > 24 ? name.split(".").slice(-2).join(".") : name);

/** How far reading a file is. */
export const progressed = (read: number, size: number): string => `read ${bytes(read)} of ${bytes(size)}`;
