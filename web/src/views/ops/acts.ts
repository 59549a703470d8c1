// Acts that take many calls: replaying all letters of a reason, purging a lane,
// judging a problem again. They go on when another view is opened, one key never runs
// twice at once, and a failed one goes on where it failed.

import { advice, CallError } from "../../api/errors.ts";
import { inform, say } from "../../base/announce.ts";
import { store } from "../../base/store.ts";

/** What has been counted so far; `done` is what the progress bar shows. */
export type Counts = Record<string, number> & { done: number };

export interface Step {
  /** Where to go on; `null`: all is done. */
  next: string | null;
  counts: Counts;
}

export interface Plan {
  /** What must not run twice at once: "rejudge:two-sum". */
  key: string;
  /** "Rejudge two-sum". */
  title: string;
  /** How many there are, where that is known. */
  total?: number;
  step(cursor: string | null): Promise<Step>;
  /** What has been done, in words. */
  tell(counts: Counts): string;
  /** Called at the end, also after a stop or an error. */
  ended?(): void;
  /** Where to watch what follows: an address and its name. */
  watch?: [string, string];
}

export interface Act extends Plan {
  state: "running" | "stopping" | "stopped" | "failed" | "done";
  counts: Counts;
  cursor: string | null;
  /** Why it stands or waits, in words. */
  why: string | undefined;
}

/** The acts of this page that have not been closed, oldest first. */
export const acts = store<readonly Act[]>([]);

/** How often a step is tried that may succeed later. */
const TRIES = 5;
const FIRST_PAUSE_MS = 1_000;

export function running(key: string): boolean {
  return acts.get().some((act) => act.key === key && (act.state === "running" || act.state === "stopping"));
}

/** Begins an act. Returns false, and does nothing, while one of the same key runs. */
export function begin(plan: Plan): boolean {
  if (running(plan.key)) {
    inform("Wait until what runs is done.");
    return false;
  }
  close(plan.key);
  const act: Act = { ...plan, state: "running", counts: { done: 0 }, cursor: null, why: undefined };
  acts.set([...acts.get(), act]);
  void run(act);
  return true;
}

/** A failed or stopped act goes on where it was. */
export function goOn(key: string): void {
  const act = acts.get().find((one) => one.key === key);
  if (!act || running(key)) return;
  void run(change(act, { state: "running", why: undefined }));
}

export function stop(key: string): void {
  const act = acts.get().find((one) => one.key === key);
  if (act?.state === "running") change(act, { state: "stopping" });
}

export function close(key: string): void {
  acts.set(acts.get().filter((one) => one.key !== key));
}

function change(act: Act, part: Partial<Act>): Act {
  const changed = { ...act, ...part };
  acts.set(acts.get().map((one) => (one.key === act.key ? changed : one)));
  return changed;
}

/** The act as it is now: somebody may have stopped it. */
function now(act: Act): Act {
  return acts.get().find((one) => one.key === act.key) ?? act;
}

async function run(begun: Act): Promise<void> {
  let act = begun;
  let failures = 0;
  addEventListener("beforeunload", warn);
  while (act.state === "running") {
    try {
      const step = await act.step(act.cursor);
      failures = 0;
      const counts = sum(act.counts, step.counts);
      act = change(now(act), { counts, cursor: step.next, why: undefined });
      if (step.next === null) act = change(act, { state: "done" });
    } catch (error) {
      failures += 1;
      const passing = error instanceof CallError && error.passing && failures < TRIES;
      if (passing) {
        const ms = Math.max((error.retryAfterS ?? 0) * 1_000, FIRST_PAUSE_MS * 2 ** (failures - 1));
        act = change(now(act), { why: `${advice(error)} It tries again by itself.` });
        await new Promise((resolve) => setTimeout(resolve, ms));
        act = now(act);
      } else {
        act = change(now(act), { state: "failed", why: advice(error) });
      }
    }
  }
  if (act.state === "stopping") act = change(act, { state: "stopped" });
  if (!acts.get().some((one) => running(one.key))) removeEventListener("beforeunload", warn);
  if (act.state === "done") {
    const told = `${act.title}: ${act.tell(act.counts)}`;
    // Once for everybody: where its line is on the page, no note says the same.
    if (document.querySelector(".ops-act")) say(told);
    else inform(told);
  }
  act.ended?.();
}

function sum(before: Counts, more: Counts): Counts {
  const counts = { ...before };
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
  return counts;
}

/** The browser asks before an act is broken off by a reload. */
function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
