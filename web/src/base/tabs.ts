// Tabs with the keys that people expect: arrows, Home, End. Changing a tab adds
// nothing to the browser's history.

import { h, uniqueId } from "./dom.ts";

export interface Tab {
  key: string;
  name: string;
  panel: HTMLElement;
}

export interface Tabs {
  /** The row of tabs; the panels are placed by the caller. */
  list: HTMLElement;
  choose(key: string): void;
  chosen(): string;
  /** Changes the name that is shown. */
  rename(key: string, name: string): void;
}

export function tabs(label: string, all: Tab[], changed?: (key: string) => void): Tabs {
  let current = all[0]?.key ?? "";
  const buttons = new Map<string, HTMLButtonElement>();
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move });
  for (const { key, name, panel } of all) {
    const id = uniqueId("tab");
    panel.id ||= uniqueId("panel");
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", id);
    const button = h(
      "button",
      { type: "button", role: "tab", id, "aria-controls": panel.id, onclick: () => choose(key) },
      name,
    );
    buttons.set(key, button);
    list.append(button);
  }

  function choose(key: string): void {
    current = key;
    for (const tab of all) {
      const is = tab.key === key;
      tab.panel.hidden = !is;
      const button = buttons.get(tab.key);
      button?.setAttribute("aria-selected", String(is));
      if (button) button.tabIndex = is ? 0 : -1;
    }
    changed?.(key);
  }

  function move(event: KeyboardEvent): void {
    const at = all.findIndex((tab) => tab.key === current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const tab = to === undefined ? undefined : all[(to + all.length) % all.length];
    if (!tab) return;
    event.preventDefault();
    choose(tab.key);
    buttons.get(tab.key)?.focus();
  }

  function rename(key: string, name: string): void {
    const button = buttons.get(key);
    if (button) button.textContent = name;
  }

  choose(current);
  return { list, choose, chosen: () => current, rename };
}
