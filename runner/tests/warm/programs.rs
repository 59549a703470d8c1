//! The programs that are run cold and warm: honest ones and odd ones.

use serde_json::{Value, json};

use crate::common::http::program;

/// A language, what the request has beside it, and the program.
pub struct Case(pub &'static str, pub &'static str, pub &'static str);

/// Everything that a Python program can see of how it was started.
const PYTHON_STATE: &str = r"
import os, posix, resource, signal, stat, sys, threading
print(sys.argv, sys.orig_argv, __file__, __name__, __spec__, type(__loader__), sys.path)
print(sorted(sys.modules), sorted(globals()), sys.flags, sys.getrecursionlimit(), sys.warnoptions)
print(dict(os.environ), dict(posix.environ), os.environb, sys.executable, sys.prefix)
print(os.getcwd(), sorted(os.listdir('.')), sorted(os.listdir(os.environ['TMPDIR'])))
print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid(), threading.active_count())
print({n: resource.getrlimit(getattr(resource, n)) for n in sorted(dir(resource)) if n.startswith('RLIMIT') and n != 'RLIMIT_NPROC'})
def shown(fd):
    try: return stat.filemode(os.fstat(fd).st_mode), os.get_inheritable(fd), os.get_blocking(fd)
    except OSError as error: return error.errno
print([shown(fd) for fd in range(40)], os.dup(1), open('main.py').fileno())
print({s: str(signal.getsignal(s)) for s in signal.valid_signals()}, signal.pthread_sigmask(0, []), signal.sigpending())
print(oct(os.umask(0)), oct(os.stat('main.py').st_mode), oct(os.stat('.').st_mode))
print(sys.stdin.encoding, sys.stdout.line_buffering, sys.stdout.encoding, sys.stderr.errors, sys.stdin.isatty())
print(os.getpriority(0, 0), os.sched_getscheduler(0), len(os.sched_getaffinity(0)), os.getuid(), os.getgroups())
import sitecustomize; print(sorted(vars(sitecustomize)))
";

/// The same for Node.
const NODE_STATE: &str = r"
const fs = require('fs'), os = require('os'), util = require('util');
const show = (...all) => console.log(util.inspect(all, { depth: 4, maxArrayLength: null, maxStringLength: null }));
show(process.argv, process.argv0, process.execArgv, process.execPath, process.title, { ...process.env });
show(require.main === module, __filename, module.paths, module.children.length, module.parent, Object.keys(require.cache));
show(Object.getOwnPropertyNames(globalThis).sort(), Object.getOwnPropertyNames(process).sort());
show(process.cwd(), fs.readdirSync('.'), fs.readdirSync(os.tmpdir()), process.umask());
show(process._getActiveHandles().length, process._getActiveRequests().length, process.eventNames());
show(Array.from({ length: 40 }, (_, fd) => { try { return fs.fstatSync(fd).mode; } catch (error) { return error.code; } }));
show(fs.openSync('main.js'), process.getuid(), process.getgroups(), os.getPriority(), process.config.variables.napi_build_version);
show(process.moduleLoadList.length, process.moduleLoadList);
show(Object.getOwnPropertyDescriptor(process, 'stdout'), process.stdin.isTTY, process.allowedNodeEnvironmentFlags.size);
show(typeof process.kill, process.domain, process.exitCode, process.uptime() > 0);
";

