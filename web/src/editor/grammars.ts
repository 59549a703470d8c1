// Highlighting and indenting by language. Each grammar is a part of its own that is
// loaded when its language is first shown; another language is plain text.

import { StreamLanguage, type StreamParser } from "@codemirror/language";

type Parser = StreamParser<unknown>;

/** By the name or an alias of `GET /languages`. */
const LOADERS: Record<string, () => Promise<Parser>> = {
  bash: async () => (await import("@codemirror/legacy-modes/mode/shell")).shell,
  brainfuck: async () => (await import("@codemirror/legacy-modes/mode/brainfuck")).brainfuck,
  c: async () => (await import("@codemirror/legacy-modes/mode/clike")).c,
  "c++": async () => (await import("@codemirror/legacy-modes/mode/clike")).cpp,
  clojure: async () => (await import("@codemirror/legacy-modes/mode/clojure")).clojure,
  cobol: async () => (await import("@codemirror/legacy-modes/mode/cobol")).cobol,
  coffeescript: async () => (await import("@codemirror/legacy-modes/mode/coffeescript")).coffeeScript,
  crystal: async () => (await import("@codemirror/legacy-modes/mode/crystal")).crystal,
  csharp: async () => (await import("@codemirror/legacy-modes/mode/clike")).csharp,
  d: async () => (await import("@codemirror/legacy-modes/mode/d")).d,
  dart: async () => (await import("@codemirror/legacy-modes/mode/clike")).dart,
  erlang: async () => (await import("@codemirror/legacy-modes/mode/erlang")).erlang,
  fortran: async () => (await import("@codemirror/legacy-modes/mode/fortran")).fortran,
  fsharp: async () => (await import("@codemirror/legacy-modes/mode/mllike")).fSharp,
  go: async () => (await import("@codemirror/legacy-modes/mode/go")).go,
  groovy: async () => (await import("@codemirror/legacy-modes/mode/groovy")).groovy,
  haskell: async () => (await import("@codemirror/legacy-modes/mode/haskell")).haskell,
  java: async () => (await import("@codemirror/legacy-modes/mode/clike")).java,
  javascript: async () => (await import("@codemirror/legacy-modes/mode/javascript")).javascript,
  julia: async () => (await import("@codemirror/legacy-modes/mode/julia")).julia,
  kotlin: async () => (await import("@codemirror/legacy-modes/mode/clike")).kotlin,
  lisp: async () => (await import("@codemirror/legacy-modes/mode/commonlisp")).commonLisp,
  lua: async () => (await import("@codemirror/legacy-modes/mode/lua")).lua,
  ocaml: async () => (await import("@codemirror/legacy-modes/mode/mllike")).oCaml,
  octave: async () => (await import("@codemirror/legacy-modes/mode/octave")).octave,
  pascal: async () => (await import("@codemirror/legacy-modes/mode/pascal")).pascal,
  perl: async () => (await import("@codemirror/legacy-modes/mode/perl")).perl,
  php,
  powershell: async () => (await import("@codemirror/legacy-modes/mode/powershell")).powerShell,
  python: async () => (await import("@codemirror/legacy-modes/mode/python")).python,
  rscript: async () => (await import("@codemirror/legacy-modes/mode/r")).r,
  ruby: async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby,
  rust: async () => (await import("@codemirror/legacy-modes/mode/rust")).rust,
  scala: async () => (await import("@codemirror/legacy-modes/mode/clike")).scala,
  scheme: async () => (await import("@codemirror/legacy-modes/mode/scheme")).scheme,
  swift: async () => (await import("@codemirror/legacy-modes/mode/swift")).swift,
  typescript: async () => (await import("@codemirror/legacy-modes/mode/javascript")).typescript,
};

/** Names under which endpoints offer the same languages. */
const ALIASES: Record<string, string> = {
  "c#": "csharp",
  "csharp.net": "csharp",
  cpp: "c++",
  cs: "csharp",
  "fsharp.net": "fsharp",
  golang: "go",
  js: "javascript",
  py: "python",
  python2: "python",
  python3: "python",
  rs: "rust",
  rb: "ruby",
  sh: "bash",
  ts: "typescript",
};

/** PHP has no grammar of its own there; it is close enough to C with variables. */
async function php(): Promise<Parser> {
  const { clike } = await import("@codemirror/legacy-modes/mode/clike");
  const words = (text: string) => Object.fromEntries(text.split(" ").map((word) => [word, true]));
  return clike({
    name: "php",
    keywords: words(
      "abstract and as break case catch class clone const continue declare default do echo else elseif enum extends final finally fn for foreach function global if implements include instanceof interface match namespace new or print private protected public readonly require require_once return static switch throw trait try use var while xor yield",
    ),
    blockKeywords: words("catch do else elseif finally for foreach function if match switch try while"),
    atoms: words("true false null TRUE FALSE NULL STDIN STDOUT STDERR PHP_EOL PHP_INT_MAX PHP_INT_MIN"),
    types: words("array bool callable float int iterable mixed object string void"),
    multiLineStrings: true,
    hooks: {
      $: (stream: { eatWhile(pattern: RegExp): void }) => {
        stream.eatWhile(/[\w$]/);
        return "variableName.special";
      },
      "#": (stream: { skipToEnd(): void }) => {
        stream.skipToEnd();
        return "comment";
      },
      "<": (stream: { match(pattern: RegExp): unknown }) => (stream.match(/^\?(php|=)?/) ? "meta" : false),
      "?": (stream: { match(pattern: RegExp): unknown }) => (stream.match(/^>/) ? "meta" : false),
    },
  }) as Parser;
}

const loaded = new Map<string, Promise<StreamLanguage<unknown> | undefined>>();

/** The grammar of a language; `undefined` where there is none, or it cannot be loaded now. */
export function grammar(language: string): Promise<StreamLanguage<unknown> | undefined> {
  const name = Object.hasOwn(ALIASES, language) ? (ALIASES[language] ?? language) : language;
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (!load) return Promise.resolve(undefined);
  let known = loaded.get(name);
  if (!known) {
    known = load().then(
      (parser) => StreamLanguage.define(parser),
      () => {
        loaded.delete(name);
        return undefined;
      },
    );
    loaded.set(name, known);
  }
  return known;
}
