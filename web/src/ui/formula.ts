/** Weights, biases and total as they are written out. */
import { at, h, mathml } from "../dom";
import { grouped } from "../format";
import type { Answer } from "../protocol";

export function formula(answer: Answer): void {
  const lines = answer.formula.flatMap(({ name, math, value }) => [
    h("dt", {}, name),
    h("dd", {}, mathml(math), value === null ? null : h("span", { class: "value" }, " = ", h("b", {}, grouped(value)))),
  ]);
  at("formula").replaceChildren(
    lines.length ? h("dl", {}, ...lines) : h("p", { class: "dim" }, "Too long to be written out: the rows above are its terms."),
  );
}
