// What the tests of the solving view share: problems, languages, and ways to reach
// into the editor.

import type { Page } from "playwright-core";
import { stage } from "./fixtures.ts";
import { Api, events } from "./harness.ts";

export const PYTHON_STARTER = "def two_sum(nums: list[int], target: int) -> list[int]:\n    pass\n";

export const TWO_SUM = {
  success: true,
  id: "two-sum",
  version: "1".repeat(32),
  title: "Two numbers that make a sum",
  statement:
    "Given a list `nums` and a `target`, return the **two places** whose numbers add up to the target.\n\n- Each input has exactly one answer.\n- A number may not be used twice.\n",
  kind: "function",
  signature: {
    name: "twoSum",
    params: [
      { name: "nums", type: "list<int>" },
      { name: "target", type: "int" },
    ],
    returns: "list<int>",
  },
  checker: "unordered",
  limits: { timeMs: 2000, memoryBytes: 134_217_728, factors: { python: 2 } },
  stopOnFirstFail: true,
  starter: {
    python: PYTHON_STARTER,
    javascript: "function twoSum(nums, target) {\n}\n",
    typescript: "function twoSum(nums: number[], target: number): number[] {\n}\n",
    "c++": "vector<long long> twoSum(vector<long long> nums, long long target) {\n}\n",
  },
  cases: [
    { name: "a pair at the end", input: [[3, 8, 5, 14], 19], expected: [2, 3] },
    { name: "two of the same", input: [[4, 4], 8], expected: [0, 1] },
    { name: "large", hidden: true },
    { hidden: true, weight: 2 },
  ],
};

export const CACHE = {
  success: true,
  id: "cache",
  version: "3".repeat(32),
  title: "A cache",
  statement: "Keep the newest.\n",
  kind: "class",
  signature: {
    name: "Cache",
    params: [{ name: "size", type: "int" }],
    methods: [
      {
        name: "put",
        params: [
          { name: "key", type: "string" },
          { name: "value", type: "int" },
        ],
        returns: "null",
      },
      { name: "get", params: [{ name: "key", type: "string" }], returns: "int" },
    ],
  },
  checker: "exact",
  limits: { timeMs: 1000 },
  stopOnFirstFail: true,
  starter: { python: "class Cache:\n    pass\n" },
  cases: [
    {
      input: [
        ["Cache", 2],
        ["put", "a", 1],
        [{ new: "b" }, 1],
        [{ on: "b", call: "get" }, "a"],
        ["get", { result: 0 }],
      ],
      expected: [null, null, null, -1, 1],
    },
  ],
};

export const ECHO = {
  success: true,
  id: "echo",
  version: "2".repeat(32),
  title: "Say it again",
  statement: "Print what you read.\n",
  kind: "program",
  checker: "lines",
  limits: { timeMs: 1000 },
  stopOnFirstFail: true,
  starter: {},
  cases: [
    { input: "hello\nworld\n", expected: "hello\nworld\n" },
    { input: "  two\t\n", expected: "  two\n" },
  ],
};

export const LANGUAGES = ["python", "javascript", "typescript", "c++", "java", "go", "rust", "ruby", "php", "bash"].map(
  (language) => ({ language, version: "1.2.3", aliases: [] }),
);

/** An answer of `POST /run` that printed this. */
export function ran(output: string): unknown {
  const run = stage({ stdout: output, memoryBytes: 9_000_000 });
  return { success: true, verdict: "Executed", output, languageVersion: "3.11.7", executor: "local", run };
}

/** The made-up API with two problems and ten languages. */
export function solvingApi(): Api {
  return new Api()
    .on("GET /languages", () => ({ success: true, languages: LANGUAGES }))
    .on("GET /problems", () => ({ success: true, problems: [], next: null }))
    .on("GET /problems/two-sum", () => TWO_SUM)
    .on("GET /problems/echo", () => ECHO)
    .on("POST /run", () => ran("fine\n"));
}

/** The id of every submission to {@link judging}. */
export const ID = "a".repeat(32);

/** The submission of {@link judging}, accepted. */
export function accepted(): unknown {
  const verdict = "Accepted";
  const times = { submittedAtMs: 1_795_304_220_000, startedAtMs: 1_795_304_220_100, finishedAtMs: 1_795_304_220_300 };
  const cases = TWO_SUM.cases.map((_, at) => ({ number: at + 1, verdict }));
  const judgement = { problemVersion: TWO_SUM.version, score: 100, passed: 4, total: 4, cases };
  const rest = { language: "python", languageVersion: "3.11", verdict, output: "Accepted: all 4 cases.", judgement };
  return { id: ID, status: "done", problemId: "two-sum", ...rest, ...times, attempts: 1, executor: "local" };
}

/** Submissions are stored, and accepted at once. */
export function judging(api: Api): Api {
  return api
    .on("POST /submit", () => ({ success: true, message: "", id: ID, position: 3, resultUrl: "http://x/result/1" }))
    .on("GET /result/*/events", (_, response) => {
      const stream = events(response);
      stream.send("q1", "queued", { submittedAtMs: Date.now() });
      setTimeout(() => {
        stream.send("done", "done", accepted());
        stream.end();
      }, 600);
    })
    .on("GET /result/*", () => accepted());
}

/** The text of the editor that is shown, as it is drawn. */
export async function shownCode(page: Page): Promise<string> {
  return (await content(page).locator(".cm-line").allTextContents()).join("\n");
}

/** What can be typed into: the editor that is shown. */
export function content(page: Page) {
  return page.locator(".editor:not([hidden]) .cm-content");
}

/** Replaces the editor's text by typing. */
export async function type(page: Page, text: string): Promise<void> {
  await content(page).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

/** Waits until the page says that the draft is saved; "just now" stands there for a second only. */
export async function saved(page: Page): Promise<void> {
  await page.locator(".saved", { hasText: /^Saved (just now|\d+ seconds? ago)$/ }).waitFor();
}
