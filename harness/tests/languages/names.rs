//! Names that are keywords, methods of every object, or functions of the library in some
//! language: what a language's own starter declares can be compiled and is called.
//!
//! The solutions are the starters, with `return` and the last parameter for their bodies,
//! so that they hold to whatever the starter calls things.

use std::fmt::Write as _;

use harness::{Frame, Harness, starters};
use serde_json::json;
use shared::domain::problem::{Callable, ClassSignature, Method, Signature};
use shared::json::JsonText;

use crate::run::run_callable;

/// The names of methods, of which each has the next one for its parameter.
const WORDS: &str = "type match fn func range end final object ref select list echo print hashCode wait \
notify notifyAll getClass toString clone equals finalize getType getHashCode memberwiseClone \
method_missing then define_method send method inspect remove abs index rand div pow sqrt read \
write malloc free create init len make append chan defer go map self loop move mut impl trait \
use where crate pub mod dyn gen macro abstract byte boolean native synchronized throws \
transient base decimal event fixed lock params readonly sbyte stackalloc uint ulong checked \
unchecked unsafe ushort sealed implicit internal delegate foreach begin next nil redo rescue \
retry undef unless until when alias ensure array callable isset unset empty die restrict errno \
stdin linux unix obj hash get set any never number symbol EOF _1 _ A Ok solution";

/// Keywords of Python, JavaScript, TypeScript and C++, and what JavaScript has of its own, in
/// the same way.
const KEYWORDS: &str = "and as assert async await break class continue def del elif else except \
finally for from global if import in is lambda nonlocal not or pass raise return try while with \
yield arguments case catch const debugger default delete do enum eval export extends false \
function implements instanceof interface let new null package private protected public static \
super switch this throw true typeof undefined NaN Infinity var void exports module require \
globalThis alignas alignof and_eq asm auto bitand bitor bool char char8_t char16_t char32_t compl \
concept consteval constexpr constinit const_cast co_await co_return co_yield decltype double \
dynamic_cast explicit extern float friend goto inline int long mutable namespace noexcept not_eq \
nullptr operator or_eq register reinterpret_cast requires short signed sizeof static_assert \
static_cast struct template thread_local typedef typeid typename union unsigned using virtual \
volatile wchar_t xor xor_eq none";

/// Parameters of one function.
const PARAMS: &str = "False True None NaN Infinity Self Class lambda delete this class";

/// Classes, in the same way.
const CLASSES: [(Harness, &str); 11] = [
    (Harness::Python, "Exception Any None True False"),
    (Harness::JavaScript, "Object Promise NaN Infinity"),
    (Harness::TypeScript, "Object NaN Infinity"),
    (Harness::Cpp, "FILE None"),
    (Harness::Java, "Thread None"),
    (Harness::Go, "Constructor True"),
    (Harness::CSharp, "System True"),
    (Harness::Ruby, "Comparable Array None"),
    (Harness::Php, "Iterator List False"),
    (Harness::Rust, "Self None"),
    (Harness::C, "FILE True"),
];

/// Functions, each in the languages where it is the name of something else.
const FUNCTIONS: [(Harness, &str); 11] = [
    (Harness::Python, "type list match lambda None del"),
    (
        Harness::JavaScript,
        "process name type delete let await eval NaN undefined require",
    ),
    (Harness::TypeScript, "type any enum export globalThis"),
    (Harness::Cpp, "pow abs assert typeof new xor_eq"),
    (Harness::Java, "wait class goto"),
    (Harness::Go, "len init string true int import"),
    (Harness::CSharp, "solution class"),
    (
        Harness::Ruby,
        "method end inspect string class raise eval require new if",
    ),
    (Harness::Php, "list max array class function eval"),
    (Harness::Rust, "match as true None"),
    (
        Harness::C,
        "abs pow read time assert typeof inline true nullptr",
    ),
];

fn identity(name: &str, param: &str) -> Signature {
    let value = json!({"name": name, "params": [{"name": param, "type": "int"}], "returns": "int"});
    Signature::from_value(JsonText::from(value).json(), "signature").unwrap()
}

