// What the page's tests are written with: the built page behind a small server with
// the policy of production and a made-up API, in headless Chromium.
//
// The whole stack is tested elsewhere (`web/tests/stack`); here a test says itself
// what the API answers, and when.
//
// A machine may be slow. A test waits for what the page shows (a locator, `becomes`),
// never for a time. That the API was called says nothing of the page: it may not have the
// answer yet. What takes seconds runs on a stopped clock (`stopClock`); that nothing more
// comes is looked at once all has arrived that was sent (`quiet`).
//
// All files run in one process, one test after the other, with one browser: what depends on
// the time is made in the test, not when its file is read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const DIST = path.join(import.meta.dirname, "..", "dist");

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/** What the made-up API got. */
export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: string;
  atMs: number;
}

type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** The made-up API: `api.on("GET /problems", () => ({ … }))`; `*` stands for one part of a path. */
export class Api {
  readonly asked: Asked[] = [];
  private readonly answers: [RegExp, Answer][] = [];

  /** A later answer goes before an earlier one. A value is sent as JSON; `undefined`: the answer wrote by itself. */
  on(what: string, answer: Answer): this {
    const [method = "", pattern = ""] = what.split(" ");
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]+");
    this.answers.unshift([new RegExp(`^${method} ${escaped}$`), answer]);
    return this;
  }

  /** The calls of a method and path, oldest first. */
  calls(what: string): Asked[] {
    return this.asked.filter((one) => `${one.method} ${one.path}` === what);
  }

  /**
   * Waits until the API was called so often, and no oftener, and returns the calls. The page
   * has not taken in the last answer then: who presses again what a call keeps busy waits first
   * for what the answer changes.
   */
  async got(what: string, count: number): Promise<Asked[]> {
    await eventually(() => this.calls(what).length >= count).catch(() => undefined);
    assert.equal(this.calls(what).length, count, what);
    return this.calls(what);
  }

  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked: Asked = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      atMs: Date.now(),
    };
    this.asked.push(asked);
    const found = this.answers.find(([pattern]) => pattern.test(`${asked.method} ${asked.path}`));
    if (!found) return send(response, 404, failure("not_found", "There is nothing at this path."));
    const value = await found[1](asked, response);
    if (value !== undefined && !response.headersSent) send(response, 200, value);
  }
}

