// Builds the page into `web/dist`, and fails where the first load is over budget.
//
//   node web/build.mjs            once, minified
//   node web/build.mjs --watch    again on every change, with source maps
//
// The API's reference, `docs.html`, is built with it: served as `/docs`, from
// `/openapi.json`, which is the repository's without its line breaks.
//
// Scripts and styles get names with a hash in `dist/assets/`, so that browsers may
// keep them for ever (`public/_headers`); `index.html` names them.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "dist");
/** The API's description. */
const OPENAPI = path.join(here, "..", "docs", "openapi.json");
const watch = process.argv.includes("--watch");

/** What a browser fetches before somebody can type into the editor, in bytes of gzip. */
const FIRST_LOAD_BUDGET = 200_000;
/** The entry points, as esbuild names them in its report. */
const ENTRIES = {
  theme: "web/src/theme-boot.ts",
  main: "web/src/main.ts",
  styles: "web/src/styles/main.css",
};
/** Those of the API's reference, which are no part of the first load. */
const DOCS_ENTRIES = {
  theme: ENTRIES.theme,
  "docs-styles": "web/src/docs/docs.css",
  docs: "web/src/docs/main.ts",
};
/** The view that most people open first: its chunks count into the first load. */
const FIRST_VIEW = "web/src/views/solve/index.ts";

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: path.dirname(here),
  entryPoints: [...new Set([...Object.values(ENTRIES), ...Object.values(DOCS_ENTRIES)])],
  outdir: path.join(out, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  loader: { ".woff2": "file" },
  target: ["es2022", "chrome120", "firefox121", "safari17.4"],
  minify: !watch,
  sourcemap: watch,
  metafile: true,
  legalComments: "linked",
  logLevel: "warning",
  plugins: [{ name: "page", setup: (build) => build.onEnd(finish) }],
};

/** Writes the two documents and the static files, and removes what no name leads to. */
async function finish(result) {
  if (result.errors.length > 0) return;
  const outputs = result.metafile.outputs;
  const find = (entry) => Object.keys(outputs).find((name) => outputs[name].entryPoint === entry);
  await mkdir(out, { recursive: true });
  for (const name of await readdir(path.join(here, "public"))) {
    await copyFile(path.join(here, "public", name), path.join(out, name));
  }
  await writeFile(path.join(out, "openapi.json"), JSON.stringify(JSON.parse(await readFile(OPENAPI, "utf8"))));
  await writeHtml("docs.html", DOCS_ENTRIES, find);
  await writeHtml("index.html", ENTRIES, find);
  await prune(outputs);
  if (watch) console.log(`page: built at ${new Date().toISOString()}`);
  else await report(outputs, find);
}

/** Writes an HTML file with the names of its built entries. */
async function writeHtml(name, entries, find) {
  let html = await readFile(path.join(here, name), "utf8");
  for (const [key, entry] of Object.entries(entries)) {
    html = html.replace(`%${key}%`, `/assets/${path.basename(find(entry))}`);
  }
  await writeFile(path.join(out, name), html);
}

/** Removes the assets of earlier builds. Not before a build: `wrangler dev` serves them meanwhile. */
async function prune(outputs) {
  const assets = path.join(out, "assets");
  const made = new Set(Object.keys(outputs).map((name) => path.basename(name)));
  for (const name of await readdir(assets)) {
    if (!made.has(name)) await rm(path.join(assets, name));
  }
}

/** Prints the size of the first load and of every lazy entry; fails over budget. */
async function report(outputs, find) {
  const first = new Set();
  const add = (set, name) => {
    if (!name || set.has(name)) return;
    set.add(name);
    for (const one of outputs[name].imports) {
      if (one.kind === "import-statement") add(set, one.path);
    }
  };
  for (const entry of [...Object.values(ENTRIES), FIRST_VIEW]) add(first, find(entry));
  const size = async (name) => gzipSync(await readFile(path.join(path.dirname(here), name)), { level: 9 }).length;
  const sum = async (names) => {
    let total = 0;
    for (const name of names) total += await size(name);
    return total;
  };
  const bytes = (await sum(first)) + gzipSync(await readFile(path.join(out, "index.html"))).length;
  console.log(`page: first load ${bytes} bytes of gzip, of ${FIRST_LOAD_BUDGET} allowed`);
  for (const [name, output] of Object.entries(outputs)) {
    if (!output.entryPoint || first.has(name)) continue;
    const lazy = new Set();
    add(lazy, name);
    for (const one of first) lazy.delete(one);
    console.log(`page:   ${output.entryPoint} adds ${await sum(lazy)}`);
  }
  if (bytes > FIRST_LOAD_BUDGET) {
    console.error("page: the first load is over its budget");
    process.exitCode = 1;
  }
}

if (watch) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
