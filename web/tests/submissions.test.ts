// The views of a submission, of this browser's history, and of two submissions
// beside each other.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { aCase, anId, judged, remembered, serveResult } from "./fixtures.ts";
import { Api, drawn, failure, open, type Opened, send, useBrowser } from "./harness.ts";

useBrowser();

const [A, B, C] = ["a", "b", "c"].map(anId) as [string, string, string];
const CODE = "print(sum(map(int, open(0))))\n";
const OTHER = "import sys\nprint(sum(map(int, sys.stdin)))\n";
const evidence = { input: "1\n2\n", expected: "3\n", actual: "4\n" };
const wrong = judged(A, [aCase(1, "Wrong Answer", { evidence }), aCase(2), aCase(3, "Accepted", { hidden: true })]);
const right = judged(B, [aCase(1), aCase(2), aCase(3, "Accepted", { hidden: true })]);

/** What this browser has sent, a minute ago and more: B is newer than A. */
const sent = () =>
  remembered([
    { id: B, code: OTHER, submittedAtMs: Date.now() - 60_000, end: { verdict: "Accepted", passed: 3, total: 3 } },
    { id: A, code: CODE, submittedAtMs: Date.now() - 90_000, end: { verdict: "Wrong Answer", passed: 2, total: 3 } },
  ]);

/** The page with a history, closed after the test whatever becomes of it. */
async function start(
  t: TestContext,
  api: Api,
  hash: string,
  options: BrowserContextOptions = {},
  history = sent(),
): Promise<Opened> {
  const opened = await open(api, hash, options, history);
  t.after(opened.close);
  return opened;
}

function both(): Api {
  return serveResult(serveResult(new Api(), A, wrong), B, right);
}

const history = (page: Page) =>
  page.evaluate(`JSON.parse(localStorage.getItem("edgejudge:history"))`) as Promise<
    { id: string; end?: { verdict: string } }[]
  >;

test("a submission by its address: verdict, failed case and code, the same after a reload", async (t) => {
  const { page, complaints } = await start(t, both(), `#/s/${A}`);
  for (let times = 0; times < 2; times += 1) {
    await page.getByText("Passed 2 of 3", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "Sum of lines" }).waitFor();
    assert.equal(await page.locator(".r-case-head h3").textContent(), "Case 1");
    await page.locator(".s-code pre").filter({ hasText: CODE.trim() }).waitFor();
    await page.getByRole("link", { name: "Open the problem" }).waitFor();
    if (times === 0) await page.reload();
  }
  assert.deepEqual(complaints, []);
});

test("an id that is unknown and one that is too old say what to do", async (t) => {
  const api = new Api().on(`GET /result/${C}`, (_, response) => send(response, 410, failure("expired", "Too old.")));
  const { page, tab } = await start(t, api, `#/s/${C}`);
  await page.getByText("This result is no longer kept. Submit the code again").waitFor();
  // The path `..` would be another call, and a problem's id has results of its own kind.
  for (const id of [anId("d"), "..", "sum-of-lines", "%3Cimg%20src=x%3E"]) {
    const other = await tab(`#/s/${id}`);
    await other.getByText("No submission has this id. Check that the address is complete.").waitFor();
    await other.getByRole("link", { name: "My submissions" }).waitFor();
    await other.close();
  }
});

