//! What a submission must pass before it is stored, and the lane it comes to.
//!
//! In this order: what its client has stored already, its priority, its `callbackUrl`,
//! its language, its problem, the client's share of its lane, and room in the queue. Two
//! of these may cost a command: the room, while the queue is long; and the problem, where the
//! answer depends on it and the instance has not seen it lately ([`ProblemKinds`]).

mod problem;

use shared::domain::callback_url::CallbackUrl;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::language;
use shared::domain::submission::{Schedule, Submission};
use shared::http::{ApiError, Caller, Code};
use shared::queue::places::Place;
use shared::queue::usage::UsageWindow;
use shared::trace::Span;

use crate::backpressure::Room;
use crate::config::{Callbacks, Config};
use crate::context::Context;
#[cfg(doc)]
use crate::problem_kinds::ProblemKinds;
use crate::sender::Sender;
use crate::worker_fn::WorkerFn;
use shared::http::rates::RateLimit;

use problem::check_problem;
pub(crate) use problem::{look_up, look_up_needed};

/// The admission of a request's submissions, one or several.
pub(crate) struct Admission {
    sender: Sender,
    /// How many submissions of the request were admitted to each place.
    admitted: [u64; Place::COUNT],
    /// Whether the client's share was used up by an earlier one of the request:
    /// then it is not asked for again.
    share_is_used_up: bool,
}

/// A submission that may be stored.
pub(crate) struct Admitted {
    pub job: Job,
    pub lane: Lane,
    pub schedule: Schedule,
    /// Whether the lane is another one than was asked for.
    pub is_demoted: bool,
}

impl Admitted {
    pub(crate) fn place(&self) -> Place {
        match self.schedule {
            Schedule::Immediately => Place::Lane(self.lane),
            Schedule::At(_) | Schedule::After(_) => Place::Scheduled,
        }
    }
}

impl Admission {
    /// Errors: the sender has stored as much as it may, or all have.
    pub(crate) fn begin<W>(context: &Context<'_, W>) -> Result<Self, ApiError> {
        let sender = context.sender()?;
        if let Some(client) = sender.client() {
            let now_ms = context.now_ms;
            let window = UsageWindow::at(now_ms, context.config()?.result_ttl_s);
            context.instance.storage.check(client, window, now_ms)?;
        }
        Ok(Self {
            sender,
            admitted: [0; Place::COUNT],
            share_is_used_up: false,
        })
    }

    /// Who sends.
    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Admits a submission. Errors: why it may not be stored.
    pub(crate) async fn admit<W: WorkerFn + RateLimit>(
        &mut self,
        context: &mut Context<'_, W>,
        submission: Submission,
    ) -> Result<Admitted, ApiError> {
        let (asked, schedule) = (submission.lane, submission.schedule);
        self.check_priority(context, asked)?;
        check_callback(context.config()?, &context.caller, &submission)?;
        check_language(context, &submission.language).await?;
        check_problem(context, &submission).await?;
        let lane = self.lane(context, asked).await;
        let mut job = Job::new(issue(context, schedule)?, submission);
        job.client = self.sender.client().cloned();
        job.trace = context.span.as_ref().and_then(Span::given);
        let admitted = Admitted {
            job,
            lane,
            schedule,
            is_demoted: lane != asked,
        };
        self.check_room(context, &admitted).await?;
        self.admitted[admitted.place().index()] += 1;
        Ok(admitted)
    }

    fn check_priority<W>(&self, context: &Context<'_, W>, asked: Lane) -> Result<(), ApiError> {
        let may_ask = self.sender == Sender::Operator || context.config()?.access.is_open();
        if asked != Lane::High || may_ask {
            return Ok(());
        }
        let rule = "priority high is for the operator; give normal or low.";
        Err(ApiError::new(Code::Forbidden, rule).on("priority"))
    }

    /// The lane `low` for what exceeds the client's share of another one.
    async fn lane<W: RateLimit>(&mut self, context: &Context<'_, W>, asked: Lane) -> Lane {
        let Some(client) = self.sender.client().filter(|_| asked != Lane::Low) else {
            return asked;
        };
        if !self.share_is_used_up {
            let share = &context.instance.share;
            let is_within = share.allows(client, context.worker, context.now_ms);
            self.share_is_used_up = !is_within.await;
        }
        if self.share_is_used_up {
            Lane::Low
        } else {
            asked
        }
    }

    async fn check_room<W>(
        &self,
        context: &Context<'_, W>,
        admitted: &Admitted,
    ) -> Result<(), ApiError> {
        let limits = context.config()?.queue;
        let backpressure = &context.instance.backpressure;
        let place = admitted.place();
        let ahead = self.admitted[place.index()];
        // Writing the payload to measure it is rarely necessary.
        let mut bytes = admitted.job.most_encoded_bytes();
        let check = |bytes| backpressure.check(place, bytes, ahead, limits, context.now_ms);
        if check(bytes) == Ok(Room::Enough) {
            return Ok(());
        }
        if let Ok(payload) = admitted.job.encode() {
            bytes = payload.len() as u64;
        }
        if check(bytes)? == Room::AskAgain {
            let length = context.store()?.length(place).await?;
            backpressure.observe(place, length, limits, context.now_ms);
            check(bytes)?;
        }
        Ok(())
    }
}

