// The operator's token and dashboard.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { collect, collected, breakOff, lastHour } from "../src/views/ops/series.ts";
import { accessible } from "./accessible.ts";
import { Api, becomes, drawn as painted, failure, open, quiet, send, useBrowser } from "./harness.ts";
import { allowed, enter, hide, settled, stats, TOKEN, world } from "./ops-world.ts";

useBrowser();

const tile = (page: Page, name: string) => page.locator(".ops-tile", { hasText: name }).locator("dd");

test("a wrong key is refused in words and asked for again; the right one opens the dashboard", async () => {
  const { page, complaints, close } = await open(world(), "#/ops");
  const field = page.getByLabel("Key", { exact: true });
  await field.fill("wrong");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("alert").filter({ hasText: "needs the header Authorization" }).waitFor();
  await becomes(() => field.evaluate((element) => element === document.activeElement), true);
  await field.fill("no key, spaces");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "without spaces" }).waitFor();
  await field.fill(TOKEN);
  await page.keyboard.press("Enter");
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  assert.equal(await tile(page, "Oldest wait").textContent(), "42 s");
  assert.deepEqual(complaints, []);
  await close();
});

test("the key is in sessionStorage only: in no address, in no markup, in no other tab", async () => {
  const { api, page, tab, close } = await open(world(), "#/ops");
  await page.getByLabel("Key", { exact: true }).fill(TOKEN);
  await page.getByRole("button", { name: "Open" }).click();
  await tile(page, "High").filter({ hasText: "1" }).waitFor();
  await page.reload();
  await tile(page, "High").filter({ hasText: "1" }).waitFor();
  const places = await page.evaluate(() => ({
    markup: document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((one) => one.value).join(),
    local: JSON.stringify(localStorage),
    cookie: document.cookie,
    session: JSON.stringify(sessionStorage),
  }));
  for (const [place, text] of Object.entries(places)) assert.equal(text.includes(TOKEN), place === "session", place);
  for (const { path, query, body } of api.asked) assert.ok(!`${path}?${query}${body}`.includes(TOKEN));
  await page.getByRole("button", { name: "API calls" }).click();
  assert.ok(!(await page.content()).includes(TOKEN));
  const other = await tab("#/ops");
  await other.getByLabel("Key", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByLabel("Key", { exact: true }).waitFor();
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes(TOKEN));
  await close();
});

test("a 401 at any time asks for the key again, in the API's words, and offers to forget it", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await tile(page, "High").filter({ hasText: "1" }).waitFor();
  api.on("GET /stats", (_asked, response) => send(response, 401, failure("unauthorized", "Wrong.")));
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByRole("alert").filter({ hasText: "The key was refused. Wrong." }).waitFor();
  assert.equal(await page.locator(".ops-tile").count(), 0);
  await page.getByRole("button", { name: "Key refused" }).waitFor();
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByRole("button", { name: "Key", exact: true }).waitFor();
  const kept = await page.evaluate(() => Object.keys(sessionStorage));
  assert.deepEqual(
    kept.filter((one) => one !== "edgejudge:scroll"),
    [],
  );
  await close();
});

test("where the operator's calls are off, the form says which variable is missing", async () => {
  const off = failure("closed", "No key is set up here: set the variable API_KEYS or ADMIN_TOKEN, or AUTH=off.");
  const api = new Api().on("GET /stats", (_asked, response) => send(response, 403, off));
  const { page, close } = await open(api, "#/ops");
  await page.getByLabel("Key", { exact: true }).fill("anything");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "set the variable API_KEYS or ADMIN_TOKEN" }).waitFor();
  await close();
});

test("the interval can be chosen and is kept; off loads once; the age of the numbers is shown", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  await page.getByText("14 Redis commands a load, about 3,360 an hour").waitFor();
  await page.getByLabel("Every").selectOption("off");
  await page.reload();
  await page.clock.install();
  await page.reload();
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  assert.equal(await page.getByLabel("Every").inputValue(), "0");
  const before = api.calls("GET /stats").length;
  // The clock goes on by itself as well, as long as the machine takes for what stands here.
  await page.clock.fastForward(12_000);
  await page.getByText(/Numbers from (1[2-9]|[2-5]\d) s ago/).waitFor();
  await page.clock.fastForward(600_000);
  await settled(page, api, "GET /stats", before);
  await page.getByLabel("Every").selectOption("5 s");
  await page.clock.fastForward(5_100);
  await settled(page, api, "GET /stats", before + 1);
  await page.getByText(/Numbers from \d s ago/).waitFor();
  await close();
});

