// The frame around the views: navigation, theme, lost connection, parts that are
// gone, times, and the way back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inflateSync } from "node:zlib";
import { Api, becomes, drawn, eventually, open, quiet, still, useBrowser } from "./harness.ts";

useBrowser();

const PROBLEM = {
  id: "two-sum",
  version: "v1",
  title: "Two sum",
  statement: "Add $a_1$ and $a_2$.",
  kind: "program",
  checker: "exact",
  limits: {},
  stopOnFirstFail: false,
  starter: {},
  cases: [{ input: "1", expected: "1" }],
};

function api(): Api {
  return new Api()
    .on("GET /problems", () => ({
      success: true,
      problems: [{ id: "two-sum", title: "Two sum", kind: "program", cases: 1, version: "v1", updatedAtMs: 0 }],
      next: null,
    }))
    .on("GET /problems/*", () => PROBLEM)
    .on("GET /languages", () => ({
      success: true,
      languages: [{ language: "python", version: "3.12.0", aliases: [] }],
    }));
}

test("an address that leads nowhere says so, and the way back works", async () => {
  const { page, complaints, close } = await open(new Api(), "#/nowhere");
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  assert.equal(await page.title(), "Nothing here · edgejudge");
  assert.deepEqual(complaints, []);
  await close();
});

test("addresses of what every object has, and of problems that cannot be, lead nowhere without a call", async () => {
  const { page, complaints, close } = await open(api(), "#/nowhere");
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  for (const hash of ["#/constructor", "#/toString", "#/__proto__"]) {
    await page.evaluate((value) => (location.hash = value), hash);
    await drawn(page);
    await quiet(page);
    await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  }
  const mine = api();
  const other = await open(mine, "#/nowhere");
  for (const id of ["..", "%2e", "a%2Fb", "x".repeat(129), ""]) {
    await other.page.evaluate((value) => (location.hash = value), `#/p/${id}`);
    await other.page.getByText("There is no such problem. Check that the address is complete.").waitFor();
    await other.page.evaluate(() => (location.hash = "#/nowhere"));
    await other.page.getByRole("heading", { name: "Nothing here" }).waitFor();
  }
  assert.deepEqual(mine.asked, []);
  assert.equal(loads, 0);
  assert.deepEqual([...complaints, ...other.complaints], []);
  await other.close();
  await close();
});

test("a forced theme is there in the first frame, and is kept", async () => {
  const { page, close } = await open(new Api(), "#/nowhere", { colorScheme: "light" });
  await page.getByLabel("Theme").selectOption("dark");
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.body !== null);
  const scheme = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  assert.equal(scheme, "dark");
  await close();
});

for (const forced of [true, false]) {
  test(`no frame is light where the page is dark, on a slow processor (${forced ? "forced" : "system"})`, async () => {
    const { page, context, close } = await open(api(), "#/nowhere", {
      colorScheme: forced ? "light" : "dark",
      viewport: { width: 400, height: 300 },
    });
    if (forced) await page.getByLabel("Theme").selectOption("dark");
    // What was painted before is gone from the screen.
    await drawn(page);
    const session = await context.newCDPSession(page);
    const frames: Buffer[] = [];
    session.on("Page.screencastFrame", ({ data, sessionId }) => {
      frames.push(Buffer.from(data, "base64"));
      session.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
    });
    await session.send("Emulation.setCPUThrottlingRate", { rate: 6 });
    await session.send("Page.startScreencast", { format: "png", everyNthFrame: 1 });
    await page.reload();
    await page.getByRole("heading", { name: "Nothing here" }).waitFor();
    await eventually(() => frames.length > 0);
    // Frames come later than what they show.
    await sleep(300);
    await session.send("Page.stopScreencast");
    for (const frame of frames) assert.ok(brightness(frame) < 90, `a frame of brightness ${brightness(frame)}`);
    await close();
  });
}

