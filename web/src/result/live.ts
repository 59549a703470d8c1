// A submission from queued to its verdict, in one element that is kept up to date.

import type { LiveState } from "../api/live.ts";
import { advice, CallError } from "../api/errors.ts";
import { isAboutKeys } from "../api/key.ts";
import type { EndedResult, Judgement, Problem } from "../api/types.ts";
import { say } from "../base/announce.ts";
import { h, replace } from "../base/dom.ts";
import { keyPanel } from "../key/index.ts";
import { showCase } from "./detail.ts";
import { summary } from "./ended.ts";
import { type Cell, cellsOf, grid, points } from "./grid.ts";
import type { LiveResult, ResultOptions } from "./index.ts";
import { look } from "./verdicts.ts";
import { estimate, placeWords, waitingLine } from "./waiting.ts";

export function liveResult(options: ResultOptions): LiveResult {
  const top = h("div", { class: "r-top" });
  const detail = h("div", { class: "r-case", role: "region", "aria-label": "Chosen case" });
  const bottom = h("div", { class: "r-cases", hidden: true });
  const element = h("div", { class: "r-result", onkeydown: key }, top, bottom);
  const eta = estimate();
  let judgement: Judgement | undefined;
  /** What was shown and said last, so that nothing is done twice. */
  let said = "";
  let shown: EndedResult | undefined;
  let shownWith: Problem | undefined;
  /** What each case is worth, in words. */
  let worth: (string | undefined)[] = [];
  const cases = grid((number) => judgement && showCase(detail, judgement, number, options, worth[number - 1]));
  const toFailed = h(
    "button",
    { class: "button quiet small", type: "button", hidden: true, onclick: () => cases.toFailed() },
    "First failed ",
    h("kbd", {}, "F"),
  );
  const legend = h("span", { class: "muted small r-legend" });
  bottom.append(h("div", { class: "r-cases-head" }, h("h3", {}, "Cases"), legend, toFailed), cases.element, detail);

  function announce(kind: string, text: string): void {
    if (said === kind) return;
    said = kind;
    if (!options.quiet) say(text);
  }

  function update(state: LiveState): void {
    if (state.error !== undefined) showError(state.error);
    else if (!state.result) going(state);
    else if (shownWith !== options.problem || JSON.stringify(state.result) !== JSON.stringify(shown))
      ended(state.result);
  }

  function going(state: LiveState): void {
    shown = undefined;
    judgement = undefined;
    replace(top, waitingLine(state, eta.at(state.position, performance.now())));
    replace(detail);
    if (state.phase === "running") {
      announce("running", "Running");
      fill(state);
    } else {
      announce("queued", placeWords(state.position));
      bottom.hidden = true;
    }
  }

  function fill({ cases: verdicts, total }: LiveState): void {
    const count = Math.max(total ?? 0, verdicts.length);
    bottom.hidden = count === 0;
    const cells: Cell[] = [];
    const { pointsAt, most } = pointsOf(options.problem);
    for (let at = 0; at < count; at += 1) {
      const verdict = verdicts[at];
      const one = options.problem?.cases[at];
      const cell: Cell = { name: one?.name, hidden: one?.hidden, points: pointsAt(at + 1) };
      if (verdict) cell.verdict = verdict;
      cells.push(cell);
    }
    draw(cells, most);
    toFailed.hidden = true;
  }

  function draw(cells: Cell[], most: number): void {
    worth = cells.map((cell) => points(cell, most));
    cases.set(cells, most);
    const words = [
      cells.some((cell) => cell.hidden) && "dashed: hidden",
      cells.some((cell) => cell.points !== undefined && cell.points < most) && "dot: worth fewer points",
    ];
    legend.textContent = words.filter(Boolean).join(" · ");
  }

  function ended(result: EndedResult): void {
    shown = result;
    shownWith = options.problem;
    judgement = result.status === "done" ? result.judgement : undefined;
    replace(top, ...summary(result, options));
    replace(detail);
    announce(`ended ${verdictWords(result)}`, verdictWords(result));
    const found =
      judgement && result.status === "done" && result.verdict !== "Compilation Error" ? judgement : undefined;
    bottom.hidden = !found || found.cases.length === 0;
    if (!found) return;
    const { pointsAt, most } = pointsOf(
      options.problem?.version === found.problemVersion ? options.problem : undefined,
    );
    draw(cellsOf(found.cases, pointsAt), most);
    toFailed.hidden = found.failedCase === undefined;
    if (found.failedCase !== undefined) cases.choose(found.failedCase);
  }

  function showError(error: unknown): void {
    const { again } = options;
    if (again && isAboutKeys(error)) replace(top, keyPanel(error, again));
    else replace(top, h("p", { class: "error-text", role: "alert" }, errorWords(error)));
    bottom.hidden = true;
  }

  function key(event: KeyboardEvent): void {
    if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || toFailed.hidden) return;
    event.preventDefault();
    cases.toFailed();
  }

  return { element, update };
}

/** What is said when a submission has ended. */
function verdictWords(result: EndedResult): string {
  if (result.status !== "done") return look(result.status).word;
  const { verdict, judgement } = result;
  const passed =
    judgement && verdict !== "Compilation Error" ? `, passed ${judgement.passed} of ${judgement.total}` : "";
  return look(verdict).word + passed;
}

/** What each case is worth, where not all are worth the same. */
function pointsOf(problem: Problem | undefined): { pointsAt: (number: number) => number | undefined; most: number } {
  const weights = problem?.cases.map((one) => one.weight ?? 1) ?? [];
  const most = Math.max(0, ...weights);
  const differ = weights.some((weight) => weight !== most);
  return { pointsAt: (number) => (differ ? weights[number - 1] : undefined), most };
}

export function errorWords(error: unknown): string {
  if (error instanceof CallError && error.status === 404)
    return "No submission has this id. Check that the address is complete.";
  if (error instanceof CallError && error.status === 410)
    return "This result is no longer kept. Submit the code again to get a new one.";
  return advice(error);
}
