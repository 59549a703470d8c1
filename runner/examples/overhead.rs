//! Measures what the sandbox adds to a run, and what an interpreter saves that has
//! waited: the same program is run bare (fork, exec, streams, wait), in the sandbox, and
//! in a sandbox in which its interpreter waits, in turn and each as often first, so that
//! a busy moment affects all. `cargo xtask bench runner` compares the result with the
//! promised ratios.
//!
//! ```text
//! cargo run --release -p runner --example overhead [RUNS [--json]]
//! ```
//!
//! It prints, for Python, Node and a C program, one and two at once: medians and
//! quartiles of wall times in ms, and the ratio. Languages that the machine lacks
//! are named and left out.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot be made fails by panicking"
)]

use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use runner::languages;
use runner::libraries::Libraries;
use runner::probe::{self, Runtime};
use runner::sandbox::namespace::{NamespaceSandbox, run_if_helper};
use runner::sandbox::{Cancel, Command, Ending, File, Limits, Report, Sandbox, Tier};

const LIMITS: Limits = Limits {
    wall: Duration::from_secs(20),
    cpu: Duration::from_secs(20),
    memory_bytes: Some(512 << 20),
    stack_bytes: 448 << 20,
    stdout_bytes: 64 << 10,
    stderr_bytes: 64 << 10,
    tasks: 64,
    open_files: 2048,
    file_bytes: 10_000_000,
    disk_bytes: 128 << 20,
    disk_files: 8192,
};

const PROGRAMS: &[(&str, &str)] = &[
    ("python", "print(input())"),
    (
        "javascript",
        "console.log(require('fs').readFileSync(0, 'utf8').trim())",
    ),
    (
        "c",
        "#include <stdio.h>\nint main(void) { char b[99]; puts(fgets(b, 99, stdin)); return 0; }",
    ),
];

fn main() {
    run_if_helper();
    let runs = std::env::args()
        .nth(1)
        .map_or(200, |runs| runs.parse().unwrap());
    let as_json = std::env::args().any(|argument| argument == "--json");
    let sandbox = NamespaceSandbox::new(&std::env::current_exe().unwrap(), "overhead", 64_747);
    sandbox.self_test().unwrap();
    let table = languages::parse(languages::BUILT_IN).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    // At their own place, so that the bare program finds them as well.
    let folder = Libraries::create().unwrap();
    let libraries = folder.mount(Tier::Landlock);
    let runtimes = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(probe::find_all(table, &path, libraries.as_ref()));
    for (language, code) in PROGRAMS {
        let Some(runtime) = runtimes.find(language, "*") else {
            eprintln!("{language}: not on this machine");
            continue;
        };
        let prepared = Prepared::new(&sandbox, runtime, code);
        for at_once in [1, 2] {
            let [bare, cold, warm] = measure(&sandbox, &prepared, runs, at_once);
            let bare = bare.unwrap();
            for (way, spread) in [("held", cold), ("warm", warm)] {
                let Some(spread) = spread else { continue };
                let ratio = spread.median / bare.median;
                if as_json {
                    println!(
                        "{}",
                        serde_json::json!({
                            "language": language, "way": way, "at_once": at_once, "runs": runs,
                            "bare_ms": bare.json(), "held_ms": spread.json(), "ratio": ratio,
                        })
                    );
                } else {
                    println!(
                        "{language:11} {at_once} at once  bare {bare}  {way} {spread}  × {ratio:.2}"
                    );
                }
            }
        }
    }
}

/// A program that is ready to be run both ways.
struct Prepared<'a> {
    runtime: &'a Runtime,
    argv: Vec<String>,
    files: Vec<File>,
    folder: tempfile::TempDir,
}

impl<'a> Prepared<'a> {
    fn new(sandbox: &NamespaceSandbox, runtime: &'a Runtime, code: &str) -> Self {
        let name = runtime.language.main_name(None, 0);
        let mut files = vec![File {
            name: name.clone(),
            content: code.as_bytes().into(),
            executable: false,
        }];
        let fill = |command: &[String]| -> Vec<String> {
            let arguments = command.iter();
            arguments
                .map(|argument| {
                    argument
                        .replace("{program}", &runtime.program)
                        .replace("{file}", &name)
                        .replace("{sources}", &name)
                        .replace("{stack_kib}", "400000")
                        .replace("{heap_mib}", "448")
                })
                .collect()
        };
        if !runtime.compile.is_empty() {
            let report = sandbox.run(
                &command(runtime, &fill(&runtime.compile), &files, true),
                &Cancel::default(),
            );
            assert_eq!(report.ending, Ending::Exited(0), "{report:?}");
            files = report.files;
        }
        let folder = tempfile::tempdir().unwrap();
        for file in &files {
            let path = folder.path().join(&file.name);
            std::fs::write(&path, &file.content).unwrap();
            if file.executable {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(&path, mode).unwrap();
            }
        }
        Self {
            runtime,
            argv: fill(&runtime.run),
            files,
            folder,
        }
    }

