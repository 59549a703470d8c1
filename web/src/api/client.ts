// The one place that calls the API. Every call carries the key of this tab, is recorded
// for the tester's drawer, has a time limit, and ends in a value or a `CallError`.

import { parseAnswer } from "../base/json.ts";
import { store } from "../base/store.ts";
import { CallError } from "./errors.ts";
import { key, refusal } from "./key.ts";
import * as recorder from "./recorder.ts";

/** Since when the API has not answered, in milliseconds since 1970; `undefined` when it did. */
export const lostSince = store<number | undefined>(undefined);

/** Until when the API wants no more reads of this page, in milliseconds since 1970. */
export const limitedUntil = store<number | undefined>(undefined);

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** JSON that is sent letter by letter, in the place of `body`: long numbers keep their digits. */
  text?: string;
  headers?: Record<string, string>;
  /** A key that is tried, in the place of the one that is kept. */
  key?: string;
  /** Throws a 429 also for a read, which otherwise waits as told and asks again. */
  impatient?: boolean;
  /** Takes an answer that is no JSON as text. */
  plain?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** A read that would have to wait for longer fails instead, in seconds. */
const MAX_WAIT_S = 300;
/** A read that is refused with 429 so many times in a row fails. */
const MAX_TRIES = 5;

/** Calls the API and returns the JSON it answers. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await callOnce<T>(path, options);
    } catch (error) {
      const waitS = error instanceof CallError && error.status === 429 ? (error.retryAfterS ?? 0) : 0;
      const isRead = (options.method ?? "GET") === "GET";
      if (!isRead || options.impatient || waitS === 0 || waitS > MAX_WAIT_S || tries >= MAX_TRIES) throw error;
      await wait(waitS * 1_000, options.signal);
    }
  }
}

async function callOnce<T>(path: string, options: CallOptions): Promise<T> {
  const { method = "GET", body, signal, timeoutMs = TIMEOUT_MS } = options;
  const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const sent = options.key ?? key.get();
  const headers: Record<string, string> = { accept: "application/json", ...options.headers, ...credentials(sent) };
  if (text !== undefined) headers["content-type"] = "application/json";
  const recorded = recorder.begin(method, path, sent !== undefined, text);
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let answer: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: text ?? null,
      credentials: "omit",
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    answer = await response.text();
  } catch (error) {
    recorder.end(recorded, 0, String(error));
    if (signal?.aborted) throw error;
    noticeLoss();
    const reason = limit.aborted ? "The server took too long to answer." : "The server cannot be reached.";
    throw new CallError(0, "unreachable", `${reason} Check the connection and try again.`);
  }
  recorder.end(recorded, response.status, answer);
  lostSince.set(undefined);
  if (!response.ok) throw failure(response, answer, sent);
  if (answer === "") return undefined as T;
  try {
    return parseAnswer(answer) as T;
  } catch {
    if (options.plain) return answer as T;
    throw failure(response, answer, sent);
  }
}

/** The header that carries a key. */
export function credentials(sent: string | undefined): Record<string, string> {
  return sent === undefined ? {} : { authorization: `Bearer ${sent}` };
}

/** What an answer that is none says, and what follows from it for other calls. `sent` is the key. */
export function failure(response: Response, answer: string, sent: string | undefined): CallError {
  let error: { code?: string; message?: string; field?: string } | undefined;
  try {
    error = (parseAnswer(answer) as { error?: typeof error } | null)?.error;
  } catch {
    // Something between the page and the API answered.
  }
  const retryAfter = Number(response.headers.get("retry-after"));
  const told = new CallError(
    response.status,
    error?.code ?? "unexpected",
    error?.message ??
      `The server answered with status ${response.status} and nothing that this page understands. Try again.`,
    error?.field,
    retryAfter > 0 ? retryAfter : undefined,
  );
  // Another key may have been given while this call was under way.
  if (told.status === 401 && sent !== undefined && sent === key.get()) refusal.set(told);
  return told;
}

/** Lets the frame say for how long the API wants no more reads. */
export function noticeLimit(ms: number): void {
  limitedUntil.set(Math.max(limitedUntil.get() ?? 0, Date.now() + ms));
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  noticeLimit(ms);
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    // Not all that were refused at once come back at once.
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      },
      ms + 300 * Math.random(),
    );
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

/** Notes that the API did not answer; the header shows it until a call succeeds. */
export function noticeLoss(): void {
  if (lostSince.get() === undefined) lostSince.set(Date.now());
}
