// The cases as a grid of signs: filled while a submission runs, chosen from when it
// has ended. One stop for Tab; arrows, Home and End move, `f` goes to the first failed.

import type { CaseResult, VerdictName } from "../api/types.ts";
import { h } from "../base/dom.ts";
import { failed, look } from "./verdicts.ts";

export interface Cell {
  /** Not there while the case has not ended. */
  verdict?: VerdictName;
  name?: string | undefined;
  hidden?: boolean | undefined;
  /** Of {@link Grid.set}'s `most`; only where the cases of a problem differ in their points. */
  points?: number | undefined;
}

export interface Grid {
  element: HTMLElement;
  /** `most`: the points of a case that has the most. */
  set(cells: Cell[], most?: number): void;
  /** Chooses a case (its number begins with 1) without moving the focus. */
  choose(number: number): void;
  /** Goes to the first that failed; returns whether there is one. */
  toFailed(): boolean;
}

/** `chosen` is called with a case's number. */
export function grid(chosen: (number: number) => void): Grid {
  const element = h("div", { class: "r-grid", role: "listbox", "aria-label": "Cases", onkeydown: key, onclick: click });
  const options: HTMLElement[] = [];
  let cells: Cell[] = [];
  let current = 0;

  function set(next: Cell[], most = 0): void {
    if (next.length < options.length) for (const option of options.splice(next.length)) option.remove();
    const fresh = document.createDocumentFragment();
    for (let at = options.length; at < next.length; at += 1) {
      const option = h("div", { role: "option", tabindex: at === 0 ? "0" : "-1", "aria-selected": "false" });
      options.push(option);
      fresh.append(option);
    }
    next.forEach((cell, at) => {
      const option = options[at];
      const before = cells[at];
      if (option && (!before || JSON.stringify(before) !== JSON.stringify(cell))) draw(option, cell, at + 1, most);
    });
    element.append(fresh);
    element.classList.toggle("r-grid-medium", next.length > 24 && next.length <= 100);
    element.classList.toggle("r-grid-large", next.length > 100);
    cells = next;
    if (current >= cells.length) current = 0;
  }

  function mark(at: number): void {
    options[current]?.setAttribute("tabindex", "-1");
    options[current]?.setAttribute("aria-selected", "false");
    current = at;
    options[current]?.setAttribute("tabindex", "0");
    options[current]?.setAttribute("aria-selected", "true");
    chosen(current + 1);
  }

  function move(at: number): void {
    mark(at);
    options[at]?.focus();
  }

  /** Brings the chosen one into sight within the grid; the page itself does not scroll. */
  function reveal(): void {
    const option = options[current];
    if (!option) return;
    const { offsetTop, offsetHeight } = option;
    const { scrollTop, clientHeight } = element;
    if (offsetTop < scrollTop) element.scrollTop = offsetTop - offsetHeight;
    else if (offsetTop + offsetHeight > scrollTop + clientHeight) element.scrollTop = offsetTop - clientHeight / 2;
  }

  function choose(number: number): void {
    mark(number - 1);
    requestAnimationFrame(reveal);
  }

  function columns(): number {
    const top = options[0]?.offsetTop;
    const second = options.findIndex((option) => option.offsetTop !== top);
    return second < 0 ? options.length : second;
  }

  function toFailed(): boolean {
    const at = cells.findIndex((cell) => cell.verdict && failed(cell.verdict));
    if (at >= 0) move(at);
    return at >= 0;
  }

  function key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, () => number> = {
      ArrowRight: () => current + 1,
      ArrowLeft: () => current - 1,
      ArrowDown: () => current + columns(),
      ArrowUp: () => current - columns(),
      Home: () => 0,
      End: () => options.length - 1,
      Enter: () => current,
      " ": () => current,
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const to = step();
    if (to >= 0 && to < options.length) move(to);
  }

  function click(event: MouseEvent): void {
    const at = options.indexOf((event.target as Element).closest<HTMLElement>('[role="option"]') ?? element);
    if (at >= 0) move(at);
  }

  return { element, set, choose, toFailed };
}

function draw(option: HTMLElement, cell: Cell, number: number, most: number): void {
  const seen = cell.verdict ? look(cell.verdict) : undefined;
  option.className = `r-cell ${seen?.tone ?? "r-wait"}`;
  option.classList.toggle("r-hidden-case", cell.hidden === true);
  const fewer = cell.points !== undefined && cell.points < most;
  option.classList.toggle("r-fewer", fewer);
  const words = [`Case ${number}: ${seen?.word ?? "waiting"}`];
  if (cell.name) words.push(cell.name);
  if (cell.hidden) words.push("hidden");
  const worth = points(cell, most);
  if (worth) words.push(worth);
  const label = words.join(", ");
  option.setAttribute("aria-label", label);
  option.title = label;
  option.replaceChildren(h("span", { class: "r-sign" }, seen?.sign ?? "·"), h("span", { class: "r-number" }, number));
}

/** What a case is worth, in words, where the cases differ in that. */
export function points({ verdict, points }: Cell, most: number): string | undefined {
  if (points === undefined) return undefined;
  const unit = points === 1 ? "point" : "points";
  const size = points < most ? ` (the most of a case is ${most})` : "";
  return verdict === "Accepted" ? `${points} ${unit}${size}` : `worth ${points} ${unit}${size}`;
}

/** The cells of a judgement's cases. */
export function cellsOf(cases: CaseResult[], points: (number: number) => number | undefined): Cell[] {
  return cases.map(({ number, verdict, name, hidden }) => ({ verdict, name, hidden, points: points(number) }));
}
