// "Files": what a program has beside its code. Chosen or dropped, named and removed here;
// kept until the view is left, because the browser's storage is for drafts of code.

import { inform, say } from "../../base/announce.ts";
import { h, uniqueId } from "../../base/dom.ts";
import { fileName } from "../../languages.ts";
import type { SourceFile } from "../../api/types.ts";

/** What the API takes: files, and bytes of all of them, the code included. */
const MAX_FILES = 32;
const MAX_BYTES = 262_144;
const MAX_NAME_BYTES = 128;
const RESERVED_NAMES = ["a.out", "a.exe", "stack.so", "a.beam", "a.name"];

/** A program, as it is sent. */
export type Program = { code: string } | { files: SourceFile[] };

export interface FilesForm {
  element: HTMLElement;
  count(): number;
  /** `undefined` where a name is wrong or they are too large; it says so, and has the focus. */
  take(code: string, language: string): Program | undefined;
  /** Says what the code's own file is called. */
  update(language: string): void;
}

interface Entry {
  content: string;
  isBase64: boolean;
  bytes: number;
  row: HTMLLIElement;
  name: HTMLInputElement;
  complain(text: string | undefined): void;
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** `place`: what has to be left for them to go. */
export function filesForm(place: string, changed: () => void): FilesForm {
  let entries: Entry[] = [];
  const main = h("code", {});
  const list = h("ul", { class: "files-list" });
  const error = h("p", { class: "error-text small", role: "alert", hidden: true });
  const choose = h("button", { class: "button small", type: "button", onclick: pick }, "Add files…");
  const element = h(
    "div",
    { class: "files-form", ondragover: over, ondragleave: out, ondrop: drop },
    h(
      "p",
      { class: "small muted" },
      "They lie beside your code, which is ",
      main,
      ` and is run. They are kept until you leave ${place}.`,
    ),
    list,
    h("div", { class: "row" }, choose, h("span", { class: "small muted" }, "or drop them here")),
    error,
  );

  function complain(text: string | undefined): void {
    error.hidden = text === undefined;
    error.textContent = text ?? "";
  }

  function pick(): void {
    const input = h("input", { type: "file", multiple: true });
    input.addEventListener("change", () => void add([...(input.files ?? [])]));
    input.click();
  }

  function over(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    element.classList.add("dropping");
  }

  function out(): void {
    element.classList.remove("dropping");
  }

  function drop(event: DragEvent): void {
    out();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void add(files);
  }

  async function add(files: File[]): Promise<void> {
    complain(undefined);
    const large = files.find((file) => file.size > MAX_BYTES);
    if (large) return complain(`${large.name} is too large: all files together are at most ${MAX_BYTES} bytes.`);
    if (entries.length + files.length >= MAX_FILES)
      return complain(`There are at most ${MAX_FILES} files, your code included.`);
    for (const file of files) put(file.name, new Uint8Array(await file.arrayBuffer()));
    say(`${entries.length} files beside the code.`);
    changed();
  }

  /** A file of the same name takes the place of the one that is there. */
  function put(name: string, bytes: Uint8Array): void {
    const text = readText(bytes);
    const content = text ?? toBase64(bytes);
    const old = entries.find((one) => one.name.value === name);
    const entry = row(name, content, text === undefined, bytes.length);
    if (old) {
      old.row.replaceWith(entry.row);
      entries = entries.map((one) => (one === old ? entry : one));
    } else {
      list.append(entry.row);
      entries.push(entry);
    }
  }

  function row(name: string, content: string, isBase64: boolean, bytes: number): Entry {
    const id = uniqueId("file");
    const why = h("p", { class: "error-text small", id, hidden: true });
    const input = h("input", {
      type: "text",
      "aria-label": "Name of the file",
      "aria-describedby": id,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      value: name,
      oninput: () => complainOf(undefined),
    });
    const remove = h("button", { class: "button quiet small", type: "button", onclick: leave }, "Remove");
    const label = () => remove.setAttribute("aria-label", `Remove ${input.value}`);
    input.addEventListener("input", label);
    label();
    const size = `${bytes.toLocaleString("en")} ${bytes === 1 ? "byte" : "bytes"}${isBase64 ? ", binary" : ""}`;
    const element = h("li", {}, input, h("span", { class: "small muted" }, size), remove, why);
    const entry = { content, isBase64, bytes, row: element, name: input, complain: complainOf };

    function complainOf(text: string | undefined): void {
      why.hidden = text === undefined;
      why.textContent = text ?? "";
      if (text === undefined) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    }

    function leave(): void {
      entries = entries.filter((one) => one !== entry);
      element.remove();
      complain(undefined);
      inform(`${input.value} is removed.`);
      choose.focus();
      changed();
    }

    return entry;
  }

  return {
    element,
    count: () => entries.length,
    take(code, language) {
      if (entries.length === 0) return { code };
      const own = fileName(language);
      const taken = [own];
      let first: Entry | undefined;
      for (const entry of entries) {
        const why = rule(entry.name.value, taken);
        entry.complain(why);
        if (why !== undefined) first ??= entry;
        taken.push(entry.name.value);
      }
      if (first) {
        first.name.focus();
        return undefined;
      }
      const bytes = entries.reduce((sum, one) => sum + one.bytes, bytesOf(code));
      complain(
        bytes > MAX_BYTES ? `The files and your code are ${bytes} bytes; at most ${MAX_BYTES} are allowed.` : undefined,
      );
      if (bytes > MAX_BYTES) {
        choose.focus();
        return undefined;
      }
      const others = entries.map(({ name, content, isBase64 }): SourceFile => {
        const file = { name: name.value, content };
        return isBase64 ? { ...file, encoding: "base64" } : file;
      });
      return { files: [{ name: own, content: code }, ...others] };
    },
    update(language) {
      main.textContent = fileName(language);
    },
  };
}

/** The rule of the API that a name breaks. */
function rule(name: string, taken: string[]): string | undefined {
  const bytes = bytesOf(name);
  if (bytes < 1 || bytes > MAX_NAME_BYTES) return `A name has 1 to ${MAX_NAME_BYTES} bytes.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\\\u0000-\u001f\u007f-\u009f]/.test(name)) return "A name has no backslash and no control character.";
  if (name.split("/").some((part) => ["", ".", ".."].includes(part))) {
    return "A name is relative; between its slashes nothing is empty, “.” or “..”.";
  }
  const lower = name.toLowerCase();
  if (RESERVED_NAMES.includes(lower.split("/")[0] ?? "")) return "This name is taken by compilers.";
  for (const other of taken.map((one) => one.toLowerCase())) {
    if (other === lower) return "Another file has this name; the code's own file has one, too.";
    if (lower.startsWith(`${other}/`) || other.startsWith(`${lower}/`)) return "Another file is named as its folder.";
  }
  return undefined;
}

/** Text as UTF-8; `undefined` for anything else. A byte order mark stays. */
function readText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
