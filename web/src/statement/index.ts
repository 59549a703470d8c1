// A problem's statement: Markdown with maths, sanitised.

import { h } from "../base/dom.ts";
import { clean } from "./clean.ts";
import { toHtml } from "./markdown.ts";
import { renderMaths } from "./maths.ts";

/** The statement as an element; maths is rendered as soon as its library is there. */
export function statement(markdown: string): HTMLElement {
  const element = h("div", { class: "statement" }, clean(toHtml(markdown)));
  void renderMaths(element);
  return element;
}
