//! The instruments: logs, traces, metrics and health, over the live stack.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::wait::wait_for;

use crate::stacks::{Exclusive, Stacks};

support::tests![
    a_request_and_a_job_are_one_line_each,
    no_request_forges_a_line,
    a_trace_goes_from_the_sender_to_redis_and_to_the_endpoint,
    the_metrics_count_what_happened,
    the_dashboard_and_the_alerts_ask_for_metrics_that_there_are,
    metrics_need_a_key,
    readiness_says_what_cannot_be_reached,
    readiness_asks_redis_once_in_thirty_seconds,
];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The JSON lines of a program's log that this is about.
fn lines(exclusive: &Exclusive<'_>, program: &str, of: impl Fn(&Value) -> bool) -> Vec<Value> {
    let path = exclusive.stack.logs.join(format!("{program}.log"));
    let text = fs::read_to_string(path).unwrap();
    let json = text.lines().filter_map(|line| {
        let begin = line.find("{\"event\":")?;
        let end = line.rfind('}')?;
        let line = &line[begin..=end];
        Some(serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line}: {error}")))
    });
    json.filter(of).collect()
}

/// The one line that this is about, once it is there.
fn line(exclusive: &Exclusive<'_>, program: &str, of: impl Fn(&Value) -> bool) -> Value {
    let found = wait_for("a line of the log", Duration::from_secs(20), || {
        Some(lines(exclusive, program, &of)).filter(|lines| !lines.is_empty())
    });
    let [line] = found.as_slice() else {
        panic!("not one line: {found:?}");
    };
    line.clone()
}

fn a_request_and_a_job_are_one_line_each(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let code = "print('secret-output') # secret-code";
    let body = json!({ "problemId": "secret-problem", "code": code, "language": "python" });
    let submitted = submit_fn.post("/submit?secret=query", &body.to_string());
    let id = submitted.json()["id"].as_str().unwrap().to_owned();
    let request_id = submitted.header("x-request-id").to_owned();
    assert!(request_id.len() >= 16, "{request_id}");
    let request = line(&exclusive, "submit-fn", |line| {
        line["requestId"] == *request_id
    });
    let expected = [
        ("event", json!("request")),
        ("level", json!("info")),
        ("method", json!("POST")),
        ("route", json!("/submit")),
        ("status", json!(200)),
        ("jobId", json!(id)),
    ];
    for (member, value) in expected {
        assert_eq!(request[member], value, "{request}");
    }
    assert!(request["commands"].as_u64().unwrap() >= 1, "{request}");
    assert!(request["durationMs"].is_u64(), "{request}");
    assert_eq!(
        request["traceId"].as_str().map(str::len),
        Some(32),
        "{request}"
    );

    exclusive.worker_fn.work("");
    let job = line(&exclusive, "worker-fn", |line| {
        line["event"] == "job" && line["jobId"] == *id
    });
    for (member, value) in [
        ("outcome", json!("finished")),
        ("verdict", json!("Executed")),
        ("language", json!("python")),
        ("lane", json!("normal")),
        ("endpoint", json!("piston")),
        ("attempt", json!(1)),
    ] {
        assert_eq!(job[member], value, "{job}");
    }
    let ms = |member: &str| job[member].as_u64().unwrap_or_else(|| panic!("{job}"));
    assert_eq!(ms("waitMs") + ms("runMs"), ms("totalMs"), "{job}");
    let work = line(&exclusive, "worker-fn", |line| {
        line["route"] == "/worker" && line["traceId"] == job["traceId"]
    });
    // A claim, the problem, and a settlement.
    assert!(work["commands"].as_u64().unwrap() >= 8, "{work}");

    let result = submit_fn.get(&format!("/result/{id}"));
    let request_id = result.header("x-request-id").to_owned();
    let request = line(&exclusive, "submit-fn", |line| {
        line["requestId"] == *request_id
    });
    assert_eq!(request["route"], "/result/{id}", "{request}");
    assert_eq!(request["commands"], 1, "{request}");
    assert_eq!(request["jobId"], *id, "{request}");
    let read = submit_fn.get("/problems/secret-problem");
    let request_id = read.header("x-request-id").to_owned();
    submit_fn.admin("GET", "/dead?reason=secret", None);
    let shown = line(&exclusive, "submit-fn", |line| {
        line["requestId"] == *request_id
    });
    assert_eq!(shown["route"], "/problems/{id}", "{shown}");
    assert_eq!(shown["status"], 404, "{shown}");
    for program in ["submit-fn", "worker-fn"] {
        let text = lines(&exclusive, program, |_| true);
        let text = Value::from(text).to_string();
        for secret in ["secret", "127.0.0.1", &submit_fn.admin_token] {
            assert!(!text.contains(secret), "{program} tells {secret}: {text}");
        }
    }
}

