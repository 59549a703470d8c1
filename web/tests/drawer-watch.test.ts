// What the tester's drawer goes on asking for: a batch until its end, and the queue.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, drawer, openDrawer, STATS, TOKEN } from "./drawer-world.ts";
import { eventually, failure, open, quiet, send, stopClock, useBrowser } from "./harness.ts";

useBrowser();

test("a batch is sent and watched until each has its end, one call a second", async () => {
  const ends = new Map<string, number>();
  const mine = api()
    .on("POST /submit/batch", ({ body }) => {
      const { submissions } = JSON.parse(body) as { submissions: unknown[] };
      const results = submissions.map((_, index) => ({ success: true, id: `id-${index}`, resultUrl: "" }));
      return { success: true, message: "Stored.", results: [...results, { success: false, error: {} }] };
    })
    .on("GET /result/*", ({ path }) => {
      const id = path.split("/")[2] ?? "";
      ends.set(id, (ends.get(id) ?? 0) + 1);
      return (ends.get(id) ?? 0) < 2
        ? { id, status: "queued", submittedAtMs: 0 }
        : { id, status: "done", verdict: "Executed" };
    });
  const { page, close } = await open(mine);
  await openDrawer(page, "Send");
  await drawer(page).getByLabel("Copies (1 to 100)").fill("2");
  await drawer(page).getByRole("button", { name: "Send the batch" }).click();
  await page.getByText("1 of the batch were refused.").waitFor();
  await drawer(page).getByText("2 of 2 have ended.").waitFor();
  await drawer(page).getByText("Executed × 2").waitFor();
  const sent = JSON.parse(mine.calls("POST /submit/batch")[0]?.body ?? "{}") as { submissions: { language: string }[] };
  assert.deepEqual(
    sent.submissions.map((one) => one.language),
    ["python", "python"],
  );
  const asked = mine.asked.filter((one) => one.path.startsWith("/result/"));
  assert.deepEqual(
    asked.map((one) => one.path),
    ["/result/id-0", "/result/id-1", "/result/id-0", "/result/id-1"],
  );
  for (const [index, one] of asked.entries()) {
    if (index > 0) assert.ok(one.atMs - (asked[index - 1]?.atMs ?? 0) >= 900);
  }
  await close();
});

test("with a key the queue is watched while it is ticked and the drawer is open", async () => {
  const mine = api();
  const { page, complaints, close } = await open(mine, "#/nowhere");
  await openDrawer(page, "Queue");
  await drawer(page).getByText("need a key that may read them").waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate((token) => sessionStorage.setItem("edgejudge:key", token), TOKEN);
  await stopClock(page);
  await page.reload();
  await openDrawer(page, "Queue");
  await drawer(page).getByLabel("Watch it, every 2 s").check();
  await drawer(page).getByRole("row", { name: "Waiting, normal 23" }).waitFor();
  await drawer(page).getByRole("row", { name: "Done in the last hour 42" }).waitFor();
  const before = mine.calls("GET /stats").length;
  await page.clock.runFor(1_900);
  await quiet(page);
  await mine.got("GET /stats", before);
  await page.clock.runFor(200);
  await mine.got("GET /stats", before + 1);
  assert.equal(mine.calls("GET /stats").at(-1)?.headers.authorization, `Bearer ${TOKEN}`);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  for (let turn = 0; turn < 3; turn += 1) {
    await page.clock.runFor(2_600);
    await quiet(page);
  }
  await mine.got("GET /stats", before + 1);
  // The key is in no markup: neither in the list of calls nor in a line for a shell.
  await openDrawer(page);
  await drawer(page).getByRole("tab", { name: "Calls" }).click();
  for (const row of await drawer(page).locator("summary").all()) await row.click();
  await drawer(page).getByText("$KEY").first().waitFor();
  assert.ok(!(await page.content()).includes(TOKEN));
  // A question that is asked over and over leaves the others in the list.
  assert.ok((await drawer(page).locator("summary", { hasText: "/stats" }).count()) <= 5);
  assert.deepEqual(complaints, []);
  await close();
});

