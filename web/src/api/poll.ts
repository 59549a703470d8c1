// Asks for something again and again while its view is open: never twice at once,
// never while the page is hidden, and less often while the answer is an error.

import { CallError } from "./errors.ts";
import { store, type Store } from "../base/store.ts";

export interface PollState {
  busy: boolean;
  /** When the last good answer came. */
  atMs: number | undefined;
  /** What the last call ended in, unless it was a good answer. */
  error: unknown;
  /** When it asks again by itself, where that is planned. */
  nextAtMs: number | undefined;
}

export interface Poll {
  state: Store<PollState>;
  /** Asks every so many milliseconds; 0 is never by itself. */
  every(ms: number): void;
  /** Asks now. */
  now(): Promise<void>;
  /** While held it asks only when it is told to. */
  hold(held: boolean): void;
  /** Begins; what was told at `knownAtMs` need not be asked for at once. */
  start(knownAtMs?: number): void;
  stop(): void;
}

/** The first pause after an error; it doubles with each further one. */
const BACKOFF_MS = 2_000;
const MAX_BACKOFF_MS = 60_000;
/** What is younger than this is not asked for again when the page is seen again. */
const YOUNG_MS = 5_000;

export function poll(load: () => Promise<void>, everyMs: number): Poll {
  const state = store<PollState>({ busy: false, atMs: undefined, error: undefined, nextAtMs: undefined });
  const change = (part: Partial<PollState>) => state.set({ ...state.get(), ...part });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let held = false;
  let failures = 0;

  async function now(): Promise<void> {
    if (!running || state.get().busy) return;
    clearTimeout(timer);
    change({ busy: true, nextAtMs: undefined });
    try {
      await load();
      failures = 0;
      plan({ busy: false, error: undefined, atMs: Date.now() });
    } catch (error) {
      failures += 1;
      plan({ busy: false, error });
    }
  }

  /** In how many milliseconds it asks again; `undefined`: not by itself. */
  function pause({ atMs, error }: PollState): number | undefined {
    if (held) return undefined;
    if (failures > 0) {
      const wanted = error instanceof CallError ? (error.retryAfterS ?? 0) * 1_000 : 0;
      return Math.min(MAX_BACKOFF_MS, Math.max(wanted, BACKOFF_MS * 2 ** (failures - 1)));
    }
    if (atMs === undefined) return 0;
    return everyMs === 0 ? undefined : everyMs;
  }

  function plan(part: Partial<PollState> = {}): void {
    clearTimeout(timer);
    const known = { ...state.get(), ...part };
    const ms = running && !document.hidden ? pause(known) : undefined;
    state.set({ ...known, nextAtMs: ms === undefined ? undefined : Date.now() + ms });
    if (ms !== undefined) timer = setTimeout(() => void now(), ms);
  }

  function turned(): void {
    clearTimeout(timer);
    const { atMs, busy } = state.get();
    if (busy) return;
    const ms = pause(state.get());
    const isOld = ms !== undefined && Date.now() - (atMs ?? 0) >= Math.min(ms, YOUNG_MS);
    if (isOld && !document.hidden) void now();
    else plan();
  }

  return {
    state,
    now,
    every(ms) {
      everyMs = ms;
      if (!state.get().busy) plan();
    },
    hold(value) {
      if (held === value) return;
      held = value;
      if (!state.get().busy) plan();
    },
    start(knownAtMs) {
      running = true;
      document.addEventListener("visibilitychange", turned);
      if (knownAtMs !== undefined) change({ atMs: knownAtMs });
      plan();
    },
    stop() {
      running = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turned);
    },
  };
}
