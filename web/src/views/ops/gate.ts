// Asks for the operator's key, and says what was wrong with the last one.

import { call } from "../../api/client.ts";
import { refusal } from "../../api/key.ts";
import type { Stats } from "../../api/types.ts";
import { h } from "../../base/dom.ts";
import { KEPT, keyForm, passes } from "../../key/form.ts";
import * as operator from "../../operator.ts";

export function gate(): HTMLElement {
  const refused = refusal.get();
  let told: Stats | undefined;
  const form = keyForm({
    action: "Open",
    hint: [
      "It is the variable ADMIN_TOKEN of submit-fn, or a key that may do the same; ",
      h("code", {}, "cargo xtask dev"),
      " writes one to ",
      h("code", {}, ".edgejudge/dev/token"),
      `. ${KEPT}`,
    ],
    tries: (key) =>
      passes(
        call<{ stats: Stats }>("/stats", { key, impatient: true }).then(({ stats }) => {
          told = stats;
        }),
        "may",
      ),
    // The numbers need not be asked for twice.
    done: () => told && operator.take(told),
  });
  return h(
    "div",
    { class: "card key-panel" },
    h("h2", {}, "The operator's key"),
    refused && h("p", { class: "error-text", role: "alert" }, `The key was refused. ${refused.message}`),
    form.element,
  );
}
