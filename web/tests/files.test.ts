// "Files" of the solving view: chosen or dropped, named, removed, sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { type Api, open, quiet, useBrowser } from "./harness.ts";
import { solvingApi, type } from "./solving.ts";

useBrowser();

const LIB = { name: "lib.py", mimeType: "text/x-python", buffer: Buffer.from("VALUE = 'ä'\n") };
const BYTES = { name: "raw.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255, 128]) };
const STORED = { success: true, message: "", id: "a".repeat(32), position: 1, resultUrl: "http://x/result/1" };

const tab = (page: Page) => page.getByRole("tab", { name: /^Files/ });
const name = (page: Page) => page.getByLabel("Name of the file");
const run = (page: Page) => page.getByRole("button", { name: "Run" });

async function choose(page: Page, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Add files…" }).click(),
  ]);
  await chooser.setFiles(files);
}

async function sent(api: Api, what: string, count: number): Promise<Record<string, unknown>> {
  const calls = await api.got(what, count);
  return JSON.parse(calls.at(-1)?.body ?? "");
}

test("chosen files go with a run and a submission, the code first, bytes as base64", async () => {
  const api = solvingApi().on("POST /submit", () => STORED);
  const { page, complaints, close } = await open(api, "#/p/echo");
  await type(page, "import pkg.lib");
  await tab(page).click();
  await choose(page, [LIB, BYTES]);
  await page.getByRole("tab", { name: "Files (2)" }).waitFor();
  await page.getByText("3 bytes, binary").waitFor();
  await name(page).first().fill("pkg/lib.py");
  const files = [
    { name: "main.py", content: "import pkg.lib" },
    { name: "pkg/lib.py", content: "VALUE = 'ä'\n" },
    { name: "raw.bin", content: "AP+A", encoding: "base64" },
  ];
  await run(page).click();
  const ran = await sent(api, "POST /run", 1);
  assert.deepEqual([ran.files, ran.code], [files, undefined]);
  await page.getByRole("button", { name: "Submit" }).click();
  const submitted = await sent(api, "POST /submit", 1);
  assert.deepEqual([submitted.files, submitted.code], [files, undefined]);
  // The code's file is named by the language.
  await page.getByLabel("Language").selectOption("java");
  await tab(page).click();
  await page.getByText("Main.java").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a removed file is not sent, and code without files goes as it always did", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, "#/free");
  await type(page, "x = 1");
  await tab(page).click();
  await choose(page, [LIB, BYTES]);
  await page.getByRole("button", { name: "Remove lib.py" }).click();
  await page.getByRole("tab", { name: "Files (1)" }).waitFor();
  await page.getByRole("button", { name: "Remove raw.bin" }).click();
  await page.getByRole("tab", { name: "Files", exact: true }).waitFor();
  await run(page).click();
  assert.deepEqual(await sent(api, "POST /run", 1), { code: "x = 1", language: "python", stdin: "" });
  await close();
});

test("dropped files are added, and one of the same name takes the other's place", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, "#/free");
  await type(page, "x");
  await tab(page).click();
  const drop = (content: string) =>
    page.locator(".files-form").evaluate((target, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], "data.txt"));
      target.dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true }));
      target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, content);
  await drop("old");
  await page.getByText("3 bytes").waitFor();
  await drop("newer");
  await page.getByText("5 bytes").waitFor();
  assert.equal(await name(page).count(), 1);
  await run(page).click();
  const { files } = await sent(api, "POST /run", 1);
  assert.deepEqual((files as unknown[])[1], { name: "data.txt", content: "newer" });
  await close();
});

test("a name that the API would refuse is said at its field, and nothing is sent", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, "#/p/echo");
  await type(page, "x");
  await tab(page).click();
  await choose(page, [LIB, BYTES]);
  const field = name(page).first();
  for (const [bad, why] of [
    ["", "1 to 128 bytes"],
    ["../lib.py", "relative"],
    ["/lib.py", "relative"],
    ["a\\b", "backslash"],
    ["MAIN.py", "has this name"],
    ["raw.bin", "has this name"],
    ["raw.bin/x", "as its folder"],
    ["a.out", "compilers"],
    ["A.exe/x", "compilers"],
  ] as const) {
    await field.fill(bad);
    await page.getByRole("tab", { name: "Result" }).click();
    await run(page).click();
    await page.locator(".files-list .error-text:not([hidden])").first().waitFor();
    const said = await page.locator(".files-list .error-text:not([hidden])").allTextContents();
    assert.match(said.join(), new RegExp(why), bad);
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid")), "true", bad);
  }
  await quiet(page);
  assert.equal(api.calls("POST /run").length, 0);
  await field.fill("lib.py");
  await run(page).click();
  await sent(api, "POST /run", 1);
  await close();
});

test("too many bytes are refused before they are sent", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, "#/free");
  await type(page, "12345");
  await tab(page).click();
  await choose(page, [{ ...LIB, buffer: Buffer.alloc(262_145, "x") }]);
  await page.getByText("lib.py is too large").waitFor();
  await choose(page, [{ ...LIB, buffer: Buffer.alloc(262_140, "x") }]);
  await page.getByRole("tab", { name: "Files (1)" }).waitFor();
  await run(page).click();
  await page.getByText("are 262145 bytes").waitFor();
  await quiet(page);
  assert.equal(api.calls("POST /run").length, 0);
  await close();
});

test("a problem that asks for a function has no files", async () => {
  const { page, close } = await open(solvingApi(), "#/p/two-sum");
  await page.getByRole("tab", { name: "My input" }).waitFor();
  assert.equal(await tab(page).count(), 0);
  await close();
});

test("axe finds nothing serious about files, wide and narrow", async () => {
  const { page, close } = await open(solvingApi(), "#/p/echo", { viewport: { width: 360, height: 720 } });
  await page.locator(".solve").waitFor();
  await page.locator(".solve-panes").getByRole("tab", { name: "Result" }).click();
  await tab(page).click();
  await choose(page, [LIB, BYTES]);
  await name(page).first().fill("../x");
  await run(page).click();
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 720 });
    await page.locator(".files-list .error-text:not([hidden])").first().waitFor();
    await accessible(page);
    const folder = process.env["FILES_SCREENSHOTS"];
    if (folder) await page.screenshot({ path: `${folder}/files-${width}.png` });
  }
  await close();
});
