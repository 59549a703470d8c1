//! Parses the JSON of an execute request to a [`Submission`], or to an
//! [`InvalidRequest`] with Piston's message.
//!
//! The body is read as untyped JSON, because Piston checks it in JavaScript: it
//! treats missing, null, empty and zero alike, checks in a fixed order, and returns
//! the first finding. Source: `api/src/api/v2.js`.
//!
//! Where Piston's own code throws and it answers 500, or 400 with an empty object,
//! this answers 400 with a message: for file names that leave the folder (absolute
//! ones included), and for `stdin`, `args` or names of a wrong type.

use std::time::Duration;

use serde_json::Value;

use crate::config::{RequestLimits, StageLimits};
use crate::invalid_request::{InvalidRequest, invalid};
use crate::piston_values::falsy;
use crate::probe::{Runtime, Runtimes};
pub use crate::request_cases::Case;
use crate::request_cases::{parse_cases, with_newline};
use crate::request_files::{SubmittedFiles, parse_files};
use crate::request_limits::{parse_answer_limit, parse_limits};
use crate::sandbox::File;

/// What a client asks to run, checked.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The runtime that was selected.
    pub runtime: Runtime,
    /// Every file, with names that stay inside the folder.
    pub files: Vec<File>,
    /// Name of the file that is run.
    pub main: String,
    /// Names of the source files, the main file first.
    pub sources: Vec<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Standard input. Ends with a newline.
    pub stdin: Vec<u8>,
    /// Several runs, instead of one with `stdin`.
    pub cases: Option<Vec<Case>>,
    /// Whether no further case is run after one that failed.
    pub stop_at_first_failure: bool,
    /// How long after the request's arrival another case may start. `None`: no
    /// limit.
    pub cases_timeout: Option<Duration>,
    /// How long it may wait for a slot. `None`: no limit.
    pub queue_timeout: Option<Duration>,
    /// How long it has waited elsewhere.
    pub queue_age: Duration,
    /// The requested limits, or the configured ones.
    pub limits: StageLimits,
    /// Whether the response has each stream by itself only, and no run twice.
    pub separate_streams: bool,
    /// Bytes that the whole response may take.
    pub answer_bytes: usize,
}

/// Every member that is read. Others are skipped.
pub(crate) const MEMBERS: &[&str] = &[
    "language",
    "version",
    "files",
    "stdin",
    "args",
    "cases",
    "cases_timeout",
    "stop_at_first_failure",
    "queue_timeout",
    "queue_age",
    "streams",
    "allowance",
    "answer_limit",
    "compile_memory_limit",
    "run_memory_limit",
    "compile_timeout",
    "run_timeout",
    "compile_cpu_time",
    "run_cpu_time",
    "run_output_limit",
    "run_stderr_limit",
];

/// Checks a request in Piston's order.
pub fn parse(
    body: &Value,
    runtimes: &Runtimes,
    configured: &RequestLimits,
) -> Result<Submission, InvalidRequest> {
    let language = required_text(body, "language")?;
    let selector = required_text(body, "version")?;
    let Some(files) = body["files"].as_array() else {
        return invalid("files is required as an array");
    };
    for (index, file) in files.iter().enumerate() {
        if !file["content"].is_string() {
            return invalid(format!("files[{index}].content is required as a string"));
        }
    }
    let Some(runtime) = runtimes.find(language, selector) else {
        return invalid(format!("{language}-{selector} runtime is unknown"));
    };
    if !files
        .iter()
        .any(|file| falsy(&file["encoding"]) || file["encoding"] == "utf8")
    {
        return invalid("files must include at least one utf8 encoded file");
    }
    let limits = parse_limits(body, configured, &runtime.language)?;
    let args = parse_args(&body["args"])?;
    let stdin = parse_stdin(&body["stdin"])?;
    let stop_at_first_failure = match &body["stop_at_first_failure"] {
        Value::Bool(stop) => *stop,
        Value::Null => false,
        _ => return invalid("stop_at_first_failure must be a boolean"),
    };
    let cases_timeout = parse_timeout(&body["cases_timeout"], "cases_timeout")?;
    let queue_timeout = parse_timeout(&body["queue_timeout"], "queue_timeout")?;
    let queue_age = parse_timeout(&body["queue_age"], "queue_age")?.unwrap_or_default();
    let separate_streams = match body["streams"].as_str() {
        Some("separate") => true,
        None if body["streams"].is_null() => false,
        _ => return invalid("streams must be \"separate\", or absent"),
    };
    let answer_bytes = parse_answer_limit(&body["answer_limit"], configured.answer_bytes)?;
    let SubmittedFiles {
        files,
        main,
        sources,
    } = parse_files(files, runtime)?;
    let cases = parse_cases(&body["cases"], &files)?;
    Ok(Submission {
        runtime: runtime.clone(),
        files,
        main,
        sources,
        args,
        stdin,
        cases,
        stop_at_first_failure,
        cases_timeout,
        queue_timeout,
        queue_age,
        limits,
        separate_streams,
        answer_bytes,
    })
}

