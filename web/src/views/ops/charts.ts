// The two charts of the dashboard, each with its numbers as text beside it: a canvas
// says nothing to a screen reader.

import type { Stats } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { plot } from "./plot.ts";
import { collected, LANES, lastHour, type Minutes } from "./series.ts";

export interface Chart {
  element: HTMLElement;
  update(stats: Stats): void;
  stop(): void;
}

const clock = (seconds: number) =>
  new Date(seconds * 1_000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A card with a heading, a sentence, the chart, and a table that opens. */
function card(title: string, heads: string[]) {
  const summary = h("p", { class: "small muted ops-sentence" });
  const rows = h("tbody", {});
  const table = h(
    "details",
    { class: "ops-numbers" },
    h("summary", {}, "Numbers"),
    h(
      "div",
      { class: "ops-tall", tabindex: "0", role: "region", "aria-label": `${title}: numbers` },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((head) => h("th", { scope: "col" }, head)),
          ),
        ),
        rows,
      ),
    ),
  );
  const place = h("div", {});
  const element = h("section", { class: "card" }, h("h2", {}, title), summary, place, table);
  const fill = (text: string, lines: (string | number)[][], none: string) => {
    replace(summary, text);
    const empty = h("tr", {}, h("td", { colspan: heads.length, class: "muted" }, none));
    const cells = lines.map(([first, ...rest]) =>
      h(
        "tr",
        {},
        h("td", {}, first),
        rest.map((value) => h("td", { class: "number" }, value)),
      ),
    );
    replace(rows, lines.length === 0 ? empty : cells);
  };
  return { element, place, table, fill };
}

/** What was finished and given up in each of the last 60 minutes. */
export function throughput(): Chart {
  const { element, place, table, fill } = card("Finished a minute", ["Minute", "Done", "Failed"]);
  let hour: Minutes = { at: [], done: [], failed: [] };
  // The bars of both stand on each other: the whole is drawn first, done over it.
  const chart = plot(
    "Jobs finished in each of the last 60 minutes",
    [
      { name: "Failed", colour: "--bad", kind: "bars", value: (at) => hour.failed[at] },
      { name: "Done", colour: "--accent", kind: "bars", value: (at) => hour.done[at] },
    ],
    () => {
      table.open = true;
    },
  );
  place.append(chart.element);
  return {
    element,
    update(stats) {
      hour = lastHour(stats.minutes, Date.now());
      const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
      const text =
        `The last 60 minutes: ${sum(hour.done)} done, ${sum(hour.failed)} failed. ` +
        `The last whole minute: ${hour.done.at(-2) ?? 0} done, ${hour.failed.at(-2) ?? 0} failed.`;
      chart.update([hour.at, hour.done.map((done, index) => done + (hour.failed[index] ?? 0)), hour.done], text);
      const lines = hour.at.map((at, index) => [clock(at).slice(0, 5), hour.done[index] ?? 0, hour.failed[index] ?? 0]);
      const busy = lines.filter(([, done, failed]) => done !== 0 || failed !== 0).reverse();
      fill(text, busy, "No minute had a job.");
    },
    stop: chart.stop,
  };
}

/** What waited by lane, since the dashboard was first opened. */
export function waiting(): Chart {
  const { element, place, table, fill } = card("Waiting", ["Time", "High", "Normal", "Low"]);
  const chart = plot(
    "Jobs waiting by lane since this page was opened",
    [
      { name: "High", colour: "--bad", kind: "line", dash: [2, 4] },
      { name: "Normal", colour: "--accent", kind: "line" },
      { name: "Low", colour: "--warn", kind: "line", dash: [8, 5] },
    ],
    () => {
      table.open = true;
    },
  );
  place.append(chart.element);
  return {
    element,
    update(stats) {
      const { at, lanes } = collected;
      const { high, normal, low } = stats.waiting;
      const first = at.length < 2 ? " This is the first look: the lines begin with the second." : "";
      const text = `Now: ${high} high, ${normal} normal, ${low} low. Collected while this page is open.${first}`;
      chart.update([at, ...LANES.map((lane) => lanes[lane])], text);
      const lines = at.map((time, index) => [clock(time), ...LANES.map((lane) => lanes[lane][index] ?? "not asked")]);
      fill(text, lines.slice(-60).reverse(), "Nothing was collected yet.");
    },
    stop: chart.stop,
  };
}
