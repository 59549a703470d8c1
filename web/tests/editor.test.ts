// The editor: keys, focus, fonts, files, and that the page's policy has nothing to
// complain of.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { becomes, open, quiet, useBrowser } from "./harness.ts";
import { content, PYTHON_STARTER, saved, shownCode, solvingApi, type } from "./solving.ts";

useBrowser();

const HASH = "#/p/two-sum";

async function css(page: Page, selector: string, property: string): Promise<string> {
  const found = page.locator(`.editor:not([hidden]) ${selector}`).first();
  return found.evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
}

test("typing, indenting, searching, undo and another theme break no policy", async () => {
  const { page, complaints, close } = await open(solvingApi(), HASH);
  await type(page, "def f(x):");
  await page.keyboard.press("Enter");
  await page.keyboard.type("return (x");
  assert.equal(await shownCode(page), "def f(x):\n    return (x)");
  await page.keyboard.press("ControlOrMeta+f");
  await page.keyboard.type("return");
  await page.locator(".editor .cm-searchMatch").first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+z");
  const light = await css(page, ".cm-editor", "background-color");
  await page.getByLabel("Theme").selectOption("dark");
  assert.notEqual(await css(page, ".cm-editor", "background-color"), light);
  assert.deepEqual(complaints, []);
  await close();
});

test("a grammar is loaded for the language, and its words are coloured", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.locator(".editor .tok-keyword", { hasText: "def" }).waitFor();
  await page.getByLabel("Language").selectOption("c++");
  await page.locator(".editor:not([hidden]) .tok-typeName", { hasText: "long" }).first().waitFor();
  await close();
});

test("every language of the map has a grammar that highlights", async () => {
  const api = solvingApi();
  const source = await readFile(new URL("../src/editor/grammars.ts", import.meta.url), "utf8");
  const table = source.slice(source.indexOf("LOADERS"), source.indexOf("};"));
  const names = [...table.matchAll(/^ {2}"?([\w+#]+)"?(?::|,)/gm)].map((match) => match[1] ?? "");
  assert.ok(names.length > 30, String(names));
  api.on("GET /languages", () => ({
    success: true,
    languages: names.map((language) => ({ language, version: "1", aliases: [] })),
  }));
  const { page, complaints, close } = await open(api, "#/free");
  await page.locator(".solve").waitFor();
  const plain: string[] = [];
  for (const name of names) {
    await page.getByLabel("Language").selectOption(name);
    await type(page, 'if + "text" // 1\n-- 2\n# 3\n; 4\n');
    const coloured = page.locator(".editor:not([hidden]) [class^=tok-]").first();
    await coloured.waitFor().catch(() => plain.push(name));
  }
  assert.deepEqual(plain, []);
  assert.deepEqual(complaints, []);
  await close();
});

test("Tab indents, Escape and then Tab leave, and focus shows how", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  const hint = page.getByText("Esc, then Tab, leaves");
  await content(page).waitFor();
  assert.equal(await hint.isVisible(), false);
  await type(page, "a");
  assert.equal(await hint.isVisible(), true);
  await page.keyboard.press("Tab");
  assert.equal(await shownCode(page), "    a");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await shownCode(page), "a");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.startsWith("Run")), true);
  assert.equal(await shownCode(page), "a");
  await close();
});

test("the whole view is reached without a mouse", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await content(page).waitFor();
  const reached = new Set<string>();
  for (let at = 0; at < 40; at += 1) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(() => {
        const element = document.activeElement;
        return (
          element?.getAttribute("aria-label") ??
          (element?.className === "editor" ? "editor" : element?.textContent) ??
          ""
        );
      }),
    );
  }
  const wanted = ["Use as input: sample 1", "Width of the statement", "Language", "Reset", "Options", "editor"];
  for (const one of [...wanted, "Height of the editor", "My input"])
    assert.ok(reached.has(one), `${one}: ${[...reached]}`);
  await close();
});

