/** What is shown, in the address: a link reproduces it. */

export interface State {
  /** the network, as text */
  text: string;
  convention: string;
  bias: string;
  /** numbers for symbols */
  set: Record<string, string>;
  /** the number that somebody got */
  got: string;
  /** max, total or min, and the budget */
  bound: string;
  budget: string;
  vary: string;
  picture: string;
}

export const FIRST = "784-16-16-10";
/** Characters of a text that still fits into an address everywhere. */
export const LONGEST = 30_000;

const KEYS = { text: "s", convention: "c", bias: "b", got: "n", bound: "q", budget: "m", vary: "y", picture: "p" } as const;
const VALUE = "v.";

export const empty = (): State => ({
  text: FIRST, convention: "", bias: "", set: {}, got: "", bound: "max", budget: "", vary: "", picture: "",
});

/** The part of an address after #. */
export function written(state: State): string {
  const held = new URLSearchParams();
  const usual = empty();
  for (const [name, key] of Object.entries(KEYS) as [keyof typeof KEYS, string][]) {
    if (state[name] && (name === "text" || state[name] !== usual[name])) held.set(key, state[name]);
  }
  for (const [name, value] of Object.entries(state.set)) if (value) held.set(VALUE + name, value);
  return held.toString().replaceAll("%2C", ",");
}

export function read(hash: string): State {
  const held = new URLSearchParams(hash.replace(/^#/, ""));
  const state = empty();
  for (const [name, key] of Object.entries(KEYS) as [keyof typeof KEYS, string][]) {
    const value = held.get(key);
    if (value !== null) state[name] = value;
  }
  for (const [key, value] of held) if (key.startsWith(VALUE)) state.set[key.slice(VALUE.length)] = value;
  return state;
}
