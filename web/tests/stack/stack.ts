// What the tests against the whole stack are written with. The program
// `tests/page/main.rs` starts the stack and runs each file here with the addresses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { theBrowser } from "../harness.ts";

export { useBrowser } from "../harness.ts";

/** How long something may take that a person waits for: the machine may be busy with other tests. */
export const SOON_MS = Number(process.env["SOON_MS"] ?? 90_000);

/** Where submit-fn is, which serves the page. */
export const PAGE_URL = variable("PAGE_URL");
const WORKER_URL = variable("WORKER_URL");
const CONTROL_URL = variable("CONTROL_URL");
export const ADMIN_TOKEN = variable("ADMIN_TOKEN");

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this file with cargo test -p e2e --test page -- NAME`);
  return value;
}

/** A part of the stack that can be killed. */
export type Part = "submit-fn" | "worker-fn" | "redis-rest" | "runner";

async function control(what: string, body = ""): Promise<void> {
  const response = await fetch(`${CONTROL_URL}/${what}`, { method: "POST", body });
  assert.equal(response.status, 200, `${what}: ${await response.text()}`);
}

/** SIGKILL to a part of the stack. */
export const kill = (part: Part) => control(`kill/${part}`);
/** Starts a part again, and waits until it answers. */
export const restart = (part: Part) => control(`restart/${part}`);
/** The endpoint fails the jobs that hold this text; none, if it is empty. */
export const failJobsWith = (text: string) => control("fail", text);

/** Has worker-fn work on what is due, as its cron would. */
export async function work(): Promise<void> {
  await fetch(`${WORKER_URL}/worker?batch=20`);
}

/** A call of the API as the operator, past the page. */
export async function api<T>(method: string, where: string, body?: unknown): Promise<T> {
  const response = await fetch(PAGE_URL + where, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${where}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** Submits past the page, and returns the id. */
export async function submit(problemId: string, language: string, code: string, more: object = {}): Promise<string> {
  return (await api<{ id: string }>("POST", "/submit", { problemId, language, code, ...more })).id;
}

interface Ended {
  status: string;
  verdict?: string;
}

/** Waits for a submission's end. */
export async function ended(id: string): Promise<Ended> {
  return until(`the end of ${id}`, async () => {
    const result = await api<Ended>("GET", `/result/${id}?wait=10`);
    return result.status === "queued" ? undefined : result;
  });
}

/** Has worker-fn work until a job is a dead letter. An attempt that is due again waits for the next call. */
export async function died(id: string): Promise<void> {
  await until(`the dead letter of ${id}`, async () => {
    await work();
    const { status } = await api<{ status: string }>("GET", `/result/${id}?wait=1`);
    return status === "dead" || undefined;
  });
}

/** Asks until there is a value. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = SOON_MS): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    assert.ok(Date.now() < deadline, `${what} did not come within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A sample problem's own solution, such as `solution("two-sum", "wrong.py")`. */
export function solution(problem: string, name: string): Promise<string> {
  return readFile(path.join(import.meta.dirname, "../../../problems", problem, "solutions", name), "utf8");
}

/** The policy broken, an error that nobody caught, or a request to another host. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  complaints: string[];
  close(): Promise<void>;
}

/** Opens the page at an address such as `#/p/two-sum` in a browser that was never here. */
export async function visit(hash = "#/", options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await (await theBrowser()).newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.setDefaultTimeout(SOON_MS);
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(`${PAGE_URL}/`))
      complaints.push(`a request to ${request.url()}`);
  });
  await page.goto(`${PAGE_URL}/${hash}`);
  return { page, context, complaints, close: () => context.close() };
}

/** Opens the page with the operator's token, as if it had been given before in this tab. */
export async function visitAsOperator(hash: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const opened = await visit("#/nowhere", options);
  await opened.page.evaluate((token) => sessionStorage.setItem("edgejudge:key", token), ADMIN_TOKEN);
  await opened.page.evaluate((where) => location.replace(where), hash);
  await opened.page.reload();
  return opened;
}

/** The editor's text area; those of other languages are kept, hidden. */
export function editor(page: Page): Locator {
  return page.locator(".editor .cm-content:visible").first();
}

/** Replaces the editor's text, as pasting does. */
export async function write(page: Page, code: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press("ControlOrMeta+a");
  await editor(page).evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, code);
}

/** Waits for a verdict in the result that is shown. */
export async function verdict(page: Page, name: string): Promise<void> {
  await page.locator(`.r-head .verdict[data-verdict="${name}"]`).first().waitFor();
}
