// Asks for the operator's token, and says what was wrong with the last one.

import { advice, CallError } from "../../api/errors.ts";
import { h, replace } from "../../base/dom.ts";
import * as operator from "../../operator.ts";

const WRONG = "This token was refused. It must be the value of the variable ADMIN_TOKEN; try again.";
const OFF =
  "The operator's calls are off here: the variable ADMIN_TOKEN is not set. " +
  "Set it (for a deployment: wrangler secret put ADMIN_TOKEN) and try again.";

export function gate(): HTMLElement {
  const why = operator.refusal.get();
  const error = h("p", { class: "error-text", role: "alert", id: "ops-token-error" }, words(why));
  const field = h("input", {
    type: "password",
    id: "ops-token",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "ops-token-error ops-token-hint",
  });
  const enter = h("button", { class: "button primary", type: "submit" }, "Open");

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const value = field.value.trim();
    if (enter.disabled) return;
    if (!/^[\x21-\x7e]+$/.test(value)) return complain("A token is made of visible ASCII characters, without spaces.");
    enter.disabled = true;
    replace(error);
    try {
      await operator.enter(value);
    } catch (failure) {
      enter.disabled = false;
      complain(reason(failure));
    }
  }

  function complain(text: string): void {
    replace(error, text);
    field.setAttribute("aria-invalid", "true");
    field.focus();
    field.select();
  }

  return h(
    "form",
    { class: "card ops-gate", onsubmit: (event) => void send(event) },
    h("h2", {}, "The operator's token"),
    h(
      "p",
      { class: "muted", id: "ops-token-hint" },
      "It is the variable ADMIN_TOKEN of submit-fn; ",
      h("code", {}, "cargo xtask dev"),
      " writes one to ",
      h("code", {}, ".edgejudge/dev/token"),
      ". It is kept in this tab until the tab is closed.",
    ),
    h("label", { class: "field" }, h("span", {}, "Token"), field),
    error,
    h("div", { class: "row" }, enter),
  );
}

function words(why: "wrong" | "off" | undefined): string | undefined {
  if (why === "wrong") return WRONG;
  return why === "off" ? OFF : undefined;
}

function reason(error: unknown): string {
  if (error instanceof CallError && error.status === 401) return WRONG;
  if (error instanceof CallError && error.code === "operations_off") return OFF;
  return advice(error);
}
