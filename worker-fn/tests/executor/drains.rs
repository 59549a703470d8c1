//! Drains: several endpoints, jobs that need several calls, and the calls of an
//! invocation. Redis is a stand-in, too, that knows what `work.lua` is asked and
//! answers.
//!
//! One test, because a drain remembers its endpoints as long as the instance
//! lives; its parts lie an hour apart.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use worker_fn::app::{App, CRON};
use worker_fn::config::Config;
use worker_fn::report::Report;

use crate::stand_in::{Asked, Shared, StandIn};
use crate::world::{SURROUNDINGS, alone, pass_ms};

/// What waits, and what became of the rest.
#[derive(Clone, Default)]
struct Queue {
    /// Numbers of jobs, and whether each is to be run by itself.
    waiting: VecDeque<(usize, bool)>,
    done: Vec<usize>,
    /// Who ran them.
    executors: Vec<String>,
    back: usize,
    alone: usize,
    retried: usize,
    /// What waits for its time.
    later: Vec<usize>,
    /// Jobs of odd numbers are in Ruby, the others in Python.
    ruby: bool,
    /// How many look-ups of problems are still answered, where not all are.
    look_ups: Option<usize>,
    /// How many calls claimed.
    claims: usize,
    odd: usize,
}

impl Queue {
    fn of(jobs: usize) -> Shared<Self> {
        Shared::new(Self {
            waiting: (0..jobs).map(|number| (number, false)).collect(),
            ..Self::default()
        })
    }

    /// Answers a command.
    fn answer(&mut self, command: &Value) -> (u16, Value) {
        let words: Vec<String> = command.as_array().map_or_else(Vec::new, |words| {
            let text = |word: &Value| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            };
            words.iter().map(text).collect()
        });
        let base64 = |text: &str| Value::from(STANDARD.encode(text));
        if words[0] != "EVAL" {
            if let Some(left) = &mut self.look_ups {
                let Some(fewer) = left.checked_sub(1) else {
                    return (500, json!({"error": "ERR"}));
                };
                *left = fewer;
            }
            // No problem is known.
            let nothing: Vec<Value> = words.iter().skip(2).map(|_| Value::Null).collect();
            return (200, json!({ "result": nothing }));
        }
        // The script, the number of keys, the keys.
        let keys: usize = words[2].parse().unwrap();
        let arguments = &words[3 + keys..];
        self.settle(&arguments[5..]);
        let want: usize = arguments[0].parse().unwrap();
        self.claims += usize::from(want > 0);
        let mut jobs: Vec<Value> = Vec::new();
        while jobs.len() < 3 * want {
            let Some((number, by_itself)) = self.waiting.pop_front() else {
                break;
            };
            let mark = if by_itself { "!" } else { "" };
            let ruby = self.ruby && number % 2 == 1;
            let language = if ruby { "ruby" } else { "python" };
            let job = json!({"problemId": "p", "code": number.to_string(), "language": language});
            jobs.push(base64(&format!("1{mark}.normal.{number}")));
            jobs.push(base64(&job.to_string()));
            jobs.push(base64(""));
            if by_itself {
                break;
            }
        }
        let state = if jobs.is_empty() && want > 0 {
            "empty"
        } else {
            "open"
        };
        (200, json!({"result": [base64(state), jobs]}))
    }

    fn settle(&mut self, mut words: &[String]) {
        let mut back = Vec::new();
        while let [kind, handle, rest @ ..] = words {
            let number: usize = handle.rsplit('.').next().unwrap().parse().unwrap();
            let by_itself = handle.contains('!');
            let more = match kind.as_str() {
                "done" => {
                    let document: Value =
                        serde_json::from_str(rest[2].lines().next().unwrap()).unwrap();
                    self.executors
                        .push(document["executor"].as_str().unwrap().to_owned());
                    self.done.push(number);
                    6
                }
                "back" => {
                    self.back += 1;
                    back.push((number, by_itself));
                    0
                }
                "alone" => {
                    self.alone += 1;
                    back.push((number, true));
                    0
                }
                "retry" => {
                    self.retried += 1;
                    2
                }
                "later" => {
                    assert_eq!(rest[0], "30000");
                    self.later.push(number);
                    1
                }
                _ => {
                    self.odd += 1;
                    5
                }
            };
            words = &rest[more..];
        }
        for job in back.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }
}