test("watching the queue ends with a key that is refused, and waits as long as it is told", async () => {
  for (const [status, code] of [
    [401, "unauthorized"],
    [403, "forbidden"],
    [429, "too_many_requests"],
  ] as const) {
    const mine = api().on("GET /stats", (_, response) =>
      send(response, status, failure(code, "Not now."), status === 429 ? { "retry-after": "30" } : {}),
    );
    const { page, close } = await open(mine, "#/nowhere", {}, `sessionStorage.setItem("edgejudge:key", "${TOKEN}")`);
    await page.clock.install();
    await page.reload();
    await openDrawer(page, "Queue");
    const box = drawer(page).getByLabel("Watch it, every 2 s");
    // The refused one is unticked at once, so `check` would complain.
    await box.click();
    await drawer(page).getByText("Not now.").waitFor();
    const before = mine.calls("GET /stats").length;
    assert.equal(await box.isChecked(), status === 429);
    for (let turn = 0; turn < 3; turn += 1) {
      await page.clock.fastForward(2_500);
      await quiet(page);
    }
    assert.equal(mine.calls("GET /stats").length, before, `${status}`);
    mine.on("GET /stats", () => ({ success: true, stats: STATS }));
    if (status === 429) await page.clock.fastForward(30_000);
    else await box.click();
    await drawer(page).getByRole("row", { name: "Waiting, normal 23" }).waitFor();
    await close();
  }
});

test("a watched batch waits when it asks too often, and asks nothing once the drawer is closed", async () => {
  let isLimited = true;
  const mine = api()
    .on("POST /submit/batch", () => ({
      success: true,
      message: "Stored.",
      results: [{ success: true, id: "id-0", resultUrl: "" }],
    }))
    .on("GET /result/*", (_, response) =>
      isLimited
        ? send(response, 429, failure("too_many_requests", "Too often."), { "retry-after": "30" })
        : { id: "id-0", status: "done", verdict: "Executed" },
    );
  const { page, close } = await open(mine, "#/nowhere");
  await page.clock.install();
  await page.reload();
  await openDrawer(page, "Send");
  await drawer(page).getByLabel("Copies (1 to 100)").fill("1");
  await drawer(page).getByRole("button", { name: "Send the batch" }).click();
  await drawer(page).getByText("Too often. Try again in 30 s.").waitFor();
  await page.clock.fastForward(10_000);
  await quiet(page);
  assert.equal(mine.calls("GET /result/id-0").length, 1);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  await page.clock.fastForward(60_000);
  await quiet(page);
  assert.equal(mine.calls("GET /result/id-0").length, 1);
  isLimited = false;
  await openDrawer(page);
  await page.clock.fastForward(31_000);
  await drawer(page).getByText("1 of 1 have ended.").waitFor();
  await close();
});

test("a read of a watched batch that is under way ends with the drawer", async () => {
  let ended = false;
  const mine = api()
    .on("POST /submit/batch", () => ({
      success: true,
      message: "Stored.",
      results: [{ success: true, id: "id-0", resultUrl: "" }],
    }))
    .on("GET /result/*", (_, response) => {
      response.on("close", () => {
        ended = true;
      });
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
    });
  const { page, close } = await open(mine, "#/nowhere");
  await openDrawer(page, "Send");
  await drawer(page).getByLabel("Copies (1 to 100)").fill("1");
  await drawer(page).getByRole("button", { name: "Send the batch" }).click();
  await drawer(page).getByText("0 of 1 have ended.").waitFor();
  await mine.got("GET /result/id-0", 1);
  assert.equal(ended, false);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  await eventually(() => ended);
  mine.on("GET /result/*", () => ({ id: "id-0", status: "done", verdict: "Executed" }));
  await openDrawer(page);
  await drawer(page).getByText("1 of 1 have ended.").waitFor();
  await close();
});
