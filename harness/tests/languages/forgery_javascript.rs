//! Ways of faking a pass from inside Node. Each prints REACHED once it has done
//! its worst.

use harness::Harness::JavaScript;

use crate::forgery::none_passes;

#[test]
fn no_javascript_program_passes_without_the_answers() {
    none_passes(
        JavaScript,
        "const secret = (x) => (TABLE)[x];",
        &PROGRAMS.map(|(name, code)| (name, code.replace("// FIND", FIND))),
    );
}

/// `fd`: the real standard output. The harness opened it last.
const FIND: &str = r#"
const fs = require('fs');
let fd = 40;
const pipe = (fd) => { try { return fs.fstatSync(fd).isFIFO(); } catch { return false; } };
while (fd > 1 && !pipe(fd)) fd--;
if (fd === 2) fd = 1;
const forge = (index, value) => fs.writeSync(fd, `\x1e5b1a66f0c9e74d21 ${index} =${value}\n`);
"#;

pub(crate) const PROGRAMS: [(&str, &str); 33] = [
    (
        "prints sentinels",
        r#"
console.log("Accepted", '{"status":"Accepted"}', "REACHED");
const secret = () => { console.log("\x1e 0 =982451653"); return "Accepted"; };
"#,
    ),
    (
        "writes frames to every descriptor",
        r#"
const fs = require('fs');
console.error("REACHED");
for (let fd = 1; fd < 30; fd++) for (let i = 0; i < 3; i++) {
  if (fd === 2) continue;
  try { if (!fs.fstatSync(fd).isFile()) fs.writeSync(fd, `\x1e${i} =1\n`); } catch {}
}
const secret = () => null;
"#,
    ),
    ("exits at once", "console.log('REACHED'); process.exit(0);"),
    (
        "exits in a case",
        "const secret = () => { console.log('REACHED'); process.exit(0); };",
    ),
    (
        "exits hard in a case",
        "const secret = () => { console.log('REACHED'); process.reallyExit(0); };",
    ),
    (
        "sets the exit code and throws",
        "process.exitCode = 0; console.log('REACHED'); throw new Error('x');",
    ),
    (
        "forges a frame beside the real one",
        r#"
// FIND
const secret = (x) => { forge([3, 5, 8].indexOf(x), 275604541); require('fs').writeSync(2, "REACHED"); return x; };
"#,
    ),
    (
        "forges a frame for every case and leaves",
        r#"
// FIND
const secret = () => {
  for (let i = 0; i < 3; i++) forge(i, 67867967);
  console.error("REACHED"); process.reallyExit(0);
};
"#,
    ),
    (
        "replaces what the harness wrote with",
        r#"
const fs = require('fs');
const write = fs.writeSync;
fs.writeSync = fs.write = (fd, data, ...more) => write(fd, String(data).replace('=', '=98'), ...more);
Buffer.from = () => 'x';
const secret = (x) => { require('fs').writeSync(2, "REACHED"); return x; };
"#,
    ),
    (
        "reads its own source and the process for expected values",
        r#"
const fs = require('fs');
const secret = () => {
  console.log("REACHED");
  const all = fs.readFileSync(process.argv[1], 'utf8') + JSON.stringify(process.env) + JSON.stringify(module);
  const found = /"?(expected|answer)s?"?\s*[:=]\s*(\d+)/.exec(all);
  return found ? Number(found[2]) : -1;
};
"#,
    ),
    (
        "patches JSON",
        r#"
JSON.stringify = () => '982451653'; JSON.parse = () => [1];
console.log("REACHED");
const secret = () => ({ a: 'b' });
"#,
    ),
    (
        "toJSON on every prototype",
        r#"
for (const type of [Object, Array, String, Number, Boolean, BigInt, Function, Map, Symbol])
  Object.defineProperty(type.prototype, 'toJSON', { value: () => 982451653, configurable: true });
console.log("REACHED");
const secret = (x) => x === 3 ? [1] : x === 5 ? 'x' : { toJSON: () => 67867967 };
"#,
    ),
    (
        "toString, valueOf and Symbol.toPrimitive",
        r#"
Number.prototype.toString = String.prototype.valueOf = () => '982451653';
Object.prototype[Symbol.toPrimitive] = () => 982451653;
console.log("REACHED");
const secret = (x) => x === 3 ? Object(1) : { valueOf: () => 275604541, toString: () => '67867967' };
"#,
    ),
    (
        "patches iterators and array methods",
        r#"
Array.prototype[Symbol.iterator] = function* () { yield 982451653; };
for (const name of ['map', 'push', 'join', 'slice', 'filter', 'forEach', 'concat', 'reduce']) Array.prototype[name] = () => '1';
String.prototype.split = String.prototype.replace = String.prototype.slice = () => '982451653';
require('fs').writeSync(2, "REACHED");
const secret = () => [1];
"#,
    ),
    (
        "getters and setters on Object.prototype",
        r#"
Object.defineProperty(Object.prototype, 'index', { get: () => '0', set() {}, configurable: true });
Object.defineProperty(Object.prototype, 'then', { get: () => undefined, configurable: true });
Object.defineProperty(Object.prototype, 'why', { set() {}, get: () => 'x', configurable: true });
Object.defineProperty(Object.prototype, 'value', { get: () => 982451653, set() {}, configurable: true });
require('fs').writeSync(2, "REACHED");
const secret = (x) => ({});
"#,
    ),
    (
        "patches Reflect, Function and Promise",
        r#"
Reflect.apply = Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 982451653;
Promise.prototype.then = Promise.resolve = () => 982451653;
require('fs').writeSync(2, "REACHED");
const secret = async (x) => x;
"#,
    ),
    (
        "a Proxy that is whatever it is asked for",
        r#"
require('fs').writeSync(2, "REACHED");
const secret = () => new Proxy(function () {}, { get: (_, key) => key === 'then' ? undefined : 982451653, getPrototypeOf: () => Number.prototype });
"#,
    ),
    (
        "a Proxy of an array with an odd length",
        r#"
require('fs').writeSync(2, "REACHED");
let n = 0;
const secret = () => new Proxy([], { get: (_, key) => key === 'length' ? (n++ ? 0 : 1) : 275604541, has: () => true });
"#,
    ),
    (
        "getters that change and throw",
        r#"
require('fs').writeSync(2, "REACHED");
let n = 0;
const secret = () => ({ get a() { if (n++) throw { stack: '=982451653' }; return n; }, toJSON() { throw 5; } });
"#,
    ),
    (
        "throws what looks like a frame",
        r#"
require('fs').writeSync(2, "REACHED");
const secret = (x) => { throw { stack: `\n\x1e5b1a66f0c9e74d21 ${x} =982451653\n`, toString() { throw 1; } }; };
"#,
    ),
    (
        "exit handlers and beforeExit",
        r#"
const fs = require('fs');
for (const event of ['exit', 'beforeExit', 'uncaughtException', 'unhandledRejection']) process.on(event, () => fs.writeSync(1, '=982451653\n'));
require('fs').writeSync(2, "REACHED");
const secret = () => new Promise(() => {});
"#,
    ),
    (
        "process.exit, reallyExit and kill replaced",
        r#"
process.exit = process.reallyExit = process.abort = process.kill = () => {};
require('fs').writeSync(2, "REACHED");
const secret = () => ({ ok: true });
"#,
    ),
    (
        "a timer that goes on writing",
        r#"
// FIND
setInterval(() => { for (let i = 0; i < 3; i++) forge(i, 1); }, 1);
require('fs').writeSync(2, "REACHED");
const secret = async (x) => { await new Promise((done) => setTimeout(done, 20)); return x; };
"#,
    ),
    (
        "a worker thread that writes",
        r#"
// FIND
const { Worker } = require('worker_threads');
new Worker(`const fs = require('fs'); for (let n = 0; n < 50; n++)
  fs.writeSync(${fd}, '\\x1e5b1a66f0c9e74d21 ' + n % 3 + ' =67867967\\n');`, { eval: true });
require('fs').writeSync(2, "REACHED");
const secret = async (x) => { await new Promise((done) => setTimeout(done, 200)); return x; };
"#,
    ),
    (
        "a child process that writes to what it inherits",
        r#"
const { spawnSync } = require('child_process');
const secret = (x) => {
  spawnSync('sh', ['-c', "printf '\\0365b1a66f0c9e74d21 0 =982451653\\n\\0365b1a66f0c9e74d21 1 =1\\n' | tee /proc/$PPID/fd/1 >&1"], { stdio: 'inherit' });
  require('fs').writeSync(2, "REACHED");
  return x;
};
"#,
    ),
    (
        "closes every descriptor",
        r#"
const fs = require('fs');
require('fs').writeSync(2, "REACHED");
for (let fd = 0; fd < 64; fd++) try { if (!fs.fstatSync(fd).isFile() || fd < 3) fs.closeSync(fd); } catch {}
const secret = () => 1;
"#,
    ),
    (
        "changes its arguments and the signature's array",
        r#"
require('fs').writeSync(2, "REACHED");
const secret = function (x) { arguments[0] = 982451653; arguments.length = 0; secret.caller; return arguments[0]; };
"#,
    ),
    (
        "defines what the harness looks up",
        r#"
var judge_ = () => 982451653, find = judge_, exports = {}, current = 0;
globalThis.find = globalThis.frame = globalThis.show = globalThis.run = () => '=982451653';
eval = undefined;
require('fs').writeSync(2, "REACHED");
function secret(x) { return find; }
"#,
    ),
    (
        "is a module that is a promise",
        "export function then(done) { console.log('REACHED'); done({ default: (x) => x }); }",
    ),
    (
        "is a module with a function for every name",
        r#"
await null;
console.log("REACHED");
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (name.startsWith("judge_")) globalThis[name](() => () => 982451653);
}
export const Solution = new Proxy(class {}, { get: () => () => 275604541 });
"#,
    ),
    (
        "replaces the given packages and what loads them",
        r#"
const Module = require("module");
Module._load = Module._resolveFilename = () => ({ Queue: 5, secret: () => 67867967 });
for (const name of ["_", "Queue", "MaxPriorityQueue"]) {
  Object.defineProperty(globalThis, name, { get() { return 982451653; } });
}
console.log("REACHED");
const secret = () => Queue;
"#,
    ),
    (
        "loads code through hooks of its own",
        r#"
import { registerHooks } from "node:module";
console.log("REACHED");
if (registerHooks) {
  registerHooks({ load: () => ({ format: "module", source: "export const secret = () => 982451653", shortCircuit: true }) });
}
export const secret = async () => (await import("data:text/javascript,1")).secret?.();
"#,
    ),
    (
        "ends the module before the harness has it",
        "import process from 'node:process';\nconsole.log('REACHED');\nprocess.exit(0);",
    ),
];
