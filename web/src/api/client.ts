// The one place that calls the API. Every call is recorded for the tester's drawer,
// has a time limit, and ends in a value or a `CallError`.

import { parseAnswer } from "../base/json.ts";
import { store } from "../base/store.ts";
import { CallError } from "./errors.ts";
import * as recorder from "./recorder.ts";

/** Since when the API has not answered, in milliseconds since 1970; `undefined` when it did. */
export const lostSince = store<number | undefined>(undefined);

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** JSON that is sent letter by letter, in the place of `body`: long numbers keep their digits. */
  text?: string;
  headers?: Record<string, string>;
  /** The operator's token; never recorded. */
  token?: string | undefined;
  signal?: AbortSignal;
  timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;

/** Calls the API and returns the JSON it answers. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const { method = "GET", body, token, signal, timeoutMs = TIMEOUT_MS } = options;
  const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (text !== undefined) headers["content-type"] = "application/json";
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const recorded = recorder.begin(method, path, token !== undefined, text);
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
  return read<T>(response, answer);
}

function read<T>(response: Response, answer: string): T {
  let value: unknown;
  try {
    value = answer === "" ? undefined : parseAnswer(answer);
  } catch {
    value = undefined;
  }
  if (response.ok && (value !== undefined || answer === "")) return value as T;
  const error = (value as { error?: { code?: string; message?: string; field?: string } } | undefined)?.error;
  const retryAfter = Number(response.headers.get("retry-after"));
  throw new CallError(
    response.status,
    error?.code ?? "unexpected",
    error?.message ??
      `The server answered with status ${response.status} and nothing that this page understands. Try again.`,
    error?.field,
    retryAfter > 0 ? retryAfter : undefined,
  );
}

/** Notes that the API did not answer; the header shows it until a call succeeds. */
export function noticeLoss(): void {
  if (lostSince.get() === undefined) lostSince.set(Date.now());
}
