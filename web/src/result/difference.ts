// Expected and got with their differences marked. The library is loaded when there
// is something to compare; long texts are shown without marks.

import { h } from "../base/dom.ts";
import { marked } from "./unseen.ts";

/** UTF-16 units of both texts; beyond that comparing takes too long to be worth it. */
const MAX_COMPARED = 40_000;
/** Up to here words are compared, beyond that lines. */
const MAX_BY_WORDS = 6_000;
const MAX_MS = 250;
/** A word, a number, or any other single character; a space is one of its own. */
const WORDS = /[\p{L}\p{N}_]+|[^\p{L}\p{N}_]/gu;
const LINES = /[^\n]*\n|[^\n]+$/g;

export interface Marked {
  expected: Node[];
  actual: Node[];
}

/** Both texts with marks, or nothing where they are equal, too long, or differ everywhere. */
export async function compare(expected: string, actual: string): Promise<Marked | undefined> {
  const size = expected.length + actual.length;
  if (expected === actual || size > MAX_COMPARED || expected === "" || actual === "") return undefined;
  const { diffArrays } = await import("./diff.ts");
  const tokens = size <= MAX_BY_WORDS ? WORDS : LINES;
  const changes = diffArrays(expected.match(tokens) ?? [], actual.match(tokens) ?? [], { timeout: MAX_MS });
  if (!changes) return undefined;
  const result: Marked = { expected: [], actual: [] };
  let [expectedAt, actualAt] = [0, 0];
  for (const { value: parts, added, removed } of changes) {
    const value = parts.join("");
    if (!added) {
      expectedAt += value.length;
      result.expected.push(
        ...(removed ? [changed("del", value)] : marked(value, expected.slice(expectedAt, expectedAt + 2))),
      );
    }
    if (!removed) {
      actualAt += value.length;
      result.actual.push(...(added ? [changed("ins", value)] : marked(value, actual.slice(actualAt, actualAt + 2))));
    }
  }
  return result;
}

function changed(tag: "ins" | "del", text: string): HTMLElement {
  const element = h(tag, { class: "r-diff" });
  element.append(...marked(text, "", true));
  // A line break that differs would be seen as nothing.
  if (/^\n+$/.test(text)) element.classList.add("r-diff-break");
  return element;
}

/** What differs at the very end, in words: for each text, or nothing. */
export function endings(expected: string, actual: string): { expected?: string; actual?: string } {
  const [one, other] = [expected.endsWith("\n"), actual.endsWith("\n")];
  if (one === other || expected === "" || actual === "") return {};
  const words = "Does not end in a line break.";
  return one ? { actual: words } : { expected: words };
}
