// The frame around the views: navigation, theme, lost connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, open, useBrowser } from "./harness.ts";

useBrowser();

test("an address that leads nowhere says so, and the way back works", async () => {
  const { page, complaints, close } = await open(new Api(), "#/nowhere");
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
  assert.equal(await page.title(), "Nothing here · edgejudge");
  assert.deepEqual(complaints, []);
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