test("a load with the interval off is made once at opening", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/nowhere");
  await settled(page, api, "GET /stats", 1);
  await page.evaluate(() => {
    localStorage.setItem("edgejudge:ops:interval", "0");
    history.replaceState(null, "", "#/ops");
  });
  await page.reload();
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  await settled(page, api, "GET /stats", 2);
  await close();
});

test("with the store away the old numbers are grey with their age, and come back by themselves", async () => {
  let away = false;
  const api = world();
  allowed(api, "GET /stats", (_asked, response) =>
    away
      ? send(response, 503, failure("store_unavailable", "Redis does not answer."), { "retry-after": "20" })
      : { success: true, stats: stats({ inFlight: api.calls("GET /stats").length }) },
  );
  const { page, close } = await enter(api, "#/ops");
  await page.clock.install();
  await page.reload();
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  const old = await tile(page, "In flight").textContent();
  away = true;
  await page.getByRole("button", { name: "Refresh" }).click();
  const notice = page.locator(".ops-notice");
  await notice.filter({ hasText: "Redis does not answer." }).waitFor();
  assert.match((await notice.textContent()) ?? "", /Next try in \d+ s\. What is shown is \d+ s old\./);
  assert.equal(await page.locator(".ops-stale .ops-tile").count(), 8);
  assert.equal(await tile(page, "In flight").textContent(), old);
  await accessible(page);
  away = false;
  await page.clock.fastForward(20_000);
  await notice.waitFor({ state: "hidden" });
  await becomes(() => page.locator(".ops-stale .ops-tile").count(), 0);
  assert.notEqual(await tile(page, "In flight").textContent(), old);
  await close();
});

test("hidden, nothing is asked for; seen again, the numbers are asked for once; left, never more", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await page.clock.install();
  await page.reload();
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  await page.getByText("Healthy").waitFor();
  const [numbers, endpoints] = [api.calls("GET /stats").length, api.calls("GET /endpoints").length];
  await hide(page, true);
  for (let minute = 0; minute < 5; minute += 1) await page.clock.fastForward(60_000);
  await settled(page, api, "GET /stats", numbers);
  await hide(page, false);
  await settled(page, api, "GET /stats", numbers + 1);
  await settled(page, api, "GET /endpoints", endpoints + 1);
  await page.evaluate(() => {
    location.hash = "#/nowhere";
  });
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  const asked = api.asked.length;
  for (let minute = 0; minute < 5; minute += 1) await page.clock.fastForward(60_000);
  await quiet(page);
  assert.equal(api.asked.length, asked);
  await close();
});

test("a paused queue is seen on every view, with the way to resume", async () => {
  let paused = true;
  const api = world(() => stats({ paused }));
  allowed(api, "POST /resume", () => {
    paused = false;
    return { success: true, message: "Resumed." };
  });
  const { page, base, close } = await enter(api, "#/nowhere");
  const banner = page.getByRole("status").filter({ hasText: "The queue is paused" });
  for (const hash of ["#/nowhere", "#/history", "#/ops", "#/ops/dead", "#/ops/problems", "#/"]) {
    await page.goto(`${base}/${hash}`);
    await painted(page);
    await page.locator("#view[aria-busy=false]").waitFor();
    await banner.waitFor();
  }
  await banner.getByRole("button", { name: "Resume" }).click();
  await banner.waitFor({ state: "detached" });
  await page.goto(`${base}/#/ops`);
  await page.getByRole("button", { name: "Pause the queue" }).waitFor();
  await close();
});

