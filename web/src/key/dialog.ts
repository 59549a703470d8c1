// The dialog behind the header's button: gives this tab a key, changes it, forgets it.

import { forgetKey, key, refusal } from "../api/key.ts";
import { inform } from "../base/announce.ts";
import { h, uniqueId } from "../base/dom.ts";
import { keyForm, KEPT } from "./form.ts";

export function show(): void {
  const isGiven = key.get() !== undefined;
  const title = uniqueId("key-title");

  function ended(text: string): void {
    dialog.close();
    inform(text);
  }

  const close = h("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Close");
  const forget = h(
    "button",
    {
      class: "button",
      type: "button",
      onclick: () => {
        forgetKey();
        ended("The key is forgotten.");
      },
    },
    "Forget the key",
  );
  const form = keyForm({
    label: isGiven ? "Another key" : "Key",
    action: "Use this key",
    hint: isGiven ? "Only one key is kept at a time." : KEPT,
    done: () => ended("The key is in use."),
    more: [isGiven && forget, close],
  });
  const refused = refusal.get();
  const dialog = h(
    "dialog",
    { class: "dialog key-dialog", "aria-labelledby": title },
    h("h2", { id: title }, "Key"),
    isGiven
      ? h("p", {}, h("strong", {}, "This tab has a key."), " ", KEPT)
      : h("p", {}, "What is not open to everybody needs a key. Whoever runs this judge gives keys out."),
    refused && h("p", { class: "error-text" }, refused.message),
    form.element,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.field.focus();
}