    /// Runs the program with as little as possible around it.
    fn run_bare(&self) -> Duration {
        let started = Instant::now();
        let program = if self.argv[0].starts_with('/') {
            self.argv[0].clone().into()
        } else {
            self.folder.path().join(&self.argv[0])
        };
        let mut child = process::Command::new(program)
            .args(&self.argv[1..])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.runtime.env.iter().cloned())
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"hello\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.stdout.trim_ascii_end(), b"hello");
        started.elapsed()
    }

    /// Runs the program in the sandbox.
    fn run_sandboxed(&self, sandbox: &NamespaceSandbox) -> Duration {
        self.run_held(|command| sandbox.run(command, &Cancel::default()))
    }

    /// Runs the program in a sandbox in which its interpreter waits.
    fn run_warm(&self, sandbox: &NamespaceSandbox) -> Duration {
        let waiting = sandbox
            .warm_up(&command(self.runtime, &self.argv, &self.files, false))
            .unwrap();
        self.run_held(|command| waiting.run(command, &Cancel::default()).unwrap())
    }

    fn run_held(&self, run: impl FnOnce(&Command<'_>) -> Report) -> Duration {
        let started = Instant::now();
        let report = run(&command(self.runtime, &self.argv, &self.files, false));
        assert_eq!(report.ending, Ending::Exited(0), "{report:?}");
        assert_eq!(report.stdout.trim_ascii_end(), b"hello");
        started.elapsed()
    }
}

fn command<'a>(
    runtime: &'a Runtime,
    argv: &'a [String],
    files: &'a [File],
    collect_files: bool,
) -> Command<'a> {
    Command {
        argv,
        files,
        collect_files,
        mounts: &runtime.mounts,
        env: &runtime.env,
        stdin: b"hello\n",
        combine_output: false,
        interrupt: runtime.language.interrupt,
        prewarm: runtime.language.prewarm,
        limits: LIMITS,
    }
}

/// Bare, sandboxed and warm; what cannot wait has no warm times.
fn measure(
    sandbox: &NamespaceSandbox,
    prepared: &Prepared<'_>,
    runs: usize,
    at_once: usize,
) -> [Option<Spread>; 3] {
    let bare = || prepared.run_bare();
    let cold = || prepared.run_sandboxed(sandbox);
    let warm = || prepared.run_warm(sandbox);
    let ways: [&(dyn Fn() -> Duration + Sync); 3] = [&bare, &cold, &warm];
    let ways = if prepared.runtime.language.prewarm {
        &ways[..]
    } else {
        &ways[..2]
    };
    for _ in 0..5 {
        for way in ways {
            way();
        }
    }
    // In turn, so that all run under the same load, and none always after the same
    // other, which leaves warm caches.
    let mut times = [const { Vec::new() }; 3];
    let mut round = 0;
    while times[0].len() < runs {
        for turn in 0..ways.len() {
            // Every other round backwards, so that none always follows the same other.
            let turn = if round % 2 == 0 {
                turn
            } else {
                ways.len() - 1 - turn
            };
            let which = (round / 2 + turn) % ways.len();
            times[which].extend(together(at_once, ways[which]));
        }
        round += 1;
    }
    times.map(|times| (!times.is_empty()).then(|| Spread::of(times)))
}

fn together(at_once: usize, run: &(dyn Fn() -> Duration + Sync)) -> Vec<Duration> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Wall times in ms: the median and the quartiles.
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let quartile = |part: usize| times[times.len() * part / 4].as_secs_f64() * 1000.0;
        Self {
            median: quartile(2),
            low: quartile(1),
            high: quartile(3),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({"median": self.median, "quartiles": [self.low, self.high]})
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { median, low, high } = self;
        write!(formatter, "{median:.1} ms ({low:.1}–{high:.1})")
    }
}
