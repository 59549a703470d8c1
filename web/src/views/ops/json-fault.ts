// Where a text stops being JSON, and what is wrong there, in words. `JSON.parse` says the
// place only for some mistakes, and each browser in its own words.

export interface JsonFault {
  /** In UTF-16 units, from 0. */
  at: number;
  message: string;
}

type Wanted = "value" | "first item" | "first name" | "name" | "colon" | "more";

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\w$.+-]+/y;

/** The first mistake, or `undefined` where the text is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ("{" | "[")[] = [];
  let wanted: Wanted = "value";
  let at = 0;
  /** Where the last part ended: a missing comma belongs there. */
  let before = 0;
  const fault = (message: string, place = at): JsonFault => ({ at: place, message });

  for (;;) {
    while (" \t\n\r".includes(text.charAt(at) || "x")) at += 1;
    const character = text.charAt(at);
    const inside = open.at(-1);
    if (character === "") {
      if (inside === undefined && wanted === "more") return undefined;
      const last = Math.max(0, before - 1);
      return fault(inside ? `the text ends before its ${closing(inside)}` : "the file is empty", last);
    }
    if (wanted === "colon") {
      if (character !== ":") return fault("a colon is missing after the name");
      wanted = "value";
    } else if (wanted === "more") {
      if (inside === undefined) return fault("something stands after the end");
      if (character === ",") wanted = inside === "{" ? "name" : "value";
      else if (character === closing(inside)) open.pop();
      else return fault(`a comma or ${closing(inside)} is missing before this`);
    } else if (inside !== undefined && character === closing(inside)) {
      if (wanted === "value" && inside === "{") return fault("a value is missing before this");
      if (wanted === "value" || wanted === "name") return fault("there is a comma too many", before - 1);
      open.pop();
      wanted = "more";
    } else if (wanted === "name" || wanted === "first name") {
      if (character !== '"') return fault("a name in double quotes is missing here");
      const end = stringEnd(text, at);
      if (typeof end === "object") return end;
      at = before = end;
      wanted = "colon";
      continue;
    } else if (character === "{" || character === "[") {
      open.push(character);
      wanted = character === "{" ? "first name" : "first item";
    } else {
      const end = simpleEnd(text, at);
      if (typeof end === "object") return end;
      at = before = end;
      wanted = "more";
      continue;
    }
    at += 1;
    before = at;
  }
}

const closing = (open: "{" | "[") => (open === "{" ? "}" : "]");

/** Where the text, number or word that begins at `at` ends, or what is wrong with it. */
function simpleEnd(text: string, at: number): number | JsonFault {
  const character = text.charAt(at);
  if (character === '"') return stringEnd(text, at);
  if (character === "'") return { at, message: "a text must stand in double quotes" };
  NUMBER.lastIndex = WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0] ?? "";
  if (word !== "" && (["true", "false", "null"].includes(word) || NUMBER.exec(text)?.[0] === word))
    return at + word.length;
  return { at, message: /[-.\d]/.test(character) ? "this is no number of JSON" : "a value is missing here" };
}

/** Where the string that begins at `at` ends, or what is wrong in it. */
function stringEnd(text: string, begin: number): number | JsonFault {
  let at = begin + 1;
  for (;;) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === "" || character === "\n") return { at: begin, message: "this text has no closing quote" };
    if (character < " ") return { at, message: "a control character must be written as \\t or \\u00…" };
    if (character === "\\") {
      if (!/^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(text.slice(at, at + 6)))
        return { at, message: "nothing is written so after a backslash" };
      at += 1;
    }
    at += 1;
  }
}

/** The deepest that the publishing command takes a file. */
const MAX_DEPTH = 128;

/** What no problem may have though it is JSON: a member twice, and what is nested too deep. */
export function jsonFlaw(text: string): JsonFault | undefined {
  /** The names of each object that is open; `undefined`: an array. */
  const open: (Set<string> | undefined)[] = [];
  for (const found of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[\]{}]/g)) {
    const [token, string, colon] = found;
    const at = found.index;
    if (string === undefined) {
      if (token === "}" || token === "]") open.pop();
      else open.push(token === "{" ? new Set() : undefined);
      if (open.length > MAX_DEPTH) return { at, message: "It is nested too deep here." };
    } else if (colon !== undefined) {
      const name = JSON.parse(string) as string;
      if (open.at(-1)?.has(name)) return { at, message: "This member stands twice in its object." };
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}
