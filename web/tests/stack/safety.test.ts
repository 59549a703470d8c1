// Whatever people send stays text: sixty hostile texts and more pass through the whole
// stack into every place where the page shows them, and nothing runs.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { drawn } from "../harness.ts";
import { HOSTILE } from "../hostile.ts";
import { api, died, failJobsWith, submit, useBrowser, verdict, visit, visitAsOperator, write } from "./stack.ts";

useBrowser();

/** Fails if a text came to life on the page. */
async function assertLifeless(page: Page, complaints: string[]): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: "ran" in window,
    // What the page itself never makes.
    alive: [
      ...document.querySelectorAll(
        "iframe, object, embed, base, meta[http-equiv], video, audio, marquee, main form[action]",
      ),
    ].map((one) => one.outerHTML.slice(0, 200)),
    handlers: [...document.querySelectorAll("*")]
      .flatMap((one) => [...one.attributes].map((attribute) => attribute.name))
      .filter((name) => name.startsWith("on")),
    // But for the two of the drawer's foot.
    links: [...document.querySelectorAll("a[href]")]
      .map((one) => one.getAttribute("href") ?? "")
      .filter((href) => !/^(#|https?:|mailto:|\/docs$|\/openapi\.json$)/.test(href)),
    scripts: [...document.scripts].filter((one) => !one.src.startsWith(`${location.origin}/assets/`)).length,
  }));
  assert.deepEqual(found, { ran: false, alive: [], handlers: [], links: [], scripts: 0 });
  // A policy that had to step in is a defect too: nothing may get so far.
  assert.deepEqual(complaints, []);
}

/**
 * What the browser reports while a statement is sanitised: markup is parsed into a
 * document that is never shown, and which has the policy of this one.
 */
const OF_SANITISING = /Executing inline event handler|Applying inline style|base-uri|Setting the document's base URI/;

/** What JSON can carry to the API and a program can print as UTF-8. */
const TEXTS = HOSTILE.map(({ text }) => text.slice(0, 300).replaceAll("\u0000", "\uFFFD")).filter(
  (text) => text.trim() !== "",
);

test("there are sixty hostile texts and more", () => {
  assert.ok(HOSTILE.length >= 60, String(HOSTILE.length));
});

test("hostile statements, titles and names of cases stay text", async () => {
  // A few statements of many texts each: all of them pass the API, the list and the view.
  const parts = [0, 1, 2, 3].map((part) => TEXTS.filter((_, index) => index % 4 === part));
  for (const [part, texts] of parts.entries()) {
    await api("PUT", `/problems/hostile-${part}`, {
      title: (texts[0] ?? "x").slice(0, 80),
      statement: texts.join("\n\n"),
      kind: "program",
      cases: texts
        .slice(0, 20)
        .map((text) => ({ name: text.slice(0, 60).replaceAll("\n", " "), input: text, expected: text })),
    });
  }
  const list = await visit("#/");
  await list.page
    .getByRole("link", { name: (TEXTS[0] ?? "x").slice(0, 40) })
    .first()
    .waitFor();
  await assertLifeless(list.page, list.complaints);
  await list.close();
  for (const part of parts.keys()) {
    const { page, complaints, close } = await visit(`#/p/hostile-${part}`);
    await page.getByRole("button", { name: "Submit" }).waitFor();
    await assertLifeless(
      page,
      complaints.filter((one) => !OF_SANITISING.test(one)),
    );
    await close();
  }
});