/// Errors: the `callbackUrl` is refused. What its name stands for is found out when it is
/// called. Strangers may name none: what cannot be delivered stays stored.
fn check_callback(
    config: &Config,
    caller: &Caller,
    submission: &Submission,
) -> Result<(), ApiError> {
    let Some(url) = &submission.callback_url else {
        return Ok(());
    };
    let callbacks = config.callbacks;
    if callbacks == Callbacks::Off {
        let rule = "callbackUrl needs the variable WEBHOOK_SECRET, which is not set here.";
        return Err(ApiError::new(Code::CallbacksOff, rule).on("callbackUrl"));
    }
    if !matches!(caller, Caller::Key(_)) && !config.access.is_open() {
        let rule = "A callback address needs a key.";
        return Err(ApiError::new(Code::Forbidden, rule).on("callbackUrl"));
    }
    CallbackUrl::parse(url, callbacks == Callbacks::Loopback)?;
    Ok(())
}

/// A new id. Whether a missing result has expired is told by its times.
fn issue<W>(context: &Context<'_, W>, schedule: Schedule) -> Result<String, ApiError> {
    let (now_ms, random) = (context.now_ms, (context.runtime.random)());
    let tickets = &context.config()?.tickets;
    Ok(match schedule {
        Schedule::Immediately => tickets.issue(now_ms, &random),
        Schedule::At(ms) => tickets.issue_scheduled(now_ms, ms.saturating_sub(now_ms), &random),
        Schedule::After(ms) => tickets.issue_scheduled(now_ms, ms, &random),
    })
}

