// Following a submission: its stream, what stands in for it, and when nothing is sent.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
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
import { loadPart } from "./part.ts";

useBrowser();

const ID = anId();
const RESULT = `/result/${ID}`;
const STREAM = `GET ${RESULT}/events`;
const queued = { id: ID, status: "queued", submittedAtMs: Date.now() };
const accepted = judged(ID, [aCase(1), aCase(2), aCase(3, "Accepted", { hidden: true })]);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An API whose submission is queued until `ended` is set. */
function waiting(): { api: Api; set(document: unknown): void } {
  let document: unknown = queued;
  const api = new Api().on("GET /problems/*", () => problem()).on(`GET ${RESULT}`, () => document);
  return { api, set: (next) => (document = next) };
}

/** Calls about the submission, oldest first. */
function about(api: Api): Asked[] {
  return api.asked.filter((one) => one.path.startsWith("/result/"));
}

/** Lets the page's stopped clock go on until it is so. */
async function pass(page: Page, is: () => unknown): Promise<void> {
  await eventually(async () => {
    await page.clock.runFor(STEP_MS);
    return is();
  });
}

const STEP_MS = 100;

/**
 * Lets the page's stopped clock go on until so many calls were made. The times between their
 * beginnings, in the page's milliseconds, more or less a step.
 */
async function gaps(page: Page, calls: () => Asked[], count: number): Promise<number[]> {
  const begunMs: number[] = [];
  for (let ms = 0; begunMs.length < count; ms += STEP_MS) {
    assert.ok(ms < 60_000, `only ${calls().length} calls within ${ms} ms`);
    await page.clock.runFor(STEP_MS);
    await quiet(page);
    while (begunMs.length < calls().length) begunMs.push(ms);
  }
  return begunMs.slice(1).map((at, index) => at - (begunMs[index] ?? 0));
}

/** The page, closed after the test whatever becomes of it. */
async function start(t: TestContext, api: Api, hash: string): Promise<Opened> {
  const opened = await open(api, hash);
  t.after(opened.close);
  return opened;
}

/** The page with a clock that stands still. */
async function startStopped(t: TestContext, api: Api, hash: string): Promise<Opened> {
  const opened = await start(t, api, "#/nowhere");
  await stopClock(opened.page);
  await opened.page.evaluate((value) => (location.hash = value), hash);
  return opened;
}

async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("the position counts down, 1 is the next one, and how long it may take is told", async (t) => {
  const { api } = waiting();
  let stream: ReturnType<typeof events> | undefined;
  api.on(STREAM, (_, response) => {
    stream = events(response);
    stream.send("q3", "queued", { submittedAtMs: Date.now(), position: 3 });
  });
  const { page } = await start(t, api, `#/s/${ID}`);
  await page.getByText("Queued, 3rd in line").waitFor();
  await sleep(700);
  stream?.send("q2", "queued", { submittedAtMs: Date.now(), position: 2 });
  const line = page.locator(".r-words");
  await page.getByText("Queued, 2nd in line").waitFor();
  assert.match((await line.textContent()) ?? "", /^Queued, 2nd in line · about \d+ s$/);
  stream?.send("q1", "queued", { submittedAtMs: Date.now(), position: 1 });
  await page.getByText("Queued, next in line").waitFor();
});

test("cases fill the grid as they come, and the verdict takes their place", async (t) => {
  const { api } = waiting();
  let stream: ReturnType<typeof events> | undefined;
  api.on(STREAM, (_, response) => {
    stream = events(response);
    stream.send("q", "queued", { submittedAtMs: Date.now() });
    stream.send("5.0", "started", { startedAtMs: 5, total: 3 });
    stream.send("5.2", "cases", { from: 1, verdicts: ["Accepted", "Wrong Answer"], total: 3 });
  });
  const { page, complaints } = await start(t, api, `#/s/${ID}`);
  await page.getByText("Running · case 3 of 3").waitFor();
  const labels = () => page.locator(".r-cell").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.deepEqual(
    (await labels()).map((label) => label?.split(",")[0]),
    ["Case 1: Accepted", "Case 2: Wrong Answer", "Case 3: waiting"],
  );
  stream?.send("done", "done", accepted);
  await page.getByText("Passed 3 of 3", { exact: true }).waitFor();
  assert.equal(await page.locator(".r-cell").count(), 3);
  assert.deepEqual(complaints, []);
});

