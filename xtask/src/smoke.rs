//! `cargo xtask smoke`: whether a deployment is well.
//!
//! Each check is a call that a client or the operator makes too, from the cheapest to
//! one real submission. The first that fails ends it, because what follows would only
//! repeat it.

#[cfg(test)]
#[path = "smoke_tests.rs"]
mod tests;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use shared::config::Secret;
use ureq::http::Method;

use crate::api::{Answer, Api};
use crate::progress::say;

/// How long a new address and new secrets may take until they work everywhere.
pub const AFTER_A_DEPLOYMENT: Duration = Duration::from_secs(120);
/// The variable with the key, for every command that calls a deployment.
pub const KEY: &str = "EDGEJUDGE_KEY";
/// How long the submission's result is waited for: the cron works each minute, also
/// where no wake-up comes through.
const RESULT_WITHIN: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(3);
/// No problem has this id; the code is only run.
const PROBLEM: &str = "smoke-test";
/// Code that prints a word, in languages that most endpoints have.
const PROGRAMS: [(&str, &str); 3] = [
    ("python", "print('edgejudge')"),
    ("javascript", "console.log('edgejudge')"),
    ("bash", "echo edgejudge"),
];

/// What is asked, and how.
#[derive(Debug)]
pub struct Options {
    /// submit-fn.
    pub url: String,
    /// worker-fn, where it has an address.
    pub worker_url: Option<String>,
    /// A key that may submit; the last checks need it.
    pub key: Option<Secret>,
    /// How long a check that does not go well is repeated.
    pub patience: Duration,
}

/// The key of the environment: `EDGEJUDGE_KEY`, or the operator's token.
pub fn key() -> Option<Secret> {
    let of = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    of(KEY).or_else(|| of("ADMIN_TOKEN")).map(Secret::new)
}

/// Makes every check. Errors: the first that did not go well.
pub fn run(options: &Options) -> Result<()> {
    let submit = Api::new(&options.url, options.key.as_ref().map(Secret::expose));
    let deadline = Instant::now() + options.patience;
    patiently(deadline, || is(&submit, "submit-fn"))?;
    say(format!("✓ {} is submit-fn", options.url));
    if let Some(url) = &options.worker_url {
        // Without a key: it need not go to two addresses, and strangers get none.
        let worker = Api::new(url, None);
        let line = patiently(deadline, || strangers_at_worker(&worker))?;
        say(format!("✓ {url} is worker-fn; {line}"));
    }
    let ready = patiently(deadline, || is_ready(&submit))?;
    say(format!("✓ {ready}"));
    if options.key.is_none() {
        say(format!(
            "no submission was made: set {KEY} to a key that may submit"
        ));
        return Ok(());
    }
    let verdict = patiently(deadline, || judged(&submit))?;
    say(format!("✓ a submission was worked on: {verdict}"));
    if let Some(line) = queue(&submit)? {
        say(line);
    }
    Ok(())
}

/// Repeats `check` until it goes well or time is over.
fn patiently<T>(deadline: Instant, check: impl Fn() -> Result<T>) -> Result<T> {
    let mut told = false;
    loop {
        match check() {
            Err(error) if Instant::now() < deadline => {
                if !told {
                    say(format!("… {error:#}"));
                }
                told = true;
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn is(api: &Api, service: &str) -> Result<()> {
    let answer = api.call(Method::GET, "/", None)?;
    if answer.body["service"] == service {
        return Ok(());
    }
    match answer.status {
        200 => bail!("{}/ is not {service}", api.base()),
        _ => Err(anyhow!(answer.refusal())).with_context(|| format!("{}/", api.base())),
    }
}

/// What somebody without a key gets at worker-fn's address.
fn strangers_at_worker(worker: &Api) -> Result<&'static str> {
    let answer = worker.call(Method::GET, "/worker", None)?;
    match (answer.status, answer.body["error"]["code"].as_str()) {
        (401, Some(_)) => Ok("strangers are refused"),
        (403, Some("closed")) => bail!("worker-fn has no keys: {}", answer.refusal()),
        (403, Some(_)) => Ok("strangers are refused"),
        (200, _) => Ok("ANYBODY may take jobs and read their results there (AUTH=off)"),
        _ => Err(anyhow!(answer.refusal())).with_context(|| format!("{}/worker", worker.base())),
    }
}

/// Redis and the endpoint, by `/readyz`, which needs no key. A version without it is
/// asked for its languages, which takes worker-fn and the endpoint.
fn is_ready(submit: &Api) -> Result<String> {
    let ready = submit.call(Method::GET, "/readyz", None)?;
    if ready.status != 404 {
        return match ready.status {
            200 => Ok("Redis and the execution endpoint answer (/readyz)".to_owned()),
            status => bail!("not ready (HTTP {status}): {}", ready.body),
        };
    }
    let languages = submit.call(Method::GET, "/languages", None)?;
    if languages.status == 401 {
        return Ok("there is no /readyz, and /languages needs a key: nothing was asked".to_owned());
    }
    let languages = languages.ok()?;
    let count = languages["languages"].as_array().map_or(0, Vec::len);
    if count == 0 {
        bail!("the execution endpoint offers no language");
    }
    Ok(format!(
        "the execution endpoint answers: {count} languages (there is no /readyz)"
    ))
}

/// Submits a program and waits for its result; what it came to.
fn judged(submit: &Api) -> Result<String> {
    let languages = submit.get("/languages")?;
    let offered = |name: &str| {
        let all = languages["languages"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one["language"] == name))
    };
    let program = PROGRAMS.iter().find(|(language, _)| offered(language));
    let Some((language, code)) = program else {
        bail!("none of python, javascript and bash is on offer");
    };
    let mut answer = send(submit, PROBLEM, language, code)?;
    if answer.body["error"]["code"] == "unknown_problem" {
        // UNKNOWN_PROBLEMS=refuse: one that is there. Any verdict on it will do.
        let problems = submit.get("/problems")?;
        let Some(problem) = problems["problems"][0]["id"].as_str() else {
            bail!("no problem is published, and unknown ones are refused");
        };
        answer = send(submit, problem, language, code)?;
    }
    let stored = answer.ok()?;
    let id = stored["id"]
        .as_str()
        .context("no id in the answer of /submit")?;
    let result = submit.wait(id, RESULT_WITHIN, |_| {})?;
    match result["verdict"].as_str() {
        Some(verdict) if verdict != "Internal Error" => Ok(format!("{verdict}, in {language}")),
        _ => bail!("the result of the submission: {result}"),
    }
}

fn send(submit: &Api, problem: &str, language: &str, code: &str) -> Result<Answer> {
    let body = serde_json::json!({ "problemId": problem, "language": language, "code": code });
    submit.call(Method::POST, "/submit", Some(&body))
}

/// What of the queue needs attention. A key that may not read the numbers sees none.
fn queue(submit: &Api) -> Result<Option<String>> {
    let answer = submit.call(Method::GET, "/stats", None)?;
    if matches!(answer.status, 401 | 403) {
        return Ok(None);
    }
    let stats = answer.ok()?;
    let stats = &stats["stats"];
    let dead = stats["dead"].as_u64().unwrap_or_default();
    let paused = stats["paused"] == Value::Bool(true);
    let state = if paused {
        "the queue is PAUSED"
    } else {
        "the queue runs"
    };
    Ok(Some(format!("✓ {state}, {dead} dead letters")))
}
