// The list of problems: search, filters, pages, what is solved, and Back.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { ProblemEntry } from "../src/api/types.ts";
import { accessible } from "./accessible.ts";
import { Api, becomes, failure, open, send, useBrowser } from "./harness.ts";
import { HOSTILE } from "./hostile.ts";

useBrowser();

function entry(id: string, title = id, more: Partial<ProblemEntry> = {}): ProblemEntry {
  return { id, title, kind: "program", cases: 3, version: "v1", updatedAtMs: 1_764_000_000_000, ...more };
}

/** An API with these problems, `perPage` of them a page. */
function withProblems(problems: ProblemEntry[], perPage = 1_000): Api {
  return new Api()
    .on("GET /languages", () => ({
      success: true,
      languages: [{ language: "python", version: "3.12.0", aliases: [] }],
    }))
    .on("GET /problems/*", ({ path }) => {
      const id = decodeURIComponent(path.split("/")[2] ?? "");
      return {
        ...problems.find((one) => one.id === id),
        statement: "Solve it.",
        checker: "exact",
        limits: {},
        stopOnFirstFail: false,
        starter: {},
        cases: [{ input: "1", expected: "1" }],
      };
    })
    .on("GET /problems", ({ query }) => {
      const from = Number(query.get("cursor") ?? 0);
      const to = from + perPage;
      return { success: true, problems: problems.slice(from, to), next: to < problems.length ? String(to) : null };
    });
}

const FEW = [
  entry("two-sum", "Two sum", { kind: "function", cases: 14 }),
  entry("fizz-buzz", "Fizz buzz", { cases: 1 }),
  entry("spread", "Spread"),
];
const MANY = Array.from({ length: 250 }, (_, index) => entry(`many-${index + 1}`, `Many ${index + 1}`));

const titles = (page: Page) => page.locator(".problem a").allTextContents();

/** The fragment with the filter. The address that Playwright knows is a moment behind. */
const hash = (page: Page) => page.evaluate(() => location.hash);

/** A browser that has solved these. */
function solved(...ids: string[]): string {
  return `localStorage.setItem("edgejudge:solved", '${JSON.stringify(ids)}')`;
}

test("the list is sorted by title and says kind, cases and what is solved, by a word", async () => {
  const { page, complaints, close } = await open(withProblems(FEW), "#/", {}, solved("two-sum"));
  await page.getByText("3 in all, 1 solved").waitFor();
  assert.deepEqual(await titles(page), ["Fizz buzz", "Spread", "Two sum"]);
  const rows = await page.locator(".problem").allTextContents();
  assert.match(rows[0] ?? "", /fizz-buzz.*Program.*1 case$/);
  assert.match(rows[2] ?? "", /two-sum.*Function.*14 cases.*Solved/);
  assert.deepEqual(complaints, []);
  await close();
});

