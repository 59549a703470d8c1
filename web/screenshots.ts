// Takes a picture of every view, light and dark, on a phone and on a desktop.
// `cargo xtask screenshots` starts a stack of its own for this and runs it:
//
//   node web/screenshots.ts FOLDER
//
// A picture's name is VIEW-THEME-SIZE.png; README.md begins with solve-light-desktop.png.
//
// What the pictures show is real: submissions that were judged, a queue that was
// paused, jobs that an endpoint failed.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launch } from "./tests/harness.ts";

const folder = process.argv[2] ?? "docs/screenshots";
const { PAGE_URL = "", WORKER_URL = "", RUNNER_URL = "", ADMIN_TOKEN = "", ENDPOINT_PORT = "" } = process.env;
const PROBLEMS = path.join(import.meta.dirname, "../problems");
/** Jobs with this text are failed by the endpoint, so that there are dead letters. */
const FAILING = "fetch_from_the_network";

const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

async function api<T>(method: string, where: string, body?: unknown): Promise<T> {
  const response = await fetch(PAGE_URL + where, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

async function submit(problemId: string, language: string, code: string, more: object = {}): Promise<string> {
  return (await api<{ id: string }>("POST", "/submit", { problemId, language, code, ...more })).id;
}

async function ended(id: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const { status } = await api<{ status: string }>("GET", `/result/${id}?wait=2`);
    if (status !== "queued") return;
    await fetch(`${WORKER_URL}/worker?batch=5`);
  }
  throw new Error(`${id} has no end`);
}

/** The runner behind a proxy that fails some jobs. */
async function endpoint(): Promise<() => void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks);
      if (body.includes(FAILING)) return response.writeHead(500).end("out of sandboxes");
      try {
        const answer = await fetch(RUNNER_URL + (request.url ?? "/"), {
          method: request.method ?? "GET",
          headers: { "content-type": request.headers["content-type"] ?? "application/json" },
          ...(body.length > 0 && { body }),
        });
        const text = Buffer.from(await answer.arrayBuffer());
        // How long to leave a busy runner alone is said in a header.
        for (const name of ["content-type", "retry-after"]) {
          const value = answer.headers.get(name);
          if (value !== null) response.setHeader(name, value);
        }
        response.writeHead(answer.status, { "content-length": text.length, connection: "close" }).end(text);
      } catch {
        response.writeHead(502).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(Number(ENDPOINT_PORT), "127.0.0.1", resolve));
  return () => {
    server.closeAllConnections();
    server.close();
  };
}

const LANGUAGES: Record<string, string> = {
  py: "python",
  js: "javascript",
  ts: "typescript",
  c: "c",
  cpp: "c++",
  rb: "ruby",
};

/** Every solution of the sample problems, so that there is something to count. */
async function submitSolutions(): Promise<void> {
  const ids: string[] = [];
  for (const problem of await readdir(PROBLEMS)) {
    const solutions = path.join(PROBLEMS, problem, "solutions");
    for (const name of await readdir(solutions).catch(() => [])) {
      const language = LANGUAGES[path.extname(name).slice(1)];
      if (language) ids.push(await submit(problem, language, await readFile(path.join(solutions, name), "utf8")));
    }
  }
  for (const id of ids) await ended(id);
}

/** Dead letters. Last and few: an endpoint that fails often is left alone for a while. */
async function submitFailing(): Promise<void> {
  for (const [problem, language] of [
    ["weather", "python"],
    ["stock-prices", "javascript"],
  ] as const)
    await ended(await submit(problem, language, `${FAILING}("today")\n`));
}

/** What {@link reader} submitted, in that order. */
const submitted: string[] = [];

/** A browser that has solved this and that. */
async function reader(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: "en-GB", viewport: SIZES.desktop, reducedMotion: "reduce" });
  const page = await context.newPage();
  for (const [problem, name, language] of [
    ["fizz-buzz", "accepted.py", "python"],
    ["reverse-string", "accepted.js", "javascript"],
    ["two-sum", "accepted.py", "python"],
    ["two-sum", "wrong.py", "python"],
  ] as const) {
    await page.goto(`${PAGE_URL}/#/p/${problem}`);
    await page.reload();
    await page.getByLabel("Language").selectOption(language);
    await write(page, await readFile(path.join(PROBLEMS, problem, "solutions", name), "utf8"));
    await page.getByRole("button", { name: "Submit" }).click();
    await page.locator(".r-head .verdict").first().waitFor();
    const link = await page.getByRole("link", { name: "Open this submission" }).getAttribute("href");
    submitted.push(link?.split("/")[2] ?? "");
  }
  await page.close();
  return context;
}

/** One of the parts of the solving view; side by side there is nothing to choose. */
async function part(page: Page, name: string, phone: boolean): Promise<void> {
  if (phone) await page.getByRole("tablist", { name: "Parts" }).getByRole("tab", { name, exact: true }).click();
}

/** Submits one of the sample solutions, and waits for its verdict. */
async function solve(page: Page, name: string, verdict: string, phone: boolean): Promise<void> {
  await part(page, "Code", phone);
  await page.getByLabel("Language").selectOption("python");
  await write(page, await readFile(path.join(PROBLEMS, "two-sum/solutions", name), "utf8"));
  await page.getByRole("button", { name: "Submit" }).click();
  await page.locator(`.r-head .verdict[data-verdict="${verdict}"]`).first().waitFor();
}