/** How bright the corner at the bottom right of a PNG of 8 bits is, where only the page itself is: 0 to 255. */
function brightness(png: Buffer): number {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = png[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const data = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (stride + 1)];
    const row = new Uint8Array(data.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; x += 1) {
      const left = x < channels ? 0 : (row[x - channels] ?? 0);
      const up = above[x] ?? 0;
      const corner = x < channels ? 0 : (above[x - channels] ?? 0);
      const guess = left + up - corner;
      const [dl, du, dc] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      const paeth = dl <= du && dl <= dc ? left : du <= dc ? up : corner;
      const add = [0, left, up, (left + up) >> 1, paeth][filter ?? 0] ?? 0;
      row[x] = ((row[x] ?? 0) + add) & 255;
    }
    above = row;
  }
  const last = stride - channels;
  return Math.max(above[last] ?? 0, above[last + 1] ?? 0, above[last + 2] ?? 0);
}

test("a part that is gone after a deployment: one reload, the draft is there, no loop", async () => {
  const { page, complaints, close } = await open(api(), "#/p/two-sum");
  const editor = page.locator(".cm-content");
  await editor.click();
  await page.keyboard.type("# my draft");
  let isGone = true;
  let refused = 0;
  const parts = new Set(
    await page.evaluate(() => performance.getEntriesByType("resource").map((one) => new URL(one.name).pathname)),
  );
  await page.route("**/assets/*.js", (route) => {
    const { pathname } = new URL(route.request().url());
    if (!isGone || parts.has(pathname)) return route.fallback();
    refused += 1;
    return route.fulfill({ status: 404, body: "" });
  });
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  // The list's own part is not loaded yet, and gone: the page is loaded anew, once.
  await page.evaluate(() => {
    location.hash = "#/";
  });
  await page.getByRole("heading", { name: "This did not work" }).waitFor();
  await eventually(() => loads > 0);
  await quiet(page);
  assert.equal(loads, 1);
  assert.ok(refused >= 2);
  await page.getByText("A part of this page could not be loaded").waitFor();
  isGone = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Two sum" }).click();
  await page.locator(".cm-content", { hasText: "# my draft" }).waitFor();
  assert.deepEqual(
    complaints.filter((one) => /Policy/.test(one)),
    [],
  );
  await close();
});

test("a part that cannot be loaded offline reloads nothing", async () => {
  const { page, context, close } = await open(api(), "#/nowhere");
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  await context.setOffline(true);
  await page.evaluate(() => {
    location.hash = "#/";
  });
  await page.getByText("The server cannot be reached.").waitFor();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  assert.equal(loads, 0);
  await close();
});

test("Back and Forward between views lose no draft, and tabs within a view add nothing", async () => {
  const { page, close } = await open(api(), "#/");
  await page.getByRole("link", { name: "Two sum" }).click();
  await page.locator(".cm-content").click();
  await page.keyboard.type("# draft of mine");
  const entries = await page.evaluate(() => history.length);
  for (const tab of await page.getByRole("tab").all()) if (await tab.isVisible()) await tab.click();
  assert.equal(await page.evaluate(() => history.length), entries);
  await page.goBack();
  await page.getByRole("heading", { name: "Problems" }).waitFor();
  await page.goForward();
  await page.locator(".cm-content", { hasText: "# draft of mine" }).waitFor();
  await close();
});

