// The execution endpoints: whether each answers, and its languages. They are asked at
// opening, by a button, and each minute.

import { advice } from "../../api/errors.ts";
import type { Endpoint } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { duration } from "../../base/time.ts";
import { operate } from "../../operator.ts";
import { poll } from "../../api/poll.ts";
import { span } from "./refresh.ts";

const EVERY_MS = 60_000;

export function endpoints(): { element: HTMLElement; stop(): void } {
  const rows = h("ul", { class: "ops-endpoints" });
  const error = h("p", { class: "error-text small", hidden: true });
  const again = h("button", { class: "button small", type: "button", onclick: () => void asking.now() }, "Ask again");
  const element = h(
    "section",
    { class: "card ops-wide" },
    h("div", { class: "row ops-spread" }, h("h2", {}, "Endpoints"), again),
    error,
    rows,
  );
  /** The endpoints whose languages are shown. */
  const opened = new Set<string>();

  const asking = poll(async () => {
    const answer = await operate<{ endpoints: Endpoint[] }>("/endpoints");
    const focused = rows.contains(document.activeElement)
      ? document.activeElement?.closest("li")?.dataset["name"]
      : undefined;
    replace(
      rows,
      answer.endpoints.map(row),
      answer.endpoints.length === 0 && h("li", { class: "muted" }, "None is set up."),
    );
    for (const one of rows.children)
      if (focused !== undefined && (one as HTMLElement).dataset["name"] === focused)
        one.querySelector("summary")?.focus();
  }, EVERY_MS);

  function row(endpoint: Endpoint): HTMLElement {
    const { name, kind, healthy, latencyMs, ejectedUntilMs, languages } = endpoint;
    const left = ejectedUntilMs === null ? 0 : ejectedUntilMs - Date.now();
    const details = h(
      "details",
      { open: opened.has(name), ontoggle: () => (details.open ? opened.add(name) : opened.delete(name)) },
      h("summary", {}, `${languages.length} languages`),
      h(
        "ul",
        { class: "ops-languages" },
        languages.map(({ language, version, aliases }) =>
          h("li", {}, h("strong", {}, language), ` ${version}`, aliases.length > 0 && ` (${aliases.join(", ")})`),
        ),
      ),
    );
    return h(
      "li",
      { dataset: { name } },
      h(
        "div",
        { class: "row" },
        h("strong", {}, name),
        kind !== name && h("span", { class: "tag" }, kind),
        h("span", { class: healthy ? "verdict good" : "verdict bad" }, healthy ? "✓ Healthy" : "✗ Away"),
        h(
          "span",
          { class: "muted small" },
          `answered in ${duration(latencyMs)}`.replace("answered", healthy ? "answered" : "failed"),
        ),
        left > 0 && h("span", { class: "small" }, `left alone for ${span(left)} more`),
      ),
      endpoint.error !== null && h("p", { class: "small error-text" }, endpoint.error),
      languages.length > 0 && details,
    );
  }

  const end = asking.state.watch(({ error: failure, busy }) => {
    again.disabled = busy;
    error.hidden = failure === undefined;
    replace(error, failure !== undefined && `They cannot be asked now. ${advice(failure)}`);
    rows.classList.toggle("ops-stale", failure !== undefined);
  });
  asking.start();
  return {
    element,
    stop() {
      end();
      asking.stop();
    },
  };
}
