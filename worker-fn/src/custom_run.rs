//! `POST /run`: code with an input of one's own, run at once and stored nowhere.
//!
//! What a "Run" button needs beside "Submit". For a program the input is
//! `stdin`; for a problem that asks for a function, `args`. It goes past the
//! queue, so it is let in by submit-fn only, which counts how often.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use shared::api_error::ApiError;
use shared::hex::hex;
use shared::problem::{Kind, Signature};
use shared::queue::Queue;
use shared::redis::Client;
use shared::response;
use shared::result::{MAX_STREAM_BYTES, Verdict, cut};
use shared::submission;
use shared::ticket::PASS_HEADER;

use crate::attempt::kept;
use crate::budget::Meter;
use crate::config::Config;
use crate::executor::{Allowance, Execution, ExecutorError, Executors, Run, RunLimits};
use crate::harness::{self, Answer, Frames, Harness};
use crate::judge::course::of_trouble;
use crate::judge::{end, plain};
use crate::problems::{Problems, Trouble};
use crate::surroundings::Surroundings;

/// The longest `stdin` and the largest `args`, in bytes.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// What is to be run.
struct Wish {
    code: String,
    language: String,
    problem_id: Option<String>,
    stdin: String,
    args: Option<Value>,
}

/// A source file with its input.
struct Plan {
    source: String,
    stdin: String,
    limits: RunLimits,
    /// The nonce of the frames, for a function.
    nonce: Option<String>,
}

/// Runs and answers.
pub async fn run(
    config: &Config,
    surroundings: Surroundings,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let pass = request.headers().get(PASS_HEADER);
    if !pass.is_some_and(|pass| config.tickets.lets_in(pass.as_bytes())) {
        return Err(ApiError::not_found("There is nothing at this path."));
    }
    let wish = Wish::read(request.body())?;
    let nonce = hex(&(surroundings.random)());
    let plan = plan(config, &wish, nonce).await?;
    let executors = Executors::new(&config.executor, surroundings);
    let deadline_ms = (surroundings.now_ms)() + config.executor.timeout_ms;
    let allowance = Allowance::by_itself(Meter::new(config.subrequest_budget), deadline_ms);
    let mut chosen = executors
        .pick(&wish.language, &allowance)
        .await
        .map_err(refused)?;
    let run = Run {
        language: &wish.language,
        source: &plan.source,
        stdins: vec![plan.stdin],
        stop_at_first_failure: false,
        limits: plan.limits,
    };
    let mut executed = chosen.execute(&run, &allowance).await;
    if let Err(ExecutorError::Unavailable(_) | ExecutorError::Lost(_)) = executed {
        executors.leave_alone(chosen.at);
        if executors.is_another_left(&wish.language) {
            chosen = executors
                .pick(&wish.language, &allowance)
                .await
                .map_err(refused)?;
            executed = chosen.execute(&run, &allowance).await;
        }
    }
    let mut answer = told(executed.map_err(refused)?, plan.nonce.as_deref());
    answer["executor"] = chosen.name().into();
    Ok(response::json(StatusCode::OK, &answer))
}

/// What a person asked for and cannot have is his to change.
fn refused(error: ExecutorError) -> ApiError {
    match error {
        ExecutorError::Refused(why) => {
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", why)
        }
        error => error.into(),
    }
}

impl Wish {
    fn read(body: &[u8]) -> Result<Self, ApiError> {
        let value = submission::parse(body)?;
        let Value::Object(members) = value else {
            return Err(ApiError::bad_request(
                "invalid_json",
                "The body must be a JSON object with code and language.",
            )
            .on("body"));
        };
        let code = required(&members, "code")?;
        submission::check_code(&code).map_err(|rule| ApiError::invalid("code", rule))?;
        let language = required(&members, "language")?;
        submission::check_language(&language)
            .map_err(|rule| ApiError::invalid("language", rule))?;
        let problem_id = text(&members, "problemId")?;
        if let Some(id) = &problem_id {
            submission::check_problem_id(id)
                .map_err(|rule| ApiError::invalid("problemId", rule))?;
        }
        let args = members.get("args").filter(|args| !args.is_null()).cloned();
        let stdin = text(&members, "stdin")?.unwrap_or_default();
        let large = args.as_ref().map_or(0, |args| args.to_string().len());
        for (field, bytes) in [("stdin", stdin.len()), ("args", large)] {
            if bytes > MAX_INPUT_BYTES {
                let rule = format!("{field} must be at most {MAX_INPUT_BYTES} bytes.");
                return Err(ApiError::too_large(field, rule));
            }
        }
        if args.is_some() && problem_id.is_none() {
            let rule = "args are for a problem that asks for a function: give its problemId.";
            return Err(ApiError::invalid("args", rule));
        }
        Ok(Self {
            code,
            language,
            problem_id,
            stdin,
            args,
        })
    }
}

fn text(members: &Map<String, Value>, field: &'static str) -> Result<Option<String>, ApiError> {
    match members.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::invalid(
            field,
            format!("{field} must be a string."),
        )),
    }
}

