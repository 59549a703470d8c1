// How the editor looks. Every colour is a custom property of the page, which a shadow
// tree inherits: a switch of the theme needs nothing here.

import { EditorView } from "@codemirror/view";

const BUTTON = {
  backgroundImage: "none",
  backgroundColor: "var(--surface)",
  color: "var(--text)",
  border: "1px solid var(--line-strong)",
  borderRadius: "var(--radius)",
  padding: "3px 10px",
  font: "inherit",
  cursor: "pointer",
};

export const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    fontSize: "var(--editor-font-size, 14px)",
    lineHeight: "1.5",
    fontVariantLigatures: "none",
    overflow: "auto",
  },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "& > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { background: "var(--code-selection)" },
  ".cm-content ::selection": { backgroundColor: "transparent" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 12px", minWidth: "38px" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)", fontWeight: "600" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--line) 32%, transparent)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--accent)",
    borderRadius: "2px",
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", outline: "1px solid var(--bad)" },
  ".cm-searchMatch": { backgroundColor: "var(--mark)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--mark)", outline: "2px solid var(--accent)" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--mark) 55%, transparent)" },

  // On paper the code is whole, and nobody is typing.
  "@media print": {
    "&": { height: "auto" },
    ".cm-scroller": { overflow: "visible" },
    ".cm-content": { whiteSpace: "pre-wrap", overflowWrap: "anywhere", minWidth: "0" },
    ".cm-cursorLayer, .cm-selectionLayer, .cm-panels": { display: "none" },
    ".cm-activeLine": { backgroundColor: "transparent" },
  },

  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", fontFamily: "var(--font)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 34px 8px 10px", fontSize: "var(--small)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label": {
    fontSize: "var(--small)",
    margin: "2px 6px 2px 0",
  },
  ".cm-textfield": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    padding: "3px 8px",
  },
  ".cm-button": BUTTON,
  ".cm-button:active": { backgroundImage: "none", backgroundColor: "var(--sunken)" },
  ".cm-panel.cm-search [name=close]": { color: "var(--text)", fontSize: "20px", padding: "0 8px", cursor: "pointer" },
  ".cm-panels :focus-visible": { outline: "2px solid var(--accent)", outlineOffset: "1px" },

  ".tok-keyword, .tok-operatorKeyword, .tok-bool, .tok-atom": { color: "var(--code-keyword)" },
  ".tok-string, .tok-string2, .tok-url": { color: "var(--code-string)" },
  ".tok-number, .tok-literal": { color: "var(--code-number)" },
  ".tok-comment, .tok-meta": { color: "var(--code-comment)" },
  ".tok-comment": { fontStyle: "italic" },
  ".tok-definition, .tok-typeName, .tok-className, .tok-namespace, .tok-macroName": { color: "var(--code-name)" },
  ".tok-invalid": { color: "var(--bad)" },
});
