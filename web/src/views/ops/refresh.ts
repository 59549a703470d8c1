// The bar that chooses how often numbers are asked for, says how old they are, and,
// when they cannot be had, why, and when they are asked for again.

import { advice, CallError } from "../../api/errors.ts";
import { isAboutKeys } from "../../api/key.ts";
import { h, replace } from "../../base/dom.ts";
import { read, write } from "../../base/storage.ts";
import { openKey } from "../../key/index.ts";
import type { Poll } from "../../api/poll.ts";

const KEY = "ops:interval";
const INTERVALS: [number, string][] = [
  [0, "off"],
  [5_000, "5 s"],
  [15_000, "15 s"],
  [60_000, "60 s"],
];
const DEFAULT_MS = 15_000;

/** The interval that was chosen last, in milliseconds; 0 is off. */
export function chosenMs(): number {
  const kept = read<number>(KEY);
  return INTERVALS.some(([ms]) => ms === kept) ? (kept ?? DEFAULT_MS) : DEFAULT_MS;
}

/** "12 s", "3 min": whole seconds, for what is counted up each second. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}

/** What went wrong; when it is tried again is said beside it. */
function cut(error: unknown): string {
  return error instanceof CallError ? error.message : advice(error);
}

export interface Refresh {
  bar: HTMLElement;
  /** Shown only while the last call failed. */
  notice: HTMLElement;
  /** Says why nothing is asked for by itself; `undefined`: nothing holds it up. */
  explain(why: string | undefined): void;
  stop(): void;
}

/** `what` is asked for: "Numbers", "List". `commands`: how many Redis commands a load costs. */
export function refresh(what: string, poll: Poll, commands?: number): Refresh {
  const age = h("span", { class: "ops-age" });
  const cost = h("span", { class: "muted small" });
  const reason = h("span", { class: "muted small" });
  const again = h("button", { class: "button small", type: "button", onclick: () => void poll.now() }, "Refresh");
  const select = h(
    "select",
    { class: "small", onchange: chosen },
    INTERVALS.map(([ms, name]) => h("option", { value: String(ms), selected: ms === chosenMs() }, name)),
  );
  const bar = h(
    "div",
    { class: "ops-refresh" },
    again,
    h("label", { class: "row ops-tight small" }, "Every ", select),
    age,
    cost,
    reason,
  );
  const notice = h("div", { class: "ops-notice", hidden: true });
  const cause = h("p", {}, "");
  const countdown = h("p", { class: "small" });
  const another = h("button", { class: "button small", type: "button", onclick: openKey }, "Use another key");
  notice.append(
    h("div", {}, cause, countdown),
    another,
    h("button", { class: "button small", type: "button", onclick: () => void poll.now() }, "Try now"),
  );
  let said: unknown;

  function chosen(): void {
    write(KEY, Number(select.value));
    poll.every(Number(select.value));
    price();
  }

  function price(): void {
    if (commands === undefined) return;
    const ms = Number(select.value);
    const hourly = ms === 0 ? "" : `, about ${((commands * 3_600_000) / ms).toLocaleString("en")} an hour`;
    replace(cost, `${commands} Redis commands a load${hourly}`);
  }

  function update(): void {
    if (document.hidden) return;
    const { atMs, error, nextAtMs, busy } = poll.state.get();
    const now = Date.now();
    again.disabled = busy;
    replace(age, atMs === undefined ? (busy ? "Loading…" : "") : `${what} from ${span(now - atMs)} ago`);
    notice.hidden = error === undefined;
    if (error === undefined) {
      said = undefined;
      return;
    }
    if (said !== error) {
      said = error;
      another.hidden = !isAboutKeys(error);
      replace(cause, h("strong", {}, `The ${what.toLowerCase()} cannot be had now. `), cut(error));
    }
    const old = atMs === undefined ? "" : ` What is shown is ${span(now - atMs)} old.`;
    const next = nextAtMs === undefined ? "Asking now." : `Next try in ${span(nextAtMs - now)}.`;
    replace(countdown, next, old);
  }

  price();
  const end = poll.state.watch(update);
  const ticking = setInterval(update, 1_000);
  document.addEventListener("visibilitychange", update);
  return {
    bar,
    notice,
    explain: (why) => replace(reason, why),
    stop() {
      end();
      clearInterval(ticking);
      document.removeEventListener("visibilitychange", update);
    },
  };
}
