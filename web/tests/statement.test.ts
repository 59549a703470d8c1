// Statements: maths, links, pictures, headings, and texts that mean harm.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { build, type OutputFile } from "esbuild";
import type { Page } from "playwright-core";
import { Api, type Opened, open, useBrowser } from "./harness.ts";
import { HOSTILE } from "./hostile.ts";

useBrowser();

// The module alone, without a view around it: `window.show(markdown)`.
const ENTRY = `
  import { statement } from "./src/statement/index.ts";
  window.show = (text) => {
    const page = document.createElement("section");
    page.className = "page";
    page.append(statement(text));
    document.querySelector("#view").replaceChildren(page);
  };
`;
let files: OutputFile[] = [];
let opened: Opened;
let page: Page;
/** Requests that are not for this page's own parts. */
let strange: string[] = [];

async function prepare(): Promise<void> {
  const web = path.join(import.meta.dirname, "..");
  const built = await build({
    stdin: { contents: ENTRY, resolveDir: web, sourcefile: "statement-alone.js" },
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: path.join(web, "alone"),
    write: false,
    target: "es2022",
  });
  files = built.outputFiles;
  opened = await open(new Api().on("GET /pictures/one.png", picture), "#/nowhere");
  page = opened.page;
  await page.route("**/alone/*", (route) => {
    const name = path.basename(new URL(route.request().url()).pathname);
    const file = files.find((one) => path.basename(one.path) === name);
    return route.fulfill({ contentType: "text/javascript", body: file?.text ?? "" });
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && !/^\/(alone|assets|pictures)\//.test(url.pathname)) strange.push(request.url());
  });
  await page.evaluate((url) => import(url).then(() => undefined), "/alone/stdin.js");
}
after(() => prepared && opened.close());

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function picture(_: unknown, response: import("node:http").ServerResponse): undefined {
  response.writeHead(200, { "content-type": "image/png" });
  response.end(Buffer.from(PIXEL, "base64"));
}

let prepared: Promise<void> | undefined;

async function show(markdown: string): Promise<void> {
  prepared ??= prepare();
  await prepared;
  strange = [];
  await page.evaluate((text) => (window as unknown as { show(text: string): void }).show(text), markdown);
}

/** The text of each formula as its author wrote it, once all are rendered. */
async function formulas(): Promise<number> {
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".maths")].every((one) => one.querySelector("math, .maths-source")),
  );
  return page.locator("#view math").count();
}

// biome-ignore lint/performance/useDomNodeTextContent: the text as it is seen, without a formula's annotations
const text = () => page.locator("#view").innerText();

test("a statement without maths does not load the maths", async () => {
  await show("# Sum\n\nAdd `a` and `b` for $5 to $10.");
  assert.equal(await page.locator("#view .maths").count(), 0);
  assert.equal(
    (await page.evaluate(() => performance.getEntriesByType("resource").map((one) => one.name))).filter((name) =>
      name.includes("temml"),
    ).length,
    0,
  );
});

test("two formulas with underscores are two formulas", async () => {
  await show("Let $a_b$ and $c_d$ be *given*.");
  assert.equal(await formulas(), 2);
  assert.equal(await page.locator("#view em").textContent(), "given");
  assert.equal(await page.locator("#view msub").count(), 2);
});

test("money, escapes and code are no formulas", async () => {
  for (const [markdown, expected] of [
    ["It costs $5 to $10.", "It costs $5 to $10."],
    ["$5 or 6$ each", "$5 or 6$ each"],
    ["US$5 and US$6", "US$5 and US$6"],
    ["\\$x\\$ stays", "$x$ stays"],
    ["\\$a and b$", "$a and b$"],
    ["`$a$` and `$b`", "$a$ and $b"],
    ["$a `code$` b", "$a code$ b"],
    ["a lone $ here", "a lone $ here"],
    ["$ x $", "$ x $"],
    ["    $$\n    x\n    $$", "$$\nx\n$$"],
    ["```\n$$x$$\n```", "$$x$$"],
  ] as const) {
    await show(markdown);
    assert.equal(await formulas(), 0, markdown);
    assert.equal((await text()).trim(), expected, markdown);
  }
});

