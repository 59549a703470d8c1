// A submission that has ended: verdict, score, measures, the judge's words, and what
// the compiler or the program said.

import type { DeadResult, DoneResult, EndedResult, PurgedResult, Stage } from "../api/types.ts";
import { h } from "../base/dom.ts";
import { bytes, duration } from "../base/time.ts";
import type { ResultOptions } from "./index.ts";
import { withPlaces } from "./places.ts";
import { textBox } from "./text.ts";
import { verdictBadge } from "./verdicts.ts";

/** What stands above the cases. */
export function summary(result: EndedResult, options: ResultOptions): Node[] {
  if (result.status === "dead") return dead(result);
  if (result.status === "purged") return purged(result);
  return done(result, options);
}

function dead({ attempts, reason }: DeadResult): Node[] {
  const tries = attempts === 1 ? "one attempt" : `${attempts} attempts`;
  return [
    head("dead", []),
    h("p", {}, `The judge gave up after ${tries}; this says nothing about the code. Submit it again.`),
    h("p", { class: "muted" }, `Reason: ${reason}`),
  ];
}

function purged(_: PurgedResult): Node[] {
  return [
    head("purged", []),
    h("p", {}, "An operator removed it before it was judged. Submit it again if you still want its verdict."),
  ];
}

function head(verdict: Parameters<typeof verdictBadge>[0], facts: (string | undefined)[]): HTMLElement {
  return h(
    "div",
    { class: "r-head" },
    verdictBadge(verdict),
    facts.filter((fact) => fact !== undefined).map((fact) => h("span", { class: "r-fact" }, fact)),
  );
}

function done(result: DoneResult, options: ResultOptions): Node[] {
  const { judgement, run, verdict } = result;
  const cpuTimeMs = judgement?.cpuTimeMs ?? run?.cpuTimeMs;
  const memoryBytes = judgement?.memoryBytes ?? run?.memoryBytes;
  const facts = [
    judgement && verdict !== "Compilation Error" ? `Passed ${judgement.passed} of ${judgement.total}` : undefined,
    judgement && judgement.score > 0 && judgement.score < 100 ? `Score ${percent(judgement.score)}` : undefined,
    typeof cpuTimeMs === "number" ? `${duration(cpuTimeMs)} of CPU time` : undefined,
    typeof memoryBytes === "number" ? bytes(memoryBytes) : undefined,
  ];
  const nodes: Node[] = [head(verdict, facts)];
  if (result.problem === "unknown") {
    nodes.push(h("p", { class: "muted" }, "No problem has this id, so the code was only run."));
  }
  if (verdict === "Compilation Error") nodes.push(compilerBox(result.compile, result.output, options));
  else if (judgement) nodes.push(...sentence(result));
  else nodes.push(...printed(result.run, result.output, options));
  if (verdict !== "Compilation Error") nodes.push(...warnings(result.compile, options));
  if (result.checker) nodes.push(checkerBox(result.checker));
  return nodes;
}

/** What the problem's checker said: it may hold expected answers, so only the operator is told. */
function checkerBox({ case: number, compile, run }: NonNullable<DoneResult["checker"]>): HTMLElement {
  const stage = compile ?? run;
  const said = [stage?.stderr, stage?.stdout].filter(Boolean).join("\n");
  const about = compile ? "does not compile" : `on case ${number}`;
  return h(
    "details",
    { class: "r-details", open: true },
    h("summary", {}, `The checker ${about} (only the operator sees this)`),
    h("p", { class: "r-says" }, endWords(stage) ?? "It ended with exit code 0."),
    said !== "" && textBox(said, { name: "checker output", remark: stage?.truncated && "Only a part was kept." }),
  );
}

/** "85.7 %", never rounded up to 100. */
export function percent(score: number): string {
  return `${Math.floor(score * 10) / 10} %`;
}

/** The judge's first sentence; the rest of its words repeats what the cases show. */
function sentence(result: DoneResult): Node[] {
  const [first = "", ...rest] = result.output.split("\n");
  const shown = h("p", { class: "r-sentence" }, first);
  const hasCase = result.judgement?.cases.some((one) => one.evidence) ?? false;
  if (rest.length === 0 || hasCase) return [shown];
  return [shown, textBox(rest.join("\n"), { name: "details" })];
}

export function compilerBox(compile: Stage | undefined, output: string, options: ResultOptions): HTMLElement {
  const said = compile ? [compile.stderr, compile.stdout].filter((text) => text !== "").join("\n") : "";
  return textBox(said || output, {
    name: "compiler output",
    render: (text) => withPlaces(text, options.goTo),
    remark: compile?.truncated && "The judge kept only a part of it.",
  });
}

/** What a compiler said although it compiled. */
export function warnings(compile: Stage | undefined, options: ResultOptions): Node[] {
  if (!compile || `${compile.stderr}${compile.stdout}`.trim() === "") return [];
  return [h("details", { class: "r-details" }, h("summary", {}, "Compiler output"), compilerBox(compile, "", options))];
}

/** What a program printed that was not judged. */
export function printed(run: Stage | undefined, output: string, options: ResultOptions): Node[] {
  const nodes: Node[] = [];
  const reason = endWords(run);
  if (reason) nodes.push(h("p", { class: "r-says" }, reason));
  const text = run ? run.stdout : output;
  const remark = run?.truncated && "The judge kept only a part of the output.";
  const said = run?.stderr ?? "";
  if (text !== "") nodes.push(textBox(text, { name: "output", remark }));
  else if (said === "" || !isCalled(options)) nodes.push(h("p", { class: "muted" }, "It printed nothing."));
  if (said !== "") {
    const name = errorOutput(options, reason !== undefined);
    nodes.push(textBox(said, { name, render: (part) => withPlaces(part, options.goTo) }));
  }
  return nodes;
}

/** Whether it is a function or a class, which is called and need not print. */
export function isCalled({ problem }: ResultOptions): boolean {
  return problem !== undefined && problem.kind !== "program";
}

/** What standard error is called: a function or a class prints to it, for its standard output is the judge's. */
export function errorOutput(options: ResultOptions, isFailed: boolean): string {
  if (!isCalled(options)) return "error output";
  return isFailed ? "what it printed, with errors" : "what it printed";
}

/** How a process ended, where it did not end well. */
function endWords(run: Stage | undefined): string | undefined {
  if (!run) return undefined;
  if (run.message) return run.message;
  if (run.signal) return `It was ended by ${run.signal}.`;
  return run.code ? `It ended with exit code ${run.code}.` : undefined;
}