test("the editor has a name with problem and language, and says how to leave it", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.getByRole("textbox", { name: "Code: Two numbers that make a sum, Python" }).waitFor();
  assert.match((await content(page).getAttribute("aria-description")) ?? "", /Escape, then Tab/);
  await close();
});

test("during an IME composition no shortcut fires, and the text arrives once", async () => {
  const api = solvingApi();
  const { page, context, close } = await open(api, HASH);
  await type(page, "x = ");
  const cdp = await context.newCDPSession(page);
  await cdp.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await content(page).evaluate((element) => {
    const init = { key: "Enter", ctrlKey: true, bubbles: true, composed: true, cancelable: true };
    element.dispatchEvent(new KeyboardEvent("keydown", { ...init, isComposing: true }));
    element.dispatchEvent(new KeyboardEvent("keydown", { ...init, keyCode: 229 }));
  });
  await cdp.send("Input.insertText", { text: "日本" });
  await becomes(() => shownCode(page), "x = 日本");
  await quiet(page);
  assert.equal(api.calls("POST /run").length, 0);
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.waitForFunction(() => document.body.textContent?.includes("fine"));
  assert.equal(JSON.parse(api.calls("POST /run")[0]?.body ?? "{}").code, "x = 日本");
  await close();
});

test("font size, tab width and wrapping hold for other problems and after a reload", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.getByText("Options").click();
  await page.getByRole("button", { name: "Larger text" }).click();
  await page.getByRole("button", { name: "Larger text" }).click();
  await page.getByLabel("Tab width").selectOption("2");
  await page.getByLabel("Wrap long lines").check();
  const check = async () => {
    await content(page).waitFor();
    assert.equal(await css(page, ".cm-scroller", "font-size"), "16px");
    assert.equal(await css(page, ".cm-content", "white-space"), "break-spaces");
    await type(page, "a");
    await page.keyboard.press("Tab");
    assert.equal(await shownCode(page), "  a");
  };
  await check();
  await page.evaluate(() => {
    location.hash = "#/p/echo";
  });
  await page.getByRole("heading", { name: "Say it again" }).waitFor();
  await check();
  await page.reload();
  await check();
  await close();
});

test("code is drawn without ligatures", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await content(page).waitFor();
  assert.equal(await css(page, ".cm-line", "font-variant-ligatures"), "none");
  await close();
});

test("a file is opened into the editor of its language, and saved from it", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.getByText("Options").click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open file" }).click();
  const text = "let a = 1;\nlet b = 2;\n";
  await (await chooser).setFiles({ name: "mine.js", mimeType: "text/plain", buffer: Buffer.from(text) });
  await becomes(() => page.getByLabel("Language").inputValue(), "javascript");
  await saved(page);
  assert.equal(await shownCode(page), text);
  const download = page.waitForEvent("download");
  if (!(await page.getByRole("button", { name: "Save as file" }).isVisible())) await page.getByText("Options").click();
  await page.getByRole("button", { name: "Save as file" }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "main.js");
  assert.equal(await readFile(await file.path(), "utf8"), text);
  await close();
});

test("a file that is too large for the judge is refused", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await page.getByText("Options").click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open file" }).click();
  await (await chooser).setFiles({ name: "big.py", mimeType: "text/plain", buffer: Buffer.alloc(70_000, "a") });
  await page.getByText("big.py is too large").waitFor();
  assert.equal(await shownCode(page), PYTHON_STARTER);
  await close();
});

test("Reset is undone by Ctrl-Z, and works a second time", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  for (const mine of ["first = 1", "second = 2"]) {
    await type(page, mine);
    await page.getByRole("button", { name: "Reset" }).click();
    assert.equal(await shownCode(page), PYTHON_STARTER);
    await page.keyboard.press("ControlOrMeta+z");
    assert.equal(await shownCode(page), mine);
  }
  await close();
});