test("formulas beside text, emphasis and other formulas", async () => {
  for (const [markdown, count] of [
    ["$x$, $y$; $z$.", 3],
    ["**bold $a*b$ and $c*d$ end**", 2],
    ["*Let $a*b$ be*", 1],
    ["$a < b$ & $c > d$", 2],
    ["$\\{1, \\dots, n\\}$", 1],
    ["- $O(n \\log n)$\n- $2^{10}$", 2],
    ["| a | b |\n| --- | --- |\n| $x_1$ | $y_1$ |", 2],
    ["Before\n$$\n\\sum_{i=1}^{n} a_i\n$$\nafter", 1],
    ["$$x$$ and $y$", 2],
    ["so $$x = 1$$ here", 1],
  ] as const) {
    await show(markdown);
    assert.equal(await formulas(), count, markdown);
    assert.doesNotMatch(await text(), /\$/, markdown);
  }
  assert.deepEqual(opened.complaints, []);
});

test("an escaped dollar sign within a formula does not end it", async () => {
  await show("$\\$5 + x$");
  assert.equal(await formulas(), 1);
  assert.match((await page.locator("#view math").textContent()) ?? "", /\$.*5.*x/s);
});

test("emphasis does not begin in a formula and end outside", async () => {
  await show("*Let $a*b$ be*");
  await formulas();
  assert.match((await page.locator("#view em").textContent()) ?? "", /^Let .* be$/s);
});

test("a wrong formula shows its source, and the others are rendered", async () => {
  await show("Wrong $\\frac{1$, right $x^2$.\n\n$$\n\\nosuchthing\n$$");
  assert.equal(await formulas(), 1);
  assert.deepEqual(await page.locator("#view .maths-source").allTextContents(), ["$\\frac{1$", "$$\\nosuchthing$$"]);
});

test("from one statement to the next maths is rendered each time", async () => {
  for (const tex of ["a_1", "b_2", "c_3"]) {
    await show(`Given $${tex}$.`);
    assert.equal(await formulas(), 1);
    assert.equal((await page.locator("#view mi").first().textContent())?.normalize("NFKD"), tex[0]);
  }
});

test("maths, tables, code and pictures of this host break no rule of the policy", async () => {
  await show(
    "# Title\n\n$$\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix} \\vec{v} \\overline{ab} \\cancel{x} \\color{red}{y}$$\n\n| a |\n| :-: |\n| 1 |\n\n```py\nprint(1)\n```\n\n- [x] done\n\n![dot](/pictures/one.png)",
  );
  assert.equal(await formulas(), 1);
  await page.waitForFunction(() => (document.querySelector("#view img") as HTMLImageElement).complete);
  assert.deepEqual(opened.complaints, []);
});

test("a statement's headings are below the page's title, whatever it begins with", async () => {
  await show("# One\n\n## Two\n\n###### Six");
  assert.deepEqual(
    await page.locator("#view :is(h1,h2,h3,h4,h5,h6)").evaluateAll((all) => all.map((one) => one.tagName)),
    ["H2", "H3", "H6"],
  );
  await show("### Only\n\n#### Under");
  assert.deepEqual(
    await page.locator("#view :is(h1,h2,h3,h4,h5,h6)").evaluateAll((all) => all.map((one) => one.tagName)),
    ["H2", "H3"],
  );
});

test("links to the web open beside the page and tell it nothing", async () => {
  await show(
    "[out](https://example.org/x) <mailto:a@example.org> [view](#/p/two-sum) [rel](other.md) [proto](//example.org)",
  );
  const links = await page
    .locator("#view a")
    .evaluateAll((all) =>
      all.map((one) => [one.getAttribute("href"), one.getAttribute("target"), one.getAttribute("rel")]),
    );
  assert.deepEqual(links, [
    ["https://example.org/x", "_blank", "noopener noreferrer"],
    ["mailto:a@example.org", "_blank", "noopener noreferrer"],
    ["#/p/two-sum", null, null],
  ]);
  assert.match(await text(), /rel proto/);
});

test("a link to a heading goes there and leaves the address as it is", async () => {
  await show(`[Go](#the-end-of-it) [no](#nowhere)\n\n${"text\n\n".repeat(80)}## The end, of it`);
  assert.equal(await page.locator("#view a").count(), 1);
  const before = page.url();
  await page.getByRole("link", { name: "Go" }).click();
  await page.waitForFunction(() => document.activeElement?.tagName === "H2");
  assert.equal(page.url(), before);
  assert.ok(await page.locator("#view h2").evaluate((one) => one.getBoundingClientRect().top < innerHeight));
});

