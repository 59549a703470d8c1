// axe-core on the solving view and the playground, light and dark, wide and narrow.

import { test } from "node:test";
import { accessible } from "./accessible.ts";
import { open, useBrowser } from "./harness.ts";
import { content, solvingApi, type } from "./solving.ts";

useBrowser();

for (const hash of ["#/p/two-sum", "#/p/echo", "#/free"]) {
  for (const width of [1280, 360]) {
    test(`axe finds nothing serious on ${hash}, ${width} wide`, async () => {
      const { page, close } = await open(solvingApi(), hash, { viewport: { width, height: 720 } });
      await page.locator(".solve").waitFor();
      await accessible(page);
      if (width < 800) await page.getByRole("tab", { name: "Code" }).click();
      await content(page).waitFor();
      await type(page, "def f():\n    return 'text' + 1  # why\n");
      await page.locator(".editor .tok-keyword", { hasText: "return" }).waitFor();
      await page.getByText("Options").click();
      await accessible(page);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByText("fine").first().waitFor();
      await accessible(page);
      await close();
    });
  }
}
