/** Python as the page sees it: questions in, answers out; of counts that wait, only the newest is asked. */
import type { FromWorker, Question, ToWorker } from "./protocol";

export type Stage = "loading" | "starting" | "ready" | "failed";

export interface Listener {
  stage(stage: Stage, told: string): void;
  progress(read: number, size: number): void;
}

interface Waiting {
  question: Question;
  done: (answer: unknown) => void;
}

/** Milliseconds after which a question may be stopped. */
export const LONG = 1_500;

export class Engine {
  private worker: Worker;
  private next = 0;
  private now: { id: number; done: (answer: unknown) => void; since: number; question: Question } | null = null;
  private queue: Waiting[] = [];
  /** Milliseconds that the last answer took inside the worker. */
  took = 0;
  ready = false;

  constructor(private readonly listener: Listener) {
    this.worker = this.started();
  }

  private started(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.heard(data);
    worker.onerror = (event) => this.listener.stage("failed", event.message || "the worker did not start");
    return worker;
  }

  /** The answer; undefined where a newer count took its place, or it was stopped. */
  ask<T>(question: Question): Promise<T | undefined> {
    return new Promise((resolve) => {
      if (isCount(question)) this.drop((waiting) => isCount(waiting.question) || dependsOnCount(waiting.question));
      this.queue.push({ question, done: resolve as (answer: unknown) => void });
      this.send();
    });
  }

  /** Since when a question is being worked on, 0 where none is. */
  get since(): number {
    return this.ready && this.now ? this.now.since : 0;
  }

  /** Give up on what is being worked on: the worker is begun anew. */
  stop(): void {
    this.now?.done(undefined);
    this.drop(() => true);
    this.now = null;
    this.anew();
  }

  private anew(): void {
    this.worker.terminate();
    this.ready = false;
    this.worker = this.started();
  }

  private drop(which: (waiting: Waiting) => boolean): void {
    for (const waiting of this.queue.filter(which)) waiting.done(undefined);
    this.queue = this.queue.filter((waiting) => !which(waiting));
  }

  private send(): void {
    const first = this.now ? undefined : this.queue.shift();
    if (!first) return;
    this.now = { id: ++this.next, done: first.done, since: performance.now(), question: first.question };
    this.worker.postMessage({ id: this.next, question: first.question } satisfies ToWorker);
  }

  private heard(data: FromWorker): void {
    if ("stage" in data) {
      if (data.stage === "ready" && this.now) this.now.since = performance.now();
      this.ready = data.stage === "ready" || this.ready;
      this.listener.stage(data.stage, data.stage === "failed" ? data.why : "");
    } else if ("read" in data) {
      this.listener.progress(data.read, data.size);
    } else if (this.now?.id === data.id) {
      const { done } = this.now;
      this.took = data.took;
      this.now = null;
      if (data.broken) this.anew();
      done(data.answer);
      this.send();
    }
  }
}

const isCount = (question: Question): boolean => question.what === "count" || question.what === "files";
const dependsOnCount = (question: Question): boolean => question.what === "why" || question.what === "solve";
