//! One hostile program, and what has to be said of it.

use serde_json::{Value, json};

use crate::host::{As, Host, In, users};
use crate::landlock;

/// What the report must say of the run, or of the compilation if that failed.
#[derive(Debug, Clone, Copy)]
pub enum Says {
    /// Exit code 0 and exactly this on standard output, its end trimmed.
    Prints(&'static str),
    /// An exit code.
    Exits(i64),
    /// Ended by this signal, and by no limit.
    Dies(&'static str),
    /// Ended for one of these limits, separated by `|`.
    Over(&'static str),
    /// The compiler refused it: exit code not zero, and this in its words.
    Refused(&'static str),
    /// Nothing is promised of what it says; of the machine everything is.
    Anything,
}

/// Name, language, program, further fields of the request, and the report.
pub struct Case(
    pub &'static str,
    pub &'static str,
    pub &'static str,
    pub &'static str,
    pub Says,
);

impl Case {
    /// What is wrong with the answer, if anything.
    fn fault(&self, says: Says, answer: &Value) -> Option<String> {
        let run = &answer["run"];
        let ended = (&run["code"], &run["signal"], &run["limit"]);
        let holds = match says {
            Says::Prints(text) => {
                run["code"] == 0
                    && run["stdout"]
                        .as_str()
                        .is_some_and(|out| out.trim_end() == text)
            }
            Says::Exits(code) => ended == (&json!(code), &Value::Null, &Value::Null),
            Says::Dies(signal) => ended == (&Value::Null, &json!(signal), &Value::Null),
            Says::Over(limits) => {
                run["code"] == Value::Null
                    && run["limit"]
                        .as_str()
                        .is_some_and(|limit| limits.split('|').any(|known| known == limit))
            }
            Says::Anything => true,
            Says::Refused(word) => {
                answer["compile"]["code"]
                    .as_i64()
                    .is_some_and(|code| code > 0)
                    && answer["compile"]["stderr"]
                        .as_str()
                        .is_some_and(|words| words.contains(word))
            }
        };
        (!holds).then(|| format!("expected {says:?}, got {run}"))
    }
}

/// Runs the programs one after the other, as every user there is, and looks at
/// report and machine after each.
pub async fn all_hold(tier: In, languages: &[&str], extra: &str, cases: &[Case]) {
    if tier == In::Landlock && !landlock::is_here() {
        return;
    }
    for user in users() {
        let host = Host::start_in(tier, user, languages, extra);
        hold(host, tier, user, cases).await;
    }
}

async fn hold(mut host: Host, tier: In, user: As, cases: &[Case]) {
    let mut faults = Vec::new();
    for case in cases {
        let more = if case.3.is_empty() { "{}" } else { case.3 };
        let more: Value = serde_json::from_str(more).unwrap();
        let answer = host.run(case.1, case.2, &more).await;
        let says = match tier {
            In::Full => case.4,
            In::Landlock => landlock::says(case.0).unwrap_or(case.4),
        };
        let mut fault: Vec<String> = case.fault(says, &answer).into_iter().collect();
        fault.extend(host.damage(&answer));
        if answer["sandbox"] != tier.name() {
            fault.push(format!("not in the tier {}", tier.name()));
        }
        if !fault.is_empty() {
            faults.push(format!("{} as {user:?}: {}", case.0, fault.join("; ")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
