// The operator's problems: publishing from files, refusals at their place, judging again.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { jsonFault } from "../src/views/ops/json-fault.ts";
import { compact, excerpt, locate, withMember, withMemberOf } from "../src/views/ops/json-place.ts";
import { accessible } from "./accessible.ts";
import { becomes, eventually, failure, quiet, send, useBrowser } from "./harness.ts";
import { allowed, enter, world } from "./ops-world.ts";

useBrowser();

const EXAMPLES = path.join(import.meta.dirname, "..", "..", "examples", "problems");
const act = (page: Page, text: string) => page.locator(".ops-act").filter({ hasText: text });
const card = (page: Page, name: string) => page.locator(".ops-candidate").filter({ hasText: name });
const file = (name: string, text: string) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
const published = (version: string, notes?: string[]) => ({
  success: true,
  id: "x",
  version: version.repeat(32),
  cases: 2,
  notes,
});

const PROBLEM = `{
  "title": "Long numbers",
  "kind": "program",
  "cases": [
    {"input": "1", "expected": "1"},
    {"input": "2", "expected": 12345678901234567890}
  ]
}
`;

test("a field is found in a JSON text by its path", () => {
  const text = '{\n "a.b": {"c": [1, {"d": "x\\"}]"}]},\n "a": 2,\n "e": [[], {}, "f"]\n}';
  const at = (field: string) => {
    const { line, column, length, exact } = locate(text, field);
    return [line, text.split("\n")[line - 1]?.slice(column - 1, column - 1 + length), exact];
  };
  assert.deepEqual(at("a.b.c[1].d"), [2, '"d": "x\\"}]"', true]);
  assert.deepEqual(at("a.b.c[0]"), [2, "1", true]);
  assert.deepEqual(at("a"), [3, '"a": 2', true]);
  assert.deepEqual(at("e[2]"), [4, '"f"', true]);
  assert.deepEqual(at("e[1].missing"), [4, "{}", false]);
  assert.deepEqual(at("missing"), [1, "{", false]);
  const line = `{"cases":[${Array.from({ length: 900 }, () => '{"input":"","expected":1}').join()}]}`;
  const [shown] = excerpt(line, locate(line, "cases[500].expected"));
  assert.equal(shown?.parts[1], '"expected":1');
  assert.ok((shown?.parts.join("").length ?? 999) < 200, "a long line is cut");
  const compacted = compact(' {"a" : "x \\" y", "b": { } }\r\n');
  assert.equal(compacted, '{"a":"x \\" y","b":{}}');
  assert.equal(withMember(compacted, "s", "x"), '{"a":"x \\" y","b":{},"s":"x"}');
  assert.equal(withMemberOf(compacted, "b", "s", "x"), '{"a":"x \\" y","b":{"s":"x"}}');
});

test("a refusal is shown where it is: the field's path, and its line in the file marked", async () => {
  const api = world();
  const refusal = failure("invalid_field", "cases[1].expected must be a text.", "cases[1].expected");
  allowed(api, "PUT /problems/*", (_asked, response) => send(response, 422, refusal));
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByLabel("Choose files").setInputFiles([file("long-numbers.json", PROBLEM)]);
  const one = card(page, "long-numbers.json");
  await one.getByText("New here.").waitFor();
  await one.getByRole("button", { name: "Publish" }).click();
  await one.getByText("cases[1].expected must be a text.").waitFor();
  await one.getByText("cases[1].expected · long-numbers.json, line 6").waitFor();
  assert.match((await one.locator(".ops-line.marked").textContent()) ?? "", /6 {6}\{"input": "2", "expected"/);
  assert.equal(await one.locator("mark").textContent(), '"expected": 12345678901234567890');
  // What is sent is the file without the space between its parts: no digit is lost.
  assert.equal(api.calls("PUT /problems/long-numbers")[0]?.body, compact(PROBLEM));
  assert.ok(compact(PROBLEM).includes('"expected":12345678901234567890'));
  await close();
});

test("a file that is no JSON is refused at its line, and nothing is sent", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops/problems");
  await page
    .getByLabel("Choose files")
    .setInputFiles([file("broken.json", '{\n  "title": "T",\n  "kind" "program"\n}')]);
  // At once, before anything is pressed, and without what cannot be known of it.
  const one = card(page, "broken.json");
  await one.getByText("It cannot be published. This is no JSON: a colon is missing after the name.").waitFor();
  await one.getByText("broken.json, line 3").waitFor();
  assert.match((await page.locator(".ops-line.marked").textContent()) ?? "", /3 {4}"kind" "program"/);
  assert.ok(!/without|New here/.test((await one.textContent()) ?? ""));
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  assert.ok(!api.asked.some(({ method }) => method === "PUT"));
  await close();
});

