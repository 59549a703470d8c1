// What the operator's views are tested with: a made-up API that knows one token, with
// numbers, endpoints, dead letters and problems; and the ways into the views.

import type { ServerResponse } from "node:http";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { DeadLetter, Stats } from "../src/api/types.ts";
import { Api, type Asked, failure, open, type Opened, quiet, send } from "./harness.ts";

export const TOKEN = "a-token-0123456789";

export function stats(change: Partial<Stats> = {}): Stats {
  const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;
  return {
    waiting: { high: 1, normal: 12, low: 340 },
    oldestWaitMs: 42_000,
    inFlight: 8,
    due: 2,
    later: 5,
    dead: 3,
    paused: false,
    minutes: Array.from({ length: 50 }, (_, index) => ({
      startsAtMs: minuteMs - (index + (index > 20 ? 4 : 0)) * 60_000,
      done: 20 + ((index * 7) % 23),
      dead: index % 9 === 3 ? 3 : 0,
    })),
    countedSinceMs: minuteMs - 4_000_000,
    latency: {
      jobs: 1234,
      waitMs: { p50: 100, p90: 1_500, p99: 7_500 },
      totalMs: { p50: 500, p90: 3_000, p99: 21_600_000 },
    },
    verdicts: [
      { language: "python", verdict: "Accepted", count: 610 },
      { language: "python", verdict: "Wrong Answer", count: 220 },
      { language: "javascript", verdict: "Accepted", count: 150 },
      { language: "python", verdict: "Time Limit Exceeded", count: 80 },
      { language: "c++", verdict: "Compilation Error", count: 40 },
      { language: "c++", verdict: "Accepted", count: 34 },
    ],
    commands: { lastHour: 2_400, lastDay: 14_100, dailyLimit: 16_666 },
    ...change,
  };
}

const endpoints = () => [
  {
    name: "main",
    kind: "piston",
    healthy: true,
    error: null,
    latencyMs: 12,
    ejectedUntilMs: null,
    languages: [
      { language: "python", version: "3.12.0", aliases: ["py"] },
      { language: "javascript", version: "22.1.0", aliases: ["js", "node"] },
      { language: "c++", version: "14.2.0", aliases: ["cpp"] },
    ],
  },
  {
    name: "spare",
    kind: "judge0",
    healthy: false,
    error: "The execution endpoint did not answer within 3 s.",
    latencyMs: 3_000,
    ejectedUntilMs: Date.now() + 30_000,
    languages: [],
  },
];

export const UNREACHABLE = "The execution endpoint did not answer: connection refused";
export const NO_JOB = "not JSON: expected value at line 1 column 1";

export function letter(number: number, change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: `job-${String(number).padStart(4, "0")}`,
    reason: UNREACHABLE,
    problemId: "two-sum",
    language: "python",
    lane: "normal",
    attempts: 3,
    history: [1, 2, 3].map((attempt) => ({
      attempt,
      reason: `${UNREACHABLE} (attempt ${attempt})`,
      atMs: Date.now() - (10 - attempt) * 60_000,
    })),
    submittedAtMs: Date.now() - 900_000,
    deadAtMs: Date.now() - number * 1_000,
    ...change,
  };
}

/** Dead letters as the API has them, `size` a page. Those of the reason `NO_JOB` cannot be replayed. */
export class Letters {
  stored: DeadLetter[];
  readonly size: number;

  constructor(stored: DeadLetter[], size = 100) {
    this.stored = stored;
    this.size = size;
  }

  /** A page: letters are looked at by number, as a scan does it. */
  page({ query }: Asked): { dead: DeadLetter[]; next: string | null } {
    const from = Number(query.get("cursor") ?? 0);
    const next = from + this.size < this.stored.length ? String(from + this.size) : null;
    const dead = this.stored
      .slice(from, from + this.size)
      .filter((one) => one.reason.startsWith(query.get("reason") ?? ""));
    return { dead, next };
  }

  take(id: string): boolean {
    const before = this.stored.length;
    this.stored = this.stored.filter((one) => one.id !== id);
    return this.stored.length < before;
  }

  /** Takes up to `size` letters of a reason; those that are no jobs stay if it is a replay. */
  act({ query }: Asked, replays: boolean): { took: number; unreadable: number; next: string | null } {
    const reason = query.get("reason") ?? "";
    const skip = Number(query.get("cursor") ?? 0);
    const found = this.stored.filter((one) => one.reason.startsWith(reason));
    const mine = found.slice(skip, skip + this.size);
    const stay = replays ? mine.filter((one) => one.reason.startsWith(NO_JOB)) : [];
    for (const one of mine) if (!stay.includes(one)) this.take(one.id);
    const next = skip + this.size < found.length ? String(skip + stay.length) : null;
    return { took: mine.length - stay.length, unreadable: stay.length, next };
  }

