/** Exact numbers for people: digits grouped as the reader's language does, never through a float. */
import { h, mathml } from "./dom";
import type { Amount, Cell } from "./protocol";

const DIGITS = /^-?\d+$/;

/** 13002 -> 13,002 (or 13 002, 13.002). */
export function grouped(digits: string): string {
  return DIGITS.test(digits) ? BigInt(digits).toLocaleString() : digits;
}

/** About how many: 6.74 billion; nothing of a number that is read at a glance. */
export function about(digits: string): string {
  if (digits.length < 7) return "";
  const words = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });
  return `≈ ${words.format(BigInt(digits))}`;
}

export function amount(value: Amount): Node {
  return "digits" in value ? document.createTextNode(grouped(value.digits)) : mathml(value.math);
}

export function plain(value: Amount): string {
  return "digits" in value ? grouped(value.digits) : value.text;
}

export function cell(value: Cell, numeric: boolean): Node {
  if (typeof value !== "string") return value.math ? mathml(value.math) : document.createTextNode(value.text);
  return document.createTextNode(numeric ? grouped(value) : value);
}

/** 1 weight, 16 weights. */
export function counted(value: Amount, one: string, many: string): Node {
  const word = "digits" in value && value.digits === "1" ? one : many;
  return h("span", {}, amount(value), ` ${word}`);
}

/** Bytes, in thousands as disks count them. */
export function bytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let k = 0;
  let size = count;
  while (size >= 1000 && k < units.length - 1) {
    size /= 1000;
    k += 1;
  }
  return `${k === 0 ? size : size.toPrecision(3)} ${units[k]}`;
}
