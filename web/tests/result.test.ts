// What is shown of a run and of a judged submission.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { aCase, anId, done, judged, problem, stage } from "./fixtures.ts";
import { Api, open, useBrowser } from "./harness.ts";
import { loadPart } from "./part.ts";

useBrowser();

const ID = anId();

/** A page in which `show(result)` and `run(answer)` put their element beside an editor's place. */
async function start(t: TestContext, options: BrowserContextOptions = {}): Promise<Page> {
  const { page, complaints, close } = await open(new Api(), "#/nowhere", options);
  t.after(close);
  t.after(() => assert.deepEqual(complaints, []));
  await loadPart(
    page,
    `import { liveResult, runResult } from "./result/index.ts";
     import { regions } from "./base/announce.ts";
     // The part has modules of its own; the page's regions are not theirs.
     for (const region of regions) document.getElementById(region.id).replaceWith(region);
     const place = document.createElement("section");
     place.className = "page";
     const editor = document.createElement("textarea");
     editor.setAttribute("aria-label", "Code");
     document.getElementById("view").replaceChildren(editor, place);
     editor.focus();
     export const inputs = [];
     export const places = [];
     export const spoken = [];
     new MutationObserver(() => spoken.push(document.getElementById("spoken").textContent))
       .observe(document.getElementById("spoken"), { childList: true });
     const options = (problem) => ({
       problem, language: "python",
       useAsInput: (input) => inputs.push(input), goTo: (...at) => places.push(at),
     });
     let live;
     export function start(problem) { live = liveResult(options(problem)); place.replaceChildren(live.element); }
     export function update(state) { live.update({ cases: [], connection: "live", ...state }); }
     export function show(result, problem) { start(problem); update({ phase: "ended", result }); }
     export function run(answer, problem) { place.replaceChildren(runResult(answer, options(problem))); }`,
  );
  return page;
}

function act(page: Page, what: string, ...values: unknown[]): Promise<unknown> {
  const list = values.map((value) => JSON.stringify(value) ?? "undefined").join(", ");
  return page.evaluate(`part.${what}(${list})`);
}

const noise = (page: Page) => page.evaluate("part.spoken") as Promise<string[]>;

test("a run that prints nothing says so, and one that prints shows all of what it was", async (t) => {
  const page = await start(t);
  const answer = { verdict: "Executed", output: "", languageVersion: "3.12.0", executor: "main", run: stage() };
  await act(page, "run", { ...answer, output: "seven\n", run: stage({ stdout: "seven\n", stderr: "careful" }) });
  assert.deepEqual(await page.locator("pre").allTextContents(), ["seven\n", "careful"]);
  await page.getByText("Python 3.12.0", { exact: true }).waitFor();
  await act(page, "run", answer);
  await page.getByText("It printed nothing.").waitFor();
  assert.equal(await page.locator("pre").count(), 0);
  await act(page, "run", { ...answer, returned: [1, 2], output: "[1,2]" }, problem({ kind: "function" }));
  assert.deepEqual(await page.locator("pre").allTextContents(), ["[1,2]"]);
});

test("what a function printed is called that, though it comes by standard error", async (t) => {
  const page = await start(t);
  const answer = { verdict: "Executed", output: "", languageVersion: "3.12.0", executor: "main", returned: 7 };
  await act(page, "run", { ...answer, run: stage({ stderr: "look\n" }) }, problem({ kind: "function" }));
  assert.deepEqual(await page.locator("h4").allTextContents(), ["Returned", "What it printed"]);
  assert.equal(await page.getByText("It printed nothing.").count(), 0);
  await act(page, "run", { ...answer, run: stage() }, problem({ kind: "function" }));
  await page.getByText("It printed nothing.").waitFor();
});

test("an output of only a line break is told in words, and what was measured is called CPU time", async (t) => {
  const page = await start(t);
  const answer = { verdict: "Executed", output: "\n", languageVersion: "3.12.0", executor: "main" };
  await act(page, "run", { ...answer, run: stage({ stdout: "\n" }) });
  await page.getByText("One empty line, nothing else.").waitFor();
  await page.getByText("12 ms of CPU time").waitFor();
});

