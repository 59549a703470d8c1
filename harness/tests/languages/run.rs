//! Runs a harness around some code, as an execution endpoint would.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Frame, Frames, Harness, HarnessErrorKind, read, stdin_for};
use serde_json::Value;
use shared::domain::problem::types::Type;
use shared::domain::problem::{Answer, Callable, ClassSignature, Param, Signature};
use shared::json::{Json, JsonText};

use crate::toolchain::{Toolchain, node};

pub(crate) const NONCE: &str = "5b1a66f0c9e74d21";
/// Nothing here runs for long; a loaded machine may.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) frames: Frames,
    /// What the cases returned.
    values: BTreeMap<usize, Value>,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What the case returned.
    pub(crate) fn value(&self, index: usize) -> &Value {
        match self.values.get(&index) {
            Some(value) => value,
            None => panic!("case {index}\n{self:?}"),
        }
    }

    /// What the case returned, as the harness wrote it.
    pub(crate) fn text(&self, index: usize) -> &str {
        match self.frames.cases.get(&index) {
            Some(Frame::Returned(value)) => value.as_str(),
            other => panic!("case {index}: {other:?}\n{self:?}"),
        }
    }

    /// Why what the case returned is no JSON.
    pub(crate) fn not_json(&self, index: usize) -> &str {
        match self.frames.cases.get(&index) {
            Some(Frame::NotJson(why)) => why,
            other => panic!("case {index}: {other:?}\n{self:?}"),
        }
    }

    /// What the case raised.
    pub(crate) fn raised(&self, index: usize) -> (HarnessErrorKind, &str) {
        match self.frames.cases.get(&index) {
            Some(Frame::Raised(error)) => (error.kind, &error.text),
            other => panic!("case {index}: {other:?}\n{self:?}"),
        }
    }

    /// Why no case was run; checks that none was.
    pub(crate) fn load(&self) -> (HarnessErrorKind, &str) {
        assert!(self.frames.cases.is_empty(), "{self:?}");
        assert_eq!(self.code, Some(1), "{self:?}");
        let Some(error) = &self.frames.load else {
            panic!("no error: {self:?}");
        };
        (error.kind, &error.text)
    }
}

/// `name(type, type) -> type`.
pub(crate) fn signature(text: &str) -> Signature {
    let (name, rest) = text.split_once('(').unwrap();
    let (params, returns) = rest.rsplit_once(") -> ").unwrap();
    let params = params.split(", ").filter(|ty| !ty.is_empty());
    Signature {
        name: name.into(),
        params: params
            .enumerate()
            .map(|(at, ty)| Param {
                name: format!("p{at}"),
                ty: Type::parse(ty).unwrap(),
            })
            .collect(),
        returns: Type::parse(returns).unwrap(),
        answer: Answer::Returned,
    }
}

/// All cases in one process.
pub(crate) fn run(harness: Harness, signature_text: &str, code: &str, cases: &[Value]) -> Ran {
    run_with(harness, &signature(signature_text), code, cases, |_| false)
}

/// The same with cases as JSON texts, whose objects have their members in any order.
pub(crate) fn run_texts(
    harness: Harness,
    signature_text: &str,
    code: &str,
    cases: &[impl AsRef<str>],
) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let text = |case: &_| {
        let text: &str = AsRef::as_ref(case);
        JsonText::from(Json::parse(text.as_bytes()).unwrap())
    };
    let cases: Vec<_> = cases.iter().map(text).collect();
    let signature = signature(signature_text);
    let callable = Callable::Function(&signature);
    execute_in(folder.path(), harness, callable, code, &cases, |_| false)
}

/// The same for a function or a class.
pub(crate) fn run_callable(
    harness: Harness,
    callable: Callable<'_>,
    code: &str,
    cases: &[&str],
) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let text = |case: &&str| JsonText::from(Json::parse(case.as_bytes()).unwrap());
    let cases: Vec<_> = cases.iter().map(text).collect();
    execute_in(folder.path(), harness, callable, code, &cases, |_| false)
}

/// The same, killed as soon as what was printed satisfies `enough`.
pub(crate) fn run_with(
    harness: Harness,
    signature: &Signature,
    code: &str,
    cases: &[Value],
    enough: impl Fn(&str) -> bool,
) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    execute_in(
        folder.path(),
        harness,
        Callable::Function(signature),
        code,
        &texts(cases),
        enough,
    )
}

/// All cases in one process that runs in this folder.
pub(crate) fn run_in(
    folder: &Path,
    harness: Harness,
    signature: &Signature,
    code: &str,
    cases: &[Value],
) -> Ran {
    let callable = Callable::Function(signature);
    execute_in(folder, harness, callable, code, &texts(cases), |_| false)
}

fn texts(cases: &[Value]) -> Vec<JsonText> {
    cases.iter().cloned().map(JsonText::from).collect()
}