test("the Worker is killed in the middle: the verdict comes by itself, and no case twice", async (t) => {
  const { api, set } = waiting();
  const started = (response: ServerResponse, startedAtMs: number) => {
    const stream = events(response);
    stream.send(`${startedAtMs}.0`, "started", { startedAtMs, total: 3 });
    stream.send(`${startedAtMs}.2`, "cases", { from: 1, verdicts: ["Accepted", "Accepted"], total: 3 });
    return stream;
  };
  let down = false;
  let again: ReturnType<typeof events> | undefined;
  api.on(STREAM, (_, response) => {
    if (down) response.destroy();
    else if (!again) {
      started(response, 5);
      again = undefined;
      setTimeout(() => {
        down = true;
        response.destroy();
      }, 400);
    }
  });
  api.on(`GET ${RESULT}`, (_, response) => void (down ? response.destroy() : send(response, 200, queued)));
  const { page } = await start(t, api, `#/s/${ID}`);
  await page.getByText("case 3 of 3").waitFor();
  await page.getByText(/Connection lost/).waitFor();
  await sleep(1_500);
  api.on(STREAM, (_, response) => {
    again = started(response, 9);
    setTimeout(() => again?.send("done", "done", accepted), 300);
  });
  api.on(`GET ${RESULT}`, () => queued);
  down = false;
  const backMs = Date.now();
  await page.getByText("Passed 3 of 3", { exact: true }).waitFor();
  assert.ok(Date.now() - backMs < 8_000, `${Date.now() - backMs} ms after its return`);
  assert.equal(await page.locator(".r-cell").count(), 3);
  await page.getByText(/Connection lost/).waitFor({ state: "hidden" });
  set(accepted);
});

test("with streams blocked it waits by calls, never two of them at once or within a second", async (t) => {
  const { api, set } = waiting();
  let open_ = 0;
  let most = 0;
  api.on(STREAM, (_, response) => events(response).end());
  api.on(`GET ${RESULT}`, async (asked, response) => {
    if (asked.query.get("wait") !== "20") return send(response, 200, queued);
    open_ += 1;
    most = Math.max(most, open_);
    await sleep(100);
    open_ -= 1;
    send(response, 200, api.calls(`GET ${RESULT}`).length > 4 ? accepted : queued);
  });
  const { page } = await startStopped(t, api, `#/s/${ID}`);
  // The first look at the submission is the view's own, and comes before following it.
  const followed = () => about(api).slice(1);
  const found = await gaps(page, followed, 6);
  await eventually(async () => {
    await page.clock.runFor(1_000);
    return page.getByText("Passed 3 of 3", { exact: true }).isVisible();
  });
  assert.ok(followed().some((one) => one.query.get("wait") === "20"));
  assert.equal(most, 1);
  for (const gap of found) assert.ok(gap > 1_000 - 2 * STEP_MS, `${found}`);
  assert.ok(followed().filter((one) => one.path.endsWith("/events")).length <= 2);
  set(accepted);
});

test("who comes when there is no room for a stream is not told of a lost connection, and sees the verdict soon", async (t) => {
  const { api, set } = waiting();
  api.on(STREAM, (_, response) => send(response, 503, failure("busy", "Too many."), { "retry-after": "1" }));
  const { page } = await start(t, api, "#/nowhere");
  await loadPart(page, 'export { follow } from "./api/live.ts";');
  await stopClock(page);
  await page.evaluate(`window.seen = new Set(); part.follow("${ID}", (state) => {
    seen.add(state.connection);
    if (state.result) document.title = "ended";
  })`);
  const looks = () => api.calls(`GET ${RESULT}`);
  const found = await gaps(page, looks, 5);
  assert.deepEqual([...new Set(looks().map((one) => one.query.get("wait")))], [null]);
  assert.equal(api.calls(STREAM).length, 1);
  for (const gap of found) assert.ok(gap < 5_000, `${found}`);
  assert.deepEqual(await page.evaluate("[...seen]"), ["live", "polling"]);
  // Half a minute later there may be room.
  api.on(STREAM, (_, response) => events(response).send("q", "queued", { submittedAtMs: Date.now(), position: 2 }));
  await page.clock.fastForward(30_000);
  await pass(page, () => api.calls(STREAM).length === 2);
  api.on(STREAM, (_, response) => send(response, 503, failure("busy", "Too many.")));
  await page.clock.fastForward(80_000);
  await pass(page, () => api.calls(STREAM).length >= 3);
  set(accepted);
  await pass(page, async () => (await page.title()) === "ended");
  assert.deepEqual(await page.evaluate("[...seen]"), ["live", "polling"]);
});

test("a failing server is asked less and less often", async (t) => {
  const { api } = waiting();
  api.on(STREAM, (_, response) => send(response, 503, failure("busy", "Too many.")));
  const { page } = await startStopped(t, api, `#/s/${ID}`);
  await pass(page, () => api.calls(STREAM).length > 0);
  api.on(`GET ${RESULT}`, (_, response) => send(response, 503, failure("redis_unreachable", "Redis is away.")));
  const from = about(api).length - 1;
  const found = await gaps(page, () => about(api).slice(from), 4);
  assert.ok((found[2] ?? 0) > (found[0] ?? 0) * 1.4, `${found}`);
  await page.getByText("The judge cannot be asked now; this page tries again by itself").waitFor();
  assert.equal(await page.getByText(/connection is lost|Connection lost/).count(), 0);
});

