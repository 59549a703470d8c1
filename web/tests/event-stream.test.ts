// How server-sent events are read, whichever way the bytes are cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvents, type ServerEvent } from "../src/api/event-stream.ts";

async function read(text: string, size: number): Promise<ServerEvent[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const heard: ServerEvent[] = [];
  await readEvents(body, (event) => heard.push(event));
  return heard;
}

const LINES = [
  "\uFEFF: a comment",
  "retry: 1000",
  "",
  "id: q1",
  "event: queued",
  'data: {"position":3}',
  "",
  "data: two lines,",
  "data:  one indented: é😀",
  "unknown: x",
  "",
  "event: nothing",
  "",
  "id",
  "data",
  "data",
  "",
  "id: a\0b",
  "event: last",
  "data:x",
  "",
  "data: cut off",
];

const EVENTS = [
  { id: "q1", name: "queued", data: '{"position":3}' },
  { id: "q1", name: "message", data: "two lines,\n one indented: é😀" },
  { id: "", name: "message", data: "\n" },
  { id: "", name: "last", data: "x" },
];

for (const [name, end] of Object.entries({ LF: "\n", CR: "\r", CRLF: "\r\n" })) {
  test(`events are the same with ${name}, and wherever a chunk ends`, async () => {
    const text = LINES.join(end);
    for (const size of [1, 2, 3, 7, 64, text.length * 4]) assert.deepEqual(await read(text, size), EVENTS, `${size}`);
  });
}
