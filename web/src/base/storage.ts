// The browser's storage, which may be full or forbidden. Nothing here throws: the
// page works without storage, and `kept` says that nothing is kept.

import { store } from "./store.ts";

/** Whether what is written is kept. False after a write that failed. */
export const kept = store(true);

const PREFIX = "edgejudge:";

export function read<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Returns whether it was written. */
export function write(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
    kept.set(true);
    return true;
  } catch {
    kept.set(false);
    return false;
  }
}

export function remove(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    kept.set(false);
  }
}

/** How long the entry of `key` is, in UTF-16 units of JSON; 0 without one. */
export function size(key: string): number {
  try {
    return localStorage.getItem(PREFIX + key)?.length ?? 0;
  } catch {
    return 0;
  }
}

/** The keys that begin with `prefix`. */
export function keys(prefix: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + prefix))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** Calls `listener` when another tab writes `key` (or removes it: `undefined`). */
export function onChange<T>(key: string, listener: (value: T | undefined) => void): () => void {
  const handle = (event: StorageEvent) => {
    if (event.key !== PREFIX + key) return;
    try {
      listener(event.newValue === null ? undefined : (JSON.parse(event.newValue) as T));
    } catch {
      // Something else than this page wrote there.
    }
  };
  addEventListener("storage", handle);
  return () => removeEventListener("storage", handle);
}
