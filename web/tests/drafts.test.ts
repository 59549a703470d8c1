// Drafts: no text is lost, whatever closes, breaks, or is open twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { eventually, open, quiet, useBrowser } from "./harness.ts";
import { loadPart } from "./part.ts";
import { content, ECHO, PYTHON_STARTER, saved, shownCode, solvingApi, TWO_SUM, type } from "./solving.ts";

useBrowser();

const HASH = "#/p/two-sum";

/** Closes a tab as a person does, and waits until it is gone: `close` alone does not. */
async function leave(page: Page): Promise<void> {
  const gone = page.waitForEvent("close");
  await page.close({ runBeforeUnload: true });
  await gone;
}

test("after a second and a reload, text, language and problem are back", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.getByLabel("Language").selectOption("javascript");
  await type(page, "let mine = 1;");
  await saved(page);
  await page.reload();
  await content(page).waitFor();
  assert.equal(await shownCode(page), "let mine = 1;");
  assert.equal(await page.getByLabel("Language").inputValue(), "javascript");
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), TWO_SUM.title);
  await close();
});

test("a page that is closed right after a key loses nothing", async () => {
  const opened = await open(solvingApi(), HASH);
  await type(opened.page, "last key");
  await leave(opened.page);
  const page = await opened.tab(HASH);
  await content(page).waitFor();
  assert.equal(await shownCode(page), "last key");
  await opened.close();
});

test("each language has its own text and its own undo", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  const language = page.getByLabel("Language");
  await type(page, "python text");
  await language.selectOption("c++");
  await type(page, "cpp text");
  await language.selectOption("python");
  assert.equal(await shownCode(page), "python text");
  await content(page).focus();
  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await shownCode(page), PYTHON_STARTER);
  await language.selectOption("c++");
  assert.equal(await shownCode(page), "cpp text");
  await close();
});

test("of two tabs the older says so and offers both texts; neither is lost", async () => {
  const opened = await open(solvingApi(), HASH);
  const older = opened.page;
  await content(older).waitFor();
  const newer = await opened.tab(HASH);
  await type(older, "text of the older tab");
  await saved(older);
  await type(newer, "text of the newer tab");
  await older.getByText("Another tab has a newer text").waitFor();
  assert.equal(await shownCode(older), "text of the older tab");

  await older.getByRole("button", { name: "Show the newer text" }).click();
  assert.equal(await shownCode(older), "text of the newer tab");
  await older.getByRole("button", { name: "Swap the two" }).click();
  assert.equal(await shownCode(older), "text of the older tab");
  // Now this tab's text is the newer one, and the other tab offers both.
  await newer.getByText("Another tab has a newer text").waitFor();
  await newer.getByRole("button", { name: "Go on with this one" }).click();
  assert.equal(await shownCode(newer), "text of the newer tab");
  await older.getByText("Another tab has a newer text").waitFor();

  await leave(older);
  await leave(newer);
  const again = await opened.tab(HASH);
  await content(again).waitFor();
  assert.equal(await shownCode(again), "text of the newer tab");
  await again.getByRole("button", { name: "Swap the two" }).click();
  assert.equal(await shownCode(again), "text of the older tab");
  await opened.close();
});

test("an older tab that is closed without an answer leaves its text aside", async () => {
  const opened = await open(solvingApi(), HASH);
  const newer = await opened.tab(HASH);
  await type(opened.page, "older");
  await saved(opened.page);
  await type(newer, "newer");
  await opened.page.getByText("Another tab has a newer text").waitFor();
  await leave(opened.page);
  await newer.reload();
  await newer.getByText("Another text of yours is kept aside").waitFor();
  assert.equal(await shownCode(newer), "newer");
  await newer.getByRole("button", { name: "Swap the two" }).click();
  assert.equal(await shownCode(newer), "older");
  await newer.getByRole("button", { name: "Forget the other" }).click();
  await newer.getByText("kept aside").waitFor({ state: "hidden" });
  await opened.close();
});

test("who goes on typing in the older tab has the draft again, and the other text stays", async () => {
  const opened = await open(solvingApi(), HASH);
  const other = await opened.tab(HASH);
  await type(opened.page, "one");
  await saved(opened.page);
  await type(other, "two");
  await opened.page.getByText("Another tab has a newer text").waitFor();
  await type(opened.page, "one and more");
  await other.getByText("Another tab has a newer text").waitFor();
  await leave(other);
  await opened.page.reload();
  await content(opened.page).waitFor();
  assert.equal(await shownCode(opened.page), "one and more");
  await opened.page.getByRole("button", { name: "Swap the two" }).click();
  assert.equal(await shownCode(opened.page), "two");
  await opened.close();
});

