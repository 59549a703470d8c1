// The recorded calls, newest first. A row is kept while its call is, so that what is
// open, focused or selected stays so when others come.

import { calls, clear, type RecordedCall } from "../../api/recorder.ts";
import { h, replace } from "../../base/dom.ts";
import { duration } from "../../base/time.ts";
import { detail } from "./detail.ts";

interface Row {
  element: HTMLElement;
  update(call: RecordedCall): void;
}

export function callList(): HTMLElement {
  const rows = new Map<number, Row>();
  const list = h("ul", { class: "call-list" });
  const empty = h("p", { class: "empty" }, "Nothing was called yet.");
  const count = h("span", { class: "muted small" });
  const clearing = h("button", { class: "button small", type: "button", onclick: clear }, "Clear");
  calls.watch((all) => {
    const present = new Set(all.map((one) => one.number));
    for (const [number, row] of rows) {
      if (present.has(number)) continue;
      row.element.remove();
      rows.delete(number);
    }
    // Oldest first, so that each new one goes to the top.
    for (const call of [...all].reverse()) {
      let row = rows.get(call.number);
      if (!row) {
        row = makeRow(call);
        rows.set(call.number, row);
        list.prepend(row.element);
      }
      row.update(call);
    }
    empty.hidden = all.length > 0;
    clearing.disabled = all.length === 0;
    count.textContent = all.length === 0 ? "" : `${all.length} kept, newest first`;
  });
  return h("div", { class: "stack" }, h("div", { class: "row drawer-bar" }, count, clearing), list, empty);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function makeRow(first: RecordedCall): Row {
  let shown: RecordedCall | undefined;
  const status = h("span", { class: "call-status" });
  const took = h("span", { class: "call-took muted small" });
  const inside = h("div", { class: "call-detail" });
  const row = h(
    "details",
    { ontoggle: () => shown && row.open && replace(inside, detail(shown)) },
    h(
      "summary",
      {},
      h("span", { class: "call-method mono" }, first.method),
      h("span", { class: "call-path mono" }, first.path),
      status,
      took,
      h("span", { class: "muted small" }, clock.format(first.atMs)),
    ),
    inside,
  );
  return {
    element: h("li", {}, row),
    update(call) {
      if (call === shown) return;
      shown = call;
      showStatus(status, call.status);
      took.textContent = call.tookMs === undefined ? "" : duration(call.tookMs);
      if (row.open) replace(inside, detail(call));
    },
  };
}

/** A status as a number and, where it is none, a word; colour only helps. */
export function showStatus(element: HTMLElement, status: number | undefined): void {
  const kind = status === undefined ? "" : status >= 200 && status < 400 ? "good" : "bad";
  element.className = `call-status ${kind}`;
  element.textContent = status === undefined ? "…" : status === 0 ? "no answer" : String(status);
}
