// A judge that is closed by default: where the page asks for a key, what it does with
// one, and what is left of it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { type Api, becomes, failure, open, type Opened, send, useBrowser } from "./harness.ts";
import { CLOSED, closed, guard, ID, keyOf, LACKING, NEEDED, OPERATOR, READER, SOLVER, UNKNOWN } from "./keys-world.ts";
import { content, LANGUAGES, shownCode, TWO_SUM, type } from "./solving.ts";

useBrowser();

const field = (page: Page) => page.getByRole("textbox", { name: /^(Another key|Key)$/ });
const use = (page: Page) => page.getByRole("button", { name: "Use this key" });

/** The page, closed after the test whatever becomes of it. */
async function start(t: TestContext, api: Api, hash: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await open(api, hash, options);
  t.after(opened.close);
  return opened;
}

/** The page with a key that this tab was given before. */
async function startWith(t: TestContext, key: string, api: Api, hash: string): Promise<Opened> {
  const opened = await open(api, hash, {}, `sessionStorage.setItem("edgejudge:key", "${key}")`);
  t.after(opened.close);
  return opened;
}

/** What the session keeps, but for the scrolling. */
function kept(page: Page): Promise<string[]> {
  return page.evaluate(() => Object.keys(sessionStorage).filter((one) => one !== "edgejudge:scroll"));
}

/** Where a text is, of all places that a page has. */
async function placesOf(page: Page, text: string): Promise<string[]> {
  const places = await page.evaluate(() => ({
    markup: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll("input, textarea")].map((one) => (one as HTMLInputElement).value).join("\n"),
    address: location.href,
    local: JSON.stringify({ ...localStorage }),
    session: JSON.stringify({ ...sessionStorage }),
    cookie: document.cookie,
    state: JSON.stringify(history.state),
  }));
  return Object.entries(places).flatMap(([place, value]) => (value.includes(text) ? [place] : []));
}

test("the list asks for a key, refuses a wrong one in the API's words, and goes on with the right one", async (t) => {
  const { api, page, complaints } = await start(t, closed(), "#/");
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  await page.getByText(NEEDED).waitFor();
  await page.getByText("kept in this tab until the tab is closed").waitFor();
  assert.equal(await field(page).getAttribute("type"), "password");
  await use(page).click();
  await page.getByRole("alert").filter({ hasText: "Enter a key." }).waitFor();
  await field(page).fill("with spaces in it");
  await use(page).click();
  await page.getByRole("alert").filter({ hasText: "without spaces" }).waitFor();
  await field(page).fill("wrong-key-0123456789");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: UNKNOWN }).waitFor();
  await becomes(() => field(page).evaluate((one) => one === document.activeElement), true);
  assert.deepEqual(await kept(page), []);
  await field(page).fill(SOLVER);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Two numbers" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "This judge needs a key" }).count(), 0);
  await page.getByRole("button", { name: "Key given" }).waitFor();
  assert.equal(keyOf(api.calls("GET /problems").at(-1) ?? assert.fail()), SOLVER);
  assert.deepEqual(complaints, []);
});

test("a filter that is typed meanwhile leaves what stands in the field for a key", async (t) => {
  const { page } = await start(t, closed(), "#/");
  await field(page).fill("half of a k");
  await page.getByRole("searchbox").fill("two");
  assert.equal(await field(page).inputValue(), "half of a k");
});

