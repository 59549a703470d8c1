// Follows a submission until it has its end: by a stream of events, or, where streams
// do not get through, by calls that wait. One connection at a time; none while the
// page is hidden, and none after the end. Where the API has no room for another
// stream, it is asked now and then instead. `live-state.ts` says what an event means.

import { settleBy } from "../history.ts";
import { call, lostSince, noticeLimit } from "./client.ts";
import { CallError } from "./errors.ts";
import { openEvents, readEvents, type ServerEvent } from "./event-stream.ts";
import { key } from "./key.ts";
import { apply, first, type Known, type LiveState, take } from "./live-state.ts";
import * as recorder from "./recorder.ts";
import { takeSlot } from "./slots.ts";
import type { Result } from "./types.ts";

export type { Known, LiveState } from "./live-state.ts";

export interface Following {
  stop(): void;
}

/** The least time between the beginnings of two requests. */
const MIN_GAP_MS = 1_000;
/** The longest pause between two tries. */
const MAX_PAUSE_MS = 30_000;
/** While the connection is not lost for longer than this, pauses stay short. */
const PATIENT_AFTER_MS = 60_000;
const SHORT_PAUSE_MS = 4_000;
/** The longest timer while a submission is not due. */
const MAX_SLEEP_MS = 3_600_000;
/** How long the first event may take; a proxy that collects the stream would hold it back. */
const FIRST_EVENT_MS = 10_000;
/** A stream ends itself within 60 s; one that is still open then is dead. */
const STREAM_MS = 75_000;
/** A stream that ends before this was cut; the next one may be as well. */
const SHORT_STREAM_MS = 5_000;
/** So many streams without an event, and only waiting calls are made. */
const BLOCKED_AFTER = 2;

/** After so long one stream is tried again. */
const BLOCKED_FOR_MS = 300_000;

/** Streams that failed though the API answered, in a row, of all that this page followed. */
let blocked = 0;
let blockedMs = 0;

/** After a stream that was refused, such as to the eleventh who watches, the next one is tried this much later. */
const REFUSED_FOR_MS = 30_000;
/** The longest pause between looks that do not wait: for the first ones, and for later ones. */
const LOOK_PAUSE_MS = 3_000;
const LATE_LOOK_PAUSE_MS = 10_000;
const FIRST_LOOKS = 20;

/** When a stream was refused last though the API answered. */
let refusedMs = Number.NEGATIVE_INFINITY;

function isRefused(): boolean {
  return Date.now() - refusedMs < REFUSED_FOR_MS;
}

function isBlocked(): boolean {
  if (blocked >= BLOCKED_AFTER && Date.now() - blockedMs > BLOCKED_FOR_MS) blocked = BLOCKED_AFTER - 1;
  return blocked >= BLOCKED_AFTER;
}

