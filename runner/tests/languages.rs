//! Every language of the table that this machine has, held to the same few programs: it
//! starts, reads, ends, is refused, is stopped by each limit, and prints a lot.
//!
//! `languages/programs.toml` has the programs; `cargo xtask languages check` runs them too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use common::Runner;
use common::processes::programs_of;
use runner::languages::{self, Language};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The variable with the number of languages that must be there. `cargo xtask test`
/// sets it, because it installs them; elsewhere the machine may have fewer.
const LEAST: &str = "EDGEJUDGE_LEAST_LANGUAGES";
/// The variable with the names of the languages to test, separated by commas; all without.
const ONLY: &str = "EDGEJUDGE_ONLY_LANGUAGES";
/// Names for versions of a language, which do not count as languages of their own.
const VERSIONS: [&str; 4] = ["c11", "c23", "c++17", "c++23"];
/// Bytes that the programs `output` print.
const OUTPUT_BYTES: usize = 1_000_000;
/// Memory limit of the programs `memory`, bytes, before the allowance.
const MEMORY_BYTES: u64 = 100_000_000;
/// The languages whose interpreters can wait for their code.
const WAITING: [&str; 3] = ["python", "javascript", "typescript"];

/// The programs of a language beside its `smoke`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Programs {
    exit: String,
    invalid: String,
    pretends: Option<String>,
    endless: String,
    memory: String,
    output: String,
}

fn programs() -> BTreeMap<String, Programs> {
    toml::from_str(include_str!("languages/programs.toml")).unwrap()
}

/// The built-in table, each name once: several entries of a name are alternatives.
fn table() -> Vec<Language> {
    let mut table = languages::parse(languages::BUILT_IN).unwrap();
    let mut seen = BTreeSet::new();
    table.retain(|language| seen.insert(language.name.clone()));
    table
}

#[test]
fn every_language_of_the_table_has_programs_that_prove_it() {
    let named: BTreeSet<String> = programs().into_keys().collect();
    let known: BTreeSet<String> = table().into_iter().map(|one| one.name).collect();
    assert_eq!(named, known);
    for language in table() {
        let pretends = &programs()[&language.name].pretends;
        assert_eq!(
            pretends.is_some(),
            !language.check.is_empty(),
            "{}",
            language.name
        );
    }
}

/// What is wrong with a language, if anything.
async fn prove(runner: &Runner, language: &Language, programs: &Programs) -> Vec<String> {
    let name = language.name.as_str();
    let mut wrong = Vec::new();
    let mut check = |what: &str, is_right: bool, body: &Value| {
        if !is_right {
            wrong.push(format!("{name}, {what}: {body}"));
        }
    };

    let smoke = language.smoke.as_ref().unwrap();
    let greeted = |word: &str| format!("hello {word}\n");
    let (word, stdin) = match &language.smoke_stdin {
        Some(stdin) => ("word", stdin.as_str()),
        None => ("wörd", "wörd"),
    };
    let body = runner.run_with(name, smoke, json!({"stdin": stdin})).await;
    let run = &body["run"];
    let is_greeting = run["stdout"] == greeted(word) && run["code"] == 0;
    check("hello", is_greeting && run["stderr"] == "", &body);
    if !language.compile.is_empty() {
        check("compiles", body["compile"]["status"].is_null(), &body);
        // The numbers of two compilations differ.
        let compiled = body["compile"].clone();
        let body = runner
            .run_with(name, smoke, json!({"stdin": format!("{stdin}\n")}))
            .await;
        check("compiled once", body["compile"] == compiled, &body);
        check("again", body["run"]["stdout"] == greeted(word), &body);
    }

    let body = runner.run(name, &programs.exit).await;
    let run = &body["run"];
    check("exit", run["code"] == 7 && run["status"] == "RE", &body);

    let body = runner.run(name, &programs.invalid).await;
    let compile = &body["compile"];
    let is_refused = compile["status"] == "RE" && compile["output"] != "";
    check("invalid", is_refused && body["run"] == *compile, &body);

    if let Some(pretends) = &programs.pretends {
        let body = runner.run(name, pretends).await;
        let is_run = body.get("compile").is_none() && body["run"]["code"] == 1;
        check("pretends", is_run, &body);
    }

    let limits = json!({"run_cpu_time": 300, "run_timeout": 30_000, "allowance": true});
    let body = runner.run_with(name, &programs.endless, limits).await;
    let run = &body["run"];
    let is_late = run["limit"] == "cpu_time" && run["status"] == "TO";
    check("endless", is_late, &body);

    let limits = json!({"run_memory_limit": MEMORY_BYTES, "allowance": true});
    let body = runner.run_with(name, &programs.memory, limits).await;
    check("memory", body["run"]["limit"] == "memory", &body);

    let body = runner.run(name, &programs.output).await;
    let run = &body["run"];
    let bytes = run["stdout"].as_str().unwrap_or_default().len();
    let is_whole = bytes == OUTPUT_BYTES && run["code"] == 0;
    check(
        "output",
        is_whole,
        &json!({"bytes": bytes, "code": run["code"], "stderr": run["stderr"]}),
    );
    wrong
}

