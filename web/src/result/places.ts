// The places that a compiler or an exception names, as buttons that set the cursor.

import { h } from "../base/dom.ts";
import { marked } from "./unseen.ts";

export type GoTo = (line: number, column?: number) => void;

/** `main.cpp:3:5`, `Main.java:3`, `File "main.py", line 3`; the names that endpoints give to the student's file. */
const PLACE =
  /(?:[\w./:-]*\/)?\b(?:[Mm]ain|[Ss]olution|source|submission|prog|file0)\.\w{1,5}:(\d{1,6})(?::(\d{1,6}))?|File "[^"\n]*(?:main|solution|file0)\.\w{1,5}", line (\d{1,6})/g;

/** A text with its unseen characters marked and its places as buttons, where there is an editor to go to. */
export function withPlaces(text: string, goTo: GoTo | undefined): Node[] {
  if (!goTo) return marked(text);
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACE)) {
    nodes.push(...marked(text.slice(at, match.index), match[0]));
    at = match.index + match[0].length;
    const line = Number(match[1] ?? match[3]);
    const column = match[2] === undefined ? undefined : Number(match[2]);
    const label = column === undefined ? `Go to line ${line}` : `Go to line ${line}, column ${column}`;
    nodes.push(
      h("button", { class: "r-place", type: "button", title: label, onclick: () => goTo(line, column) }, match[0]),
    );
  }
  nodes.push(...marked(text.slice(at)));
  return nodes;
}
