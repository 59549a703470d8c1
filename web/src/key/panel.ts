// The panel in the place of what the API refused: why, and the field for a key.

import type { CallError } from "../api/errors.ts";
import { forgetKey, isClosed, key } from "../api/key.ts";
import { h } from "../base/dom.ts";
import { keyForm } from "./form.ts";

export function fill(panel: HTMLElement, error: CallError, again: () => void, level: "h1" | "h2"): void {
  const given = key.get();
  let isOver = false;

  function goOn(): void {
    if (isOver) return;
    isOver = true;
    end();
    // The focus would be lost with the panel.
    if (panel.contains(document.activeElement)) panel.closest<HTMLElement>('[tabindex="-1"]')?.focus();
    again();
  }

  // Elsewhere on the page one may be given or forgotten, too.
  const end = key.watch((value) => {
    if (value === given || isOver) return;
    if (panel.isConnected) goOn();
    else {
      isOver = true;
      queueMicrotask(() => end());
    }
  });

  const forget =
    given !== undefined &&
    h("button", { class: "button", type: "button", onclick: () => forgetKey() }, "Forget the key and go on");
  const [title, words] = told(error, given !== undefined);
  panel.append(
    h(
      "div",
      { role: "alert" },
      h(level, {}, title),
      words && h("p", {}, words),
      h("p", { class: "muted small" }, error.message),
    ),
    isClosed(error)
      ? h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: goOn }, "Try again"), forget)
      : keyForm({ action: "Use this key", done: goOn, more: forget }).element,
  );
}

function told(error: CallError, isGiven: boolean): [title: string, words?: string] {
  if (isClosed(error)) return ["This judge has no keys yet", "Its operator has not set up keys, so nobody can use it."];
  if (error.status === 403) return ["This key does not allow that", "Another one may: ask whoever runs this judge."];
  return isGiven ? ["Your key was refused"] : ["This judge needs a key", "Whoever runs it gives keys out."];
}
