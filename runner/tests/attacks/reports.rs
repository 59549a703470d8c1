//! Reports are true: exit codes, signals, CPU time, memory.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::host::{Host, RunnerUser};

#[tokio::test]
async fn report_has_every_exit_code_from_0_to_255() {
    let host = Host::start(RunnerUser::Current, &["bash"], "", &[]);
    let codes: Vec<String> = (0..256).map(|code| code.to_string()).collect();
    let response = host
        .run("bash", "read code; exit $code", &json!({"cases": codes}))
        .await;
    let runs = response["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 256);
    for (code, run) in runs.iter().enumerate() {
        assert_eq!(
            (&run["code"], &run["signal"]),
            (&json!(code), &Value::Null),
            "{run}"
        );
    }
    assert_eq!(response["run"], runs[1], "the first that failed");
}

#[tokio::test]
async fn report_has_every_signal_from_1_to_64() {
    let host = Host::start(
        RunnerUser::Current,
        &["python"],
        "",
        &["--run-timeout-ms", "4000"],
    );
    let numbers: Vec<String> = (1..=64)
        .filter(|number| ![32, 33].contains(number))
        .map(|number: i32| number.to_string())
        .collect();
    // 32 and 33 are libc's own, and Python does not send them.
    let code = "import os, signal
number = int(input())
try: signal.signal(number, signal.SIG_DFL)
except OSError: pass
os.kill(os.getpid(), number); print('ignored')";
    let response = host.run("python", code, &json!({"cases": numbers})).await;
    let mut wrong = String::new();
    for (number, run) in numbers.iter().zip(response["runs"].as_array().unwrap()) {
        let right = match number.parse().unwrap() {
            // CHLD, CONT, URG, WINCH do nothing by default.
            17 | 18 | 23 | 28 => run["stdout"] == "ignored\n" && run["code"] == 0,
            // STOP, TSTP, TTIN, TTOU stop; in a session without a terminal only
            // the first does.
            19 => run["limit"] == "wall_time",
            20..=22 => run["stdout"] == "ignored\n" || run["limit"] == "wall_time",
            1..=64 => {
                let message = run["message"].as_str().unwrap();
                let meaning = message.strip_prefix(&format!("Caught fatal signal {number}"));
                meaning.is_some_and(|meaning| meaning.is_empty() || meaning.starts_with(" ("))
                    && run["status"] == "SG"
                    && run["code"] == Value::Null
            }
            _ => false,
        };
        if !right {
            let _ = writeln!(wrong, "{number}: {run}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// How often a measurement is repeated, because a busy machine may disturb it. A
/// wrong measurement is wrong each time.
const ATTEMPTS: usize = 4;

/// Within 15 ms or 5 %, whichever is more, of the program's own measurement.
#[tokio::test]
async fn report_has_the_cpu_time_of_children_threads_and_orphans() {
    let host = Host::start(RunnerUser::Current, &["python"], "", &[]);
    let burn = "import time, resource
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
";
    let programs = [
        ("alone", "burn(0.5)"),
        (
            "in children",
            "import os
for _ in range(2):
    if os.fork() == 0: burn(0.25); os._exit(0)
os.wait(); os.wait()",
        ),
        (
            "in threads",
            "import threading
threads = [threading.Thread(target=burn, args=(0.3,)) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()",
        ),
    ];
    let print_usage = "
import sys
both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(usage.ru_utime + usage.ru_stime for usage in both) * 1000); sys.stdout.flush()
import os; os._exit(0)";
    for (name, program) in programs {
        let code = format!("{burn}{program}{print_usage}");
        let mut seen = Vec::new();
        for _ in 0..ATTEMPTS {
            let response = host.run("python", &code, &json!({})).await;
            let run = &response["run"];
            let known: f64 = run["stdout"].as_str().unwrap().trim().parse().unwrap();
            let reported = run["cpu_time"].as_f64().unwrap();
            seen.push((known, reported));
            if (reported - known).abs() <= (known * 0.05).max(15.0) {
                seen.clear();
                break;
            }
        }
        assert!(seen.is_empty(), "{name}, known and reported, ms: {seen:?}");
    }
    // Orphans become children of the init and count.
    let orphans = format!(
        "{burn}import os
read, write = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        if os.fork() == 0:
            os.close(read); burn(0.2); os._exit(0)
        os._exit(0)
for _ in range(3): os.wait()
os.close(write); os.read(read, 1)"
    );
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let base = host.run("python", "pass", &json!({})).await;
        let known = 600.0 + base["run"]["cpu_time"].as_f64().unwrap();
        let response = host.run("python", &orphans, &json!({})).await;
        let reported = response["run"]["cpu_time"].as_f64().unwrap();
        if (reported / known - 1.0).abs() <= 0.1 {
            return;
        }
        seen.push((known, reported));
    }
    panic!("orphans, known and reported, ms: {seen:?}");
}

/// Within a tenth of the memory that was written to.
#[tokio::test]
async fn report_has_the_memory_of_one_process_and_of_several() {
    let flags = ["--run-memory-limit-bytes", "600000000"];
    let host = Host::start(RunnerUser::Current, &["python", "c"], "", &flags);
    let base = host.run("python", "pass", &json!({})).await;
    let base = base["run"]["memory"].as_f64().unwrap();
    let programs = [
        ("python", "x = bytearray(b'x') * 200_000_000", base),
        (
            "python",
            "import os, time
for _ in range(2):
    if os.fork() == 0: x = bytearray(b'x') * 100_000_000; time.sleep(2); os._exit(0)
os.wait(); os.wait()",
            base * 2.0,
        ),
        (
            "c",
            "#include <stdlib.h>
int main(void) { volatile char *p = malloc(200000000); for (long i = 0; i < 200000000; i += 4096) p[i] = 1; return 0; }",
            1_500_000.0,
        ),
    ];
    for (language, code, base) in programs {
        let response = host.run(language, code, &json!({})).await;
        assert_eq!(response["run"]["code"], 0, "{response}");
        let reported = response["run"]["memory"].as_f64().unwrap();
        let known = 200_000_000.0 + base;
        assert!(
            (reported / known - 1.0).abs() <= 0.1,
            "{code}: {known}, reported {reported}"
        );
    }
}