test("a failed case: spaces of its note stay, arguments have names, and its heading can be read aloud", async (t) => {
  const page = await start(t);
  const note = 'Line 1: expected "  3 ###", got " 3 ###".';
  const evidence = { input: "[[3,8],11]", expected: "[0,1]", actual: "[]", note };
  const params = [
    { name: "nums", type: "list<int>" },
    { name: "target", type: "int" },
  ];
  const of = problem({ kind: "function", signature: { name: "twoSum", params, returns: "list<int>" } });
  await act(page, "show", judged(ID, [aCase(1, "Wrong Answer", { evidence, name: "a pair" })]), of);
  const shown = page.locator(".r-note");
  assert.equal(await shown.textContent(), note);
  assert.equal(await shown.evaluate((element) => getComputedStyle(element).whiteSpace), "pre-wrap");
  assert.equal(await page.locator(".r-texts pre").first().textContent(), "nums = [3, 8]\ntarget = 11");
  await page.getByRole("heading", { name: "Case 1: a pair", exact: true }).waitFor();
  await page.getByRole("button", { name: "Use as input" }).click();
  assert.deepEqual(await page.evaluate("part.inputs"), ["[[3,8],11]"]);
});

test("1 MB of output, and a line of 67,000 characters: a part, the size and Show all; clicks work at once", async (t) => {
  const page = await start(t, { viewport: { width: 360, height: 740 } });
  const lines = Array.from({ length: 26_500 }, (_, at) => `line ${at} of a large output, tab\there `).join("\n");
  for (const [text, size] of [
    [lines, "1.0 MB"],
    ["x".repeat(67_000), "67 kB"],
  ] as const) {
    await act(page, "run", { verdict: "Executed", output: text, run: stage({ stdout: text }) });
    const said = await page.locator(".r-more").textContent();
    assert.match(said ?? "", new RegExp(`^The first \\d+ kB of ${size}\\.Show all$`));
    assert.ok(((await page.locator("pre").textContent()) ?? "").length < 25_000);
    await page.getByRole("button", { name: "Show all" }).click();
    const asked = Date.now();
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 0))");
    assert.ok(Date.now() - asked < 1_000, "the page stays responsive");
    await page.locator(".r-more", { hasText: `All of ${size}.` }).waitFor();
    const shown = (await page.locator("pre").textContent()) ?? "";
    assert.equal(shown.replaceAll("\n", ""), text.replaceAll("\n", ""));
  }
  // A wide line scrolls in its own box.
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
  assert.ok(await page.locator("pre").evaluate((box) => box.scrollWidth > box.clientWidth));
});

test("a case that earned a part of its points says how much, and the operator reads what the checker said", async (t) => {
  const page = await start(t);
  const cases = [aCase(1, "Wrong Answer", { share: 0.4 }), aCase(2, "Accepted", { share: 1 })];
  await act(page, "show", judged(ID, cases));
  const facts = page.locator(".r-case-head .muted");
  await page.getByText("earned 40 % of its points").waitFor();
  assert.equal(await page.getByText("only the operator").count(), 0);
  await page.getByRole("option", { name: /^Case 2/ }).click();
  assert.doesNotMatch((await facts.textContent()) ?? "", /earned/);
  const run = stage({ code: 3, stderr: "FAIL no <b>answer</b>\n" });
  await act(page, "show", judged(ID, cases, { checker: { case: 1, run } }));
  await page.getByText("The checker on case 1 (only the operator sees this)").waitFor();
  await page.getByText("It ended with exit code 3.").waitFor();
  await page.getByText("FAIL no <b>answer</b>").waitFor();
  await accessible(page);
  await act(page, "show", judged(ID, cases, { checker: { compile: stage({ code: 1, stderr: "no ;" }) } }));
  await page.getByText("The checker does not compile").waitFor();
});

const evidence = {
  input: "1 2\n",
  expected: "3 4\nend\n",
  actual: "3 \u00a04\t\nend\u200b ",
  note: "First difference: line 1.",
};
const unseen = judged(ID, [aCase(1), aCase(2, "Wrong Answer", { evidence })]);

test("what cannot be seen is marked in expected and got, and named in words", async (t) => {
  const page = await start(t);
  await act(page, "show", unseen);
  await page.locator("ins").first().waitFor();
  const got = page.locator(".r-text", { has: page.getByRole("heading", { name: "Got" }) });
  assert.equal(await got.locator("pre").textContent(), evidence.actual, "marks are no part of the text");
  assert.deepEqual(
    (
      await got.locator(".r-unseen").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset["mark"]))
    ).sort(),
    ["·", "→", "⍽", "▯"],
  );
  assert.equal(
    await got.locator(".r-remark").textContent(),
    "Holds 1 no-break space (U+00A0), 1 tab, 1 zero-width space (U+200B), 1 space at the end of a line. Does not end in a line break.",
  );
  await page.getByText("First difference: line 1.").waitFor();
  // Where nothing else differs, the line break that one has is marked.
  const ends = { input: "", expected: "3\n", actual: "3" };
  await act(page, "show", judged(ID, [aCase(1, "Wrong Answer", { evidence: ends })]));
  await page.locator("del.r-diff-break").waitFor();
  await page.getByText("Does not end in a line break.").waitFor();
});

