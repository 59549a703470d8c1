// The submissions of this browser, `#/history`: newest first, by problem, verdict and
// language, two of them to compare.

import { CallError } from "../../api/errors.ts";
import { isAboutKeys } from "../../api/key.ts";
import { resultOf } from "../../api/results.ts";
import { inform } from "../../base/announce.ts";
import { ask } from "../../base/dialog.ts";
import { h, replace } from "../../base/dom.ts";
import { clearDrafts, countDrafts } from "../../drafts.ts";
import { all, clear, type Remembered, settleBy, watchHistory } from "../../history.ts";
import { keyPanel } from "../../key/index.ts";
import { languageName } from "../../languages.ts";
import { go, link, rewrite } from "../../router.ts";
import type { OpenView } from "../../view.ts";
import { type Mark, row, verdictOf } from "./row.ts";

/** So many of the newest unfinished ones are looked up when the view is opened. */
const MAX_LOOKED_UP = 10;

/** A filter's name in the address, its label, what it takes of a submission, and how that is written. */
const FILTERS: [string, string, (one: Remembered) => string, (one: Remembered) => string][] = [
  ["problem", "Problem", (one) => one.problemId, (one) => one.title ?? one.problemId],
  ["verdict", "Verdict", (one) => verdictOf(one).word, (one) => verdictOf(one).word],
  ["language", "Language", (one) => one.language, (one) => languageName(one.language)],
];

const counted = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

export const open: OpenView = (route) => {
  const chosen = new Map(FILTERS.map(([name]) => [name, route.query.get(name) ?? ""]));
  const ticked = new Set<string>();
  /** What cannot be found out any more. */
  const gone = new Map<string, Mark>();
  const filters = h("div", { class: "row y-filters" });
  const list = h("tbody", { role: "rowgroup" });
  const table = h(
    "table",
    { class: "y-table", role: "table" },
    h("caption", { class: "visually-hidden" }, "My submissions, newest first"),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        h("th", { scope: "col", role: "columnheader" }, h("span", { class: "visually-hidden" }, "Compare")),
        ["Verdict", "Problem", "Language", "Cases", "Time", "Memory", "Submitted"].map((name) =>
          h(
            "th",
            { scope: "col", role: "columnheader", class: ["Cases", "Time", "Memory"].includes(name) ? "number" : "" },
            name,
          ),
        ),
      ),
    ),
    list,
  );
  const empty = h("p", { class: "empty" });
  const locked = h("div", {});
  const count = h("span", { class: "muted small", role: "status" });
  const compare = h("button", { class: "button small", type: "button", onclick: toCompare }, "Compare two");
  const forget = h(
    "button",
    { class: "button quiet small", type: "button", onclick: () => void askToClear() },
    "Clear history and drafts",
  );
  const element = h(
    "section",
    { class: "page y-page" },
    h("h1", {}, "My submissions"),
    h("div", { class: "row y-bar" }, filters, count, h("span", { class: "y-space" }), compare, forget),
    locked,
    table,
    empty,
  );

  function draw(): void {
    const everything = all();
    const shown = everything.filter((one) =>
      FILTERS.every(([name, , of]) => !chosen.get(name) || of(one) === chosen.get(name)),
    );
    drawFilters(everything);
    const focused = element.contains(document.activeElement) ? document.activeElement?.id : undefined;
    replace(list, ...shown.map((one) => row(one, ticked.has(one.id), gone.get(one.id), (on) => tick(one.id, on))));
    if (focused) document.getElementById(focused)?.focus();
    table.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
    forget.hidden = everything.length === 0 && countDrafts() === 0;
    compare.hidden = everything.length < 2;
    count.textContent = shown.length === everything.length ? "" : `${shown.length} of ${everything.length}`;
    if (everything.length > 0) replace(empty, "No submission is like that. Choose another filter.");
    else
      replace(empty, "Nothing was submitted from this browser yet. ", h("a", { href: "#/" }, "Choose a problem"), ".");
    drawCompare();
  }

  function drawFilters(everything: Remembered[]): void {
    filters.hidden = everything.length === 0;
    if (filters.contains(document.activeElement)) return;
    replace(filters, ...FILTERS.map((filter) => select(filter, everything)));
  }

  function select([name, label, of, write]: (typeof FILTERS)[number], everything: Remembered[]): HTMLElement {
    const values = new Map(everything.map((one) => [of(one), write(one)]));
    const current = chosen.get(name) ?? "";
    if (current !== "" && !values.has(current)) values.set(current, current);
    const options = [...values].sort(([, a], [, b]) => a.localeCompare(b));
    const element = h(
      "select",
      {
        class: "small",
        "aria-label": label,
        onchange: () => {
          chosen.set(name, element.value);
          rewrite(`#/history${query()}`);
          draw();
        },
      },
      h("option", { value: "" }, `Any ${label.toLowerCase()}`),
      options.map(([value, text]) => h("option", { value, selected: value === current }, text)),
    );
    return element;
  }

  function query(): string {
    const set = new URLSearchParams([...chosen].filter(([, value]) => value !== "")).toString();
    return set === "" ? "" : `?${set}`;
  }

  function tick(id: string, on: boolean): void {
    if (on) ticked.add(id);
    else ticked.delete(id);
    drawCompare();
  }

  function drawCompare(): void {
    compare.disabled = ticked.size !== 2;
    compare.title = ticked.size === 2 ? "" : "Tick two submissions.";
    for (const box of list.querySelectorAll<HTMLInputElement>("input[type=checkbox]")) {
      box.disabled = ticked.size >= 2 && !box.checked;
    }
  }

  function toCompare(): void {
    const [older, newer] = all()
      .filter((one) => ticked.has(one.id))
      .reverse();
    if (older && newer) go(link("compare", older.id, newer.id));
  }

  async function askToClear(): Promise<void> {
    const sent = counted(all().length, "submission");
    const drafts = counted(countDrafts(), "draft");
    const yes = await ask({
      title: "Clear history and drafts?",
      text: `This browser forgets ${sent} with their code, ${drafts} of code that may not be sent yet, and which problems it has solved. The judge keeps its results.`,
      action: "Clear history and drafts",
      dangerous: true,
    });
    if (!yes) return;
    ticked.clear();
    clearDrafts();
    clear();
    inform("The history and the drafts are cleared.");
  }

  let left = false;

  /** Submissions that ended while no page looked. One after the other, and not many. */
  async function lookUp(): Promise<void> {
    replace(locked);
    const unfinished = all().filter((one) => !one.end);
    for (const { id } of unfinished.slice(0, MAX_LOOKED_UP)) {
      try {
        const result = await resultOf(id);
        if (result.status !== "queued") settleBy(result);
      } catch (error) {
        if (error instanceof CallError && (error.status === 404 || error.status === 410)) gone.set(id, "expired");
        else {
          // Neither would the others be answered.
          if (isAboutKeys(error) && !left)
            replace(
              locked,
              keyPanel(error, () => void lookUp()),
            );
          return;
        }
      }
      if (left) return;
    }
    if (gone.size > 0) draw();
  }

  let drawing = false;

  /** Many changes at once, such as from another tab, are drawn once. */
  function drawSoon(): void {
    if (drawing) return;
    drawing = true;
    setTimeout(() => {
      drawing = false;
      if (!left) draw();
    }, 50);
  }

  const end = watchHistory(drawSoon);
  draw();
  return {
    title: "My submissions",
    element,
    shown: () => void lookUp(),
    left() {
      left = true;
      end();
    },
  };
};
