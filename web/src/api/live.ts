// Follows a submission until it has its end.

import type { EndedResult, VerdictName } from "./types.ts";

export interface LiveState {
  phase: "queued" | "running" | "ended";
  submittedAtMs?: number;
  /** Of a delayed submission: when it is due. */
  dueAtMs?: number;
  /** Its place in the queue; 1 is the next one. */
  position?: number;
  startedAtMs?: number;
  /** How many cases there are, where that is known. */
  total?: number;
  /** The verdicts of the first cases, in order. */
  cases: VerdictName[];
  result?: EndedResult;
  /** `live`: by events; `polling`: by waiting calls; `lost`: tries again by itself. */
  connection: "live" | "polling" | "lost";
  /** Why it can never be followed to its end, such as an id that is not known. */
  error?: unknown;
}

export interface Following {
  stop(): void;
}

/** Calls `listener` with each change, at least once. */
export declare function follow(id: string, listener: (state: LiveState) => void): Following;
