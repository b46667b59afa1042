/** Small helpers for elements: text is text, never markup, but for what Python wrote and escaped. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element: attributes as they are written, functions as listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return made;
}

export function at<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** An expression that Python set as MathML, which holds no script and no style. */
export function mathml(markup: string): Element {
  const parsed = new DOMParser().parseFromString(markup, "text/html").body.firstElementChild;
  return parsed ? document.importNode(parsed, true) : document.createElement("span");
}

/** A picture that Python drew. */
export function svg(markup: string): SVGSVGElement | null {
  const parsed = new DOMParser().parseFromString(markup, "image/svg+xml").documentElement;
  return parsed.localName === "svg" ? (document.importNode(parsed, true) as unknown as SVGSVGElement) : null;
}

/** Markup of a whole section that Python wrote. */
export function section(markup: string): Node[] {
  return [...new DOMParser().parseFromString(markup, "text/html").body.childNodes].map((node) => document.importNode(node, true));
}