async fn check_language<W: WorkerFn>(
    context: &mut Context<'_, W>,
    name: &str,
) -> Result<(), ApiError> {
    if let Some(offered) = &context.config()?.languages {
        return if offered.iter().any(|language| language == name) {
            Ok(())
        } else {
            Err(language::not_offered(name, &offered.join(", ")).into())
        };
    }
    let source = context.language_list()?;
    let log = &mut context.effects.log;
    let cache = &context.instance.languages;
    cache.check(name, &source, log).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::instance::Instance;
    use crate::runtime::Runtime;
    use bytes::Bytes;
    use http::{Request, Response};
    use shared::domain::ids::ProblemId;
    use shared::domain::language::FunctionLanguages;
    use shared::queue::problems::CatalogKind;

    /// Offers four languages, and has no rate limit.
    struct Worker;

    impl WorkerFn for Worker {
        async fn call(&self, _: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let body = r#"{"languages":[
                {"language":"python","version":"3","aliases":["py"]},
                {"language":"c++","version":"12","aliases":["cpp"]},
                {"language":"perl","version":"5","aliases":[]}]}"#;
            Ok(Response::new(Bytes::from_static(body.as_bytes())))
        }
    }

    impl RateLimit for Worker {
        async fn allows(&self, _: &str, _: &str) -> Option<bool> {
            None
        }
    }

    /// Admits a submission to `problem`, one of `program`, `function`, `class` (not in
    /// C++) and `none`.
    /// The store does not answer, so all is decided by what the instance remembers.
    async fn admitted(
        unknown_problems: &'static str,
        problem: &str,
        language: &str,
    ) -> Option<ApiError> {
        admitted_with(unknown_problems, problem, language, r#""code":"x""#).await
    }

    /// The same for a submission with these members.
    async fn admitted_with(
        unknown_problems: &'static str,
        problem: &str,
        language: &str,
        members: &str,
    ) -> Option<ApiError> {
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("http://127.0.0.1:1".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "UNKNOWN_PROBLEMS" => Some(unknown_problems.into()),
            _ => None,
        });
        let (instance, headers) = (Instance::default(), HeaderMap::new());
        let seen = [
            ("program", Some(CatalogKind::Program)),
            (
                "function",
                Some(CatalogKind::Function {
                    unsupported: FunctionLanguages::EMPTY,
                }),
            ),
            (
                "class",
                Some(CatalogKind::Class {
                    unsupported: FunctionLanguages::of(["c++"].into_iter()),
                }),
            ),
            ("none", None),
        ]
        .map(|(id, kind)| (ProblemId::parse(id, "id").unwrap(), kind));
        instance.problem_kinds.note(seen.into_iter(), 0);
        let runtime = Runtime::standing_still();
        let mut context = Context::of(config, &instance, &Worker, &headers, runtime);
        let body = format!(r#"{{"problemId":"{problem}",{members},"language":"{language}"}}"#);
        let submission = Submission::from_body(body.as_bytes(), 0).unwrap();
        let mut admission = Admission::begin(&context).unwrap();
        admission.admit(&mut context, submission).await.err()
    }

    #[tokio::test]
    async fn what_cannot_be_judged_is_refused() {
        for unknown_problems in ["run", "refuse"] {
            for (problem, language) in [("function", "py"), ("program", "perl")] {
                let error = admitted(unknown_problems, problem, language).await;
                assert_eq!(error, None);
            }
            let error = admitted(unknown_problems, "function", "perl")
                .await
                .unwrap();
            assert_eq!(
                (error.code(), error.field()),
                (Code::InvalidField, Some("language"))
            );
            // Those that are offered here.
            let part = "judged in python, c++, not in perl";
            assert!(error.message().contains(part), "{}", error.message());
            // A language that cannot express the signature.
            assert_eq!(admitted(unknown_problems, "class", "python").await, None);
            let error = admitted(unknown_problems, "class", "cpp").await.unwrap();
            let said = "This problem asks for a class, which can be judged in python, not in cpp.";
            assert_eq!((error.field(), error.message()), (Some("language"), said));
        }
    }

    #[tokio::test]
    async fn files_and_inputs_are_refused_where_the_problem_has_none() {
        const FILES: &str = r#""files":[{"name":"a","content":"x"}]"#;
        for (problem, members, field) in [
            ("program", FILES, None),
            ("none", FILES, None),
            ("function", FILES, Some("files")),
            ("none", r#""code":"x","stdin":"5","args":["a"]"#, None),
            ("program", r#""code":"x","stdin":"5""#, Some("stdin")),
            ("program", r#""code":"x","args":["5"]"#, Some("args")),
            (
                "function",
                r#""code":"x","limits":{"timeMs":5}"#,
                Some("limits"),
            ),
            ("program", r#""code":"x","limits":{},"stdin":"""#, None),
        ] {
            let error = admitted_with("run", problem, "python", members).await;
            let named = error.as_ref().and_then(ApiError::field);
            assert_eq!(named, field, "{problem} {members}");
            assert!(error.is_none_or(|error| error.code() == Code::InvalidField));
        }
    }

    #[test]
    fn a_callback_needs_a_key_unless_access_is_open() {
        let body = br#"{"problemId":"p","code":"x","language":"python",
                        "callbackUrl":"https://hooks.site.org/"}"#;
        let submission = Submission::from_body(body, 0).unwrap();
        let check = |variable: &str, headers: &HeaderMap| {
            let config = Config::from_lookup(&|name| match name {
                "UPSTASH_REDIS_REST_URL" => Some("http://127.0.0.1:1".into()),
                "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
                "WEBHOOK_SECRET" => Some("set".into()),
                "ADMIN_TOKEN" => Some("0123456789abcdef0123456789abcdef".into()),
                "PUBLIC_SUBMIT" if variable == name => Some("on".into()),
                "AUTH" if variable == name => Some("off".into()),
                _ => None,
            });
            let config = config.unwrap();
            let caller = config.access.caller(headers);
            check_callback(&config, &caller, &submission)
        };
        let nobody = HeaderMap::new();
        let refused = check("PUBLIC_SUBMIT", &nobody).unwrap_err();
        assert_eq!(
            (refused.code(), refused.field()),
            (Code::Forbidden, Some("callbackUrl"))
        );
        let key = "Bearer 0123456789abcdef0123456789abcdef".parse().unwrap();
        let operator = [(http::header::AUTHORIZATION, key)].into_iter().collect();
        assert_eq!(check("PUBLIC_SUBMIT", &operator), Ok(()));
        assert_eq!(check("AUTH", &nobody), Ok(()));
    }

    #[tokio::test]
    async fn unknown_problems_are_run_unless_they_are_refused() {
        for language in ["python", "perl"] {
            assert_eq!(admitted("run", "none", language).await, None);
            let error = admitted("refuse", "none", language).await.unwrap();
            assert_eq!(
                (error.code(), error.field()),
                (Code::UnknownProblem, Some("problemId"))
            );
        }
    }

    #[tokio::test]
    async fn the_store_is_asked_only_where_the_answer_depends_on_it() {
        assert_eq!(admitted("run", "never-seen", "python").await, None);
        for (unknown_problems, language, members) in [
            ("run", "perl", r#""code":"x""#),
            ("refuse", "python", r#""code":"x""#),
            ("run", "python", r#""files":[{"name":"a","content":"x"}]"#),
            ("run", "python", r#""code":"x","stdin":"5""#),
        ] {
            let error = admitted_with(unknown_problems, "never-seen", language, members).await;
            assert_eq!(error.unwrap().code(), Code::StoreUnavailable);
        }
    }
}
