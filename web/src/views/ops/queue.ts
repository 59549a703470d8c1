// Purging what waits, and the list of what is scheduled.

import { advice } from "../../api/errors.ts";
import type { Stats } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { ask } from "../../base/dialog.ts";
import { time } from "../../base/time.ts";
import { operate } from "../../operator.ts";
import { link } from "../../router.ts";
import { begin } from "./acts.ts";

type Place = "high" | "normal" | "low" | "scheduled";

const PLACES: [Place, string, (stats: Stats) => number][] = [
  ["high", "the lane high", (stats) => stats.waiting.high],
  ["normal", "the lane normal", (stats) => stats.waiting.normal],
  ["low", "the lane low", (stats) => stats.waiting.low],
  ["scheduled", "what is due and what is for later", (stats) => stats.due + stats.later],
];

/** `purged` is called after a purge. */
export function purging(purged: () => void): { element: HTMLElement; update(stats: Stats): void } {
  const rows = PLACES.map(([place, what, count]) => {
    const button = h("button", { class: "button small", type: "button", onclick: () => void purge() }, "Purge");
    let waiting = 0;

    async function purge(): Promise<void> {
      const many = waiting === 1 ? "1 submission" : `${waiting.toLocaleString("en")} submissions`;
      const yes = await ask({
        title: `Purge ${what}?`,
        text:
          `${many} waited there when this page last looked. What waits there now is deleted without being judged; ` +
          "its result is “purged” then. This cannot be undone.",
        action: `Purge ${many}`,
        dangerous: true,
      });
      if (!yes) return;
      begin({
        key: `purge:${place}`,
        title: `Purge ${what}`,
        total: waiting,
        async step() {
          const answer = await operate<{ purged: number; more: boolean }>(`/purge?lane=${place}`, { method: "POST" });
          return { next: answer.more ? "more" : null, counts: { done: answer.purged } };
        },
        tell: ({ done }) => `${done.toLocaleString("en")} purged.`,
        ended: purged,
      });
    }

    return {
      button,
      place,
      set(stats: Stats) {
        waiting = count(stats);
        button.disabled = waiting === 0;
        const name = waiting === 0 ? "Nothing to purge" : `Purge ${waiting.toLocaleString("en")}`;
        button.setAttribute("aria-label", `${name} of ${what}`);
        replace(button, waiting === 0 ? name : `${name}…`);
      },
    };
  });
  const element = h(
    "section",
    { class: "card ops-wide" },
    h("h2", {}, "Purge"),
    h("p", { class: "small muted ops-sentence" }, "Deletes what waits, without judging it."),
    h(
      "ul",
      { class: "ops-lines ops-purges" },
      rows.map(({ button, place }) => h("li", {}, h("span", {}, place), button)),
    ),
  );
  return {
    element,
    update(stats) {
      for (const row of rows) row.set(stats);
    },
  };
}

interface Scheduled {
  id: string;
  lane: string;
  dueAtMs: number;
}

/** Delayed submissions that nobody has claimed; asked for only when it is opened. */
export function scheduled(): { element: HTMLElement; update(stats: Stats): void; stop(): void } {
  const count = h("p", { class: "small muted ops-sentence" });
  const rows = h("tbody", {});
  const note = h("p", { class: "muted small" });
  const more = h(
    "button",
    { class: "button small", type: "button", hidden: true, onclick: () => void load(next) },
    "More",
  );
  const again = h("button", { class: "button small", type: "button", onclick: () => void load(null) }, "Load again");
  const details = h(
    "details",
    { ontoggle: () => details.open && rows.childElementCount === 0 && void load(null) },
    h("summary", {}, "Show the list"),
    h(
      "div",
      { class: "ops-tall ops-words", tabindex: "0", role: "region", "aria-label": "Scheduled submissions" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Submission", "Lane", "Due"].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        rows,
      ),
    ),
    note,
    h("div", { class: "row" }, more, again),
  );
  let next: string | null = null;
  let found: Scheduled[] = [];
  const leaving = new AbortController();

  async function load(cursor: string | null): Promise<void> {
    more.disabled = again.disabled = true;
    try {
      const path = cursor === null ? "/scheduled" : `/scheduled?cursor=${encodeURIComponent(cursor)}`;
      const answer = await operate<{ scheduled: Scheduled[]; next: string | null }>(path, { signal: leaving.signal });
      next = answer.next;
      found = cursor === null ? answer.scheduled : [...found, ...answer.scheduled];
      found.sort((a, b) => a.dueAtMs - b.dueAtMs);
      replace(rows, found.map(row));
      replace(
        note,
        found.length === 0
          ? "Nothing is scheduled."
          : `${found.length} shown${next === null ? "." : ", there are more."}`,
      );
    } catch (error) {
      if (leaving.signal.aborted) return;
      replace(note, `The list cannot be had now. ${advice(error)}`);
    }
    more.hidden = next === null;
    more.disabled = again.disabled = false;
  }

  function row({ id, lane, dueAtMs }: Scheduled): HTMLElement {
    return h(
      "tr",
      {},
      h("td", { class: "mono" }, h("a", { href: link("s", id) }, id)),
      h("td", {}, lane),
      h("td", {}, time(dueAtMs)),
    );
  }

  return {
    element: h("section", { class: "card ops-wide" }, h("h2", {}, "Scheduled"), count, details),
    update({ due, later }) {
      const many = (number: number) => number.toLocaleString("en");
      replace(
        count,
        due + later === 0 ? "Nothing waits for a later time." : `${many(later)} for later, ${many(due)} due now.`,
      );
    },
    stop: () => leaving.abort(),
  };
}
