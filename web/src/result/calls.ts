// The calls of a class and their answers, as people read them: a line for each, in no
// language of programs.

import { isObject, parseExactly, print } from "../base/json.ts";

/**
 * A line for each call, such as `get(1)`, or `new Cache(2)` for the constructor of the
 * class `name`; `undefined` where it is no list of calls.
 */
export function callLines(input: unknown, name = ""): string | undefined {
  if (!Array.isArray(input)) return undefined;
  const lines = input.map((call) => callLine(call, name));
  return lines.includes(undefined) ? undefined : lines.join("\n");
}

function callLine(call: unknown, name: string): string | undefined {
  if (!Array.isArray(call)) return undefined;
  const [head, ...values] = call as unknown[];
  const text = values.map(argument).join(", ");
  if (typeof head === "string") return `${head === name ? "new " : ""}${head}(${text})`;
  if (!isObject(head)) return undefined;
  if (typeof head.new === "string") return `${head.new} = new ${name}(${text})`;
  return typeof head.on === "string" ? `${head.on}.${String(head.call)}(${text})` : undefined;
}

function argument(value: unknown): string {
  if (isObject(value) && Object.keys(value).length === 1 && "result" in value)
    return `result of call ${print(value.result)}`;
  return print(value);
}

/** A line for each answer, beside that of its call; `undefined` where it is no list. */
export function answerLines(answers: unknown): string | undefined {
  if (!Array.isArray(answers) || answers.length === 0) return undefined;
  return answers.map((one) => print(one)).join("\n");
}

/** The same of texts; all as they are where one of them is no list, such as one that was cut. */
export function linesOfAll(texts: string[]): string[] {
  try {
    const lines = texts.map((text) => answerLines(parseExactly(text)));
    return lines.every((one) => one !== undefined) ? lines : texts;
  } catch {
    return texts;
  }
}
