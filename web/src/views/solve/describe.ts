// What a problem asks for, in a few words: kind, signature, limits, and when an
// answer counts as right.

import { h, replace } from "../../base/dom.ts";
import { bytes, duration } from "../../base/time.ts";
import type { Problem } from "../../api/types.ts";
import { languageName } from "../../languages.ts";

/** The line of facts under a problem's title; `update` follows the chosen language. */
export function facts(problem: Problem): { element: HTMLElement; update(language: string): void } {
  const limits = h("span", {});
  const signature = h("div", {});
  const element = h(
    "div",
    { class: "solve-facts" },
    signature,
    h(
      "p",
      { class: "muted small" },
      problem.kind === "function" ? "A function to write. " : "A program: it reads standard input and prints. ",
      limits,
      " ",
      comparison(problem),
    ),
  );
  const update = (language: string) => {
    replace(signature, ...signatureIn(problem, language));
    limits.replaceChildren(limitsText(problem, language));
  };
  return { element, update };
}

/** The signature with the name that the starter code has; the problem's own may be used as well. */
function signatureIn({ signature, starter }: Problem, language: string): HTMLElement[] {
  if (!signature) return [];
  const plain = (name: string) => name.replaceAll("_", "").toLowerCase();
  const names = starter[language]?.match(/[A-Za-z_]\w*/g) ?? [];
  const name = names.find((one) => plain(one) === plain(signature.name)) ?? signature.name;
  const params = (signature.params ?? []).map(({ name, type }) => `${name}: ${type}`).join(", ");
  const line = h("p", { class: "solve-signature" }, h("code", {}, `${name}(${params}) → ${signature.returns}`));
  if (name === signature.name) return [line];
  const other = ["The name ", h("code", {}, signature.name), ` works in ${languageName(language)} too.`];
  return [line, h("p", { class: "muted small" }, other)];
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
export function comparison({ checker, kind }: Problem): string {
  const { kind: name, ...rest } = typeof checker === "string" ? { kind: checker } : checker;
  const isFunction = kind === "function";
  switch (name) {
    case "exact":
      return isFunction ? "The value must be the same, and of the same type." : "The output must be the same text.";
    case "lines":
      return isFunction
        ? "The value must be the same; white space at the ends of lines does not count."
        : "The output is compared line by line; white space at the ends of lines does not count.";
    case "tokens":
      return isFunction
        ? "The value must be the same; texts are compared word by word."
        : "The output is compared word by word; white space between words does not count.";
    case "float": {
      const { absolute = 1e-9, relative = 1e-9 } = rest as { absolute?: number; relative?: number };
      return `Numbers may differ by ${absolute}, or by ${relative} of the expected one.`;
    }
    case "unordered":
      return isFunction ? "The order of lists does not count." : "The order of lines does not count.";
    default:
      return "";
  }
}
