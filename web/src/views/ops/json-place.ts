// Where in a JSON text a field stands that the API named, such as `cases[3].expected`,
// and the lines around it. The text is scanned only along the path.

export interface Place {
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
  /** How long the field is, from its name to the end of its value. */
  length: number;
  /** Whether the field itself was found, or only what should hold it. */
  exact: boolean;
}

const space = (text: string, at: number) => {
  let end = at;
  while (/[\s]/.test(text.charAt(end))) end += 1;
  return end;
};

/** Where the string that begins at `at` ends. */
function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

/** Where the value that begins at `at` ends. The text is known to be JSON. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  let end = at;
  while (end < text.length) {
    const character = text.charAt(end);
    if (character === '"') end = stringEnd(text, end);
    else if (character === "{" || character === "[") {
      depth += 1;
      end += 1;
    } else if (character === "}" || character === "]") {
      if (depth === 0) return end;
      depth -= 1;
      end += 1;
    } else if (depth === 0 && /[,\s]/.test(character)) return end;
    else end += 1;
    if (depth === 0 && /["}\]]/.test(text.charAt(end - 1))) return end;
  }
  return end;
}

interface Child {
  name: string | undefined;
  from: number;
  value: number;
  to: number;
}

/** The members of the object, or the items of the array, that begins at `at`. */
function* children(text: string, at: number): Generator<Child> {
  const isObject = text[at] === "{";
  let next = space(text, at + 1);
  while (next < text.length && text[next] !== "}" && text[next] !== "]") {
    const from = next;
    let name: string | undefined;
    let value = from;
    if (isObject) {
      const end = stringEnd(text, from);
      name = JSON.parse(text.slice(from, end)) as string;
      value = space(text, space(text, end) + 1);
    }
    const to = valueEnd(text, value);
    yield { name, from, value, to };
    next = space(text, to);
    if (text[next] === ",") next = space(text, next + 1);
  }
}

/** Where `field` stands in `text`, which must be JSON. */
export function locate(text: string, field: string): Place {
  let rest = field;
  let found: Child = { name: undefined, from: space(text, 0), value: space(text, 0), to: text.trimEnd().length };
  while (rest !== "") {
    const step = text[found.value] === "{" ? member(text, found.value, rest) : item(text, found.value, rest);
    if (!step) break;
    found = step.child;
    rest = step.rest;
  }
  const { line, column } = position(text, found.from);
  return { line, column, length: found.to - found.from, exact: rest === "" };
}

/** The member whose name the path goes on with; the longest, since a name may hold dots. */
function member(text: string, at: number, path: string): { child: Child; rest: string } | undefined {
  let best: Child | undefined;
  for (const child of children(text, at)) {
    const name = child.name ?? "";
    const after = path.charAt(name.length);
    if (!path.startsWith(name) || !["", ".", "["].includes(after)) continue;
    if (!best || name.length >= (best.name ?? "").length) best = child;
  }
  return best && { child: best, rest: path.slice((best.name ?? "").length).replace(/^\./, "") };
}

function item(text: string, at: number, path: string): { child: Child; rest: string } | undefined {
  const [whole, digits] = /^\[(\d+)\]\.?/.exec(path) ?? [];
  if (text[at] !== "[" || whole === undefined) return undefined;
  let index = Number(digits);
  for (const child of children(text, at)) {
    if (index === 0) return { child, rest: path.slice(whole.length) };
    index -= 1;
  }
  return undefined;
}

function position(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
}

/** One letter of a text, counted from 0. */
export function placeAt(text: string, at: number): Place {
  return { ...position(text, at), length: 1, exact: true };
}

export interface Excerpt {
  line: number;
  /** The line in three: before the place, the place, after it. */
  parts: [string, string, string];
  marked: boolean;
}

const AROUND_LINES = 3;
const AROUND_COLUMNS = 60;
const MAX_MARK = 120;

/** The lines around a place; long ones are cut, also a text that is a single line. */
export function excerpt(text: string, place: Place): Excerpt[] {
  const lines = text.split("\n");
  const first = Math.max(1, place.line - AROUND_LINES);
  const last = Math.min(lines.length, place.line + AROUND_LINES);
  const shown: Excerpt[] = [];
  for (let line = first; line <= last; line += 1) {
    const whole = (lines[line - 1] ?? "").replace(/\r$/, "");
    const marked = line === place.line;
    if (!marked) {
      shown.push({ line, parts: [cut(whole, 0, 2 * AROUND_COLUMNS), "", ""], marked });
      continue;
    }
    const from = place.column - 1;
    const to = Math.min(whole.length, from + Math.min(place.length, MAX_MARK));
    const begin = Math.max(0, from - AROUND_COLUMNS);
    const before = (begin > 0 ? "…" : "") + whole.slice(begin, from);
    shown.push({ line, parts: [before, whole.slice(from, to), cut(whole, to, AROUND_COLUMNS)], marked });
  }
  return shown;
}

function cut(text: string, from: number, length: number): string {
  return text.slice(from, from + length) + (text.length > from + length ? "…" : "");
}

/** A JSON text without space between its parts. */
export function compact(text: string): string {
  return text.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|[ \n\r\t]+/g, "$1");
}

/** The compact text of an object with one more member, at its end. */
export function withMember(text: string, name: string, value: unknown): string {
  const comma = text === "{}" ? "" : ",";
  return `${text.slice(0, -1)}${comma}${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}

/** The same for the object that is the member `of`. */
export function withMemberOf(text: string, of: string, name: string, value: unknown): string {
  for (const child of children(text, 0))
    if (child.name === of) {
      const inner = withMember(text.slice(child.value, child.to), name, value);
      return text.slice(0, child.value) + inner + text.slice(child.to);
    }
  return text;
}
