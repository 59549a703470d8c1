//! A Redis that knows what `work.lua` is asked and answers. Whether the script
//! itself does this is tested on a real Redis, in `tests/queue`.

use std::collections::VecDeque;

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
    pub(crate) released: usize,
    pub(crate) isolated: usize,
    pub(crate) retried: usize,
    pub(crate) snoozed: Vec<usize>,
    /// Settlements of any other kind.
    pub(crate) others: usize,
    /// Jobs of odd numbers are in Ruby, the others in Python.
    pub(crate) with_ruby: bool,
    /// How many look-ups of problems are still answered; `None`: all.
    pub(crate) look_ups_left: Option<usize>,
    /// How many calls claimed.
    pub(crate) claims: usize,
}

impl MockQueue {
    pub(crate) fn of(jobs: usize) -> Shared<Self> {
        Shared::new(Self {
            waiting: (0..jobs).map(|number| (number, false)).collect(),
            ..Self::default()
        })
    }

    /// Answers a command: `work.lua`, or the look-up of problems.
    pub(crate) fn answer(&mut self, command: &Value) -> (u16, Value) {
        let words: Vec<String> = command.as_array().map_or_else(Vec::new, |words| {
            let text = |word: &Value| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            };
            words.iter().map(text).collect()
        });
        if words[0] != "EVAL" {
            return self.look_up(words.len() - 2);
        }
        // The script, the number of keys, the keys.
        let keys: usize = words[2].parse().unwrap();
        let arguments = &words[3 + keys..];
        self.settle(&arguments[6..]);
        let want: usize = arguments[0].parse().unwrap();
        self.claims += usize::from(want > 0);
        self.claim(want)
    }

    /// No problem is known.
    fn look_up(&mut self, ids: usize) -> (u16, Value) {
        if let Some(left) = &mut self.look_ups_left {
            let Some(fewer) = left.checked_sub(1) else {
                return (500, json!({"error": "ERR"}));
            };
            *left = fewer;
        }
        (200, json!({ "result": vec![Value::Null; ids] }))
    }

    fn claim(&mut self, want: usize) -> (u16, Value) {
        let base64 = |text: &str| Value::from(STANDARD.encode(text));
        let mut jobs: Vec<Value> = Vec::new();
        while jobs.len() < 3 * want {
            let Some((number, isolated)) = self.waiting.pop_front() else {
                break;
            };
            let mark = if isolated { "!" } else { "" };
            let ruby = self.with_ruby && number % 2 == 1;
            let language = if ruby { "ruby" } else { "python" };
            let job = json!({"problemId": "p", "code": number.to_string(), "language": language});
            jobs.push(base64(&format!("1{mark}.normal.{number}")));
            jobs.push(base64(&job.to_string()));
            jobs.push(base64(""));
            if isolated {
                break;
            }
        }
        let status = if jobs.is_empty() && want > 0 {
            "empty"
        } else {
            "more"
        };
        (200, json!({"result": [base64(status), jobs]}))
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
                    let executor = document["executor"].as_str().unwrap();
                    self.executors.push(executor.to_owned());
                    self.completed.push(number);
                    6
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
                    2
                }
                "snooze" => {
                    assert_eq!(rest[0], "30000");
                    self.snoozed.push(number);
                    1
                }
                _ => {
                    self.others += 1;
                    5
                }
            };
            words = &rest[arguments..];
        }
        for job in back.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }
}
