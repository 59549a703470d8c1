// What a run with an own input did.

import type { RunAnswer } from "../api/types.ts";
import { say } from "../base/announce.ts";
import { h } from "../base/dom.ts";
import { bytes, duration } from "../base/time.ts";
import { languageName } from "../languages.ts";
import { compilerBox, printed, warnings } from "./ended.ts";
import type { ResultOptions } from "./index.ts";
import { textBox } from "./text.ts";
import { look, verdictBadge } from "./verdicts.ts";

export function runResult(answer: RunAnswer, options: ResultOptions): HTMLElement {
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
    const isFunction = options.problem?.kind === "function";
    if (answer.returned !== undefined) {
      element.append(textBox(JSON.stringify(answer.returned), { name: "returned" }));
    } else if (isFunction && verdict !== "Executed" && answer.output !== "") {
      element.append(h("p", { class: "r-says" }, answer.output));
    }
    element.append(...printed(run, answer.output, options), ...warnings(compile, options));
  }
  say(look(verdict).word);
  return element;
}
