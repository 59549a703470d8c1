// Brings a part of the page's source by itself into an open page, for tests of what no
// view shows alone.

import path from "node:path";
import * as esbuild from "esbuild";
import type { Page } from "playwright-core";

const built = new Map<string, Promise<string>>();

/** Bundles it, once for all tests that bring the same. */
function bundle(source: string): Promise<string> {
  const found = built.get(source) ?? bundleAnew(source);
  built.set(source, found);
  return found;
}

async function bundleAnew(source: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: path.join(import.meta.dirname, "..", "src"), loader: "ts" },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** `source` is a module in the folder `web/src`; what it exports is `window.part` afterwards. */
export async function loadPart(page: Page, source: string): Promise<void> {
  const body = await bundle(source);
  await page.route("**/part.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.evaluate(`import("/part.js").then((part) => { window.part = part; })`);
}