/** Calls `listener` with each change, at least once. `known` is what was answered to the submission. */
export function follow(id: string, listener: (state: LiveState) => void, known: Known = {}): Following {
  const path = `/result/${encodeURIComponent(id)}`;
  let state = first(known);
  let over = false;
  let busy = false;
  let lastId = "";
  let lastBeganMs = Number.NEGATIVE_INFINITY;
  /** Tries without success in a row. */
  let failures = 0;
  let lostMs: number | undefined;
  /** Streams in a row that were cut soon after they began. */
  let short = 0;
  /** Answers in a row that came at once. */
  let quick = 0;
  /** The last stream failed: ask before the next one, which says whether there is such a submission. */
  let doubt = false;
  /** It failed because something else than a stream was answered. */
  let refused = false;
  /** Ask now, also when the submission is not due. */
  let curious = known.dueAtMs === undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hangUp: (() => void) | undefined;

  function tell(change: Partial<LiveState>): void {
    state = { ...state, ...change };
    listener(state);
  }

  function end(): void {
    over = true;
    clearTimeout(timer);
    hangUp?.();
    document.removeEventListener("visibilitychange", turned);
    removeEventListener("online", hurry);
  }

  function finish(change: Partial<LiveState>): void {
    if (over) return;
    end();
    if (change.result) settleBy(change.result);
    tell(change);
  }

  function schedule(pauseMs: number): void {
    clearTimeout(timer);
    if (over || document.hidden) return;
    const earliest = lastBeganMs + MIN_GAP_MS - performance.now();
    timer = setTimeout(next, Math.max(pauseMs, earliest, 0));
  }

  /** Later and later, and not all pages at the same moment. */
  function scheduleLater(atLeastMs = 0): void {
    failures += 1;
    lostMs ??= Date.now();
    const most = Date.now() - lostMs < PATIENT_AFTER_MS ? SHORT_PAUSE_MS : MAX_PAUSE_MS;
    const pause = Math.min(MIN_GAP_MS * 2 ** (failures - 1), most);
    schedule(Math.max(pause * (0.9 + 0.3 * Math.random()), atLeastMs));
  }

  /** The API wants no more reads for a while. */
  function obey(error: CallError): boolean {
    const waitMs = error.status === 429 ? (error.retryAfterS ?? 0) * 1_000 : 0;
    if (waitMs === 0) return false;
    noticeLimit(waitMs);
    tell({ connection: "failing" });
    scheduleLater(waitMs);
    return true;
  }

  function reached(): void {
    failures = 0;
    lostMs = undefined;
    lostSince.set(undefined);
  }

  async function next(): Promise<void> {
    if (over || busy || document.hidden) return;
    const untilDue = (state.dueAtMs ?? 0) - Date.now();
    if (untilDue > 2 * MIN_GAP_MS && !curious) return schedule(Math.min(untilDue, MAX_SLEEP_MS));
    curious = false;
    busy = true;
    const slot = await takeSlot();
    const stopped = over || document.hidden;
    if (stopped) {
      slot?.();
      busy = false;
      return;
    }
    lastBeganMs = performance.now();
    hangUp = () => {
      hangUp = undefined;
      busy = false;
      slot?.();
    };
    if (slot && !doubt && !isBlocked() && !isRefused()) stream();
    else await ask(slot !== undefined && isBlocked() && !isRefused());
  }

  function stream(): void {
    const address = `${path}/events${lastId === "" ? "" : `?after=${encodeURIComponent(lastId)}`}`;
    const record = recorder.begin("GET", address, key.get() !== undefined, undefined);
    const abort = new AbortController();
    const free = hangUp;
    let status = 0;
    let text = "";
    let heard = false;
    let hungUp = false;
    const late = setTimeout(() => closed(heard || lastId !== ""), FIRST_EVENT_MS);
    const dead = setTimeout(() => closed(true), STREAM_MS);

    hangUp = () => {
      hungUp = true;
      clearTimeout(late);
      clearTimeout(dead);
      abort.abort();
      recorder.end(record, status, text || (status === 200 ? "" : "The stream did not open."));
      free?.();
    };

    /** `well`: as streams end that have told all they may. */
    function closed(well: boolean): void {
      const lastedMs = performance.now() - lastBeganMs;
      hangUp?.();
      if (over) return;
      short = lastedMs < SHORT_STREAM_MS ? short + 1 : 0;
      if (well) schedule(MIN_GAP_MS * 2 ** Math.min(Math.max(short - 1, 0), 3));
      else {
        doubt = true;
        // Whether the connection is lost is known when the API was asked.
        if (state.connection === "live") tell({ connection: "polling" });
        scheduleLater();
      }
    }

    function hear({ id, name, data }: ServerEvent): void {
      if (over || hungUp) return;
      heard = true;
      blocked = 0;
      quick = 0;
      clearTimeout(late);
      if (id !== "") lastId = id;
      text = `${text}event: ${name}\ndata: ${data}\n\n`.slice(0, recorder.MAX_TEXT);
      recorder.end(record, 200, text);
      const change = apply(state, name, data);
      if (!change) return;
      if (change.result) {
        finish({ ...change, connection: "live" });
        return;
      }
      tell({ ...change, connection: "live" });
      // A submission that is due much later needs no stream until then.
      if ((state.dueAtMs ?? 0) - Date.now() > MAX_PAUSE_MS) closed(true);
    }

    async function listen(): Promise<void> {
      const body = await openEvents(address, abort.signal);
      status = 200;
      reached();
      if (lastId !== "") clearTimeout(late);
      tell({ connection: "live" });
      await readEvents(body, hear);
    }

    const ended = (error?: unknown) => {
      if (hungUp) return;
      const answered = error instanceof CallError ? error : undefined;
      if (answered) {
        ({ status, message: text } = answered);
        hangUp?.();
        if (over || obey(answered)) return;
      }
      refused = answered !== undefined;
      const wasOpen = status === 200 && !answered && performance.now() - lastBeganMs > FIRST_EVENT_MS;
      closed(heard || wasOpen);
    };
    void listen().then(() => ended(), ended);
  }

  async function ask(wait: boolean): Promise<void> {
    const abort = new AbortController();
    const free = hangUp;
    hangUp = () => {
      abort.abort();
      free?.();
    };
    try {
      const result = await call<Result>(wait ? `${path}?wait=20` : path, {
        signal: abort.signal,
        timeoutMs: 40_000,
        impatient: true,
      });
      if (over || abort.signal.aborted) return;
      hangUp();
      const tries = failures;
      reached();
      if (result.status !== "queued") return finish({ ...take(result), connection: "polling" });
      // The API answers and the stream did not, which is not so when both were away.
      if (doubt && tries <= 1) {
        if (refused) refusedMs = Date.now();
        else {
          blocked += 1;
          blockedMs = Date.now();
        }
      }
      doubt = false;
      tell({ ...take(result), connection: "polling" });
      quick = wait && performance.now() - lastBeganMs > 5_000 ? 0 : quick + 1;
      const most = wait || quick > FIRST_LOOKS ? LATE_LOOK_PAUSE_MS : LOOK_PAUSE_MS;
      schedule(!isBlocked() && !isRefused() && quick < 2 ? 0 : Math.min(MIN_GAP_MS * 1.4 ** (quick - 1), most));
    } catch (error) {
      if (over || abort.signal.aborted) return;
      hangUp();
      if (error instanceof CallError && isFinal(error)) return finish({ error });
      if (error instanceof CallError && obey(error)) return;
      tell({ connection: error instanceof CallError && error.status > 0 ? "failing" : "lost" });
      scheduleLater(error instanceof CallError ? (error.retryAfterS ?? 0) * 1_000 : 0);
    }
  }

  function turned(): void {
    if (document.hidden) {
      clearTimeout(timer);
      hangUp?.();
    } else hurry();
  }

  /** Somebody looks again, or the network is back. */
  function hurry(): void {
    if (busy) return;
    failures = 0;
    curious = true;
    schedule(0);
  }

  document.addEventListener("visibilitychange", turned);
  addEventListener("online", hurry);
  queueMicrotask(() => {
    if (!over) listener(state);
    void next();
  });
  return { stop: end };
}

/** Whether asking again would get the same answer. */
function isFinal(error: CallError): boolean {
  return error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 408;
}