test("hostile code and output stay text, in runs, submissions, history and comparison", async () => {
  const all = TEXTS.join("\n");
  await api("PUT", "/problems/print", {
    title: "Print",
    statement: "Print it.",
    kind: "program",
    cases: TEXTS.map((text) => ({ input: text, expected: `${text}!` })),
  });
  const code = `import sys\nsys.stdout.reconfigure(encoding="utf-8")\nprint(${JSON.stringify(all)})\n# ${"</textarea></script>"}`;
  const { page, complaints, close } = await visit("#/p/print");
  await page.getByLabel("Language").selectOption("python");
  await write(page, code);
  await page.getByRole("button", { name: "Run" }).click();
  await verdict(page, "Executed");
  await assertLifeless(page, complaints);
  let before: string | null = null;
  for (const _ of [1, 2]) {
    await page.getByRole("button", { name: "Submit" }).click();
    // The second one's: the first one's result stands there until the second is stored.
    const link = page.locator(".outcome-open a:not([data-old])");
    await link.waitFor();
    assert.notEqual(await link.getAttribute("href"), before);
    before = await link.getAttribute("href");
    await verdict(page, "Wrong Answer");
    await assertLifeless(page, complaints);
    await link.evaluate((one) => one.setAttribute("data-old", ""));
  }
  await page.getByRole("link", { name: "Open this submission" }).click();
  await verdict(page, "Wrong Answer");
  await page.getByRole("heading", { name: "Code" }).waitFor();
  await assertLifeless(page, complaints);
  await page.getByRole("link", { name: "History" }).click();
  await page.locator('main .verdict[data-verdict="Wrong Answer"]').first().waitFor();
  await assertLifeless(page, complaints);
  const ids = await page.evaluate(() =>
    [...document.querySelectorAll("main a[href^='#/s/']")].map((one) => one.getAttribute("href")),
  );
  const [a, b] = [...new Set(ids)].map((href) => href?.split("/")[2]);
  await page.evaluate((where) => location.assign(where), `#/compare/${a}/${b}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await assertLifeless(page, complaints);
  await page.getByRole("button", { name: "API calls" }).click();
  await page.getByRole("dialog", { name: "API calls" }).waitFor();
  await assertLifeless(page, complaints);
  await close();
});

test("hostile languages, payloads and addresses stay text for the operator", async () => {
  const poison = "POISON <img src=x onerror=window.ran=1>";
  await failJobsWith("POISON");
  const id = await submit("dead<img src=x onerror=window.ran=1>".replace(/[^\w.-]/g, "-"), "python", poison);
  await died(id);
  await failJobsWith("");
  const { page, complaints, close } = await visitAsOperator("#/ops/dead");
  const letter = page.getByRole("list", { name: "Dead letters", exact: true }).getByRole("listitem").first();
  await letter.locator(".ops-letter-toggle").click();
  await page
    .locator("main")
    .getByText(/onerror/)
    .first()
    .waitFor();
  await assertLifeless(page, complaints);
  const evil = encodeURIComponent(`<img src=x onerror=window.ran=1>`);
  for (const hash of [
    `#/p/${evil}`,
    `#/s/${evil}`,
    `#/compare/${evil}/${evil}`,
    `#/${evil}`,
    `#/ops/dead?reason=${evil}`,
  ]) {
    await page.locator("#view h1").evaluateAll((all) => all.map((one) => one.setAttribute("data-old", "")));
    await page.evaluate((where) => location.assign(where), hash);
    await page.locator("#view h1:not([data-old])").waitFor();
    await drawn(page);
    await assertLifeless(page, complaints);
  }
  await close();
});

test("a script that got into the document does not run", async () => {
  const { page, complaints, close } = await visit("#/");
  await page.getByRole("heading").first().waitFor();
  const outcome = await page.evaluate(async () => {
    // Out of the debugger's call, in which the policy lets eval pass.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const errors: string[] = [];
    const attempt = (what: string, act: () => void) => {
      try {
        act();
      } catch (error) {
        errors.push(`${what}: ${(error as Error).name}`);
      }
    };
    attempt("inline", () => {
      const script = document.createElement("script");
      script.append("window.ran = 1");
      document.head.append(script);
    });
    attempt("markup", () => {
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = 1'>");
    });
    attempt("handler", () => {
      const image = document.createElement("img");
      image.setAttribute("onerror", "window.ran = 1");
      image.src = "data:,";
      document.body.append(image);
    });
    attempt("eval", () => {
      // biome-ignore lint/security/noGlobalEval: that it is refused is what is tested.
      window.eval("window.ran = 1");
    });
    attempt("style", () => {
      const style = document.createElement("style");
      style.append("body { display: none }");
      document.head.append(style);
    });
    attempt("another host", () => {
      const script = document.createElement("script");
      script.setAttribute("src", "https://evil.invalid/x.js");
      document.head.append(script);
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { ran: "ran" in window, hidden: getComputedStyle(document.body).display === "none", errors };
  });
  assert.equal(outcome.ran, false);
  assert.equal(outcome.hidden, false);
  // Trusted Types refuse markup from a string; the policy refuses eval.
  assert.ok(
    outcome.errors.some((one) => one.startsWith("markup: TypeError")),
    outcome.errors.join(),
  );
  assert.ok(
    outcome.errors.some((one) => one.startsWith("eval: EvalError")),
    outcome.errors.join(),
  );
  assert.ok(complaints.length > 0);
  await close();
});
