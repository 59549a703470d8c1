// JSON whose numbers keep their digits: JSON.parse alone rounds whole numbers beyond
// 2^53, and the values of problems have 64 bits. A number that would not be the same
// becomes what JSON.rawJSON makes of its text: JSON.stringify writes it as it was.
// A browser without JSON.rawJSON rounds. Members keep their order, too: JavaScript alone
// moves names that are whole numbers to the front.

interface RawJson {
  rawJSON?(text: string): unknown;
}

/** The names of an object's members as they were written, where JavaScript moves some. */
const written = new WeakMap<object, string[]>();

/** `whole`, which was read from `text`, with the order of its members noted. */
function inOrder(text: string, whole: unknown): unknown {
  if (!/"\d+"\s*:/.test(text)) return whole;
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s[\]{},:"]+/g;
  const next = () => tokens.exec(text)?.[0] ?? "";
  const walk = (value: unknown, first: string): void => {
    if (first === "[") {
      let at = 0;
      for (let token = next(); token !== "]"; token = next())
        if (token !== ",") walk((value as unknown[] | undefined)?.[at++], token);
    } else if (first === "{") {
      const names = new Set<string>();
      for (let token = next(); token !== "}"; token = next()) {
        if (token === ",") continue;
        const name = JSON.parse(token) as string;
        next();
        names.add(name);
        walk((value as Record<string, unknown> | undefined)?.[name], next());
      }
      if (isObject(value)) written.set(value, [...names]);
    }
  };
  walk(whole, next());
  return whole;
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
  return inOrder(
    text,
    parse(text, (value, source) => String(value) !== source),
  );
}

/** For what the page reads: whole numbers that a `number` cannot hold keep their digits. */
export function parseAnswer(text: string): unknown {
  const differs = (value: number, source: string) => /^-?\d+$/.test(source) && !Number.isSafeInteger(value);
  return inOrder(text, /\d{16}/.test(text) ? parse(text, differs) : JSON.parse(text));
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

/** JSON; with a space after each comma and colon, unless there shall be none. */
export function print(value: unknown, space = " "): string {
  if (Array.isArray(value)) return `[${value.map((one) => print(one, space)).join(`,${space}`)}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const names = written.get(value) ?? Object.keys(value);
  const members = names.map((name) => `${JSON.stringify(name)}:${space}${print(value[name], space)}`);
  return `{${members.join(`,${space}`)}}`;
}