/// Proves those of these languages that the runner has, two at a time; their names.
async fn prove_all(runner: Runner, languages: Vec<Language>) -> Vec<String> {
    let list = runner.get("/api/v2/runtimes").await.json();
    let offered: BTreeSet<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|runtime| runtime["language"].as_str())
        .collect();
    let (there, missing): (Vec<_>, Vec<_>) = languages
        .into_iter()
        .partition(|language| offered.contains(language.name.as_str()));
    let names = |languages: &[Language]| {
        let names = languages.iter().map(|language| language.name.clone());
        names.collect::<Vec<_>>()
    };
    let (tested, missing) = (names(&there), names(&missing));
    eprintln!(
        "{} languages are there: {}",
        tested.len(),
        tested.join(", ")
    );
    if !missing.is_empty() {
        eprintln!("not there, so not tested: {}", missing.join(", "));
    }

    let runner = Arc::new(runner);
    let programs = Arc::new(programs());
    let places = Arc::new(Semaphore::new(2));
    let tasks: Vec<_> = there
        .into_iter()
        .map(|language| {
            let (runner, programs) = (Arc::clone(&runner), Arc::clone(&programs));
            let places = Arc::clone(&places);
            tokio::spawn(async move {
                let _place = places.acquire().await.unwrap();
                let started = Instant::now();
                let wrong = prove(&runner, &language, &programs[&language.name]).await;
                // nextest shows what was printed at the end, where it is of no use.
                if std::env::var_os("NEXTEST").is_none() {
                    let mark = if wrong.is_empty() { "✓" } else { "✗" };
                    let seconds = started.elapsed().as_secs_f64();
                    eprintln!("{mark} {} ({seconds:.1} s)", language.name);
                }
                wrong
            })
        })
        .collect();
    let mut wrong = Vec::new();
    for task in tasks {
        wrong.extend(task.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tested
}

#[tokio::test]
async fn every_language_of_this_machine_is_held_to_the_same_programs() {
    let runner = Runner::start(&[], &["--max-concurrent", "2"]).await;
    let work = runner.work.clone();
    let only = std::env::var(ONLY).ok();
    let mut wanted = table();
    if let Some(only) = &only {
        wanted.retain(|language| only.split(',').any(|name| name == language.name));
    }
    let tested = prove_all(runner, wanted).await;
    assert_eq!(programs_of(&work), [0; 0], "left running");
    if let Some(only) = only {
        let lacks = |name: &&str| !tested.iter().any(|tested| tested == name);
        let missing: Vec<&str> = only.split(',').filter(lacks).collect();
        assert!(missing.is_empty(), "not on this machine: {missing:?}");
        return;
    }
    for required in ["python", "javascript"] {
        assert!(tested.iter().any(|name| name == required), "{required}");
    }
    if let Ok(least) = std::env::var(LEAST) {
        let least: usize = least.parse().unwrap();
        let own = tested
            .iter()
            .filter(|name| !VERSIONS.contains(&name.as_str()));
        let count = own.count();
        assert!(
            count >= least,
            "only {count} languages are there, not {least}"
        );
    }
}

/// The limits that the table notes are enough: a runner with those, and no more, compiles
/// and runs the language.
#[tokio::test]
async fn compilers_need_no_more_than_the_table_says() {
    let mut tested = 0;
    for language in table() {
        let Some(takes) = language.compile_takes else {
            continue;
        };
        let processes = takes.processes.to_string();
        let open_files = takes.open_files.to_string();
        let flags = [
            "--max-processes",
            &processes,
            "--max-open-files",
            &open_files,
        ];
        let runner = Runner::start(&[&language.name], &flags).await;
        if !runner.has(&language.name).await {
            continue;
        }
        tested += 1;
        let smoke = language.smoke.as_ref().unwrap();
        let members = json!({"stdin": "you", "compile_memory_limit": takes.memory_bytes});
        let body = runner.run_with(&language.name, smoke, members).await;
        assert!(body["compile"]["status"].is_null(), "{body}");
        assert_eq!(body["run"]["stdout"], "hello you\n", "{body}");
        runner.stop().await;
    }
    assert!(tested > 0, "TypeScript must be there");
}

#[tokio::test]
async fn languages_that_wait_for_code_are_held_to_them_too() {
    let runner = Runner::start(&WAITING, &["--max-concurrent", "2", "--warm", "2"]).await;
    let mut waiting = table();
    waiting.retain(|language| WAITING.contains(&language.name.as_str()));
    assert!(waiting.iter().all(|language| language.prewarm));
    prove_all(runner, waiting).await;
}

/// What the new runtimes could try beyond the suite of attacks, which is in Python, C and
/// Bash: each prints `held` if nothing of it worked, and leaves a process behind.
const HOSTILE: [(&str, &str); 6] = [
    (
        "go",
        r#"package main
import ("fmt"; "net"; "os"; "os/exec"; "syscall"; "time")
func main() {
	_, err := net.DialTimeout("tcp", os.Args[1], time.Second)
	_, passwd := os.ReadFile("/etc/passwd")
	_, maps := os.ReadFile("/proc/1/environ")
	trace := syscall.PtraceAttach(1)
	left := exec.Command("sleep", "1000")
	left.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	left.Start()
	for i := 0; i < 1000; i++ { go func() { time.Sleep(time.Hour) }() }
	if err != nil && passwd != nil && maps != nil && trace != nil { fmt.Println("held") }
}"#,
    ),
    (
        "csharp",
        r#"using System; using System.IO; using System.Diagnostics; using System.Net.Sockets;
class A {
    static bool Fails(Action action) { try { action(); return false; } catch (Exception) { return true; } }
    static void Main(string[] args) {
        var address = args[0].Split(':');
        Process.Start("/bin/sleep", "1000");
        if (Fails(() => new TcpClient(address[0], int.Parse(address[1])).GetStream())
            && Fails(() => File.ReadAllText("/etc/passwd"))
            && Fails(() => File.ReadAllText("/proc/1/environ"))
            && Fails(() => File.ReadAllText("/proc/self/maps"))) Console.WriteLine("held");
    }
}"#,
    ),
    (
        "erlang",
        r#"main([Address]) ->
    [Host, Port] = string:split(Address, ":"),
    {error, _} = gen_tcp:connect(Host, list_to_integer(Port), [], 1000),
    {error, _} = file:read_file("/etc/passwd"),
    {error, _} = file:read_file("/proc/1/environ"),
    io:format("held~n"),
    catch net_kernel:start([a, shortnames]),
    os:cmd("epmd -daemon; sleep 1000 >/dev/null 2>&1 &")."#,
    ),
    (
        "php",
        r#"<?php
exec('setsid sleep 1000 >/dev/null 2>&1 &');
$held = !@stream_socket_client('tcp://' . $argv[1], $code, $text, 1)
    && !@file_get_contents('/etc/passwd') && !@file_get_contents('/proc/1/environ');
if ($held) echo "held\n";"#,
    ),
    (
        "lisp",
        r#"(run-program "/bin/sleep" '("1000") :wait nil)
(when (and (null (ignore-errors (open "/etc/passwd")))
           (null (ignore-errors (open "/proc/1/environ")))
           (null (ignore-errors (run-program "/usr/bin/no-such" nil))))
  (write-line "held"))"#,
    ),
    (
        "rscript",
        r#"system("setsid sleep 1000 >/dev/null 2>&1", wait = FALSE)
address <- strsplit(commandArgs(TRUE)[1], ":")[[1]]
fails <- function(code) inherits(suppressWarnings(try(code, silent = TRUE)), "try-error")
held <- fails(socketConnection(address[1], as.integer(address[2]), timeout = 1)) &&
  fails(readLines("/etc/passwd")) && fails(readLines("/proc/1/environ"))
if (held) cat("held\n")"#,
    ),
];

#[tokio::test]
async fn runtimes_reach_nothing_outside_and_leave_nothing_behind() {
    let names = HOSTILE.map(|(name, _)| name);
    for runner in Runner::start_in_each_tier(&names).await {
        let address = runner.url.strip_prefix("http://").unwrap().to_owned();
        for (name, code) in HOSTILE {
            if !runner.has(name).await {
                eprintln!("not tested: {name}");
                continue;
            }
            let body = runner
                .run_with(name, code, json!({"args": [address]}))
                .await;
            let printed = body["run"]["stdout"].as_str().unwrap();
            // Without namespaces Erlang cannot start a child, and ends where it tries to.
            let is_ended = name == "erlang" && body["sandbox"] == "landlock";
            // Erlang's log comes after it.
            let is_held = printed.starts_with("held\n");
            assert!(is_held || is_ended && printed.is_empty(), "{name}: {body}");
            assert_eq!(programs_of(&runner.work), [0; 0], "{name} left something");
        }
        runner.stop().await;
    }
}
