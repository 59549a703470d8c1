//! Programs as clients run them: languages, files, input, output, exit codes,
//! signals, measurements.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Runner;
use serde_json::{Value, json};

fn output(body: &Value) -> &str {
    body["run"]["stdout"].as_str().unwrap()
}

#[tokio::test]
async fn stdin_ends_with_a_newline_and_is_closed() {
    let runner = Runner::shared();
    let code = "import sys; print(repr(sys.stdin.read()))";
    for (stdin, seen) in [
        (json!("a"), r"'a\n'"),
        (json!("a\n"), r"'a\n'"),
        (json!("a\n\n"), r"'a\n\n'"),
        (json!(""), r"'\n'"),
        (json!(null), r"'\n'"),
    ] {
        let body = runner
            .run_with("python", code, json!({"stdin": stdin}))
            .await;
        assert_eq!(output(&body).trim_end(), seen, "{stdin}");
    }
}

#[tokio::test]
async fn arguments_arrive_unchanged() {
    let runner = Runner::shared();
    let args = json!(["1", "two words", "", "--flag", "ü", "$HOME", 5, true]);
    let body = runner
        .run_with(
            "python",
            "import sys; print(sys.argv[1:])",
            json!({"args": args}),
        )
        .await;
    assert_eq!(
        output(&body),
        "['1', 'two words', '', '--flag', 'ü', '$HOME', '5', 'true']\n"
    );
    let body = runner
        .run_with(
            "c",
            "#include <stdio.h>\nint main(int n, char **v) { puts(v[1]); }",
            json!({"args": args}),
        )
        .await;
    assert_eq!(output(&body), "1\n", "{body}");
}