test("of very many drafts the oldest go first, and never the one that is written", async () => {
  const opened = await open(solvingApi(), "#/nowhere");
  await loadPart(opened.page, 'export { openDraft } from "./drafts.ts";');
  const fill = (count: number, length: number) =>
    opened.page.evaluate(`(() => {
      localStorage.clear();
      for (let at = 0; at < ${count}; at += 1) {
        const draft = { text: "x".repeat(${length}), atMs: at + 1, tab: "t", starter: "" };
        localStorage.setItem("edgejudge:" + (at % 2 ? "aside:p" + at + ":go:t" : "draft:p" + at + ":go"), JSON.stringify(draft));
      }
      const mine = part.openDraft("p0", "go", "");
      mine.edited("mine");
      mine.close();
      const left = Object.keys(localStorage).map((key) => Number(/:p(\\d+):/.exec(key)[1])).sort((a, b) => a - b);
      return [left.length, left[0], left[1], left.at(-1), mine.savedMs.get() > 1];
    })()`);
  // Beside the draft "p0", which is written now though it was the oldest: 100 of 119.
  assert.deepEqual(await fill(120, 10), [101, 0, 20, 119, true]);
  // 45,000 units and some more each: 22 fit in a million.
  assert.deepEqual(await fill(60, 45_000), [23, 0, 38, 59, true]);
  assert.deepEqual(await fill(60, 10), [60, 0, 1, 59, true]);
  await opened.close();
});

for (const broken of ["throws", "is full"]) {
  test(`with a storage that ${broken} the page works, and says that drafts are not kept`, async () => {
    const opened = await open(solvingApi(), "#/nowhere");
    await opened.context.addInitScript((how) => {
      const fail = () => {
        throw new DOMException("no", "QuotaExceededError");
      };
      if (how === "throws") Object.defineProperty(window, "localStorage", { get: fail });
      else Storage.prototype.setItem = fail;
    }, broken);
    const page = await opened.tab(HASH);
    await type(page, "my text");
    await page.getByText("drafts and history are lost").waitFor();
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.getByText("fine").first().waitFor();
    // Within the page nothing is lost.
    await page.getByRole("link", { name: "Playground" }).click();
    await page.getByRole("heading", { name: "Playground" }).waitFor({ state: "attached" });
    await page.goBack();
    await page.getByRole("heading", { name: TWO_SUM.title }).waitFor();
    assert.equal(await shownCode(page), "my text");
    assert.deepEqual(opened.complaints, []);
    await opened.close();
  });
}

test("a problem that was published anew: the draft stays, and a note offers the new starter", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, HASH);
  await type(page, "my draft");
  await saved(page);
  const starter = "def two_sum(nums, target, limit):\n    pass\n";
  api.on("GET /problems/two-sum", () => ({ ...TWO_SUM, version: "3".repeat(32), starter: { python: starter } }));
  await page.reload();
  await page.getByText("The problem has new starter code").waitFor();
  assert.equal(await shownCode(page), "my draft");
  await page.getByRole("button", { name: "Use the new starter" }).click();
  assert.equal(await shownCode(page), starter);
  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await shownCode(page), "my draft");
  await page.reload();
  await content(page).waitFor();
  assert.equal(await page.getByText("The problem has new starter code").count(), 0);
  await close();
});

test("a starter that was not touched follows the problem", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, HASH);
  await content(page).waitFor();
  const starter = "def other():\n    pass\n";
  api.on("GET /problems/two-sum", () => ({ ...TWO_SUM, starter: { python: starter } }));
  await page.reload();
  await content(page).waitFor();
  assert.equal(await shownCode(page), starter);
  await close();
});

test("Back and Forward between views lose no draft, and inner tabs add nothing to the history", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, HASH);
  await type(page, "first problem");
  const before = await page.evaluate(() => history.length);
  for (const tab of ["Result", "History", "My input"]) await page.getByRole("tab", { name: tab, exact: true }).click();
  assert.equal(await page.evaluate(() => history.length), before);
  await page.evaluate(() => {
    location.hash = "#/p/echo";
  });
  await page.getByRole("heading", { name: ECHO.title }).waitFor();
  await type(page, "second problem");
  await page.goBack();
  await page.getByRole("heading", { name: TWO_SUM.title }).waitFor();
  assert.equal(await shownCode(page), "first problem");
  await page.goForward();
  await page.getByRole("heading", { name: ECHO.title }).waitFor();
  assert.equal(await shownCode(page), "second problem");
  await close();
});

test("a part that is gone after a deployment: one reload, and the draft is there", async () => {
  const opened = await open(solvingApi(), HASH);
  await type(opened.page, "typed before the deployment");
  let loads = 0;
  opened.page.on("load", () => {
    loads += 1;
  });
  // The history view's chunk is gone, also for the new page.
  const before = new Set(
    await opened.page.evaluate(() => performance.getEntriesByType("resource").map((one) => one.name)),
  );
  await opened.context.route("**/assets/*.js", (route) => {
    if (before.has(route.request().url())) return route.continue();
    return route.fulfill({ status: 404, body: "" });
  });
  await opened.page.getByRole("link", { name: "History" }).click();
  await opened.page.getByText("This did not work").waitFor();
  await eventually(() => loads > 0);
  await quiet(opened.page);
  assert.equal(loads, 1);
  await opened.context.unroute("**/assets/*.js");
  await opened.page.goBack();
  await content(opened.page).waitFor();
  assert.equal(await shownCode(opened.page), "typed before the deployment");
  await opened.close();
});
