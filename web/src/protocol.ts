/** What the page and its worker say to each other, and what Python answers (src/nparams/page). */

/** A count: exact digits, or an expression as text and as MathML. */
export type Amount = { digits: string } | { text: string; math: string };

export type Cell = string | { text: string; math: string };

export interface Column {
  name: string;
  numeric: boolean;
  cells: Cell[];
  foot: string;
}

export interface Answer {
  read_as: string;
  described: string;
  form: string;
  summary: string;
  total: Amount;
  weights: Amount;
  biases: Amount;
  complete: boolean;
  missing: string[];
  table: { columns: Column[]; rows: string[]; more: number };
  shares: { name: string; total: string; share: string; percent: string }[];
  formula: { name: string; math: string; value: string | null }[];
  asides: string[];
  notes: string[];
  flags: string[];
  convention: string | null;
  /** what this form may be asked besides: bias, convention, set, which */
  options: string[];
  conventions: { name: string; total: Amount }[];
  symbols: string[];
  pictures: { kinds: string[]; svg: string; style: string };
  bytes_read?: string;
}

export interface Refusal {
  error: string;
  flags: string[];
}

export interface Why {
  equal: boolean;
  explained: boolean;
  lines: string[];
}

export interface Fit {
  values: Record<string, string>;
  total: string;
  gap: string;
  fits: boolean;
}

export interface Solution {
  solved: boolean;
  /** the text with letters for what varies */
  text: string;
  answers: Fit[];
  shapes: Fit[];
  lines: string[];
  notes: string[];
}

export interface Count {
  what: "count";
  text: string;
  convention?: string;
  bias?: string;
  set?: Record<string, string>;
}

export type Question =
  | Count
  | { what: "files"; files: File[]; paths: string[] }
  | { what: "why"; number: string }
  | { what: "solve"; total?: string; max?: string; min?: string; vary?: string }
  | { what: "view"; name: string }
  | { what: "picture"; kind: string; standalone?: boolean };

export type ToWorker = { id: number; question: Question };

export type FromWorker =
  | { stage: "loading" | "starting" | "ready"; version?: string }
  | { stage: "failed"; why: string }
  | { id: number; read: number; size: number }
  | { id: number; answer: unknown; took: number; broken: boolean };

export const refused = (answer: unknown): answer is Refusal =>
  typeof answer === "object" && answer !== null && "error" in answer;