#[tokio::test]
async fn files_are_decoded_and_the_first_utf8_file_is_run() {
    let runner = Runner::shared();
    let body = json!({"language": "python", "version": "*", "files": [
        {"name": "data/raw.bin", "content": "AP+A", "encoding": "base64"},
        {"name": "hex.bin", "content": "00ff8G80", "encoding": "hex"},
        {"name": "main.py", "content": "
import helper, sys
print(open('data/raw.bin','rb').read(), open('hex.bin','rb').read(), helper.WORD, sys.argv[0])
print(open('file4.code').read(), open('file5.code','rb').read())"},
        {"name": "helper.py", "content": "WORD = 'help'", "encoding": "utf8"},
        {"content": "nameless", "encoding": "unheard-of"},
        {"content": "_-8", "encoding": "base64"},
    ]});
    let answer = runner.execute(&body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // Node stops at the first pair that is not hexadecimal, and knows both
    // alphabets of base64.
    let expected = "b'\\x00\\xff\\x80' b'\\x00\\xff' help main.py\nnameless b'\\xff\\xef'\n";
    assert_eq!(output(&answer.json()), expected, "{answer:?}");
}

#[tokio::test]
async fn main_file_without_a_name_has_the_usual_one() {
    let runner = Runner::shared();
    let body = runner
        .run("python", "import sys; print(sys.argv[0]); 1/0")
        .await;
    assert_eq!(output(&body), "main.py\n");
    assert!(
        body["run"]["stderr"]
            .as_str()
            .unwrap()
            .contains("File \"main.py\", line 1"),
        "{body}"
    );
}

#[tokio::test]
async fn source_files_are_compiled_together() {
    let runner = Runner::shared();
    if !runner.has("c").await {
        return;
    }
    let body = json!({"language": "c", "version": "*", "files": [
        {"name": "solution", "content": "#include \"add.h\"\nint main(void) { return add(20, 22); }"},
        {"name": "add.h", "content": "int add(int, int);"},
        {"name": "add.c", "content": "int add(int a, int b) { return a + b; }"},
    ]});
    let answer = runner.execute(&body).await.json();
    assert_eq!(answer["compile"]["code"], 0, "{answer}");
    assert_eq!(answer["run"]["code"], 42, "{answer}");
    assert_eq!(answer["run"]["status"], "RE");
}

#[tokio::test]
async fn exit_codes_are_reported() {
    let runner = Runner::shared();
    for code in [
        0, 1, 2, 42, 100, 124, 125, 126, 127, 128, 137, 139, 143, 200, 254, 255,
    ] {
        let body = runner
            .run("python", &format!("import os; os._exit({code})"))
            .await;
        let run = &body["run"];
        assert_eq!(run["code"], code, "{run}");
        assert_eq!(run["signal"], Value::Null, "{run}");
        if code == 0 {
            assert_eq!(run["status"], Value::Null);
        } else {
            assert_eq!(run["status"], "RE");
            assert_eq!(run["message"], format!("Exited with error status {code}"));
        }
    }
}

#[tokio::test]
async fn signals_are_reported() {
    let runner = Runner::shared();
    for (number, name) in [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (24, "SIGXCPU"),
        (25, "SIGXFSZ"),
        (31, "SIGSYS"),
    ] {
        let code = format!(
            "import os, signal\ntry: signal.signal({number}, signal.SIG_DFL)\nexcept OSError: pass\nprint('before', flush=True)\nos.kill(os.getpid(), {number})"
        );
        let run = runner.run("python", &code).await["run"].clone();
        assert_eq!(run["signal"], name, "{run}");
        assert_eq!(run["code"], Value::Null, "{run}");
        assert_eq!(run["status"], "SG", "{run}");
        let message = run["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("Caught fatal signal {number}")),
            "{message}"
        );
        assert_eq!(run["stdout"], "before\n");
    }
}

#[tokio::test]
async fn output_is_reported_per_stream_and_combined() {
    let runner = Runner::shared();
    let code = "import sys, time
for i in range(3):
    print('out', i, flush=True); time.sleep(0.2)
    print('err', i, file=sys.stderr, flush=True); time.sleep(0.2)";
    // In the order of arrival, if the runner polled in between.
    let together = "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n";
    let mut seen = Vec::new();
    for _ in 0..5 {
        let run = runner.run("python", code).await["run"].clone();
        assert_eq!(run["stdout"], "out 0\nout 1\nout 2\n");
        assert_eq!(run["stderr"], "err 0\nerr 1\nerr 2\n");
        if run["output"] == together {
            return;
        }
        seen.push(run["output"].clone());
    }
    panic!("{seen:?}");
}

#[tokio::test]
async fn output_that_is_not_utf8_is_replaced() {
    let runner = Runner::shared();
    let code = r"import sys; sys.stdout.buffer.write(b'a\x00\xff\xfeb\n')";
    assert_eq!(
        output(&runner.run("python", code).await),
        "a\0\u{fffd}\u{fffd}b\n"
    );
}

#[tokio::test]
async fn stdin_of_4_mb_passes_whether_read_or_not() {
    let runner = Runner::start(&["python"], &["--output-max-bytes", "5000000"]).await;
    let stdin = "0123456789abcdef".repeat(250_000);
    let echo = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)";
    let body = runner
        .run_with("python", echo, json!({"stdin": stdin}))
        .await;
    assert_eq!(body["run"]["code"], 0, "{}", body["run"]["message"]);
    assert!(
        output(&body) == format!("{stdin}\n"),
        "{} bytes came back",
        output(&body).len()
    );
    let body = runner
        .run_with("python", "print('unread')", json!({"stdin": stdin}))
        .await;
    assert_eq!(
        (output(&body), &body["run"]["code"]),
        ("unread\n", &json!(0))
    );
    let closed = "import os; os.close(0); print('closed')";
    let body = runner
        .run_with("python", closed, json!({"stdin": stdin}))
        .await;
    assert_eq!(
        (output(&body), &body["run"]["code"]),
        ("closed\n", &json!(0))
    );
    runner.stop().await;
}

#[tokio::test]
async fn program_may_close_its_output_and_continue() {
    let runner = Runner::shared();
    let code = "import os, time; os.write(1, b'x'); os.close(1); os.close(2); time.sleep(0.3); os._exit(7)";
    let run = runner.run("python", code).await["run"].clone();
    assert_eq!(
        (&run["stdout"], &run["code"]),
        (&json!("x"), &json!(7)),
        "{run}"
    );
    assert!(run["wall_time"].as_u64().unwrap() >= 300, "{run}");
}

#[tokio::test]
async fn program_inherits_nothing_from_the_runner() {
    let runner = Runner::shared();
    // Listening sockets, connections and other runs' pipes are open here, and this
    // descriptor is not marked close-on-exec.
    let _leak = rustix::io::dup(std::io::stderr()).unwrap();
    let code = "import os, json
def is_open(fd):
    try: os.fstat(fd); return True
    except OSError: return False
fds = [fd for fd in range(3, 1000) if is_open(fd)]
print(json.dumps({'env': dict(os.environ), 'fds': fds, 'sid': os.getsid(0) == os.getpid(), 'umask': os.umask(0)}))";
    let body = runner.run("python", code).await;
    let seen: Value = serde_json::from_str(output(&body)).unwrap();
    let mut names: Vec<_> = seen["env"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.retain(|name| *name != "LC_CTYPE");
    let expected = [
        "HOME",
        "LANG",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PISTON_LANGUAGE",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONINTMAXSTRDIGITS",
        "PYTHONPATH",
        "TMPDIR",
    ];
    assert_eq!(names, expected);
    assert_eq!(seen["fds"], json!([]));
    assert_eq!(seen["sid"], true);
    assert_eq!(seen["umask"], 0o077);
}

#[tokio::test]
async fn failed_compilation_is_repeated_as_the_run() {
    let runner = Runner::shared();
    for (language, code) in [
        ("c", "int main( {"),
        ("c++", "int main( {"),
        ("rust", "fn main( {"),
    ] {
        if !runner.has(language).await {
            continue;
        }
        let body = runner.run(language, code).await;
        assert_eq!(body["compile"]["code"], 1, "{body}");
        assert_eq!(body["compile"]["status"], "RE");
        assert!(
            body["compile"]["stderr"]
                .as_str()
                .unwrap()
                .contains("main."),
            "{body}"
        );
        assert_eq!(body["run"], body["compile"]);
    }
}

#[tokio::test]
async fn cpu_time_and_memory_are_measured() {
    let runner = Runner::shared();
    let code = "import time
end = time.process_time() + 0.5
while time.process_time() < end: pass
block = bytearray(100_000_000)
for i in range(0, len(block), 4096): block[i] = 1
time.sleep(0.2)";
    let run = runner.run("python", code).await["run"].clone();
    let number = |name: &str| run[name].as_u64().unwrap();
    assert!((500..5_000).contains(&number("cpu_time")), "{run}");
    assert!(number("wall_time") >= 700, "{run}");
    assert!(
        (100_000_000..200_000_000).contains(&number("memory")),
        "{run}"
    );
}
