// A judge that was asked too often: how long the page waits, what it says, and that it
// goes on by itself.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { aCase, anId, judged, problem } from "./fixtures.ts";
import {
  Api,
  type Asked,
  eventually,
  events,
  failure,
  open,
  type Opened,
  quiet,
  send,
  stopClock,
  useBrowser,
} from "./harness.ts";
import { ran, solvingApi, type } from "./solving.ts";

useBrowser();

const ID = anId("e");

/** The page whose clock stands still, closed after the test whatever becomes of it. */
async function start(t: TestContext, api: Api, hash: string): Promise<Opened> {
  const opened = await open(api, "#/nowhere");
  t.after(opened.close);
  await stopClock(opened.page);
  await opened.page.evaluate((value) => (location.hash = value), hash);
  return opened;
}

/** Answers 429 to the first `times` calls. */
function limited(
  answer: (asked: Asked, response: Parameters<Parameters<Api["on"]>[1]>[1]) => unknown,
  times = 1,
  retryAfterS = 3,
) {
  let calls = 0;
  return (asked: Asked, response: Parameters<Parameters<Api["on"]>[1]>[1]) => {
    calls += 1;
    if (calls > times) return answer(asked, response);
    const headers = { "retry-after": `${retryAfterS}`, ratelimit: `"read";r=0;t=${retryAfterS}` };
    return send(response, 429, failure("too_many_requests", "This client asks too often."), headers);
  };
}

/** Everything that a screen reader is told from now on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const place = document.getElementById("spoken");
    if (place) new MutationObserver(() => said.push(place.textContent ?? "")).observe(place, { childList: true });
  });
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

test("a read that comes too often says how long, once to a reader, and is made again by itself", async (t) => {
  const problems = { success: true, problems: [], next: null };
  const api = new Api();
  const { page } = await start(t, api, "#/nowhere");
  const said = await listen(page);
  api.on(
    "GET /problems",
    limited(() => problems),
  );
  await page.evaluate(() => (location.hash = "#/"));
  await page.getByText("The judge was asked too often. This page goes on by itself in 3 seconds.").first().waitFor();
  await page.clock.runFor(1_500);
  await page.locator(".banner", { hasText: "in 2 seconds" }).waitFor();
  await page.clock.runFor(1_400);
  await quiet(page);
  await api.got("GET /problems", 1);
  // Not all that were refused at once come back at once.
  await page.clock.runFor(500);
  await page.getByText("No problem is published yet.").waitFor();
  await page.locator(".banner").waitFor({ state: "detached" });
  await api.got("GET /problems", 2);
  assert.equal((await said()).filter((one) => one.includes("too often")).length, 1);
});

for (const [what, path] of [
  ["Submit", "/submit"],
  ["Run", "/run"],
] as const) {
  test(`${what} that was pressed too often waits as told, counts down, and can be pressed again`, async (t) => {
    const stored = { success: true, message: "", id: ID, position: 1, resultUrl: "" };
    const api = solvingApi()
      .on(
        `POST ${path}`,
        limited(() => (what === "Run" ? ran("at last\n") : stored)),
      )
      .on("GET /result/*", () => judged(ID, [aCase(1)]))
      .on("GET /result/*/events", (_, response) => events(response).send("d", "done", judged(ID, [aCase(1)])));
    const { page } = await start(t, api, "#/p/two-sum");
    const said = await listen(page);
    await type(page, "x = 1");
    const button = page.getByRole("button", { name: what });
    const keys = what === "Run" ? "ControlOrMeta+Enter" : "ControlOrMeta+Shift+Enter";
    await page.keyboard.press(keys);
    await page.getByRole("alert").filter({ hasText: "This client asks too often." }).waitFor();
    const word = what.toLowerCase();
    await page.locator(".countdown", { hasText: `You can ${word} again in 3 seconds.` }).waitFor();
    const wait = page.getByRole("button", { name: "Wait…" });
    assert.equal(await wait.getAttribute("aria-disabled"), "true");
    await page.keyboard.press(keys);
    await page.clock.runFor(1_500);
    await page.locator(".countdown", { hasText: "in 2 seconds" }).waitFor();
    await quiet(page);
    await api.got(`POST ${path}`, 1);
    await page.clock.runFor(1_300);
    await wait.waitFor();
    await page.clock.runFor(500);
    await button.waitFor();
    assert.equal(await page.getByText("This client asks too often.").count(), 0);
    assert.equal(await page.locator(".countdown").count(), 0);
    const told = (await said()).filter((one) => one.startsWith("You can"));
    assert.deepEqual(told, [`You can ${word} again in 3 seconds.`, `You can ${word} again.`]);
    await button.click();
    await page.getByText(what === "Run" ? "at last" : "Passed 1 of 1", { exact: true }).waitFor();
    await api.got(`POST ${path}`, 2);
  });
}