test("search finds words of title and id; the filter is in the address and adds no history", async () => {
  const { page, close } = await open(withProblems(FEW), "#/", {}, solved("two-sum"));
  await page.locator(".problem a").first().waitFor();
  const entries = await page.evaluate(() => history.length);
  await page.getByRole("searchbox").fill("SUM two");
  assert.deepEqual(await titles(page), ["Two sum"]);
  assert.match(await hash(page), /#\/\?q=SUM\+two$/);
  await page.getByRole("searchbox").fill("");
  await page.getByRole("radio", { name: "Open" }).check();
  assert.deepEqual(await titles(page), ["Fizz buzz", "Spread"]);
  await page.getByRole("radio", { name: "Solved" }).check();
  assert.deepEqual(await titles(page), ["Two sum"]);
  await page.getByLabel("Kind of problem").selectOption("program");
  assert.deepEqual(await titles(page), []);
  assert.match(await hash(page), /#\/\?show=solved&kind=program$/);
  await page.getByRole("button", { name: "Show all problems" }).click();
  assert.equal((await titles(page)).length, 3);
  assert.match(await hash(page), /#\/$/);
  assert.equal(await page.evaluate(() => history.length), entries);
  await close();
});

test("an address with a filter opens with it, and a link without one clears it", async () => {
  const { page, close } = await open(withProblems(FEW), "#/?q=sp&show=open");
  await page.getByRole("link", { name: "Spread" }).waitFor();
  assert.deepEqual(await titles(page), ["Spread"]);
  assert.equal(await page.getByRole("searchbox").inputValue(), "sp");
  await page.getByRole("link", { name: "Problems", exact: true }).click();
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  await close();
});

test("Back from a problem: the list has its filter and its scroll, and a reload keeps both", async () => {
  const { page, close } = await open(withProblems(MANY, 100));
  await page.getByRole("searchbox").fill("many 1");
  await page.getByRole("link", { name: "Many 1", exact: true }).waitFor();
  // The rest of the list was loaded for the search.
  await page.getByText("133 of 250").waitFor();
  await page.getByRole("link", { name: "Many 150" }).scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  assert.ok(before > 500);
  await page.getByRole("link", { name: "Many 150" }).click();
  await page.getByRole("heading", { name: "Many 150" }).waitFor();
  await becomes(() => page.evaluate(() => scrollY), 0);
  await page.goBack();
  await page.getByRole("link", { name: "Many 150" }).waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "many 1");
  await becomes(() => page.evaluate(() => scrollY), before);
  await page.goForward();
  await page.getByRole("heading", { name: "Many 150" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Many 150" }).waitFor();
  await page.reload();
  await page.getByText("133 of 250").waitFor();
  await page.waitForFunction((y) => scrollY === y, before);
  await close();
});

test("pages are loaded one by one, and all of them for a search", async () => {
  const { page, api, close } = await open(withProblems(MANY, 100));
  await page.getByText("100 or more in all").waitFor();
  const more = page.getByRole("button", { name: "Load more" });
  await more.focus();
  await page.keyboard.press("Enter");
  await page.getByText("200 or more in all").waitFor();
  await becomes(() => more.evaluate((button) => button === document.activeElement), true);
  assert.deepEqual(
    api.calls("GET /problems").map((one) => one.query.get("cursor")),
    [null, "100"],
  );
  await page.getByRole("searchbox").fill("250");
  await page.getByRole("link", { name: "Many 250" }).waitFor();
  await page.getByText("1 of 250").waitFor();
  assert.ok(await more.isHidden());
  await close();
});

test("a problem that two pages name is shown once", async () => {
  const api = withProblems([...FEW, ...FEW], 3);
  const { page, close } = await open(api, "#/?q=two");
  await page.getByText("1 of 3").waitFor();
  assert.deepEqual(await titles(page), ["Two sum"]);
  await close();
});

test("a list that cannot be loaded says what to do, and comes back by itself", async () => {
  let isAway = true;
  const api = withProblems(FEW);
  api.on("GET /problems", (_, response) =>
    isAway
      ? send(response, 503, failure("store_unavailable", "Redis does not answer. Try again soon."))
      : { success: true, problems: FEW, next: null },
  );
  const { page, close } = await open(api);
  const alert = page.getByRole("alert").filter({ hasText: "Redis does not answer" });
  await alert.waitFor();
  await alert.getByRole("button", { name: "Try again" }).waitFor();
  isAway = false;
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  assert.equal(await alert.count(), 0);
  await close();
});

test("a page that fails in the middle keeps what is there", async () => {
  const api = withProblems(MANY, 100);
  const { page, close } = await open(api);
  await page.getByText("100 or more in all").waitFor();
  api.on("GET /problems", (_, response) => send(response, 500, failure("internal", "A bug of ours.")));
  await page.getByRole("button", { name: "Load more" }).click();
  await page.getByText("A bug of ours.").waitFor();
  assert.equal((await titles(page)).length, 100);
  await close();
});

test("without any problem the list says so, and leads to the playground", async () => {
  const { page, close } = await open(withProblems([]));
  await page.getByText("No problem is published yet.").waitFor();
  assert.equal(await page.locator(".empty a").last().getAttribute("href"), "#/free");
  await close();
});

test("the list is used with the keyboard only", async () => {
  const { page, close } = await open(withProblems(FEW));
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  await page.keyboard.press("/");
  const search = page.getByRole("searchbox");
  assert.ok(await search.evaluate((one) => one === document.activeElement));
  await page.keyboard.type("a/b");
  assert.equal(await search.inputValue(), "a/b");
  await search.fill("");
  // All and the kind lie between the search and the first problem.
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Fizz buzz");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Fizz buzz" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Two sum" }).waitFor();
  await close();
});

test("a first visitor is greeted once", async () => {
  const { page, close } = await open(withProblems(FEW));
  const note = page.getByText("New here?");
  await note.waitFor();
  await page.getByRole("button", { name: "Hide this note" }).click();
  assert.equal(await note.count(), 0);
  await page.reload();
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  assert.equal(await note.count(), 0);
  await close();
});

test("hostile titles and ids stay text, and lead only to views", async () => {
  const problems = HOSTILE.map(({ text }, index) => entry(index % 2 ? text : `id-${index}`, `${text}${index}`));
  assert.ok(problems.length >= 60);
  const { page, complaints, foreign, close } = await open(withProblems(problems), "#/", {
    viewport: { width: 360, height: 640 },
  });
  await page.getByText(`${problems.length} in all`).waitFor();
  const shown = new Set(await titles(page));
  // A parser of the network's text may change nothing but what JSON cannot hold.
  for (const { title } of problems) assert.ok(shown.has(title), title.slice(0, 80));
  const found = await page.evaluate(() => ({
    elements: [...document.querySelectorAll(".problem-list *")]
      .map((one) => one.tagName)
      .filter((name) => !/^(LI|DIV|SPAN|A)$/.test(name)),
    links: [...document.querySelectorAll(".problem-list a")]
      .map((one) => one.getAttribute("href") ?? "")
      .filter((href) => !/^#\/p\/[^/"<>\s]*$/.test(href)),
    handlers: [...document.querySelectorAll(".problem-list *")].filter((one) =>
      one.getAttributeNames().some((name) => name.startsWith("on")),
    ).length,
    ran: (window as unknown as { ran?: unknown }).ran ?? null,
    width: document.documentElement.scrollWidth,
  }));
  assert.deepEqual(found, { elements: [], links: [], handlers: 0, ran: null, width: 360 });
  assert.deepEqual(foreign, []);
  assert.deepEqual(complaints, []);
  await close();
});

test("hostile messages of the API stay text", async () => {
  let text = "";
  const api = new Api().on("GET /problems", (_, response) => send(response, 422, failure("invalid_field", `${text}.`)));
  const { page, complaints, close } = await open(api);
  for (text of HOSTILE.map((one) => one.text)) {
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForFunction(
      (wanted) => document.querySelector(".problem-failure p")?.textContent === wanted,
      `${text}.`,
    );
    assert.equal(await page.locator(".problem-failure p *").count(), 0);
  }
  assert.equal(await page.evaluate(() => (window as unknown as { ran?: unknown }).ran ?? null), null);
  assert.deepEqual(complaints, []);
  await close();
});

test("axe finds nothing serious in the list, empty or failed", async () => {
  const api = withProblems(FEW);
  const { page, close } = await open(api, "#/", {}, solved("two-sum"));
  await page.getByText("1 solved").waitFor();
  await accessible(page);
  await page.getByRole("searchbox").fill("nothing like it");
  await accessible(page);
  api.on("GET /problems", (_, response) => send(response, 500, failure("internal", "A bug of ours.")));
  await page.reload();
  await page.getByText("A bug of ours.").waitFor();
  await accessible(page);
  await page.goto(page.url().replace(/#.*/, "#/nowhere"));
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  await accessible(page);
  await close();
});
