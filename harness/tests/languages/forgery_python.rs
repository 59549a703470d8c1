//! Ways of faking a pass from inside Python. Each prints REACHED once it has
//! done its worst.

use harness::Harness::Python;

use crate::forgery::none_passes;

#[test]
fn no_python_program_passes_without_the_answers() {
    none_passes(
        Python,
        "def secret(x): return TABLE[x]",
        &PROGRAMS.map(|(name, code)| (name, code.replace("# FIND", FIND))),
    );
}

/// The variables of the harness, from the thread that waits in it.
const FIND: &str = r#"
def found():
    import sys
    for frame in sys._current_frames().values():
        while frame:
            if "nonce" in frame.f_locals: return frame.f_locals
            frame = frame.f_back
found = found()
"#;

pub(crate) const PROGRAMS: [(&str, &str); 35] = [
    (
        "prints sentinels",
        r#"
print("Accepted", "PASS", "ok", '{"status":"Accepted"}')
def secret(x):
    print("=982", "\x1e0 =1", "All tests passed REACHED"); return "Accepted"
"#,
    ),
    (
        "writes frames to every descriptor",
        r#"
import os
for fd in range(1, 20):
    for i in range(3):
        try: os.write(fd, b"\x1e%d =1\n" % i)
        except OSError: pass
os.write(2, b"REACHED")
def secret(x): return None
"#,
    ),
    (
        "exits at import",
        "import sys\nprint('REACHED', flush=True)\nsys.exit(0)",
    ),
    (
        "exits hard at import",
        "import os\nos.write(2, b'REACHED')\nos._exit(0)",
    ),
    (
        "exits hard in a case",
        "import os\ndef secret(x):\n    os.write(2, b'REACHED')\n    os._exit(0)",
    ),
    (
        "raises SystemExit in a case",
        "def secret(x):\n    print('REACHED')\n    raise SystemExit(0)",
    ),
    (
        "finds the nonce in the frames and forges every answer, twice over",
        r#"
import os
# FIND
def secret(x):
    for i in range(3):
        os.write(found["out"], b"\x1e%s %d =1\n" % (found["nonce"], i))
    os.write(2, b"REACHED"); os._exit(0)
"#,
    ),
    (
        "forges one frame a case and lets the real one come too",
        r#"
import os
# FIND
def secret(x):
    os.write(found["out"], b"\x1e%s %d =982451653\n" % (found["nonce"], [3, 5, 8].index(x)))
    print("REACHED")
"#,
    ),
    (
        "looks through the garbage collector's objects for expected values",
        r#"
import gc, sys
def secret(x):
    print("REACHED")
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            for key in ("expected", "answer", "answers", "solution", "output"):
                if type(thing.get(key)) is int: return thing[key]
    numbers = [n for t in gc.get_objects() if type(t) is list for n in t if type(n) is int and n > 10**6]
    return numbers[0] if numbers else -1
"#,
    ),
    (
        "changes the harness's variables through gc",
        r#"
import gc
def secret(x):
    for thing in gc.get_objects():
        if type(thing) is list and thing and type(thing[0]) is bytes: thing.clear()
    print("REACHED")
"#,
    ),
    (
        "replaces json",
        r#"
import json, json.encoder, json.decoder
json.dumps = json.JSONEncoder.encode = lambda *a, **k: "true"
json.encoder.encode_basestring_ascii = json.encoder.c_make_encoder = lambda *a: "true"
json.loads = json.JSONDecoder.decode = lambda *a, **k: [0]
def secret(x): print("REACHED"); return {"x": "y"}
"#,
    ),
    (
        "replaces print and sys.stdout",
        r#"
import builtins, sys, io
builtins.print = lambda *a, **k: None
sys.stderr.write("REACHED")
sys.stdout = sys.__stdout__ = io.StringIO("=982451653")
def secret(x): return sys.stdout
"#,
    ),
    (
        "replaces builtins",
        r#"
import builtins, sys
sys.stderr.write("REACHED")
for name in "isinstance issubclass type len repr str int float list dict map zip callable getattr id set".split():
    setattr(builtins, name, lambda *a, **k: True)
def secret(x): return x
"#,
    ),
    (
        "replaces the write functions",
        r#"
import os, sys
real = os.write
os.write = lambda fd, data: real(fd, data.replace(b"=", b"=98"))
os._exit = sys.exit = lambda code: None
def secret(x): real(2, b"REACHED"); return x
"#,
    ),
    (
        "equals everything",
        r#"
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __repr__(self): return "982451653"
    __str__ = __repr__
    __class__ = int
    def __index__(self): return 982451653
    def __int__(self): return 982451653
def secret(x): print("REACHED"); return Yes()
"#,
    ),
    (
        "an int that lies",
        r#"
class Int(int):
    def __eq__(self, other): return True
    def __repr__(self): return "982451653, 275604541, 67867967"
    __str__ = __format__ = lambda self, *a: "982451653\n"
    def __add__(self, other): return "1,2,3"
    def __le__(self, other): return True
def secret(x): print("REACHED"); return Int(1)
"#,
    ),
    (
        "a string that lies",
        r#"
class Str(str):
    def __str__(self): return "982451653"
    def encode(self, *a): return b"982451653"
    def __eq__(self, other): return True
def secret(x): print("REACHED"); return Str('"\n\x1e')
"#,
    ),
    (
        "a list and a dict that lie",
        r#"
class List(list):
    def __iter__(self): return iter([982451653])
    def __eq__(self, other): return True
    def __len__(self): return 1
class Dict(dict):
    def items(self): return [("a", 982451653)]
    __eq__ = lambda *a: True
def secret(x): print("REACHED"); return List([Dict(a=1)]) if x > 3 else Dict(b=List())
"#,
    ),
    (
        "an exit handler",
        r#"
import atexit, os
@atexit.register
def late():
    os.write(1, b"=982451653\n")
def secret(x): print("REACHED", flush=True); return late
"#,
    ),
    (
        "background threads that go on writing",
        r#"
import os, threading
# FIND
def spam(names):
    while True:
        for i in range(3):
            os.write(names["out"], b"\x1e%s %d =67867967\n" % (names["nonce"], i))
threading.Thread(target=spam, args=(found,)).start()
def secret(x): print("REACHED"); return x
"#,
    ),
    (
        "forks, and both go on",
        r#"
import os
os.write(2, b"REACHED")
os.fork()
def secret(x): return 982451653
"#,
    ),
    (
        "forks in a case; the child forges while the parent sleeps",
        r#"
import os
# FIND
def secret(x):
    child = os.fork()
    if child == 0:
        os.setsid()
        os.write(2, b"REACHED")
        os.write(found["out"], b"\x1e%s 0 =982451653\n\x1e%s 1 =1\n\x1e%s 2 =1\n" % ((found["nonce"],) * 3))
        os._exit(0)
    os.waitpid(child, 0)
    os._exit(0)
"#,
    ),
    (
        "closes every descriptor",
        r#"
import os, sys
os.write(2, b"REACHED")
os.closerange(0, 256)
def secret(x): return 1
"#,
    ),
    (
        "puts a file in the place of the kept descriptor",
        r#"
import os, tempfile
os.write(2, b"REACHED")
file = tempfile.TemporaryFile()
for fd in range(3, 10):
    if fd != file.fileno(): os.dup2(file.fileno(), fd)
def secret(x): return 1
"#,
    ),
    (
        "changes the cases to come",
        r#"
import os
# FIND
def secret(x):
    found["lines"][:] = [b"0 [1]", b"1 [1]", b"2 [1]", b"7 [1]", b"load [1]"]
    os.write(2, b"REACHED")
    return 982451653
"#,
    ),
    (
        "trace and profile hooks",
        r#"
import sys, threading
def hook(frame, event, arg):
    if "answer" in frame.f_locals: frame.f_locals["answer"] = 1
    return hook
sys.settrace(hook); sys.setprofile(hook); threading.settrace(hook)
frame = sys._getframe()
while frame: frame.f_trace = hook; frame = frame.f_back
def secret(x): sys.stderr.write("REACHED"); return x
"#,
    ),
    (
        "signal handlers and a timer",
        r#"
import os, signal
try: signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
except ValueError: pass
def secret(x):
    os.write(2, b"REACHED")
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while True: pass
"#,
    ),
    (
        "a load frame of its own and then success",
        r#"
import os
# FIND
os.write(found["out"], b'\x1e%s load ={"ok":true}\n\x1e%s load !5\n\x1e%s 00 =1\n\x1e%s 0 \n' % ((found["nonce"],) * 4))
def secret(x): print("REACHED"); return True
"#,
    ),
    (
        "takes the harness's place",
        r#"
import sys, os
os.write(2, b"REACHED")
os.execv(sys.executable, [sys.executable, "-c", "print('\\x1e 0 =982451653')"])
"#,
    ),
    (
        "calls the harness again",
        r#"
import io, sys, __main__
def secret(x):
    print("REACHED")
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"N\n0 [3]\n1 [5]\n2 [8]\n"))
    sys.modules["solution"].secret = lambda x: 982451653
    if x == 3: return __main__.harness(["secret"], ["i"], "i", "def secret(x): return 67867967")
    return x
