// A chosen folder of problems is read as `cargo xtask problems push` reads it, by a table
// that both are held to.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ENDINGS } from "../src/views/ops/endings.ts";
import { type ProblemFile, problemFiles, refusal } from "../src/views/ops/problem-files.ts";
import { failure, send, useBrowser } from "./harness.ts";
import { allowed, enter, world } from "./ops-world.ts";

useBrowser();

const ROOT = path.join(import.meta.dirname, "..", "..");
type Json = Record<string, unknown>;

/** A file as a browser gives it: with a path where a folder was chosen. */
function chosen(name: string, content: string | Uint8Array<ArrayBuffer>): File {
  const file = new File([content], path.basename(name));
  return Object.defineProperty(file, "webkitRelativePath", { value: name.includes("/") ? name : "" });
}

async function read(files: Record<string, string | Uint8Array<ArrayBuffer>>): Promise<ProblemFile[]> {
  return problemFiles(Object.entries(files).map(([name, content]) => chosen(name, content)));
}

/** What is published of a problem, as a value. */
const sent = (one: ProblemFile | undefined) => JSON.parse(one?.whole ?? "{}") as Json;

test("every problem of the project is read with its statement and its checker's code", async () => {
  for (const folder of ["problems", "examples/problems"]) {
    const entries = await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((one) => one.isFile())
      .map(async (one) => {
        const whole = path.join(one.parentPath, one.name);
        return chosen(path.relative(path.join(ROOT, folder, ".."), whole), await readFile(whole));
      });
    const found = await problemFiles(await Promise.all(files));
    const ids = entries.filter((one) => one.name === "problem.json").map((one) => path.basename(one.parentPath));
    assert.deepEqual(found.map((one) => one.id).sort(), ids.sort());
    for (const one of found) {
      const of = (name: string) => readFile(path.join(ROOT, folder, one.id, name), "utf8");
      const expected = JSON.parse(await of("problem.json")) as Json;
      expected["statement"] = await of("statement.md");
      const code = { "on-the-circle": ["python", "checker.py"], "task-order": ["c++", "checker.cpp"] }[one.id];
      if (code) {
        const [language, name = ""] = code;
        expected["checker"] = { ...(expected["checker"] as Json), language, code: await of(name) };
      }
      assert.equal(one.fault, undefined, one.id);
      assert.deepEqual(sent(one), expected, one.id);
    }
  }
});

