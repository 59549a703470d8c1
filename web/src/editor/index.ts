// The code editor: CodeMirror in a shadow root, because the page's policy forbids
// the style elements that it would put into the document.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter, highlightCode } from "@lezer/highlight";
import { h } from "../base/dom.ts";
import { languageName } from "../languages.ts";
import { grammar } from "./grammars.ts";
import { type Settings, settings } from "./settings.ts";
import { theme } from "./theme.ts";

export interface EditorOptions {
  /** Names the editor for a screen reader: problem and language. */
  label: string;
  text: string;
  language: string;
  changed(text: string): void;
}

export interface Editor {
  element: HTMLElement;
  text(): string;
  /** Replaces everything; undo brings the old text back. */
  replaceText(text: string): void;
  focus(): void;
  /** Sets the cursor. Lines and columns begin with 1. */
  goTo(line: number, column?: number): void;
  destroy(): void;
}

/** Keys that mean something to the view around: the editor must not write a line break for them. */
const OF_THE_VIEW: Extension = Prec.highest(
  keymap.of(
    ["Ctrl-Enter", "Meta-Enter", "Shift-Ctrl-Enter", "Shift-Meta-Enter", "Mod-s"].map((key) => ({
      key,
      run: () => true,
      preventDefault: true,
    })),
  ),
);

/**
 * What is typed over a selection goes past the browser: it would keep the style of what
 * was selected by a style attribute, which the policy forbids and reports.
 */
const OVER_SELECTION: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const text = event.data;
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || !text || empty || event.isComposing || view.composing) return false;
    const insert = () =>
      view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const isTaken = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert));
    if (!isTaken) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

const HOW_TO_LEAVE = "Tab indents. Press Escape, then Tab, to leave the editor.";

export function createEditor(options: EditorOptions): Editor {
  const { label, text, language, changed } = options;
  const element = h("div", { class: "editor" });
  const root = element.attachShadow({ mode: "open" });
  const highlighting = new Compartment();
  const preferred = new Compartment();
  const state = EditorState.create({
    doc: text,
    extensions: [
      OF_THE_VIEW,
      OVER_SELECTION,
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(true),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
      syntaxHighlighting(classHighlighter),
      EditorView.contentAttributes.of({ "aria-label": label, "aria-description": HOW_TO_LEAVE }),
      theme,
      highlighting.of([]),
      preferred.of(preferences(settings.get(), language)),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
  const view = new EditorView({ state, parent: root, root });
  let destroyed = false;
  void grammar(language).then((found) => {
    if (found && !destroyed) view.dispatch({ effects: highlighting.reconfigure(found) });
  });
  const endWatching = settings.watch((value) => {
    element.style.setProperty("--editor-font-size", `${value.fontSize}px`);
    view.dispatch({ effects: preferred.reconfigure(preferences(value, language)) });
    view.requestMeasure();
  });
  return {
    element,
    text: () => view.state.doc.toString(),
    replaceText(next) {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: next },
        selection: { anchor: 0 },
        annotations: isolateHistory.of("full"),
        userEvent: "input.replace",
        scrollIntoView: true,
      });
    },
    focus: () => view.focus(),
    goTo(line, column = 1) {
      const doc = view.state.doc;
      const found = doc.line(Math.min(Math.max(1, line), doc.lines));
      const at = Math.min(found.from + Math.max(1, column) - 1, found.to);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    destroy() {
      destroyed = true;
      endWatching();
      view.destroy();
    },
  };
}

function preferences({ tabWidth, wrap }: Settings, language: string): Extension {
  return [
    EditorState.tabSize.of(tabWidth),
    indentUnit.of(language === "go" ? "\t" : " ".repeat(tabWidth)),
    wrap ? EditorView.lineWrapping : [],
  ];
}

/** Highlighted code to read; plain at first where the language must be loaded. */
export function codeBlock(code: string, language: string): HTMLElement {
  const inner = h("code", {}, code);
  const block = h(
    "pre",
    { class: "code-block", tabindex: "0", role: "region", "aria-label": `Code in ${languageName(language)}` },
    inner,
  );
  void grammar(language).then((found) => {
    if (!found) return;
    const parts = document.createDocumentFragment();
    highlightCode(
      code,
      found.parser.parse(code),
      classHighlighter,
      (text, classes) => parts.append(classes ? h("span", { class: classes }, text) : text),
      () => parts.append("\n"),
    );
    inner.replaceChildren(parts);
  });
  return block;
}