test("after the verdict no connection and no timer is left", async (t) => {
  const { api } = waiting();
  let closed = false;
  api.on(STREAM, (_, response) => {
    response.on("close", () => (closed = true));
    const stream = events(response);
    stream.send("q", "queued", { submittedAtMs: Date.now() });
    setTimeout(() => stream.send("done", "done", accepted), 200);
  });
  const { page } = await start(t, api, "#/nowhere");
  await page.clock.install();
  await page.evaluate((hash) => (location.hash = hash), `#/s/${ID}`);
  await page.getByText("Passed 3 of 3", { exact: true }).waitFor();
  await eventually(() => closed);
  const before = api.asked.length;
  for (const ms of [30_000, 60_000, 600_000]) {
    await page.clock.fastForward(ms);
    await quiet(page);
  }
  assert.equal(api.asked.length, before);
  assert.equal(api.calls(STREAM).length, 1);
});

test("hidden, nothing is sent; on return one request at once", async (t) => {
  const { api } = waiting();
  let closed = 0;
  api.on(STREAM, (_, response) => {
    response.on("close", () => (closed += 1));
    events(response).send("q7", "queued", { submittedAtMs: Date.now(), position: 7 });
  });
  const { page } = await start(t, api, "#/nowhere");
  await page.clock.install();
  await page.evaluate((hash) => (location.hash = hash), `#/s/${ID}`);
  await page.getByText("7th in line").waitFor();
  await hide(page, true);
  await eventually(() => closed === 1);
  const before = api.asked.length;
  for (const ms of [2_000, 60_000]) {
    await page.clock.fastForward(ms);
    await quiet(page);
  }
  assert.equal(api.asked.length, before);
  await hide(page, false);
  await eventually(() => api.asked.length > before);
  await quiet(page);
  assert.equal(api.asked.length, before + 1);
  assert.equal(api.asked.at(-1)?.query.get("after"), "q7");
});

test("seven tabs with waiting submissions all load over HTTP/1.1", async (t) => {
  const ids = ["a", "b", "c", "d", "e", "f", "0"].map(anId);
  const api = new Api().on("GET /problems/*", () => problem());
  api.on("GET /result/*", ({ path }) => ({ ...queued, id: path.split("/")[2] }));
  api.on("GET /result/*/events", (_, response) => {
    events(response).send("q", "queued", { submittedAtMs: Date.now(), position: 4 });
  });
  const { tab, page } = await start(t, api, `#/s/${ids[0]}`);
  const pages = [page];
  for (const id of ids.slice(1)) pages.push(await tab(`#/s/${id}`));
  for (const one of pages) await one.locator(".r-words", { hasText: "Queued" }).waitFor();
});

test("a submission that is due later says when, and needs no stream until then", async (t) => {
  const { api } = waiting();
  const dueAtMs = Date.now() + 3_600_000;
  api.on(`GET ${RESULT}`, () => ({ ...queued, dueAtMs }));
  api.on(STREAM, (_, response) => events(response).send("q", "queued", { submittedAtMs: Date.now(), dueAtMs }));
  const { page } = await startStopped(t, api, `#/s/${ID}`);
  await page.getByText("Scheduled, due in").waitFor();
  await page.clock.runFor(5_000);
  await quiet(page);
  assert.equal(api.calls(STREAM).length, 0);
});

test("the stream is recorded for the drawer like any other call", async (t) => {
  const { api } = waiting();
  api.on(STREAM, (_, response) => {
    const stream = events(response);
    stream.send("q", "queued", { submittedAtMs: Date.now(), position: 2 });
    stream.send("done", "done", accepted);
  });
  const { page } = await start(t, api, "#/nowhere");
  await loadPart(page, 'export { follow } from "./api/live.ts"; export { calls } from "./api/recorder.ts";');
  const calls = (await page.evaluate(`new Promise((resolve) => {
    part.follow("${ID}", (state) => state.result && setTimeout(() => resolve(part.calls.get()), 50));
  })`)) as { method: string; path: string; status: number; answer: string }[];
  assert.equal(calls.length, 1);
  assert.equal(calls[0]?.path, `${RESULT}/events`);
  assert.equal(calls[0]?.status, 200);
  assert.match(calls[0]?.answer ?? "", /event: queued\ndata: .*"position":2.*\n\nevent: done\n/);
});