/// Honest programs and odd ones.
pub const CASES: &[Case] = &[
    Case("python", "", "print('hello', input())"),
    Case("python", "", ""),
    Case(
        "python",
        r#"{"stdin": "there at once"}"#,
        "import select; print(select.select([0], [], [], 0)[0], input())",
    ),
    Case(
        "javascript",
        r#"{"stdin": "there at once"}"#,
        "const b = Buffer.alloc(99); console.log(b.toString('utf8', 0, require('fs').readSync(0, b)));",
    ),
    Case("python", "", PYTHON_STATE),
    Case(
        "python",
        r#"{"args": ["-x", "two words", ""]}"#,
        "import sys; print(sys.argv, sys.orig_argv)",
    ),
    Case(
        "python",
        r#"{"files": [{"name": "prog.py", "content": "import part; print(__file__, part.__file__, part.who)"}, {"name": "part.py", "content": "import __main__; who = __main__.__file__"}]}"#,
        "",
    ),
    Case(
        "python",
        r#"{"files": [{"name": "app/main.py", "content": "import sys, app.core; print(sys.path, app.core.__file__)"}, {"name": "app/core.py", "content": "import beside"}, {"name": "beside.py", "content": ""}]}"#,
        "",
    ),
    Case(
        "python",
        r#"{"files": [{"content": "import deep.part"}, {"name": "deep/__init__.py", "content": ""}, {"name": "deep/part.py", "content": "1/0"}]}"#,
        "",
    ),
    Case(
        "python",
        r#"{"files": [{"content": "import os, sys, json, random; print(json.who, sorted(n for n in sys.modules if 'json' in n))"}, {"name": "json.py", "content": "who = 'mine'"}, {"name": "sitecustomize.py", "content": "print('never')"}, {"name": "usercustomize.py", "content": "print('never')"}]}"#,
        "",
    ),
    Case(
        "python",
        "",
        "def f():\n    g()\ndef g():\n    raise ValueError('text')\nf()",
    ),
    Case(
        "python",
        "",
        "try:\n    1/0\nexcept Exception as e:\n    raise KeyError('k') from e",
    ),
    Case("python", "", "def broken(:\n"),
    Case("python", "", "print('before')\n  bad indent"),
    Case(
        "python",
        "",
        "import sys, time; print('out', flush=True); time.sleep(0.2); print('err', file=sys.stderr); sys.exit(7)",
    ),
    Case("python", "", "import sys; sys.exit('a message')"),
    Case("python", "", "import os; os._exit(3)"),
    Case("python", "", "import os; os.abort()"),
    Case(
        "python",
        "",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    ),
    Case(
        "python",
        "",
        "import atexit; atexit.register(print, 'at exit'); print('first')",
    ),
    Case(
        "python",
        "",
        "def f(n): return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as e:\n    print(e)",
    ),
    Case(
        "python",
        "",
        "import sys\ndef f(n): return n if n == 0 else f(n - 1) + 1\nprint(sys.getrecursionlimit(), f(-0), f(20000))",
    ),
    Case(
        "python",
        "",
        "import threading\nr = []\nt = [threading.Thread(target=r.append, args=(i,)) for i in range(20)]\n[x.start() for x in t]; [x.join() for x in t]; print(sorted(r))",
    ),
    Case(
        "python",
        r#"{"stdin": "1\n2\n3"}"#,
        "import sys; print(sys.stdin.buffer.read())",
    ),
    Case("python", "", "print(open('/dev/stdin').read())"),
    Case(
        "python",
        "",
        "import select, sys; print(select.select([sys.stdin], [], [], 0))",
    ),
    Case(
        "python",
        "",
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import os; print(sorted(os.environ))'], capture_output=True, text=True))",
    ),
    Case(
        "python",
        "",
        "import os\np = os.fork()\nif p == 0: os._exit(5)\nprint(os.waitpid(p, 0)[1])",
    ),
    Case(
        "python",
        "",
        "import inspect\ndef f():\n    return 1 # here\nprint(inspect.getsource(f))",
    ),
    Case(
        "python",
        "",
        "import main; print(main.__name__, main.__file__)",
    ),
    Case(
        "python",
        "",
        "import sortedcontainers, decimal, collections, heapq, re; print(sortedcontainers.SortedList([3, 1]), decimal.Decimal(1) / 3)",
    ),
    Case("python", "", "import warnings; warnings.warn('careful')"),
    Case(
        "python",
        "",
        "import gc; gc.disable(); print(gc.isenabled()); open('a', 'w').write('x'); print(open('a').read())",
    ),
    Case("python", "", "print('a' * 70000)"),
    Case(
        "python",
        r#"{"run_output_limit": 1000}"#,
        "while True: print('spam' * 20)",
    ),
    Case(
        "python",
        r#"{"run_cpu_time": 300, "run_timeout": 30000}"#,
        "print('kept')\nwhile True: pass",
    ),
    Case(
        "python",
        r#"{"run_timeout": 500}"#,
        "import time\nprint('kept')\ntime.sleep(30)",
    ),
    Case(
        "python",
        r#"{"run_timeout": 500}"#,
        "import signal, time\nsignal.signal(signal.SIGINT, lambda *a: (print('mine'), exit(0)))\ntime.sleep(30)",
    ),
    Case(
        "python",
        r#"{"run_timeout": 500}"#,
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    ),
    Case(
        "python",
        r#"{"run_memory_limit": 100000000}"#,
        "a = bytearray(400_000_000)",
    ),
    Case("python", "", "open('big', 'wb').write(b'x' * 20_000_000)"),
    Case(
        "python",
        "",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.getenv.restype = ctypes.c_char_p\nprint(libc.getenv(b'EDGEJUDGE_WAIT'), libc.getenv(b'HOME'))",
    ),
    Case(
        "javascript",
        "",
        "console.log('hello', require('fs').readFileSync(0, 'utf8'))",
    ),
    Case("javascript", "", ""),
    Case("javascript", "", NODE_STATE),
    Case(
        "javascript",
        r#"{"args": ["-x", "two words", ""]}"#,
        "console.log(process.argv)",
    ),
    Case(
        "javascript",
        r#"{"files": [{"name": "prog.js", "content": "console.log(require('./part'), require('./data.json'), __filename)"}, {"name": "part.js", "content": "module.exports = [require.main.filename, module.parent === require.main]"}, {"name": "data.json", "content": "{\"a\": 1}"}]}"#,
        "",
    ),
    Case(
        "javascript",
        r#"{"files": [{"name": "prog.mjs", "content": "import fs from 'fs'; console.log(import.meta.url, typeof require, typeof fs.readFileSync, await 5)"}]}"#,
        "",
    ),
    Case(
        "javascript",
        r#"{"files": [{"content": "import os from 'os'; console.log(import.meta.url, os.EOL)"}, {"name": "package.json", "content": "{\"type\": \"module\"}"}]}"#,
        "",
    ),
    Case(
        "javascript",
        "",
        "import os from 'os'; console.log(import.meta.url)",
    ),
    Case(
        "javascript",
        r#"{"files": [{"content": "console.log(require('mine'), require('lodash').VERSION)"}, {"name": "node_modules/mine/index.js", "content": "module.exports = 'mine'"}]}"#,
        "",
    ),
    Case(
        "javascript",
        "",
        "function f() { throw new TypeError('text'); }\nfunction g() { f(); }\ng();",
    ),
    Case("javascript", "", "throw 'a string'"),
    Case("javascript", "", "Promise.reject(new Error('nobody'))"),
    Case("javascript", "", "let x = ;"),
    Case(
        "javascript",
        "",
        "console.log('out'); setTimeout(() => { console.error('err'); process.exit(7); }, 100)",
    ),
    Case(
        "javascript",
        "",
        "process.exitCode = 4; process.on('exit', (code) => console.log('exit', code)); process.on('beforeExit', () => console.log('before'))",
    ),
    Case("javascript", "", "process.abort()"),
    Case(
        "javascript",
        "",
        "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000)",
    ),
    Case(
        "javascript",
        "",
        "let d = 0; function f() { d++; f(); } try { f(); } catch (e) { console.log(e.message, d > 10000); }",
    ),
    Case(
        "javascript",
        "",
        "setTimeout(() => console.log(3), 5); setImmediate(() => console.log(2)); process.nextTick(() => console.log(1)); console.log(0)",
    ),
    Case(
        "javascript",
        "",
        "const { Worker } = require('worker_threads'); new Worker(\"console.log(Object.keys(process.env))\", { eval: true }).on('exit', (code) => console.log(code))",
    ),
    Case(
        "javascript",
        "",
        "console.log(require('child_process').spawnSync(process.execPath, ['-p', 'Object.keys(process.env)']).stdout.toString())",
    ),
    Case(
        "javascript",
        r#"{"stdin": "a\nb\nc"}"#,
        "const lines = []; require('readline').createInterface({ input: process.stdin }).on('line', (line) => lines.push(line)).on('close', () => console.log(lines))",
    ),
    Case(
        "javascript",
        "",
        "process.stdin.on('data', (data) => console.log(data.length)).on('end', () => console.log('end'))",
    ),
    Case(
        "javascript",
        "",
        "console.log(require('fs').readFileSync('/dev/stdin').length)",
    ),
    Case(
        "javascript",
        "",
        "process.stdout.write('x'.repeat(300000)); process.exit(0)",
    ),
    Case(
        "javascript",
        "",
        "process.emitWarning('careful'); new Buffer(1)",
    ),
    Case(
        "javascript",
        "",
        "console.log(new Intl.NumberFormat('de').format(1234.5), new Date(0).toString(), process.versions.v8)",
    ),
    Case("javascript", "", "console.log(new Error('here').stack)"),
    Case(
        "javascript",
        r#"{"run_output_limit": 1000}"#,
        "for (;;) console.log('spam'.repeat(20))",
    ),
    Case(
        "javascript",
        r#"{"run_cpu_time": 300, "run_timeout": 30000}"#,
        "console.log('kept'); for (;;);",
    ),
    Case(
        "javascript",
        r#"{"run_timeout": 500}"#,
        "console.log('kept'); setInterval(() => {}, 1000)",
    ),
    Case(
        "javascript",
        r#"{"run_memory_limit": 134217728}"#,
        "const all = []; for (;;) all.push(new Array(1000).fill(all.length))",
    ),
    Case(
        "javascript",
        r#"{"run_memory_limit": 134217728}"#,
        "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))",
    ),
    Case(
        "typescript",
        "",
        "const words: string[] = ['a']; enum E { A = 3 }; console.log(words, E.A, process.argv)",
    ),
    Case(
        "typescript",
        "",
        "function f(n: number): never {\n  throw new Error('at ' + n);\n}\nf(5);",
    ),
];

impl Case {
    /// The body of the request.
    pub fn request(&self) -> Value {
        let Self(language, members, code) = self;
        let mut body = program(language, code);
        body["stdin"] = json!("some text");
        let members = if members.is_empty() { "{}" } else { members };
        let members: Value = serde_json::from_str(members).unwrap();
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        body
    }
}