test("with the keyboard alone a problem's address leads to the problem", async (t) => {
  const { page, complaints } = await start(t, closed(), "#/p/two-sum");
  await page.getByRole("heading", { name: "This judge needs a key", level: 1 }).waitFor();
  for (let at = 0; at < 20 && !(await field(page).evaluate((one) => one === document.activeElement)); at += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type(SOLVER);
  await page.keyboard.press("Enter");
  await content(page).waitFor();
  // The focus is at the view, not lost.
  await becomes(() => page.evaluate(() => document.activeElement?.id), "view");
  await page.getByRole("heading", { name: "Two numbers" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("a submission that was pressed goes out once a key is given, as it was, and the draft stays", async (t) => {
  const api = closed();
  // As where only submitting is closed.
  api.on("GET /languages", () => ({ success: true, languages: LANGUAGES })).on("GET /problems/two-sum", () => TWO_SUM);
  const { page, complaints } = await start(t, api, "#/p/two-sum");
  await type(page, "def two_sum(nums, target): return [0, 1]");
  await page.keyboard.press("ControlOrMeta+Shift+Enter");
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  // Who types code goes on typing code.
  await page.keyboard.type(" # more");
  assert.equal(await field(page).inputValue(), "");
  await field(page).fill(SOLVER);
  await page.keyboard.press("Enter");
  await page.getByText("Passed 4 of 4", { exact: true }).waitFor();
  const sent = api.calls("POST /submit").map((one) => (JSON.parse(one.body) as { code: string }).code);
  assert.deepEqual(sent, Array(2).fill("def two_sum(nums, target): return [0, 1]"));
  assert.equal(await shownCode(page), "def two_sum(nums, target): return [0, 1] # more");
  // Its events are asked for with the key, too.
  const streams = api.asked.filter((one) => one.path.endsWith("/events"));
  assert.deepEqual(streams.map(keyOf), [SOLVER]);
  assert.deepEqual(complaints, []);
});

test("a run that was pressed is made once the key is changed for one that may", async (t) => {
  const { api, page } = await startWith(t, READER, closed(), "#/free");
  await type(page, "print('it ran')");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("heading", { name: "This key does not allow that" }).waitFor();
  await page.getByText(LACKING).waitFor();
  await field(page).fill(SOLVER);
  await page.keyboard.press("Enter");
  await page.getByText("it ran", { exact: true }).waitFor();
  // The focus is where the panel was, not lost.
  await becomes(() => page.evaluate(() => document.activeElement?.matches(":has(> .outcome)")), true);
  assert.deepEqual(api.calls("POST /run").map(keyOf), [READER, SOLVER]);
  assert.equal(await page.getByRole("heading", { name: "This key does not allow that" }).count(), 0);
});

test("a judge without keys says that its operator has not set them up, and is tried again", async (t) => {
  const api = closed();
  api.on("GET /problems", (_, response) => send(response, 403, failure("closed", CLOSED)));
  const { page } = await start(t, api, "#/");
  await page.getByRole("heading", { name: "This judge has no keys yet" }).waitFor();
  await page.getByText("Its operator has not set up keys").waitFor();
  await page.getByText(CLOSED).waitFor();
  assert.equal(await field(page).count(), 0);
  api.on("GET /problems", () => ({ success: true, problems: [], next: null }));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No problem is published yet.").waitFor();
});

test("a kept key that is no longer known can be forgotten, and what is open goes on", async (t) => {
  const api = closed();
  api.on("GET /problems", (asked, response) => {
    if (keyOf(asked) !== undefined) return send(response, 401, failure("unauthorized", UNKNOWN));
    return { success: true, problems: [], next: null };
  });
  const { page } = await startWith(t, "an-old-key-0123456789", api, "#/");
  await page.getByRole("heading", { name: "Your key was refused" }).waitFor();
  await page.getByText(UNKNOWN).waitFor();
  await page.getByRole("button", { name: "Key refused" }).waitFor();
  await page.getByRole("button", { name: "Forget the key and go on" }).click();
  await page.getByText("No problem is published yet.").waitFor();
  await page.getByRole("button", { name: "Key", exact: true }).waitFor();
  assert.deepEqual(await kept(page), []);
});

test("the key is in this tab's session only, and nothing of it is left after it was forgotten", async (t) => {
  const { api, page, tab, base } = await start(t, closed(), "#/");
  const logged: string[] = [];
  page.on("console", (message) => logged.push(message.text()));
  await field(page).fill(SOLVER);
  await use(page).click();
  await page.getByRole("link", { name: "Two numbers" }).click();
  await type(page, "x = 1");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("Passed 4 of 4", { exact: true }).waitFor();
  await page.getByRole("button", { name: "API calls", exact: true }).click();
  await page.locator(".drawer summary").first().click();
  await page.getByText("Authorization: Bearer $KEY").first().waitFor();
  assert.deepEqual(await placesOf(page, SOLVER), ["session"]);
  await page.reload();
  await content(page).waitFor();
  assert.deepEqual(await placesOf(page, SOLVER), ["session"]);
  for (const { path, query, body } of api.asked) assert.ok(!`${path}?${query}${body}`.includes(SOLVER), base);
  const other = await tab("#/");
  await other.getByRole("heading", { name: "This judge needs a key" }).waitFor();

  await page.getByRole("button", { name: "Key given" }).click();
  const dialog = page.getByRole("dialog", { name: "Key" });
  await dialog.getByText("kept in this tab until the tab is closed").waitFor();
  await page.keyboard.press("Escape");
  await becomes(() => page.evaluate(() => document.activeElement?.id), "open-key");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Forget the key" }).click();
  await page.getByText("The key is forgotten.").waitFor();
  assert.equal(await dialog.count(), 0);
  assert.deepEqual(await placesOf(page, SOLVER), []);
  const before = api.asked.length;
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  assert.deepEqual([...new Set(api.asked.slice(before).map(keyOf))], [undefined]);
  assert.deepEqual(
    logged.filter((one) => one.includes(SOLVER)),
    [],
  );
});

test("a key that is given in the header's dialog is enough for the panel that waits", async (t) => {
  const { page } = await start(t, closed(), `#/s/${ID}`);
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  await page.getByRole("button", { name: "Key", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Key" });
  await dialog.waitFor();
  const last = field(page).last();
  await becomes(() => last.evaluate((one) => one === document.activeElement), true);
  await page.keyboard.type(READER);
  await page.keyboard.press("Enter");
  await page.getByText("The key is in use.").waitFor();
  await page.getByText("Passed 4 of 4", { exact: true }).waitFor();
  assert.equal(await dialog.count(), 0);
  assert.equal(await page.getByRole("heading", { name: "This judge needs a key" }).count(), 0);
});

test("the history and a comparison ask for a key, and go on with it", async (t) => {
  const api = closed();
  const entry = { id: ID, problemId: "two-sum", language: "python", submittedAtMs: Date.now(), length: 0 };
  const keep = `localStorage.setItem("edgejudge:history", ${JSON.stringify(JSON.stringify([entry]))})`;
  const { page, close } = await open(api, "#/history", {}, keep);
  t.after(close);
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  await field(page).fill(READER);
  await use(page).click();
  await page.getByRole("table").getByText("Accepted").waitFor();
  await page.evaluate(() => sessionStorage.clear());
  await page.evaluate((id) => history.replaceState(null, "", `#/compare/${id}/${id}`), ID);
  await page.reload();
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  await field(page).fill(READER);
  await use(page).click();
  await page.getByText("Passed 4 of 4").first().waitFor();
});

test("with a solver's key nobody asks for the queue's numbers, and the operator's views say what is missing", async (t) => {
  const { api, page } = await startWith(t, SOLVER, closed(), "#/");
  await page.getByRole("link", { name: "Two numbers" }).waitFor();
  assert.equal(api.calls("GET /stats").length, 0);
  await page.getByRole("link", { name: "Operate" }).click();
  await page.getByText(LACKING).waitFor();
  await page.getByRole("button", { name: "Use another key" }).click();
  guard(api, "GET /stats", ["admin"], (_, response) =>
    send(response, 503, failure("store_unavailable", "Redis does not answer.")),
  );
  await field(page).fill(OPERATOR);
  await page.keyboard.press("Enter");
  await page.getByText("Redis does not answer.").waitFor();
  assert.equal(keyOf(api.calls("GET /stats").at(-1) ?? assert.fail()), OPERATOR);
});

test("axe finds nothing serious where a key is asked for, wide and narrow", async (t) => {
  const { page } = await start(t, closed(), "#/p/two-sum", { viewport: { width: 360, height: 700 } });
  const look = async (name: string) => {
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 700 });
      await accessible(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, name);
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/${name}-${width}.png` });
    }
  };
  await page.getByRole("heading", { name: "This judge needs a key" }).waitFor();
  await look("asked");
  await field(page).fill("wrong-key-0123456789");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: UNKNOWN }).waitFor();
  await look("refused");
  await page.getByRole("button", { name: "Key", exact: true }).click();
  await page.getByRole("dialog", { name: "Key" }).waitFor();
  await look("dialog");
  await field(page).last().fill(READER);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Key given" }).click();
  await page.getByRole("button", { name: "Forget the key" }).waitFor();
  await look("given");
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Code" }).click();
  await type(page, "x");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "This key does not allow that" }).waitFor();
  await look("submit");
});
