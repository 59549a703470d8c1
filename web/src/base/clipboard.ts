// Buttons that copy a text exactly as it is, and say that they did.

import { alarm, inform } from "./announce.ts";
import { h } from "./dom.ts";

/** A button that copies what `text` gives at that moment. `what` names it: "input". */
export function copyButton(what: string, text: () => string): HTMLButtonElement {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      inform(`Copied: ${what}.`);
    } catch {
      alarm(`The browser did not allow copying the ${what}.`);
    }
  };
  return h(
    "button",
    { class: "button quiet small", type: "button", "aria-label": `Copy ${what}`, onclick: () => void copy() },
    "Copy",
  );
}