test("pausing and resuming are not asked for, and an answer from before changes nothing", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await page.getByRole("button", { name: "Pause the queue" }).click();
  await page.getByRole("button", { name: "Resume the queue" }).click();
  await page.getByRole("button", { name: "Pause the queue" }).waitFor();
  let release: (value: undefined) => void = () => undefined;
  const held = new Promise<undefined>((resolve) => {
    release = resolve;
  });
  allowed(api, "GET /stats", async () => {
    await held;
    return { success: true, stats: stats({ paused: false, inFlight: 77 }) };
  });
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByRole("button", { name: "Pause the queue" }).click();
  await page.getByRole("button", { name: "Resume the queue" }).waitFor();
  release(undefined);
  await tile(page, "In flight").filter({ hasText: "77" }).waitFor();
  await page.getByRole("button", { name: "Resume the queue" }).waitFor();
  assert.equal(await page.locator("dialog").count(), 0);
  await close();
});

/** Whether some point of the first chart has this colour; runs in the page. */
function drawn([red, green, blue]: number[]): boolean {
  const canvas = document.querySelector(".ops-canvas canvas");
  if (!(canvas instanceof HTMLCanvasElement)) return false;
  const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) return true;
  return false;
}

test("a chart is drawn in the colours of the theme, and anew when the theme changes", async () => {
  const { page, complaints, close } = await enter(world(), "#/ops", { colorScheme: "light" });
  await page.waitForFunction(drawn, [0x2f, 0x4f, 0xc4]);
  await page.getByLabel("Theme").selectOption("dark");
  await page.waitForFunction(drawn, [0x8f, 0xa8, 0xff]);
  assert.ok(!(await page.evaluate(drawn, [0x2f, 0x4f, 0xc4])), "no light colour is left");
  assert.deepEqual(complaints, []);
  await close();
});

test("a chart that cannot be drawn shows its numbers instead", async () => {
  const { page, base, close } = await enter(world(), "#/nowhere");
  await page.addInitScript(() => Object.defineProperty(navigator, "language", { get: () => "en-US@posix" }));
  await page.goto(`${base}/#/ops`);
  await page.reload();
  await page.getByText("The chart cannot be drawn here").first().waitFor();
  await page.getByRole("region", { name: "Finished a minute: numbers" }).getByRole("row").nth(40).waitFor();
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  await close();
});

test("a minute that is not told had no jobs, and what nobody looked at is a gap", () => {
  const nowMs = 1_800_000_030_000;
  const minute = Math.floor(nowMs / 60_000) * 60_000;
  const hour = lastHour([{ startsAtMs: minute - 120_000, done: 4, dead: 1 }], nowMs);
  assert.equal(hour.at.length, 60);
  assert.deepEqual(hour.done.slice(-4), [0, 4, 0, 0]);
  assert.deepEqual(hour.failed.slice(-4), [0, 1, 0, 0]);
  // A browser whose clock is two hours ahead still shows the server's hour.
  assert.equal(lastHour([{ startsAtMs: minute, done: 4, dead: 1 }], nowMs + 7_200_000).done.at(-1), 4);
  collect({ high: 0, normal: 1, low: 2 }, 1_000);
  collect({ high: 0, normal: 3, low: 2 }, 2_000);
  breakOff();
  collect({ high: 0, normal: 5, low: 2 }, 9_000);
  assert.deepEqual(collected.lanes.normal, [1, 3, null, 5]);
});

test("the numbers stand as text beside the charts; commands have a meter against the plan", async () => {
  const { page, close } = await enter(world(), "#/ops");
  await page.getByText("The last 60 minutes: 1548 done, 18 failed.").waitFor();
  await page.getByText("Accepted 610 (67 %), Wrong Answer 220 (24 %)").waitFor();
  const meter = page.getByRole("meter", { name: "Redis commands of the last 24 hours" });
  assert.equal(await meter.getAttribute("aria-valuetext"), "85 % of a day's commands used");
  await page.getByRole("row", { name: "Total" }).getByText("over 1 h").waitFor();
  await close();
});

