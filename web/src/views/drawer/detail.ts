// One recorded call: what was sent, what was answered, and how a shell does the same.

import { curl, MAX_TEXT, type RecordedCall } from "../../api/recorder.ts";
import { copyButton } from "../../base/clipboard.ts";
import { h } from "../../base/dom.ts";
import { duration, time } from "../../base/time.ts";

export function detail(call: RecordedCall): HTMLElement {
  const line = curl(call);
  return h(
    "div",
    { class: "stack" },
    h(
      "p",
      { class: "muted small" },
      time(call.atMs),
      call.tookMs !== undefined && `, took ${duration(call.tookMs)}`,
      call.withKey && ", with the key of this tab",
    ),
    call.requestBody !== undefined && part("Request", pretty(call.requestBody), call.requestBody),
    part("Answer", answerOf(call), call.answer),
    part("curl", line, line),
    isCut(call.requestBody) && h("p", { class: "muted small" }, "The request is longer than what is kept of it."),
  );
}

function part(name: string, shown: string, copied: string): HTMLElement {
  const title = h("h3", {}, name);
  return h(
    "section",
    { class: "call-part" },
    h(
      "div",
      { class: "row call-part-head" },
      title,
      copyButton(name === "curl" ? "curl line" : name.toLowerCase(), () => copied),
    ),
    h("pre", { tabindex: 0, role: "group", "aria-label": name }, shown),
    isCut(copied) && h("p", { class: "muted small" }, `The first ${MAX_TEXT.toLocaleString("en")} characters.`),
  );
}

function answerOf(call: RecordedCall): string {
  if (call.status === undefined) return "Not answered yet.";
  if (call.status === 0) return `No answer came. ${call.answer}`;
  return call.answer === "" ? "Empty." : pretty(call.answer);
}

function isCut(text: string | undefined): boolean {
  return text !== undefined && text.length >= MAX_TEXT;
}

/** JSON with line breaks; anything else, such as JSON that was cut, as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
