//! Ways of faking a pass from inside a class. Each prints REACHED once it has done its
//! worst.
//!
//! Where a compiler takes a second for each program, all ways are one program: [`compiled`].

mod compiled;
mod php;
mod ruby;

use harness::Harness::{self, Cpp, JavaScript, Python, TypeScript};
use shared::domain::problem::Callable;

use crate::every::{Language, Told, class};
use crate::run::NONCE;

const SIGNATURE: &str = "Secret(); ask(int) -> int; all(list<int>) -> list<int>";
const CASES: [&str; 2] = [
    "[[0,-1,[]],[0,0,[],3],[0,0,[],5]]",
    "[[0,-1,[]],[0,0,[],8],[0,1,[],[3]]]",
];
const EXPECTED: [&str; 2] = ["[null,982451653,275604541]", "[null,67867967,[982451653]]"];

/// What the judge would call accepted.
fn passes(told: &Told) -> bool {
    (0..CASES.len()).all(|index| {
        let index_text = index.to_string();
        let mut frames = told.frames.iter().filter(|one| one.index == index_text);
        let first = frames.next();
        let right = first.is_some_and(|one| one.mark == '=' && one.text == EXPECTED[index]);
        right && frames.next().is_none()
    })
}

fn none_passes(harness: Harness, honest: &str, programs: &[(&str, &str)]) {
    let Some(language) = Language::of(harness) else {
        eprintln!("{} is not on this machine", harness.language());
        return;
    };
    let signature = class(SIGNATURE);
    let run = |code: &str| language.run(Callable::Class(&signature), code, &CASES);
    let told = run(&honest.replace("TABLE", "{3: 982451653, 5: 275604541, 8: 67867967}"));
    assert!(passes(&told), "{told:?}");
    for (name, code) in programs {
        let told = run(&code.replace("NONCE", NONCE));
        assert!(!passes(&told), "{name} passed: {told:?}");
        // A program that never got to what it is here for proves nothing.
        assert!(
            told.stderr.contains("REACHED"),
            "{name} did not run: {told:?}"
        );
    }
}

#[test]
fn no_python_class_passes_without_the_answers() {
    let honest = "class Secret:\n    def ask(self, x): return TABLE[x]\n    def all(self, x): return [TABLE[n] for n in x]";
    none_passes(Python, honest, &PYTHON);
}

#[test]
fn no_javascript_class_passes_without_the_answers() {
    let honest = "class Secret { ask(x) { return (TABLE)[x]; } all(x) { return x.map((n) => (TABLE)[n]); } }";
    none_passes(JavaScript, honest, &JAVASCRIPT);
}

/// TypeScript's harness is JavaScript's, behind what takes the types out.
#[test]
fn no_typescript_class_passes_without_the_answers() {
    let honest = "class Secret { ask(x: number): number { return (TABLE)[x]; } all(x: number[]): number[] { return x.map((n) => (TABLE)[n]); } }";
    none_passes(TypeScript, honest, &JAVASCRIPT);
}

#[test]
fn no_cpp_class_passes_without_the_answers() {
    let honest = "struct Secret { map<int, int> t TABLE_; int ask(int x) { return t[x]; } vector<int> all(vector<int> x) { for (int& n : x) n = t[n]; return x; } };"
        .replace("TABLE_", "{{3, 982451653}, {5, 275604541}, {8, 67867967}}");
    none_passes(Cpp, &honest, &CPP);
}

/// How many ways there are, over all languages.
pub(crate) fn count() -> usize {
    let apart = PYTHON.len() + 2 * JAVASCRIPT.len() + CPP.len();
    apart + ruby::PROGRAMS.len() + php::PROGRAMS.len() + compiled::count()
}

const PYTHON: [(&str, &str); 7] = [
    (
        "is of another class than it is",
        r#"
class Meta(type):
    def __call__(cls, *args): return object.__new__(cls)
    def __instancecheck__(cls, other): return True
    def __subclasscheck__(cls, other): return True
class Secret(metaclass=Meta):
    @property
    def __class__(self): return int
    def __getattribute__(self, name): return lambda x: self
    def ask(self, x): return 1
    def all(self, x): return [1]
    def __int__(self): return 982451653
    __index__ = __int__
    def __repr__(self): return "982451653"
    __str__ = __repr__
print("REACHED")
"#,
    ),
    (
        "returns numbers and lists that are whatever is asked",
        r#"
class Any(int):
    def __eq__(self, other): return True
    def __repr__(self): return "982451653"
    __str__ = __repr__
    __hash__ = None
    def __add__(self, other): return 982451653
class List(list):
    def __iter__(self): return iter([982451653])
    def __len__(self): return 1
class Secret:
    def ask(self, x): print("REACHED"); return Any(x)
    def all(self, x): return List(x)
"#,
    ),
    (
        "changes how results are written",
        r#"
import json, builtins
json.encoder.encode_basestring_ascii = json.dumps = lambda *_: "982451653"
json.JSONDecoder.decode = lambda *_: [[0, -1, []]]
builtins.str = builtins.type = builtins.enumerate = builtins.zip = lambda *_: 982451653
print("REACHED")
class Secret:
    def ask(self, x): return x
    def all(self, x): return x
"#,
    ),
    (
        "changes the methods that the harness knows",
        r#"
import sys
class Secret:
    def __init__(self):
        frame = sys._getframe()
        while frame:
            for name in ("methods", "texts", "objects", "values"):
                it = frame.f_locals.get(name)
                if name == "methods" and it: it[0][2] = it[1][2] = "n"
                if name == "texts" and it is not None: it[:] = ["null", "982451653"]
                if name == "values" and it: del it[1:]
            frame = frame.f_back
        print("REACHED")
    def ask(self, x): return x
    def all(self, x): return x
"#,
    ),
    (
        "writes frames with the harness's own function",
        r#"
import sys
class Secret:
    def ask(self, x):
        frame = sys._getframe()
        while frame:
            it = frame.f_locals.get("frame")
            if callable(it):
                for i in range(2): it(b"%d" % i, "=[null,982451653,982451653]")
            frame = frame.f_back
        print("REACHED")
        return x
    def all(self, x): return x
"#,
    ),
    (
        "writes frames and leaves",
        r#"
import os
class Secret:
    def __init__(self):
        for fd in range(1, 20):
            for i in range(2):
                try: os.write(fd, b"\x1eNONCE %d =[null,982451653,982451653]\n" % i)
                except OSError: pass
        os.write(2, b"REACHED")
        os._exit(0)
    def ask(self, x): return x
    def all(self, x): return x
"#,
    ),
    (
        "has other methods for each call",
        r#"
class Ask:
    def __get__(self, one, cls): return self
    def __call__(self, *args): return self
    def __getattr__(self, name): return self
    def __iter__(self): return iter([982451653])
class Secret:
    ask = all = Ask()
    def __del__(self): raise SystemExit(0)
print("REACHED")
"#,
    ),
];