test("pictures fit; one from another host is not fetched but a link with its text", async () => {
  await page.setViewportSize({ width: 360, height: 640 });
  await show(
    `![wide](data:image/png;base64,${PIXEL})\n\n<img src="/pictures/one.png" width="4000" height="3000">\n\n![a map](https://example.org/map.png)\n\n![](http://example.org/map.png)\n\n![not](/worker) ![nor](javascript:alert(1))\n\n[![in a link](https://example.org/a.png)](https://example.org/)`,
  );
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLImageElement>("#view img")].every((one) => one.complete),
  );
  assert.equal(await page.locator("#view img").count(), 2);
  assert.ok((await page.locator("#view img").nth(1).boundingBox())?.width ?? 999 <= 360);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
  const links = await page
    .locator("#view a")
    .evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute("href")]));
  assert.deepEqual(links, [
    ["Picture: a map", "https://example.org/map.png"],
    ["Picture: example.org", "http://example.org/map.png"],
    ["Picture: in a link", "https://example.org/"],
  ]);
  assert.deepEqual(strange, []);
  assert.deepEqual(opened.complaints, []);
  await page.setViewportSize({ width: 1280, height: 720 });
});

test("wide code, tables and formulas scroll in their own box", async () => {
  await page.setViewportSize({ width: 360, height: 640 });
  const wide = "x".repeat(400);
  await show(
    `\`\`\`\n${wide}\n\`\`\`\n\n| ${"a | ".repeat(40)}\n|${" --- |".repeat(40)}\n|${" 12345 |".repeat(40)}\n\n$$${"x+".repeat(100)}y$$\n\nand $${"z+".repeat(100)}y$ inline \`${wide}\``,
  );
  await formulas();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
  assert.equal(await page.locator("#view pre").evaluate((one) => (one as HTMLElement).tabIndex), 0);
  await page.locator('#view .maths[tabindex="0"]').waitFor();
  assert.equal(await page.locator("#view .maths[tabindex]").count(), 1, "the formula that scrolls can be focused");
  await page.setViewportSize({ width: 1280, height: 720 });
});

test("hostile statements run nothing, fetch nothing, name nothing and style nothing", async (t) => {
  const html = HOSTILE.map((one) => one.text);
  assert.ok(html.length >= 60, `${html.length} texts`);
  for (const { name, text } of HOSTILE) {
    await t.test(name, async () => {
      opened.complaints.length = 0;
      await show(text);
      await formulas();
      const found = await page.evaluate(() => {
        const view = document.querySelector("#view") as HTMLElement;
        const bad: string[] = [];
        for (const element of view.querySelectorAll("*")) {
          const where = `${element.tagName} ${element.getAttributeNames().join(" ")}`;
          const ours = element.closest("math, .maths") !== null;
          if (
            /^(script|style|iframe|object|embed|form|input|button|textarea|select|svg|link|meta|base|template|video|audio|source)$/i.test(
              element.tagName,
            )
          )
            bad.push(where);
          for (const name of element.getAttributeNames()) {
            if (/^on/i.test(name) || name === "id" || name === "name" || name === "srcset" || name === "action")
              bad.push(where);
            if (!ours && name === "style") bad.push(where);
          }
          for (const name of ["href", "src", "xlink:href"]) {
            const value = element.getAttribute(name);
            if (value !== null && !/^(https?:\/\/|mailto:|#\/|data:image\/|\/pictures\/)/i.test(value))
              bad.push(`${where}: ${value}`);
          }
        }
        const shell = ["toasts", "alerts", "spoken", "view", "open-drawer"].map(
          (id) => document.querySelectorAll(`#${id}`).length,
        );
        return { bad, shell, ran: (window as unknown as { ran?: unknown }).ran ?? null, title: document.title };
      });
      assert.deepEqual(found, { bad: [], shell: [1, 1, 1, 1, 1], ran: null, title: "Nothing here · edgejudge" });
      assert.deepEqual(strange, []);
      assert.deepEqual(
        opened.complaints.filter((one) => one.startsWith("error:")),
        [],
      );
      // What can be clicked does no harm either.
      for (const link of await page.locator("#view a:not([target])").all()) await link.dispatchEvent("click");
      assert.equal(await page.evaluate(() => (window as unknown as { ran?: unknown }).ran ?? null), null);
      if (!page.url().endsWith("#/nowhere")) await page.evaluate(() => history.replaceState(null, "", "#/nowhere"));
    });
  }
});
