// Renders the formulas of a statement to MathML, with a library that is only loaded
// for a statement that has some. It renders into elements: its strings would carry
// style attributes, which the page's policy forbids.

import { h } from "../base/dom.ts";
import { stopWhereItScrolls } from "../base/stops.ts";
import { MATHS } from "./markdown.ts";

/** Puts MathML into each placeholder; what is no right formula shows its source. */
export async function renderMaths(root: HTMLElement): Promise<void> {
  const places = [...root.querySelectorAll<HTMLElement>(`[${MATHS}]`)];
  if (places.length === 0) return;
  const sources = places.map((place) => place.textContent ?? "");
  for (const place of places) place.classList.add("maths");
  let library: typeof import("temml").default;
  try {
    library = (await import("temml")).default;
  } catch {
    // Without the library the source is better than nothing.
    for (const [index, place] of places.entries()) showSource(place, sources[index] ?? "", undefined);
    return;
  }
  for (const [index, place] of places.entries()) {
    const source = sources[index] ?? "";
    try {
      place.replaceChildren();
      library.render(source, place, { displayMode: isBlock(place), throwOnError: true, maxSize: [50, 500] });
      if (isBlock(place)) scrollable(place);
      // `\label` and the like would name elements of the page.
      for (const named of place.querySelectorAll("[id]")) named.removeAttribute("id");
    } catch (error) {
      showSource(place, source, error);
    }
  }
}

/** A wide formula scrolls in its own box. */
function scrollable(place: HTMLElement): void {
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Formula");
  stopWhereItScrolls(place);
}

function isBlock(place: HTMLElement): boolean {
  return place.getAttribute(MATHS) === "block";
}

function showSource(place: HTMLElement, source: string, error: unknown): void {
  const mark = isBlock(place) ? "$$" : "$";
  const title = error === undefined ? "" : `This formula cannot be shown: ${String(error)}`;
  place.replaceChildren(h("code", { class: "maths-source", title: title || undefined }, mark + source + mark));
}