/// The starter, whose functions return their last parameter.
fn solved(harness: Harness, starter: &str) -> String {
    let body = match harness {
        Harness::Python => "pass",
        Harness::Cpp => "return {};",
        Harness::Rust => "todo!()",
        Harness::Go => "return 0",
        Harness::Java | Harness::CSharp | Harness::C => "return 0;",
        Harness::JavaScript | Harness::TypeScript | Harness::Ruby | Harness::Php => "",
    };
    let mut out = String::new();
    let mut param = None;
    for line in starter.lines() {
        if line.trim() == body
            && let Some(param) = param.take()
        {
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = if harness == Harness::Rust {
                ""
            } else {
                "return "
            };
            let _ = write!(out, "{indent}{end}{param}");
            let bare = matches!(harness, Harness::Python | Harness::Ruby | Harness::Rust);
            out.push_str(if bare { "\n" } else { ";\n" });
            continue;
        }
        if !line.trim_start().starts_with(['*', '/', '#']) && line.contains(')') {
            let inside = line.rsplit_once('(').map_or("", |(_, after)| after);
            let last = inside
                .split(')')
                .next()
                .unwrap()
                .rsplit(", ")
                .next()
                .unwrap();
            let words = last
                .split([' ', ':'])
                .map(|word| word.trim_start_matches('$'));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let is_first = matches!(
                harness,
                Harness::Python | Harness::TypeScript | Harness::Rust | Harness::Go
            );
            let word = if is_first {
                words.first()
            } else {
                words.last()
            };
            let is_object = harness == Harness::Python && last == "self";
            param = word.filter(|_| !is_object).map(|word| match harness {
                Harness::Php => format!("${word}"),
                _ => (*word).to_owned(),
            });
        }
        out.push_str(line);
        out.push('\n');
    }
    // A constructor's.
    out.replace("todo!()", "Self {}")
}

fn accepted(harness: Harness, callable: Callable<'_>, case: &str, expected: &str) {
    let starters = starters(callable);
    let code = solved(harness, starters[harness.language()].as_str().unwrap());
    let ran = run_callable(harness, callable, &code, &[case]);
    let returned = match ran.frames.cases.get(&0) {
        Some(Frame::Returned(value)) => value.as_str(),
        other => panic!("{other:?}\n{code}\n{ran:?}"),
    };
    assert_eq!(returned, expected, "{code}");
}

/// One class with a method of each name, whose parameter has the next.
fn every_method(harness: Harness, words: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let nexts = words.iter().cycle().skip(1);
    let method = |(name, next): (&&str, &&str)| Method {
        signature: identity(name, next),
        checker: None,
    };
    let class = ClassSignature {
        name: "String".into(),
        params: Vec::new(),
        methods: words.iter().zip(nexts).map(method).collect(),
    };
    let (mut case, mut expected) = (String::from("[[0,-1,[]]"), String::from("[null"));
    for number in 0..words.len() {
        let _ = write!(case, ",[0,{number},[],{}]", number + 7);
        let _ = write!(expected, ",{}", number + 7);
    }
    let close = |text: String| text + "]";
    accepted(
        harness,
        Callable::Class(&class),
        &close(case),
        &close(expected),
    );
}

fn every_name(harness: Harness) {
    every_method(harness, WORDS);
    every_method(harness, KEYWORDS);
    let method = Method {
        signature: identity("type", "match"),
        checker: None,
    };
    let of = CLASSES.iter().find(|(one, _)| *one == harness).unwrap().1;
    for name in of.split(' ') {
        let class = ClassSignature {
            name: name.into(),
            params: Vec::new(),
            methods: vec![method.clone()],
        };
        accepted(
            harness,
            Callable::Class(&class),
            "[[0,-1,[]],[0,0,[],7]]",
            "[null,7]",
        );
    }
    let of = FUNCTIONS.iter().find(|(one, _)| *one == harness).unwrap().1;
    for name in of.split(' ') {
        let signature = identity(name, "value");
        accepted(harness, Callable::Function(&signature), "[7]", "7");
    }
    let mut signature = identity("last", "value");
    let params = PARAMS.split(' ').map(|name| identity("last", name));
    signature.params = params.flat_map(|one| one.params).collect();
    let callable = Callable::Function(&signature);
    accepted(harness, callable, "[1,2,3,4,5,6,7,8,9,10,11]", "11");
}

