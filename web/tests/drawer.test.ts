// The tester's drawer: the recorded calls, forms that make others, the queue.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { findings } from "./accessible.ts";
import { Api, failure, open, send, useBrowser } from "./harness.ts";
import { HOSTILE } from "./hostile.ts";
import { solvingApi } from "./solving.ts";

useBrowser();

const TOKEN = "secret-of-the-operator";

const STATS = {
  waiting: { high: 1, normal: 23, low: 4 },
  oldestWaitMs: 4_200,
  inFlight: 5,
  due: 0,
  later: 0,
  dead: 2,
  paused: false,
  minutes: [
    { startsAtMs: 0, done: 30, dead: 0 },
    { startsAtMs: 60_000, done: 12, dead: 0 },
  ],
  countedSinceMs: 0,
  latency: null,
  verdicts: [],
  commands: { lastHour: 1, lastDay: 1, dailyLimit: null },
};

function api(): Api {
  return new Api()
    .on("GET /problems", () => ({ success: true, problems: [], next: null }))
    .on("GET /languages", () => ({ success: true, languages: [] }))
    .on("GET /worker", () => ({ success: true, message: "No jobs in queue" }))
    .on("GET /stats", () => ({ success: true, stats: STATS }));
}

const button = (page: Page) => page.getByRole("button", { name: "API calls", exact: true });
const drawer = (page: Page) => page.getByRole("dialog", { name: "API calls" });

async function openDrawer(page: Page, tab?: "Send" | "Queue"): Promise<void> {
  await button(page).click();
  await drawer(page).waitFor();
  if (tab) await drawer(page).getByRole("tab", { name: tab }).click();
}

