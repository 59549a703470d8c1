//! A Redis that knows what `work.lua` is asked and answers. Whether the script
//! itself does this is tested on a real Redis, in `tests/queue`.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::mock_server::Shared;

/// The jobs, by number, and what became of them.
#[derive(Clone, Default)]
pub(crate) struct MockQueue {
    /// Those that wait, and whether each is isolated.
    pub(crate) waiting: VecDeque<(usize, bool)>,
    pub(crate) completed: Vec<usize>,
    /// The endpoint of each completed job.
    pub(crate) executors: Vec<String>,
    /// The result of each completed job.
    pub(crate) documents: Vec<Value>,
    pub(crate) released: usize,
    pub(crate) isolated: usize,
    pub(crate) retried: usize,
    /// With the pause of each, in milliseconds.
    pub(crate) snoozed: Vec<(usize, u64)>,
    /// The reasons of all retries.
    pub(crate) reasons: Vec<String>,
    /// Whether jobs that are to be tried again can be claimed again, at once.
    pub(crate) tries_again: bool,
    /// The failed attempts of those, by number.
    failures: BTreeMap<usize, Vec<String>>,
    /// The dead letters.
    pub(crate) dead: Vec<Value>,
    /// Settlements of any other kind, and dead letters.
    pub(crate) others: usize,
    /// Jobs of odd numbers are in Ruby, the others in Python.
    pub(crate) with_ruby: bool,
    /// Whether all jobs name an address that is told of their end.
    pub(crate) with_callbacks: bool,
    /// The problem `p` that all jobs are for: its version and its text.
    pub(crate) problem: Option<(String, String)>,
    /// What becomes of the problem after it was looked up the next time.
    pub(crate) published_next: Option<(String, String)>,
    /// The answer to every reading of a problem's text, in the place of the text.
    pub(crate) problem_error: Option<(u16, Value)>,
    /// Whether nothing can be written that takes more room.
    pub(crate) full: bool,
    /// The commands, without their arguments.
    pub(crate) commands: Vec<String>,
    /// How many look-ups of problems are still answered; `None`: all.
    pub(crate) look_ups_left: Option<usize>,
    /// Whether a claim tells the versions of its jobs' problems. It does not tell those
    /// of a foreign producer's jobs.
    pub(crate) tells_versions: bool,
    /// The stamp of the problems. They change with each claim.
    stamp: usize,
    /// How many calls claimed.
    pub(crate) claims: usize,
    /// How many of them asked how many jobs others would find.
    pub(crate) asked_others: usize,
}

impl MockQueue {
    pub(crate) fn of(jobs: usize) -> Shared<Self> {
        Shared::new(Self {
            waiting: (0..jobs).map(|number| (number, false)).collect(),
            ..Self::default()
        })
    }

    /// Answers a command, or several.
    pub(crate) fn answer(&mut self, body: &Value) -> (u16, Value) {
        let Some(Value::Array(_)) = body.get(0) else {
            return self.answer_one(body);
        };
        let commands = body.as_array().unwrap().iter();
        let answers = commands.map(|command| self.answer_one(command).1);
        (200, answers.collect())
    }

