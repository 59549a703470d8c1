// The queue while it works. By its numbers where the key may ask for them, every 2 s; and
// the submissions of a batch one by one, one call a second. Nothing is asked while
// the drawer is closed or the page is hidden.

import { call } from "../../api/client.ts";
import { advice, CallError } from "../../api/errors.ts";
import { isAboutKeys, key } from "../../api/key.ts";
import { poll } from "../../api/poll.ts";
import type { Result, Stats } from "../../api/types.ts";
import { say } from "../../base/announce.ts";
import { h, replace } from "../../base/dom.ts";
import { duration } from "../../base/time.ts";
import { openKey } from "../../key/index.ts";
import * as operator from "../../operator.ts";

const STATS_MS = 2_000;
const RESULT_MS = 1_000;
/** After so many calls a batch that does not end is left alone. */
const MAX_CALLS = 600;

export interface QueueWatch {
  element: HTMLElement;
  /** Follows these submissions until each has its end. */
  watchBatch(ids: string[]): void;
  opened(isOpen: boolean): void;
}

export function queueWatch(): QueueWatch {
  const numbers = statsPart();
  const batch = batchPart();
  return {
    element: h("div", { class: "stack" }, numbers.element, batch.element),
    watchBatch: batch.watch,
    opened(isOpen) {
      numbers.opened(isOpen);
      batch.opened(isOpen);
    },
  };
}

function statsPart(): { element: HTMLElement; opened(isOpen: boolean): void } {
  let isOpen = false;
  const ticked = h("input", { type: "checkbox", onchange: ticking });
  const shown = h("div", { "aria-live": "off" });
  const asking = poll(async () => {
    try {
      replace(shown, table(await operator.stats()));
    } catch (error) {
      replace(shown, h("p", { class: "error-text" }, advice(error)));
      // The same key is refused again, however often it is asked with.
      if (isAboutKeys(error)) {
        ticked.checked = false;
        turn();
      }
      throw error;
    }
  }, STATS_MS);

  function ticking(): void {
    turn();
    void asking.now();
  }

  function turn(): void {
    if (isOpen && ticked.checked && key.get() !== undefined) asking.start();
    else asking.stop();
  }
  const choice = h("label", { class: "row check" }, ticked, h("span", {}, "Watch it, every 2 s"));
  const without = h(
    "p",
    { class: "muted small" },
    "The queue's numbers need a key that may read them. ",
    h("button", { class: "button small", type: "button", onclick: openKey }, "Give a key"),
  );
  key.watch((value) => {
    choice.hidden = value === undefined;
    without.hidden = value !== undefined;
    if (value === undefined) replace(shown);
    turn();
  });
  return {
    element: h("section", { class: "card stack" }, h("h3", {}, "The queue"), choice, without, shown),
    opened(value) {
      isOpen = value;
      turn();
    },
  };
}

function table(stats: Stats): HTMLElement {
  const { waiting } = stats;
  const minute = stats.minutes.reduce((sum, one) => sum + one.done, 0);
  const rows: [string, string][] = [
    ["Waiting, high", String(waiting.high)],
    ["Waiting, normal", String(waiting.normal)],
    ["Waiting, low", String(waiting.low)],
    ["Oldest waits", stats.oldestWaitMs === null ? "–" : duration(stats.oldestWaitMs)],
    ["In flight", String(stats.inFlight)],
    ["Done in the last hour", String(minute)],
    ["Dead letters", String(stats.dead)],
    ["Queue", stats.paused ? "paused" : "running"],
  ];
  return h(
    "table",
    { class: "watch-table" },
    h(
      "tbody",
      {},
      rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, value))),
    ),
  );
}

function batchPart(): { element: HTMLElement; watch(ids: string[]): void; opened(isOpen: boolean): void } {
  let isOpen = false;
  let waiting: string[] = [];
  let total = 0;
  let left = 0;
  let ends = new Map<string, number>();
  let failure: unknown;
  const bar = h("progress", { "aria-label": "Submissions that have ended" });
  const count = h("p", {});
  const verdicts = h("ul", { class: "plain-list row" });
  const error = h("p", { class: "error-text" });
  const stop = h("button", { class: "button small", type: "button", onclick: end }, "Stop watching");
  const element = h(
    "section",
    { class: "card stack", hidden: true },
    h("h3", {}, "The batch"),
    bar,
    count,
    verdicts,
    error,
    h("div", { class: "row" }, stop),
  );

  /** Ends the read that is under way. */
  let reading = new AbortController();

  /** Asks for the submission that was asked for longest ago. */
  async function look(): Promise<void> {
    const mine = waiting;
    const id = mine.shift();
    if (id === undefined) return;
    reading = new AbortController();
    const { signal } = reading;
    left -= 1;
    failure = undefined;
    try {
      const result = await call<Result>(`/result/${id}`, { impatient: true, signal });
      if (mine !== waiting) return;
      if (result.status === "queued") waiting.push(id);
      else ended(result.status === "done" ? result.verdict : result.status);
    } catch (thrown) {
      if (mine !== waiting) return;
      if (signal.aborted) {
        waiting.unshift(id);
        return;
      }
      failure = thrown;
      if (!(thrown instanceof CallError) || thrown.passing) {
        waiting.push(id);
        // Asked again later, and not before the API says.
        throw thrown;
      }
      ended("lost");
    } finally {
      if (mine === waiting) draw();
      turn();
    }
  }
  const asking = poll(look, RESULT_MS);

  function turn(): void {
    if (isOpen && waiting.length > 0 && left > 0) asking.start();
    else asking.stop();
  }

  function ended(how: string): void {
    ends.set(how, (ends.get(how) ?? 0) + 1);
    if (waiting.length === 0) say(`All ${total} submissions of the batch have ended.`);
  }

  function draw(): void {
    const done = [...ends.values()].reduce((sum, one) => sum + one, 0);
    bar.max = Math.max(1, total);
    bar.value = done;
    const isOver = waiting.length > 0 && left <= 0;
    count.textContent = `${done} of ${total} have ended.${isOver ? " This is no longer watched." : ""}`;
    replace(
      verdicts,
      [...ends].map(([name, number]) => h("li", { class: "tag" }, `${name} × ${number}`)),
    );
    error.textContent = failure === undefined ? "" : advice(failure);
    error.hidden = failure === undefined;
    stop.hidden = waiting.length === 0 || isOver;
  }

  function end(): void {
    left = 0;
    reading.abort();
    turn();
    draw();
  }

  return {
    element,
    watch(ids) {
      reading.abort();
      waiting = [...ids];
      total = ids.length;
      left = MAX_CALLS;
      ends = new Map();
      failure = undefined;
      element.hidden = false;
      draw();
      turn();
    },
    opened(value) {
      isOpen = value;
      if (!isOpen) reading.abort();
      turn();
    },
  };
}
