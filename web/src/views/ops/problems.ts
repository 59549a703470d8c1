// `#/ops/problems`: what is published, publishing from files, deleting, and judging
// stored submissions again.

import { advice, CallError } from "../../api/errors.ts";
import type { Page, ProblemEntry } from "../../api/types.ts";
import { alarm, inform } from "../../base/announce.ts";
import { ask } from "../../base/dialog.ts";
import { h, replace } from "../../base/dom.ts";
import { time } from "../../base/time.ts";
import { operate } from "../../operator.ts";
import { link } from "../../router.ts";
import { acts, begin, running } from "./acts.ts";
import type { Part } from "./index.ts";
import { publishing, shortVersion } from "./publish.ts";

/** So many results of a problem are listed by the API. */
const LISTED = 100;
const MAX_PAGES = 200;

export function problems(): Part {
  const leaving = new AbortController();
  const { signal } = leaving;
  const found = new Map<string, ProblemEntry>();
  let complete = false;
  const rows = h("ul", { class: "ops-lines", "aria-label": "Published problems" });
  const note = h("p", { class: "empty" }, "Loading…");
  const failure = h("p", { class: "error-text", hidden: true });
  const count = h("span", { class: "muted small" });
  const again = h("button", { class: "button small", type: "button", onclick: () => void load() }, "Load again");
  const publish = publishing({
    version: (id) => found.get(id)?.version ?? (complete ? null : undefined),
    changed: () => void load(),
  });
  /** Problems whose question is open. */
  const asked = new Set<string>();
  let loading = false;
  let stale = false;

  async function load(): Promise<void> {
    // What changes while a list is under way is in the next one.
    stale = loading;
    if (loading) return;
    loading = again.disabled = true;
    try {
      const entries = await list();
      found.clear();
      for (const entry of entries) found.set(entry.id, entry);
      complete = true;
      failure.hidden = true;
      draw();
    } catch (error) {
      if (signal.aborted) return;
      failure.hidden = false;
      replace(failure, `The list cannot be had now. ${advice(error)}`);
      note.hidden = true;
    }
    loading = again.disabled = false;
    if (stale) await load();
  }

  async function list(): Promise<ProblemEntry[]> {
    const entries: ProblemEntry[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const path = cursor === null ? "/problems" : `/problems?cursor=${encodeURIComponent(cursor)}`;
      const answer: Page<ProblemEntry> = await operate(path, { signal });
      entries.push(...answer.problems);
      cursor = answer.next;
      if (cursor === null) break;
    }
    return entries;
  }

  function draw(): void {
    const entries = [...found.values()].sort((a, b) => a.id.localeCompare(b.id));
    replace(rows, entries.map(row));
    note.hidden = entries.length > 0;
    replace(note, "No problem is published yet.");
    replace(count, entries.length === 1 ? "1 problem" : `${entries.length} problems`);
    publish.refresh();
  }

  function row({ id, title, kind, cases, version, updatedAtMs }: ProblemEntry): HTMLElement {
    const rejudge = h(
      "button",
      { class: "button small", type: "button", "aria-label": `Rejudge ${id}`, dataset: { rejudge: id } },
      "Rejudge…",
    );
    rejudge.disabled = running(`rejudge:${id}`);
    rejudge.addEventListener("click", () => void onRejudge(id));
    const remove = h(
      "button",
      { class: "button small", type: "button", "aria-label": `Delete ${id}`, onclick: () => void onDelete(id, title) },
      "Delete…",
    );
    return h(
      "li",
      { class: "ops-problem" },
      h(
        "div",
        {},
        h("a", { href: link("p", id) }, title),
        h(
          "p",
          { class: "ops-facts small muted" },
          h("span", { class: "mono" }, id),
          h("span", {}, kind),
          h("span", {}, cases === 1 ? "1 case" : `${cases} cases`),
          h("span", {}, "version ", h("span", { class: "mono", title: version }, shortVersion(version))),
          h("span", {}, "updated ", time(updatedAtMs)),
        ),
      ),
      h("div", { class: "row ops-tight" }, rejudge, remove),
    );
  }

  async function onDelete(id: string, title: string): Promise<void> {
    const yes = await ask({
      title: "Delete 1 problem?",
      text: `“${title}” (${id}). Submissions to it are then only run, and not judged. This cannot be undone.`,
      action: "Delete 1 problem",
      dangerous: true,
    });
    if (!yes) return;
    try {
      await operate(`/problems/${encodeURIComponent(id)}`, { method: "DELETE" });
      inform(`Deleted the problem ${id}.`);
    } catch (error) {
      if (!(error instanceof CallError && error.status === 404)) return alarm(advice(error));
      inform("It was gone already.");
    }
    await load();
  }

  async function onRejudge(id: string): Promise<void> {
    const key = `rejudge:${id}`;
    if (running(key) || asked.has(id)) return;
    asked.add(id);
    try {
      const results = await listed(id);
      const stored =
        results === undefined
          ? ""
          : results === 1
            ? "1 submission is stored. "
            : `${results}${results === LISTED ? " or more" : ""} submissions are stored. `;
      const yes = await ask({
        title: `Rejudge ${id}?`,
        text:
          `${stored}Those that another version of the problem judged are judged again, by the problem as it is now. ` +
          "They wait in the lane low, and keep their results until the new ones are there. Those that this version " +
          "has judged are left alone.",
        action: `Rejudge ${id}`,
      });
      if (yes) go(id, results);
    } finally {
      asked.delete(id);
    }

    function go(problem: string, results: number | undefined): void {
      begin({
        key,
        title: `Rejudge ${problem}`,
        ...(results !== undefined && results < LISTED && { total: results }),
        async step(cursor) {
          const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
          const path = `/problems/${encodeURIComponent(problem)}/rejudge${query}`;
          const answer = await operate<{ requeued: number; leftAlone: number; next: string | null }>(path, {
            method: "POST",
          });
          const { requeued, leftAlone, next } = answer;
          return { next, counts: { done: requeued + leftAlone, requeued, leftAlone } };
        },
        tell: ({ requeued = 0, leftAlone = 0 }) =>
          `${requeued === 1 ? "1 waits" : `${requeued} wait`} to be judged again` +
          (leftAlone > 0 ? `; ${leftAlone} left alone: this version judged them, or will.` : "."),
        watch: ["#/ops", "Watch the lane low"],
      });
    }
  }

  /** How many results the problem has, as far as the API lists them. */
  async function listed(id: string): Promise<number | undefined> {
    try {
      const answer = await operate<{ results: unknown[] }>(`/result/${encodeURIComponent(id)}`, {
        signal,
        timeoutMs: 5_000,
      });
      return answer.results.length;
    } catch {
      return undefined;
    }
  }

  const end = acts.watch(() => {
    for (const button of rows.querySelectorAll<HTMLButtonElement>("[data-rejudge]"))
      button.disabled = running(`rejudge:${button.dataset["rejudge"]}`);
  });
  void load();
  return {
    element: h(
      "div",
      { class: "ops-stack" },
      publish.element,
      h(
        "section",
        { class: "card" },
        h("div", { class: "row ops-spread" }, h("h2", {}, "Published"), count, again),
        failure,
        rows,
        note,
      ),
    ),
    stop() {
      end();
      leaving.abort();
    },
  };
}