test("every call is listed, newest first, with its answer and a line for a shell", async () => {
  const { page, context, base, complaints, close } = await open(api());
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openDrawer(page, "Send");
  await drawer(page).getByRole("button", { name: "Work on one job" }).click();
  await drawer(page).getByText("No jobs in queue").waitFor();
  await drawer(page).getByRole("tab", { name: "Calls" }).click();
  const rows = drawer(page).locator("summary");
  await page.waitForFunction(() => document.querySelectorAll(".call-list summary").length === 2);
  assert.match((await rows.nth(0).textContent()) ?? "", /^GET\/worker200/);
  assert.match((await rows.nth(1).textContent()) ?? "", /^GET\/problems200/);
  await rows.nth(0).focus();
  await page.keyboard.press("Enter");
  await drawer(page).getByText('"message": "No jobs in queue"').first().waitFor();
  await drawer(page).locator(".call-list").getByRole("button", { name: "Copy curl line" }).click();
  await page.getByText("Copied: curl line.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `curl -s '${base}/worker'`);
  await drawer(page).getByRole("button", { name: "Clear" }).click();
  await drawer(page).getByText("Nothing was called yet.").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

for (const width of [1280, 390]) {
  test(`a call with a long path leaves the rest of its row, and the buttons, in sight (${width} px)`, async () => {
    const mine = api().on("GET /result/*/events", () => ({ success: true }));
    const { page, close } = await open(mine, "#/", { viewport: { width, height: 800 } });
    await openDrawer(page, "Send");
    await drawer(page)
      .getByLabel("Path")
      .fill(`/result/${"f00ba2".repeat(14)}/events`);
    await drawer(page).getByRole("button", { name: "Send", exact: true }).click();
    await drawer(page).getByRole("heading", { name: "GET /result/" }).waitFor();
    await drawer(page).getByRole("tab", { name: "Calls" }).click();
    const beyond = () =>
      drawer(page)
        .locator(".call-list, .call-list *, .drawer-bar button")
        .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().right > innerWidth).length);
    assert.equal(await beyond(), 0);
    await drawer(page).locator("summary").first().click();
    await drawer(page).getByRole("button", { name: "Copy curl line" }).first().waitFor();
    assert.equal(await beyond(), 0);
    await close();
  });
}

test("Escape closes the drawer and the focus returns; it adds nothing to the history", async () => {
  const { page, close } = await open(api());
  const entries = await page.evaluate(() => history.length);
  await button(page).focus();
  await page.keyboard.press("Enter");
  await drawer(page).waitFor();
  assert.equal(await button(page).getAttribute("aria-expanded"), "true");
  await drawer(page).getByRole("tab", { name: "Queue" }).click();
  await page.keyboard.press("Escape");
  assert.equal(await drawer(page).count(), 0);
  assert.ok(await button(page).evaluate((one) => one === document.activeElement));
  assert.equal(await button(page).getAttribute("aria-expanded"), "false");
  assert.equal(await page.evaluate(() => history.length), entries);
  await close();
});

test("the page is used while the drawer is open, and an open call stays open", async () => {
  const { page, close } = await open(api());
  await openDrawer(page);
  const first = drawer(page).locator("details").first();
  await first.locator("summary").click();
  await page.getByRole("link", { name: "Playground" }).first().click();
  await page.getByRole("link", { name: "Problems", exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll(".call-list summary").length > 1);
  assert.ok(
    await drawer(page)
      .locator("details", { hasText: "/problems" })
      .last()
      .evaluate((one) => (one as HTMLDetailsElement).open),
  );
  await close();
});

test("a batch of jobs is worked on, and a refusal says what to do", async () => {
  const mine = api();
  const { page, close } = await open(mine);
  await openDrawer(page, "Send");
  await drawer(page).getByLabel("Jobs (1 to 20)").fill("99");
  await drawer(page).getByRole("button", { name: "Work on a batch" }).click();
  await drawer(page).getByText("No jobs in queue").waitFor();
  assert.equal(mine.calls("GET /worker")[0]?.query.get("batch"), "20");
  mine.on("GET /worker", (_, response) =>
    send(response, 401, failure("unauthorized", "This call is for the operator. Send the token.")),
  );
  await drawer(page).getByRole("button", { name: "Work on one job" }).click();
  await drawer(page).getByText("This call is for the operator. Send the token.", { exact: true }).waitFor();
  await close();
});

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
  await page.reload();
  await openDrawer(page, "Queue");
  await drawer(page).getByLabel("Watch it, every 2 s").check();
  await drawer(page).getByRole("row", { name: "Waiting, normal 23" }).waitFor();
  await drawer(page).getByRole("row", { name: "Done in the last hour 42" }).waitFor();
  const before = mine.calls("GET /stats").length;
  await page.waitForTimeout(2_600);
  assert.ok(mine.calls("GET /stats").length > before);
  assert.equal(mine.calls("GET /stats").at(-1)?.headers.authorization, `Bearer ${TOKEN}`);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  const closed = mine.calls("GET /stats").length;
  await page.waitForTimeout(2_600);
  assert.ok(mine.calls("GET /stats").length <= closed + 1);
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
    const { page, close } = await open(mine, "#/nowhere");
    await page.evaluate((token) => sessionStorage.setItem("edgejudge:key", token), TOKEN);
    await page.reload();
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
      await page.evaluate(() => fetch("/healthz"));
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
  await page.evaluate(() => fetch("/healthz"));
  assert.equal(mine.calls("GET /result/id-0").length, 1);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  await page.clock.fastForward(60_000);
  await page.evaluate(() => fetch("/healthz"));
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
  for (let wait = 0; wait < 100 && mine.calls("GET /result/id-0").length === 0; wait += 1)
    await page.waitForTimeout(50);
  assert.equal(ended, false);
  await drawer(page).getByRole("button", { name: "Close API calls" }).click();
  for (let wait = 0; wait < 100 && !ended; wait += 1) await page.waitForTimeout(50);
  assert.equal(ended, true);
  mine.on("GET /result/*", () => ({ id: "id-0", status: "done", verdict: "Executed" }));
  await openDrawer(page);
  await drawer(page).getByText("1 of 1 have ended.").waitFor();
  await close();
});

