// The code editor: CodeMirror in a shadow root, because the page's policy forbids
// the style elements that it would put into the document.

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

export declare function createEditor(options: EditorOptions): Editor;
/** Highlighted code to read; plain at first where the language must be loaded. */
export declare function codeBlock(code: string, language: string): HTMLElement;
