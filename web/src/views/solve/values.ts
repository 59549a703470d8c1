// Arguments of functions, as people type them: read as JSON and checked against the
// types of the parameters, before anything is sent.

import { isNumber, isObject, parseExactly } from "../../base/json.ts";

/** An example of a type's JSON. */
function example(type: string): string {
  const [, outer = type, inner = ""] = /^(\w+)(?:<(.*)>)?$/.exec(type) ?? [];
  switch (outer) {
    case "int":
      return "7";
    case "float":
      return "2.5";
    case "string":
      return '"text"';
    case "bool":
      return "true";
    case "list":
    case "linked_list":
    case "linked_nodes":
      return `[${example(inner)}]`;
    case "binary_tree":
      return `[${example(inner)}, null, ${example(inner)}]`;
    case "calls":
      return '[["Name", 1], ["method", 2]]';
    case "map":
      return `{"name": ${example(inner)}}`;
    default:
      return "null";
  }
}

function fits(value: unknown, type: string): boolean {
  const [, outer = type, inner = "any"] = /^(\w+)(?:<(.*)>)?$/.exec(type) ?? [];
  switch (outer) {
    case "int":
      return isNumber(value) && /^-?\d+$/.test(JSON.stringify(value));
    case "float":
      return isNumber(value);
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "list":
    case "linked_list":
      return Array.isArray(value) && value.every((one) => fits(one, inner));
    case "linked_nodes": {
      const values = isObject(value) ? value.values : value;
      return Array.isArray(values) && values.every((one) => fits(one, inner));
    }
    case "calls":
      return Array.isArray(value) && value.length > 0 && value.every((one) => Array.isArray(one) && one.length > 0);
    case "binary_tree":
      return Array.isArray(value) && value.every((one) => one === null || fits(one, inner));
    case "map":
      return isObject(value) && Object.values(value).every((one) => fits(one, inner));
    default:
      return true;
  }
}

export type ReadValue = { value: unknown } | { error: string };

/** Reads what somebody typed for a parameter of this type, or as the calls of a class. */
export function readValue(text: string, type: string): ReadValue {
  const what = type === "calls" ? "list of calls" : `value of type ${type}`;
  if (text.trim() === "") return { error: `Type a ${what}, such as ${example(type)}.` };
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch {
    const quotes = type.includes("string") ? " Put texts into double quotes." : "";
    return { error: `This is not JSON.${quotes} A ${what} looks like ${example(type)}.` };
  }
  const not = type === "calls" ? "no list of calls" : `not of type ${type}`;
  if (!fits(value, type)) return { error: `This is ${not}, which looks like ${example(type)}.` };
  return { value };
}