test("a page that the browser brings back as it was works again", async () => {
  const { page, close } = await open(api(), "#/");
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  await page.evaluate(() => {
    document.querySelector(".problems")?.setAttribute("data-old", "");
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  await page.locator(".problems:not([data-old])").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like it");
  await page.getByText("No problem matches.").waitFor();
  await close();
});

test("maths is there each time a problem is opened", async () => {
  const { page, complaints, close } = await open(api(), "#/p/two-sum");
  for (let i = 0; i < 3; i += 1) {
    await page.locator(".statement math").nth(1).waitFor();
    await page.getByRole("link", { name: "Problems", exact: true }).click();
    await page.getByRole("link", { name: "Two sum" }).click();
  }
  await page.locator(".statement math").nth(1).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a lost connection is shown, said once, and comes back by itself", async () => {
  const { page, context, close } = await open(api(), "#/");
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  await context.setOffline(true);
  await page.getByRole("link", { name: "Two sum" }).click();
  const lost = page.getByText(/^Connection lost/);
  await lost.waitFor();
  await context.setOffline(false);
  await lost.waitFor({ state: "hidden" });
  await becomes(() => page.locator("#spoken").textContent(), "The connection is back.");
  await close();
});

test("times say how long ago, exactly on focus, and keep their form when they are refreshed", async () => {
  const { page, context, close } = await open(api(), "#/nowhere", { timezoneId: "Europe/Berlin" });
  await page.clock.install({ time: new Date("2025-11-26T12:00:00Z") });
  await page.reload();
  await page.goto(page.url().replace(/#.*/, "#/"));
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  await page.getByRole("button", { name: "API calls", exact: true }).click();
  await page.locator(".drawer summary").first().click();
  const time = page.locator(".drawer time").first();
  assert.match((await time.textContent()) ?? "", /^(just now|\d+ seconds? ago)$/);
  assert.match((await time.getAttribute("datetime")) ?? "", /^2025-11-26T12:00:\d\d\.\d{3}Z$/);
  assert.match((await time.getAttribute("title")) ?? "", /26 Nov(ember)? 2025.*13:00:\d\d (CET|GMT\+1)/);
  await page.clock.fastForward(3 * 60_000);
  await page.waitForFunction(() => document.querySelector(".drawer time")?.textContent === "3 minutes ago");
  await page.clock.fastForward(2 * 3_600_000);
  await page.waitForFunction(() => document.querySelector(".drawer time")?.textContent === "2 hours ago");
  // What a mouse sees as a title is seen on focus, too.
  await page.keyboard.press("Tab");
  await time.focus();
  assert.match(await time.evaluate((one) => getComputedStyle(one, "::after").content), /2025/);
  await context.close();
  await close();
});

test("the header fits a phone: nothing is cut, nothing is wider than the page", async () => {
  const { page, close } = await open(api(), "#/", { viewport: { width: 360, height: 640 } });
  await page.getByRole("link", { name: "Two sum" }).waitFor();
  const header = await page.locator(".top").evaluate((top) => ({
    rows: new Set([...top.querySelectorAll("nav a")].map((one) => one.getBoundingClientRect().top)).size,
    cut: [...top.querySelectorAll("a:not(.skip), button, select")].filter(
      (one) => one.getBoundingClientRect().right > 360,
    ).length,
    height: top.getBoundingClientRect().height,
    page: document.documentElement.scrollWidth,
  }));
  assert.deepEqual({ rows: header.rows, cut: header.cut, page: header.page }, { rows: 1, cut: 0, page: 360 });
  assert.ok(header.height < 100);
  await close();
});

test("the header is one row from a tablet on, also with a key and beside the drawer", async () => {
  const { page, close } = await open(api(), "#/", {}, 'sessionStorage.setItem("edgejudge:key", "a-key-0123456789")');
  await page.getByRole("button", { name: "Key given" }).waitFor();
  const rows = () =>
    page.locator(".top").evaluate((top) => {
      const boxes = [...top.querySelectorAll("nav, button, select")].map((one) => one.getBoundingClientRect());
      return new Set(boxes.map((box) => Math.round((box.top + box.height / 2) / 10))).size;
    });
  for (const width of [768, 1000, 1280]) {
    await page.setViewportSize({ width, height: 700 });
    await becomes(rows, 1, `${width} wide`);
  }
  await page.getByRole("button", { name: "API calls", exact: true }).click();
  await page.locator(".drawer").waitFor();
  await still(page);
  await becomes(rows, 1, "beside the drawer");
  await close();
});
