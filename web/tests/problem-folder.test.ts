// A chosen folder of problems is read as `cargo xtask problems push` reads it.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ENDINGS } from "../src/views/ops/checker-file.ts";
import { type ProblemFile, problemFiles } from "../src/views/ops/problem-files.ts";
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

const PROGRAM = '{"title": "T", "checker": {"kind": "program"}, "cases": [{"input": 12345678901234567890}]}';

test("a checker's file goes in as code, with the language that its ending means where none is named", async () => {
  const files = {
    "p/a/checker.md": "no code",
    "p/a/checker.PY": "x",
    "p/a/own.checker.py": "x",
    "p/a/statement.md": "S",
  };
  const [one] = await read({ ...files, "p/a/problem.json": PROGRAM, "p/a/checker.cc": 'puts("1");\n' });
  assert.deepEqual(sent(one)["checker"], { kind: "program", code: 'puts("1");\n', language: "c++" });
  assert.equal(sent(one)["statement"], "S");
  assert.ok(one?.whole.includes("12345678901234567890"), "no digit is lost");
  const named = PROGRAM.replace('"program"', '"program", "language": "pypy"');
  const [other] = await read({ ...files, "p/a/problem.json": named, "p/a/checker.py": "x" });
  assert.deepEqual(sent(other)["checker"], { kind: "program", language: "pypy", code: "x" });
  const [without] = await read({ ...files, "p/a/problem.json": PROGRAM });
  assert.deepEqual([without?.fault, sent(without)["checker"]], [undefined, { kind: "program" }]);
});

test("what the publishing command refuses in a folder is refused, with the reason", async () => {
  const faults: [Record<string, string | Uint8Array<ArrayBuffer>>, RegExp][] = [
    [{ "problem.json": PROGRAM, "checker.py": "x", "checker.cpp": "x" }, /more than one file of a checker/],
    [{ "problem.json": '{"checker": "lines"}', "checker.py": "x" }, /There is p\/a\/checker.py, but the checker here/],
    [{ "problem.json": "{}", "checker.py": "x" }, /but the checker here is not/],
    [{ "problem.json": PROGRAM.replace('"program"', '"program", "code": ""'), "checker.py": "x" }, /without code/],
    [{ "problem.json": '{"statement": null}', "statement.md": "x" }, /stands here and in p\/a\/statement.md: keep one/],
    [{ "problem.json": PROGRAM, "checker.py": new Uint8Array([0x78, 0xff]) }, /p\/a\/checker.py is no text in UTF-8/],
  ];
  for (const [files, reason] of faults) {
    const named = Object.entries(files).map(([name, content]) => [`p/a/${name}`, content] as const);
    const [one, ...others] = await read(Object.fromEntries(named));
    assert.match(one?.fault?.message ?? "", reason);
    assert.equal(others.length, 0);
  }
});

test("in a folder, problems are its files and the folders in it; picked files are put together", async () => {
  const found = await read({
    "p/one.json": '{"id": "other"}',
    "p/one.md": "not read",
    "p/statement.md": "not read",
    "p/checker.py": "not read",
    "p/two/problem.json": "{}",
    "p/two/data.json": "{}",
    "p/two/solutions/problem.json": "{}",
    "p/three/more.json": "{}",
    "p/.git/problem.json": "{}",
  });
  assert.deepEqual(
    found.map(({ path: of, id, statement }) => [of, id, statement]),
    [
      ["p/one.json", "one", undefined],
      ["p/two/problem.json", "two", undefined],
    ],
  );
  const itself = await read({ "p/problem.json": "{}", "p/x.json": "{}", "p/q/problem.json": "{}" });
  assert.deepEqual(
    itself.map(({ path: of, id }) => [of, id]),
    [["p/problem.json", "p"]],
  );
  const [picked] = await read({ "one.json": PROGRAM, "one.md": "S", "checker.py": "x" });
  assert.deepEqual([picked?.id, picked?.statement, picked?.checker], ["one", "one.md", "checker.py"]);
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