test("judged again while it is open: the new verdict replaces the old one and is marked; the history keeps its order", async (t) => {
  const api = both();
  const { page } = await start(t, api, "#/nowhere");
  await page.clock.install();
  await page.evaluate((hash) => (location.hash = hash), `#/s/${A}`);
  await page.getByText("Passed 2 of 3", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Nothing has changed.").waitFor();
  serveResult(api, A, judged(A, [aCase(1), aCase(2), aCase(3)], { finishedAtMs: Date.now() }));
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Passed 3 of 3", { exact: true }).waitFor();
  assert.match(
    (await page.locator(".s-again").textContent()) ?? "",
    /^Judged again .*Before: ✗Wrong Answer passed 2 of 3$/,
  );
  assert.deepEqual(
    (await history(page)).map(({ id, end }) => [id, end?.verdict]),
    [
      [B, "Accepted"],
      [A, "Accepted"],
    ],
  );
  // On the way back to the tab it is looked at without a click.
  serveResult(api, A, { ...wrong, finishedAtMs: Date.now() + 1 });
  await page.clock.fastForward(3_100);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByText("Passed 2 of 3", { exact: true }).waitFor();
});

test("two submissions are ticked in the history and compared: code and case by case", async (t) => {
  const { page, complaints } = await start(t, both(), "#/history");
  const compare = page.getByRole("button", { name: "Compare two" });
  assert.ok(await compare.isDisabled());
  for (const box of await page.getByRole("checkbox").all()) await box.check();
  await compare.click();
  await page.waitForURL(`**/#/compare/${A}/${B}`);
  await page.getByText("1 of 3 cases differ.").waitFor();
  const rows = page.locator(".c-cases tbody tr");
  assert.deepEqual(await rows.locator("td:last-child").allTextContents(), ["differs", "same", "same"]);
  assert.match((await rows.first().textContent()) ?? "", /Wrong Answer.*Accepted/);
  await page.getByLabel("Code of A").filter({ hasText: "open(0)" }).waitFor();
  await page.getByLabel("Code of B").filter({ hasText: "import sys" }).waitFor();
  await page.getByLabel("Changes in one column").check();
  await page.getByLabel("Changes from A to B").waitFor();
  assert.deepEqual(complaints, []);
});

test("the history is filtered by problem, verdict and language, and the filter is in the address", async (t) => {
  const { page } = await start(t, both(), "#/history");
  await page.getByLabel("Verdict", { exact: true }).selectOption("Wrong Answer");
  assert.equal(await page.locator("tbody tr").count(), 1);
  assert.match(await page.evaluate(() => location.href), /#\/history\?verdict=Wrong\+Answer$/);
  await page.reload();
  await page.getByText("1 of 2", { exact: true }).waitFor();
  await page.getByLabel("Language", { exact: true }).selectOption("Python");
  await page.getByLabel("Problem", { exact: true }).selectOption("Sum of lines");
  assert.equal(await page.locator("tbody tr").count(), 1);
});

test("unfinished submissions are looked up once; clearing asks first", async (t) => {
  const api = serveResult(new Api(), A, wrong).on(`GET /result/${C}`, (_, response) =>
    send(response, 410, failure("expired", "Too old.")),
  );
  const { page } = await start(t, api, "#/history", {}, remembered([{ id: A }, { id: C }]));
  await page.evaluate(() => {
    const draft = (text: string) => JSON.stringify({ text, atMs: 1, tab: "t", starter: "begin" });
    const set = (key: string, value: string) => localStorage.setItem(`edgejudge:${key}`, value);
    set("draft:two-sum:python", draft("mine"));
    set("draft:two-sum:go", draft("begin"));
    set("aside:two-sum:python:t", draft("also mine"));
    set("input:two-sum", '"typed"');
  });
  await page.getByText("No longer kept").waitFor();
  await page.locator("tbody").getByText("Wrong Answer").waitFor();
  await page.getByRole("button", { name: "Clear history and drafts" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await history(page)).length, 2);
  await page.getByRole("button", { name: "Clear history and drafts" }).click();
  await page.getByText("This browser forgets 2 submissions with their code, 2 drafts of code").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Clear history and drafts" }).click();
  await page.getByText("Nothing was submitted from this browser yet.").waitFor();
  assert.equal(
    await page.evaluate(
      `Object.keys(localStorage).filter((key) => /history|code:|draft|aside|input/.test(key)).length`,
    ),
    0,
  );
});

test("drafts alone can be cleared as well; code is as large as what is around it", async (t) => {
  const { page } = await start(t, both(), `#/s/${A}`);
  const code = page.locator(".s-code pre");
  await code.waitFor();
  assert.equal(await page.locator(".s-code pre code").evaluate((one) => getComputedStyle(one).fontSize), "14px");
  await page.evaluate(() => {
    localStorage.clear();
    const draft = { text: "mine", atMs: 1, tab: "t", starter: "" };
    localStorage.setItem("edgejudge:draft::python", JSON.stringify(draft));
    location.hash = "#/history";
  });
  await page.getByText("Nothing was submitted from this browser yet.").waitFor();
  await page.getByRole("button", { name: "Clear history and drafts" }).click();
  await page.getByText("This browser forgets 0 submissions with their code, 1 draft of code").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Clear history and drafts" }).click();
  await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.includes("draft")));
  await page.getByRole("button", { name: "Clear history and drafts" }).waitFor({ state: "hidden" });
});