test("Copy at input, expected and got copies exactly that text, and says so", async (t) => {
  const page = await start(t);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await act(page, "show", unseen);
  await page.locator("ins").first().waitFor();
  for (const [name, text] of [
    ["input", evidence.input],
    ["expected", evidence.expected],
    ["got", evidence.actual],
  ] as const) {
    await page.getByRole("button", { name: `Copy ${name}` }).click();
    await page.getByText(`Copied: ${name}.`).waitFor();
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), text);
  }
});

test("one click makes a shown failed case an own input, whole also where the judge cut it", async (t) => {
  const page = await start(t);
  await act(page, "show", unseen);
  await page.getByRole("button", { name: "Use as input" }).click();
  assert.deepEqual(await page.evaluate("part.inputs"), ["1 2\n"]);
  const cut = { input: `${"9 ".repeat(990)}…[4020 bytes more]`, expected: "3\n", actual: "4\n" };
  const whole = "9 ".repeat(3_000);
  await act(
    page,
    "show",
    judged(ID, [aCase(1, "Wrong Answer", { evidence: cut })]),
    problem({ cases: [{ input: whole, expected: "3\n" }] }),
  );
  await page.getByRole("button", { name: "Use as input" }).click();
  assert.equal(await page.evaluate("part.inputs[1]"), whole);
  await act(page, "show", judged(ID, [aCase(1, "Wrong Answer", { evidence: cut })]));
  assert.ok(await page.getByRole("button", { name: "Use as input" }).isDisabled());
});

test("300 cases: arrow keys go through the grid, f goes to the first that failed", async (t) => {
  const page = await start(t);
  const cases = Array.from({ length: 300 }, (_, at) => aCase(at + 1, at === 211 ? "Time Limit Exceeded" : "Accepted"));
  await act(page, "show", judged(ID, cases));
  const head = page.locator(".r-case-head h3");
  assert.equal(await head.textContent(), "Case 212", "the first that failed is open");
  assert.equal(await page.locator('.r-cell[tabindex="0"]').count(), 1, "one stop for Tab");
  await page.locator('.r-cell[tabindex="0"]').focus();
  const at = async (key: string) => {
    await page.keyboard.press(key);
    const focused = await page.evaluate("document.activeElement.getAttribute('aria-label').split(':')[0]");
    assert.equal(await head.textContent(), focused);
    return focused;
  };
  assert.equal(await at("Home"), "Case 1");
  assert.equal(await at("ArrowLeft"), "Case 1");
  assert.equal(await at("ArrowRight"), "Case 2");
  const down = String(await at("ArrowDown"));
  assert.ok(Number(down.split(" ")[1]) > 10, down);
  assert.equal(await at("ArrowUp"), "Case 2");
  assert.equal(await at("End"), "Case 300");
  assert.equal(await at("f"), "Case 212");
  const label = await page.locator(".r-cell").nth(211).getAttribute("aria-label");
  assert.equal(label, "Case 212: Time Limit Exceeded");
});

test("a case that is worth less does not look like a full one, and a part of the score is told", async (t) => {
  const page = await start(t);
  const weights = [4, 1, 0];
  const cases = weights.map((weight, at) => ({ input: `${at}`, expected: "x", weight }));
  const result = judged(ID, [aCase(1, "Wrong Answer"), aCase(2), aCase(3, "Accepted", { hidden: true })]);
  Object.assign(result["judgement"] as object, { score: 20 });
  await act(page, "show", result, problem({ cases }));
  await page.getByText("Score 20 %").waitFor();
  const cells = page.locator(".r-cell");
  assert.deepEqual(await cells.allTextContents(), ["✗1", "✓2", "✓3"]);
  assert.match((await cells.nth(1).getAttribute("aria-label")) ?? "", /Accepted, 1 point \(the most of a case is 4\)/);
  const mark = (at: number) => cells.nth(at).evaluate((cell) => getComputedStyle(cell, "::after").content);
  assert.deepEqual([await mark(0), await mark(1)], ["none", '""']);
  const fill = (at: number) => cells.nth(at).evaluate((cell) => getComputedStyle(cell).backgroundColor);
  assert.doesNotMatch(await fill(1), /, 0\)$/, "accepted is filled, whatever it is worth");
  await page.getByText("worth 4 points").waitFor();
  // On a phone the words beside the heading stand below it, in one line.
  await act(page, "show", result, problem({ cases: cases.map((one, at) => ({ ...one, hidden: at > 0 })) }));
  const legend = page.locator(".r-legend");
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    assert.ok(((await legend.boundingBox())?.height ?? 99) < 30, `${width}`);
  }
});

