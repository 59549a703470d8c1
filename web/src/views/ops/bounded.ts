// A text of any size, of which a part is shown until all is asked for, so that a
// payload of 256 KB does not stop the page.

import { h, replace } from "../../base/dom.ts";
import { bytes } from "../../base/time.ts";

/** How much is shown at first, in UTF-16 units. */
const PART = 2_000;

/** `what` names it for the button and for screen readers: "payload". */
export function bounded(what: string, text: string): HTMLElement {
  const box = h("pre", { class: "ops-text", tabindex: "0", "aria-label": what });
  if (text.length <= PART) {
    replace(box, text);
    return box;
  }
  let cut = PART;
  // A pair of surrogates is not parted.
  if (/[\ud800-\udbff]/.test(text.charAt(cut - 1))) cut -= 1;
  replace(box, text.slice(0, cut), "…");
  const size = bytes(new TextEncoder().encode(text).length);
  const all = h(
    "button",
    {
      class: "button small",
      type: "button",
      onclick: () => {
        replace(box, text);
        all.remove();
        box.focus();
      },
    },
    `Show all of the ${what} (${size})`,
  );
  return h("div", { class: "stack" }, box, all);
}
