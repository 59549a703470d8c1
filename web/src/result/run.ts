// What a run with an own input did.

import type { RunAnswer } from "../api/types.ts";
import { say } from "../base/announce.ts";
import { h } from "../base/dom.ts";
import { print } from "../base/json.ts";
import { bytes, duration } from "../base/time.ts";
import { languageName } from "../languages.ts";
import { answerLines, callLines } from "./calls.ts";
import { compilerBox, isCalled, printed, warnings } from "./ended.ts";
import type { ResultOptions } from "./index.ts";
import { textBox, texts } from "./text.ts";
import { look, verdictBadge } from "./verdicts.ts";

/** `args`: what it was called with. */
export function runResult(answer: RunAnswer, options: ResultOptions, args?: unknown[]): HTMLElement {
  const { verdict, compile, run } = answer;
  const facts = [
    typeof run?.cpuTimeMs === "number" ? `${duration(run.cpuTimeMs)} of CPU time` : undefined,
    typeof run?.memoryBytes === "number" ? bytes(run.memoryBytes) : undefined,
    answer.languageVersion && `${languageName(options.language)} ${answer.languageVersion}`,
  ].filter((fact) => fact !== undefined);
  const element = h(
    "div",
    { class: "r-result" },
    h(
      "div",
      { class: "r-head" },
      verdictBadge(verdict),
      facts.map((fact) => h("span", { class: "r-fact" }, fact)),
    ),
  );
  if (verdict === "Compilation Error") {
    element.append(compilerBox(compile, answer.output, options));
  } else {
    if (answer.returned !== undefined) {
      element.append(returned(answer.returned, options, args));
    } else if (isCalled(options) && verdict !== "Executed" && answer.output !== "") {
      element.append(h("p", { class: "r-says" }, answer.output));
    }
    element.append(...printed(run, answer.output, options), ...warnings(compile, options));
  }
  say(look(verdict).word);
  return element;
}

/** What came back; of a class an answer a line, beside the calls. */
function returned(value: unknown, { problem }: ResultOptions, args?: unknown[]): HTMLElement {
  const whole = print(value, "");
  const lines = problem?.kind === "class" ? answerLines(value) : undefined;
  const box = textBox(lines ?? whole, { name: "returned", whole, isByCall: lines !== undefined });
  const calls = lines === undefined ? undefined : callLines(args, problem?.signature?.name);
  if (calls === undefined) return box;
  return texts(textBox(calls, { name: "calls", whole: print(args, ""), isByCall: true }), box);
}
