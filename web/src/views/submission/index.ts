// A submission by its id, `#/s/ID`: what became of it, and its code where this browser
// sent it.

import { call } from "../../api/client.ts";
import { advice, CallError } from "../../api/errors.ts";
import { follow, type Following, type LiveState } from "../../api/live.ts";
import { resultOf } from "../../api/results.ts";
import type { EndedResult, Problem, Result } from "../../api/types.ts";
import { inform } from "../../base/announce.ts";
import { copyButton } from "../../base/clipboard.ts";
import { h, replace } from "../../base/dom.ts";
import { ago, time } from "../../base/time.ts";
import { all, endOf, find, type Remembered, settleBy } from "../../history.ts";
import { languageName } from "../../languages.ts";
import { liveResult, verdictBadge } from "../../result/index.ts";
import type { ResultOptions } from "../../result/index.ts";
import { go, link } from "../../router.ts";
import type { OpenView } from "../../view.ts";

/** On the way back to the tab it is looked at again, but not more often than this. */
const LOOK_AGAIN_MS = 3_000;

export const open: OpenView = (route) => {
  const id = route.parts[1] ?? "";
  const mine = find(id);
  const options: ResultOptions = {
    language: mine?.language ?? "",
    again() {
      following = undefined;
      void look(true);
    },
  };
  const live = liveResult(options);
  const facts = h("p", { class: "s-facts muted" });
  const heading = h("h1", {}, mine?.title ?? "Submission");
  const again = h("div", { class: "s-again", role: "status" });
  const actions = h("div", { class: "row s-actions" });
  const checkAgain = h(
    "button",
    { class: "button small", type: "button", onclick: () => void look(true) },
    "Check again",
  );
  const elsewhere = h("p", { class: "muted small", hidden: true }, "Its code is only in the browser that sent it.");
  const element = h(
    "section",
    { class: "page s-page" },
    h("div", { class: "s-top" }, h("div", {}, heading, facts), actions),
    again,
    h("div", { class: "card" }, h("h2", { class: "visually-hidden" }, "Result"), live.element),
    mine ? codeCard(mine) : elsewhere,
  );
  let following: Following | undefined;
  let state: LiveState | undefined;
  let shown: EndedResult | undefined;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let left = false;

  function show(next: LiveState): void {
    state = next;
    elsewhere.hidden = next.error !== undefined;
    live.update(next);
    if (next.result) ended(next.result);
    describe();
    if (next.error !== undefined) gone();
  }

  function ended(result: EndedResult): void {
    following = undefined;
    markChange(shown ? endOf(shown) : mine?.end, shown, result);
    shown = result;
    settleBy(result);
    if (result.status !== "done" || result.problem === "unknown") return;
    options.language ||= result.language;
    if (!options.problem) void loadProblem(result.problemId);
  }

  /** Judged again since it was last seen: the new verdict stands, and that it is new is said. */
  function markChange(before: Remembered["end"], old: EndedResult | undefined, now: EndedResult): void {
    if (!before || now.status !== "done") return;
    const same = before.verdict === now.verdict && before.passed === endOf(now).passed;
    const finished = old?.status === "done" ? old.finishedAtMs : undefined;
    if (same && (finished === undefined || finished === now.finishedAtMs)) return;
    replace(
      again,
      h("strong", {}, "Judged again"),
      ` ${ago(now.finishedAtMs)}. Before: `,
      verdictBadge(before.verdict),
      before.passed !== undefined && before.total !== undefined && ` passed ${before.passed} of ${before.total}`,
    );
  }

  async function loadProblem(problemId: string): Promise<void> {
    try {
      options.problem = await call<Problem>(`/problems/${encodeURIComponent(problemId)}`);
    } catch {
      return; // Without the problem its samples are not shown; the result is.
    }
    if (left) return;
    heading.textContent = options.problem.title;
    if (state) live.update(state);
  }

  function describe(): void {
    const result = state?.result;
    const problemId = result?.status === "done" ? result.problemId : mine?.problemId;
    const submittedAtMs = state?.submittedAtMs ?? result?.submittedAtMs ?? mine?.submittedAtMs;
    const language = result?.status === "done" ? result.language : mine?.language;
    const version = result?.status === "done" ? result.languageVersion : undefined;
    const known = problemId && !(result?.status === "done" && result.problem === "unknown");
    const parts: (Node | string)[] = [];
    if (problemId && heading.textContent === "Submission") parts.push(problemId);
    if (language) parts.push([languageName(language), version].filter(Boolean).join(" "));
    if (submittedAtMs !== undefined) parts.push(h("span", {}, "submitted ", time(submittedAtMs)));
    if (result?.status === "done" && result.attempts > 1) parts.push(`${result.attempts} attempts`);
    const key = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("|");
    if (facts.dataset["key"] !== key) {
      facts.dataset["key"] = key;
      replace(facts, ...parts.flatMap((part, at) => (at > 0 ? [" · ", part] : [part])));
    }
    const others = problemId ? all().filter((one) => one.problemId === problemId && one.id !== id) : [];
    replace(
      actions,
      known && h("a", { class: "button small", href: link("p", problemId) }, "Open the problem"),
      result && others.length > 0 && compareWith(id, others),
      result && checkAgain,
    );
  }

  function gone(): void {
    replace(actions, h("a", { class: "button small", href: "#/history" }, "My submissions"));
  }

  async function look(loudly: boolean): Promise<void> {
    if (left || performance.now() - lookedMs < (loudly ? 0 : LOOK_AGAIN_MS)) return;
    lookedMs = performance.now();
    checkAgain.disabled = true;
    try {
      const result = await resultOf(id);
      if (left) return;
      const before = shown;
      take(result);
      if (loudly && before && JSON.stringify(before) === JSON.stringify(result)) inform("Nothing has changed.");
    } catch (error) {
      if (!left) failed(error, loudly);
    } finally {
      checkAgain.disabled = false;
    }
  }

  function take(result: Result): void {
    if (result.status !== "queued") {
      show({ phase: "ended", cases: [], connection: "live", result });
    } else if (!following) {
      const known = { submittedAtMs: result.submittedAtMs, ...(result.dueAtMs && { dueAtMs: result.dueAtMs }) };
      following = follow(id, show, known);
      if (mine && !options.problem) void loadProblem(mine.problemId);
    }
  }

  function failed(error: unknown, loudly: boolean): void {
    const passing = !(error instanceof CallError) || error.passing;
    // What is shown already is still right; without anything, follow() goes on trying.
    if (shown && (passing || loudly)) inform(advice(error));
    else if (passing) following ??= follow(id, show);
    else show({ phase: "queued", cases: [], connection: "live", error });
  }

  function returned(): void {
    if (!document.hidden && shown) void look(false);
  }

  document.addEventListener("visibilitychange", returned);
  describe();
  live.element.prepend(h("p", { class: "muted s-loading" }, "Looking for it…"));
  void look(true).then(() => live.element.querySelector(".s-loading")?.remove());
  return {
    title: mine?.title ? `Submission · ${mine.title}` : "Submission",
    element,
    left() {
      left = true;
      following?.stop();
      document.removeEventListener("visibilitychange", returned);
    },
  };
};

function codeCard(mine: Remembered): HTMLElement {
  const place = h("div", { class: "s-code" });
  const { code } = mine;
  if (code === "") {
    place.append(h("p", { class: "muted" }, "This browser no longer keeps its code: newer submissions took the room."));
  } else {
    import("../../editor/index.ts").then(
      ({ codeBlock }) => place.append(codeBlock(code, mine.language)),
      () => place.append(h("pre", { tabindex: "0" }, code)),
    );
  }
  return h(
    "div",
    { class: "card" },
    h("div", { class: "r-text-head" }, h("h2", {}, "Code"), code !== "" && copyButton("code", () => code)),
    place,
  );
}

function compareWith(id: string, others: Remembered[]): HTMLElement {
  const select = h(
    "select",
    {
      class: "small",
      "aria-label": "Compare with",
      onchange: () => select.value && go(link("compare", select.value, id)),
    },
    h("option", { value: "" }, "Compare with…"),
    others
      .slice(0, 50)
      .map((one) =>
        h(
          "option",
          { value: one.id },
          `${one.end?.verdict ?? "Unfinished"}, ${languageName(one.language)}, ${ago(one.submittedAtMs)}`,
        ),
      ),
  );
  return select;
}