  serve(api: Api): void {
    const id = (asked: Asked) => decodeURIComponent(asked.path.split("/")[2] ?? "");
    const missing = (response: ServerResponse) =>
      send(response, 404, failure("not_found", "There is no dead letter with this id."));
    allowed(api, "GET /dead", (asked) => ({ success: true, ...this.page(asked) }));
    allowed(api, "GET /dead/*", (asked, response) => {
      const dead = this.stored.find((one) => one.id === id(asked));
      if (!dead) return missing(response);
      const payload = JSON.stringify({ id: dead.id, problemId: "two-sum", language: "python", code: "print(1)\n" });
      return { success: true, dead, payload };
    });
    allowed(api, "DELETE /dead/*", (asked, response) =>
      this.take(id(asked)) ? { success: true, message: "Deleted.", id: id(asked) } : missing(response),
    );
    allowed(api, "POST /dead/*/replay", (asked, response) => {
      const dead = this.stored.find((one) => one.id === id(asked));
      if (!dead) return missing(response);
      if (dead.reason.startsWith(NO_JOB))
        return send(response, 422, failure("refused", "This dead letter cannot be replayed, for it is no job.", "id"));
      this.take(dead.id);
      return { success: true, message: "Waiting again.", id: dead.id, position: 4 };
    });
    allowed(api, "POST /dead/replay", (asked) => {
      const { took, unreadable, next } = this.act(asked, true);
      return { success: true, message: "Waiting again.", replayed: took, unreadable, next };
    });
    allowed(api, "POST /dead/delete", (asked) => {
      const { took, next } = this.act(asked, false);
      return { success: true, message: "Deleted.", deleted: took, next };
    });
  }
}

type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** An answer for who sends the token. */
export function allowed(api: Api, what: string, answer: Answer): void {
  api.on(what, (asked, response) => {
    if (asked.headers.authorization === `Bearer ${TOKEN}`) return answer(asked, response);
    return send(response, 401, failure("unauthorized", "This call needs the header Authorization: Bearer."));
  });
}

/** The whole of it, with these numbers. */
export function world(now: () => Stats = () => stats()): Api {
  const api = new Api();
  allowed(api, "GET /stats", () => ({ success: true, stats: now() }));
  allowed(api, "GET /endpoints", () => ({ success: true, endpoints: endpoints() }));
  allowed(api, "POST /pause", () => ({ success: true, message: "Paused." }));
  allowed(api, "POST /resume", () => ({ success: true, message: "Resumed." }));
  allowed(api, "GET /scheduled", () => ({
    success: true,
    scheduled: [
      { id: `later-2-${"0f1e2d3c".repeat(8)}`, lane: "low", dueAtMs: Date.now() + 7_200_000 },
      { id: "later-1", lane: "normal", dueAtMs: Date.now() + 60_000 },
    ],
    next: null,
  }));
  const version = (digit: string) => digit.repeat(32);
  api.on("GET /problems", () => ({
    success: true,
    problems: [
      {
        id: "two-sum",
        title: "Two numbers that make a sum",
        kind: "function",
        cases: 14,
        version: version("a"),
        updatedAtMs: Date.now() - 86_400_000,
      },
      {
        id: "circle-area",
        title: "The area of a circle",
        kind: "program",
        cases: 6,
        version: version("b"),
        updatedAtMs: Date.now() - 3_600_000,
      },
    ],
    next: null,
  }));
  new Letters([
    ...Array.from({ length: 6 }, (_, index) => letter(index + 1)),
    letter(7, {
      reason: NO_JOB,
      lane: "low",
      attempts: 1,
      history: [],
      problemId: undefined,
      language: undefined,
    } as object),
    letter(8, { reason: "The job failed 3 times, last with: Internal Error, the endpoint gave up", language: "c++" }),
  ]).serve(api);
  return api;
}

/** Opens a view with the key in the session, as after it was entered. */
export function enter(api: Api, hash: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const keep = `sessionStorage.setItem("edgejudge:key", "${TOKEN}");
    sessionStorage.setItem("edgejudge:operates", "yes");`;
  return open(api, hash, options, keep);
}

/** Hides the page, or shows it again, as a change of tabs does. */
export async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (is ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** Waits until the API was called so often, and no oftener by what the page has begun. */
export async function settled(page: Page, api: Api, what: string, count: number): Promise<void> {
  await api.got(what, count);
  await quiet(page);
  await api.got(what, count);
}
