/** The table, row by row: a real one, with headings, to be read aloud and copied. */
import { at, h } from "../dom";
import { cell, grouped } from "../format";
import type { Answer, Column } from "../protocol";

export function table(answer: Answer, lit: (name: string | null) => void): void {
  const { columns, rows, more } = answer.table;
  const head = h("tr", {}, ...columns.map((column) => h("th", { scope: "col", class: kind(column) }, column.name)));
  const line = (name: string, k: number): HTMLElement =>
    h(
      "tr",
      { "data-row": name, mouseenter: () => lit(name), mouseleave: () => lit(null) },
      ...columns.map((column, c) => one(column, c, k)),
    );
  const body = h("tbody");
  filled(body, rows, line);
  const foot = columns.some((column) => column.foot)
    ? h("tfoot", {}, h("tr", {}, ...columns.map((column, c) => closing(column, c))))
    : null;
  at("table").replaceChildren(
    h("table", {}, h("thead", {}, head), body, foot),
    ...(more ? [h("p", { class: "dim" }, `and ${more.toLocaleString()} rows more (copy CSV for all of them)`)] : []),
  );
  const box = at("table");
  at("two").classList.remove("one"); // a wide table takes the whole width, and the picture stands below it
  at("two").classList.toggle("one", box.scrollWidth > box.clientWidth + 1);
  at("asides").replaceChildren(...[...answer.asides, ...answer.notes].map((words) => h("li", {}, words)));
}

/** Rows that are drawn at once: a long table never keeps the page from what is typed. */
const AT_ONCE = 40;
let filling = 0;

function filled(body: HTMLElement, rows: string[], line: (name: string, k: number) => HTMLElement): void {
  const mine = ++filling;
  const next = (from: number): void => {
    if (mine !== filling) return; // another table has taken its place
    body.append(...rows.slice(from, from + AT_ONCE).map((name, k) => line(name, from + k)));
    if (from + AT_ONCE < rows.length) setTimeout(() => next(from + AT_ONCE));
  };
  next(0);
}

const kind = (column: Column): string => `c-${column.name.replace(/\W+/g, "")}${column.numeric ? " num" : ""}`;

function one(column: Column, c: number, k: number): HTMLElement {
  const value = column.cells[k] ?? "";
  if (c === 0) return h("th", { scope: "row" }, cell(value, false));
  return h("td", { class: kind(column) }, cell(value, column.numeric));
}

function closing(column: Column, c: number): HTMLElement {
  const text = column.numeric ? grouped(column.foot) : column.foot;
  return c === 0 ? h("th", { scope: "row" }, text) : h("td", { class: kind(column) }, text);
}
