// Where the parts of the view stand. Wide: statement left, editor and result right,
// with bars between that can be moved. Narrow: one part at a time by tabs. Run and
// Submit are seen in both.

import { h } from "../../base/dom.ts";
import { type Tab, tabs } from "../../base/tabs.ts";
import { divider } from "./divider.ts";

export interface Parts {
  title: string;
  /** Absent in the playground. */
  statement: HTMLElement | undefined;
  code: HTMLElement[];
  actions: (HTMLElement | undefined)[];
  result: HTMLElement[];
}

export interface Frame {
  element: HTMLElement;
  /** Where there is room for one part only, shows this one. */
  choose(part: "statement" | "code" | "result"): void;
  left(): void;
}

const HINT = "Tab indents. Esc, then Tab, leaves the editor.";

export function layout({ title, statement, code, actions, result }: Parts): Frame {
  const left = statement && h("div", { class: "solve-statement", tabindex: "0" }, statement);
  const middle = h("div", { class: "solve-code" }, code);
  const lower = h("div", { class: "solve-result" }, result);
  const bar = h("div", { class: "solve-actions" }, h("p", { class: "hint muted small" }, HINT), actions);
  const parts: Tab[] = [
    ...(left ? [{ key: "statement", name: "Statement", panel: left }] : []),
    { key: "code", name: "Code", panel: middle },
    { key: "result", name: "Input & result", panel: lower },
  ];
  const narrow = matchMedia("(max-width: 799.9px)");
  const panes = tabs("Parts", parts, arrange);
  panes.list.classList.add("solve-panes");

  /** All parts at once where there is room: they are no panels of tabs then. */
  function arrange(): void {
    for (const { panel, name } of parts) {
      if (narrow.matches) {
        panel.setAttribute("role", "tabpanel");
        panel.removeAttribute("aria-label");
      } else {
        panel.hidden = false;
        panel.setAttribute("role", "region");
        panel.setAttribute("aria-label", name);
      }
    }
  }

  function choose(part: string): void {
    const hadFocus = document.activeElement;
    panes.choose(part);
    const isLost = hadFocus instanceof HTMLElement && hadFocus.closest("[role=tabpanel][hidden]") !== null;
    if (isLost) panes.list.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
  }

  const again = () => panes.choose(panes.chosen());
  narrow.addEventListener("change", again);
  again();

  const work = h("div", { class: "solve-work" }, middle, bar);
  const element = h("section", { class: left ? "solve" : "solve free" });
  const across = divider({
    label: left ? "Width of the statement" : "Width of the editor",
    key: left ? "split:x" : "split:x:free",
    orientation: "vertical",
    initial: left ? 42 : 58,
    container: element,
    property: "--split-x",
  });
  if (left) {
    const down = divider({
      label: "Height of the editor",
      key: "split:y",
      orientation: "horizontal",
      initial: 46,
      container: work,
      property: "--split-y",
    });
    work.append(down, lower);
    element.setAttribute("aria-label", title);
    element.append(panes.list, left, across, work);
  } else {
    element.append(h("h1", { class: "visually-hidden" }, title), panes.list, work, across, lower);
  }

  return { element, choose, left: () => narrow.removeEventListener("change", again) };
}
