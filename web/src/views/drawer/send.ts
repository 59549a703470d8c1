// Forms that call the API: work on jobs by hand, send a batch, or any call.

import { call, type CallOptions } from "../../api/client.ts";
import { advice } from "../../api/errors.ts";
import { isAboutKeys, key } from "../../api/key.ts";
import { calls } from "../../api/recorder.ts";
import type { Stored } from "../../api/types.ts";
import { alarm } from "../../base/announce.ts";
import { ask } from "../../base/dialog.ts";
import { h, replace, uniqueId } from "../../base/dom.ts";
import { openKey } from "../../key/index.ts";
import { detail } from "./detail.ts";
import { knownCalls } from "./known-calls.ts";

/** A batch of jobs takes as long as its jobs. */
const WORK_TIMEOUT_MS = 180_000;
const MAX_BATCH = 100;
const MAX_WORK = 20;

/** What "Send a batch" repeats: a program that needs no problem. */
const SMALL = { problemId: "drawer", language: "python", code: "print(sum(range(10)))" };

/** `sent` gets the ids of a batch that was stored. */
export function sendForms(sent: (ids: string[]) => void): HTMLElement {
  const answer = h("div", { class: "call-answer", tabindex: -1 });
  const giving = (name: string) => h("button", { class: "button small", type: "button", onclick: openKey }, name);
  const sender = h("p", { class: "muted small" });
  key.watch((value) => {
    if (value !== undefined) replace(sender, "Calls from here are sent with the key of this tab.");
    else replace(sender, "Calls from here are sent without a key. ", giving("Give a key"));
  });

  /** Makes a call and shows it; returns what was answered, or nothing when it failed. */
  async function send<T>(path: string, options: CallOptions = {}): Promise<T | undefined> {
    const answered = call<T>(path, { ...options, impatient: true, plain: true });
    const number = calls.get()[0]?.number;
    const show = () => {
      const made = calls.get().find((one) => one.number === number);
      if (made) replace(answer, h("h3", {}, `${made.method} ${made.path}`), detail(made));
    };
    show();
    let error: unknown;
    const value = await answered.catch((failure: unknown) => {
      error = failure;
      return undefined;
    });
    show();
    answer.scrollIntoView({ block: "nearest" });
    if (isAboutKeys(error))
      answer.prepend(h("p", {}, giving(key.get() === undefined ? "Give a key" : "Use another key")));
    if (error !== undefined) answer.prepend(h("p", { class: "error-text", role: "alert" }, advice(error)));
    return value;
  }

  return h(
    "div",
    { class: "stack" },
    sender,
    work(send),
    batch(send, sent),
    free(send, () => replace(answer)),
    answer,
  );
}

type Send = <T>(path: string, options?: CallOptions) => Promise<T | undefined>;

function work(send: Send): HTMLElement {
  const count = numberField("Jobs", 5, MAX_WORK);
  const one = runButton("Work on one job", () => send("/worker", { timeoutMs: WORK_TIMEOUT_MS }));
  const many = runButton("Work on a batch", () =>
    send(`/worker?batch=${count.value()}`, { timeoutMs: WORK_TIMEOUT_MS }),
  );
  return h(
    "section",
    { class: "card stack" },
    h("h3", {}, "Work on the queue"),
    h(
      "p",
      { class: "muted small" },
      "Takes the next jobs, runs them now, and answers with their results: ",
      h("code", {}, "GET /worker"),
      " for one, ",
      h("code", {}, "GET /worker?batch=…"),
      " for more.",
    ),
    h("div", { class: "row" }, one),
    h("div", { class: "row end-aligned" }, count.element, many),
  );
}

function batch(send: Send, sent: (ids: string[]) => void): HTMLElement {
  const count = numberField("Copies", 20, MAX_BATCH);
  const submission = jsonField("Submission, as JSON", JSON.stringify(SMALL, null, 2), 7);
  const go = runButton("Send the batch", async () => {
    const one = submission.value();
    if (one === undefined) return;
    const submissions = Array.from({ length: count.value() }, () => one);
    const answer = await send<{ results: (Partial<Stored> & { success?: boolean })[] }>("/submit/batch", {
      method: "POST",
      body: { submissions },
    });
    const ids = (answer?.results ?? []).flatMap((result) => (typeof result.id === "string" ? [result.id] : []));
    const refused = (answer?.results.length ?? 0) - ids.length;
    if (refused > 0) alarm(`${refused} of the batch were refused. The answer under Send says why.`);
    if (ids.length > 0) sent(ids);
  });
  return h(
    "section",
    { class: "card stack" },
    h("h3", {}, "Send a batch"),
    h("p", { class: "muted small" }, "So many copies of one submission: ", h("code", {}, "POST /submit/batch"), "."),
    submission.element,
    h("div", { class: "row end-aligned" }, count.element, go),
  );
}

