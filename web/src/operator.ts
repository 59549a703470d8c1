// What is known of the queue, for those whose key may ask.

import { call, type CallOptions } from "./api/client.ts";
import { key } from "./api/key.ts";
import type { Stats } from "./api/types.ts";
import { store } from "./base/store.ts";

/** Marks that this tab's key may ask for the queue's numbers, so that others never try. */
const MARK = "edgejudge:operates";

/** Whether the queue is paused, as far as is known. */
export const paused = store<boolean | undefined>(undefined);

/** The queue's numbers as they were told last, and when. */
export const latest = store<{ stats: Stats; atMs: number } | undefined>(undefined);

/** A call of the operator's views, which say themselves when they ask again. */
export function operate<T>(path: string, options: CallOptions = {}): Promise<T> {
  return call<T>(path, { ...options, impatient: true });
}

/** Counts what this page did to the queue: an answer from before says nothing about it. */
let changes = 0;
let asking: Promise<Stats> | undefined;

let known = key.get();
key.watch((value) => {
  if (value === known) return;
  known = value;
  asking = undefined;
  mark(false);
  paused.set(undefined);
  latest.set(undefined);
});

/** Whether the key has been good for the queue's numbers. */
export function operates(): boolean {
  try {
    return key.get() !== undefined && sessionStorage.getItem(MARK) !== null;
  } catch {
    return false;
  }
}

function mark(may: boolean): void {
  try {
    if (may) sessionStorage.setItem(MARK, "yes");
    else sessionStorage.removeItem(MARK);
  } catch {
    // Then the next page of this tab does not know.
  }
}

/** The queue's numbers. Costs 14 Redis commands; two who ask at once cost them once. */
export function stats(): Promise<Stats> {
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}

async function ask(): Promise<Stats> {
  const [before, mine] = [changes, key.get()];
  const answer = await operate<{ stats: Stats }>("/stats");
  const newer = before === changes ? undefined : paused.get();
  if (mine === key.get()) take(newer === undefined ? answer.stats : { ...answer.stats, paused: newer });
  return answer.stats;
}

/** What the queue's numbers tell, by the key of this tab. */
export function take(value: Stats): void {
  mark(true);
  paused.set(value.paused);
  latest.set({ stats: value, atMs: Date.now() });
}

export async function resume(): Promise<void> {
  await operate("/resume", { method: "POST" });
  changes += 1;
  paused.set(false);
}

export async function pause(): Promise<void> {
  await operate("/pause", { method: "POST" });
  changes += 1;
  paused.set(true);
}
