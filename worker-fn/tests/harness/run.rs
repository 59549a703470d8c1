//! Runs a harness around some code, as an execution endpoint would.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::domain::problem::types::Type;
use shared::domain::problem::{Param, Signature};
use shared::json::JsonText;
use worker_fn::harness::{Frame, Frames, Harness, HarnessErrorKind, read, stdin};

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
    }
}

/// All cases in one process.
pub(crate) fn run(harness: Harness, signature_text: &str, code: &str, cases: &[Value]) -> Ran {
    run_with(harness, &signature(signature_text), code, cases, |_| false)
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
    execute_in(folder.path(), harness, signature, code, cases, enough)
}

/// All cases in one process that runs in this folder.
pub(crate) fn run_in(
    folder: &Path,
    harness: Harness,
    signature: &Signature,
    code: &str,
    cases: &[Value],
) -> Ran {
    execute_in(folder, harness, signature, code, cases, |_| false)
}

fn execute_in(
    folder: &Path,
    harness: Harness,
    signature: &Signature,
    code: &str,
    cases: &[Value],
    enough: impl Fn(&str) -> bool,
) -> Ran {
    let source = harness.source(signature, code).unwrap();
    let cases: Vec<JsonText> = cases.iter().cloned().map(JsonText::from).collect();
    let cases: Vec<_> = cases.iter().map(JsonText::json).enumerate().collect();
    let input = stdin(harness, NONCE, &cases);
    let mut command = prepare(harness, folder, &source);
    let (stdout, stderr, code) = execute(&mut command, input, enough);
    let indices: Vec<usize> = cases.iter().map(|(index, _)| *index).collect();
    let frames = read(NONCE, &stdout, &indices);
    let value = |(index, frame): (&usize, &Frame)| match frame {
        Frame::Returned(value) => Some((*index, serde_json::from_str(value.as_str()).unwrap())),
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

fn prepare(harness: Harness, folder: &Path, source: &str) -> Command {
    let (file, program) = match harness {
        Harness::Python => ("main.py", PathBuf::from("python3")),
        Harness::JavaScript => ("main.js", node()),
        Harness::TypeScript => ("main.ts", node()),
        Harness::Cpp => ("main.cpp", folder.join("a.out")),
    };
    let path = folder.join(file);
    std::fs::write(&path, source).unwrap();
    let mut command = Command::new(program);
    if harness == Harness::Cpp {
        let built = compile(&path, &folder.join("a.out"));
        assert!(built.is_ok(), "{}", built.unwrap_err());
    } else {
        command.arg(path);
    }
    command.current_dir(folder);
    command
}

/// Compiles as the runner does, but for the optimiser. The error is what the
/// compiler said.
pub(crate) fn compile(source: &Path, program: &Path) -> Result<(), String> {
    let done = Command::new("g++")
        .args(["-std=c++17", "-O0", "-w", "-o"])
        .args([program, source])
        .output()
        .unwrap();
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}

/// The Node that the workspace pins, else the one on PATH.
pub(crate) fn node() -> PathBuf {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/.bin/node");
    if pinned.exists() {
        pinned
    } else {
        "node".into()
    }
}

fn execute(
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
