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

use crate::config::StageLimits;
use crate::invalid_request::{InvalidRequest, invalid};
use crate::javascript::falsy;
use crate::probe::{Runtime, Runtimes};
use crate::request_files::{SubmittedFiles, parse_files};
use crate::sandbox::{File, Limits};

/// Number of `cases` that one request may have.
const MAX_CASES: usize = 1000;

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
    /// Standard inputs of several runs, instead of `stdin`.
    pub cases: Option<Vec<Vec<u8>>>,
    /// Whether no further case is run after one that failed.
    pub stop_at_first_failure: bool,
    /// How long after the request's arrival another case may start. `None`: no
    /// limit.
    pub cases_timeout: Option<Duration>,
    /// The requested limits, or the configured ones.
    pub limits: StageLimits,
}

/// Checks a request in Piston's order.
pub fn parse(
    body: &Value,
    runtimes: &Runtimes,
    configured: &StageLimits,
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
    let limits = parse_limits(body, configured)?;
    let args = parse_args(&body["args"])?;
    let stdin = parse_stdin(&body["stdin"], "stdin")?;
    let cases = parse_cases(&body["cases"])?;
    let stop_at_first_failure = match &body["stop_at_first_failure"] {
        Value::Bool(stop) => *stop,
        Value::Null => false,
        _ => return invalid("stop_at_first_failure must be a boolean"),
    };
    let cases_timeout = parse_cases_timeout(&body["cases_timeout"])?;
    let SubmittedFiles {
        files,
        main,
        sources,
    } = parse_files(files, runtime)?;
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
        limits,
    })
}

fn required_text<'a>(body: &'a Value, name: &str) -> Result<&'a str, InvalidRequest> {
    match body[name].as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => invalid(format!("{name} is required as a string")),
    }
}

/// The limits that a request may lower, in the order in which Piston checks them.
#[derive(Clone, Copy)]
enum Constraint {
    Memory,
    Wall,
    Cpu,
}

impl Constraint {
    const ALL: [Self; 3] = [Self::Memory, Self::Wall, Self::Cpu];

    /// The end of the member's name, after `compile_` or `run_`.
    fn suffix(self) -> &'static str {
        match self {
            Self::Memory => "memory_limit",
            Self::Wall => "timeout",
            Self::Cpu => "cpu_time",
        }
    }

    /// The configured limit in bytes or ms; `None`: no limit.
    fn configured(self, limits: &Limits) -> Option<u64> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
        match self {
            Self::Memory => limits.memory_bytes,
            Self::Wall => millis(limits.wall),
            Self::Cpu => millis(limits.cpu),
        }
    }

    /// Sets the limit to a number of bytes or ms.
    fn set(self, limits: &mut Limits, number: f64) {
        match self {
            Self::Memory => limits.memory_bytes = Some(number as u64),
            Self::Wall => limits.wall = Duration::from_secs_f64(number / 1000.0),
            Self::Cpu => limits.cpu = Duration::from_secs_f64(number / 1000.0),
        }
    }
}

fn parse_limits(body: &Value, configured: &StageLimits) -> Result<StageLimits, InvalidRequest> {
    let mut stages = *configured;
    for constraint in Constraint::ALL {
        for (stage, limits) in [("compile", &mut stages.compile), ("run", &mut stages.run)] {
            let name = format!("{stage}_{}", constraint.suffix());
            let configured = constraint.configured(limits);
            if let Some(number) = parse_limit(&body[&name], &name, configured)? {
                constraint.set(limits, number);
            }
        }
    }
    Ok(stages)
}

fn parse_limit(
    value: &Value,
    name: &str,
    configured: Option<u64>,
) -> Result<Option<f64>, InvalidRequest> {
    if falsy(value) {
        return Ok(None);
    }
    let Some(number) = value.as_f64() else {
        return invalid(format!("If specified, {name} must be a number"));
    };
    let Some(configured) = configured else {
        // Without a configured limit, a number below 0 means no limit either.
        return Ok((number > 0.0).then_some(number));
    };
    // The example in Piston's document has -1. Piston accepts it only if no limit is
    // configured; here it means the configured limit.
    if number == -1.0 && name.ends_with("memory_limit") {
        return Ok(None);
    }
    if number > configured as f64 {
        return invalid(format!(
            "{name} cannot exceed the configured limit of {configured}"
        ));
    }
    if number < 0.0 {
        return invalid(format!("{name} must be non-negative"));
    }
    Ok(Some(number))
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

/// Parses `cases`: an array of 1 to [`MAX_CASES`] strings. Not in Piston, and so
/// strict.
fn parse_cases(value: &Value) -> Result<Option<Vec<Vec<u8>>>, InvalidRequest> {
    let cases = match value {
        Value::Null => return Ok(None),
        Value::Array(cases) if (1..=MAX_CASES).contains(&cases.len()) => cases,
        _ => {
            return invalid(format!(
                "cases must be an array of 1 to {MAX_CASES} strings"
            ));
        }
    };
    cases
        .iter()
        .enumerate()
        .map(|(index, case)| match case {
            Value::String(_) => parse_stdin(case, "cases"),
            _ => invalid(format!("cases[{index}] must be a string")),
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Parses `cases_timeout`, in ms. Unlike in Piston's own fields, 0 is a number: a
/// caller with no time left wants one case, not all of them.
fn parse_cases_timeout(value: &Value) -> Result<Option<Duration>, InvalidRequest> {
    let millis = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        _ => return invalid("If specified, cases_timeout must be a number"),
    };
    if millis < 0.0 {
        return invalid("cases_timeout must be non-negative");
    }
    // A time too long for a Duration is no limit.
    Ok(Duration::try_from_secs_f64(millis / 1000.0).ok())
}

fn parse_stdin(value: &Value, name: &str) -> Result<Vec<u8>, InvalidRequest> {
    let mut stdin = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        _ => return invalid(format!("{name} must be a string")),
    };
    // As in Piston: an empty input becomes an empty line.
    if stdin.last() != Some(&b'\n') {
        stdin.push(b'\n');
    }
    Ok(stdin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
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
            env: Vec::new(),
            mounts: Vec::new(),
        };
        Runtimes(languages.into_iter().map(runtime).collect())
    }

    fn configured() -> StageLimits {
        let limits = Limits {
            wall: Duration::from_secs(3),
            cpu: Duration::from_secs(2),
            memory_bytes: Some(1 << 20),
            output_bytes: 1000,
            tasks: 10,
            open_files: 10,
            file_bytes: 1000,
            disk_bytes: 1000,
            disk_files: 10,
        };
        StageLimits {
            compile: limits,
            run: limits,
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
        const LIMITS: [&str; 6] = [
            "run_timeout",
            "run_cpu_time",
            "run_memory_limit",
            "compile_timeout",
            "compile_cpu_time",
            "compile_memory_limit",
        ];
        const MEMBERS: [&str; 9] = [
            "language",
            "version",
            "files",
            "stdin",
            "args",
            "cases",
            "cases_timeout",
            "stop_at_first_failure",
            "run_timeout",
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
                (submission.limits.compile, configured.compile),
                (submission.limits.run, configured.run),
            ] {
                prop_assert!(limits.wall <= most.wall && limits.cpu <= most.cpu);
                prop_assert!(limits.memory_bytes.is_some_and(|bytes| bytes <= 1 << 20));
                prop_assert_eq!(limits.tasks, most.tasks);
            }
            Ok(())
        });
    }
}
