// What is the page and what is the API: the same address answers both.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_URL } from "./stack.ts";

const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

const get = (where: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(PAGE_URL + where, { method, headers, redirect: "manual" });

/** Headers that every answer with a part of the page has. */
function assertPolicy(response: Response): void {
  const policy = response.headers.get("content-security-policy") ?? "";
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "require-trusted-types-for 'script'",
    "frame-ancestors 'none'",
  ])
    assert.ok(policy.includes(part), `${part} in ${policy}`);
  assert.equal(/unsafe/.test(policy), false, policy);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
}

test("/ is the page to a browser and the API's health to everyone else", async () => {
  const page = await get("/", BROWSER);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(await page.text(), /<script type="module" src="\/assets\/main-/);
  assert.match(page.headers.get("vary") ?? "", /accept/i);
  assertPolicy(page);

  const health = await get("/", { accept: "*/*" });
  assert.equal(health.status, 200);
  assert.match(health.headers.get("content-type") ?? "", /^application\/json/);
  assert.match(health.headers.get("vary") ?? "", /accept/i);
  await health.json();
});

test("the page is not sent again to a browser that has it", async () => {
  const first = await get("/", BROWSER);
  const etag = first.headers.get("etag") ?? "";
  assert.notEqual(etag, "");
  const again = await get("/", { ...BROWSER, "if-none-match": etag });
  assert.equal(again.status, 304);
});

test("what has a hash in its name is kept for ever, and has the policy", async () => {
  const html = await (await get("/", BROWSER)).text();
  const paths = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(paths.length >= 3, html);
  for (const path of paths) {
    const asset = await get(path);
    assert.equal(asset.status, 200, path);
    assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
    assertPolicy(asset);
  }
});

test("no path of the API is the page, to a browser neither", async () => {
  for (const path of ["/result/nothing", "/problems/nothing", "/assets/gone-ABCDEFGH.js", "/index.htm", "/nowhere"]) {
    const answer = await get(path, { ...BROWSER, "sec-fetch-mode": "navigate" });
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/, path);
    assert.doesNotMatch(answer.headers.get("cache-control") ?? "", /immutable/, path);
  }
  const problems = await get("/problems", BROWSER);
  assert.match(problems.headers.get("content-type") ?? "", /^application\/json/);
  const submitted = await get("/submit", BROWSER, "POST");
  assert.match(submitted.headers.get("content-type") ?? "", /^application\/json/);
  assert.ok(submitted.status >= 400 && submitted.status !== 405, String(submitted.status));
});

test("the API's description and its reference are there, in front of the Worker", async () => {
  const document = await get("/openapi.json", { origin: "https://tools.example" });
  assert.equal(document.status, 200);
  assert.match(document.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(document.headers.get("access-control-allow-origin"), "*");
  assertPolicy(document);
  const { openapi } = (await document.json()) as { openapi: string };
  assert.match(openapi, /^3\.1\./);

  const reference = await get("/docs", BROWSER);
  assert.equal(reference.status, 200);
  assert.match(reference.headers.get("content-type") ?? "", /^text\/html/);
  assertPolicy(reference);
  // One policy, not that of every file beside it.
  assert.equal(reference.headers.get("content-security-policy")?.match(/default-src/g)?.length, 1);
  const slash = await get("/docs/", BROWSER);
  assert.equal(slash.status, 307);
  assert.equal(slash.headers.get("location"), "/docs");
});
