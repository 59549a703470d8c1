// What the tests of the tester's drawer are written with: a made-up API, and the way in.

import type { Page } from "playwright-core";
import { Api } from "./harness.ts";

export const TOKEN = "secret-of-the-operator";

export const STATS = {
  waiting: { high: 1, normal: 23, low: 4 },
  oldestWaitMs: 4_200,
  inFlight: 5,
  due: 0,
  later: 0,
  dead: 2,
  paused: false,
  minutes: [
    { startsAtMs: 0, done: 30, dead: 0 },
    { startsAtMs: 60_000, done: 12, dead: 0 },
  ],
  countedSinceMs: 0,
  latency: null,
  verdicts: [],
  commands: { lastHour: 1, lastDay: 1, dailyLimit: null },
};

export function api(): Api {
  return new Api()
    .on("GET /problems", () => ({ success: true, problems: [], next: null }))
    .on("GET /languages", () => ({ success: true, languages: [] }))
    .on("GET /worker", () => ({ success: true, message: "No jobs in queue" }))
    .on("GET /stats", () => ({ success: true, stats: STATS }));
}

export const button = (page: Page) => page.getByRole("button", { name: "API calls", exact: true });
export const drawer = (page: Page) => page.getByRole("dialog", { name: "API calls" });

export async function openDrawer(page: Page, tab?: "Send" | "Queue"): Promise<void> {
  await button(page).click();
  await drawer(page).waitFor();
  if (tab) await drawer(page).getByRole("tab", { name: tab }).click();
}
