// The list of problems (`#/`): search, filters, and what this browser has solved.

import { CallError, advice } from "../../api/errors.ts";
import { isAboutKeys } from "../../api/key.ts";
import type { ProblemEntry } from "../../api/types.ts";
import { say } from "../../base/announce.ts";
import { isOpen } from "../../base/dialog.ts";
import { h, replace } from "../../base/dom.ts";
import { all, solved, watchHistory } from "../../history.ts";
import { keyPanel } from "../../key/index.ts";
import { go, link, type Route, rewrite } from "../../router.ts";
import type { OpenView } from "../../view.ts";
import { catalogue, isStale, loadNext, refresh } from "./catalogue.ts";
import { controls } from "./controls.ts";
import { type Filter, fromRoute, isFiltering, matching, NO_FILTER, toHash } from "./filter.ts";
import { welcome } from "./welcome.ts";

const KINDS: Record<ProblemEntry["kind"], string> = { program: "Program", function: "Function", class: "Class" };

/** How many rows are shown at first, and how many more each time. */
const ROWS = 400;
/** How many pages a search loads by itself. */
const SEARCH_PAGES = 50;
/** The pauses before a failed load is tried again. */
const RETRY_MS = [3_000, 6_000, 12_000, 30_000];

export const open: OpenView = (route) => {
  let filter = fromRoute(route);
  let rows = ROWS;
  let loading = false;
  let failure: unknown;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let searchPages = SEARCH_PAGES;
  const left = new AbortController();

  const list = h("ul", { class: "problem-list" });
  const count = h("p", { class: "muted small problem-count" });
  const note = h("div", { class: "problem-note" });
  const more = h("button", { class: "button", type: "button", onclick: () => void loadMore() }, "Load more");
  const bar = controls(filter, changed, () => {
    const first = matching(catalogue().problems, filter, solved())[0];
    if (first) go(link("p", first.id));
  });
  const element = h(
    "section",
    { class: "page problems" },
    h("div", { class: "problems-head" }, h("h1", {}, "Problems"), count),
    welcome(),
    bar.element,
    list,
    note,
    h("div", { class: "row problem-more" }, more),
  );

  function changed(to: Filter): void {
    filter = to;
    rows = ROWS;
    searchPages = SEARCH_PAGES;
    rewrite(toHash(filter));
    draw();
    say(count.textContent ?? "");
    loadForSearch();
  }

  function clear(): void {
    bar.set(NO_FILTER);
    changed(NO_FILTER);
    bar.focus();
  }

  function draw(): void {
    const { problems, next } = catalogue();
    const done = solved();
    const tried = new Set(all().map((one) => one.problemId));
    const found = matching(problems, filter, done);
    const focused = list.contains(document.activeElement) && document.activeElement?.getAttribute("href");
    replace(
      list,
      found.slice(0, rows).map((problem) => row(problem, done.has(problem.id), tried.has(problem.id))),
      next === undefined && failure === undefined && [1, 2, 3, 4, 5].map(() => placeholder()),
    );
    if (focused) list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    list.setAttribute("aria-busy", String(loading));
    list.hidden = found.length === 0 && (next !== undefined || failure !== undefined);
    count.textContent = next === undefined ? "" : counted(found.length, problems, next !== null, done);
    drawNote(found.length);
    more.hidden = found.length <= rows && (next === null || next === undefined || failure !== undefined);
    more.disabled = loading && found.length <= rows;
    more.textContent = more.disabled ? "Loading…" : "Load more";
  }

  function counted(found: number, problems: readonly ProblemEntry[], isPart: boolean, done: Set<string>): string {
    const total = `${problems.length}${isPart ? " or more" : ""}`;
    if (isFiltering(filter)) return `${found} of ${total}`;
    const here = problems.filter((one) => done.has(one.id)).length;
    return `${total} in all${here > 0 ? `, ${here} solved` : ""}`;
  }

  let asked: unknown;
  /** The panel for a key is kept while its refusal stands: somebody may be typing into it. */
  function drawNote(found: number): void {
    if (isAboutKeys(failure) && failure === asked) return;
    asked = failure;
    replace(note, isAboutKeys(failure) ? keyPanel(failure, again) : noted(found));
  }

  /** What stands in the place of rows, or below them. */
  function noted(found: number): HTMLElement | false {
    const { problems, next } = catalogue();
    if (failure !== undefined) {
      return h(
        "div",
        { class: "card stack problem-failure", role: "alert" },
        h("p", { class: "error-text" }, advice(failure)),
        h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: again }, "Try again")),
      );
    }
    if (found > 0 || next === undefined) return false;
    if (problems.length === 0 && next === null) {
      return h(
        "div",
        { class: "empty" },
        h("p", {}, h("strong", {}, "No problem is published yet.")),
        h(
          "p",
          {},
          "An operator publishes them under ",
          h("a", { href: "#/ops/problems" }, "Operate"),
          ". Meanwhile any code runs in the ",
          h("a", { href: link("free") }, "playground"),
          ".",
        ),
      );
    }
    if (loading) return h("div", { class: "empty" }, "Searching…");
    const allSolved = filter.show === "open" && filter.text === "" && filter.kind === "any";
    return h(
      "div",
      { class: "empty" },
      h("p", {}, allSolved && next === null ? "All problems are solved. Well done." : "No problem matches."),
      h("button", { class: "button", type: "button", onclick: clear }, "Show all problems"),
    );
  }

  async function load(what: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (loading) return;
    clearTimeout(retry);
    loading = true;
    failure = undefined;
    draw();
    try {
      await what(left.signal);
      failures = 0;
    } catch (error) {
      if (left.signal.aborted) return;
      failure = error;
      if (error instanceof CallError && error.passing) {
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 30_000;
        failures += 1;
        retry = setTimeout(again, Math.max(pause, (error.retryAfterS ?? 0) * 1_000));
      }
    } finally {
      loading = false;
    }
    draw();
    if (failure === undefined) loadForSearch();
  }

  function again(): void {
    void load(loadNext);
  }

  async function loadMore(): Promise<void> {
    const focused = document.activeElement === more;
    const before = list.childElementCount;
    rows += ROWS;
    if (matching(catalogue().problems, filter, solved()).length <= before) await load(loadNext);
    else draw();
    // The button was disabled meanwhile, or is gone: the keyboard goes on at the list.
    if (focused) (more.hidden ? list.querySelector<HTMLElement>("li:last-child a") : more)?.focus();
  }

  /** A filter is for the whole list, so the rest of it is loaded, page by page. */
  function loadForSearch(): void {
    if (!isFiltering(filter) || typeof catalogue().next !== "string" || searchPages === 0 || loading) return;
    searchPages -= 1;
    void load(loadNext);
  }

  function keys(event: KeyboardEvent): void {
    const target = event.target as Element | null;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isOpen()) return;
    if (target?.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
    event.preventDefault();
    bar.focus();
  }

  draw();
  document.addEventListener("keydown", keys);
  const endWatch = watchHistory(draw);
  if (catalogue().next === undefined) again();
  else if (isStale()) void load(refresh);
  else loadForSearch();

  return {
    title: "Problems",
    element,
    moved(to: Route): boolean {
      filter = fromRoute(to);
      rows = ROWS;
      bar.set(filter);
      draw();
      loadForSearch();
      return true;
    },
    left(): void {
      left.abort();
      clearTimeout(retry);
      endWatch();
      document.removeEventListener("keydown", keys);
    },
  };
};

function row(problem: ProblemEntry, isSolved: boolean, isTried: boolean): HTMLElement {
  const state = isSolved ? "✓ Solved" : isTried ? "Tried" : "";
  return h(
    "li",
    { class: isSolved ? "problem solved" : "problem" },
    h(
      "div",
      { class: "problem-name" },
      h("a", { href: link("p", problem.id) }, problem.title || problem.id),
      h("span", { class: "muted small mono" }, problem.id),
    ),
    h("span", { class: "tag" }, KINDS[problem.kind]),
    h("span", { class: "muted small problem-cases" }, problem.cases === 1 ? "1 case" : `${problem.cases} cases`),
    h("span", { class: isSolved ? "problem-state good" : "problem-state" }, state),
  );
}

function placeholder(): HTMLElement {
  return h("li", { class: "problem waiting", "aria-hidden": "true" }, h("span", {}));
}
