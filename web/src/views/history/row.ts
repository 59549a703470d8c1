// A row of the history.

import { h } from "../../base/dom.ts";
import { bytes, duration, time } from "../../base/time.ts";
import type { Remembered } from "../../history.ts";
import { languageName } from "../../languages.ts";
import { verdictBadge } from "../../result/index.ts";
import { link } from "../../router.ts";

/** Why there will be no verdict. */
export type Mark = "expired";

const WORDS: Record<string, string> = { dead: "Given up", purged: "Removed" };

/** A submission's verdict for the filter. */
export function verdictOf(one: Remembered): { word: string } {
  const verdict = one.end?.verdict;
  return { word: verdict === undefined ? "Unfinished" : (WORDS[verdict] ?? verdict) };
}

export function row(
  one: Remembered,
  ticked: boolean,
  mark: Mark | undefined,
  tick: (on: boolean) => void,
): HTMLElement {
  const { end } = one;
  const address = link("s", one.id);
  const name = one.title ?? (one.problemId || "Playground");
  const box = h("input", {
    type: "checkbox",
    id: `tick-${one.id}`,
    checked: ticked,
    "aria-label": `Compare: ${name}, ${verdictOf(one).word}`,
    onchange: () => tick(box.checked),
  });
  const badge = mark ? h("span", { class: "tag" }, "No longer kept") : verdictBadge(end?.verdict ?? "queued");
  const number = (text: string | undefined, label: string) =>
    h("td", { role: "cell", class: "number", dataset: { label } }, text ?? "");
  return h(
    "tr",
    { role: "row" },
    h("td", { role: "cell", class: "y-tick" }, box),
    h(
      "td",
      { role: "cell", class: "y-verdict" },
      h("a", { href: address, "aria-label": `${verdictOf(one).word}: open` }, badge),
    ),
    h(
      "td",
      { role: "cell", class: "y-problem" },
      one.problemId ? h("a", { href: link("p", one.problemId) }, name) : name,
    ),
    h("td", { role: "cell" }, languageName(one.language)),
    number(end?.total === undefined ? undefined : `${end.passed} of ${end.total}`, "Cases"),
    number(end?.cpuTimeMs === undefined ? undefined : duration(end.cpuTimeMs), "Time"),
    number(end?.memoryBytes === undefined ? undefined : bytes(end.memoryBytes), "Memory"),
    h(
      "td",
      { role: "cell", class: "y-when" },
      time(one.submittedAtMs),
      h("a", { class: "button small", href: address, "aria-label": `Open: ${name}, ${verdictOf(one).word}` }, "Open"),
    ),
  );
}
