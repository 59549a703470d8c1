// `#/ops/dead`: the jobs that were given up, by reason and time; replayed or deleted
// one by one, as selected, or all of a reason.

import { advice } from "../../api/errors.ts";
import { alarm } from "../../base/announce.ts";
import type { DeadLetter } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { rewrite, type Route } from "../../router.ts";
import type { Part } from "./index.ts";
import { type LetterActs, type LetterRow, letterRow, short } from "./letter.ts";
import { actOnReason, actOnSelected, countOf, type Deed, deleteOne, letters, replayOne } from "./letter-acts.ts";
import { letterPages } from "./letter-pages.ts";
import { poll } from "../../api/poll.ts";
import { chosenMs, refresh } from "./refresh.ts";

const AGES: [number, string][] = [
  [0, "any time"],
  [3_600_000, "the last hour"],
  [86_400_000, "the last day"],
  [604_800_000, "the last week"],
];
/** How much of a reason is a filter, in UTF-16 units: it stands in an address. */
const MAX_FILTER = 500;
const TYPING_MS = 400;

export function dead(route: Route): Part {
  const pages = letterPages();
  const rows = new Map<string, LetterRow>();
  const selected = new Set<string>();
  /** What was loaded under the present filter, for the groups. */
  const loaded = new Map<string, string>();
  let reason = route.query.get("reason") ?? "";
  let shown: DeadLetter[] = [];
  let damaged = 0;
  /** Whether what is shown is not yet what is wanted. */
  let waits = true;
  let stopped = false;
  let more = false;
  let leaving = new AbortController();

  const button = (name: string, onclick: () => void) =>
    h("button", { class: "button small", type: "button", onclick }, name);
  const field = h("input", { type: "search", value: reason, spellcheck: "false", oninput: typed });
  const age = h(
    "select",
    { onchange: draw },
    AGES.map(([ms, name]) => h("option", { value: String(ms) }, name)),
  );
  const groups = h("ul", { class: "ops-groups", "aria-label": "Reasons of the letters loaded so far" });
  const list = h("ul", { class: "ops-letters", "aria-label": "Dead letters" });
  const all = h("input", { type: "checkbox", onchange: selectAll });
  const chosen = h("span", { class: "small" });
  const replaySelected = button("Replay", () => void onSelected("replay"));
  const deleteSelected = button("Delete…", () => void onSelected("delete"));
  const clear = button("Clear the selection", () => unselect());
  const wholeText = h("span", { class: "small" });
  const replayWhole = button("", () => void onReason("replay"));
  const deleteWhole = button("", () => void onReason("delete"));
  const whole = h("div", { class: "row ops-whole" }, wholeText, replayWhole, deleteWhole);
  const none = h("p", { class: "empty" });
  const note = h("p", { class: "small muted" });
  const page = h("span", { class: "small" });
  const earlier = button("Earlier page", () => turn(pages.earlier));
  const later = button("Next page", () => turn(pages.later));

  const asking = poll(load, chosenMs());
  const bar = refresh("List", asking);
  const acts: LetterActs = {
    select(id, is) {
      if (is) selected.add(id);
      else selected.delete(id);
      draw();
    },
    replay: (letter) => void onOne(letter, replayOne),
    remove: (letter) => void onOne(letter, deleteOne),
    filter: (text) => filter(text.slice(0, MAX_FILTER)),
  };

  async function load(): Promise<void> {
    const { signal } = leaving;
    try {
      const told = await pages.load(reason, signal);
      shown = told.letters;
      ({ damaged, more } = told);
    } catch (error) {
      // Something else is wanted by now: that is asked for instead.
      if (signal.aborted && !stopped) return load();
      throw error;
    }
    if (signal.aborted) return stopped ? undefined : load();
    for (const letter of shown) loaded.set(letter.id, letter.reason);
    waits = false;
    draw();
  }

  /** Asks anew at once, also while another answer is under way. */
  function again(): void {
    waits = true;
    leaving.abort();
    leaving = new AbortController();
    draw();
    void asking.now();
  }

  let typing: ReturnType<typeof setTimeout> | undefined;
  function typed(): void {
    clearTimeout(typing);
    typing = setTimeout(() => filter(field.value), TYPING_MS);
  }

  function filter(text: string): void {
    clearTimeout(typing);
    if (field.value !== text) field.value = text;
    if (text === reason) return;
    reason = text;
    rewrite(text === "" ? "#/ops/dead" : `#/ops/dead?${new URLSearchParams({ reason: text })}`);
    loaded.clear();
    pages.first();
    turn(() => undefined);
  }

  function turn(move: () => void): void {
    move();
    selected.clear();
    shown = [];
    again();
  }

  function unselect(): void {
    selected.clear();
    draw();
  }

  function selectAll(): void {
    for (const letter of visible()) {
      if (all.checked) selected.add(letter.id);
      else selected.delete(letter.id);
    }
    draw();
  }

  function visible(): DeadLetter[] {
    const ms = Number(age.value);
    return ms === 0 ? shown : shown.filter((letter) => letter.deadAtMs >= Date.now() - ms);
  }

  /** A letter that is gone: its row goes at once, and the page is asked for anew. */
  function take(id: string): void {
    selected.delete(id);
    loaded.delete(id);
    shown = shown.filter((letter) => letter.id !== id);
  }

  async function onOne(letter: DeadLetter, deed: (letter: DeadLetter) => Promise<boolean>): Promise<void> {
    const row = rows.get(letter.id);
    row?.busy(true);
    const gone = await deed(letter);
    row?.busy(false);
    if (!gone) return;
    const at = [...list.children].indexOf(row?.element ?? list);
    take(letter.id);
    again();
    const neighbour = list.children[Math.min(at, list.children.length - 1)];
    (neighbour?.querySelector<HTMLElement>(".ops-letter-toggle") ?? field).focus();
  }

  async function onSelected(deed: Deed): Promise<void> {
    await actOnSelected(deed, [...selected], take, ended);
  }

  /** After an act of many calls, wherever this view is by then. */
  function ended(): void {
    if (stopped) return;
    pages.first();
    loaded.clear();
    again();
    // The button that was pressed may be gone.
    const at = document.activeElement;
    if (!at || at === document.body || !at.checkVisibility()) field.focus({ preventScroll: true });
  }

  async function onReason(deed: Deed): Promise<void> {
    const wanted = reason;
    const { signal } = leaving;
    replayWhole.disabled = deleteWhole.disabled = true;
    try {
      const count = await countOf(wanted, (found) => replace(wholeText, `Counting: ${found} so far…`), signal);
      if (signal.aborted || wanted !== reason) return;
      await actOnReason(deed, wanted, count, ended);
    } catch (error) {
      if (!signal.aborted) alarm(advice(error));
    } finally {
      replayWhole.disabled = deleteWhole.disabled = false;
      draw();
    }
  }

  function draw(): void {
    const letters = visible();
    const here = new Set(letters.map((letter) => letter.id));
    for (const id of selected) if (!here.has(id)) selected.delete(id);
    for (const [id, row] of rows) {
      if (here.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    letters.forEach((letter, index) => {
      const row = rows.get(letter.id) ?? letterRow(letter, acts);
      rows.set(letter.id, row);
      row.update(letter);
      row.tick(selected.has(letter.id));
      // What stands right is not moved: it may have the focus.
      if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
    });
    drawSelection(letters);
    drawGroups();
    drawWhole();
    none.hidden = letters.length > 0;
    replace(none, nothing());
    note.hidden = damaged === 0;
    replace(note, `${damaged} stored on this page cannot be read and are not listed.`);
    replace(page, `Page ${pages.number()}`);
    earlier.disabled = pages.number() === 1;
    later.disabled = !more;
  }

  function nothing(): string {
    if (shown.length > 0) return "None on this page died in that time.";
    if (waits) return asking.state.get().error === undefined ? "Loading…" : "The list cannot be had now.";
    return reason === "" ? "There are no dead letters." : "No letter's reason begins so.";
  }

  function drawSelection(letters: DeadLetter[]): void {
    const count = selected.size;
    all.checked = count > 0 && count === letters.length;
    all.indeterminate = count > 0 && count < letters.length;
    all.disabled = letters.length === 0;
    replace(chosen, count === 0 ? "" : `${count} selected`);
    for (const one of [replaySelected, deleteSelected, clear]) one.hidden = count === 0;
    replace(replaySelected, `Replay ${count}`);
    replace(deleteSelected, `Delete ${count}…`);
    asking.hold(count > 0);
    bar.explain(count > 0 ? "Waits while rows are selected." : undefined);
  }

  function drawGroups(): void {
    const counts = new Map<string, number>();
    for (const one of loaded.values()) counts.set(one, (counts.get(one) ?? 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12);
    const key = JSON.stringify([reason, sorted.map(([one, count]) => [short(one, 80), count])]);
    if (groups.dataset["key"] === key) return;
    groups.dataset["key"] = key;
    replace(
      groups,
      sorted.map(([one, count]) => {
        const chip = button(`${count} × ${short(one, 80)}`, () => acts.filter(one));
        chip.setAttribute("aria-pressed", String(one.slice(0, MAX_FILTER) === reason));
        return h("li", {}, chip);
      }),
    );
    groups.hidden = sorted.length === 0;
  }

  function drawWhole(): void {
    whole.hidden = reason === "" || loaded.size === 0;
    if (replayWhole.disabled) return;
    // Only a first page without a second one tells how many there are.
    const exact = pages.number() === 1 && !more;
    const count = exact ? letters(loaded.size) : `${loaded.size}+ letters`;
    const timed = Number(age.value) !== 0;
    replayWhole.hidden = deleteWhole.hidden = timed;
    replace(replayWhole, `Replay all ${count}`);
    replace(deleteWhole, `Delete all ${count}…`);
    const which = ["Reason begins with ", h("q", {}, short(reason, 80))];
    replace(wholeText, which, timed && ". Choose “any time” to take all of them at once.");
  }

  const end = asking.state.watch(() => replace(none, nothing()));
  asking.start();
  draw();
  return {
    element: h(
      "div",
      { class: "ops-stack" },
      bar.bar,
      bar.notice,
      h(
        "div",
        { class: "ops-filter" },
        h("label", { class: "field" }, h("span", {}, "Reason begins with"), field),
        h("label", { class: "field" }, h("span", {}, "Died in"), age),
      ),
      groups,
      whole,
      h(
        "section",
        { class: "card ops-list" },
        h(
          "div",
          { class: "row ops-list-head" },
          h("label", { class: "row ops-tight small" }, all, "All on this page"),
          chosen,
          replaySelected,
          deleteSelected,
          clear,
        ),
        list,
        none,
        note,
        h("div", { class: "row ops-list-foot" }, earlier, page, later),
      ),
    ),
    stop() {
      stopped = true;
      clearTimeout(typing);
      leaving.abort();
      asking.stop();
      bar.stop();
      end();
    },
    moved: (to) => filter(to.query.get("reason") ?? ""),
  };
}