fn required_text<'a>(body: &'a Value, name: &str) -> Result<&'a str, InvalidRequest> {
    match body[name].as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => invalid(format!("{name} is required as a string")),
    }
}

fn parse_args(value: &Value) -> Result<Vec<String>, InvalidRequest> {
    let args = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(args) => args,
        _ => return invalid("args must be an array of strings"),
    };
    args.iter()
        .map(|arg| match arg {
            Value::String(text) if !text.contains('\0') => Ok(text.clone()),
            // Node converts these to text as well.
            Value::Number(_) | Value::Bool(_) => Ok(arg.to_string()),
            _ => invalid("args must be an array of strings"),
        })
        .collect()
}

/// Parses `cases_timeout`, in ms. Unlike in Piston's own fields, 0 is a number: a
/// caller with no time left wants one case, not all of them.
fn parse_timeout(value: &Value, name: &str) -> Result<Option<Duration>, InvalidRequest> {
    let millis = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        _ => return invalid(format!("If specified, {name} must be a number")),
    };
    if millis < 0.0 {
        return invalid(format!("{name} must be non-negative"));
    }
    // A time too long for a Duration is no limit.
    Ok(Duration::try_from_secs_f64(millis / 1000.0).ok())
}

fn parse_stdin(value: &Value) -> Result<Vec<u8>, InvalidRequest> {
    match value {
        Value::Null => Ok(with_newline("")),
        Value::String(text) => Ok(with_newline(text)),
        _ => invalid("stdin must be a string"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::config::LEAST_ANSWER_BYTES;
    use crate::request_cases::MAX_CASES;
    use crate::sandbox::Limits;
    use fuzz::fuzz;

    fn runtimes() -> Runtimes {
        let table = "
[[language]]
name = 'python'
aliases = ['py']
program = ['python3']
version = []
run = ['{program}', '{file}']

[[language]]
name = 'c'
program = ['gcc']
version = []
file_name = 'main.c'
endings = ['c']
run = ['./a.out']
";
        let languages = crate::languages::parse(table).unwrap();
        let runtime = |language| Runtime {
            language,
            version: semver::Version::new(3, 11, 7),
            program: "/usr/bin/python3".to_owned(),
            compile: Vec::new(),
            run: Vec::new(),
            check: Vec::new(),
            input_check: Vec::new(),
            notes: Vec::new(),
            env: Vec::new(),
            mounts: Vec::new(),
        };
        Runtimes(languages.into_iter().map(runtime).collect())
    }

    fn configured() -> RequestLimits {
        let limits = Limits {
            wall: Duration::from_secs(3),
            cpu: Duration::from_secs(2),
            memory_bytes: Some(1 << 20),
            stack_bytes: 1000,
            stdout_bytes: 1000,
            stderr_bytes: 1000,
            tasks: 10,
            open_files: 10,
            file_bytes: 1000,
            disk_bytes: 1000,
            disk_files: 10,
        };
        let most = Limits {
            wall: Duration::from_secs(7),
            stdout_bytes: 4000,
            stderr_bytes: 2000,
            ..limits
        };
        RequestLimits {
            default: StageLimits {
                compile: limits,
                run: limits,
            },
            most: StageLimits {
                compile: limits,
                run: most,
            },
            answer_bytes: 1 << 20,
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-2..4000_i64).prop_map(Value::from),
            "[a-z./\\x000-9\\PC]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                (inner.clone(), inner.clone(), inner).prop_map(|(name, content, encoding)| {
                    json!({"name": name, "content": content, "encoding": encoding})
                }),
            ]
        })
    }

    fn any_file() -> impl Strategy<Value = Value> {
        let name = prop_oneof![
            Just(Value::Null),
            "([.]{0,2}|[a-c/.-]{0,6}|-x|a[.]c)(/([.]{1,2}|[a-c]{1,3})){0,3}".prop_map(Value::from),
        ];
        let encoding = prop::sample::select(vec!["utf8", "base64", "hex", "other"]);
        (name, "[\\PC=+/_-]{0,8}", encoding).prop_map(
            |(name, content, encoding)| json!({"name": name, "content": content, "encoding": encoding}),
        )
    }

    fn any_body() -> impl Strategy<Value = Value> {
        const LIMITS: [&str; 9] = [
            "run_timeout",
            "run_cpu_time",
            "run_memory_limit",
            "compile_timeout",
            "compile_cpu_time",
            "compile_memory_limit",
            "run_output_limit",
            "run_stderr_limit",
            "answer_limit",
        ];
        let language = prop::sample::select(vec!["python", "py", "c"]);
        let files = prop::collection::vec(any_file(), 1..5);
        let member = prop::sample::select(MEMBERS.to_vec());
        let number = prop_oneof![0..5000_i64, (1 << 20) - 2..(1 << 20) + 2_i64];
        let limit = (
            prop::sample::select(LIMITS.to_vec()),
            number.prop_map(Value::from),
        );
        let change = prop_oneof![(member, any_value()), limit];
        let changes = prop::collection::vec(change, 0..4);
        (language, files, changes).prop_map(|(language, files, changes)| {
            let mut body = json!({"language": language, "version": "3.x", "files": files});
            for (member, value) in changes {
                body[member] = value;
            }
            body
        })
    }

    /// A client may send any JSON. What is accepted must be safe to run.
    #[test]
    fn fuzz_parse_accepts_only_submissions_within_folder_and_limits() {
        let (runtimes, configured) = (runtimes(), configured());
        fuzz(&any_body(), |body| {
            let submission = match parse(&body, &runtimes, &configured) {
                Ok(submission) => submission,
                Err(InvalidRequest(message)) => {
                    prop_assert!(!message.is_empty());
                    return Ok(());
                }
            };
            let names: Vec<&str> = submission.files.iter().map(|file| &*file.name).collect();
            for name in &names {
                let is_inside = |part: &str| !matches!(part, "" | "." | "..");
                prop_assert!(name.split('/').all(is_inside), "{}", name);
                prop_assert!(!name.contains('\0'));
            }
            prop_assert!(names.contains(&&*submission.main));
            prop_assert_eq!(submission.sources.first(), Some(&submission.main));
            for source in &submission.sources {
                prop_assert!(names.contains(&&**source));
            }
            prop_assert!(submission.args.iter().all(|arg| !arg.contains('\0')));
            prop_assert_eq!(submission.stdin.last(), Some(&b'\n'));
            if let Some(cases) = &submission.cases {
                prop_assert!((1..=MAX_CASES).contains(&cases.len()));
            }
            for (limits, most) in [
                (submission.limits.compile, configured.most.compile),
                (submission.limits.run, configured.most.run),
            ] {
                prop_assert!(limits.wall <= most.wall && limits.cpu <= most.cpu);
                prop_assert!(limits.memory_bytes.is_some_and(|bytes| bytes <= 1 << 20));
                prop_assert!(limits.stdout_bytes <= most.stdout_bytes);
                prop_assert!(limits.stderr_bytes <= most.stderr_bytes);
                prop_assert_eq!(limits.tasks, most.tasks);
            }
            let answer_bytes = submission.answer_bytes as u64;
            prop_assert!((LEAST_ANSWER_BYTES..=configured.answer_bytes).contains(&answer_bytes));
            Ok(())
        });
    }
}
