// The desk: one editor for each language that was chosen, with its draft, and the
// notes about that draft. Each language keeps its own text, undo and scroll.

import { inform } from "../../base/announce.ts";
import { h, replace } from "../../base/dom.ts";
import { ago } from "../../base/time.ts";
import { type Draft, lastLanguage, openDraft, rememberLanguage } from "../../drafts.ts";
import { createEditor, type Editor } from "../../editor/index.ts";
import { languageName } from "../../languages.ts";

export interface DeskOptions {
  /** Empty in the playground. */
  problemId: string;
  /** What the editor is for, for its label. */
  title: string;
  languages: string[];
  starter(language: string): string;
  /** Whether the starter is the problem's, so that a new one is worth a note. */
  starterIsOfProblem: boolean;
  /** Another language is shown, or the present draft was saved. */
  changed(): void;
}

interface Sheet {
  editor: Editor;
  draft: Draft;
  notes: HTMLElement;
  end(): void;
}

export interface Desk {
  element: HTMLElement;
  language(): string;
  text(): string;
  /** When the present draft was saved; `undefined` where it is not. */
  savedMs(): number | undefined;
  choose(language: string): void;
  /** Puts a text into the editor of a language; undo brings the old one back. */
  put(language: string, text: string): void;
  reset(): void;
  save(): void;
  focus(): void;
  goTo(line: number, column?: number): void;
  left(): void;
}

export function desk(options: DeskOptions): Desk {
  const { problemId, languages, starter } = options;
  const sheets = new Map<string, Sheet>();
  const element = h("div", { class: "desk" });
  const last = lastLanguage(problemId);
  const first = [last, "python", languages[0]].find((one) => one !== undefined && languages.includes(one));
  let language = first ?? "";
  let sheet = show(language);

  function show(next: string): Sheet {
    let found = sheets.get(next);
    if (!found) {
      found = createSheet(next, options);
      sheets.set(next, found);
      element.append(found.notes, found.editor.element);
    }
    for (const one of sheets.values()) {
      one.editor.element.hidden = one !== found;
      one.notes.hidden = one !== found;
    }
    return found;
  }

  function choose(next: string): void {
    if (next === language || !languages.includes(next)) return;
    sheet.draft.save();
    language = next;
    sheet = show(next);
    rememberLanguage(problemId, next);
    options.changed();
  }

  return {
    element,
    language: () => language,
    text: () => sheet.editor.text(),
    savedMs: () => sheet.draft.savedMs.get(),
    choose,
    put(next, text) {
      choose(next);
      sheet.editor.replaceText(text);
      sheet.editor.focus();
    },
    reset() {
      sheet.editor.replaceText(starter(language));
      sheet.editor.focus();
      inform("Back to the starter code. Undo brings your text back.");
    },
    save: () => sheet.draft.save(),
    focus: () => sheet.editor.focus(),
    goTo: (line, column) => sheet.editor.goTo(line, column),
    left() {
      for (const one of sheets.values()) one.end();
    },
  };
}

function createSheet(language: string, options: DeskOptions): Sheet {
  const starter = options.starter(language);
  const draft = openDraft(options.problemId, language, starter);
  const editor = createEditor({
    label: `Code: ${options.title}, ${languageName(language)}`,
    text: draft.text,
    language,
    changed: draft.edited,
  });
  const notes = h("div", { class: "desk-notes", "data-noprint": true });
  const other = h("div", { class: "desk-note", role: "status" });
  const fresh = h("div", { class: "desk-note", role: "status" });
  notes.append(other, fresh);
  const ends = [
    draft.savedMs.watch(options.changed),
    draft.other.watch(() => showOther(other, draft, editor)),
    draft.starterChanged.watch((changed) => {
      showStarter(fresh, changed && options.starterIsOfProblem, starter, draft, editor);
    }),
  ];
  const end = () => {
    draft.close();
    for (const one of ends) one();
    editor.destroy();
  };
  return { editor, draft, notes, end };
}

function button(name: string, onclick: () => void): HTMLElement {
  return h("button", { class: "button small", type: "button", onclick }, name);
}

/** What is known of another text, and what can be done about it. */
function showOther(place: HTMLElement, draft: Draft, editor: Editor): void {
  const other = draft.other.get();
  place.hidden = other === undefined;
  if (!other) return;
  const show = () => {
    editor.replaceText(draft.takeOther());
    editor.focus();
  };
  if (other.live) {
    replace(
      place,
      h("span", {}, "Another tab has a newer text for this problem."),
      button("Show the newer text", show),
      button("Go on with this one", () => draft.keepThis()),
    );
  } else {
    replace(
      place,
      h("span", {}, `Another text of yours is kept aside, of ${ago(other.atMs)}.`),
      button("Swap the two", show),
      button("Forget the other", () => draft.forgetOther()),
    );
  }
}

function showStarter(place: HTMLElement, wanted: boolean, starter: string, draft: Draft, editor: Editor): void {
  place.hidden = !wanted;
  if (!wanted) return;
  replace(
    place,
    h("span", {}, "The problem has new starter code. Your text stays."),
    button("Use the new starter", () => {
      editor.replaceText(starter);
      draft.acceptStarter();
      editor.focus();
    }),
    button("Keep my text", () => draft.acceptStarter()),
  );
}
