// What the page's tests are written with: the built page behind a small server with
// the policy of production and a made-up API, in headless Chromium.
//
// The whole stack is tested elsewhere (`web/tests/stack`); here a test says itself
// what the API answers, and when.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, before } from "node:test";
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
async function policy(where: string): Promise<Record<string, string>> {
  const text = await readFile(path.join(DIST, "_headers"), "utf8");
  const section = (name: string) => text.split(`\n${name}\n`)[1]?.split("\n\n")[0]?.split("\n") ?? [];
  return Object.fromEntries(
    ["/*", where]
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

/** The files that are not at their own path, and those beside the assets. */
const FILES: Record<string, string> = {
  "/": "/index.html",
  "/docs": "/docs.html",
  "/openapi.json": "/openapi.json",
  "/favicon.svg": "/favicon.svg",
};

async function serve(api: Api, response: ServerResponse, request: IncomingMessage): Promise<void> {
  const url = new URL(request.url ?? "/", "http://page");
  const name = url.pathname.startsWith("/assets/") ? url.pathname : FILES[url.pathname];
  if (name === undefined) return api.answer(request, response, url);
  try {
    const body = await readFile(path.join(DIST, path.normalize(name)));
    response.writeHead(200, {
      "content-type": TYPES[path.extname(name)] ?? "text/plain",
      ...(await policy(url.pathname)),
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

export interface Opened {
  api: Api;
  page: Page;
  context: BrowserContext;
  base: string;
  /** What the page reported against its policy, and its uncaught errors. */
  complaints: string[];
  /** Another tab of the same browser. */
  tab(hash: string): Promise<Page>;
  close(): Promise<void>;
}

let browser: Browser | undefined;

/** Starts the browser before the tests of a file and ends it after them. */
export function useBrowser(): void {
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
  });
}

/** The browser of {@link useBrowser}. */
export function theBrowser(): Browser {
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

/** Opens the page at an address such as `#/p/two-sum`, or another document, as `docs`. */
export async function open(api: Api, hash = "#/", options: BrowserContextOptions = {}): Promise<Opened> {
  const browser = theBrowser();
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
  const tab = async (where: string) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${base}/${where}`);
    return page;
  };
  const page = await tab(hash);
  const close = async () => {
    await context.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { api, page, context, base, complaints, tab, close };
}
