// The submissions of this browser, newest first, and which problems it has solved.
// The list is one small entry of the storage; the code of each submission is another,
// so that a verdict does not write all code again. When it becomes too much, the code
// of the oldest goes first.

import type { EndedResult, VerdictName } from "./api/types.ts";
import { keys, onChange, read, remove, write } from "./base/storage.ts";

export interface Remembered {
  id: string;
  problemId: string;
  /** The problem's title, where there is a problem. */
  title?: string;
  language: string;
  /** Empty where it was dropped for newer ones. */
  code: string;
  submittedAtMs: number;
  /** What became of it, once that is known. */
  end?: {
    verdict: VerdictName | "dead" | "purged";
    passed?: number;
    total?: number;
    cpuTimeMs?: number;
    memoryBytes?: number;
  };
}

export type End = NonNullable<Remembered["end"]>;

/** As it is stored: the code is elsewhere, only its length is here. */
type Entry = Omit<Remembered, "code"> & { length: number };

const LIST = "history";
const CODE = "code:";
const SOLVED = "solved";

const MAX_ENTRIES = 200;
/** UTF-16 units of code in all; a browser keeps about 5 million for a host. */
const MAX_CODE = 1_000_000;

const listeners = new Set<() => void>();

function entries(): Entry[] {
  const list = read<unknown>(LIST);
  if (!Array.isArray(list)) return [];
  return list.filter((one): one is Entry => typeof one?.id === "string" && typeof one.problemId === "string");
}

function open(entry: Entry): Remembered {
  const { length: _, ...rest } = entry;
  return {
    ...rest,
    get code() {
      return read<string>(CODE + entry.id) ?? "";
    },
  };
}

function changed(): void {
  for (const listener of [...listeners]) listener();
}

/** Adds a submission, and makes room for it. */
export function remember(submission: Remembered): void {
  const { code, ...rest } = submission;
  const others = entries().filter((one) => one.id !== submission.id);
  const list = [{ ...rest, length: code.length }, ...others].sort((a, b) => b.submittedAtMs - a.submittedAtMs);
  for (const old of list.splice(MAX_ENTRIES)) remove(CODE + old.id);
  let room = MAX_CODE;
  for (const entry of list) {
    room -= entry.length;
    if (room < 0 && entry.length > 0) drop(entry);
  }
  writeCode(list, submission.id, code);
  // Of a list that does not fit, the newest half may.
  for (let part = list; part.length > 0 && !write(LIST, part); part = part.slice(0, part.length >> 1));
  changed();
}

/** Where the storage is full, the code of the oldest is dropped until the new one fits. */
function writeCode(list: Entry[], id: string, code: string): void {
  if (code === "" || write(CODE + id, code)) return;
  for (const entry of [...list].reverse()) {
    if (entry.length === 0 || entry.id === id) continue;
    drop(entry);
    if (write(CODE + id, code)) return;
  }
  const own = list.find((entry) => entry.id === id);
  if (own) own.length = 0;
}

function drop(entry: Entry): void {
  remove(CODE + entry.id);
  entry.length = 0;
}

/** Notes what became of a submission; a later end, after a rejudge, replaces the earlier one. */
export function settle(id: string, end: End): void {
  const list = entries();
  const entry = list.find((one) => one.id === id);
  if (!entry) return;
  if (end.verdict === "Accepted") markSolved(entry.problemId);
  if (JSON.stringify(entry.end) === JSON.stringify(end)) return;
  entry.end = end;
  write(LIST, list);
  changed();
}

/** {@link settle} by a submission's document. */
export function settleBy(result: EndedResult): void {
  settle(result.id, endOf(result));
}

export function endOf(result: EndedResult): End {
  if (result.status !== "done") return { verdict: result.status };
  const end: End = { verdict: result.verdict };
  const { judgement, run } = result;
  if (judgement) Object.assign(end, { passed: judgement.passed, total: judgement.total });
  const cpuTimeMs = judgement?.cpuTimeMs ?? run?.cpuTimeMs;
  const memoryBytes = judgement?.memoryBytes ?? run?.memoryBytes;
  if (typeof cpuTimeMs === "number") end.cpuTimeMs = cpuTimeMs;
  if (typeof memoryBytes === "number") end.memoryBytes = memoryBytes;
  return end;
}

export function find(id: string): Remembered | undefined {
  const entry = entries().find((one) => one.id === id);
  return entry && open(entry);
}

export function all(): Remembered[] {
  return entries().map(open);
}

/** Forgets everything: the submissions, their code, and what was solved. */
export function clear(): void {
  for (const key of keys(CODE)) remove(key);
  remove(LIST);
  remove(SOLVED);
  changed();
}

/** The ids of the problems that this browser has solved. */
export function solved(): Set<string> {
  const ids = read<unknown>(SOLVED);
  return new Set(Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string") : []);
}

function markSolved(problemId: string): void {
  const ids = solved();
  if (ids.has(problemId)) return;
  write(SOLVED, [...ids, problemId]);
  changed();
}

/** Calls `listener` when the history changes, here or in another tab; returns what ends that. */
export function watchHistory(listener: () => void): () => void {
  listeners.add(listener);
  const ends = [onChange(LIST, listener), onChange(SOLVED, listener)];
  return () => {
    listeners.delete(listener);
    for (const end of ends) end();
  };
}
