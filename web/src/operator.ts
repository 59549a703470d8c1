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

/** Whether the queue is paused, as far as is known: only the operator may ask. */
export const paused = store<boolean | undefined>(undefined);

export function keepToken(value: string): void {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Then it is kept until the page is left.
  }
  token.set(value);
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
  token.set(undefined);
  paused.set(undefined);
}

/** A call with the operator's token. A token that is refused is forgotten. */
export async function operate<T>(path: string, options: CallOptions = {}): Promise<T> {
  try {
    return await call<T>(path, { ...options, token: token.get() });
  } catch (error) {
    if (error instanceof CallError && error.status === 401) forgetToken();
    throw error;
  }
}

/** The queue's numbers. Costs 14 Redis commands. */
export async function stats(): Promise<Stats> {
  const answer = await operate<{ stats: Stats }>("/stats");
  paused.set(answer.stats.paused);
  return answer.stats;
}

export async function resume(): Promise<void> {
  await operate("/resume", { method: "POST" });
  paused.set(false);
}

export async function pause(): Promise<void> {
  await operate("/pause", { method: "POST" });
  paused.set(true);
}