test("any call can be sent: JSON is looked at first, other hosts are refused, deleting asks", async () => {
  const mine = api()
    .on("POST /submit", () => ({ success: true, id: "x" }))
    .on("DELETE /problems/*", () => ({ success: true }));
  const { page, close } = await open(mine);
  await openDrawer(page, "Send");
  const form = drawer(page).locator("section", { hasText: "Any call" });
  const go = form.getByRole("button", { name: "Send", exact: true });
  await form.getByLabel("Path").fill("//evil.invalid/x");
  await go.click();
  // Beside its field, not as a note in a corner.
  await form.getByRole("alert").filter({ hasText: "The path begins with one slash" }).waitFor();
  assert.equal(await form.getByLabel("Path").getAttribute("aria-invalid"), "true");
  assert.ok(await form.getByLabel("Path").evaluate((one) => one === document.activeElement));
  assert.equal(await page.locator(".toast").count(), 0);
  await form.getByLabel("Path").fill("/submit");
  await form.getByLabel("Method").selectOption("POST");
  await form.getByLabel(/^Body/).fill("{ wrong");
  await go.click();
  await form.getByText(/^This is not JSON/).waitFor();
  assert.deepEqual(mine.calls("POST /submit"), []);
  await form.getByLabel(/^Body/).fill('{"a": 1}');
  await go.click();
  await drawer(page).getByText('"id": "x"').waitFor();
  assert.equal(mine.calls("POST /submit")[0]?.body, '{"a":1}');
  await form.getByLabel("Method").selectOption("DELETE");
  await form.getByLabel("Path").fill("/problems/two-sum");
  await form.getByLabel(/^Body/).fill("");
  await go.click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.deepEqual(mine.calls("DELETE /problems/two-sum"), []);
  await go.click();
  await page.getByRole("button", { name: "Send it" }).click();
  await drawer(page).getByRole("heading", { name: "DELETE /problems/two-sum" }).waitFor();
  assert.equal(mine.calls("DELETE /problems/two-sum").length, 1);
  // The answer to an earlier call does not stay under a path that was refused.
  assert.equal(await form.getByLabel("Path").getAttribute("aria-invalid"), null);
  await form.getByLabel("Path").fill("no slash");
  await go.click();
  await form.getByText("The path begins with one slash").waitFor();
  assert.equal(await drawer(page).getByRole("heading", { name: "DELETE /problems/two-sum" }).count(), 0);
  await close();
});

test("errors and notes are in one corner, and above Run and Submit on a phone", async () => {
  const mine = solvingApi().on("POST /submit/batch", () => ({
    success: true,
    results: [{ success: false, error: {} }],
  }));
  const { page, close } = await open(mine, "#/free", { viewport: { width: 390, height: 800 } });
  await page.locator(".solve-actions").waitFor();
  await openDrawer(page, "Send");
  await drawer(page).getByRole("button", { name: "Send the batch" }).click();
  const note = page.getByRole("alert").filter({ hasText: "were refused" }).locator(".toast");
  await note.waitFor();
  await page.keyboard.press("Escape");
  const bar = await page.locator(".solve-actions").boundingBox();
  const box = await note.boundingBox();
  assert.ok(bar && box && box.y + box.height <= bar.y, "it does not cover the bar");
  await page.setViewportSize({ width: 1280, height: 800 });
  const wide = await note.boundingBox();
  assert.ok(wide && wide.x > 640 && wide.x + wide.width <= 1280, "bottom right");
  await note.getByRole("button", { name: "Close" }).click();
  assert.equal(await page.locator(".toast").count(), 0);
  await close();
});

