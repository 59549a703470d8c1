// The field for a key. A key is tried before it is kept: one that the API does not know
// would make every other call fail, also those that need none.

import { call } from "../api/client.ts";
import { advice, CallError } from "../api/errors.ts";
import { isKey, keepKey } from "../api/key.ts";
import { type Child, h, replace, uniqueId } from "../base/dom.ts";

export interface KeyFormOptions {
  /** What the field is for; "Key" where nothing else is said. */
  label?: string;
  /** What the button does. */
  action: string;
  /** What is said of the key, below the field's name. */
  hint?: Child;
  /** Makes a call with the key, and throws what the API said to it. */
  tries?(value: string): Promise<void>;
  /** The key is kept. */
  done(): void;
  /** Other buttons in the row. */
  more?: Child;
}

export interface KeyForm {
  element: HTMLElement;
  field: HTMLInputElement;
}

/** Where a key is, in words that every form says. */
export const KEPT = "It is sent with every call of this page, and kept in this tab until the tab is closed.";

export function keyForm(options: KeyFormOptions): KeyForm {
  const { tries = tryKey } = options;
  const ids = { error: uniqueId("key-error"), hint: uniqueId("key-hint") };
  const error = h("p", { class: "error-text", role: "alert", id: ids.error });
  const field = h("input", {
    type: "password",
    // A browser that kept it would break what the hint says.
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": `${ids.error} ${ids.hint}`,
  });
  const button = h("button", { class: "button primary", type: "submit" }, options.action);

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const value = field.value.trim();
    if (value === "") return complain("Enter a key.");
    if (!isKey(value)) return complain("A key is made of visible ASCII characters, without spaces.");
    button.setAttribute("aria-disabled", "true");
    replace(error);
    try {
      await tries(value);
      field.value = "";
      keepKey(value);
      options.done();
    } catch (failure) {
      complain(advice(failure));
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  function complain(text: string): void {
    replace(error, text);
    field.setAttribute("aria-invalid", "true");
    field.focus();
    field.select();
  }

  const element = h(
    "form",
    { class: "key-form", onsubmit: (event) => void send(event) },
    h("label", { class: "field" }, h("span", {}, options.label ?? "Key"), field),
    error,
    h("p", { class: "muted small", id: ids.hint }, options.hint ?? KEPT),
    h("div", { class: "row" }, button, options.more),
  );
  return { element, field };
}

/** Whether the API knows a key, by a call that costs it little. */
async function tryKey(value: string): Promise<void> {
  await passes(call("/languages", { key: value, impatient: true, timeoutMs: 15_000 }), "any");
}

/**
 * Whether the API takes the key of a call: `any` key that it knows, or one that `may`
 * do this. The key is looked at first: what fails after that has nothing against it.
 */
export async function passes(asked: Promise<unknown>, which: "any" | "may"): Promise<void> {
  try {
    await asked;
  } catch (error) {
    const isKnown = error instanceof CallError && which === "any" && error.code === "forbidden";
    if (!isKnown && !(error instanceof CallError && error.status >= 500)) throw error;
  }
}
