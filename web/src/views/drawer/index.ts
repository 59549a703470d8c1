// The tester's drawer: a panel beside the page with every call that it made, forms
// that make others, and the queue while it works. It is no modal dialog, so the
// page can be used while it is open.

import { h } from "../../base/dom.ts";
import { tabs } from "../../base/tabs.ts";
import { callList } from "./calls.ts";
import { sendForms } from "./send.ts";
import { queueWatch } from "./watch.ts";

let panel: HTMLElement | undefined;
/** Told when the drawer opens and closes: nothing is asked while it is closed. */
let queue: ReturnType<typeof queueWatch> | undefined;
let opener: HTMLElement | null = null;

const button = () => document.getElementById("open-drawer");

/** Opens the drawer, or closes it. */
export function toggle(): void {
  if (panel?.isConnected) close();
  else open();
}

function open(): void {
  opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  panel ??= make();
  document.body.append(panel);
  document.body.classList.add("with-drawer");
  button()?.setAttribute("aria-expanded", "true");
  queue?.opened(true);
  panel.focus();
}

function close(): void {
  queue?.opened(false);
  panel?.remove();
  document.body.classList.remove("with-drawer");
  button()?.setAttribute("aria-expanded", "false");
  const back = opener?.isConnected && opener !== document.body ? opener : button();
  back?.focus();
}

function make(): HTMLElement {
  queue = queueWatch();
  const { watchBatch } = queue;
  const calls = callList();
  const send = sendForms((ids) => {
    watchBatch(ids);
    choice.choose("queue");
  });
  const choice = tabs("API calls", [
    { key: "calls", name: "Calls", panel: calls },
    { key: "send", name: "Send", panel: send },
    { key: "queue", name: "Queue", panel: queue.element },
  ]);
  return h(
    "aside",
    {
      class: "drawer",
      role: "dialog",
      "aria-label": "API calls",
      tabindex: -1,
      onkeydown: keys,
      onclick: follow,
      "data-noprint": true,
    },
    h(
      "div",
      { class: "drawer-head" },
      h("h2", {}, "API calls"),
      h("button", { class: "button quiet", type: "button", "aria-label": "Close API calls", onclick: close }, "×"),
    ),
    choice.list,
    h("div", { class: "drawer-body" }, calls, send, queue.element),
    h(
      "p",
      { class: "drawer-foot small" },
      // Of its own tab: the page, and what is open in it, stays.
      h("a", { href: "/docs", target: "_blank", rel: "noopener" }, "API reference"),
      h("a", { href: "/openapi.json", target: "_blank", rel: "noopener" }, "OpenAPI document"),
    ),
  );
}

function keys(event: KeyboardEvent): void {
  // The view's shortcuts are not meant here.
  event.stopPropagation();
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  close();
}

/** On a phone the drawer covers the view that a link in it leads to. */
function follow(event: MouseEvent): void {
  const isLink = event.target instanceof Element && event.target.closest("a[href^='#']") !== null;
  if (isLink && matchMedia("(max-width: 700px)").matches) close();
}
