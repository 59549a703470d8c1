// Documents of the API that several tests use.

import type { Api } from "./harness.ts";

/** An id as the API makes them. */
export function anId(letter = "a"): string {
  return letter.repeat(48);
}

type Members = Record<string, unknown>;

export function stage(members: Members = {}): Members {
  return {
    stdout: "",
    stderr: "",
    code: 0,
    signal: null,
    status: null,
    message: null,
    cpuTimeMs: 12,
    wallTimeMs: 20,
    memoryBytes: 9_400_000,
    ...members,
  };
}

/** A case of a judgement. */
export function aCase(number: number, verdict = "Accepted", members: Members = {}): Members {
  return { number, verdict, cpuTimeMs: 10 + number, memoryBytes: 9_000_000 + number, ...members };
}

export function judgement(cases: Members[], members: Members = {}): Members {
  const passed = cases.filter((one) => one["verdict"] === "Accepted").length;
  const failed = cases.find((one) => one["verdict"] !== "Accepted");
  return {
    problemVersion: "v1",
    score: Math.round((passed / cases.length) * 10_000) / 100,
    passed,
    total: cases.length,
    ...(failed && { failedCase: failed["number"] }),
    cpuTimeMs: 34,
    memoryBytes: 9_600_000,
    cases,
    ...members,
  };
}

/** A submission that was judged. */
export function done(id: string, verdict: string, members: Members = {}): Members {
  const now = Date.now();
  return {
    id,
    status: "done",
    problemId: "sum-of-lines",
    language: "python",
    languageVersion: "3.12.0",
    verdict,
    output: verdict,
    submittedAtMs: now - 65_000,
    startedAtMs: now - 64_000,
    finishedAtMs: now - 62_000,
    attempts: 1,
    executor: "main",
    ...members,
  };
}

/** One that was judged by cases. */
export function judged(id: string, cases: Members[], members: Members = {}): Members {
  const found = judgement(cases);
  const failed = cases.find((one) => one["verdict"] !== "Accepted");
  const verdict = String(failed?.["verdict"] ?? "Accepted");
  const output = failed
    ? `${verdict} on case ${failed["number"]} of ${cases.length}.`
    : `Accepted: all ${cases.length} cases.`;
  return done(id, verdict, { output, judgement: found, ...members });
}

export function problem(members: Members = {}): Members {
  return {
    success: true,
    id: "sum-of-lines",
    version: "v1",
    title: "Sum of lines",
    statement: "Add up the numbers.",
    kind: "program",
    checker: "lines",
    limits: {},
    stopOnFirstFail: false,
    starter: {},
    cases: [
      { name: "two lines", input: "1\n2\n", expected: "3\n" },
      { name: "one line", input: "7\n", expected: "7\n" },
      { number: 3, hidden: true, weight: 1 },
    ],
    ...members,
  };
}

/** An API with one problem and one document. */
export function serveResult(api: Api, id: string, document: unknown, of: unknown = problem()): Api {
  return api.on(`GET /result/${id}`, () => document).on("GET /problems/*", () => of);
}

/** A script that gives this browser a history. */
export function remembered(entries: Members[]): string {
  const list = entries.map(({ code = "", ...rest }) => ({
    problemId: "sum-of-lines",
    title: "Sum of lines",
    language: "python",
    submittedAtMs: Date.now() - 65_000,
    ...rest,
    length: String(code).length,
  }));
  const lines = entries.map(({ id, code = "" }) => `set(${JSON.stringify(`code:${id}`)}, ${JSON.stringify(code)});`);
  return `const set = (key, value) => localStorage.setItem("edgejudge:" + key, JSON.stringify(value));
set("history", ${JSON.stringify(list)}); ${lines.join("\n")}`;
}
