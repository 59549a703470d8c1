// Latency, verdicts by language, and Redis commands: tables with bars beside them.

import type { Percentiles, Stats, VerdictName } from "../../api/types.ts";
import { type Child, h, replace } from "../../base/dom.ts";
import { duration } from "../../base/time.ts";

export interface Measure {
  element: HTMLElement;
  update(stats: Stats): void;
}

/** The last bucket has no end. */
const OVER_AN_HOUR_MS = 21_600_000;

const number = (count: number) => count.toLocaleString("en");
const head = (...names: string[]) =>
  h(
    "thead",
    {},
    h(
      "tr",
      {},
      names.map((name) => h("th", { scope: "col" }, name)),
    ),
  );

/** A bar of `share` (0 to 1) of its place. Only for the eye: the number stands beside it. */
function bar(share: number, kind: string): HTMLElement {
  const element = h("span", { class: `ops-bar ${kind}`, "aria-hidden": "true" });
  element.style.inlineSize = `${Math.min(100, Math.max(0, share * 100))}%`;
  return element;
}

export function latency(): Measure {
  const body = h("div", {});
  const element = h("section", { class: "card" }, h("h2", {}, "Latency"), body);
  return {
    element,
    update({ latency: told, countedSinceMs }) {
      const since = `since ${new Date(countedSinceMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
      if (!told) return replace(body, h("p", { class: "muted" }, `No submission was finished ${since}.`));
      const longest = Math.max(told.waitMs.p99, told.totalMs.p99, 1);
      const row = (name: string, hint: string, values: Percentiles) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name, h("span", { class: "ops-hint" }, hint)),
          (["p50", "p90", "p99"] as const).map((key) =>
            h("td", { class: "number" }, atMost(values[key]), bar(grade(values[key]) / grade(longest), "accent")),
          ),
        );
      replace(
        body,
        h(
          "p",
          { class: "small muted ops-sentence" },
          `At most, for 50, 90 and 99 of 100; ${number(told.jobs)} submissions ${since}.`,
        ),
        h(
          "table",
          { class: "ops-latency" },
          head("", "p50", "p90", "p99"),
          h(
            "tbody",
            {},
            row("Wait", "until it is run", told.waitMs),
            row("Total", "until there is a result", told.totalMs),
          ),
        ),
      );
    },
  };
}

/** How long a bar is: each ten times as long one step more, from 5 ms on. */
function grade(ms: number): number {
  return Math.log(Math.max(ms, 10) / 5);
}

function atMost(ms: number): string {
  return ms >= OVER_AN_HOUR_MS ? "over 1 h" : duration(ms);
}

/** A colour and a pattern: no two verdicts have both in common. */
const KINDS: Partial<Record<VerdictName, string>> = {
  Accepted: "good",
  Executed: "good striped",
  "Wrong Answer": "bad",
  "Runtime Error": "bad striped",
  "Internal Error": "bad crossed",
  "Time Limit Exceeded": "warn",
  "Memory Limit Exceeded": "warn striped",
  "Output Limit Exceeded": "warn crossed",
  "Compilation Error": "accent",
};
const kindOf = (verdict: VerdictName) => KINDS[verdict] ?? "accent striped";

export function verdicts(): Measure {
  const body = h("div", {});
  const element = h("section", { class: "card ops-wide" }, h("h2", {}, "Verdicts by language"), body);
  return {
    element,
    update({ verdicts: told }) {
      if (told.length === 0) return replace(body, h("p", { class: "muted" }, "No verdict in the last hour."));
      const languages = new Map<string, Stats["verdicts"]>();
      for (const one of told) languages.set(one.language, [...(languages.get(one.language) ?? []), one]);
      const rows = [...languages].map(([language, all]) => {
        const total = all.reduce((sum, { count }) => sum + count, 0);
        return { language, all, total };
      });
      const most = Math.max(...rows.map(({ total }) => total));
      replace(
        body,
        h(
          "div",
          { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Verdicts by language" },
          h(
            "table",
            { class: "ops-verdicts" },
            head("Language", "Jobs", "Verdicts"),
            h(
              "tbody",
              {},
              rows
                .sort((a, b) => b.total - a.total)
                .map(({ language, all, total }) =>
                  h(
                    "tr",
                    {},
                    h("th", { scope: "row" }, language),
                    h("td", { class: "number" }, number(total)),
                    h(
                      "td",
                      {},
                      h(
                        "span",
                        { class: "ops-bars", "aria-hidden": "true" },
                        all.map(({ verdict, count }) => bar(count / most, kindOf(verdict))),
                      ),
                      h("span", { class: "small" }, list(all, total)),
                    ),
                  ),
                ),
            ),
          ),
        ),
      );
    },
  };
}

/** "Accepted 9 (75 %), Wrong Answer 3 (25 %)", each with the mark of its bar. */
function list(all: Stats["verdicts"], total: number): HTMLElement[] {
  return all.map(({ verdict, count }, index) =>
    h(
      "span",
      { class: "ops-share" },
      h("span", { class: `ops-bar ops-swatch ${kindOf(verdict)}`, "aria-hidden": "true" }),
      `${verdict} ${number(count)} (${Math.round((100 * count) / total)} %)${index < all.length - 1 ? ", " : ""}`,
    ),
  );
}

export function commands(): Measure {
  const body = h("div", {});
  const element = h("section", { class: "card" }, h("h2", {}, "Redis commands"), body);
  return {
    element,
    update({ commands: { lastHour, lastDay, dailyLimit } }) {
      const line = (name: string, ...value: Child[]) => [h("dt", {}, name), h("dd", { class: "number" }, value)];
      const limit = dailyLimit === null ? "no limit is set" : number(dailyLimit);
      replace(
        body,
        h(
          "dl",
          { class: "ops-pairs" },
          line("Last hour, about", number(lastHour)),
          line("Last 24 hours, about", number(lastDay)),
          line("The plan's day", limit),
        ),
        dailyLimit === null ? undefined : meter(lastDay, dailyLimit),
      );
    },
  };
}

function meter(used: number, limit: number): HTMLElement {
  const share = limit > 0 ? used / limit : 1;
  const percent = Math.round(share * 100);
  const kind = share >= 1 ? "bad" : share >= 0.8 ? "warn" : "accent";
  const words = `${percent} % of a day's commands used`;
  return h(
    "div",
    {},
    h(
      "div",
      {
        class: "ops-meter",
        role: "meter",
        "aria-label": "Redis commands of the last 24 hours",
        "aria-valuemin": 0,
        "aria-valuemax": limit,
        "aria-valuenow": Math.min(used, limit),
        "aria-valuetext": words,
      },
      bar(share, kind),
    ),
    h(
      "p",
      { class: share >= 1 ? "small error-text" : "small muted" },
      share >= 1 ? `${words}: over the plan.` : `${words}.`,
    ),
  );
}