test("hostile answers and paths stay text", async () => {
  const texts = HOSTILE.map((one) => one.text);
  const mine = api()
    .on("GET /languages", () => ({ success: true, languages: texts }))
    .on("GET /raw", (_, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(texts.join("\n").slice(0, 9_000));
    });
  const { page, complaints, close } = await open(mine, "#/nowhere", { viewport: { width: 360, height: 640 } });
  await openDrawer(page, "Send");
  const form = drawer(page).locator("section", { hasText: "Any call" });
  for (const where of ["/languages", "/raw", '/<img src=x onerror="window.ran=1">']) {
    await form.getByLabel("Path").fill(where);
    await form.getByRole("button", { name: "Send", exact: true }).click();
    await drawer(page).locator(".call-answer h3", { hasText: where }).first().waitFor();
  }
  await drawer(page).getByRole("tab", { name: "Calls" }).click();
  for (const row of await drawer(page).locator("summary").all()) await row.click();
  await drawer(page).getByText("window.ran=1").first().waitFor();
  const found = await page.evaluate(() => ({
    bad: [...document.querySelectorAll(".drawer *")].filter(
      (one) =>
        /^(IMG|SCRIPT|STYLE|IFRAME|FORM|SVG|MATH|OBJECT|VIDEO|BASE|META)$/i.test(one.tagName) ||
        one.getAttributeNames().some((name) => name.startsWith("on")),
    ).length,
    ran: (window as unknown as { ran?: unknown }).ran ?? null,
    width: document.documentElement.scrollWidth,
  }));
  assert.deepEqual(found, { bad: 0, ran: null, width: 360 });
  assert.deepEqual(complaints, []);
  await close();
});

test("a path that leads elsewhere is refused, and one that deletes asks however it is written", async () => {
  const mine = api().on("POST /purge", () => ({ success: true, message: "Purged.", purged: 1, more: false }));
  const { page, complaints, close } = await open(mine, "#/nowhere");
  await openDrawer(page, "Send");
  const form = drawer(page).locator("section", { hasText: "Any call" });
  const call = async (path: string) => {
    await form.getByLabel("Path").fill(path);
    await form.getByRole("button", { name: "Send", exact: true }).click();
  };
  await form.getByLabel("Method").selectOption("POST");
  const before = mine.asked.length;
  for (const path of ["//[", "//example.org/x", "/\\example.org/x", "languages"]) {
    await call(path);
    await page.getByText("The path begins with one slash, such as /languages.").waitFor();
    await page.locator("#alerts").evaluate((one) => one.replaceChildren());
  }
  for (const path of ["/./purge?lane=all", "/x/../purge?lane=all", "/%2e/purge?lane=all", "/.//purge?lane=all"]) {
    await call(path);
    await page
      .getByRole("dialog", { name: "Send this call?" })
      .getByText(/^POST \/+purge\?lane=all deletes/)
      .waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
  }
  assert.equal(mine.asked.length, before);
  await call("/./purge?lane=all");
  await page.getByRole("button", { name: "Send it" }).click();
  await drawer(page).getByText("Purged.").first().waitFor();
  assert.equal(mine.calls("POST /purge").length, 1);
  assert.deepEqual(complaints, []);
  await close();
});

