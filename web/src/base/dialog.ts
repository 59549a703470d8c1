// Questions before what cannot be undone.

import { h, uniqueId } from "./dom.ts";

export interface Question {
  title: string;
  /** What will happen, with numbers. */
  text: string;
  /** What the button does: "Delete 12 letters". */
  action: string;
  dangerous?: boolean;
}

/** Resolves to whether the answer was yes. Escape and Cancel are no; Cancel has the focus. */
export function ask(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const title = uniqueId("question");
    const cancel = h("button", { class: "button", type: "submit", value: "no", autofocus: true }, "Cancel");
    const yes = h(
      "button",
      { class: question.dangerous ? "button danger" : "button primary", type: "submit", value: "yes" },
      question.action,
    );
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": title },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: title }, question.title),
        h("p", {}, question.text),
        h("div", { class: "row end" }, cancel, yes),
      ),
    );
    // A form in a dialog is not sent anywhere, but the policy forbids sending at all.
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close((event.submitter as HTMLButtonElement | null)?.value ?? "no");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
  });
}

/** Whether a dialog is open: shortcuts do nothing then. */
export function isOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}
