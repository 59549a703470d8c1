// What a screen reader says, and short notes for everybody: one polite region and
// one for errors, for the whole page.

import { h } from "./dom.ts";

const polite = h("div", { class: "notes", role: "status", "aria-live": "polite", id: "toasts" });
const assertive = h("div", { class: "notes", role: "alert", "aria-live": "assertive", id: "alerts" });
const spoken = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite", id: "spoken" });

/** To be put into the document once. */
export const regions: HTMLElement[] = [h("div", { class: "toasts", id: "notes" }, assertive, polite), spoken];

/** How long a note stays, in milliseconds. */
const STAYS_MS = 5_000;

function toast(region: HTMLElement, text: string, staysMs: number): void {
  const close = h(
    "button",
    { class: "button quiet", type: "button", "aria-label": "Close", onclick: () => note.remove() },
    "×",
  );
  const note = h("div", { class: region === assertive ? "toast error" : "toast" }, h("span", {}, text), close);
  region.append(note);
  setTimeout(() => note.remove(), staysMs);
}

/** A note that something was done. */
export function inform(text: string): void {
  toast(polite, text, STAYS_MS);
}

/** An error that belongs to no place of the page. */
export function alarm(text: string): void {
  toast(assertive, text, 3 * STAYS_MS);
}

/** For screen readers only: what can be seen anyway. The same text is not said twice in a row. */
export function say(text: string): void {
  if (spoken.textContent !== text) spoken.textContent = text;
}