test("every mistake that is no JSON has its place and is told in words", () => {
  const marked = (text: string) => {
    const fault = jsonFault(text);
    return fault && [text.slice(fault.at, fault.at + 1), fault.message];
  };
  const found: [string, string, RegExp][] = [
    ["", "", /the file is empty/],
    ['{"a": }', "}", /a value is missing/],
    ['[{"a": 1}, ]', ",", /a comma too many/],
    ['{"a": 1,\n}', ",", /a comma too many/],
    ['{"a": 1 "b": 2}', '"', /a comma or } is missing/],
    ["{'a': 1}", "'", /a name in double quotes/],
    ["{\"a\": 'b'}", "'", /must stand in double quotes/],
    ["[01]", "0", /no number/],
    ["[True]", "T", /a value is missing/],
    ['["a\nb"]', '"', /no closing quote/],
    ['["a\tb"]', "\t", /control character/],
    ['["\\x"]', "\\", /backslash/],
    ['{"a": [1, 2', "2", /ends before its ]/],
    ["{} x", "x", /after the end/],
  ];
  for (const [text, letter, message] of found) {
    assert.throws(() => JSON.parse(text), text);
    assert.equal(marked(text)?.[0], letter, text);
    assert.match(marked(text)?.[1] ?? "", message, text);
  }
  for (const text of [
    "0",
    ' [-1.5e+3, true, null, "\\u00e4\\n\\"", {}, [], {"a": [{"b": false}]}]\r\n',
    "[".repeat(9e4) + "]".repeat(9e4),
  ])
    assert.equal(jsonFault(text), undefined);
});

test("new, replaced and unchanged are told, with the notes; the id may be written", async () => {
  const api = world();
  const versions: Record<string, string> = { "long-numbers": "c", "two-sum": "d", "circle-area": "b" };
  allowed(api, "PUT /problems/*", ({ path: asked }) => {
    const id = asked.split("/")[2] ?? "";
    return published(versions[id] ?? "f", id === "two-sum" ? ["Line ends of Windows became \\n."] : undefined);
  });
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByText("Two numbers that make a sum").waitFor();
  await page
    .getByLabel("Choose files")
    .setInputFiles([
      file("problem.json", PROBLEM),
      file("two-sum.json", PROBLEM),
      file("other.json", PROBLEM.replace("{", '{"id": "circle-area",')),
    ]);
  await card(page, "problem.json").getByLabel("Id").fill("not an id");
  await card(page, "problem.json").getByRole("button", { name: "Publish" }).click();
  await card(page, "problem.json").getByText("The id must be 1 to 128 of").waitFor();
  await card(page, "problem.json").getByLabel("Id").fill("long-numbers");
  await page.getByRole("button", { name: "Publish all 3" }).click();
  await card(page, "problem.json").getByText("New: published as version cccccccc.").waitFor();
  await card(page, "two-sum.json").getByText("Replaced: version aaaaaaaa by dddddddd.").waitFor();
  await card(page, "two-sum.json").getByText("Line ends of Windows became").waitFor();
  await card(page, "other.json").getByText("Unchanged: version bbbbbbbb was published already.").waitFor();
  await close();
});

test("a folder is taken as the publishing command takes it: its name is the id, statement.md goes in", async () => {
  const api = world();
  allowed(api, "PUT /problems/*", () => published("e"));
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByLabel("Choose a folder").setInputFiles(EXAMPLES);
  await page.getByRole("button", { name: "Publish all 2" }).click();
  await card(page, "circle-area/problem.json").getByText("Replaced: version bbbbbbbb").waitFor();
  await card(page, "common-items/problem.json").getByText("New:").waitFor();
  const sent = JSON.parse(api.calls("PUT /problems/circle-area")[0]?.body ?? "{}") as {
    statement: string;
    title: string;
  };
  assert.equal(sent.title, "The area of a circle");
  assert.ok(sent.statement.length > 20);
  await close();
});

