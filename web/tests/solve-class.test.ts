// The solving view of problems whose answer is not a plain return: a class, and a
// function whose answer is an argument.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, quiet, useBrowser } from "./harness.ts";
import { CACHE, solvingApi, TWO_SUM } from "./solving.ts";

useBrowser();

test("a class is shown with its methods and calls, and run with calls", async () => {
  const api = solvingApi().on("GET /problems/cache", () => CACHE);
  const { page, complaints, close } = await open(api, "#/p/cache");
  await page.getByText("A class to write.").waitFor();
  assert.deepEqual(await page.locator(".solve-signature").allTextContents(), [
    "Cache(size: int)",
    "put(key: string, value: int) → null",
    "get(key: string) → int",
  ]);
  const calls = 'new Cache(2)\nput("a", 1)\nb = new Cache(1)\nb.get("a")\nget(result of call 0)';
  assert.equal(await page.locator(".sample pre").first().textContent(), calls);
  assert.deepEqual(await page.getByLabel("Language").locator("option").allTextContents(), ["Python 1.2.3"]);

  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("button", { name: "Use as input: sample 1" }).click();
  const field = page.getByLabel("Calls", { exact: true });
  assert.match(await field.inputValue(), /^\[\n {2}\["Cache",\s?2\],\n/);
  await field.fill('[["Cache",1],["get","a"]]');
  await page.getByRole("button", { name: "Run" }).click();
  const sent = (await api.got("POST /run", 2)).map((one) => JSON.parse(one.body).args);
  assert.deepEqual(sent, [
    CACHE.cases[0]?.input,
    [
      ["Cache", 1],
      ["get", "a"],
    ],
  ]);

  await page.getByRole("button", { name: "Use as input: sample 1" }).click();
  await field.fill('["Cache"]');
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByText("This is no list of calls").waitFor();
  await quiet(page);
  assert.equal(api.calls("POST /run").length, 2);
  assert.deepEqual(complaints, []);
  await close();
});

test("a function whose answer is an argument says so", async () => {
  const inPlace = { ...TWO_SUM, answer: { argument: 0, length: "returned" } };
  const api = solvingApi().on("GET /problems/two-sum", () => inPlace);
  const { page, complaints, close } = await open(api, "#/p/two-sum");
  const answer = "he first elements of nums after the call, as many as it returns";
  await page.getByText(`The answer: t${answer}.`, { exact: true }).waitFor();
  assert.equal(await page.getByText(`T${answer}`, { exact: true }).count(), 2);
  assert.deepEqual(complaints, []);
  await close();
});

test("a function whose answer is several values names all of them", async () => {
  const several = { ...TWO_SUM, answer: [{ returned: true }, { argument: 0 }, { argument: 1 }] };
  const api = solvingApi().on("GET /problems/two-sum", () => several);
  const { page, complaints, close } = await open(api, "#/p/two-sum");
  const answer = "hat it returns, and nums and target after the call";
  await page.getByText(`The answer: w${answer}.`, { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});
