// What of the list is wanted. It stands in the address, so that Back and a
// bookmark bring it again.

import type { ProblemEntry } from "../../api/types.ts";
import type { Route } from "../../router.ts";

export interface Filter {
  text: string;
  show: "all" | "open" | "solved";
  kind: "any" | "program" | "function" | "class";
}

export const NO_FILTER: Filter = { text: "", show: "all", kind: "any" };

export function fromRoute(route: Route): Filter {
  const show = route.query.get("show");
  const kind = route.query.get("kind");
  return {
    text: route.query.get("q") ?? "",
    show: show === "open" || show === "solved" ? show : "all",
    kind: kind === "program" || kind === "function" || kind === "class" ? kind : "any",
  };
}

/** The address of the list with this filter. */
export function toHash(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.text.trim() !== "") query.set("q", filter.text);
  if (filter.show !== "all") query.set("show", filter.show);
  if (filter.kind !== "any") query.set("kind", filter.kind);
  const text = query.toString();
  return text === "" ? "#/" : `#/?${text}`;
}

export function isFiltering(filter: Filter): boolean {
  return toHash(filter) !== "#/";
}

/** The problems that the filter lets through: each word must be in the title or the id. */
export function matching(problems: readonly ProblemEntry[], filter: Filter, solved: Set<string>): ProblemEntry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return problems.filter((problem) => {
    if (filter.show !== "all" && solved.has(problem.id) !== (filter.show === "solved")) return false;
    if (filter.kind !== "any" && problem.kind !== filter.kind) return false;
    const text = `${problem.title} ${problem.id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
