// Brings a part of the page's source by itself into an open page, for tests of what no
// view shows alone.

import path from "node:path";
import * as esbuild from "esbuild";
import type { Page } from "playwright-core";

/** `source` is a module in the folder `web/src`; what it exports is `window.part` afterwards. */
export async function loadPart(page: Page, source: string): Promise<void> {
  const built = await esbuild.build({
    stdin: { contents: source, resolveDir: path.join(import.meta.dirname, "..", "src"), loader: "ts" },
    bundle: true,
    format: "esm",
    write: false,
  });
  const body = built.outputFiles[0]?.text ?? "";
  await page.route("**/part.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.evaluate(`import("/part.js").then((part) => { window.part = part; })`);
}
