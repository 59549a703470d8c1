// Makes the numbers that charts show of what the API tells. No elements here.

import type { Stats } from "../../api/types.ts";

const MINUTE_MS = 60_000;

export interface Minutes {
  /** When each minute begins, in seconds since 1970: uPlot's unit. */
  at: number[];
  done: number[];
  failed: number[];
}

/** The last 60 minutes, oldest first; a minute that is not told had no jobs. */
export function lastHour(minutes: Stats["minutes"], nowMs: number): Minutes {
  const starts = minutes.map((minute) => minute.startsAtMs);
  let end = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  // Where this machine's clock is wrong, the server's newest minute is the end.
  const newest = Math.max(...starts);
  if (starts.length > 0 && (newest > end || Math.min(...starts) < end - 61 * MINUTE_MS)) end = newest;
  const told = new Map(minutes.map((minute) => [minute.startsAtMs, minute]));
  const hour: Minutes = { at: [], done: [], failed: [] };
  for (let startMs = end - 59 * MINUTE_MS; startMs <= end; startMs += MINUTE_MS) {
    const minute = told.get(startMs);
    hour.at.push(startMs / 1_000);
    hour.done.push(minute?.done ?? 0);
    hour.failed.push(minute?.dead ?? 0);
  }
  return hour;
}

export const LANES = ["high", "normal", "low"] as const;
export type Lane = (typeof LANES)[number];

/** What waited, collected while the dashboard is open. `null` is a gap: nobody looked. */
export interface Collected {
  at: number[];
  lanes: Record<Lane, (number | null)[]>;
}

/** An hour at one look each 5 s. */
const MAX_SAMPLES = 720;

export const collected: Collected = { at: [], lanes: { high: [], normal: [], low: [] } };
let broken = false;

/** From now on nobody looks, until the next sample. */
export function breakOff(): void {
  broken = collected.at.length > 0;
}

export function collect(waiting: Stats["waiting"], atMs: number): void {
  const last = collected.at.at(-1) ?? 0;
  const at = atMs / 1_000;
  if (at <= last) return;
  if (broken) push((last + at) / 2, undefined);
  broken = false;
  push(at, waiting);
}

function push(at: number, waiting: Stats["waiting"] | undefined): void {
  collected.at.push(at);
  for (const lane of LANES) collected.lanes[lane].push(waiting?.[lane] ?? null);
  if (collected.at.length <= MAX_SAMPLES) return;
  collected.at.shift();
  for (const lane of LANES) collected.lanes[lane].shift();
}
