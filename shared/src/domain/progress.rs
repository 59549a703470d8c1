//! How far judging has come: the verdicts on the cases that have been run.
//!
//! A submission to a problem with many long cases can take longer than one
//! invocation may. Then its job goes back into the queue with this as the member
//! `progress`, `{"version","cases":[["Accepted",12,9000000],null,…]}`, and the next
//! invocation goes on with the cases that are `null`. Where a checker's points earned a
//! case a part of its weight, the millionths of that follow.

use super::answer::Usage;
use super::ids::ProblemVersion;
use super::share::Share;
use super::verdict::Verdict;
use crate::json::write::push_string;
use crate::json::{Json, Object};

/// The verdicts on the cases that have been run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The version of the problem.
    pub version: ProblemVersion,
    /// One entry for each case; `None` for a case that was not run.
    pub cases: Vec<Option<KnownCase>>,
}

/// What is known of a case that has been run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCase {
    /// Its verdict.
    pub verdict: Verdict,
    /// What its process used, if it had one of its own.
    pub usage: Usage,
    /// How much of its weight it earned.
    pub share: Share,
}

impl Progress {
    /// How many cases have been run.
    pub fn count(&self) -> usize {
        self.cases.iter().flatten().count()
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::from("{\"version\":");
        push_string(&mut json, self.version.as_str());
        json.push_str(",\"cases\":[");
        for (index, case) in self.cases.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            let Some(KnownCase {
                verdict,
                usage,
                share,
            }) = case
            else {
                json.push_str("null");
                continue;
            };
            json.push('[');
            push_string(&mut json, verdict.name());
            for number in [usage.cpu_time_ms, usage.memory_bytes] {
                json.push(',');
                match number {
                    Some(number) => json.push_str(&number.to_string()),
                    None => json.push_str("null"),
                }
            }
            if *share != verdict.share() {
                json.push(',');
                json.push_str(&share.millionths().to_string());
            }
            json.push(']');
        }
        json.push_str("]}");
        json
    }

    /// Reads it; `None` for anything else.
    pub(super) fn read(value: Json<'_>) -> Option<Self> {
        let members = Object::of(value).ok()?;
        let version = ProblemVersion::new(members.get("version")?.text()?);
        let cases = members.get("cases")?.items()?.map(|case| {
            if case.is_null() {
                return Some(None);
            }
            let mut parts = case.items()?;
            let verdict = Verdict::from_name(&parts.next()?.text()?)?;
            let usage = Usage {
                cpu_time_ms: parts.next()?.u64(),
                memory_bytes: parts.next()?.u64(),
            };
            let share = match parts.next() {
                Some(millionths) => Share::of_millionths(millionths.u64()?)?,
                None => verdict.share(),
            };
            Some(Some(KnownCase {
                verdict,
                usage,
                share,
            }))
        });
        Some(Self {
            version,
            cases: cases.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let usage = |cpu_time_ms, memory_bytes| Usage {
            cpu_time_ms,
            memory_bytes,
        };
        let known = |verdict: Verdict, usage, share| {
            Some(KnownCase {
                verdict,
                usage,
                share,
            })
        };
        let accepted = usage(Some(12), Some(9_000_000));
        let wrong = |share| known(Verdict::WrongAnswer, usage(None, None), share);
        let progress = Progress {
            version: ProblemVersion::new("v"),
            cases: vec![
                known(Verdict::Accepted, accepted, Share::FULL),
                None,
                wrong(Share::NONE),
                wrong(Share::of_points(0.4, 1.0).unwrap()),
            ],
        };
        let json = progress.to_json();
        assert_eq!(
            json,
            concat!(
                r#"{"version":"v","cases":[["Accepted",12,9000000],null,"#,
                r#"["Wrong Answer",null,null],["Wrong Answer",null,null,400000]]}"#
            )
        );
        let read = |text: &str| Progress::read(Json::parse(text.as_bytes()).unwrap());
        assert_eq!(read(&json), Some(progress.clone()));
        assert_eq!(progress.count(), 3);
        for bad in [
            "{}",
            "[]",
            r#"{"version":"v","cases":[["Fine",1,1]]}"#,
            r#"{"version":"v","cases":[["Accepted",1]]}"#,
            r#"{"version":"v","cases":[["Wrong Answer",1,1,1000001]]}"#,
            r#"{"version":"v","cases":[["Wrong Answer",1,1,"all"]]}"#,
            r#"{"version":"v","cases":[3]}"#,
            r#"{"version":1,"cases":[]}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