test("rejudging asks with the number, shows its progress, and pressed twice does it once", async () => {
  const api = world();
  allowed(api, "GET /result/two-sum", () => ({
    id: "two-sum",
    output: [],
    results: Array.from({ length: 37 }, () => ({})),
  }));
  let hold = true;
  allowed(api, "POST /problems/two-sum/rejudge", async ({ query }) => {
    if (query.get("cursor") === null)
      return { success: true, id: "two-sum", version: "a".repeat(32), requeued: 20, leftAlone: 4, next: "24" };
    while (hold) await new Promise((resolve) => setTimeout(resolve, 20));
    return { success: true, id: "two-sum", version: "a".repeat(32), requeued: 13, leftAlone: 0, next: null };
  });
  const { page, close } = await enter(api, "#/ops/problems");
  const button = page.getByRole("button", { name: "Rejudge two-sum" });
  await button.dblclick();
  const dialog = page.getByRole("dialog", { name: "Rejudge two-sum?" });
  // The button promises what is sure: how many are judged again is not known before.
  await dialog.getByText("37 submissions are stored. Those that another version of the problem judged").waitFor();
  assert.equal(api.calls("POST /problems/two-sum/rejudge").length, 0);
  await dialog.getByRole("button", { name: "Rejudge two-sum", exact: true }).dblclick();
  await act(page, "20 wait to be judged again; 4 left alone: this version judged them, or will.").waitFor();
  assert.equal(
    await page
      .getByRole("progressbar", { name: "Rejudge two-sum" })
      .evaluate((bar) => (bar as HTMLProgressElement).value),
    24,
  );
  assert.ok(await button.isDisabled());
  assert.equal(await page.locator("dialog").count(), 0);
  hold = false;
  await act(page, "Done. 33 wait to be judged again; 4 left alone").waitFor();
  assert.deepEqual(
    api.calls("POST /problems/two-sum/rejudge").map(({ query }) => query.get("cursor")),
    [null, "24"],
  );
  assert.equal(await page.getByRole("link", { name: "Watch the lane low" }).getAttribute("href"), "#/ops");
  await becomes(() => button.isEnabled(), true);
  await close();
});

test("a rejudge that is stopped goes on where it was", async () => {
  const api = world();
  let asked = 0;
  // The third call is answered once it was told to stop.
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  allowed(api, "POST /problems/two-sum/rejudge", async () => {
    asked += 1;
    if (asked === 3) await stopped;
    const next = asked < 8 ? String(asked) : null;
    return { success: true, id: "two-sum", version: "a".repeat(32), requeued: 10, leftAlone: 0, next };
  });
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByRole("button", { name: "Rejudge two-sum" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rejudge two-sum" }).click();
  await eventually(() => asked === 3);
  await page.getByRole("button", { name: "Stop" }).click();
  stop();
  await act(page, "Stopped.").waitFor();
  await quiet(page);
  assert.equal(asked, 3);
  await page.getByRole("button", { name: "Go on" }).click();
  await act(page, "Done. 80 wait to be judged again").waitFor();
  await page.getByRole("button", { name: "Close" }).last().click();
  await close();
});

test("deleting a problem asks, and takes it from the list", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByRole("button", { name: "Delete two-sum" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete 1 problem?" });
  await dialog.getByText("“Two numbers that make a sum” (two-sum)").waitFor();
  const cancel = dialog.getByRole("button", { name: "Cancel" });
  await becomes(() => cancel.evaluate((one) => one === document.activeElement), true);
  allowed(api, "DELETE /problems/two-sum", () => {
    api.on("GET /problems", () => ({ success: true, problems: [], next: null }));
    return { success: true, message: "Deleted.", id: "two-sum" };
  });
  await dialog.getByRole("button", { name: "Delete 1 problem" }).click();
  await page.getByText("No problem is published yet.").waitFor();
  await close();
});

test("a problem that was published here and then deleted is no longer said to be there", async () => {
  const api = world();
  const problem = { id: "fresh", title: "Fresh", kind: "program", cases: 2, version: "c".repeat(32), updatedAtMs: 0 };
  let there = false;
  api.on("GET /problems", () => ({ success: true, problems: there ? [problem] : [], next: null }));
  allowed(api, "PUT /problems/*", () => {
    there = true;
    return { ...published("c"), id: "fresh" };
  });
  allowed(api, "DELETE /problems/fresh", () => {
    there = false;
    return { success: true, message: "Deleted.", id: "fresh" };
  });
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByLabel("Choose files").setInputFiles([file("fresh.json", PROBLEM)]);
  await card(page, "fresh.json").getByRole("button", { name: "Publish" }).click();
  await card(page, "fresh.json").getByRole("link", { name: "Open it" }).waitFor();
  await page.getByRole("button", { name: "Delete fresh" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 problem" }).click();
  await card(page, "fresh.json").getByText("has been deleted since").waitFor();
  assert.equal(await page.getByRole("link", { name: "Open it" }).count(), 0);
  await card(page, "fresh.json").getByText("New here.").waitFor();
  await close();
});

test("axe finds nothing serious in the problems, with a refusal shown", async () => {
  const api = world();
  const refusal = failure("invalid_field", "cases[1].expected must be a text.", "cases[1].expected");
  allowed(api, "PUT /problems/*", ({ path: asked }, response) =>
    asked.endsWith("fine") ? published("c", ["A note."]) : send(response, 422, refusal),
  );
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByLabel("Choose files").setInputFiles([file("wrong.json", PROBLEM), file("fine.json", PROBLEM)]);
  await page.getByRole("button", { name: "Publish all 2" }).click();
  await page.locator("mark").waitFor();
  await page.getByText("A note.").waitFor();
  await page.getByRole("button", { name: "Rejudge two-sum" }).waitFor();
  await accessible(page);
  await close();
});
