//! One submission: sent, followed, and cut into the steps of its way by what the
//! taps saw.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::tap::{Exchange, Tap};
use crate::bench::http::{self, Connection};

/// A verdict that takes longer will not come.
const WITHIN: Duration = Duration::from_secs(20);

/// Who waits for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watcher {
    /// `GET /result/:id?wait=20`.
    Wait,
    /// `GET /result/:id/events`.
    Events,
}

/// The steps between a submission and its verdict, in their order.
pub(super) const STEPS: [&str; 12] = [
    "the client sends it, submit-fn checks it",
    "Redis stores it",
    "submit-fn wakes worker-fn, which makes its claim",
    "Redis gives the job",
    "worker-fn looks up the problem, calls the runner",
    "the runner, beside the run",
    "the run",
    "worker-fn makes the result",
    "Redis stores the result",
    "submit-fn learns of it",
    "Redis gives the result",
    "submit-fn answers, the client reads it",
];

/// What one submission took.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// From the first byte of the submission to the last of the verdict, in
    /// milliseconds.
    pub(super) in_all_ms: f64,
    /// The run itself as the runner reports it, in milliseconds.
    pub(super) run_ms: f64,
    /// Each of [`STEPS`] in milliseconds; `None` where the taps did not see all.
    pub(super) steps: Option<[f64; 12]>,
}

/// The parts that are watched.
#[derive(Debug)]
pub(super) struct Taps {
    /// Between submit-fn and redis-rest.
    pub(super) submit: Tap,
    /// Between worker-fn and redis-rest.
    pub(super) worker: Tap,
    /// Between worker-fn and the runner.
    pub(super) runner: Tap,
}

impl Sample {
    /// The time that is not the run's, in milliseconds.
    pub(super) fn beyond_ms(&self) -> f64 {
        self.in_all_ms - self.run_ms
    }
}

impl Taps {
    /// In front of redis-rest and the runner, which listen on these ports.
    pub(super) fn start(redis_rest: u16, runner: u16) -> Result<Self> {
        Ok(Self {
            submit: Tap::start(redis_rest)?,
            worker: Tap::start(redis_rest)?,
            runner: Tap::start(runner)?,
        })
    }
}

/// What is submitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pub(super) language: &'static str,
    pub(super) code: &'static str,
}

/// Submits a program and follows it.
pub(super) fn take(port: u16, taps: &Taps, program: Program, watcher: Watcher) -> Result<Sample> {
    let Program { language, code } = program;
    for tap in [&taps.submit, &taps.worker, &taps.runner] {
        tap.take();
    }
    let body = json!({ "problemId": "bench-latency", "language": language, "code": code });
    let mut submitting = Connection::open(port)?;
    let mut watching = TcpStream::connect(("127.0.0.1", port))?;
    watching.set_nodelay(true)?;
    watching.set_read_timeout(Some(WITHIN))?;
    let request = http::request("POST", port, "/submit", &body.to_string());
    let begun = Instant::now();
    let (status, answer) = submitting.exchange(&request)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    ensure!(status == 200, "POST /submit: {status} {answer}");
    let answer: Value = serde_json::from_str(&answer)?;
    let id = answer["id"].as_str().context("no id")?;
    let document = match watcher {
        Watcher::Wait => wait(&mut watching, port, id)?,
        Watcher::Events => events(&mut watching, port, id)?,
    };
    let seen = Instant::now();
    ensure!(
        document["verdict"] == "Executed" || document["verdict"] == "Accepted",
        "the program's verdict is {}",
        document["verdict"]
    );
    let run_ms = ["compile", "run"]
        .into_iter()
        .filter_map(|stage| document[stage]["wallTimeMs"].as_f64())
        .sum();
    // What comes last is noted after it is passed on.
    std::thread::sleep(Duration::from_millis(5));
    let steps = steps(taps, begun, seen, run_ms);
    Ok(Sample {
        in_all_ms: ms(seen - begun),
        run_ms,
        steps,
    })
}

fn wait(watching: &mut TcpStream, port: u16, id: &str) -> Result<Value> {
    watching.write_all(&http::request(
        "GET",
        port,
        &format!("/result/{id}?wait=20"),
        "",
    ))?;
    let response = http::read(&mut BufReader::new(watching))?.context("no response")?;
    Ok(serde_json::from_slice(&response.body)?)
}

/// The data of the event `done`. The stream is read as it comes; where its chunks
/// begin and end does not matter, because their sizes stand on lines of their own.
fn events(watching: &mut TcpStream, port: u16, id: &str) -> Result<Value> {
    watching.write_all(&http::request(
        "GET",
        port,
        &format!("/result/{id}/events"),
        "",
    ))?;
    let (mut text, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let length = watching.read(&mut buffer)?;
        if length == 0 {
            bail!("the stream ended without a verdict");
        }
        text.extend_from_slice(&buffer[..length]);
        if let Some(document) = done(&String::from_utf8_lossy(&text)) {
            return Ok(document);
        }
    }
}

fn done(text: &str) -> Option<Value> {
    let (_, rest) = text.split_once("event: done\ndata: ")?;
    let (data, _) = rest.split_once('\n')?;
    serde_json::from_str(data).ok()
}

/// Cuts the time between `begun` and `seen` where the taps saw something.
fn steps(taps: &Taps, begun: Instant, seen: Instant, run_ms: f64) -> Option<[f64; 12]> {
    let (submit, worker, runner) = (taps.submit.take(), taps.worker.take(), taps.runner.take());
    let store = submit.iter().find(|one| one.has("[\"LPUSH\""))?;
    let mut scripts = worker.iter().filter(|one| one.has("[\"EVAL"));
    let claim = scripts.find(|one| one.began >= store.began)?;
    let call = runner.iter().find(|one| one.has("/execute "))?;
    let call_ended = call.ended?;
    let settle = scripts.find(|one| one.began >= call_ended)?;
    // The first look that came after the result was there.
    let mut looks = submit.iter().filter(|one| !one.has("[\"LPUSH\""));
    let look = looks.rfind(|one: &&Exchange| one.ended.is_some_and(|at| at <= seen))?;
    let cuts = [
        begun,
        store.began,
        store.ended?,
        claim.began,
        claim.ended?,
        call.began,
        call_ended,
        settle.began,
        settle.ended?,
        look.began,
        look.ended?,
        seen,
    ];
    let of: Vec<f64> = cuts
        .windows(2)
        .map(|pair| signed_ms(pair[0], pair[1]))
        .collect();
    let [a, b, c, d, e, call, f, g, h, i, j] = of.try_into().ok()?;
    Some([a, b, c, d, e, call - run_ms, run_ms, f, g, h, i, j])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Below zero where `to` is the earlier one: a look may begin before the result's
/// storing has been answered.
fn signed_ms(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(time) => ms(time),
        None => -ms(from - to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_data_of_the_last_event() {
        let text = "5\r\nretry: 1000\n\nid: q\nevent: queued\ndata: {}\n\n";
        assert_eq!(done(text), None);
        let more = format!("{text}\r\nid: done\nevent: done\ndata: {{\"verdict\":\"x\"}}");
        assert_eq!(done(&more), None, "the line may go on");
        assert_eq!(
            done(&format!("{more}\n\n")),
            Some(json!({ "verdict": "x" }))
        );
    }
}