/** `forget` takes away the answer to an earlier call. */
function free(send: Send, forget: () => void): HTMLElement {
  const method = h(
    "select",
    { "aria-label": "Method" },
    ["GET", "POST", "PUT", "DELETE"].map((name) => h("option", {}, name)),
  );
  const note = uniqueId("path");
  const wrong = h("p", { class: "error-text small", id: note, role: "alert" });
  const path = h("input", {
    type: "text",
    "aria-label": "Path",
    "aria-describedby": note,
    value: "/languages",
    spellcheck: "false",
    autocapitalize: "off",
    class: "mono",
  });
  const body = jsonField("Body, as JSON (empty for none)", "", 4);
  const known = knownCalls((one) => {
    method.value = one.method;
    path.value = one.path;
    body.set(one.body === undefined ? "" : JSON.stringify(one.body, null, 2));
    replace(wrong);
    path.removeAttribute("aria-invalid");
  });
  const go = runButton("Send", async () => {
    const where = path.value.trim();
    const target = normalised(where);
    if (target === undefined) {
      forget();
      replace(wrong, "The path begins with one slash, such as /languages.");
      path.setAttribute("aria-invalid", "true");
      path.focus();
      return;
    }
    replace(wrong);
    path.removeAttribute("aria-invalid");
    const value = body.isEmpty() ? undefined : body.value();
    if (value === undefined && !body.isEmpty()) return;
    const chosen = method.value as "GET" | "POST" | "PUT" | "DELETE";
    if (deletes(chosen, target)) {
      const text = `${chosen} ${target} deletes what cannot be brought back.`;
      if (!(await ask({ title: "Send this call?", text, action: "Send it", dangerous: true }))) return;
    }
    await send(where, { method: chosen, body: value, timeoutMs: WORK_TIMEOUT_MS });
  });
  return h(
    "section",
    { class: "card stack" },
    h("h3", {}, "Any call"),
    known,
    h("div", { class: "field" }, h("div", { class: "row free-call" }, method, path), wrong),
    body.element,
    h("div", { class: "row" }, go),
  );
}

/** The path as the browser will send it, without `.` and `..`; nothing for what leads elsewhere. */
function normalised(where: string): string | undefined {
  if (!where.startsWith("/")) return undefined;
  try {
    const { origin, pathname, search } = new URL(where, location.origin);
    return origin === location.origin ? pathname + search : undefined;
  } catch {
    return undefined;
  }
}

function deletes(method: string, path: string): boolean {
  return method === "DELETE" || (method === "POST" && /^\/+(purge|dead\/delete)\b/.test(path));
}

/** A button that cannot be pressed again while its work is under way. */
function runButton(name: string, run: () => Promise<unknown>): HTMLButtonElement {
  const button = h("button", { class: "button", type: "button", onclick: () => void press() }, name);
  async function press(): Promise<void> {
    // Not `disabled`: that would take the focus away.
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await run();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
  return button;
}

function numberField(name: string, initial: number, max: number): { element: HTMLElement; value(): number } {
  const input = h("input", { type: "number", min: 1, max, value: String(initial), inputmode: "numeric" });
  return {
    element: h("label", { class: "field" }, h("span", {}, `${name} (1 to ${max})`), input),
    value() {
      const number = Math.trunc(Number(input.value));
      const fit = Math.min(max, Math.max(1, Number.isFinite(number) ? number : 1));
      input.value = String(fit);
      return fit;
    },
  };
}

interface JsonField {
  element: HTMLElement;
  isEmpty(): boolean;
  set(text: string): void;
  /** `undefined`, and a note at the field, where it is no JSON. */
  value(): unknown;
}

function jsonField(name: string, initial: string, rows: number): JsonField {
  const note = uniqueId("json");
  const error = h("span", { class: "error-text small", id: note, role: "alert" });
  const area = h("textarea", { rows, spellcheck: "false", autocapitalize: "off", "aria-describedby": note });
  area.value = initial;
  return {
    element: h("label", { class: "field" }, h("span", {}, name), area, error),
    isEmpty: () => area.value.trim() === "",
    set(text) {
      area.value = text;
      replace(error);
      area.removeAttribute("aria-invalid");
    },
    value() {
      replace(error);
      area.removeAttribute("aria-invalid");
      try {
        return JSON.parse(area.value) as unknown;
      } catch (failure) {
        replace(error, `This is not JSON: ${failure instanceof Error ? failure.message : String(failure)}`);
        area.setAttribute("aria-invalid", "true");
        area.focus();
        return undefined;
      }
    },
  };
}
