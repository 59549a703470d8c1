// The row above the editor: language, reset, what was saved, and the options that
// hold for every editor.

import { alarm } from "../../base/announce.ts";
import { h, replace } from "../../base/dom.ts";
import { ago } from "../../base/time.ts";
import type { Language } from "../../api/types.ts";
import { change, FONT_SIZES, settings, TAB_WIDTHS } from "../../editor/settings.ts";
import { fileName, languageName, languageOfFile } from "../../languages.ts";
import type { Desk } from "./desk.ts";

/** What the API takes as code, in bytes. */
const MAX_CODE = 65_536;

export interface Toolbar {
  element: HTMLElement;
  /** Shows the desk's language and when its draft was saved. */
  update(): void;
}

export function toolbar(desk: Desk, languages: Language[]): Toolbar {
  const choice = h(
    "select",
    { class: "small", "aria-label": "Language", onchange: () => desk.choose(choice.value) },
    languages.map(({ language, version }) =>
      h("option", { value: language }, `${languageName(language)}${version && ` ${version}`}`),
    ),
  );
  const saved = h("span", { class: "muted small saved" });
  const element = h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Editor" },
    choice,
    h(
      "button",
      { class: "button quiet small", type: "button", title: "Back to the starter code", onclick: desk.reset },
      "Reset",
    ),
    saved,
    options(desk, languages),
  );

  function update(): void {
    choice.value = desk.language();
    const ms = desk.savedMs();
    const [is, when] = ms === undefined ? ["", ""] : ["Saved", ` ${ago(ms)}`];
    if (saved.textContent !== is + when) replace(saved, is, h("span", { class: "when" }, when));
  }

  update();
  return { element, update };
}

function button(name: string, label: string, onclick: () => void): HTMLButtonElement {
  return h("button", { class: "button small", type: "button", "aria-label": label, onclick }, name);
}

/** Font, tabs, wrapping, and files: behind one button, for the row must fit a phone. */
function options(desk: Desk, languages: Language[]): HTMLElement {
  const size = h("output", {}, "");
  const smaller = button("−", "Smaller text", () => change({ fontSize: settings.get().fontSize - 1 }));
  const larger = button("+", "Larger text", () => change({ fontSize: settings.get().fontSize + 1 }));
  const tab = h(
    "select",
    { class: "small", onchange: () => change({ tabWidth: Number(tab.value) }) },
    TAB_WIDTHS.map((width) => h("option", { value: String(width) }, `${width} columns`)),
  );
  const wrap = h("input", { type: "checkbox", onchange: () => change({ wrap: wrap.checked }) });
  const panel = h(
    "div",
    { class: "options-panel" },
    h("div", { class: "option" }, h("span", {}, "Text size"), h("span", { class: "row" }, smaller, size, larger)),
    h("label", { class: "option" }, h("span", {}, "Tab width"), tab),
    h("label", { class: "option" }, h("span", {}, "Wrap long lines"), wrap),
    h(
      "div",
      { class: "option" },
      button("Open file…", "Open file", () => openFile(desk, languages)),
      button("Save as file", "Save as file", () => saveFile(desk)),
    ),
  );
  settings.watch(({ fontSize, tabWidth, wrap: wraps }) => {
    size.textContent = `${fontSize} px`;
    smaller.disabled = fontSize <= FONT_SIZES.least;
    larger.disabled = fontSize >= FONT_SIZES.most;
    tab.value = String(tabWidth);
    wrap.checked = wraps;
  });
  const summary = h("summary", { class: "button quiet small" }, "Options");
  const details = h("details", { class: "options", onkeydown: leave, onfocusout: close }, summary, panel);

  function leave(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  }

  function close(event: FocusEvent): void {
    if (event.relatedTarget instanceof Node && !details.contains(event.relatedTarget)) details.open = false;
  }

  return details;
}

function openFile(desk: Desk, languages: Language[]): void {
  const input = h("input", { type: "file" });
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    if (file.size > MAX_CODE) return alarm(`${file.name} is too large: code is at most ${MAX_CODE} bytes.`);
    const meant = languageOfFile(file.name);
    const language = languages.some((one) => one.language === meant) ? meant : undefined;
    desk.put(language ?? desk.language(), await file.text());
  });
  input.click();
}

function saveFile(desk: Desk): void {
  const url = URL.createObjectURL(new Blob([desk.text()], { type: "text/plain" }));
  h("a", { href: url, download: fileName(desk.language()) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
