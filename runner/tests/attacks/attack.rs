//! One hostile program, and what its report must say.

use serde_json::{Value, json};

use crate::host::{Host, RunnerUser};

/// What the report must say about the run, or about the compilation if that failed.
#[derive(Debug, Clone, Copy)]
pub enum Expect {
    /// Exit code 0 and exactly this standard output, without trailing white space.
    Prints(&'static str),
    /// This exit code.
    Exits(i64),
    /// The program was ended by this signal and by no limit.
    KilledBy(&'static str),
    /// The program was ended by one of these limits, separated by `|`.
    LimitExceeded(&'static str),
    /// The compiler failed with an exit code and this text in its error output.
    CompileError(&'static str),
    /// Any report. The machine must be untouched all the same.
    Anything,
}

/// Name, language, program, further members of the request as JSON, and the
/// expected report in the tier `full`.
pub struct Attack(
    pub &'static str,
    pub &'static str,
    pub &'static str,
    pub &'static str,
    pub Expect,
);

impl Expect {
    /// What is wrong with the response, if anything.
    fn mismatch(self, response: &Value) -> Option<String> {
        let run = &response["run"];
        let ended = (&run["code"], &run["signal"], &run["limit"]);
        let holds = match self {
            Self::Prints(text) => {
                run["code"] == 0
                    && run["stdout"]
                        .as_str()
                        .is_some_and(|out| out.trim_end() == text)
            }
            Self::Exits(code) => ended == (&json!(code), &Value::Null, &Value::Null),
            Self::KilledBy(signal) => ended == (&Value::Null, &json!(signal), &Value::Null),
            Self::LimitExceeded(limits) => {
                run["code"] == Value::Null
                    && run["limit"]
                        .as_str()
                        .is_some_and(|limit| limits.split('|').any(|known| known == limit))
            }
            Self::Anything => true,
            Self::CompileError(text) => {
                let compile = &response["compile"];
                compile["code"].as_i64().is_some_and(|code| code > 0)
                    && compile["stderr"]
                        .as_str()
                        .is_some_and(|stderr| stderr.contains(text))
            }
        };
        (!holds).then(|| format!("expected {self:?}, got {run}"))
    }
}

/// Runs the attacks one after the other and checks report and machine after each.
/// Returns what went wrong. `expect` is the expected report of an attack.
pub async fn run_attacks(
    host: &mut Host,
    user: RunnerUser,
    attacks: &[Attack],
    expect: impl Fn(&Attack) -> Expect,
) -> Vec<String> {
    let mut failures = Vec::new();
    for attack in attacks {
        let Attack(name, language, code, members, _) = attack;
        let members = if members.is_empty() { "{}" } else { members };
        let members: Value = serde_json::from_str(members).unwrap();
        if host.is_warm() {
            host.waiting().await;
        }
        let response = host.run(language, code, &members).await;
        let mut problems: Vec<String> = expect(attack).mismatch(&response).into_iter().collect();
        problems.extend(host.damage(&response).await);
        if response["sandbox"] != host.tier().as_str() {
            problems.push(format!("not in the tier {}", host.tier().as_str()));
        }
        if !problems.is_empty() {
            failures.push(format!("{name} as {user:?}: {}", problems.join("; ")));
        }
    }
    failures
}
