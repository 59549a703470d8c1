// From Markdown to HTML that is not to be trusted yet: GitHub's dialect, and maths
// between `$` and `$$`. A formula becomes a placeholder that holds its TeX as text,
// because only elements, never strings of MathML, may enter the page.

import { Marked, type Tokens, type TokenizerAndRendererExtension } from "marked";

/** The attribute of a placeholder, `inline` or `block`; nothing else in a statement has it. */
export const MATHS = "data-maths";

// No space inside the delimiters, no digit after the closing one, no backtick within:
// so "$5 to $10" and "`$a` $b" are no formulas. `\$` within a formula is a dollar sign.
const INLINE = /^\$(?![\s$])((?:\\[^`]|[^\\$`])*?(?:\\[^\s`]|[^\\$`\s]))\$(?![\d$])/;
const DISPLAY = /^\$\$((?:\\[^`]|[^\\$`])+?)\$\$/;
/** A display formula that stands alone; a blank line ends it unfinished, as in TeX. */
const BLOCK = /^ {0,3}\$\$((?:\\[^`]|[^\\$`\n]|\n(?![ \t]*\n))+?)\$\$[ \t]*(?:\n+|$)/;
/** An amount and a word, such as the inside of "$5 or 6$". */
const MONEY = /^\d+(?:[.,]\d+)*\s+[A-Za-z]{2,}\b/;
const ANY_INLINE = /\\[\s\S]|`+[^`]+`+|\$\$?[^\s$`](?:\\[^`]|[^\\$`])*?\$\$?/g;

interface Formula extends Tokens.Generic {
  tex: string;
  kind: "inline" | "block";
}

const inline: TokenizerAndRendererExtension = {
  name: "maths",
  level: "inline",
  start: (source: string) => {
    const at = source.indexOf("$");
    return at < 0 ? undefined : at;
  },
  tokenizer(source: string): Formula | undefined {
    const display = DISPLAY.exec(source);
    if (display?.[1]) return { type: "maths", raw: display[0], tex: display[1], kind: "block" };
    const found = INLINE.exec(source);
    if (!found?.[1] || MONEY.test(found[1])) return undefined;
    return { type: "maths", raw: found[0], tex: found[1], kind: "inline" };
  },
  renderer: placeholder,
};

const block: TokenizerAndRendererExtension = {
  name: "mathsBlock",
  level: "block",
  start: (source: string) => /(?:^|\n) {0,3}\$\$/.exec(source)?.index,
  tokenizer(source: string): Formula | undefined {
    const found = BLOCK.exec(source);
    return found?.[1] ? { type: "mathsBlock", raw: found[0], tex: found[1], kind: "block" } : undefined;
  },
  renderer: (token) => `<div>${placeholder(token)}</div>\n`,
};

function placeholder(token: Tokens.Generic): string {
  return `<span ${MATHS}="${String(token["kind"])}">${escaped(String(token["tex"]).trim())}</span>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const marked = new Marked({
  gfm: true,
  extensions: [inline, block],
  renderer: {
    // A task list's box could not be ticked anyway, and statements hold no controls.
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
  hooks: {
    // `*` and `_` within a formula begin and end no emphasis.
    emStrongMask: (source) =>
      source.replace(ANY_INLINE, (found) => (found.startsWith("$") ? "a".repeat(found.length) : found)),
  },
});

/** The statement as HTML, which must go through `clean`. */
export function toHtml(markdown: string): string {
  return marked.parse(markdown, { async: false });
}
