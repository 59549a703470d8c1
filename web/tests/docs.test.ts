// The API's reference: Swagger UI under the policy of production, on the document that
// is served beside it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { accessible } from "./accessible.ts";
import { Api, becomes, open, type Opened, useBrowser } from "./harness.ts";

useBrowser();

const DOCUMENT = path.join(import.meta.dirname, "..", "..", "docs", "openapi.json");

interface Document {
  paths: Record<string, Record<string, { operationId: string; tags: string[] }>>;
  webhooks?: Record<string, Record<string, unknown>>;
}

/** Opens the reference. */
async function reference(options: Parameters<typeof open>[2] = {}): Promise<Opened> {
  const api = new Api().on("POST /submit", () => ({ success: true }));
  const opened = await open(api, "docs", options);
  await opened.page.locator(".opblock").first().waitFor();
  return opened;
}

test("every operation is there, under the page's policy and from no other host", async () => {
  const { page, complaints, foreign, close } = await reference();
  const { paths, webhooks = {} } = JSON.parse(await readFile(DOCUMENT, "utf8")) as Document;
  const expected = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap((one) => one.tags.map((tag) => `operations-${tag}-${one.operationId}`)),
  );
  for (const [name, methods] of Object.entries(webhooks)) {
    for (const method of Object.keys(methods)) {
      expected.push(`operations-webhooks-${method}${name.replaceAll(/\W/g, "_")}`);
    }
  }
  const shown = await page.locator(".opblock").evaluateAll((all) => all.map((one) => one.id));
  assert.deepEqual(shown.sort(), expected.sort());
  // One at a time: all of them open are slow.
  const broken = await page.evaluate(async (ids) => {
    const found: string[] = [];
    for (const id of ids) {
      const operation = document.getElementById(id);
      const isOpen = () => operation?.querySelector(".responses-table") != null;
      const control = operation?.querySelector<HTMLElement>(".opblock-summary-control");
      control?.click();
      const endMs = performance.now() + 15_000;
      while (!isOpen() && performance.now() < endMs) await new Promise((done) => setTimeout(done, 5));
      if (!isOpen()) found.push(id);
      control?.click();
    }
    return found;
  }, shown);
  assert.deepEqual(broken, []);
  await page.locator("#operations-submit-fn-submit .opblock-summary-control").click();
  await page.locator("#operations-submit-fn-submit .responses-table").waitFor();
  // Markdown in descriptions is markup, as in the document's own words.
  assert.ok((await page.locator(".renderedMarkdown p").count()) > 10);
  assert.deepEqual(complaints, []);
  assert.deepEqual(foreign, []);
  await close();
});

test("a call is tried with a key, by keyboard", async () => {
  const { page, api, complaints, close } = await reference();
  assert.equal(await page.title(), "API reference · edgejudge");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").textContent(), "Skip to the reference");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Authorize/ }).focus();
  await page.keyboard.press("Enter");
  const field = page.locator(".auth-container input").first();
  await field.fill("a key of sixteen characters");
  await field.press("Enter");
  await page.locator(".modal-ux .btn-done").first().press("Enter");
  // One that needs the key, and one with a body.
  for (const name of ["pause", "submit"]) {
    const operation = page.locator(`#operations-submit-fn-${name}`);
    await operation.locator(".opblock-summary-control").press("Enter");
    await operation.getByRole("button", { name: "Try it out" }).press("Enter");
    await operation.getByRole("button", { name: "Execute" }).press("Enter");
    await operation.locator(".live-responses-table").waitFor();
  }
  const [paused] = api.calls("POST /pause");
  assert.ok(paused?.headers["authorization"] ?? paused?.headers["x-api-key"], "no key was sent");
  const [submitted] = api.calls("POST /submit");
  assert.equal(typeof (JSON.parse(submitted?.body ?? "") as { code: unknown }).code, "string");
  assert.deepEqual(complaints, []);
  await close();
});

for (const [at, name] of ["Authorization: Bearer", "X-API-Key:"].entries()) {
  test(`the line for a shell names the key and does not hold it (${name})`, async () => {
    const { page, api, context, complaints, close } = await reference();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const secret = "a-key-it's-of-quotes-and-$more";
    await page.getByRole("button", { name: /^Authorize/ }).click();
    const field = page.locator(".auth-container input").nth(at);
    await field.fill(secret);
    await field.press("Enter");
    await page.locator(".modal-ux .btn-done").first().click();
    const operation = page.locator("#operations-submit-fn-pause");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table").waitFor();
    const [sent] = api.calls("POST /pause");
    assert.ok([sent?.headers.authorization, sent?.headers["x-api-key"]].some((one) => one?.includes(secret)));
    const line = (await operation.locator(".curl-command pre").textContent()) ?? "";
    assert.match(line, /^curl -X 'POST' /);
    assert.ok(line.includes(`-H "${name} $KEY"`), line);
    await operation.getByRole("button", { name: "Copy the curl line" }).click();
    await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) === text, line);
    // Nor does anything else of the page, but for a field in which it was typed.
    const [text, markup] = await page.evaluate(() => [
      document.body.textContent,
      document.documentElement.outerHTML.replaceAll(/<input [^>]*>/g, ""),
    ]);
    for (const part of ["a-key-it", "of-quotes", "$more"]) assert.ok(!`${text}${markup}`.includes(part), part);
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("it fits and is accessible, narrow and wide", async () => {
  const { page, close } = await reference({ viewport: { width: 360, height: 800 } });
  await page.locator("#operations-submit-fn-submit .opblock-summary-control").click();
  await page.locator("#operations-submit-fn-submit .responses-table").waitFor();
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await becomes(() => page.evaluate((most) => document.documentElement.scrollWidth <= most, width), true);
    await accessible(page);
  }
  await close();
});
