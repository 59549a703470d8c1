// axe-core on the solving view and the playground, light and dark, wide and narrow.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { open, useBrowser } from "./harness.ts";
import { content, solvingApi, type } from "./solving.ts";

useBrowser();

interface Findings {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const hash of ["#/p/two-sum", "#/p/echo", "#/free"]) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      test(`axe finds nothing serious on ${hash}, ${colorScheme}, ${width} wide`, async () => {
        const options = { colorScheme, bypassCSP: true, viewport: { width, height: 720 } };
        const { page, close } = await open(solvingApi(), hash, options);
        const look = async () => {
          const found = await page.evaluate<Findings>(
            "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => ({ violations }))",
          );
          const serious = found.violations.filter((one) => one.impact === "serious" || one.impact === "critical");
          assert.deepEqual(
            serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join("\n")}`),
            [],
          );
        };
        await page.locator(".solve").waitFor();
        await page.evaluate(axe);
        await look();
        if (width < 800) await page.getByRole("tab", { name: "Code" }).click();
        await content(page).waitFor();
        await type(page, "def f():\n    return 'text' + 1  # why\n");
        await page.getByText("Options").click();
        await look();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Run" }).click();
        await page.getByText("fine").first().waitFor();
        await look();
        await close();
      });
    }
  }
}
