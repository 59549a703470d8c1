// One case of a judged submission: what went in, what was expected, what came.

import type { Case, CaseResult, Judgement, Problem } from "../api/types.ts";
import { h, replace } from "../base/dom.ts";
import { parseExactly, print } from "../base/json.ts";
import { bytes, duration } from "../base/time.ts";
import { callLines, linesOfAll } from "./calls.ts";
import { compare, endings } from "./difference.ts";
import { errorOutput, percent } from "./ended.ts";
import type { ResultOptions } from "./index.ts";
import { withPlaces } from "./places.ts";
import { textBox, texts as textsPlace } from "./text.ts";
import { verdictBadge } from "./verdicts.ts";

/** The judge keeps at most 2,048 bytes of a text, and marks where it cut. */
const CUT_BEFORE = /^\[\d+ bytes before\]…/;
const CUT_AFTER = /…\[\d+ bytes more\]$/;

/** The case as the problem has it, where it may be seen and is of the version that was judged. */
export function sample(judgement: Judgement, number: number, problem: Problem | undefined): Case | undefined {
  if (!problem || problem.version !== judgement.problemVersion) return undefined;
  const one = problem.cases[number - 1];
  return one?.hidden ? undefined : one;
}

function asText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : print(value, "");
}

/** Programs have texts, what is called has values: a text of those is JSON too. */
function textOf(value: unknown, problem: Problem | undefined): string | undefined {
  return problem && problem.kind !== "program" && value !== undefined ? print(value, "") : asText(value);
}

/** Puts a case into `place`, with its points in words. Differences are marked as soon as they are found. */
export function showCase(
  place: HTMLElement,
  judgement: Judgement,
  number: number,
  options: ResultOptions,
  worth?: string,
): void {
  const one = judgement.cases[number - 1];
  if (!one) {
    replace(place);
    return;
  }
  const facts = [
    worth,
    one.share && one.share < 1 ? `earned ${percent(one.share * 100)} of its points` : undefined,
    one.cpuTimeMs === undefined ? undefined : `${duration(one.cpuTimeMs)} of CPU time`,
    one.memoryBytes === undefined ? undefined : bytes(one.memoryBytes),
  ].filter((fact) => fact !== undefined);
  replace(
    place,
    h(
      "div",
      { class: "r-case-head" },
      h("h3", {}, `Case ${one.number}`, one.name && h("span", { class: "r-case-name" }, `: ${one.name}`)),
      verdictBadge(one.verdict),
      one.hidden && h("span", { class: "tag" }, "hidden"),
      facts.length > 0 && h("span", { class: "muted small" }, facts.join(" · ")),
    ),
    ...body(one, judgement, options),
  );
}

function body(one: CaseResult, judgement: Judgement, options: ResultOptions): Node[] {
  if (one.hidden) return [remark("This case is hidden: what goes in and what is expected stay with the judge.")];
  const { problem } = options;
  const given = sample(judgement, one.number, problem);
  const { evidence } = one;
  const nodes: Node[] = [];
  if (one.verdict === "Skipped") {
    const { failedCase } = judgement;
    nodes.push(
      remark(
        failedCase ? `It was not run: judging stopped at case ${failedCase}.` : "Judging ended without its verdict.",
      ),
    );
  } else if (!evidence && one.verdict !== "Accepted") {
    nodes.push(remark("What it printed was not kept: that is done for the first ten failed cases only."));
  }
  if (evidence?.message) nodes.push(h("p", { class: "r-message" }, ...withPlaces(evidence.message, options.goTo)));
  if (evidence?.note) nodes.push(h("p", { class: "r-note" }, evidence.note));

  const wholeInput = textOf(given?.input, problem);
  const input = evidence?.input ?? wholeInput;
  const expected = evidence?.expected ?? textOf(given?.expected, problem);
  const actual = evidence?.actual;
  const texts = textsPlace();
  if (input !== undefined) texts.append(inputBox(input, wholeInput, options));
  if (expected !== undefined) texts.append(...answers(expected, actual, textOf(given?.expected, problem), problem));
  if (evidence?.stderr) {
    const render = (text: string) => withPlaces(text, options.goTo);
    texts.append(textBox(evidence.stderr, { name: errorOutput(options, one.verdict === "Runtime Error"), render }));
  }
  if (texts.childElementCount > 0) nodes.push(texts);
  return nodes;
}

/** Whether each text has a line for each call. */
function isByCall(problem: Problem | undefined): boolean {
  return problem?.kind === "class";
}

function remark(text: string): HTMLElement {
  return h("p", { class: "muted" }, text);
}

/** A function's arguments with their names, or a class's calls, as the samples show them; what was cut stays as it is. */
function readable(input: string, problem: Problem | undefined): string {
  const params = problem?.kind === "function" && problem.signature?.params;
  if (!params && problem?.kind !== "class") return input;
  try {
    const values = parseExactly(input);
    if (!params) return callLines(values, problem?.signature?.name) ?? input;
    if (!Array.isArray(values) || values.length !== params.length) return input;
    return values.map((value, at) => `${params[at]?.name} = ${print(value)}`).join("\n");
  } catch {
    return input;
  }
}

function inputBox(input: string, whole: string | undefined, options: ResultOptions): HTMLElement {
  const cut = CUT_AFTER.test(input) || CUT_BEFORE.test(input);
  const full = cut ? whole : input;
  const box = textBox(readable(input, options.problem), {
    name: "input",
    whole: full,
    isByCall: isByCall(options.problem),
  });
  const { useAsInput } = options;
  if (useAsInput) {
    const use = h("button", { class: "button quiet small", type: "button" }, "Use as input");
    if (full === undefined) {
      use.disabled = true;
      use.title = "The judge kept only a part of this input.";
    }
    use.addEventListener("click", () => full !== undefined && useAsInput(full));
    box.querySelector(".r-text-head")?.append(use);
  }
  return box;
}

function answers(
  expected: string,
  actual: string | undefined,
  given: string | undefined,
  problem: Problem | undefined,
): HTMLElement[] {
  const cut = CUT_AFTER.test(expected) || CUT_BEFORE.test(expected);
  const whole = { expected: cut ? given : expected, actual };
  if (isByCall(problem)) {
    const [one, other] = linesOfAll(actual === undefined ? [expected] : [expected, actual]);
    [expected, actual] = [one ?? expected, other];
  }
  const end = actual === undefined ? {} : endings(expected, actual);
  const boxes = (nodes?: { expected: Node[]; actual: Node[] }) => {
    const text = (of: "expected" | "actual") => ({
      whole: whole[of],
      nodes: nodes?.[of],
      remark: end[of],
      isByCall: isByCall(problem),
    });
    const made = [textBox(expected, { name: "expected", ...text("expected") })];
    if (actual !== undefined) made.push(textBox(actual, { name: "got", ...text("actual") }));
    return made;
  };
  const plain = boxes();
  if (actual !== undefined) {
    compare(expected, actual).then(
      (nodes) => {
        if (nodes) for (const [at, box] of boxes(nodes).entries()) plain[at]?.replaceWith(box);
      },
      () => undefined, // Without the library the texts stay as they are.
    );
  }
  return plain;
}
