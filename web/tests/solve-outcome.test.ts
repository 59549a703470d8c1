// The solving view as somebody uses it the first time: what stands where when a
// verdict comes, and what is there after a reload, on a phone and beside the drawer.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { aCase, anId, judged, remembered } from "./fixtures.ts";
import { type Api, drawn, events, open, still, useBrowser } from "./harness.ts";
import { content, ECHO, solvingApi, TWO_SUM, type } from "./solving.ts";

useBrowser();

const ID = anId();
const evidence = { input: "[[4,4],8]", expected: "[0,1]", actual: "[]", note: "The lists have different lengths." };
const WIDE = { width: 1280, height: 800 };

/** Wrong at case 2 of so many. */
function wrong(count: number): object {
  const cases = Array.from({ length: count }, (_, at) =>
    at === 1 ? aCase(2, "Wrong Answer", { evidence, name: "two of the same" }) : aCase(at + 1, "Accepted"),
  );
  return judged(ID, cases, { problemId: "two-sum" });
}

function judging(result: object): Api {
  return solvingApi()
    .on("POST /submit", () => ({ success: true, message: "", id: ID, position: 1, resultUrl: "http://x/result/1" }))
    .on("GET /result/*/events", (_, response) => {
      const stream = events(response);
      stream.send("done", "done", result);
      stream.end();
    })
    .on("GET /result/*", () => result);
}

const box = (page: Page, selector: string) =>
  page
    .locator(selector)
    .last()
    .evaluate((one) => one.getBoundingClientRect());

for (const count of [4, 302]) {
  test(`after a wrong answer of ${count} cases expected and got are on the screen, and the focus stays`, async () => {
    const { page, close } = await open(judging(wrong(count)), "#/p/two-sum", { viewport: WIDE });
    await type(page, "def two_sum(nums, target): return []");
    await page.keyboard.press("ControlOrMeta+Shift+Enter");
    await page.locator(".r-case pre").nth(2).waitFor();
    await drawn(page);
    const got = await box(page, ".r-case pre");
    const pane = await box(page, ".lower-panel:not([hidden])");
    assert.ok(got.top >= pane.top && got.bottom <= pane.bottom + 1, JSON.stringify([got, pane]));
    assert.ok(pane.height > 250, `the result has ${pane.height} pixels`);
    assert.equal(await page.evaluate(() => document.activeElement?.className), "editor");
    await close();
  });
}

test("after a reload the newest submission's result is there, asked for once and not read aloud", async () => {
  const api = judging(wrong(4));
  const { page, close } = await open(api, "#/nowhere");
  const end = { verdict: "Wrong Answer", passed: 3, total: 4 };
  await page.evaluate(remembered([{ id: ID, problemId: "two-sum", title: TWO_SUM.title, code: "x", end }]));
  await page.evaluate(() => {
    location.hash = "#/p/two-sum";
  });
  await content(page).waitFor();
  await page.getByRole("tab", { name: "Result", exact: true }).click();
  await page.getByText("Passed 3 of 4").waitFor();
  await page.getByText("Your newest submission").waitFor();
  assert.equal(api.calls(`GET /result/${ID}`).length, 1);
  assert.equal(api.calls(`GET /result/${ID}/events`).length, 0);
  assert.equal(await page.locator("#spoken").textContent(), "");
  await close();
});

test("the signature has the name of the language's starter code, and says which works too", async () => {
  const { page, close } = await open(solvingApi(), "#/p/two-sum");
  await page.getByText("two_sum(nums: list<int>, target: int) → list<int>").waitFor();
  await page.getByText("The name twoSum works in Python too.").waitFor();
  await page.getByLabel("Language").selectOption("javascript");
  await page.getByText("twoSum(nums: list<int>, target: int) → list<int>").waitFor();
  assert.equal(await page.getByText("works in").count(), 0);
  await close();
});

test("of the samples only what scrolls is a stop of the Tab key", async () => {
  const long = Array.from({ length: 60 }, (_, at) => `${at}`).join("\n");
  const cases = [
    ...ECHO.cases,
    { name: "a name that is long enough to need two lines", input: long, expected: "60\n" },
  ];
  const api = solvingApi().on("GET /problems/echo", () => ({ ...ECHO, cases }));
  const { page, close } = await open(api, "#/p/echo", { viewport: WIDE });
  await page.locator(".sample pre[tabindex]").first().waitFor();
  const stops = await page.locator(".sample pre").evaluateAll((all) => all.map((one) => (one as HTMLElement).tabIndex));
  assert.deepEqual(stops, [-1, -1, -1, -1, 0, -1]);
  const head = await box(page, ".sample-head h3");
  const button = await box(page, ".sample-head button");
  assert.ok(button.left >= head.right && button.top < head.bottom, "the button stays beside a long name");
  await page.getByText("white space at the ends of lines does not count").waitFor();
  await close();
});

test("a touch screen is told of no keys", async () => {
  const options = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { page, close } = await open(judging(wrong(4)), "#/p/two-sum", options);
  await page.getByRole("tab", { name: "Code" }).click();
  await content(page).click();
  assert.equal(await page.getByText("Tab indents.").isVisible(), false);
  await page.getByText("Options").click();
  const width = await box(page, ".options-panel select");
  assert.ok(width.width > 95, `the tab width's choice has ${width.width} pixels`);
  await page.getByText("Options").click();
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("First failed").waitFor();
  assert.equal(await page.locator(".r-cases-head kbd").isVisible(), false);
  await close();
});

test("beside the drawer the bar with Run and Submit keeps its height, and 'Saved' is whole", async () => {
  const { page, close } = await open(solvingApi(), "#/p/two-sum", { viewport: WIDE });
  await type(page, "x = 1");
  await page.getByText("Saved").waitFor();
  const before = await box(page, ".solve-actions");
  await page.locator("#open-drawer").click();
  await page.locator(".drawer").waitFor();
  await still(page);
  await drawn(page);
  await content(page).focus();
  const after = await box(page, ".solve-actions");
  assert.ok(after.width < before.width, "the drawer takes its room");
  assert.ok(Math.abs(after.height - before.height) < 3, `${before.height} ${after.height}`);
  const isCut = await page.locator(".saved").evaluate((one) => one.scrollWidth > one.clientWidth);
  assert.equal(isCut, false);
  await close();
});

test("the navigation stands still from view to view", async () => {
  const { page, close } = await open(solvingApi(), "#/free", { viewport: WIDE });
  const places = () =>
    page.locator(".top nav a").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().left));
  await content(page).waitFor();
  const before = await places();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("heading", { name: "My submissions" }).waitFor();
  assert.deepEqual(await places(), before);
  await close();
});

test("members are sent in the order in which they were typed, and letters that do not count are said", async () => {
  const signature = { name: "order", params: [{ name: "counts", type: "map<int>" }], returns: "list<string>" };
  const problem = { ...TWO_SUM, signature, checker: { kind: "tokens", ignoreCase: true }, cases: [{ hidden: true }] };
  const api = solvingApi().on("GET /problems/two-sum", () => problem);
  const { page, close } = await open(api, "#/p/two-sum");
  await page.getByText("texts are compared word by word. Upper and lower case do not count.").waitFor();
  await page.getByRole("tab", { name: "My input" }).click();
  await page.getByLabel("counts: map<int>").fill('{"b": 1, "10": 2, "a": 3, "9": 4}');
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByText("fine", { exact: true }).waitFor();
  assert.match(api.calls("POST /run")[0]?.body ?? "", /"args":\[\{"b":1,"10":2,"a":3,"9":4\}\]/);
  await close();
});
