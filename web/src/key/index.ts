// Where a key is asked for: a panel in the place of what was refused, and a dialog
// behind the header's button. What they are made of is loaded when it is needed.

import { alarm } from "../base/announce.ts";
import { h } from "../base/dom.ts";
import type { CallError } from "../api/errors.ts";

const failed = (error: unknown) => `A part of this page could not be loaded. Reload the page. (${String(error)})`;

/**
 * Says why the API refused, and asks for a key. `again` does once more what was
 * wanted: once a key was given or forgotten, here or elsewhere on the page.
 */
export function keyPanel(error: CallError, again: () => void, level: "h1" | "h2" = "h2"): HTMLElement {
  const panel = h("div", { class: "card key-panel" });
  import("./panel.ts").then(
    ({ fill }) => fill(panel, error, again, level),
    (reason) => panel.append(h("p", { class: "error-text", role: "alert" }, error.message, " ", failed(reason))),
  );
  return panel;
}

/** Opens the dialog where the key is given, changed and forgotten. */
export function openKey(): void {
  import("./dialog.ts").then(
    ({ show }) => show(),
    (reason) => alarm(failed(reason)),
  );
}
