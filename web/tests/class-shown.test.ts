// A class is shown as well as a function: its calls and their answers line by line, what
// it printed, how each method is judged, and the names that may be used.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "../src/api/types.ts";
import { aCase, anId, judged, stage } from "./fixtures.ts";
import { open, useBrowser } from "./harness.ts";
import { loadPart } from "./part.ts";
import { CACHE, ran, solvingApi } from "./solving.ts";

useBrowser();

const JAR = {
  ...CACHE,
  id: "jar",
  signature: {
    name: "Jar",
    params: [{ name: "label", type: "string" }],
    methods: [
      { name: "putIn", params: [{ name: "what", type: "int" }], returns: "null" },
      { name: "takeOut", params: [], returns: "int" },
      { name: "items", params: [], returns: "list<int>", checker: "unordered" },
    ],
  },
  starter: {
    python: "class Jar:\n    def put_in(self, what): pass\n    def take_out(self): pass\n    def items(self): pass\n",
    rust: "struct Jar_;\nimpl Jar_ {\n    fn put_in(what: i64) {}\n    fn take_out() {}\n    fn items_() {}\n}\n",
    javascript: "class Jar {\n  putIn(what) {}\n  takeOut() {}\n  items() {}\n}\n",
  },
  cases: [{ input: [["Jar", "left"], ["putIn", 5], ["items"]], expected: [null, null, [5]] }],
};
const CALLS = 'new Jar("left")\nputIn(5)\nitems()';

test("a class says how each method is judged and which names work, and a run shows each answer beside its call", async () => {
  const returned = { returned: [null, null, [5]], run: stage({ stderr: "made left" }) };
  const api = solvingApi()
    .on("GET /problems/jar", () => JAR)
    .on("POST /run", () => ({ ...(ran("") as object), ...returned }));
  const { page, complaints, close } = await open(api, "#/p/jar");
  const facts = page.locator(".solve-facts");
  await facts.getByText("The names putIn, takeOut work in Python too.").waitFor();
  assert.match((await facts.textContent()) ?? "", /put_in\(what: int\) → null/);
  await facts.getByText("and of the same type. For items: the order of lists does not count.").waitFor();
  assert.deepEqual(await page.locator(".sample pre").allTextContents(), [CALLS, "null\nnull\n[5]"]);
  await page.getByText("Answers, one for each call", { exact: true }).waitFor();
  await page.getByLabel("Language").selectOption("rust");
  await facts.getByText("items_() → list<int>").waitFor();
  await facts.getByText("Jar_(label: string)").waitFor();
  await facts.getByText("The names putIn, takeOut work in Rust too.").waitFor();
  await page.getByLabel("Language").selectOption("javascript");
  await facts.getByText("putIn(what: int)").waitFor();
  assert.equal(await facts.getByText("too.").count(), 0);

  await page.getByRole("button", { name: "Run" }).click();
  const result = page.locator(".r-result");
  await result.getByText("made left").waitFor();
  assert.deepEqual(await result.locator("h4").allTextContents(), ["Calls", "Returned", "What it printed"]);
  assert.deepEqual(await result.locator("pre").allTextContents(), [CALLS, "null\nnull\n[5]", "made left"]);
  assert.equal(await result.getByText("It printed nothing.").count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("a case of a class has an answer in each line, unless one was cut", async () => {
  const { page, complaints, close } = await open(solvingApi(), "#/nowhere");
  await loadPart(
    page,
    `import { liveResult } from "./result/index.ts";
     export function show(result, problem) {
       const live = liveResult({ problem, language: "python" });
       document.getElementById("view").replaceChildren(live.element);
       live.update({ phase: "ended", cases: [], connection: "live", result });
     }`,
  );
  const input = '[["Jar","left"],[{"new":"b"},"right"],[{"on":"b","call":"items"}]]';
  const shown = async (expected: string, actual: string) => {
    const evidence = { input, expected, actual, stderr: "made left" };
    const result = judged(anId(), [aCase(1, "Wrong Answer", { evidence })]);
    await page.evaluate(
      ([of, problem]) => (window as unknown as { part: { show(...all: unknown[]): void } }).part.show(of, problem),
      [result, JAR as unknown as Problem] as const,
    );
    await page.getByText("What it printed").waitFor();
    return page.locator(".r-case pre").allTextContents();
  };
  const calls = 'new Jar("left")\nb = new Jar("right")\nb.items()';
  const [, expected, got] = await shown("[null,null,[5,12345678901234567890]]", "[null,null,[7]]");
  assert.deepEqual([expected, got], ["null\nnull\n[5, 12345678901234567890]", "null\nnull\n[7]"]);
  const cut = ["[null,…[9 bytes more]", "[null,null,[7]]"] as const;
  assert.deepEqual(await shown(...cut), [calls, ...cut, "made left"]);

  // Many answers scroll together with each other.
  const many = (last: string) => `[${"null,".repeat(60)}${last}]`;
  await shown(many("1"), many("2"));
  await page.locator(".r-diff").first().waitFor();
  const boxes = page.locator(".r-by-call pre");
  await boxes.nth(2).evaluate((box) => box.scrollTo(0, 300));
  await page.waitForFunction(() => document.querySelectorAll(".r-by-call pre")[1]?.scrollTop === 300);
  assert.deepEqual(complaints, []);
  await close();
});

test("what files are kept for is named on the playground too", async () => {
  const { page, complaints, close } = await open(solvingApi(), "#/free");
  await page.getByRole("tab", { name: "Files" }).click();
  await page.getByText("They are kept until you leave the playground.").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});
