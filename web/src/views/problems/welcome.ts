// One sentence for those who are here for the first time.

import { h } from "../../base/dom.ts";
import { read, write } from "../../base/storage.ts";
import { all } from "../../history.ts";
import { link } from "../../router.ts";

const KEY = "welcomed";

/** Nothing for a browser that has submitted something, or was told before. */
export function welcome(): HTMLElement | undefined {
  if (read<boolean>(KEY) || all().length > 0) return undefined;
  const strip = h(
    "div",
    { class: "card welcome" },
    h(
      "p",
      {},
      h("strong", {}, "New here? "),
      "Pick a problem, write your solution, and watch it being judged case by case. To just run some code, open the ",
      h("a", { href: link("free") }, "playground"),
      ".",
    ),
    h(
      "button",
      {
        class: "button quiet small",
        type: "button",
        "aria-label": "Hide this note",
        onclick: () => {
          write(KEY, true);
          strip.remove();
        },
      },
      "×",
    ),
  );
  return strip;
}
