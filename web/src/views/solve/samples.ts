// The cases of a problem that everybody sees, to read, to copy and to run with.

import { copyButton } from "../../base/clipboard.ts";
import { h } from "../../base/dom.ts";
import { print } from "../../base/json.ts";
import { stopWhereItScrolls } from "../../base/stops.ts";
import type { Case, Problem } from "../../api/types.ts";
import { answerLines, callLines } from "../../result/calls.ts";

/** A case's input as people read it: text, or a line for each parameter or call. */
export function inputText(problem: Problem, input: unknown): string {
  if (problem.kind === "program") return String(input);
  if (problem.kind === "class") return callLines(input, problem.signature?.name) ?? print(input);
  const values = Array.isArray(input) ? input : [];
  return values.map((value, at) => `${problem.signature?.params?.[at]?.name ?? at + 1} = ${print(value)}`).join("\n");
}

export function shownCases(problem: Problem): Case[] {
  return problem.cases.filter((one) => !one.hidden && one.input !== undefined);
}

/** The samples, or nothing where every case is hidden. */
export function samples(problem: Problem, use: (input: unknown) => void): HTMLElement | undefined {
  const shown = shownCases(problem);
  const hidden = problem.cases.length - shown.length;
  const more = hidden === 0 ? undefined : `${hidden} more ${hidden === 1 ? "case is" : "cases are"} hidden.`;
  if (shown.length === 0) return h("p", { class: "muted small" }, more ?? "");
  return h(
    "section",
    { class: "samples", "aria-label": "Samples" },
    h("h2", {}, shown.length === 1 ? "Sample" : "Samples"),
    shown.map((one, at) => sample(problem, one, at + 1, use)),
    more && h("p", { class: "muted small" }, more),
  );
}

type Words = (string | HTMLElement)[];

const RETURNED = "what it returns";

/** What the answer of a function is, where it is not what it returns. */
export function answerWords({ signature, answer }: Problem): Words | undefined {
  if (!answer) return undefined;
  const name = (argument: number): HTMLElement =>
    h("code", {}, signature?.params?.[argument]?.name ?? `argument ${argument}`);
  if (Array.isArray(answer)) {
    const words: Words = [];
    for (const part of answer) {
      if (words.length > 0) words.push(words.at(-1) === RETURNED ? ", and " : " and ");
      words.push("argument" in part ? name(part.argument) : RETURNED);
    }
    return [...words, " after the call"];
  }
  const argument = name(answer.argument);
  if (answer.length) return ["the first elements of ", argument, " after the call, as many as it returns"];
  return [argument, " after the call"];
}

/** The heading of an expected answer. */
function answerName(problem: Problem): Words {
  if (problem.kind === "program") return ["Output"];
  if (problem.kind === "class") return ["Answers, one for each call"];
  const [first, ...others] = answerWords(problem) ?? ["Returns"];
  if (typeof first !== "string") return first ? [first, ...others] : others;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...others];
}

/** A case's expected answer as people read it. */
function expectedText({ kind }: Problem, expected: unknown): string {
  if (kind === "program") return String(expected);
  return (kind === "class" ? answerLines(expected) : undefined) ?? print(expected);
}

function sample(problem: Problem, one: Case, number: number, use: (input: unknown) => void): HTMLElement {
  const input = inputText(problem, one.input);
  const expected = expectedText(problem, one.expected);
  const title = `Sample ${number}`;
  return h(
    "article",
    { class: "sample" },
    h(
      "div",
      { class: "sample-head" },
      h("h3", {}, title, one.name && h("span", { class: "muted" }, `: ${one.name}`)),
      h(
        "button",
        {
          class: "button small",
          type: "button",
          "aria-label": `Use as input: ${title.toLowerCase()}`,
          onclick: () => use(one.input),
        },
        "Use as input",
      ),
    ),
    text(["Input"], `input of ${title.toLowerCase()}`, input),
    text(answerName(problem), `expected answer of ${title.toLowerCase()}`, expected),
  );
}

function text(name: Words, what: string, value: string): HTMLElement {
  return h(
    "div",
    { class: "sample-text" },
    h(
      "div",
      { class: "sample-label" },
      h("span", { class: "muted small" }, name),
      copyButton(what, () => value),
    ),
    stopWhereItScrolls(h("pre", { role: "group", "aria-label": what }, value)),
  );
}
