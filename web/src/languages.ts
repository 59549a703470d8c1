// What the page knows of programming languages by itself: names for people, endings
// of files, and what a program begins with. Which ones are offered the API says.

import { call } from "./api/client.ts";
import type { Language } from "./api/types.ts";

interface Known {
  name: string;
  /** The name of a file that holds the code. */
  file: string;
  /** Other endings that mean this language. */
  endings?: string[];
  /** What a program that reads standard input begins with. */
  template?: string;
}

const KNOWN: Record<string, Known> = {
  bash: {
    name: "Bash",
    file: "main.sh",
    endings: ["bash"],
    template: 'while read -r line; do\n  echo "$line"\ndone\n',
  },
  c: {
    name: "C",
    file: "main.c",
    template:
      "#include <stdio.h>\n\nint main(void) {\n    char line[4096];\n    while (fgets(line, sizeof line, stdin)) {\n        fputs(line, stdout);\n    }\n    return 0;\n}\n",
  },
  "c++": {
    name: "C++",
    file: "main.cpp",
    endings: ["cc", "cxx"],
    template:
      "#include <bits/stdc++.h>\nusing namespace std;\n\nint main() {\n    string line;\n    while (getline(cin, line)) {\n        cout << line << '\\n';\n    }\n    return 0;\n}\n",
  },
  csharp: { name: "C#", file: "main.cs" },
  go: {
    name: "Go",
    file: "main.go",
    template:
      'package main\n\nimport (\n\t"bufio"\n\t"fmt"\n\t"os"\n)\n\nfunc main() {\n\tin := bufio.NewScanner(os.Stdin)\n\tin.Buffer(nil, 1<<20)\n\tfor in.Scan() {\n\t\tfmt.Println(in.Text())\n\t}\n}\n',
  },
  haskell: { name: "Haskell", file: "main.hs", template: "main :: IO ()\nmain = interact id\n" },
  java: {
    name: "Java",
    file: "Main.java",
    template:
      "import java.io.*;\n\npublic class Main {\n    public static void main(String[] args) throws IOException {\n        var in = new BufferedReader(new InputStreamReader(System.in));\n        String line;\n        while ((line = in.readLine()) != null) {\n            System.out.println(line);\n        }\n    }\n}\n",
  },
  javascript: {
    name: "JavaScript",
    file: "main.js",
    endings: ["mjs", "cjs"],
    template:
      'const lines = require("node:fs").readFileSync(0, "utf8").trimEnd().split("\\n");\n\nfor (const line of lines) {\n  console.log(line);\n}\n',
  },
  kotlin: { name: "Kotlin", file: "main.kt" },
  lua: { name: "Lua", file: "main.lua", template: "for line in io.lines() do\n  print(line)\nend\n" },
  perl: {
    name: "Perl",
    file: "main.pl",
    template:
      'use strict;\nuse warnings;\n\nwhile (my $line = <STDIN>) {\n    chomp $line;\n    print "$line\\n";\n}\n',
  },
  php: {
    name: "PHP",
    file: "main.php",
    template: '<?php\nwhile (($line = fgets(STDIN)) !== false) {\n    echo rtrim($line, "\\n"), "\\n";\n}\n',
  },
  python: {
    name: "Python",
    file: "main.py",
    template: 'import sys\n\nfor line in sys.stdin:\n    print(line.rstrip("\\n"))\n',
  },
  ruby: { name: "Ruby", file: "main.rb", template: "while (line = gets)\n  puts line\nend\n" },
  rust: {
    name: "Rust",
    file: "main.rs",
    template:
      'use std::io::{self, BufRead};\n\nfn main() {\n    for line in io::stdin().lock().lines() {\n        println!("{}", line.unwrap());\n    }\n}\n',
  },
  scala: { name: "Scala", file: "main.scala" },
  swift: { name: "Swift", file: "main.swift" },
  typescript: {
    name: "TypeScript",
    file: "main.ts",
    template:
      'import { readFileSync } from "node:fs";\n\nconst lines: string[] = readFileSync(0, "utf8").trimEnd().split("\\n");\n\nfor (const line of lines) {\n  console.log(line);\n}\n',
  },
};

/** A language as people write it: "C++", "Python". */
export function languageName(language: string): string {
  return KNOWN[language]?.name ?? language.charAt(0).toUpperCase() + language.slice(1);
}

/** The name for a file with code in this language. */
export function fileName(language: string): string {
  return KNOWN[language]?.file ?? "main.txt";
}

/** The language that a file's ending means, where it means one. */
export function languageOfFile(file: string): string | undefined {
  const ending = file.split(".").at(-1)?.toLowerCase() ?? "";
  return Object.keys(KNOWN).find((language) => {
    const known = KNOWN[language];
    return known?.file.endsWith(`.${ending}`) || known?.endings?.includes(ending);
  });
}

/** A program that repeats its input, to begin with. */
export function template(language: string): string {
  return KNOWN[language]?.template ?? "";
}

let offer: Promise<Language[]> | undefined;

/** The languages on offer, each once; asked for once, unless that fails. */
export function offered(): Promise<Language[]> {
  offer ??= ask().catch((error: unknown) => {
    offer = undefined;
    throw error;
  });
  return offer;
}

async function ask(): Promise<Language[]> {
  const { languages } = await call<{ languages: Language[] }>("/languages");
  const first = new Map<string, Language>();
  for (const one of languages) if (!first.has(one.language)) first.set(one.language, one);
  return [...first.values()].sort((a, b) => languageName(a.language).localeCompare(languageName(b.language)));
}

/** The languages that have something to begin with: what to offer where the API does not say. */
export function usual(): Language[] {
  return Object.keys(KNOWN)
    .filter((language) => template(language) !== "")
    .map((language) => ({ language, version: "", aliases: [] }));
}