#[test]
fn python_has_every_name() {
    every_name(Harness::Python);
}

#[test]
fn javascript_has_every_name() {
    every_name(Harness::JavaScript);
}

#[test]
fn typescript_has_every_name() {
    every_name(Harness::TypeScript);
}

#[test]
fn cpp_has_every_name() {
    every_name(Harness::Cpp);
}

#[test]
fn java_has_every_name() {
    every_name(Harness::Java);
}

#[test]
fn go_has_every_name() {
    every_name(Harness::Go);
}

#[test]
fn csharp_has_every_name() {
    every_name(Harness::CSharp);
}

#[test]
fn ruby_has_every_name() {
    every_name(Harness::Ruby);
}

#[test]
fn php_has_every_name() {
    every_name(Harness::Php);
}

#[test]
fn rust_has_every_name() {
    every_name(Harness::Rust);
}

#[test]
fn c_has_every_name() {
    every_name(Harness::C);
}

/// Methods that an object has, and its class has not, are found as practice sites find
/// them, and one that is nowhere is still said to be missing.
#[test]
fn methods_may_be_the_objects_own() {
    let methods = ["get", "put"].map(|name| Method {
        signature: identity(name, "key"),
        checker: None,
    });
    let class = ClassSignature {
        name: "Store".into(),
        params: Vec::new(),
        methods: methods.into(),
    };
    let callable = Callable::Class(&class);
    for (harness, code) in [
        (
            Harness::Python,
            "class Store:\n  def __init__(self):\n    self.get = lambda key: key + 1\n    setattr(self, 'put', lambda key: -key)",
        ),
        (
            Harness::Python,
            "class Store:\n  def __getattr__(self, name):\n    return (lambda key: key + 1) if name == 'get' else lambda key: -key",
        ),
        (
            Harness::JavaScript,
            "class Store { get = (key) => key + 1; constructor() { this['p' + 'ut'] = (key) => -key; } }",
        ),
        (
            Harness::JavaScript,
            "var Store = function() { return new Proxy({}, { get: (_, name) => (key) => name === 'get' ? key + 1 : -key }); };",
        ),
        (
            Harness::TypeScript,
            "class Store { get = (key: number): number => key + 1; put: any; constructor() { this.put = (key: number) => -key; } }",
        ),
        (
            Harness::Php,
            "class Store { function __call($name, $given) { return $name === 'get' ? $given[0] + 1 : -$given[0]; } }",
        ),
        (
            Harness::Ruby,
            "class Store\n  define_method(:get) { |key| key + 1 }\n  def initialize\n    define_singleton_method(:put) { |key| -key }\n  end\nend",
        ),
        (
            Harness::Ruby,
            "class Store\n  def method_missing(name, key)\n    name == :get ? key + 1 : -key\n  end\nend",
        ),
    ] {
        let cases = ["[[0,-1,[]],[0,0,[],4],[0,1,[],4]]", "[[0,-1,[]]]"];
        let ran = run_callable(harness, callable, code, &cases);
        assert_eq!(ran.text(0), "[null,5,-4]", "{harness:?} {code}");
        assert_eq!(ran.text(1), "[null]", "{harness:?} {code}");
    }
    for (harness, code) in [
        (
            Harness::Python,
            "class Store:\n  def get(self, key): return key",
        ),
        (
            Harness::JavaScript,
            "class Store { get(key) { return key; } }",
        ),
        (
            Harness::Php,
            "class Store { function get($key) { return $key; } }",
        ),
        (Harness::Ruby, "class Store\n  def get(key) = key\nend"),
    ] {
        let ran = run_callable(harness, callable, code, &["[[0,-1,[]],[0,0,[],4]]"]);
        let (_, said) = ran.load();
        let expected = "The method `put` of the class `Store` was not found in your code.";
        assert!(said.contains(expected), "{harness:?} {said}");
    }
}