    fn answer_one(&mut self, command: &Value) -> (u16, Value) {
        let words: Vec<String> = command.as_array().map_or_else(Vec::new, |words| {
            let text = |word: &Value| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            };
            words.iter().map(text).collect()
        });
        self.commands.push(words[0].clone());
        match words[0].as_str() {
            "EVALSHA" => {}
            "HMGET" => return self.look_up(words.len() - 2),
            "HGET" => return (200, json!({"result": self.catalog_entry()})),
            "GET" => return self.problem_text(),
            "EXISTS" => {
                return (
                    200,
                    json!({"result": usize::from(!self.waiting.is_empty())}),
                );
            }
            "LLEN" => {
                let length = if words[1] == "problems" {
                    self.waiting.len()
                } else {
                    0
                };
                return (200, json!({ "result": length }));
            }
            other => panic!("{other}"),
        }
        // The script, the number of keys, the keys.
        let keys: usize = words[2].parse().unwrap();
        let arguments = &words[3 + keys..];
        if self.full
            && arguments[11..]
                .iter()
                .any(|word| word == "complete" || word == "replace")
        {
            let message = "ERR OOM command not allowed when used memory > 'maxmemory'.";
            return (400, json!({ "error": message }));
        }
        self.settle(&arguments[11..]);
        let want: usize = arguments[0].parse().unwrap();
        self.claims += usize::from(want > 0);
        let asks_others = arguments[6].contains("others");
        self.asked_others += usize::from(want > 0 && asks_others);
        let cap: usize = arguments[1].parse().unwrap();
        self.claim(want, asks_others.then(|| cap.saturating_sub(want)))
    }

    fn look_up(&mut self, ids: usize) -> (u16, Value) {
        if let Some(left) = &mut self.look_ups_left {
            let Some(fewer) = left.checked_sub(1) else {
                return (500, json!({"error": "ERR"}));
            };
            *left = fewer;
        }
        let entries = vec![self.catalog_entry(); ids];
        if let Some(next) = self.published_next.take() {
            self.problem = Some(next);
        }
        (200, json!({ "result": entries }))
    }

    fn catalog_entry(&self) -> Value {
        self.problem.as_ref().map_or(Value::Null, |(version, _)| {
            STANDARD
                .encode(json!({ "version": version }).to_string())
                .into()
        })
    }

    fn problem_text(&self) -> (u16, Value) {
        if let Some(error) = &self.problem_error {
            return error.clone();
        }
        let text = self.problem.as_ref();
        let text = text.map_or(Value::Null, |(_, text)| STANDARD.encode(text).into());
        (200, json!({ "result": text }))
    }

    /// `room` under the cap is told where it is asked for.
    fn claim(&mut self, want: usize, room: Option<usize>) -> (u16, Value) {
        let base64 = |text: &str| Value::from(STANDARD.encode(text));
        let mut jobs: Vec<Value> = Vec::new();
        while jobs.len() < 3 * want {
            let Some((number, isolated)) = self.waiting.pop_front() else {
                break;
            };
            let mark = if isolated { "!" } else { "" };
            let ruby = self.with_ruby && number % 2 == 1;
            let language = if ruby { "ruby" } else { "python" };
            let mut job =
                json!({"problemId": "p", "code": number.to_string(), "language": language});
            if self.with_callbacks {
                job["callbackUrl"] = "https://hooks.site.org/".into();
            }
            let failures = self.failures.get(&number).map_or(&[][..], Vec::as_slice);
            let attempt = failures.len() + 1;
            jobs.push(base64(&format!("{attempt}{mark}.normal.{number}")));
            jobs.push(base64(&job.to_string()));
            jobs.push(base64(&failures.join(",")));
            if isolated {
                break;
            }
        }
        // An isolated job is claimed alone.
        let status = if jobs.is_empty() && want > 0 {
            "empty"
        } else {
            "more"
        };
        let entries = if self.tells_versions && !jobs.is_empty() {
            self.look_up(1).1["result"].as_array().unwrap().clone()
        } else {
            Vec::new()
        };
        let entries: Vec<Value> = entries
            .into_iter()
            .flat_map(|entry| [base64("p"), entry])
            .collect();
        self.stamp += 1;
        let stamp = base64(&self.stamp.to_string());
        let others = room.map_or(0, |room| room.min(self.waiting.len()));
        let reply = json!([base64(status), jobs, stamp, entries, [], 3, 9, others]);
        (200, json!({ "result": reply }))
    }

    fn settle(&mut self, mut words: &[String]) {
        let mut back = Vec::new();
        while let [kind, token, rest @ ..] = words {
            let number: usize = token.rsplit('.').next().unwrap().parse().unwrap();
            let isolated = token.contains('!');
            let arguments = match kind.as_str() {
                "complete" | "replace" => {
                    let document: Value =
                        serde_json::from_str(rest[2].lines().next().unwrap()).unwrap();
                    self.executors
                        .push(document["executor"].as_str().unwrap().to_owned());
                    self.documents.push(document);
                    self.completed.push(number);
                    8
                }
                "release" => {
                    self.released += 1;
                    back.push((number, isolated));
                    0
                }
                "isolate" => {
                    self.isolated += 1;
                    back.push((number, true));
                    0
                }
                "retry" => {
                    self.retried += 1;
                    self.reasons.push(rest[1].clone());
                    if self.tries_again {
                        let failures = self.failures.entry(number).or_default();
                        failures.push(rest[1].clone());
                        self.waiting.push_back((number, isolated));
                    }
                    2
                }
                "snooze" => {
                    self.snoozed.push((number, rest[0].parse().unwrap()));
                    1
                }
                "dead_letter" => {
                    self.others += 1;
                    self.dead.push(serde_json::from_str(&rest[4]).unwrap());
                    7
                }
                _ => {
                    self.others += 1;
                    7
                }
            };
            words = &rest[arguments..];
        }
        for job in back.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }
}
