// The operator's token, and what is known of the queue with it. The token is in
// `sessionStorage` only: in no address, in no markup, in no other tab.

import { call, type CallOptions } from "./api/client.ts";
import { CallError } from "./api/errors.ts";
import type { Stats } from "./api/types.ts";
import { store } from "./base/store.ts";

const KEY = "edgejudge:token";

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export const token = store<string | undefined>(stored());

/** Why the last token was forgotten: the API refused it, or has no operator's calls. */
export const refusal = store<"wrong" | "off" | undefined>(undefined);

/** Whether the queue is paused, as far as is known: only the operator may ask. */
export const paused = store<boolean | undefined>(undefined);

/** The queue's numbers as they were told last, and when. */
export const latest = store<{ stats: Stats; atMs: number } | undefined>(undefined);

export function keepToken(value: string): void {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Then it is kept until the page is left.
  }
  refusal.set(undefined);
  token.set(value);
}

export function forgetToken(why?: "wrong" | "off"): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
  refusal.set(why);
  token.set(undefined);
  paused.set(undefined);
  latest.set(undefined);
}

/** Why the API takes no token at all, or not this one. */
function refused(error: unknown): "wrong" | "off" | undefined {
  if (!(error instanceof CallError)) return undefined;
  if (error.status === 401) return "wrong";
  return error.code === "operations_off" ? "off" : undefined;
}

/** A call with the operator's token. A token that is refused is forgotten. */
export async function operate<T>(path: string, options: CallOptions = {}): Promise<T> {
  const mine = token.get();
  try {
    return await call<T>(path, { ...options, token: mine });
  } catch (error) {
    // Another one may have been entered while this call was under way.
    const why = refused(error);
    if (why && mine !== undefined && mine === token.get()) forgetToken(why);
    throw error;
  }
}

/** Tries a token, and keeps it unless it is refused. Throws what the API said. */
export async function enter(value: string): Promise<void> {
  try {
    const answer = await call<{ stats: Stats }>("/stats", { token: value });
    keepToken(value);
    take(answer.stats);
  } catch (error) {
    // The token is looked at first: whatever failed after that has nothing against it.
    const passed = error instanceof CallError && error.status >= 500;
    if (!passed) throw error;
    keepToken(value);
  }
}

/** Counts what this page did to the queue: an answer from before says nothing about it. */
let changes = 0;
let asking: Promise<Stats> | undefined;

/** The queue's numbers. Costs 13 Redis commands; two who ask at once cost them once. */
export function stats(): Promise<Stats> {
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}

async function ask(): Promise<Stats> {
  const before = changes;
  const answer = await operate<{ stats: Stats }>("/stats");
  take(before === changes ? answer.stats : { ...answer.stats, paused: paused.get() ?? answer.stats.paused });
  return answer.stats;
}

function take(value: Stats): void {
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
