// Times as people read them. A `<time>` element shows how long ago, its title the
// exact time with its zone, and its `datetime` the time in UTC.

import { h } from "./dom.ts";

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** "3 minutes ago". */
export function ago(ms: number, now = Date.now()): string {
  const passed = ms - now;
  for (const [unit, length] of UNITS) {
    if (Math.abs(passed) >= length) return relative.format(Math.trunc(passed / length), unit);
  }
  return "just now";
}

/** "850 ms", "4.2 s", "3 min", "2 h". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** "12.5 MB". */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1_000).toFixed(count < 10_000 ? 1 : 0)} kB`;
  return `${(count / 1_000_000).toFixed(count < 10_000_000 ? 1 : 0)} MB`;
}

/** Every element that {@link time} made, as long as it is on the page. */
const shown = new Set<WeakRef<HTMLTimeElement>>();

/** An element that says how long ago, and goes on saying so. */
export function time(ms: number): HTMLTimeElement {
  const date = new Date(ms);
  const element = h("time", { datetime: date.toISOString(), title: exact.format(date), tabindex: "0" }, ago(ms));
  shown.add(new WeakRef(element));
  return element;
}

function refresh(): void {
  if (document.hidden) return;
  for (const reference of shown) {
    const element = reference.deref();
    if (!element) shown.delete(reference);
    else if (element.isConnected) element.textContent = ago(Date.parse(element.dateTime));
  }
}

setInterval(refresh, 20_000);
document.addEventListener("visibilitychange", refresh);
