// The key that somebody gave to this tab: a solver's or the operator's. It is sent
// with every call, and kept in `sessionStorage` only: in no address, in no markup, in
// no record of calls, in no other tab.

import { store } from "../base/store.ts";
import { CallError } from "./errors.ts";

const NAME = "edgejudge:key";

/** What an HTTP header can carry as it is; the error of another value would show it. */
export function isKey(value: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(value);
}

function stored(): string | undefined {
  try {
    const value = sessionStorage.getItem(NAME);
    return value !== null && isKey(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const key = store<string | undefined>(stored());

/** The answer by which the API refused the key that is kept. */
export const refusal = store<CallError | undefined>(undefined);

export function keepKey(value: string): void {
  try {
    sessionStorage.setItem(NAME, value);
  } catch {
    // Then it is kept until the page is left.
  }
  key.set(value);
  refusal.set(undefined);
}

export function forgetKey(): void {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
  key.set(undefined);
  refusal.set(undefined);
}

/** Whether the API refused a call for want of a key, or of what the key may do. */
export function isAboutKeys(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  return error.status === 401 || (error.status === 403 && (error.code === "forbidden" || isClosed(error)));
}

/** Whether the deployment has no key at all, so that none helps. */
export function isClosed(error: CallError): boolean {
  return error.code === "closed" || error.code === "operations_off";
}
