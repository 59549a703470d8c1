// JSON whose numbers keep their digits: JSON.parse alone rounds whole numbers beyond
// 2^53, and the values of problems have 64 bits. A number that would not be the same
// becomes what JSON.rawJSON makes of its text: JSON.stringify writes it as it was.
// A browser without JSON.rawJSON rounds.

interface RawJson {
  rawJSON?(text: string): unknown;
}

function parse(text: string, differs: (value: number, source: string) => boolean): unknown {
  const raw = (JSON as RawJson).rawJSON;
  if (!raw) return JSON.parse(text);
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && context?.source !== undefined && differs(value, context.source)
      ? raw(context.source)
      : value;
  return JSON.parse(text, keep);
}

/** For what is only handed on: every number stays as it was typed, `1.0` and `1e3` too. */
export function parseExactly(text: string): unknown {
  return parse(text, (value, source) => String(value) !== source);
}

/** For what the page reads: whole numbers that a `number` cannot hold keep their digits. */
export function parseAnswer(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return parse(text, (value, source) => /^-?\d+$/.test(source) && !Number.isSafeInteger(value));
}

/** Whether a value is an object of JSON; a number that kept its digits is none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null;
}

/** Whether a value is a number, or one that kept its digits. */
export function isNumber(value: unknown): boolean {
  return (
    typeof value === "number" ||
    (typeof value === "object" && value !== null && !isObject(value) && !Array.isArray(value))
  );
}

/** JSON with a space after each comma and colon. */
export function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${print(one)}`);
  return `{${members.join(", ")}}`;
}