test("an empty queue and a plan without a limit are said in words", async () => {
  const empty = { latency: null, verdicts: [], minutes: [], oldestWaitMs: null };
  const api = world(() => stats({ ...empty, commands: { lastHour: 0, lastDay: 0, dailyLimit: null } }));
  const { page, close } = await enter(api, "#/ops");
  await page.getByText("No submission was finished since").waitFor();
  await page.getByText("No verdict in the last hour.").waitFor();
  await page.getByText("no limit is set").waitFor();
  assert.equal(await tile(page, "Oldest wait").textContent(), "none");
  assert.equal(await page.getByRole("meter").count(), 0);
  await close();
});

test("endpoints are asked at opening, by the button and each minute, and keep their open list", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await page.clock.install();
  await page.reload();
  await page.getByText("3 languages").click();
  await page.getByText("(js, node)").waitFor();
  await page.getByText("did not answer within 3 s").waitFor();
  const before = api.calls("GET /endpoints").length;
  const again = page.getByRole("button", { name: "Ask again" });
  await again.click();
  await settled(page, api, "GET /endpoints", before + 1);
  // It has the answer, from which the next minute is counted.
  await becomes(() => again.isEnabled(), true);
  await page.getByText("(js, node)").waitFor();
  await page.clock.fastForward(60_100);
  await settled(page, api, "GET /endpoints", before + 2);
  allowed(api, "GET /endpoints", (_asked, response) =>
    send(response, 502, failure("executor_unavailable", "worker-fn cannot be asked.")),
  );
  await again.click();
  await page.getByText("They cannot be asked now. worker-fn cannot be asked.").waitFor();
  await page.getByText("(js, node)").waitFor();
  await close();
});

test("a purge asks with the number, and calls until nothing is left", async () => {
  const api = world();
  let left = 340;
  allowed(api, "POST /purge", ({ query }) => {
    assert.equal(query.get("lane"), "low");
    const purged = Math.min(left, 150);
    left -= purged;
    return { success: true, message: "Purged.", purged, more: left > 0 };
  });
  const { page, close } = await enter(api, "#/ops");
  const button = page.getByRole("button", { name: "Purge 340 of the lane low" });
  await button.click();
  const dialog = page.getByRole("dialog", { name: "Purge the lane low?" });
  const cancel = dialog.getByRole("button", { name: "Cancel" });
  await becomes(() => cancel.evaluate((one) => one === document.activeElement), true);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(api.calls("POST /purge").length, 0);
  await button.click();
  await dialog.getByRole("button", { name: "Purge 340 submissions" }).click();
  await page.locator(".ops-act").filter({ hasText: "Done. 340 purged." }).waitFor();
  assert.equal(api.calls("POST /purge").length, 3);
  // Told once: by its line, which the next view does not repeat.
  assert.equal(await page.locator(".toast").count(), 0);
  await page.getByRole("link", { name: "Dead letters" }).first().click();
  await page.getByRole("heading", { name: "Dead letters" }).waitFor();
  assert.equal(await page.locator(".ops-act").count(), 0);
  await close();
});

test("scheduled submissions are listed, the next one first, only when the list is opened", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops");
  await tile(page, "Low").filter({ hasText: "340" }).waitFor();
  assert.equal(api.calls("GET /scheduled").length, 0);
  await page.getByText("Show the list").click();
  const rows = page.getByRole("region", { name: "Scheduled submissions" }).getByRole("row");
  await rows.nth(2).waitFor();
  assert.match((await rows.nth(1).textContent()) ?? "", /later-1.*normal/);
  await page.getByText("5 for later, 2 due now.").waitFor();
  // A word is never broken, however long the ids.
  const lane = rows.nth(1).getByRole("cell", { name: "normal" });
  assert.equal(
    await lane.evaluate((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    }),
    1,
  );
  await close();
});

test("axe finds nothing serious in the key's form, the dashboard and a question", async () => {
  const { page, close } = await enter(world(), "#/ops");
  await page.locator(".ops-canvas canvas").first().waitFor();
  await page.getByText("3 languages").click();
  await page.getByText("Show the list").click();
  await page.getByText("later-1").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Purge 12 of the lane normal" }).click();
  await page.getByRole("dialog").waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByLabel("Key", { exact: true }).waitFor();
  await accessible(page);
  await close();
});