test("what is said while a call must wait is accessible", async (t) => {
  const api = solvingApi()
    .on(
      "POST /run",
      limited(() => ran("at last\n"), 1, 120),
    )
    .on(
      "GET /problems",
      limited(() => ({ success: true, problems: [], next: null }), 1, 120),
    );
  const { page } = await start(t, api, "#/p/two-sum");
  await type(page, "x = 1");
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.locator(".countdown", { hasText: "You can run again in" }).waitFor();
  await page.getByRole("button", { name: "Wait…" }).waitFor();
  // axe waits by timers of the page.
  await page.clock.resume();
  await accessible(page);
  await page.evaluate(() => (location.hash = "#/"));
  await page.locator(".banner", { hasText: "This page goes on by itself in" }).waitFor();
  await accessible(page);
});

test("a read that is refused again and again fails after five calls", async (t) => {
  const api = new Api();
  const { page } = await start(t, api, "#/nowhere");
  api.on(
    "GET /problems",
    limited(() => ({ success: true, problems: [], next: null }), 5, 1),
  );
  await page.evaluate(() => (location.hash = "#/"));
  const failed = page.getByText("This client asks too often.").first();
  await eventually(async () => {
    await page.clock.runFor(400);
    return failed.isVisible();
  });
  // The list tries again by itself after three seconds.
  await page.clock.runFor(2_000);
  await quiet(page);
  await api.got("GET /problems", 5);
});

test("a submission that is followed is left alone for as long as the API says, also by its stream", async (t) => {
  const ended = judged(ID, [aCase(1)]);
  const api = new Api()
    .on("GET /problems/*", () => problem())
    .on(
      "GET /result/*/events",
      limited((_, response) => events(response).send("d", "done", ended)),
    )
    .on("GET /result/*", () => ({ id: ID, status: "queued", submittedAtMs: Date.now() }));
  const { page } = await start(t, api, `#/s/${ID}`);
  await page.locator(".banner", { hasText: "This page goes on by itself in" }).waitFor();
  await page.clock.runFor(2_900);
  await quiet(page);
  await api.got(`GET /result/${ID}/events`, 1);
  await page.clock.runFor(1_000);
  await page.getByText("Passed 1 of 1", { exact: true }).waitFor();
  const calls = api.asked.filter((one) => one.path.startsWith("/result/"));
  assert.deepEqual(
    calls.map((one) => one.path),
    [`/result/${ID}`, `/result/${ID}/events`, `/result/${ID}/events`],
  );
});

test("the tester's own call shows a 429 at once, and is not made again", async (t) => {
  const api = solvingApi().on(
    "GET /languages",
    limited(() => ({ success: true, languages: [] })),
  );
  const { page } = await start(t, api, "#/nowhere");
  await page.getByRole("button", { name: "API calls", exact: true }).click();
  const drawer = page.getByRole("dialog", { name: "API calls" });
  await drawer.getByRole("tab", { name: "Send" }).click();
  await drawer.getByRole("button", { name: "Send", exact: true }).click();
  await drawer.getByText("This client asks too often. Try again in 3 s.").waitFor();
  await page.clock.runFor(10_000);
  await quiet(page);
  await api.got("GET /languages", 1);
});
