// Two texts of code with their differences, by CodeMirror's merge view: side by side,
// or one under the other where the page is narrow or somebody likes it better. In a
// shadow root, because the page's policy forbids the style elements it would make.

import { syntaxHighlighting } from "@codemirror/language";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { h } from "../../base/dom.ts";
import { read, write } from "../../base/storage.ts";
import { grammar } from "../../editor/grammars.ts";
import { theme } from "../../editor/theme.ts";

type Form = "beside" | "unified";

const KEY = "compare-form";
/** Pixels; below, two columns are too narrow for code. */
const NARROW = 760;

export interface MergeBox {
  element: HTMLElement;
  destroy(): void;
}

const colours = EditorView.theme({
  "&": { height: "auto" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--good-soft) !important" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-soft) !important" },
  ".cm-changedText": {
    background: "color-mix(in srgb, var(--good) 12%, transparent) !important",
    boxShadow: "inset 0 -2px 0 var(--good)",
  },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad) 12%, transparent) !important",
    boxShadow: "inset 0 -2px 0 var(--bad)",
  },
  ".cm-deletedLine, .cm-deletedLine del, del, ins": { textDecoration: "none" },
  ".cm-changedLineGutter": { backgroundColor: "var(--good) !important" },
  "&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter": { backgroundColor: "var(--bad) !important" },
  ".cm-collapsedLines": {
    background: "var(--sunken) !important",
    color: "var(--muted) !important",
    padding: "5px 10px",
  },
});

export function mergeBox(a: string, b: string, languages: [string, string]): MergeBox {
  const place = h("div", { class: "c-merge" });
  const name = (text: string) => h("span", { class: "c-name" }, text);
  const names = h("div", { class: "c-names", "aria-hidden": "true" }, name("A"), name("B"));
  const root = place.attachShadow({ mode: "open" });
  let end: () => void = () => undefined;
  let drawing = 0;

  async function draw(form: Form): Promise<void> {
    drawing += 1;
    const mine = drawing;
    const grammars = await Promise.all(languages.map(grammar));
    if (mine !== drawing) return;
    end();
    root.replaceChildren();
    const extensions = (label: string, at: 0 | 1): Extension[] => [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ "aria-label": label }),
      syntaxHighlighting(classHighlighter),
      grammars[at] ?? [],
      theme,
      colours,
    ];
    const collapseUnchanged = { margin: 4, minSize: 12 };
    names.hidden = form !== "beside";
    if (form === "beside") {
      const view = new MergeView({
        a: { doc: a, extensions: extensions("Code of A", 0) },
        b: { doc: b, extensions: extensions("Code of B", 1) },
        parent: root,
        root,
        collapseUnchanged,
      });
      end = () => view.destroy();
    } else {
      const merge = unifiedMergeView({ original: a, mergeControls: false, collapseUnchanged, gutter: true });
      const state = EditorState.create({ doc: b, extensions: [extensions("Changes from A to B", 1), merge] });
      const view = new EditorView({ state, parent: root, root });
      end = () => view.destroy();
    }
  }

  const first: Form = matchMedia(`(max-width: ${NARROW - 1}px)`).matches ? "unified" : (read<Form>(KEY) ?? "beside");
  names.hidden = first !== "beside";
  const choice = (form: Form, name: string) =>
    h(
      "label",
      {},
      h("input", {
        type: "radio",
        name: "compare-form",
        checked: form === first,
        onchange: () => {
          write(KEY, form);
          void draw(form);
        },
      }),
      name,
    );
  void draw(first);
  return {
    element: h(
      "div",
      { class: "c-code" },
      h(
        "div",
        { class: "row small c-form", role: "radiogroup", "aria-label": "How to compare" },
        choice("beside", "Side by side"),
        choice("unified", "Changes in one column"),
      ),
      names,
      place,
    ),
    destroy: () => {
      drawing += 1;
      end();
    },
  };
}
