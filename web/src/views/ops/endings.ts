// The languages of source files by their endings: those of `cargo xtask`
// (`xtask/src/endings.rs`).

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

/** The language of a file by its name; `undefined` where its ending means none. */
export function languageOf(name: string): string | undefined {
  const ending = /.\.([^.]+)$/.exec(name)?.[1] ?? "";
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
}
