// The code of a checker program in a file of its own, `checker.py` or the like, beside
// `problem.json`. The endings, and what they mean, are those of `cargo xtask`.

import { withMemberOf } from "./json-place.ts";

/** Endings of files, and the language that each means. */
export const ENDINGS: Record<string, string> = {
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  ts: "typescript",
  mts: "typescript",
  c: "c",
  cpp: "c++",
  cc: "c++",
  cxx: "c++",
  rs: "rust",
  go: "go",
  java: "java",
  sh: "bash",
  bash: "bash",
  rb: "ruby",
  pl: "perl",
  php: "php",
  lua: "lua",
  kt: "kotlin",
  cs: "csharp",
  fs: "fsharp",
  hs: "haskell",
  swift: "swift",
  scala: "scala",
  ml: "ocaml",
  r: "rscript",
  awk: "awk",
  pas: "pascal",
  f90: "fortran",
  adb: "ada",
  d: "d",
  lisp: "lisp",
  erl: "erlang",
  exs: "elixir",
  clj: "clojure",
  rkt: "racket",
  sql: "sqlite3",
};

/** The language of a checker's file by its name; `undefined` where it is no checker. */
export function checkerLanguage(name: string): string | undefined {
  const ending = /^checker\.([^.]+)$/.exec(name)?.[1] ?? "";
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
}

/**
 * The text of a problem with the code in its checker, and the language where that has
 * none; `undefined` where its checker has no place for code.
 */
export function ownChecker(text: string, checker: unknown, name: string, code: string): string | undefined {
  if (typeof checker !== "object" || checker === null) return undefined;
  if (!("kind" in checker) || checker.kind !== "program" || "code" in checker) return undefined;
  const coded = withMemberOf(text, "checker", "code", code);
  return "language" in checker ? coded : withMemberOf(coded, "checker", "language", checkerLanguage(name));
}
