// The cases of two judged submissions, each in a row; where the verdicts differ, the
// row says so.

import type { CaseResult, DoneResult } from "../../api/types.ts";
import { h } from "../../base/dom.ts";
import { duration } from "../../base/time.ts";
import { verdictBadge } from "../../result/index.ts";

/** With more cases than this only the different ones are shown at first. */
const MANY = 20;

export function casesTable(a: DoneResult, b: DoneResult): Node[] {
  const [one, other] = [a.judgement?.cases ?? [], b.judgement?.cases ?? []];
  if (one.length === 0 && other.length === 0) return [h("p", { class: "muted" }, "Neither has cases.")];
  const count = Math.max(one.length, other.length);
  const rows: HTMLElement[] = [];
  const same: HTMLElement[] = [];
  for (let at = 0; at < count; at += 1) {
    const [left, right] = [one[at], other[at]];
    const differs = left?.verdict !== right?.verdict;
    const row = h(
      "tr",
      { class: differs ? "c-differs" : "" },
      h(
        "th",
        { scope: "row" },
        `${at + 1}`,
        nameOf(left ?? right),
        differs && h("span", { class: "c-mark", "aria-hidden": "true" }, "differs"),
      ),
      h("td", {}, cell(left)),
      h("td", {}, cell(right)),
      h("td", {}, differs ? "differs" : "same"),
    );
    rows.push(row);
    if (!differs) same.push(row);
  }
  const nodes: Node[] = [];
  if (a.problemId !== b.problemId) {
    nodes.push(h("p", { class: "muted" }, "They are of different problems, so their cases have nothing in common."));
  } else if (a.judgement?.problemVersion !== b.judgement?.problemVersion) {
    nodes.push(h("p", { class: "muted" }, "They were judged by different versions of the problem."));
  }
  nodes.push(h("p", { class: "muted small" }, `${count - same.length} of ${count} cases differ.`));
  if (same.length > 0 && count > MANY && same.length < count) {
    const only = h("input", { type: "checkbox", checked: true, onchange: () => show() });
    const show = () => {
      for (const row of same) row.hidden = only.checked;
    };
    show();
    nodes.push(h("label", { class: "row small c-only" }, only, "Only cases that differ"));
  }
  nodes.push(
    h(
      "div",
      { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Case by case" },
      h(
        "table",
        { class: "c-cases" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Case", "A", "B", ""].map((name) => h(name ? "th" : "td", name ? { scope: "col" } : {}, name)),
          ),
        ),
        h("tbody", {}, rows),
      ),
    ),
  );
  return nodes;
}

function nameOf(one: CaseResult | undefined): HTMLElement | undefined {
  const name = [one?.name, one?.hidden && "hidden"].filter(Boolean).join(", ");
  return name === "" ? undefined : h("span", { class: "r-case-name" }, `: ${name}`);
}

function cell(one: CaseResult | undefined): Node {
  if (!one) return document.createTextNode("–");
  const time = one.cpuTimeMs === undefined ? undefined : h("span", { class: "muted small" }, duration(one.cpuTimeMs));
  return h("span", { class: "row c-cell" }, verdictBadge(one.verdict), time);
}
