// What is told of a submission while it waits and runs, and that the page goes on
// when parts of the stack were gone.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { api, failJobsWith, kill, restart, submit, until, useBrowser, verdict, visit, write } from "./stack.ts";

useBrowser();

/** A killed Worker's lease has run out, and the job has been run again. */
const LEASE_ENDS_MS = 240_000;

after(async () => {
  await failJobsWith("");
  await api("POST", "/resume");
});

/** Thirty cases of which each takes its program a second. */
const SLOW = {
  title: "Take your time",
  statement: "Print what you read, a second later.",
  kind: "program",
  limits: { timeMs: 3000 },
  cases: Array.from({ length: 30 }, (_, number) => ({ input: `${number}\n`, expected: `${number}\n` })),
};
const SLOWLY = "import time\ntime.sleep(1)\nprint(input())\n";

/** Notes each new text of the result's first line. */
async function collect(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const text = document.querySelector(".r-line, .r-head")?.textContent ?? "";
      if (text !== "" && seen.at(-1) !== text) seen.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

const seen = (page: Page) => page.evaluate(() => (window as unknown as { seen: string[] }).seen);

test("a slow submission is told of in order: its place, that it runs, its cases, its verdict", async () => {
  await api("PUT", "/problems/slow", SLOW);
  await api("POST", "/pause");
  // Two before it.
  for (const text of ["1", "2"]) await submit("before", "python", `print(${text})`);
  const { page, complaints, close } = await visit("#/p/slow");
  await page.getByLabel("Language").selectOption("python");
  await write(page, SLOWLY);
  await collect(page);
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("Queued, 3rd in line").first().waitFor();
  await api("POST", "/resume");
  await verdict(page, "Accepted");
  const lines = await seen(page);
  const at = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));
  const order = [at(/Queued, 3rd in line/), at(/Running · case \d+ of 30/), at(/Accepted.*Passed 30 of 30/)];
  assert.ok(
    order.every((place, index) => place >= 0 && place > (order[index - 1] ?? -1)),
    JSON.stringify(lines),
  );
  // Cases come while it runs.
  const cases = lines.flatMap((line) => /case (\d+) of 30/.exec(line)?.[1] ?? []).map(Number);
  assert.ok(Math.max(...cases) > 1, JSON.stringify(lines));
  assert.deepEqual(complaints, []);
  await close();
});

test("the page goes on after the Workers were killed and came back", async () => {
  await api("PUT", "/problems/slow", SLOW);
  const { page, close } = await visit("#/p/slow");
  await page.getByLabel("Language").selectOption("python");
  await write(page, SLOWLY);
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("Running · case").first().waitFor();
  await kill("submit-fn");
  await kill("worker-fn");
  await page.getByText("Connection lost").first().waitFor();
  await restart("worker-fn");
  await restart("submit-fn");
  // Its lease must run out before another drain takes it up.
  await until(
    "the verdict after the Workers' return",
    async () => {
      await fetch(`${process.env["WORKER_URL"]}/worker?batch=5`);
      return (await page.locator('.r-head .verdict[data-verdict="Accepted"]').count()) > 0 || undefined;
    },
    LEASE_ENDS_MS,
  );
  assert.equal(await page.getByText("Connection lost").isVisible(), false);
  await page.locator(".r-fact", { hasText: "Passed 30 of 30" }).waitFor();
  // Each case once, although some were told before the Workers were killed.
  assert.equal(await page.getByRole("listbox", { name: "Cases" }).getByRole("option").count(), 30);
  await close();
});
