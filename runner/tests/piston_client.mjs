// Uses `piston-client` with the runner at RUNNER_URL. Started by `clients.rs`, which
// checks by the last line that the whole script ran.

import assert from "node:assert/strict";
import piston from "piston-client";

const client = piston({ server: process.env.RUNNER_URL });

const runtimes = await client.runtimes();
const named = (name) => runtimes.find((runtime) => runtime.language === name);
assert.match(named("python").version, /^3\.\d+\.\d+$/);
assert.ok(named("python").aliases.includes("py"));
assert.equal(named("javascript").runtime, "node");

// Language and code only: the newest version, and the client's defaults.
let answer = await client.execute("python", "import sys; print('hello', sys.argv[1:])");
assert.equal(answer.run.stdout, "hello ['1', '2', '3']\n", JSON.stringify(answer));
assert.deepEqual(
  [answer.run.code, answer.run.signal, answer.run.stderr],
  [0, null, ""],
);
assert.equal(answer.language, "python");
assert.equal(answer.version, named("python").version);

answer = await client.execute("javascript", "console.log([1, 2].map((n) => n * 2))");
assert.equal(answer.run.stdout, "[ 2, 4 ]\n", JSON.stringify(answer));

// Every option of the client.
answer = await client.execute({
  language: "python",
  version: "3.x",
  files: [
    { name: "main.py", content: "import helper, sys; print(helper.WORD, input(), sys.argv[1])" },
    { name: "helper.py", content: "WORD = 'helped'" },
  ],
  stdin: "read",
  args: ["said"],
  compileTimeout: 5000,
  runTimeout: 2000,
  compileMemoryLimit: 100000000,
  runMemoryLimit: 100000000,
});
assert.equal(answer.run.stdout, "helped read said\n", JSON.stringify(answer));

answer = await client.execute("python", "raise SystemExit(7)");
assert.equal(answer.run.code, 7);

answer = await client.execute("python", "import time; time.sleep(60)", { runTimeout: 300 });
assert.equal(answer.run.signal, "SIGKILL", JSON.stringify(answer));

if (named("c")) {
  answer = await client.execute("c", '#include <stdio.h>\nint main(void) { puts("c"); return 0; }');
  assert.deepEqual([answer.compile.code, answer.run.stdout], [0, "c\n"]);
  answer = await client.execute("c", "int main( {");
  assert.equal(answer.compile.code, 1);
  assert.match(answer.compile.stderr, /error/);
}

// Errors have Piston's one member.
answer = await client.execute({ language: "python", version: "2.x", files: [{ content: "" }] });
assert.deepEqual(answer, { message: "python-2.x runtime is unknown" });

console.log("all good");
