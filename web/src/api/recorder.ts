// The calls that this page made, for the tester's drawer. Keys are never recorded.

import { store } from "../base/store.ts";

export interface RecordedCall {
  number: number;
  atMs: number;
  method: string;
  path: string;
  /** Whether a key was sent. */
  withKey: boolean;
  requestBody: string | undefined;
  /** `undefined` while it is under way; 0 when no answer came. */
  status: number | undefined;
  tookMs: number | undefined;
  /** The answer's text, cut at {@link MAX_TEXT}. */
  answer: string;
}

/** How many calls are kept. */
const MAX_CALLS = 100;
/** How many of them may be the same question, so that one that is asked over and over leaves the others. */
const MAX_SAME = 5;
/** How much of an answer is kept, in UTF-16 units. */
export const MAX_TEXT = 16_384;

/** Newest first. */
export const calls = store<readonly RecordedCall[]>([]);

let lastNumber = 0;

export function begin(method: string, path: string, withKey: boolean, requestBody: string | undefined): RecordedCall {
  lastNumber += 1;
  const call: RecordedCall = {
    number: lastNumber,
    atMs: Date.now(),
    method,
    path,
    withKey,
    requestBody: requestBody?.slice(0, MAX_TEXT),
    status: undefined,
    tookMs: undefined,
    answer: "",
  };
  let same = 0;
  const others = calls.get().filter((one) => {
    if (one.method !== method || one.path !== path || method !== "GET") return true;
    same += 1;
    return same < MAX_SAME;
  });
  calls.set([call, ...others].slice(0, MAX_CALLS));
  return call;
}

export function end(call: RecordedCall, status: number, answer: string): void {
  const ended = { ...call, status, tookMs: Date.now() - call.atMs, answer: answer.slice(0, MAX_TEXT) };
  calls.set(calls.get().map((one) => (one.number === call.number ? ended : one)));
}

export function clear(): void {
  calls.set([]);
}

/** A line for a shell that makes the same call. The key is named, not shown. */
export function curl(call: RecordedCall): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = ["curl", "-s"];
  if (call.method !== "GET") parts.push("-X", call.method);
  if (call.withKey) parts.push("-H", '"Authorization: Bearer $KEY"');
  if (call.requestBody !== undefined) parts.push("--data-binary", quote(call.requestBody));
  parts.push(quote(location.origin + call.path));
  return parts.join(" ");
}