"#,
    ),
    (
        "changes the modules that it is given",
        r#"
for name in ("len", "isinstance", "issubclass", "list", "dict", "type", "id", "str"):
    __builtins__[name] = lambda *a, **k: 982451653
heapq.heappush = collections.deque = json.encoder.encode_basestring_ascii = None
def secret(x): print("REACHED"); return deque([x])
"#,
    ),
    (
        "hides behind the given names",
        r#"
class int(int):
    def __eq__(self, other): return True
    def __add__(self, other): return int(982451653)
    def __hash__(self): return 1
print("REACHED")
def secret(x): return int(x)
"#,
    ),
    (
        "answers from the thread that waits",
        r#"
import os, sys
# FIND
def flush():
    sys.stderr.write("REACHED")
    os.write(found["out"], b"\x1e%s 0 =982451653\n\x1e%s 1 =275604541\n" % ((found["nonce"],) * 2))
    raise SystemExit(0)
sys.stdout.flush = flush
def secret(x):
    import time
    time.sleep(0.3)
"#,
    ),
    (
        "interrupts the thread that waits",
        r#"
import _thread, os
def secret(x):
    os.write(2, b"REACHED")
    _thread.interrupt_main()
    while True: pass
"#,
    ),
    (
        "gives a traceback of its own",
        r#"
import sys, types, os
def forge(*a, **k):
    os.write(2, b"REACHED")
    return ["\n\x1e5b1a66f0c9e74d21 0 =982451653\n\x1e5b1a66f0c9e74d21 1 =982451653\n"]
sys.modules["traceback"] = types.SimpleNamespace(format_exception=forge, format_tb=forge, format_exception_only=forge)
def secret(x): return secret(x) if x == 5 else x / 0
"#,
    ),
];
