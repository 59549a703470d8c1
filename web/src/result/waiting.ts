// What is said of a submission that has not ended: its place, how long it may take,
// how many cases are done.

import type { LiveState } from "../api/live.ts";
import { h } from "../base/dom.ts";
import { duration, time } from "../base/time.ts";
import { verdictBadge } from "./verdicts.ts";

/** 1st, 2nd, 3rd, 4th, 11th. */
export function ordinal(number: number): string {
  const tens = number % 100;
  const ones = tens > 10 && tens < 14 ? 0 : number % 10;
  return `${number}${["th", "st", "nd", "rd"][ones] ?? "th"}`;
}

export interface Estimate {
  /** How long it may take until position 1 is begun, in milliseconds; nothing before that can be told. */
  at(position: number | undefined, now: number): number | undefined;
}

/** Estimates from how fast the position counts down. */
export function estimate(): Estimate {
  let first: { position: number; atMs: number } | undefined;
  let last: { position: number; atMs: number } | undefined;
  return {
    at(position, now) {
      if (position === undefined) return undefined;
      if (!first || !last || position > last.position) {
        first = { position, atMs: now };
        last = first;
        return undefined;
      }
      if (position < last.position) last = { position, atMs: now };
      const done = first.position - last.position;
      const tookMs = last.atMs - first.atMs;
      if (done === 0 || tookMs < 500) return undefined;
      const left = (position * tookMs) / done - (now - last.atMs);
      return Math.max(1_000, left);
    },
  };
}

/** "Queued, 3rd in line"; the next one is said to be the next. */
export function placeWords(position: number | undefined): string {
  if (position === undefined) return "Queued";
  return position <= 1 ? "Queued, next in line" : `Queued, ${ordinal(position)} in line`;
}

/** Whole seconds: an estimate is not more exact than that. */
export function about(ms: number): string {
  return `about ${duration(ms < 60_000 ? Math.ceil(ms / 1_000) * 1_000 : ms).replace(".0", "")}`;
}

/** "Running · case 12 of 40". */
export function runningWords({ cases, total }: LiveState): string {
  const at = cases.length + 1;
  if (total !== undefined) return `Running · case ${Math.min(at, total)} of ${total}`;
  return cases.length > 0 ? `Running · ${cases.length} cases done` : "Running";
}

const TROUBLE: Partial<Record<LiveState["connection"], string>> = {
  lost: "The connection is lost",
  failing: "The judge cannot be asked now",
};

/** The line on a submission that has not ended. */
export function waitingLine(state: LiveState, leftMs: number | undefined): HTMLElement {
  const line = h("p", { class: "r-line" });
  if (state.phase === "running") {
    line.append(verdictBadge("running"), h("span", { class: "r-words" }, runningWords(state)));
  } else if (state.dueAtMs !== undefined && state.dueAtMs > Date.now()) {
    line.append(verdictBadge("queued"), h("span", { class: "r-words" }, "Scheduled, due ", time(state.dueAtMs)));
  } else {
    const words =
      leftMs === undefined ? placeWords(state.position) : `${placeWords(state.position)} · ${about(leftMs)}`;
    line.append(verdictBadge("queued"), h("span", { class: "r-words" }, words));
  }
  const trouble = TROUBLE[state.connection];
  if (trouble) line.append(h("span", { class: "muted small" }, `${trouble}; this page tries again by itself.`));
  return line;
}