/** What the playground runs. */
const GREETING = `import sys

names = [line.strip() for line in sys.stdin if line.strip()]
width = max(map(len, names), default=0)

for number, name in enumerate(names, start=1):
    print(f"{number}. Hello, {name:<{width}}  ({len(name)} letters)")

print(f"{len(names)} people were greeted.")
`;
const NAMES = "Ada\nGrace\nEdsger\nBarbara\n";

async function write(page: Page, code: string): Promise<void> {
  const editor = page.locator(".editor .cm-content:visible").first();
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, code);
}

interface View {
  name: string;
  hash: () => Promise<string>;
  ready: (page: Page, phone: boolean) => Promise<unknown>;
  /** The whole length instead of the first screen. */
  whole?: boolean;
}

const at = (hash: string) => async () => hash;
const heading = (page: Page) => page.getByRole("heading", { level: 1 }).first().waitFor();

const VIEWS: View[] = [
  {
    name: "problems",
    hash: at("#/"),
    ready: (page) => page.getByRole("link", { name: "Two numbers" }).first().waitFor(),
  },
  {
    name: "solve",
    hash: at("#/p/two-sum"),
    async ready(page, phone) {
      await page.getByRole("button", { name: "Submit" }).waitFor();
      if (!phone) await solve(page, "accepted.py", "Accepted", phone);
    },
  },
  {
    name: "solve-result",
    hash: at("#/p/two-sum"),
    ready: (page, phone) => solve(page, "wrong.py", "Wrong Answer", phone),
  },
  {
    name: "playground",
    hash: at("#/free"),
    async ready(page, phone) {
      await part(page, "Code", phone);
      await page.getByLabel("Language").selectOption("python");
      await write(page, GREETING);
      await part(page, "Input & result", phone);
      await page.getByRole("tab", { name: "My input" }).click();
      await page.getByLabel("Standard input").fill(NAMES);
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByText("4 people were greeted.").waitFor();
    },
  },
  {
    name: "submission",
    hash: async () => `#/s/${submitted[3]}`,
    ready: (page) => page.locator(".r-head .verdict").first().waitFor(),
    whole: true,
  },
  { name: "history", hash: at("#/history"), ready: heading },
  {
    name: "compare",
    hash: async () => `#/compare/${submitted[3]}/${submitted[2]}`,
    ready: heading,
    whole: true,
  },
  {
    name: "operate",
    hash: at("#/ops"),
    ready: (page) =>
      page
        .getByText("healthy")
        .or(page.getByText(/in flight/i))
        .first()
        .waitFor(),
    whole: true,
  },
  {
    name: "dead-letters",
    hash: at("#/ops/dead"),
    ready: (page) => page.locator(".ops-letter-toggle").first().click(),
  },
  {
    name: "operate-problems",
    hash: at("#/ops/problems"),
    ready: (page) => page.getByRole("button", { name: "Rejudge two-sum" }).waitFor(),
  },
  {
    name: "api-calls",
    hash: at("#/p/two-sum"),
    async ready(page) {
      await page.getByRole("button", { name: "Submit" }).waitFor();
      await page.getByRole("button", { name: "API calls" }).click();
      await page.getByRole("dialog", { name: "API calls" }).locator("summary").first().click();
    },
  },
];

/** As WebP, which is a third of a PNG; `whole` is the page beyond the screen, too. */
async function picture(context: BrowserContext, page: Page, whole: boolean): Promise<Buffer> {
  const session = await context.newCDPSession(page);
  const { cssContentSize } = await session.send("Page.getLayoutMetrics");
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 88,
    ...(whole && { captureBeyondViewport: true, clip: { ...cssContentSize, scale: 1 } }),
  });
  return Buffer.from(data, "base64");
}

async function take(
  context: BrowserContext,
  view: View,
  scheme: "light" | "dark",
  size: keyof typeof SIZES,
): Promise<void> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.setViewportSize(SIZES[size]);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  const name = `${view.name}-${scheme}-${size}`;
  try {
    await page.goto(`${PAGE_URL}/#/nowhere`);
    await page.evaluate((token) => sessionStorage.setItem("edgejudge:key", token), ADMIN_TOKEN);
    const hash = await view.hash();
    await page.goto(`${PAGE_URL}/${hash}`);
    await page.reload();
    await view.ready(page, size === "phone");
    // Maths, grammars and charts come later than the rest.
    await page.waitForTimeout(1_500);
    await writeFile(path.join(folder, `${name}.webp`), await picture(context, page, view.whole === true));
    const wider = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    console.log(`${name}${wider > 0 ? `: ${wider} px wider than the screen` : ""}`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${String(error).slice(0, 600)}`);
  } finally {
    await page.close();
  }
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const stop = await endpoint();
const browser = await launch();
try {
  await submitSolutions();
  const context = await reader(browser);
  await submitFailing();
  // Then a queue: what follows waits.
  await api("POST", "/pause");
  for (let number = 0; number < 7; number += 1) await submit("two-sum", "python", `print(${number})`);
  for (let number = 0; number < 3; number += 1)
    await submit("two-sum", "javascript", `console.log(${number})`, { priority: "low" });
  await submit("two-sum", "python", "print(0)", { priority: "high" });
  const operating = VIEWS.filter(({ name }) => name === "operate");
  const others = VIEWS.filter(({ name }) => name !== "operate");
  for (const [views, before] of [
    [operating, async () => undefined],
    [others, async () => void (await api("POST", "/resume"))],
  ] as const) {
    await before();
    for (const view of views) {
      for (const size of ["desktop", "phone"] as const) {
        for (const scheme of ["light", "dark"] as const) await take(context, view, scheme, size);
      }
    }
  }
} finally {
  await browser.close();
  stop();
}