test("a long answer is cut, and says so", async () => {
  const mine = api().on("GET /languages", () => ({ success: true, languages: ["x".repeat(300_000)] }));
  const { page, close } = await open(mine);
  await openDrawer(page, "Send");
  await drawer(page)
    .locator("section", { hasText: "Any call" })
    .getByRole("button", { name: "Send", exact: true })
    .click();
  await drawer(page).getByText("The first 16,384 characters.").waitFor();
  assert.ok(((await drawer(page).locator(".call-answer pre").first().textContent()) ?? "").length <= 16_384);
  await close();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in the drawer (${colorScheme})`, async () => {
    const { page, close } = await open(api(), "#/", { colorScheme, bypassCSP: true });
    await page.evaluate((token) => sessionStorage.setItem("edgejudge:key", token), TOKEN);
    await page.reload();
    await openDrawer(page);
    await drawer(page).locator("summary").first().click();
    assert.deepEqual(await findings(page), []);
    await drawer(page).getByRole("tab", { name: "Send" }).click();
    await drawer(page).getByRole("button", { name: "Work on one job" }).click();
    await drawer(page).getByText("No jobs in queue").waitFor();
    assert.deepEqual(await findings(page), []);
    await drawer(page).getByRole("tab", { name: "Queue" }).click();
    await drawer(page).getByLabel("Watch it, every 2 s").check();
    await drawer(page).getByRole("row", { name: "Waiting, normal 23" }).waitFor();
    assert.deepEqual(await findings(page), []);
    await close();
  });
}

test("known calls fill the form, and what is answered as text is shown as it is", async () => {
  const mine = api()
    .on("GET /metrics", (_, response) => {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      response.end('edgejudge_queue_jobs{lane="high"} 3\n');
    })
    .on("GET /readyz", (_, response) => send(response, 503, failure("not_ready", "Redis does not answer.")));
  const { page, complaints, close } = await open(mine);
  await openDrawer(page, "Send");
  const known = drawer(page).getByLabel("Known calls");
  const go = drawer(page).getByRole("button", { name: "Send", exact: true });
  const offered = await known.locator("option").allTextContents();
  for (const path of ["/metrics", "/healthz", "/readyz", "/openapi.json"]) {
    assert.ok(offered.some((one) => one.startsWith(`GET ${path}: `)));
  }
  await known.selectOption({ label: offered.find((one) => one.includes("/metrics")) ?? "" });
  await go.click();
  await drawer(page).getByText('edgejudge_queue_jobs{lane="high"} 3').waitFor();
  assert.equal(await drawer(page).locator(".call-answer .error-text").count(), 0);
  await known.selectOption({ label: offered.find((one) => one.includes("/readyz")) ?? "" });
  await go.click();
  await drawer(page).getByText("Redis does not answer.", { exact: true }).waitFor();
  await known.selectOption({ label: offered.find((one) => one.includes("have the result sent")) ?? "" });
  const body = await drawer(page).getByLabel("Body, as JSON (empty for none)").inputValue();
  assert.match((JSON.parse(body) as { callbackUrl: string }).callbackUrl, /^https:/);
  assert.deepEqual(complaints, []);
  await close();
});

test("the drawer leads to the API's reference and to its OpenAPI document", async () => {
  const mine = api().on("GET /docs", (_, response) =>
    send(response, 200, { message: "the reference" }, { "cross-origin-opener-policy": "same-origin" }),
  );
  const { page, context, close } = await open(mine);
  await openDrawer(page);
  assert.equal(
    await drawer(page).getByRole("link", { name: "OpenAPI document" }).getAttribute("href"),
    "/openapi.json",
  );
  const opened = context.waitForEvent("page");
  // There is one, and it leaves the page as it is.
  await drawer(page).getByRole("link", { name: "API reference" }).click();
  const reference = await opened;
  await reference.getByText("the reference").waitFor();
  // A tab of its own: a key of this one does not go with it.
  assert.equal(await reference.evaluate(() => window.opener), null);
  await close();
});

test("a call that is refused for want of a key says so, and the dialog for a key is there", async () => {
  const mine = api().on("GET /languages", (asked, response) =>
    asked.headers.authorization === `Bearer ${TOKEN}`
      ? { success: true, languages: [{ language: "python", version: "3", aliases: [] }] }
      : send(response, 401, failure("unauthorized", "This call needs a key.")),
  );
  const { page, close } = await open(mine, "#/nowhere");
  await openDrawer(page, "Send");
  await drawer(page).getByText("sent without a key").waitFor();
  await drawer(page).getByRole("button", { name: "Send", exact: true }).click();
  await drawer(page).getByText("This call needs a key.", { exact: true }).waitFor();
  await drawer(page).locator(".call-answer").getByRole("button", { name: "Give a key" }).click();
  await page.getByRole("textbox", { name: "Key", exact: true }).fill(TOKEN);
  await page.keyboard.press("Enter");
  await drawer(page).getByText("sent with the key of this tab").waitFor();
  await drawer(page).getByRole("button", { name: "Send", exact: true }).click();
  await drawer(page).getByText('"python"').first().waitFor();
  await close();
});