test("the endings of a checker's file are those of the publishing command", async () => {
  const source = await readFile(path.join(ROOT, "xtask", "src", "endings.rs"), "utf8");
  const table = source.slice(0, source.indexOf("];"));
  const pairs = [...table.matchAll(/\("(\w+)", "([^"]+)"\)/g)].map(([, ending, language]) => [ending, language]);
  assert.ok(pairs.length > 30);
  assert.deepEqual(Object.entries(ENDINGS), pairs);
});

type Content = string | { base64: string } | { repeat: string; times: number } | Content[];

interface Table {
  texts: Record<string, string>;
  folders: {
    what: string;
    files: Record<string, Content>;
    problems: Record<string, string | { refused: string }>;
  }[];
}

test("every folder of the table has its outcome, which is that of the publishing command", async () => {
  const { texts, folders } = JSON.parse(
    await readFile(path.join(ROOT, "tests", "fixtures", "problem-folders.json"), "utf8"),
  ) as Table;
  const text = (name: string) => (name.startsWith("$") ? (texts[name.slice(1)] ?? assert.fail(name)) : name);
  const bytes = (content: Content): Buffer => {
    if (typeof content === "string") return Buffer.from(text(content));
    if (Array.isArray(content)) return Buffer.concat(content.map(bytes));
    if ("base64" in content) return Buffer.from(content.base64, "base64");
    return Buffer.from(content.repeat.repeat(content.times));
  };
  assert.ok(folders.length > 30);
  for (const { what, files, problems } of folders) {
    const named = Object.entries(files).map(([name, content]) => [name, new Uint8Array(bytes(content))] as const);
    const found = await read(Object.fromEntries(named));
    assert.deepEqual([...new Set(found.map((one) => one.id))].sort(), Object.keys(problems).sort(), what);
    for (const one of found) {
      const expected = problems[one.id];
      const refused = refusal(one, one.id, found)?.message;
      if (typeof expected === "object") {
        assert.ok(refused?.includes(expected.refused), `${what} ${one.path}: ${refused}`);
      } else {
        assert.equal(refused, undefined, `${what} ${one.path}`);
        assert.equal(one.whole, text(expected ?? ""), `${what} ${one.path}`);
      }
    }
  }
});

const PROGRAM = '{"title": "T", "checker": {"kind": "program"}, "cases": []}';

test("picked files are put together, and a hidden one is none of them", async () => {
  const [picked, ...others] = await read({ "one.json": PROGRAM, "one.md": "S", "checker.py": "x", ".two.json": "{}" });
  assert.deepEqual([picked?.id, picked?.statement, picked?.checker], ["one", "one.md", "checker.py"]);
  assert.deepEqual(sent(picked)["checker"], { kind: "program", language: "python", code: "x" });
  assert.equal(others.length, 0);
  const found = await read({ "one.json": '{"id": "other"}', "one.md": "S", "two.json": "{}", "statement.md": "x" });
  assert.deepEqual(
    found.map(({ id, statement }) => [id, statement]),
    [
      ["other", "one.md"],
      ["two", undefined],
    ],
  );
});

test("a fault is told with its place, and of many wrong solutions the first", async () => {
  const [twice] = await read({ "p/a.json": '{\n  "title": "T",\n  "title": "U"\n}' });
  assert.deepEqual([twice?.fault?.message, twice?.fault?.place?.line], ["This member stands twice in its object.", 3]);
  const late = Object.fromEntries([1, 2, 3, 4, 5].map((number) => [`p/a/solutions/late${number}.py`, "x"]));
  const [one] = await read({ "p/a/problem.json": PROGRAM, ...late });
  assert.match(one?.fault?.message ?? "", /^p\/a\/solutions\/late1\.py: .*late3\.py: [^;]*; and 2 more\.$/);
});

test("a folder with checkers is published with them; a refusal names the file, and of two with one id none goes", async () => {
  const api = world();
  const refusal = failure("invalid_field", "checker.language is not offered.", "checker.language");
  allowed(api, "PUT /problems/*", ({ path: asked }, response) =>
    asked.endsWith("task-order")
      ? send(response, 422, refusal)
      : { success: true, id: "x", version: "c".repeat(32), cases: 2 },
  );
  const { page, close } = await enter(api, "#/ops/problems");
  await page.getByLabel("Choose a folder").setInputFiles(path.join(ROOT, "problems"));
  const card = (name: string) => page.locator(".ops-candidate").filter({ hasText: `${name}/problem.json` });
  await card("on-the-circle").getByText("checker from problems/on-the-circle/checker.py").waitFor();
  await card("on-the-circle").getByRole("button", { name: "Publish" }).click();
  await card("on-the-circle").getByText("published as version").waitFor();
  const body = JSON.parse(api.calls("PUT /problems/on-the-circle")[0]?.body ?? "{}") as { checker: Json };
  assert.equal(body.checker["code"], await readFile(path.join(ROOT, "problems/on-the-circle/checker.py"), "utf8"));
  await card("task-order").getByRole("button", { name: "Publish" }).click();
  await card("task-order").getByText("checker.language · In problems/task-order/checker.cpp").waitFor();
  await card("spread").getByLabel("Id").fill("fizz-buzz");
  await card("spread").getByRole("button", { name: "Publish" }).click();
  await card("spread").getByText("There is another problem with this id: problems/fizz-buzz/problem.json.").waitFor();
  assert.equal(api.calls("PUT /problems/fizz-buzz").length, 0);
  await close();
});
