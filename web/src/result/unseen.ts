// Characters that cannot be seen, or not told apart: which marks stand for them, and
// their names in words. The marks are drawn by the style sheet, so that the text of
// an element stays exactly what it was.

import { h } from "../base/dom.ts";

/** By character: the mark, and the name. */
const NAMES = new Map<string, [string, string]>([
  ["\t", ["→", "tab"]],
  ["\r", ["␍", "carriage return"]],
  ["\u00a0", ["⍽", "no-break space (U+00A0)"]],
  ["\u00ad", ["-", "soft hyphen (U+00AD)"]],
  ["\u200b", ["▯", "zero-width space (U+200B)"]],
  ["\u200c", ["▯", "zero-width non-joiner (U+200C)"]],
  ["\u200d", ["▯", "zero-width joiner (U+200D)"]],
  ["\u2028", ["↵", "line separator (U+2028)"]],
  ["\u2029", ["↵", "paragraph separator (U+2029)"]],
  ["\u202f", ["⍽", "narrow no-break space (U+202F)"]],
  ["\u2060", ["▯", "word joiner (U+2060)"]],
  ["\u3000", ["□", "ideographic space (U+3000)"]],
  ["\ufeff", ["▯", "byte order mark (U+FEFF)"]],
]);

/** What is marked anywhere: controls, spaces that are none, and what has no width or turns the direction. */
const MARKED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
  /[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u115f\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/;

const TRAILING = "[ ]+(?=\\r?\\n|$)";
/** In a piece that is not the end of a text only its line breaks end a line. */
const TRAILING_WITHIN = "[ ]+(?=\\r?\\n)";

/** So many marks a piece of text; a text of nothing but tabs must not stop the page. */
const MAX_MARKS = 400;

const PIECES = new RegExp(`${TRAILING}|${MARKED.source}`, "g");
const PIECES_WITHIN = new RegExp(`${TRAILING_WITHIN}|${MARKED.source}`, "g");
/** Within a difference every space counts. */
const PIECES_OF_CHANGE = new RegExp(`[ ]+|${MARKED.source}`, "g");

function named(char: string): [string, string] {
  if (char === " ") return ["·", "space"];
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return NAMES.get(char) ?? ["▯", `invisible character (U+${code})`];
}

/**
 * The text with its unseen characters marked. `next` is what follows it, where it is a
 * piece of a longer text; `changed`: it is a difference, so every space is marked.
 */
export function marked(text: string, next = "", changed = false): Node[] {
  const endsLine = next === "" || /^\r?\n/.test(next);
  const pieces = changed ? PIECES_OF_CHANGE : endsLine ? PIECES : PIECES_WITHIN;
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(pieces)) {
    if (nodes.length > 2 * MAX_MARKS) break;
    if (match.index > at) nodes.push(document.createTextNode(text.slice(at, match.index)));
    at = match.index + match[0].length;
    const [mark, name] = named(match[0].charAt(0));
    const title = match[0].length > 1 ? `${match[0].length} ${name}s` : name;
    nodes.push(h("span", { class: "r-unseen", dataset: { mark: mark.repeat(match[0].length) }, title }, match[0]));
  }
  if (at < text.length) nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

/** What cannot be seen in a text, in words: "2 spaces at the end of a line, 1 tab". Empty where all can be seen. */
export function unseenWords(text: string): string {
  const counts = new Map<string, number>();
  const add = (name: string, count: number) => counts.set(name, (counts.get(name) ?? 0) + count);
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece.startsWith(" ")) add(" ", piece.length);
    else add(named(piece)[1], 1);
  }
  return [...counts].map(([name, count]) => words(name, count)).join(", ");
}

function words(name: string, count: number): string {
  const many = count === 1 ? "" : "s";
  if (name === " ") return `${count} space${many} at the end of a line`;
  return `${count} ${name.replace(/( \(.*\))?$/, `${many}$1`)}`;
}
