// The queue's numbers of now, one tile each.

import type { Stats } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { span } from "./refresh.ts";

type Read = (stats: Stats) => string;

const count = (value: number) => value.toLocaleString("en");

/** Name, what it means, number, and where it leads. */
const TILES: [string, string, Read, string?][] = [
  ["High", "waiting", (stats) => count(stats.waiting.high)],
  ["Normal", "waiting", (stats) => count(stats.waiting.normal)],
  ["Low", "waiting", (stats) => count(stats.waiting.low)],
  ["Oldest wait", "first in its lane", (stats) => (stats.oldestWaitMs === null ? "none" : span(stats.oldestWaitMs))],
  ["In flight", "at a Worker", (stats) => count(stats.inFlight)],
  ["Due", "time has come", (stats) => count(stats.due)],
  ["Later", "not due yet", (stats) => count(stats.later)],
  ["Dead letters", "given up", (stats) => count(stats.dead), "#/ops/dead"],
];

export function tiles(): { element: HTMLElement; update(stats: Stats): void } {
  const made = TILES.map(([name, hint, read, hash]) => {
    const value = h("dd", { class: "ops-value" }, "–");
    const term = h("dt", {}, hash ? h("a", { href: hash }, name) : name, h("span", { class: "ops-hint" }, hint));
    return { element: h("div", { class: "ops-tile" }, term, value), value, read, name };
  });
  return {
    element: h(
      "dl",
      { class: "ops-tiles" },
      made.map((tile) => tile.element),
    ),
    update(stats) {
      for (const { element, value, read, name } of made) {
        replace(value, read(stats));
        if (name === "Dead letters") element.classList.toggle("bad", stats.dead > 0);
      }
    },
  };
}