fn required(members: &Map<String, Value>, field: &'static str) -> Result<String, ApiError> {
    text(members, field)?.ok_or_else(|| ApiError::invalid(field, format!("{field} is required.")))
}

async fn plan(config: &Config, wish: &Wish, nonce: String) -> Result<Plan, ApiError> {
    let mut plan = Plan {
        source: wish.code.clone(),
        stdin: wish.stdin.clone(),
        limits: RunLimits::default(),
        nonce: None,
    };
    let Some(id) = &wish.problem_id else {
        return Ok(plan);
    };
    let problems = Problems::new(Queue::new(Client::new(config.redis.clone())));
    let known = problems
        .fetch(id, String::new())
        .await
        .map_err(|trouble| match trouble {
            Trouble::Store(error) => error.into(),
            Trouble::Damaged(why) => ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "damaged_problem",
                format!("The problem {id} cannot be read; it must be published again."),
            )
            .detail(why),
        })?;
    let known = known
        .ok_or_else(|| ApiError::not_found("There is no problem with this id.").on("problemId"))?;
    plan.limits = RunLimits {
        time_ms: known.problem.limits.time_ms_for(&wish.language),
        memory_bytes: known.problem.limits.memory_bytes,
    };
    match (&known.problem.kind, &wish.args) {
        (Kind::Program, None) => Ok(plan),
        (Kind::Program, Some(_)) => Err(ApiError::invalid(
            "args",
            "This problem asks for a program: give stdin, not args.",
        )),
        (Kind::Function(signature), args) => {
            let args = args.as_ref().ok_or_else(|| {
                ApiError::invalid(
                    "args",
                    "This problem asks for a function: args are required.",
                )
            })?;
            check_args(signature, args)?;
            let harness = Harness::of(&wish.language).ok_or_else(|| {
                ApiError::invalid(
                    "language",
                    "A function can be run in Python, JavaScript, TypeScript and C++.",
                )
            })?;
            plan.source = harness
                .source(signature, &wish.code)
                .map_err(|error| ApiError::invalid("language", error.to_string()))?;
            plan.stdin = harness::stdin(harness, &nonce, &[(0, args)]);
            plan.nonce = Some(nonce);
            Ok(plan)
        }
    }
}

fn check_args(signature: &Signature, args: &Value) -> Result<(), ApiError> {
    let count = signature.params.len();
    let Some(values) = args.as_array().filter(|values| values.len() == count) else {
        let rule = format!("args must be an array of {count} values.");
        return Err(ApiError::invalid("args", rule));
    };
    let mut pairs = signature.params.iter().zip(values).enumerate();
    match pairs.find_map(|(at, (param, value))| param.ty.mismatch(value, &format!("args[{at}]"))) {
        None => Ok(()),
        Some(rule) => Err(ApiError::invalid("args", rule)),
    }
}

/// The answer. For a function what it returned stands beside what it printed.
fn told(execution: Execution, nonce: Option<&str>) -> Value {
    let frames = match (nonce, execution.runs.first()) {
        (Some(nonce), Some(run)) => Some(harness::read(nonce, &run.stage.stdout, &[0])),
        _ => None,
    };
    let (mut verdict, mut output) = plain::judge(&execution);
    let mut answer = json!({ "success": true, "languageVersion": execution.version });
    let mut run = execution.runs.into_iter().next().map(kept);
    if let Some(frames) = frames {
        let bad = verdict;
        (verdict, output) = of_frames(frames, bad, &mut answer);
        if let Some(run) = &mut run {
            // Its own prints went to stderr; the rest is the harness's.
            run.stdout.clear();
            if output.is_empty() {
                output = end::trim_paths(end::last_words(&run.stderr));
            }
            if output.is_empty() {
                output = run.message.clone().unwrap_or_default();
            }
        }
    }
    answer["verdict"] = verdict.name().into();
    answer["output"] = cut(&output, MAX_STREAM_BYTES).into();
    for (name, stage) in [("compile", execution.compile.map(kept)), ("run", run)] {
        if let Some(stage) = stage {
            answer[name] = json!(stage);
        }
    }
    answer
}

fn of_frames(mut frames: Frames, bad: Verdict, answer: &mut Value) -> (Verdict, String) {
    let trouble = |trouble: &harness::Trouble| {
        let verdict = of_trouble(trouble.kind);
        (verdict, end::trim_paths(&trouble.text))
    };
    if let Some(load) = &frames.load {
        return trouble(load);
    }
    match frames.answers.remove(&0) {
        Some(Answer::Returned(value)) => {
            let text = value.to_string();
            answer["returned"] = value;
            (Verdict::Executed, text)
        }
        Some(Answer::Odd(what)) => (Verdict::RuntimeError, format!("It returned {what}.")),
        Some(Answer::Raised(raised)) => trouble(&raised),
        Some(Answer::Twice | Answer::Unreadable) => {
            let what = "It wrote answers of its own.";
            (Verdict::RuntimeError, what.into())
        }
        None if bad == Verdict::Executed => {
            (Verdict::RuntimeError, "It ended without an answer.".into())
        }
        None => (bad, String::new()),
    }
}