const JAVASCRIPT: [(&str, &str); 7] = [
    (
        "its own JSON and Reflect",
        r#"
JSON.stringify = () => "982451653"; JSON.parse = () => [[0, -1, []]];
Reflect.construct = Reflect.apply = () => 982451653;
Function.prototype.toString = () => "ask all";
Function.prototype.call = Function.prototype.apply = () => 982451653;
require('fs').writeSync(2, "REACHED");
class Secret { ask(x) { return x; } all(x) { return x; } }
"#,
    ),
    (
        "arrays that have what was not put there",
        r#"
console.error("REACHED");
for (const at of ['0', '1', '2']) Object.defineProperty(Array.prototype, at, { get: () => 982451653, set() {}, configurable: true });
Array.prototype[Symbol.iterator] = function* () { yield 982451653; };
Array.prototype.map = Array.prototype.push = Array.prototype.join = () => "982451653";
class Secret { ask(x) { return x; } all(x) { return []; } }
"#,
    ),
    (
        "getters on every object",
        r#"
console.error("REACHED");
for (const name of ['call', 'passed', 'roots', 'self', 'method', 'why', 'values', 'joins', 'cycle']) {
  Object.defineProperty(Object.prototype, name, { get: () => 982451653, set() {}, configurable: true });
}
class Secret { ask(x) { return {}; } all(x) { return [{}]; } }
"#,
    ),
    (
        "returns proxies",
        r#"
const any = () => new Proxy(function () {}, { get: (_, key) => key === 'then' ? undefined : any(), apply: any, construct: any, getPrototypeOf: () => Number.prototype });
console.error("REACHED");
class Secret { constructor() { return any(); } ask() { return any(); } all() { return new Proxy([], { get: (_, key) => key === 'length' ? 1 : 982451653 }); } }
"#,
    ),
    (
        "is a proxy itself",
        r#"
console.error("REACHED");
var Secret = new Proxy(class { ask(x) { return x; } all(x) { return x; } }, { construct: () => ({ ask: () => ({ valueOf: () => 982451653, toJSON: () => 982451653 }), all: () => 982451653 }) });
"#,
    ),
    (
        "writes frames and leaves",
        r#"
const fs = require('fs');
const pipe = (fd) => { try { return fs.fstatSync(fd).isFIFO(); } catch { return false; } };
class Secret {
  constructor() {
    let fd = 40;
    while (fd > 1 && !pipe(fd)) fd--;
    for (let i = 0; i < 2; i++) fs.writeSync(fd, `\x1eNONCE ${i} =[null,982451653,982451653]\n`);
    fs.writeSync(2, "REACHED");
    process.reallyExit(0);
  }
  ask(x) { return x; }
  all(x) { return x; }
}
"#,
    ),
    (
        "numbers that are texts and promises",
        r#"
Number.prototype.toJSON = () => 982451653;
Promise.prototype.then = function (done) { done(982451653); };
require('fs').writeSync(2, "REACHED");
Number.prototype.toString = String.prototype.toString = () => "982451653";
class Secret { async ask(x) { return x; } all(x) { return [Object(1)]; } }
"#,
    ),
];

const CPP: [(&str, &str); 4] = [
    (
        "writes frames with the harness's own function and leaves",
        r#"
struct Secret {
  Secret() { for (int i = 0; i < 2; i++) judge_::judge.frame(std::to_string(i), "=[null,982451653,982451653]"); cerr << "REACHED"; _exit(0); }
  int ask(int x) { return x; }
  vector<int> all(vector<int> x) { return x; }
};
"#,
    ),
    (
        "changes the meaning of words",
        r#"
struct Secret {
  int ask(int x) { cerr << "REACHED"; return x; }
  vector<int> all(vector<int> x) { return x; }
};
#define new 0 ? nullptr :
#define void int
#define static
"#,
    ),
    (
        "has the harness write more",
        r#"
namespace judge_ { template <> inline void Json::put(string& out, const vector<int>& items) { out += "[982451653]"; } }
struct Secret {
  int ask(int x) { cerr << "REACHED"; return x; }
  vector<int> all(vector<int>& x) { x.clear(); return x; }
};
"#,
    ),
    (
        "changes the cases",
        r#"
struct Secret {
  int ask(int x) {
    cerr << "REACHED";
    for (auto& line : judge_::judge.cases) line = "7 []";
    judge_::judge.nonce = "0";
    return x;
  }
  vector<int> all(vector<int> x) { return x; }
};
"#,
    ),
];
