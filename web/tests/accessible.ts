// Runs axe-core on the page as it stands.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { still } from "./harness.ts";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Those that are on by default and depend on the theme. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

interface Axe {
  run(options: object): Promise<{
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  }>;
}

/**
 * The findings that are serious or critical, as text, in the colours that are on.
 * `colours`: by the rules that look at colours alone.
 */
export async function findings(page: Page, colours = false): Promise<string[]> {
  await still(page);
  // By the debugger, which the page's policy does not bind.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(SOURCE);
  return page.evaluate(
    async (only: string[] | undefined) => {
      const { axe } = window as unknown as { axe: Axe };
      const { violations } = await axe.run({
        resultTypes: ["violations"],
        ...(only && { runOnly: only }),
      });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
    },
    colours ? COLOUR_RULES : undefined,
  );
}

/**
 * Fails where axe finds something serious, in light or in dark: of the dark only the colours
 * are looked at, since all else is the same document.
 */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await findings(page, colorScheme === "dark"), [], colorScheme);
  }
}
