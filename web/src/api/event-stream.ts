// Server-sent events by `fetch`: the browser's `EventSource` cannot send a key, and
// does not tell with which status it was refused.

import { credentials, failure } from "./client.ts";
import { CallError } from "./errors.ts";
import { key } from "./key.ts";

export interface ServerEvent {
  /** The last id that was told; empty before the first. */
  id: string;
  name: string;
  data: string;
}

/**
 * Opens a stream of events. Throws a `CallError` where something else is answered,
 * and what `fetch` throws where nothing is.
 */
export async function openEvents(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const sent = key.get();
  const headers = { accept: "text/event-stream", ...credentials(sent) };
  const response = await fetch(path, { headers, credentials: "omit", cache: "no-store", signal });
  if (!response.ok) throw failure(response, await response.text(), sent);
  const type = response.headers.get("content-type") ?? "";
  if (!response.body || !/^text\/event-stream\b/i.test(type)) {
    throw new CallError(response.status, "unexpected", "The server answered with something else than events.");
  }
  return response.body;
}

/** Calls `heard` with each event until the stream ends; throws where it breaks off. */
export async function readEvents(body: ReadableStream<Uint8Array>, heard: (event: ServerEvent) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event: ServerEvent = { id: "", name: "", data: "" };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    // A carriage return at the end may be the first half of a line's end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") take(event, line);
      else {
        if (event.data !== "") heard({ ...event, name: event.name || "message", data: event.data.slice(0, -1) });
        event = { id: event.id, name: "", data: "" };
      }
    }
  }
}

/** One line of an event; what begins with a colon is a comment, and other fields mean nothing here. */
function take(event: ServerEvent, line: string): void {
  const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
  if (field === "data") event.data += `${value}\n`;
  else if (field === "event") event.name = value;
  else if (field === "id" && !value.includes("\0")) event.id = value;
}
