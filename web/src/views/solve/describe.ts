// What a problem asks for, in a few words: kind, signature, limits, and when an
// answer counts as right.

import { h, replace } from "../../base/dom.ts";
import { bytes, duration } from "../../base/time.ts";
import type { Params, Problem } from "../../api/types.ts";
import { languageName } from "../../languages.ts";
import { answerWords } from "./samples.ts";

const WHAT: Record<Problem["kind"], string> = {
  program: "A program: it reads standard input and prints. ",
  function: "A function to write. ",
  class: "A class to write. ",
};

/** The line of facts under a problem's title; `update` follows the chosen language. */
export function facts(problem: Problem): { element: HTMLElement; update(language: string): void } {
  const limits = h("span", {});
  const methods = h("span", {});
  const signature = h("div", {});
  const element = h(
    "div",
    { class: "solve-facts" },
    signature,
    h("p", { class: "muted small" }, WHAT[problem.kind], limits, " ", comparison(problem), methods),
  );
  const update = (language: string) => {
    replace(signature, ...signatureIn(problem, language));
    replace(methods, ...methodsCompared(problem, language));
    limits.replaceChildren(limitsText(problem, language));
  };
  return { element, update };
}

/** The signature with the names that the starter code has; the problem's own may be used as well. */
function signatureIn(problem: Problem, language: string): HTMLElement[] {
  const { signature } = problem;
  if (!signature) return [];
  const called = signature.methods ?? [signature];
  const lines = called.map((one) => signatureLine({ ...one, name: nameIn(problem, one.name, language) }, one.returns));
  if (signature.methods)
    lines.unshift(signatureLine({ ...signature, name: nameIn(problem, signature.name, language) }));
  const answer = answerWords(problem);
  if (answer) lines.push(h("p", { class: "muted small" }, "The answer: ", answer, "."));
  const others = called.filter(({ name }) => ![name, `${name}_`].includes(nameIn(problem, name, language)));
  if (others.length === 0) return lines;
  const names = others.flatMap(({ name }, at) => [at > 0 ? ", " : "", h("code", {}, name)]);
  const isOne = others.length === 1;
  const words = [isOne ? "The name " : "The names ", ...names, isOne ? " works" : " work", " in "];
  return [...lines, h("p", { class: "muted small" }, words, `${languageName(language)} too.`)];
}

/**
 * The name that something has in the starter code, such as `two_sum`, or `type_` where the
 * language has `type` for itself.
 */
function nameIn({ signature, starter }: Problem, name: string, language: string): string {
  const plain = (one: string) => one.replaceAll("_", "").toLowerCase();
  // A class may have a method of its own name but for the case.
  const ofClass = signature?.methods ? [signature.name, `${signature.name}_`] : [];
  const isClass = ofClass.includes(name);
  const names = starter[language]?.match(/[A-Za-z_]\w*/g) ?? [];
  return names.find((one) => ofClass.includes(one) === isClass && plain(one) === plain(name)) ?? name;
}

/** When the answers of methods with a checker of their own count as right. */
function methodsCompared(problem: Problem, language: string): (string | HTMLElement)[] {
  const { kind, signature } = problem;
  return (signature?.methods ?? []).flatMap(({ name, checker }) => {
    if (!checker) return [];
    const words = comparison({ checker, kind });
    const code = h("code", {}, nameIn(problem, name, language));
    return [" For ", code, `: ${words.charAt(0).toLowerCase()}${words.slice(1)}`];
  });
}

function signatureLine({ name, params = [] }: Params, returns?: string): HTMLElement {
  const texts = params.map(({ name, type }) => `${name}: ${type}`).join(", ");
  const text = `${name}(${texts})${returns ? ` → ${returns}` : ""}`;
  return h("p", { class: "solve-signature" }, h("code", {}, text));
}

function limitsText({ limits }: Problem, language: string): string {
  const factor = limits.factors?.[language] ?? 1;
  const parts: string[] = [];
  if (limits.timeMs) {
    const time = duration(limits.timeMs * factor);
    parts.push(factor === 1 ? time : `${time} in ${languageName(language)} (${duration(limits.timeMs)} × ${factor})`);
  }
  if (limits.memoryBytes) parts.push(`${bytes(limits.memoryBytes)} of memory`);
  if (limits.outputBytes) parts.push(`${bytes(limits.outputBytes)} of output`);
  return parts.length === 0 ? "No limits of its own." : `Limits: ${parts.join(", ")}.`;
}

/** When an answer counts as the expected one. */
export function comparison({ checker, kind }: Pick<Problem, "checker" | "kind">): string {
  const { kind: name, ...rest } = typeof checker === "string" ? { kind: checker } : checker;
  const isFunction = kind !== "program";
  const letters = "ignoreCase" in rest && rest.ignoreCase === true ? " Upper and lower case do not count." : "";
  switch (name) {
    case "exact":
      return isFunction ? "The value must be the same, and of the same type." : "The output must be the same text.";
    case "lines":
      return isFunction
        ? `The value must be the same; white space at the ends of lines does not count.${letters}`
        : `The output is compared line by line; white space at the ends of lines does not count.${letters}`;
    case "tokens":
      return isFunction
        ? `The value must be the same; texts are compared word by word.${letters}`
        : `The output is compared word by word; white space between words does not count.${letters}`;
    case "float": {
      const { absolute = 1e-9, relative = 1e-9 } = rest as { absolute?: number; relative?: number };
      return `Numbers may differ by ${absolute}, or by ${relative} of the expected one.${letters}`;
    }
    case "unordered":
      return isFunction ? "The order of lists does not count." : "The order of lines does not count.";
    case "program":
      return "More than one answer may be right: a program of the problem's decides.";
    default:
      return "";
  }
}
