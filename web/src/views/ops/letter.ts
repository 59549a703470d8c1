// One dead letter in the list: what can be seen at once, and, opened, its history with
// the newest attempt first and its payload.

import { advice } from "../../api/errors.ts";
import type { DeadLetter } from "../../api/types.ts";
import { h, replace, uniqueId } from "../../base/dom.ts";
import { time } from "../../base/time.ts";
import { operate } from "../../operator.ts";
import { link } from "../../router.ts";
import { bounded } from "./bounded.ts";

export interface LetterRow {
  element: HTMLElement;
  letter: DeadLetter;
  /** The letter as it was told now: the same id may have died again. */
  update(letter: DeadLetter): void;
  tick(selected: boolean): void;
  /** While something is done with it. */
  busy(is: boolean): void;
}

export interface LetterActs {
  select(id: string, selected: boolean): void;
  replay(letter: DeadLetter): void;
  remove(letter: DeadLetter): void;
  /** Shows only letters of this reason. */
  filter(reason: string): void;
}

/** How much of a reason a closed row shows, in UTF-16 units. */
const SHORT = 300;

export function short(text: string, length = SHORT): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

export function letterRow(first: DeadLetter, acts: LetterActs): LetterRow {
  const { id } = first;
  let letter = first;
  let loaded = false;
  const inside = h("div", { class: "ops-letter-inside", id: uniqueId("letter"), hidden: true });
  const box = h("input", {
    type: "checkbox",
    "aria-label": `Select ${id}`,
    onchange: () => acts.select(id, box.checked),
  });
  const reason = h("span", { class: "ops-letter-reason" });
  const toggle = h(
    "button",
    { class: "ops-letter-toggle", type: "button", "aria-expanded": "false", "aria-controls": inside.id, onclick: turn },
    reason,
  );
  const facts = h("p", { class: "ops-facts small muted" });
  const replay = h(
    "button",
    { class: "button small", type: "button", "aria-label": `Replay ${id}`, onclick: () => acts.replay(letter) },
    "Replay",
  );
  const remove = h(
    "button",
    { class: "button small", type: "button", "aria-label": `Delete ${id}`, onclick: () => acts.remove(letter) },
    "Delete…",
  );
  const element = h(
    "li",
    { class: "ops-letter", dataset: { id } },
    box,
    h("div", { class: "ops-letter-what" }, toggle, facts),
    h("div", { class: "row ops-tight ops-letter-acts" }, replay, remove),
    inside,
  );

  function turn(): void {
    inside.hidden = !inside.hidden;
    toggle.setAttribute("aria-expanded", String(!inside.hidden));
    if (!inside.hidden && !loaded) void open();
  }

  async function open(): Promise<void> {
    loaded = true;
    const payload = h("div", { class: "stack" }, h("p", { class: "muted small" }, "Loading the payload…"));
    const attempts = letter.history.toSorted((a, b) => b.attempt - a.attempt);
    replace(
      inside,
      h(
        "div",
        { class: "row" },
        h("a", { href: link("s", id), "aria-label": `Open the submission ${id}` }, "Open the submission"),
        h(
          "button",
          { class: "button small", type: "button", onclick: () => acts.filter(letter.reason) },
          "Show all of this reason",
        ),
      ),
      letter.reason.length > SHORT && [h("h3", {}, "Reason"), bounded("reason", letter.reason)],
      h("h3", {}, attemptsTitle(letter)),
      h(
        "ol",
        { class: "ops-attempts" },
        attempts.map(({ attempt, reason: why, atMs }) =>
          h(
            "li",
            {},
            h("p", { class: "row" }, h("strong", {}, `Attempt ${attempt}`), atMs !== undefined && time(atMs)),
            bounded(`reason of attempt ${attempt}`, why),
          ),
        ),
      ),
      h("h3", {}, "Payload"),
      payload,
    );
    try {
      const answer = await operate<{ payload?: string; payloadBase64?: string }>(`/dead/${encodeURIComponent(id)}`);
      replace(payload, ...shown(answer));
    } catch (error) {
      loaded = false;
      replace(
        payload,
        h("p", { class: "error-text" }, `It cannot be had now: ${advice(error)} Close and open this row.`),
      );
    }
  }

  function update(told: DeadLetter): void {
    const again = told.deadAtMs !== letter.deadAtMs;
    letter = told;
    replace(reason, short(told.reason));
    replace(
      facts,
      h("span", {}, "died ", time(told.deadAtMs)),
      h("span", {}, told.problemId ?? "no problem"),
      h("span", {}, told.language ?? "no language"),
      h("span", {}, `lane ${told.lane}`),
      h("span", {}, told.attempts === 1 ? "1 attempt" : `${told.attempts} attempts`),
      // The longest at the end: it may need a line of its own.
      h("span", { class: "mono" }, told.id),
    );
    if (!again) return;
    loaded = false;
    if (!inside.hidden) void open();
  }

  update(first);
  return {
    element,
    get letter() {
      return letter;
    },
    update(told) {
      if (told.deadAtMs !== letter.deadAtMs || told.reason !== letter.reason) update(told);
    },
    tick(selected) {
      box.checked = selected;
      element.classList.toggle("selected", selected);
    },
    busy(is) {
      replay.disabled = remove.disabled = is;
    },
  };
}

/** The history is kept only for jobs that were tried again: a letter may have attempts and none of it. */
function attemptsTitle({ attempts, history }: DeadLetter): string {
  if (attempts === 0) return "It was never tried";
  if (history.length === 0) return `No history is kept of its ${attempts === 1 ? "attempt" : `${attempts} attempts`}`;
  const kept = history.length < attempts ? ` (${history.length} of ${attempts} are kept)` : "";
  return `Attempts, newest first${kept}`;
}

/** A payload that is JSON is laid out; a job's code is shown as it was written. */
function shown({ payload, payloadBase64 }: { payload?: string; payloadBase64?: string }): HTMLElement[] {
  if (payloadBase64 !== undefined)
    return [h("p", { class: "small muted" }, "It is not UTF-8; in base64:"), bounded("payload", payloadBase64)];
  const text = payload ?? "";
  if (text === "") return [h("p", { class: "muted" }, "It is empty.")];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [h("p", { class: "small muted" }, "It is no JSON:"), bounded("payload", text)];
  }
  const laidOut = bounded("payload", JSON.stringify(value, null, 2));
  const code = (value as { code?: unknown } | null)?.code;
  if (typeof code !== "string" || code === "") return [laidOut];
  return [laidOut, h("h3", {}, "Code"), bounded("code", code)];
}
