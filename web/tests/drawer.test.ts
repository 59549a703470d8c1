// The tester's drawer: the recorded calls, and forms that make others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible } from "./accessible.ts";
import { api, button, drawer, openDrawer, TOKEN } from "./drawer-world.ts";
import { failure, open, send, useBrowser } from "./harness.ts";
import { HOSTILE } from "./hostile.ts";
import { solvingApi } from "./solving.ts";

useBrowser();

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
  // The heading is there before the call has arrived.
  await mine.got("DELETE /problems/two-sum", 1);
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

test("axe finds nothing serious in the drawer", async () => {
  const { page, close } = await open(api(), "#/", {}, `sessionStorage.setItem("edgejudge:key", "${TOKEN}")`);
  await openDrawer(page);
  await drawer(page).locator("summary").first().click();
  await accessible(page);
  await drawer(page).getByRole("tab", { name: "Send" }).click();
  await drawer(page).getByRole("button", { name: "Work on one job" }).click();
  await drawer(page).getByText("No jobs in queue").waitFor();
  await accessible(page);
  await drawer(page).getByRole("tab", { name: "Queue" }).click();
  await drawer(page).getByLabel("Watch it, every 2 s").check();
  await drawer(page).getByRole("row", { name: "Waiting, normal 23" }).waitFor();
  await accessible(page);
  await close();
});

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