fn execute_in(
    folder: &Path,
    harness: Harness,
    callable: Callable<'_>,
    code: &str,
    cases: &[JsonText],
    enough: impl Fn(&str) -> bool,
) -> Ran {
    let source = harness.source(callable, code).unwrap();
    let texts: Vec<&str> = cases.iter().map(|case| case.json().as_str()).collect();
    let input = input(harness, callable, &texts);
    let mut command = prepare(harness, folder, &source);
    let (stdout, stderr, code) = execute(&mut command, input, enough);
    let indices: Vec<usize> = (0..cases.len()).collect();
    let frames = read(NONCE, &stdout, &indices);
    let value = |(index, frame): (&usize, &Frame)| match frame {
        Frame::Returned(value) => {
            let json = value.strict();
            let json = json.as_deref().unwrap_or(value.as_str());
            Some((*index, serde_json::from_str(json).unwrap()))
        }
        _ => None,
    };
    Ran {
        values: frames.cases.iter().filter_map(value).collect(),
        frames,
        code,
        stdout,
        stderr,
    }
}

/// The standard input of a run. The cases of a class are calls as harnesses read them,
/// `[object, method, refs, argument…]`, which say most in the fewest words.
pub(crate) fn input(harness: Harness, callable: Callable<'_>, cases: &[&str]) -> String {
    let texts: Vec<String> = cases
        .iter()
        .map(|case| match callable {
            Callable::Function(_) => (*case).to_owned(),
            Callable::Class(class) => as_written(class, case),
        })
        .collect();
    let parsed = texts
        .iter()
        .map(|text| Json::parse(text.as_bytes()).unwrap());
    let cases: Vec<(usize, Json<'_>)> = parsed.enumerate().collect();
    stdin_for(harness, callable, NONCE, &cases)
}

/// The calls as a problem has them, each object with its number for a name.
fn as_written(class: &ClassSignature, case: &str) -> String {
    let calls = Json::parse(case.as_bytes()).unwrap();
    let call = |call: Json<'_>| {
        let parts: Vec<Json<'_>> = call.items().unwrap().collect();
        let [object, method, refs, arguments @ ..] = &parts[..] else {
            panic!("{case}");
        };
        let object = object.as_str();
        let mut out = vec![match usize::try_from(method.i64().unwrap()) {
            Ok(index) => {
                let name = &class.methods[index].signature.name;
                format!(r#"{{"on":"{object}","call":"{name}"}}"#)
            }
            Err(_) => format!(r#"{{"new":"{object}"}}"#),
        }];
        let mut refs = refs.items().unwrap();
        out.extend(arguments.iter().map(|argument| match refs.next() {
            Some(call) if call.as_str() != "-1" => format!(r#"{{"result":{}}}"#, call.as_str()),
            _ => argument.as_str().to_owned(),
        }));
        format!("[{}]", out.join(","))
    };
    let calls: Vec<String> = calls.items().unwrap().map(call).collect();
    format!("[{}]", calls.join(","))
}

fn prepare(harness: Harness, folder: &Path, source: &str) -> Command {
    if harness == Harness::TypeScript {
        // As where Node itself takes the types out.
        let path = folder.join("main.ts");
        std::fs::write(&path, source).unwrap();
        let mut command = Command::new(node());
        command.arg(path).current_dir(folder);
        return command;
    }
    let toolchain = Toolchain::of(harness).unwrap();
    toolchain
        .prepare(folder, source)
        .unwrap_or_else(|said| panic!("{said}"))
}

/// What a compiler said if it failed.
fn said(command: &mut Command) -> Result<(), String> {
    let done = command.output().unwrap();
    if done.status.success() {
        return Ok(());
    }
    let all = [done.stdout, done.stderr].concat();
    Err(String::from_utf8_lossy(&all).into_owned())
}

/// Compiles as the runner does, but for the optimiser. The error is what the
/// compiler said.
pub(crate) fn compile(source: &Path, program: &Path) -> Result<(), String> {
    said(
        Command::new("g++")
            .args(["-std=c++17", "-O0", "-w", "-o"])
            .args([program, source]),
    )
}

pub(crate) fn execute(
    command: &mut Command,
    input: String,
    enough: impl Fn(&str) -> bool,
) -> (String, String, Option<i32>) {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program may end without reading it.
    let writer = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let (stdout, reader) = collect(child.stdout.take().unwrap());
    let (stderr, reader_of_errors) = collect(child.stderr.take().unwrap());
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "still running: {}",
            text(&stderr)
        );
        if enough(&text(&stdout)) {
            break None;
        }
        thread::sleep(Duration::from_millis(2));
    };
    // What the program left running would keep the pipes open; it may still
    // write until here.
    kill_group(&child);
    drop(child.wait());
    for thread in [reader, reader_of_errors, writer] {
        thread.join().unwrap();
    }
    (text(&stdout), text(&stderr), code)
}

type Shared = Arc<Mutex<Vec<u8>>>;

fn collect(mut from: impl Read + Send + 'static) -> (Shared, thread::JoinHandle<()>) {
    let all = Shared::default();
    let into = Arc::clone(&all);
    let thread = thread::spawn(move || {
        let mut part = [0; 65_536];
        while let Ok(size @ 1..) = from.read(&mut part) {
            into.lock().unwrap().extend_from_slice(&part[..size]);
        }
    });
    (all, thread)
}

fn text(bytes: &Shared) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned()
}

fn kill_group(child: &Child) {
    let group = format!("-{}", child.id());
    let killed = Command::new("kill")
        .args(["-KILL", "--", &group])
        .stderr(Stdio::null())
        .status();
    assert!(killed.is_ok(), "there is no `kill`");
}