test("each verdict is a full word and a sign, told apart without colour", async (t) => {
  const page = await start(t);
  const verdicts = [
    "Accepted",
    "Wrong Answer",
    "Runtime Error",
    "Time Limit Exceeded",
    "Memory Limit Exceeded",
    "Output Limit Exceeded",
    "Internal Error",
    "Skipped",
  ];
  await act(
    page,
    "show",
    judged(
      ID,
      verdicts.map((verdict, at) => aCase(at + 1, verdict, at === 7 ? { hidden: true } : {})),
    ),
  );
  const signs = await page.locator(".r-cell .r-sign").allTextContents();
  assert.equal(new Set(signs).size, verdicts.length, signs.join(" "));
  const labels = await page.locator(".r-cell").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  for (const [at, verdict] of verdicts.entries()) assert.ok(labels[at]?.includes(`: ${verdict}`), labels[at] ?? "");
  assert.match(labels[7] ?? "", /hidden/);
  assert.equal(await page.locator(".r-head .verdict").textContent(), "✗Wrong Answer");
});

test("queued, running and the verdict are said once each, and the focus stays in the editor", async (t) => {
  const page = await start(t);
  await act(page, "start");
  for (const position of [3, 2, 1]) await act(page, "update", { phase: "queued", position });
  for (const cases of [[], ["Accepted"], ["Accepted", "Accepted"]])
    await act(page, "update", { phase: "running", cases, total: 3 });
  for (let times = 0; times < 3; times += 1) await act(page, "update", { phase: "ended", result: unseen });
  assert.deepEqual(await noise(page), ["Queued, 3rd in line", "Running", "Wrong Answer, passed 1 of 2"]);
  assert.equal(await page.evaluate("document.activeElement.tagName"), "TEXTAREA");
  assert.equal(await page.locator('#view [aria-live], #view [role="status"]').count(), 0, "one live region only");
});

const compile = stage({
  code: 1,
  stderr: "main.cpp: In function 'int main()':\nmain.cpp:3:5: error: 'foo' was not declared\n",
});

test("compiler output and all of a result can be read; a line number sets the cursor", async (t) => {
  const page = await start(t);
  await act(page, "show", done(ID, "Compilation Error", { language: "c++", compile }));
  await page.getByRole("button", { name: "main.cpp:3:5" }).click();
  assert.deepEqual(await page.evaluate("part.places"), [[3, 5]]);
  await accessible(page);
  const failed = aCase(2, "Runtime Error", {
    evidence: {
      input: "1\t\n",
      expected: "1 2\n",
      actual: "1 3",
      message: "ValueError",
      stderr: 'File "main.py", line 7',
    },
  });
  const rest = ["Time Limit Exceeded", "Memory Limit Exceeded", "Internal Error", "Skipped"].map((one, at) =>
    aCase(at + 3, one),
  );
  await act(page, "show", judged(ID, [aCase(1), failed, ...rest]));
  await page.locator("ins").first().waitFor();
  await page.getByRole("button", { name: 'File "main.py", line 7' }).click();
  assert.deepEqual(await page.evaluate("part.places[1]"), [7, undefined]);
  await accessible(page);
});

test("dead and purged say what they mean; markup stays text", async (t) => {
  const page = await start(t);
  await act(page, "show", { id: ID, status: "dead", reason: "<img src=x onerror=alert(1)>", attempts: 5, deadAtMs: 1 });
  await page.getByText("The judge gave up after 5 attempts").waitFor();
  await page.getByText("Reason: <img src=x onerror=alert(1)>").waitFor();
  await act(page, "show", { id: ID, status: "purged" });
  await page.getByText("An operator removed it").waitFor();
  const hostile = "<script>alert(1)</script>\u202e";
  await act(
    page,
    "show",
    judged(ID, [
      aCase(1, "Wrong Answer", { name: hostile, evidence: { input: hostile, expected: hostile, actual: "<b>" } }),
    ]),
  );
  assert.equal(await page.locator("#view script, #view img, #view b").count(), 0);
});