/// One fresh invocation.
async fn invocation(stand_in: &StandIn, variables: &[(&str, String)]) -> Report {
    let config = Config::from_lookup(&|name| match name {
        "UPSTASH_REDIS_REST_URL" => Some(stand_in.url.clone()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        _ => {
            let mut all = variables.iter();
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        }
    });
    App::new(config, SURROUNDINGS).drain(CRON).await.unwrap()
}

/// A Judge0 that gives only tokens; each has ended when it is asked for the second
/// time. So a job takes three calls, and sees to five.
fn slow_judge(asked: &Asked, looks: &Shared<Vec<usize>>) -> (u16, Value) {
    if asked.path.ends_with("/languages") {
        return (200, json!([{"id": 71, "name": "Python (3.8.1)"}]));
    }
    looks.with(|looks| {
        if asked.method == "POST" {
            looks.push(0);
            return (201, json!({"token": (looks.len() - 1).to_string()}));
        }
        let token = asked.path.rsplit('/').next().unwrap();
        let seen = &mut looks[token.parse::<usize>().unwrap()];
        *seen += 1;
        let id = if *seen < 2 { 2 } else { 3 };
        (
            200,
            json!({"token": token, "status": {"id": id}, "exit_code": 0}),
        )
    })
}

async fn jobs_of_several_calls_keep_to_the_budget() {
    const BUDGET: usize = 24;
    let queue = Queue::of(14);
    let (held, looks) = (queue.clone(), Shared::new(Vec::new()));
    let stand_in = StandIn::start(move |asked| {
        if asked.path.starts_with("/judge0") {
            slow_judge(asked, &looks)
        } else {
            held.with(|queue| queue.answer(&asked.body))
        }
    })
    .await;
    let variables = [
        ("EXECUTOR_KIND", "judge0".to_owned()),
        ("EXECUTOR_URL", format!("{}/judge0", stand_in.url)),
        ("SUBREQUEST_BUDGET", BUDGET.to_string()),
    ];
    let mut before = 0;
    for _ in 0..14 {
        let report = invocation(&stand_in, &variables).await;
        assert_eq!(report.trouble, None);
        let calls = stand_in.asked().len() - before;
        before += calls;
        // One is kept for the hand-over.
        assert!(calls < BUDGET, "{calls}");
        if queue.get().waiting.is_empty() {
            break;
        }
        assert!(report.hand_over, "{report:?}");
    }
    let queue = queue.get();
    let mut done = queue.done.clone();
    done.sort_unstable();
    assert_eq!(done, (0..14).collect::<Vec<_>>());
    assert!(queue.back > 0, "some had to wait for the next invocation");
    assert_eq!((queue.alone, queue.retried, queue.odd), (0, 0, 0));
    assert!(stand_in.most_in_flight() <= 6);
}

/// A Piston of two under one roof, and Redis.
async fn two(
    queue: &Shared<Queue>,
    first: u16,
    second: u16,
) -> (StandIn, [(&'static str, String); 1]) {
    let held = queue.clone();
    let stand_in = StandIn::start(move |asked| {
        let status = match asked.path.get(..3) {
            Some("/a/") => first,
            Some("/b/") => second,
            _ => return held.with(|queue| queue.answer(&asked.body)),
        };
        if asked.path.ends_with("/runtimes") {
            let all = json!([{"language": "python", "version": "3.8.1", "aliases": []}]);
            // It lists what it has as long as it is there at all.
            return (if status == 0 { 0 } else { 200 }, all);
        }
        let stage = json!({"stdout": "", "stderr": "", "output": "", "code": 0});
        (status, json!({"version": "1", "run": stage}))
    })
    .await;
    let url = &stand_in.url;
    let list = json!([{"name": "a", "url": format!("{url}/a")},
                      {"name": "b", "url": format!("{url}/b")}]);
    (stand_in, [("EXECUTORS", list.to_string())])
}

async fn an_endpoint_that_is_away_is_passed_over_at_once(status: u16) {
    let queue = Queue::of(14);
    let (stand_in, variables) = two(&queue, status, 200).await;
    let report = invocation(&stand_in, &variables).await;
    let queue = queue.get();
    assert_eq!(report.trouble, None, "{status}");
    assert_eq!((report.done, report.retried), (14, 0), "{status}");
    assert_eq!(queue.executors, vec!["b"; 14]);
    assert!(
        stand_in.count("POST", "/a/execute") <= 6,
        "the first wave at most"
    );
    assert!(stand_in.most_in_flight() <= 6);
}

async fn with_none_left_everything_goes_back() {
    let queue = Queue::of(14);
    let (stand_in, variables) = two(&queue, 503, 503).await;
    let report = invocation(&stand_in, &variables).await;
    let queue = queue.get();
    assert!(report.trouble.is_some());
    assert_eq!(
        (report.done, queue.done.len(), queue.retried, queue.odd),
        (0, 0, 0, 0)
    );
    let mut numbers: Vec<usize> = queue.waiting.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..14).collect::<Vec<_>>());
}

/// Ruby's only endpoint is away: Python's jobs are done all the same, and Ruby's
/// wait without an attempt that counts. `list` and `run`: how the one answers.
async fn jobs_of_another_language_do_not_wait_for_one_that_is_away(list: u16, run: u16) {
    let queue = Queue::of(40);
    queue.with(|queue| queue.ruby = true);
    let held = queue.clone();
    let stand_in = StandIn::start(move |asked| {
        let stage = json!({"stdout": "", "stderr": "", "output": "", "code": 0});
        let runtimes = |name| json!([{"language": name, "version": "1.0", "aliases": []}]);
        match asked.path.as_str() {
            "/a/runtimes" => (200, runtimes("python")),
            "/b/runtimes" => (list, runtimes("ruby")),
            "/a/execute" => (200, json!({"version": "1", "run": stage})),
            "/b/execute" => (run, json!({"message": "m"})),
            _ => held.with(|queue| queue.answer(&asked.body)),
        }
    })
    .await;
    let url = &stand_in.url;
    let list = json!([{"name": "a", "url": format!("{url}/a")},
                      {"name": "b", "url": format!("{url}/b")}]);
    let variables = [
        ("EXECUTORS", list.to_string()),
        ("SUBREQUEST_BUDGET", "100".to_owned()),
    ];
    let report = invocation(&stand_in, &variables).await;
    let queue = queue.get();
    assert_eq!(report.trouble, None, "{report:?}");
    assert_eq!((report.done, report.put_back), (20, 20), "{report:?}");
    let (mut done, mut later) = (queue.done, queue.later);
    done.sort_unstable();
    later.sort_unstable();
    assert!(done.iter().all(|number| number % 2 == 0), "{done:?}");
    assert_eq!(later, (0..20).map(|at| 2 * at + 1).collect::<Vec<_>>());
    assert_eq!(
        (queue.back, queue.alone, queue.retried, queue.odd),
        (0, 0, 0, 0)
    );
    assert!(
        stand_in.count("POST", "/b/execute") <= 6,
        "the first wave at most"
    );
}

/// When problems cannot be looked up, nothing more is claimed, whatever else asks
/// for it: here a job that is to be tried again by itself.
async fn without_look_ups_nothing_is_claimed() {
    let queue = Queue::of(20);
    queue.with(|queue| queue.look_ups = Some(1));
    let held = queue.clone();
    let stand_in = StandIn::start(move |asked| {
        let stage = json!({"stdout": "", "stderr": "", "output": "", "code": 0});
        match asked.path.as_str() {
            "/a/runtimes" => (200, json!([])),
            // The last of the first group is not answered.
            "/a/execute" if asked.body["files"][0]["content"] == "11" => (0, json!(null)),
            "/a/execute" => (200, json!({"version": "1", "run": stage})),
            _ => held.with(|queue| queue.answer(&asked.body)),
        }
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", stand_in.url))];
    let report = invocation(&stand_in, &variables).await;
    assert!(report.trouble.is_some() && !report.hand_over, "{report:?}");
    let queue = queue.get();
    assert_eq!((queue.claims, queue.alone), (2, 1), "{report:?}");
    assert_eq!(queue.waiting.len() + queue.done.len(), 20);
}

/// One endpoint, as ever: what is not answered, and not answered when it is run
/// by itself either, is the job's doing.
async fn a_single_endpoint_that_is_there_has_its_job_suspected() {
    let queue = Queue::of(3);
    let held = queue.clone();
    let stand_in = StandIn::start(move |asked| {
        let stage = json!({"stdout": "", "stderr": "", "output": "", "code": 0});
        match asked.path.as_str() {
            "/a/runtimes" => (200, json!([])),
            "/a/execute" if asked.body["files"][0]["content"] == "1" => (0, json!(null)),
            "/a/execute" => (200, json!({"version": "1", "run": stage})),
            _ => held.with(|queue| queue.answer(&asked.body)),
        }
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", stand_in.url))];
    let report = invocation(&stand_in, &variables).await;
    let queue = queue.get();
    assert_eq!(
        (queue.alone, queue.retried, queue.back),
        (1, 1, 0),
        "{report:?}"
    );
    let mut done = queue.done.clone();
    done.sort_unstable();
    assert_eq!(done, [0, 2]);
}

#[test]
fn drains() {
    alone(async {
        jobs_of_several_calls_keep_to_the_budget().await;
        pass_ms(3_600_000);
        an_endpoint_that_is_away_is_passed_over_at_once(503).await;
        pass_ms(3_600_000);
        an_endpoint_that_is_away_is_passed_over_at_once(0).await;
        pass_ms(3_600_000);
        with_none_left_everything_goes_back().await;
        pass_ms(3_600_000);
        a_single_endpoint_that_is_there_has_its_job_suspected().await;
        pass_ms(3_600_000);
        jobs_of_another_language_do_not_wait_for_one_that_is_away(200, 503).await;
        pass_ms(3_600_000);
        jobs_of_another_language_do_not_wait_for_one_that_is_away(502, 503).await;
        pass_ms(3_600_000);
        without_look_ups_nothing_is_claimed().await;
    });
}
