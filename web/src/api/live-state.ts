// What is known of a submission that is followed, and what each event and answer
// changes in it. Nothing here asks anybody.

import type { EndedResult, QueuedResult, Result, VerdictName } from "./types.ts";

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
  /** `live`: by events; `polling`: by calls; `failing`: the API answers with errors; `lost`: nothing is answered. */
  connection: "live" | "polling" | "failing" | "lost";
  /** Why it can never be followed to its end, such as an id that is not known. */
  error?: unknown;
}

/** What is known before the first event, such as from the answer to the submission. */
export type Known = Pick<LiveState, "submittedAtMs" | "dueAtMs" | "position" | "total">;

export function first(known: Known): LiveState {
  return { phase: "queued", cases: [], connection: "live", ...known };
}

/** What an event changes; nothing where this page does not understand it. */
export function apply(state: LiveState, event: string, data: string): Partial<LiveState> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (event === "queued") return queued(value as QueuedResult & { position?: number });
  if (event === "started") return started(state, value as { startedAtMs: number; total?: number });
  if (event === "cases") return cases(state, value as { from: number; verdicts: VerdictName[]; total?: number });
  if (event === "done") return take(value as EndedResult);
  return undefined;
}

/** What the answer of `GET /result/:id` changes. */
export function take(result: Result): Partial<LiveState> {
  return result.status === "queued" ? queued(result) : { phase: "ended", result };
}

function queued({ submittedAtMs, dueAtMs, position }: QueuedResult & { position?: number }): Partial<LiveState> {
  const change: Partial<LiveState> = { submittedAtMs };
  if (dueAtMs !== undefined) change.dueAtMs = dueAtMs;
  if (position !== undefined) change.position = position;
  return change;
}

/** Begun anew elsewhere, it tells its cases again. */
function started(state: LiveState, { startedAtMs, total }: { startedAtMs: number; total?: number }) {
  const change: Partial<LiveState> = { phase: "running", startedAtMs };
  if (startedAtMs !== state.startedAtMs) change.cases = [];
  if (total !== undefined) change.total = total;
  return change;
}

function cases(state: LiveState, event: { from: number; verdicts: VerdictName[]; total?: number }) {
  const all = state.cases.slice(0, event.from - 1);
  // What lies between is told by an event that this page missed.
  while (all.length < event.from - 1) all.push("Skipped");
  all.push(...event.verdicts);
  const change: Partial<LiveState> = { phase: "running", cases: all };
  if (event.total !== undefined) change.total = event.total;
  return change;
}