fn no_request_forges_a_line(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let forged = "%0A%7B%22event%22:%22forged%22%7D";
    for path in [
        format!("/{forged}"),
        format!("/result/{forged}"),
        format!("/problems/{forged}"),
    ] {
        let headers = [
            ("cf-ray", "8c1f2e3d4a5b6c7d\"}{\"event\":\"forged\"}"),
            ("traceparent", "00-\"}{\"event\":\"forged\"}"),
            ("x-request-id", "{\"event\":\"forged\"}"),
            ("user-agent", "{\"event\":\"forged\"}"),
        ];
        let response = submit_fn.request("GET", &path, &headers, None);
        let id = response.header("x-request-id").to_owned();
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let line = line(&exclusive, "submit-fn", |line| line["requestId"] == *id);
        assert_eq!(line["event"], "request");
    }
    let text = Value::from(lines(&exclusive, "submit-fn", |_| true)).to_string();
    assert!(!text.contains("forged"), "{text}");
}

fn a_trace_goes_from_the_sender_to_redis_and_to_the_endpoint(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let body = json!({ "problemId": "traced", "code": "print(1)", "language": "python" });
    let send = |traceparent: &str| {
        let headers = [("traceparent", traceparent)];
        let text = body.to_string();
        let response = submit_fn.request("POST", "/submit", &headers, Some(text.as_bytes()));
        response.json()["id"].as_str().unwrap().to_owned()
    };
    let id = send(TRACEPARENT);
    let payload: String = exclusive.redis.run(&["LINDEX", "problems", "0"]);
    assert!(
        payload.contains(&format!(r#""trace":"{TRACE}-01""#)),
        "{payload}"
    );
    let malformed = send(&TRACEPARENT.to_uppercase());
    let payload: String = exclusive.redis.run(&["LINDEX", "problems", "0"]);
    assert!(!payload.contains("trace\""), "{payload}");

    exclusive.worker_fn.work("?batch=2");
    let job = |id: &str| {
        let is_it = |line: &Value| line["event"] == "job" && line["jobId"] == *id;
        line(&exclusive, "worker-fn", is_it)
    };
    assert_eq!(job(&id)["traceId"], TRACE);
    assert_ne!(job(&malformed)["traceId"], TRACE);
    let submitted = line(&exclusive, "submit-fn", |line| line["jobId"] == *id);
    assert_eq!(submitted["traceId"], TRACE);
    for (program, what, count) in [("runner", "executed", 1), ("redis-rest", "served", 1)] {
        let path = exclusive.stack.logs.join(format!("{program}.log"));
        let traced = wait_for("the trace in a log", Duration::from_secs(10), || {
            let text = fs::read_to_string(&path).unwrap();
            let is_traced = |line: &&str| line.contains(what) && line.contains(TRACE);
            let traced: Vec<String> = text.lines().filter(is_traced).map(str::to_owned).collect();
            (!traced.is_empty()).then_some(traced)
        });
        assert!(traced.len() >= count, "{program}: {traced:?}");
    }
    // From one Worker to the other.
    let headers = [("traceparent", TRACEPARENT)];
    submit_fn.request("GET", "/worker", &headers, None);
    line(&exclusive, "worker-fn", |line| {
        line["route"] == "/worker" && line["traceId"] == TRACE
    });
}

/// A page of metrics: each sample's value by its name with its labels.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

fn promtool(arguments: &[&str], folder: &Path, input: &str) {
    let mut promtool = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool, of the package prometheus: {error}"));
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

fn the_metrics_count_what_happened(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let (submit_fn, worker_fn) = (&exclusive.submit_fn, &exclusive.worker_fn);
    for code in ["print(1)", "print(2)", "raise SystemExit(3)"] {
        submit_fn.submit("metrics", "python", code);
    }
    sleep(Duration::from_millis(60));
    worker_fn.work("?batch=3");
    exclusive.redis.lpush("problems", b"garbage");
    worker_fn.work("");
    submit_fn.submit("metrics", "python", "print(4)");
    let commands = || {
        let stats: String = exclusive.redis.run(&["INFO", "commandstats"]);
        let calls = stats
            .lines()
            .filter(|line| !line.starts_with("cmdstat_info"));
        let calls = calls.filter_map(|line| line.split_once("calls=")?.1.split(',').next());
        calls
            .map(|calls| calls.parse::<u64>().unwrap())
            .sum::<u64>()
    };
    // The first call asks for the hours that are over; it costs no more.
    let before = commands();
    let response = submit_fn.admin("GET", "/metrics", None);
    assert_eq!(commands() - before, 14);
    assert_eq!(response.status, 200, "{}", response.text);
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(response.header("content-type"), content_type);
    promtool(&["check", "metrics"], Path::new("/"), &response.text);
    let seen = samples(&response.text);
    for (name, value) in [
        ("edgejudge_redis_up", 1.0),
        (r#"edgejudge_queue_jobs{lane="high"}"#, 0.0),
        (r#"edgejudge_queue_jobs{lane="normal"}"#, 1.0),
        ("edgejudge_jobs_in_flight", 0.0),
        ("edgejudge_dead_letters", 1.0),
        ("edgejudge_deliveries", 0.0),
        ("edgejudge_jobs_dead_total", 1.0),
        (
            r#"edgejudge_jobs_finished_total{language="python",verdict="Executed"}"#,
            2.0,
        ),
        (
            r#"edgejudge_jobs_finished_total{language="python",verdict="Runtime Error"}"#,
            1.0,
        ),
        // There before its first event, or rate() would miss that.
        (
            r#"edgejudge_jobs_finished_total{language="rust",verdict="Internal Error"}"#,
            0.0,
        ),
        ("edgejudge_job_wait_seconds_count", 3.0),
        (r#"edgejudge_job_wait_seconds_bucket{le="0.050"}"#, 0.0),
        (r#"edgejudge_job_wait_seconds_bucket{le="+Inf"}"#, 3.0),
        ("edgejudge_job_run_seconds_count", 3.0),
        (
            r#"edgejudge_endpoint_up{endpoint="piston",kind="piston"}"#,
            1.0,
        ),
        (r#"edgejudge_endpoint_ejected{endpoint="piston"}"#, 0.0),
        ("edgejudge_redis_commands_daily_limit", 16_666.0),
    ] {
        assert_eq!(seen.get(name), Some(&value), "{name}: {}", response.text);
    }
    let sum = |what: &str| seen[&format!("edgejudge_job_{what}_seconds_sum")];
    assert!(sum("wait") >= 0.18 && sum("run") > 0.0, "{}", response.text);
    let difference = sum("wait") + sum("run") - sum("duration");
    assert!(difference.abs() < 0.0005, "{}", response.text);
    let counted = seen["edgejudge_redis_commands_total"];
    assert!((10.0..1_000.0).contains(&counted), "{counted}");

    // worker-fn itself says the same, but for the commands.
    let theirs = worker_fn.admin("GET", "/metrics");
    let theirs = samples(&theirs.text);
    assert_eq!(theirs.len(), seen.len());
    let job = "edgejudge_job_duration_seconds_sum";
    assert_eq!(theirs[job], seen[job]);
}

/// The metrics that an expression asks for.
fn asked(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("edgejudge_"))
}

fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    submit_fn.submit("metrics", "python", "print(1)");
    exclusive.worker_fn.work("");
    let page = submit_fn.admin("GET", "/metrics", None).text;
    let names = samples(&page);
    let names: BTreeSet<&str> = names
        .keys()
        .map(|name| name.split('{').next().unwrap())
        .collect();
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    let dashboard = fs::read_to_string(packaging.join("grafana/edgejudge.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter();
    let targets = targets.flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut expressions: Vec<String> = targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect();
    assert!(expressions.len() > 20);
    let rules = fs::read_to_string(packaging.join("prometheus/alerts.yml")).unwrap();
    let rules: Vec<&str> = rules
        .lines()
        .filter(|line| !line.contains("- name:"))
        .collect();
    expressions.push(rules.join("\n"));
    let mut seen = BTreeSet::new();
    for name in expressions.iter().flat_map(|expression| asked(expression)) {
        assert!(names.contains(name), "no metric is called {name}");
        seen.insert(name);
    }
    for name in &names {
        let shown =
            seen.contains(name) || seen.contains(name.replace("_count", "_bucket").as_str());
        assert!(shown, "{name} is on no dashboard and in no alert");
    }

    // Prometheus reads them, with a key beside the configuration.
    let folder = tempfile::tempdir().unwrap();
    for file in ["prometheus.yml", "alerts.yml"] {
        fs::copy(
            packaging.join("prometheus").join(file),
            folder.path().join(file),
        )
        .unwrap();
    }
    fs::write(folder.path().join("edgejudge-key"), "x").unwrap();
    promtool(&["check", "config", "prometheus.yml"], folder.path(), "");
    promtool(&["check", "rules", "alerts.yml"], folder.path(), "");
    // And so are the expressions of the dashboard, as rules.
    let rules: Vec<Value> = expressions[..expressions.len() - 1]
        .iter()
        .enumerate()
        .map(|(number, expression)| {
            let expression = expression.replace("$__rate_interval", "5m");
            json!({ "record": format!("panel_{number}"), "expr": expression })
        })
        .collect();
    let rules = json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    fs::write(folder.path().join("panels.yml"), rules.to_string()).unwrap();
    promtool(&["check", "rules", "panels.yml"], folder.path(), "");
}

/// Also with `AUTH=off`, as here.
fn metrics_need_a_key(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let response = exclusive.submit_fn.get("/metrics");
    response.assert_error(401, None, "scope read or work");
    let response = exclusive.worker_fn.get("/metrics");
    response.assert_error(401, None, "scope read or work");
    let closed = stacks.closed();
    assert_eq!(closed.submit_fn.get("/metrics").status, 401);
    assert_eq!(closed.worker_fn.get("/metrics").status, 401);
}

/// Past what the Workers remember of what is away, and of all other numbers.
fn forgotten() {
    sleep(Duration::from_millis(2_100));
}

/// Past what they remember of all being well.
fn health_forgotten() {
    sleep(Duration::from_millis(30_100));
}

fn readiness_says_what_cannot_be_reached(stacks: &Stacks) {
    let mut exclusive = stacks.exclusive();
    let submit_fn = exclusive.submit_fn.clone();
    let worker_fn = exclusive.worker_fn.clone();
    let ready = |worker_ready: Option<Value>, status: u16, checks: Value| {
        forgotten();
        let response = submit_fn.get("/readyz");
        let expected = json!({ "success": status == 200, "checks": checks });
        assert_eq!((response.status, response.json()), (status, expected));
        if let Some(checks) = worker_ready {
            let response = worker_fn.get("/readyz");
            assert_eq!(
                (response.status, &response.json()["checks"]),
                (status, &checks)
            );
        }
    };
    let both = |redis: bool, endpoint: bool| {
        Some(json!({ "redis": redis, "worker": true, "endpoint": endpoint }))
    };
    let checks = |redis: bool, worker: bool, endpoint: Value| json!({ "redis": redis, "worker": worker, "endpoint": endpoint });
    for worker in ["submit-fn", "worker-fn"] {
        let response = match worker {
            "submit-fn" => submit_fn.get("/healthz"),
            _ => worker_fn.get("/healthz"),
        };
        assert_eq!(
            (response.status, &response.json()["service"]),
            (200, &json!(worker))
        );
    }
    ready(both(true, true), 200, checks(true, true, json!(true)));
    exclusive.stack.stop("runner");
    health_forgotten();
    ready(both(true, false), 503, checks(true, true, json!(false)));
    let page = submit_fn.admin("GET", "/metrics", None).text;
    let up = r#"edgejudge_endpoint_up{endpoint="piston",kind="piston"}"#;
    assert_eq!(samples(&page)[up], 0.0);
    exclusive.stack.restart("runner").unwrap();
    exclusive.stack.stop("redis-rest");
    ready(both(false, true), 503, checks(false, true, json!(true)));
    let page = submit_fn.admin("GET", "/metrics", None).text;
    promtool(&["check", "metrics"], Path::new("/"), &page);
    let seen = samples(&page);
    assert_eq!((seen["edgejudge_redis_up"], seen[up]), (0.0, 1.0), "{page}");
    assert_eq!(submit_fn.get("/healthz").status, 200);
    exclusive.stack.restart("redis-rest").unwrap();
    ready(both(true, true), 200, checks(true, true, json!(true)));
    assert_eq!(stacks.misconfigured().submit_fn.get("/readyz").status, 500);
    assert_eq!(stacks.misconfigured().worker_fn.get("/healthz").status, 200);
}

fn readiness_asks_redis_once_in_thirty_seconds(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    health_forgotten();
    let pings = || {
        let stats: String = exclusive.redis.run(&["INFO", "commandstats"]);
        let calls = stats
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_ping:calls="));
        calls.map_or(0, |calls| {
            calls.split(',').next().unwrap().parse::<u64>().unwrap()
        })
    };
    let before = pings();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(exclusive.submit_fn.get("/readyz").status, 200));
        }
    });
    forgotten();
    assert_eq!(exclusive.submit_fn.get("/readyz").status, 200);
    // One, and one more each time that what was remembered became too old meanwhile.
    let most = 1 + began.elapsed().as_secs() / 30;
    let sent = pings() - before;
    assert!((1..=most).contains(&sent), "{sent} of {most}");
}
