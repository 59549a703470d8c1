// Where the parts of the solving view stand, and how much room each has.

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, open, useBrowser } from "./harness.ts";
import { content, judging, solvingApi, TWO_SUM } from "./solving.ts";

useBrowser();

const HASH = "#/p/two-sum";

test("the bar between statement and editor moves by pointer and arrow keys, and stays", async () => {
  const { page, close } = await open(solvingApi(), HASH, { viewport: { width: 1280, height: 800 } });
  const bar = page.getByRole("separator", { name: "Width of the statement" });
  const width = () => page.locator(".solve-statement").evaluate((element) => element.getBoundingClientRect().width);
  const first = await width();
  await bar.focus();
  for (let at = 0; at < 5; at += 1) await page.keyboard.press("ArrowRight");
  assert.equal(await bar.getAttribute("aria-valuenow"), "52");
  const second = await width();
  assert.ok(second > first + 100, `${first} ${second}`);
  const box = await bar.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 4, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(400, box.y + 120, { steps: 4 });
  await page.mouse.up();
  await becomes(async () => Math.abs((await width()) - 400) < 10, true);
  const third = await width();
  await page.reload();
  await content(page).waitFor();
  assert.ok(Math.abs((await width()) - third) < 3);
  await close();
});

test("on 360 × 320 Run and Submit are on the screen in every part, and the page is not wider", async () => {
  const { page, close } = await open(judging(solvingApi()), HASH, { viewport: { width: 360, height: 320 } });
  await page.getByRole("tab", { name: "Code" }).waitFor();
  const check = async () => {
    for (const name of ["Run", "Submit"]) {
      const button = page.getByRole("button", { name });
      const box = await button.boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
      assert.ok(box.y >= 0 && box.y + box.height <= 320, JSON.stringify(box));
    }
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  };
  await check();
  for (const part of ["Statement", "Code", "Input & result"]) {
    await page.getByRole("tab", { name: part, exact: true }).first().click();
    await check();
  }
  await page.getByRole("tab", { name: "Code" }).click();
  await content(page).click();
  await page.keyboard.type("# a\n# b\n# c\n# d\n# e\n# f\n");
  await check();
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("Accepted").first().waitFor();
  await check();
  await close();
});

test("on a phone the parts are tabs, and turning it wide shows all of them", async () => {
  const { page, close } = await open(solvingApi(), HASH, { viewport: { width: 390, height: 740 } });
  await page.getByRole("heading", { name: TWO_SUM.title }).waitFor();
  assert.equal(await content(page).isVisible(), false);
  await page.getByRole("tab", { name: "Code" }).click();
  assert.equal(await content(page).isVisible(), true);
  assert.equal(await page.getByRole("heading", { name: TWO_SUM.title }).isVisible(), false);
  await page.setViewportSize({ width: 1000, height: 700 });
  await page.getByRole("heading", { name: TWO_SUM.title }).waitFor();
  await content(page).waitFor();
  await close();
});
