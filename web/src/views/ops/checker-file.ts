// The code of a checker program in a file of its own, `checker.py` or the like, beside
// `problem.json`.

import { languageOf } from "./endings.ts";
import { withMemberOf } from "./json-place.ts";

/** The language of a checker's file by its name; `undefined` where it is no checker. */
export function checkerLanguage(name: string): string | undefined {
  return /^checker\.[^.]+$/.test(name) ? languageOf(name) : undefined;
}

/**
 * The compact text of a problem with the code in its checker, and the language where that
 * has none; `undefined` where its checker has no place for code.
 */
export function ownChecker(text: string, checker: unknown, name: string, code: string): string | undefined {
  if (typeof checker !== "object" || checker === null) return undefined;
  if (!("kind" in checker) || checker.kind !== "program" || "code" in checker) return undefined;
  const named = "language" in checker ? text : withMemberOf(text, "checker", "language", checkerLanguage(name));
  return withMemberOf(named, "checker", "code", code);
}