test("another tab's submissions appear, and a full storage drops the oldest code first", async (t) => {
  const { page, tab } = await start(t, both(), "#/history");
  const other = await tab("#/history");
  const { loadPart } = await import("./part.ts");
  await loadPart(other, 'export * from "./history.ts";');
  await other.evaluate(
    `part.remember({ id: "${C}", problemId: "another", language: "go", code: "x".repeat(70000), submittedAtMs: Date.now() })`,
  );
  await page.locator("tbody").getByText("another").waitFor();
  await page.locator("tbody tr").first().getByText("Go").waitFor();
  const kept = (await other.evaluate(`(() => {
    for (let at = 0; at < 205; at += 1)
      part.remember({ id: "n" + at, problemId: "p", language: "go", code: "y".repeat(20000), submittedAtMs: Date.now() + at });
    part.settle("n204", { verdict: "Accepted" });
    const all = part.all();
    return [all.length, all[0].id, all[0].code.length, all.at(-1).code, part.find("${A}") ?? null, [...part.solved()]];
  })()`)) as unknown[];
  assert.deepEqual(kept, [200, "n204", 20_000, "", null, ["p"]]);
  const bytes = (await page.evaluate("JSON.stringify(localStorage).length")) as number;
  assert.ok(bytes < 1_300_000, `${bytes}`);
  // Where the storage is full, older code makes room; where nothing can be written, nothing throws.
  const made = (await other.evaluate(`(() => {
    const set = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (JSON.stringify(localStorage).length + value.length > 1000000) throw new DOMException("full", "QuotaExceededError");
      set.call(this, key, value);
    };
    part.remember({ id: "more", problemId: "p", language: "go", code: "w".repeat(60000), submittedAtMs: Date.now() + 500 });
    return [part.find("more").code.length, part.all().filter((one) => one.code !== "").length > 20];
  })()`)) as unknown[];
  assert.deepEqual(made, [60_000, true]);
  await other.evaluate(`Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
    part.remember({ id: "full", problemId: "p", language: "go", code: "z", submittedAtMs: Date.now() + 1000 });`);
});

test("times are relative, exact with their zone in the title, UTC in datetime, and focusable", async (t) => {
  const { page } = await start(t, both(), "#/history", { timezoneId: "Europe/Zurich" });
  const time = page.locator("tbody time").first();
  assert.match((await time.textContent()) ?? "", /^\d minutes? ago$/);
  assert.match((await time.getAttribute("title")) ?? "", /(CET|CEST|GMT\+[12]|UTC\+[12])/);
  assert.match((await time.getAttribute("datetime")) ?? "", /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(await time.getAttribute("tabindex"), "0");
});

const THREE = [
  [`#/s/${A}`, ".s-code pre"],
  ["#/history", "tbody tr"],
  [`#/compare/${A}/${B}`, "[aria-label='Code of B']"],
] as const;

test("no serious finding of axe in the three views", async (t) => {
  const { page } = await start(t, both(), "#/nowhere");
  for (const [hash, ready] of THREE) {
    await page.evaluate((value) => (location.hash = value), hash);
    await page.locator(ready).first().waitFor();
    await page.getByText("Passed 2 of 3").or(page.locator("tbody tr")).first().waitFor();
    await accessible(page);
  }
});

test("at 360 pixels no view is wider than the page", async (t) => {
  const { page } = await start(t, both(), "#/nowhere", { viewport: { width: 360, height: 700 } });
  for (const [hash, ready] of THREE) {
    await page.evaluate((value) => (location.hash = value), hash);
    await page.locator(ready.replace("Code of B", "Changes from A to B")).first().waitFor();
    await drawn(page);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360, hash);
  }
});

