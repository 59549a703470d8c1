// The row above the list: search, which problems, which kind.

import { h, uniqueId } from "../../base/dom.ts";
import type { Filter } from "./filter.ts";

export interface Controls {
  element: HTMLElement;
  /** Shows this filter, without telling of a change. */
  set(filter: Filter): void;
  /** Puts the cursor into the search. */
  focus(): void;
}

const SHOWS: [Filter["show"], string][] = [
  ["all", "All"],
  ["open", "Open"],
  ["solved", "Solved"],
];
const KINDS: [Filter["kind"], string][] = [
  ["any", "Any kind"],
  ["program", "Programs"],
  ["function", "Functions"],
  ["class", "Classes"],
];

/** `enter` is called when Enter is pressed in the search. */
export function controls(initial: Filter, changed: (filter: Filter) => void, enter: () => void): Controls {
  let filter = initial;
  const group = uniqueId("show");
  const search = h("input", {
    type: "search",
    "aria-label": "Search problems by title or id",
    "aria-keyshortcuts": "/",
    placeholder: "Search by title or id",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 200,
    oninput: () => tell({ ...filter, text: search.value }),
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.isComposing || search.value.trim() === "") return;
      event.preventDefault();
      enter();
    },
  });
  const radios = SHOWS.map(([value, name]) => {
    const input = h("input", {
      type: "radio",
      name: group,
      value,
      onchange: () => tell({ ...filter, show: value }),
    });
    return { value, input, label: h("label", {}, input, h("span", {}, name)) };
  });
  const kind = h(
    "select",
    {
      "aria-label": "Kind of problem",
      onchange: () => tell({ ...filter, kind: kind.value as Filter["kind"] }),
    },
    KINDS.map(([value, name]) => h("option", { value }, name)),
  );
  const element = h(
    "search",
    { class: "problem-filter" },
    h("div", { class: "problem-search" }, search, h("kbd", { "aria-hidden": "true" }, "/")),
    h(
      "div",
      { class: "segments", role: "radiogroup", "aria-label": "Which problems" },
      radios.map((one) => one.label),
    ),
    kind,
  );

  function tell(to: Filter): void {
    filter = to;
    changed(to);
  }

  function set(to: Filter): void {
    filter = to;
    if (search.value !== to.text) search.value = to.text;
    for (const { value, input } of radios) input.checked = value === to.show;
    kind.value = to.kind;
  }

  set(initial);
  return {
    element,
    set,
    focus() {
      search.focus();
      search.select();
    },
  };
}