/** Sends a value as JSON. */
export function send(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

/** The API's form of an error. */
export function failure(code: string, message: string, field?: string): unknown {
  return { success: false, error: { code, message, field } };
}

/** Writes server-sent events; `data` is sent as one line of JSON. */
export function events(response: ServerResponse): {
  send(id: string, event: string, data: unknown): void;
  end(): void;
} {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("retry: 1000\n\n");
  return {
    send: (id, event, data) => response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => response.end(),
  };
}

/** The headers that `public/_headers` gives to a path: those of every file, and its own in their place. */
function policy(where: string): Record<string, string> {
  const text = file("/_headers").toString();
  const section = (name: string) => text.split(`\n${name}\n`)[1]?.split("\n\n")[0]?.split("\n") ?? [];
  return Object.fromEntries(
    ["/*", where.startsWith("/assets/") ? "/assets/*" : where]
      .flatMap(section)
      .map(
        (line) =>
          line
            .trim()
            .split(/: (.*)/)
            .slice(0, 2) as [string, string],
      )
      .filter(([name, value]) => value !== undefined && !name.startsWith("!")),
  );
}

const files = new Map<string, Buffer>();

/** A file of the built page, read once. */
function file(name: string): Buffer {
  const found = files.get(name) ?? readFileSync(path.join(DIST, path.normalize(name)));
  files.set(name, found);
  return found;
}

/** The files that are not at their own path, and those beside the assets. */
const FILES: Record<string, string> = {
  "/": "/index.html",
  "/docs": "/docs.html",
  "/openapi.json": "/openapi.json",
  "/favicon.svg": "/favicon.svg",
};

/** Answers nothing and is no call of the API: see {@link quiet}. */
const ECHO = "/-/echo";
/** An empty document of the page's origin. */
const BLANK = "/-/blank";

async function serve(api: Api, response: ServerResponse, request: IncomingMessage): Promise<void> {
  const url = new URL(request.url ?? "/", "http://page");
  if (url.pathname === ECHO || url.pathname === BLANK) {
    // No browser asks for an icon then.
    response.writeHead(200, { "content-type": "text/html" }).end('<link rel="icon" href="data:,">');
    return;
  }
  const name = url.pathname.startsWith("/assets/") ? url.pathname : FILES[url.pathname];
  if (name === undefined) return api.answer(request, response, url);
  try {
    const body = file(name);
    response.writeHead(200, {
      "content-type": TYPES[path.extname(name)] ?? "text/plain",
      ...policy(url.pathname),
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** How long a test waits for what comes soon on a machine that is not busy. */
const PATIENCE_MS = 15_000;

/** Waits until it is so. */
export async function eventually(is: () => unknown, withinMs = PATIENCE_MS): Promise<void> {
  for (const endMs = performance.now() + withinMs; !(await is()); await sleep(20)) {
    assert.ok(performance.now() < endMs, `not within ${withinMs} ms: ${is}`);
  }
}

/** Asks until the answer is the expected one. */
export async function becomes<T>(ask: () => T | Promise<T>, expected: T, message?: string): Promise<void> {
  let found = await ask();
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; found = await ask()) {
    if (isDeepStrictEqual(found, expected)) return;
    await sleep(20);
  }
  assert.deepEqual(found, expected, message);
}

/**
 * Waits until the server has what the page has sent so far, for tests that nothing more
 * comes. Twice, since two requests of the same moment may change places on their way.
 */
export async function quiet(page: Page): Promise<void> {
  await page.evaluate(async (path) => {
    await fetch(path);
    await fetch(path);
  }, ECHO);
}

/** Waits until the page has drawn what it was told so far. Not with a clock of the test. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export interface Opened {
  api: Api;
  page: Page;
  context: BrowserContext;
  base: string;
  /** What the page reported against its policy, and its uncaught errors. */
  complaints: string[];
  /** What it asked of other hosts. */
  foreign: string[];
  /** Another tab of the same browser. */
  tab(hash: string): Promise<Page>;
  close(): Promise<void>;
}

let browser: Promise<Browser> | undefined;

/** Starts the browser before the tests and ends it after them; files in one process share it. */
export function useBrowser(): void {
  before(async () => {
    browser ??= launch();
    await browser;
  });
  after(async () => {
    const ended = browser;
    browser = undefined;
    await (await ended)?.close();
  });
}

/** The browser of {@link useBrowser}. */
export async function theBrowser(): Promise<Browser> {
  if (!browser) throw new Error("useBrowser() was not called");
  return browser;
}

/** Headless Chromium: `CHROMIUM`, or the machine's. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** Waits until what fades or slides has its last place and colours. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.all(ends.map((one) => one.finished.catch(() => undefined)));
  });
}

/**
 * Opens the page at an address such as `#/p/two-sum`, or another document, as `docs`.
 * `before` runs first, as a script of the same origin: for what the browser has kept.
 */
export async function open(
  api: Api,
  hash = "#/",
  options: BrowserContextOptions = {},
  before?: string,
): Promise<Opened> {
  const browser = await theBrowser();
  const server: Server = createServer((request, response) => {
    serve(api, response, request).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails does not close it, and must not keep the others waiting.
  server.unref();
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const complaints: string[] = [];
  const foreign: string[] = [];
  const tab = async (where: string, script?: string) => {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${base}/`) && !/^(data|blob):/.test(url)) foreign.push(url);
    });
    if (script !== undefined) {
      await page.goto(base + BLANK);
      await page.evaluate(script);
    }
    await page.goto(`${base}/${where}`);
    return page;
  };
  const page = await tab(hash, before);
  const close = async () => {
    await context.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { api, page, context, base, complaints, foreign, tab, close };
}

/**
 * Stops the page's clock: its timers and dates go on only as the test says, by
 * `page.clock.fastForward` and `runFor`. What the page has begun before runs on.
 */
export async function stopClock(page: Page): Promise<void> {
  const now = Date.now();
  await page.clock.install({ time: now });
  await page.clock.pauseAt(now + 1_000);
}
