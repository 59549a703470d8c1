// The list of problems as far as it is loaded. It outlives the view, so that Back
// shows at once what was there.

import { call } from "../../api/client.ts";
import type { Page, ProblemEntry } from "../../api/types.ts";

/** How old the list may be when the view is opened, before it is asked for again. */
const FRESH_MS = 30_000;

const byTitle = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export interface Catalogue {
  /** Sorted by title. */
  problems: readonly ProblemEntry[];
  /** The cursor of the next page; `null` when all is here, `undefined` before the first page. */
  next: string | null | undefined;
}

let known: Catalogue = { problems: [], next: undefined };
let pages = 0;
let loadedAtMs = 0;

export function catalogue(): Catalogue {
  return known;
}

export function isStale(): boolean {
  return Date.now() - loadedAtMs > FRESH_MS;
}

/** Adds the next page; does nothing when all is there. */
export async function loadNext(signal: AbortSignal): Promise<void> {
  if (known.next === null) return;
  if (known.next === undefined) loadedAtMs = Date.now();
  known = await after(known, signal);
  pages += 1;
}

/** Loads as many pages as are known anew, and puts them in place of the old ones when all are there. */
export async function refresh(signal: AbortSignal): Promise<void> {
  const wanted = Math.max(1, pages);
  const startedMs = Date.now();
  let fresh: Catalogue = { problems: [], next: undefined };
  let count = 0;
  while (count < wanted && fresh.next !== null) {
    fresh = await after(fresh, signal);
    count += 1;
  }
  known = fresh;
  pages = count;
  loadedAtMs = startedMs;
}

async function after(before: Catalogue, signal: AbortSignal): Promise<Catalogue> {
  const query = before.next ? `?cursor=${encodeURIComponent(before.next)}` : "";
  const page = await call<Page<ProblemEntry>>(`/problems${query}`, { signal });
  // While the list changes a problem may be named twice.
  const byId = new Map(before.problems.map((one) => [one.id, one]));
  for (const one of page.problems) byId.set(one.id, one);
  const problems = [...byId.values()].sort((a, b) => byTitle.compare(a.title, b.title) || byTitle.compare(a.id, b.id));
  return { problems, next: page.next };
}