test("a submission of no problem that this page knows is shown without its samples", async (t) => {
  const api = serveResult(new Api(), A, wrong).on("GET /problems/*", (_, response) =>
    send(response, 404, failure("not_found", "There is no such problem.")),
  );
  const { page } = await start(t, api, `#/s/${A}`, {}, remembered([]));
  await page.getByText("Passed 2 of 3", { exact: true }).waitFor();
  assert.equal(await page.locator(".s-code").count(), 0);
});

test("between a phone and a desktop the history is not wider than the page, and Open leads to the submission", async (t) => {
  for (const width of [760, 840, 901]) {
    const { page } = await start(t, both(), "#/history", { viewport: { width, height: 700 } });
    const link = page.getByRole("link", { name: "Open: Sum of lines, Wrong Answer" });
    await link.waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    assert.equal(await link.getAttribute("href"), `#/s/${A}`);
  }
});

test("without two ids nothing is asked for, and the way to the submissions is told", async (t) => {
  const api = both();
  const { page } = await start(t, api, "#/compare");
  await page.getByText("Two submissions are compared.").waitFor();
  assert.equal(await page.getByText("No submission has this id").count(), 0);
  assert.equal(api.asked.length, 0);
});

test("a problem that is not known leads to the others", async (t) => {
  const api = both().on("GET /problems/nope", (_, response) =>
    send(response, 404, failure("not_found", "There is no problem nope.")),
  );
  const { page } = await start(t, api, "#/p/nope");
  await page.getByText("There is no problem nope.").waitFor();
  assert.equal(await page.getByRole("link", { name: "See the problems" }).getAttribute("href"), "#/");
});

test("a submission of another browser says where its code is, and its headings skip no level", async (t) => {
  const { page } = await start(t, both(), `#/s/${A}`, {}, "0");
  await page.getByText("Its code is only in the browser that sent it.").waitFor();
  await page.getByText("Passed 2 of 3", { exact: true }).waitFor();
  const levels = await page
    .locator("#view :is(h1, h2, h3, h4)")
    .evaluateAll((all) => all.map(({ tagName }) => Number(tagName.slice(1))));
  for (const [at, level] of levels.entries()) assert.ok(level <= (levels[at - 1] ?? 0) + 1, levels.join(" "));
});

test("compared side by side each column has its letter; on a phone what differs is said in sight", async (t) => {
  const wide = await start(t, both(), `#/compare/${A}/${B}`, { viewport: { width: 1200, height: 700 } });
  await wide.page.getByLabel("Code of B").waitFor();
  await wide.page.locator(".c-names").getByText("B", { exact: true }).waitFor();
  const phone = await start(t, both(), `#/compare/${A}/${B}`, { viewport: { width: 360, height: 700 } });
  await phone.page.locator(".c-mark").waitFor();
  const right = await phone.page.locator(".c-mark").evaluate((mark) => mark.getBoundingClientRect().right);
  assert.ok(right < 360, `${right}`);
  assert.equal(await phone.page.getByLabel("Changes in one column").isChecked(), true);
  // Neither before the code is drawn nor after.
  assert.equal(await phone.page.locator(".c-names").isVisible(), false);
  await phone.page.getByLabel("Changes from A to B").waitFor();
  assert.equal(await phone.page.locator(".c-names").isVisible(), false);
});
