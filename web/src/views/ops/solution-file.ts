// The solutions beside a problem. They are not published, but `cargo xtask problems` refuses
// a folder with one that it could not try, and so does the page.

import { languageOf } from "./endings.ts";

/** How the names of solutions begin: with the verdict that they must get. */
const VERDICTS = [
  "accepted",
  "wrong",
  "time-limit",
  "tle",
  "slow",
  "memory-limit",
  "mle",
  "output-limit",
  "ole",
  "runtime-error",
  "rte",
  "compilation-error",
  "ce",
];
/** Of a submission: its code as UTF-8, and as JSON. */
const MAX_BYTES = 65_536;
const MAX_JSON_BYTES = 2 * MAX_BYTES;
/** No file that is longer can be short enough, whatever begins it. */
export const MAX_FILE_BYTES = MAX_BYTES + 3;

const NAME = new RegExp(`^(?:${VERDICTS.join("|")})(?!\\p{Alphabetic})`, "u");

/** What is wrong with the name of a solution. */
export function nameFault(name: string): string | undefined {
  if (!NAME.test(name)) return `the name of a solution begins with its verdict: ${VERDICTS.join(", ")}`;
  if (languageOf(name) === undefined) return "the name of a solution ends with that of its language, such as .py";
  return undefined;
}

/** What is wrong with the code of a solution; `undefined` stands for what is longer than `MAX_FILE_BYTES`. */
export function codeFault(code: string | undefined): string | undefined {
  if (code === "") return "code must not be empty";
  if (code === undefined || bytes(code) > MAX_BYTES) return `code must be at most ${MAX_BYTES} bytes`;
  if (bytes(JSON.stringify(code)) - '""'.length > MAX_JSON_BYTES)
    return `code must be at most ${MAX_JSON_BYTES} bytes as JSON`;
  return undefined;
}

const bytes = (text: string) => new TextEncoder().encode(text).length;
