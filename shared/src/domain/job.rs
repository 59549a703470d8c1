//! A job: a submission as it waits in the list `problems`.
//!
//! Its payload is a JSON object as text: `{"id","problemId","code","language"}`, with
//! `files` and `entry` instead of `code` where it has several files (see
//! [`super::source`]), `stdin`, `args` and `limits` where it is run with them, `client`
//! with who sent it, `kept` where it was judged before (see [`super::archive`]), `progress` where it is judged in several invocations (see
//! [`super::progress`]), `requeuedAtMs` where an operator put it back into the queue,
//! `trace` where the sender named one (see [`crate::trace`]), `watch` where somebody looks
//! on, and `callbackUrl` where somebody is told of the end.
//! Foreign producers push the same without an id, and some older ones wrap that text in
//! a JSON array which holds it as its one string. All of these are read. What
//! cannot be read is an [`UnreadableJob`], so that it can be dead-lettered with
//! its bytes.

use super::archive::ArchivedAnswers;
use super::callback_url;
use super::client::ClientId;
use super::ids::ProblemId;
use super::progress::Progress;
use super::run_options::RunOptions;
use super::source::Source;
use super::submission::{self, Submission};
use super::violation::Violation;
use crate::json::write::push_string;
use crate::json::{Json, Kind, Object, ObjectError, SyntaxError};
use crate::trace::TraceContext;

/// One unit of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The submission's id. `None` for a foreign job until it is given one; an
    /// id that was read from a payload is not verified yet.
    pub id: Option<String>,
    /// See [`Submission::problem_id`].
    pub problem_id: ProblemId,
    /// See [`Submission::source`].
    pub source: Source,
    /// See [`Submission::language`].
    pub language: String,
    /// See [`Submission::options`]. They hold only where there is no such problem.
    pub options: RunOptions,
    /// The answers of an earlier judgement. Trusted only where the id is ours:
    /// a foreign producer could claim any answer.
    pub archived: Option<ArchivedAnswers>,
    /// How far judging has come, where it takes several invocations. Trusted as the
    /// answers are.
    pub progress: Option<Progress>,
    /// Who sent it. `None` for the operator and for foreign producers.
    pub client: Option<ClientId>,
    /// When an operator put it back into the queue, in milliseconds since 1970
    /// (UTC).
    pub requeued_at_ms: Option<u64>,
    /// The trace that its sender named.
    pub trace: Option<TraceContext>,
    /// See [`Submission::watch`]. A job that is judged again is not watched.
    pub watch: bool,
    /// See [`Submission::callback_url`]. Of a foreign producer it is not checked yet.
    pub callback_url: Option<String>,
}

/// Why a payload is not a job, in a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableJob(pub String);

impl From<Violation> for UnreadableJob {
    fn from(violation: Violation) -> Self {
        Self(violation.message)
    }
}

impl Job {
    /// A job for a submission that was given `id`.
    pub fn new(id: String, submission: Submission) -> Self {
        Self {
            id: Some(id),
            problem_id: submission.problem_id,
            source: submission.source,
            language: submission.language,
            options: submission.options,
            archived: None,
            client: None,
            progress: None,
            requeued_at_ms: None,
            trace: None,
            watch: submission.watch,
            callback_url: submission.callback_url,
        }
    }

    /// The name under which an endpoint counts it.
    pub fn caller(&self) -> Option<&str> {
        self.client.as_ref().map(ClientId::as_str)
    }

    /// The most bytes that the payload of a job without archived answers has, without
    /// writing it: JSON makes six bytes of one at most.
    pub fn most_encoded_bytes(&self) -> u64 {
        // The members' names, and the texts whose lengths are fixed.
        const OTHERS: usize = 350;
        let texts = [
            self.source.bytes(),
            self.options.bytes(),
            self.language.len(),
            self.callback_url.as_ref().map_or(0, String::len),
        ];
        let longest: usize = texts.iter().map(|bytes| 6 * bytes).sum();
        (longest + self.problem_id.as_str().len() + OTHERS) as u64
    }

    /// What is shown of it, as JSON.
    pub fn shown(&self) -> String {
        let mut json = String::from("{");
        let add = |json: &mut String, name: &str, value: &str| {
            json.push('"');
            json.push_str(name);
            json.push_str("\":");
            push_string(json, value);
        };
        if let Some(id) = &self.id {
            add(&mut json, "id", id);
            json.push(',');
        }
        add(&mut json, "problemId", self.problem_id.as_str());
        json.push(',');
        self.source.push_members(&mut json);
        json.push(',');
        add(&mut json, "language", &self.language);
        json.push('}');
        json
    }

    /// The payload: JSON text. An id stands first, where `purge.lua` reads it.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let mut text = self.shown();
        // What no answer shows stands behind the members that it does.
        text.pop();
        self.options.push_members(&mut text);
        text.push('}');
        let mut add = |name: &str, value: &str| {
            text.pop();
            text.push_str(&format!(",\"{name}\":{value}}}"));
        };
        if let Some(client) = &self.client {
            add("client", &format!("\"{}\"", client.as_str()));
        }
        if let Some(archived) = &self.archived {
            add("kept", archived.as_str());
        }
        if let Some(progress) = &self.progress {
            add("progress", &progress.to_json());
        }
        if let Some(ms) = self.requeued_at_ms {
            add("requeuedAtMs", &ms.to_string());
        }
        if let Some(trace) = &self.trace {
            add("trace", &format!("\"{}\"", trace.to_text()));
        }
        if self.watch {
            add("watch", "true");
        }
        if let Some(url) = &self.callback_url {
            add("callbackUrl", &serde_json::to_string(url)?);
        }
        Ok(text)
    }

    /// Reads a payload in any of the shapes that the module names.
    ///
    /// A foreign job must keep the same limits as a submission, because its
    /// result is found under the same addresses.
    pub fn decode(payload: &[u8]) -> Result<Self, UnreadableJob> {
        let not_json = |error: SyntaxError| UnreadableJob(format!("not JSON: {error}"));
        let mut value = Json::parse(payload).map_err(not_json)?;
        let wrapped;
        if let Some(mut items) = value.items() {
            let text = items.next().and_then(Json::text);
            let (Some(text), None) = (text, items.next()) else {
                return Err(UnreadableJob(
                    "an array that does not hold exactly one string".into(),
                ));
            };
            wrapped = text;
            value = Json::parse(wrapped.as_bytes()).map_err(not_json)?;
        }
        let mut item = Object::of(value).map_err(|error| match error {
            ObjectError::NotAnObject => UnreadableJob("not an object".into()),
            error => UnreadableJob(format!("it {error}")),
        })?;
        let (source, options) = (Source::read(&item), RunOptions::read(&item));
        let mut take = |name: &str| match item.take(name).map(|value| (value, value.kind())) {
            Some((value, Kind::String)) => value
                .text()
                .map(String::from)
                .ok_or_else(|| UnreadableJob(format!("{name} is not Unicode"))),
            // Some producers number their problems.
            Some((value, Kind::Number)) if name == "problemId" => Ok(value.as_str().to_owned()),
            Some(_) => Err(UnreadableJob(format!("{name} is not text"))),
            None => Err(UnreadableJob(format!("{name} is missing"))),
        };
        let problem_id = take("problemId")?;
        let (source, options) = (source?, options?);
        let language = take("language")?;
        let problem_id = ProblemId::parse(&problem_id, "problemId")?;
        submission::check_language(&language)?;
        let id = take("id").ok();
        Ok(Self {
            id,
            problem_id,
            source,
            language,
            options,
            client: take("client").ok().and_then(|name| ClientId::parse(&name)),
            trace: take("trace")
                .ok()
                .and_then(|text| TraceContext::parse(&text)),
            archived: item.take("kept").map(ArchivedAnswers::from_job),
            progress: item.get("progress").and_then(Progress::read),
            requeued_at_ms: item.get("requeuedAtMs").and_then(Json::u64),
            watch: item
                .get("watch")
                .is_some_and(|watch| watch.as_str() == "true"),
            callback_url: item
                .get("callbackUrl")
                .and_then(Json::text)
                .filter(|url| url.chars().count() <= callback_url::MAX_CHARS)
                .map(String::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonText;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn jobs_of_foreign_producers_are_read() {
        let object = r#"{"problemId":"x","code":"print(1)","language":"python"}"#;
        let wrapped = serde_json::to_string(&[object]).unwrap();
        let numbered = r#"{"problemId":1,"code":"print(1)","language":"python","userId":[]}"#;
        let plain = Job::decode(object.as_bytes()).unwrap();
        assert_eq!(plain.problem_id.as_str(), "x");
        assert_eq!(plain.id, None);
        assert_eq!(Job::decode(wrapped.as_bytes()).unwrap(), plain);
        let numbered = Job::decode(numbered.as_bytes()).unwrap();
        assert_eq!(numbered.problem_id.as_str(), "1");
    }

    #[test]
    fn the_estimate_of_a_payload_is_never_too_low() {
        for (code, language) in [("x", "py"), ("\u{1}", "\u{1}"), ("ä\n\"", "c++")] {
            let id = Some("0".repeat(48));
            let job = Job {
                id,
                problem_id: ProblemId::parse(&"p".repeat(128), "id").unwrap(),
                source: Source::Code(code.repeat(1_000)),
                language: language.repeat(20),
                options: RunOptions {
                    stdin: code.repeat(100),
                    args: vec![code.repeat(9); 64],
                    time_ms: Some(120_000),
                    memory_bytes: Some(16 << 30),
                },
                archived: None,
                client: ClientId::parse("0123456789abcdef"),
                progress: None,
                requeued_at_ms: None,
                trace: TraceContext::parse("0af7651916cd43dd8448eb211c80319c-01"),
                watch: true,
                callback_url: Some("\u{1}".repeat(300)),
            };
            let bytes = job.encode().unwrap().len() as u64;
            assert!(bytes <= job.most_encoded_bytes(), "{bytes}");
        }
    }

    #[test]
    fn an_unreadable_job_says_why() {
        let too_long = format!(
            r#"{{"problemId":"x","code":"{}","language":"python"}}"#,
            "x".repeat(submission::MAX_CODE_BYTES + 1)
        );
        let cases: [(&[u8], &str); 14] = [
            (b"", "not JSON"),
            (b"\xff\xfe\x00garbage", "not JSON"),
            (b"null", "not an object"),
            (b"[]", "exactly one string"),
            (br#"["{}","{}"]"#, "exactly one string"),
            (br#"[{"problemId":"x"}]"#, "exactly one string"),
            (br#"["not json"]"#, "not JSON"),
            (br#"{"code":"c","language":"l"}"#, "problemId is missing"),
            (
                br#"{"problemId":[],"code":"c","language":"l"}"#,
                "problemId is not text",
            ),
            (br#"{"problemId":"no code"}"#, "code is required"),
            // Only a problem may be named by a number.
            (
                br#"{"problemId":1,"code":2,"language":"l"}"#,
                "code must be a string",
            ),
            (
                br#"{"problemId":1,"code":"c","language":3}"#,
                "language is not text",
            ),
            (
                br#"{"problemId":"a b","code":"c","language":"l"}"#,
                "problemId may hold only",
            ),
            (too_long.as_bytes(), "code must be at most 65536 bytes"),
        ];
        for (payload, part) in cases {
            let reason = Job::decode(payload).unwrap_err().to_string();
            assert!(reason.contains(part), "{reason}");
        }
    }

    fn any_source() -> impl Strategy<Value = Source> {
        let file = ("[a-zä]{1,20}", "\\PC{0,100}", any::<bool>());
        let files = proptest::collection::vec(file, 1..4).prop_map(|files| {
            let files: Vec<_> = files
                .into_iter()
                .enumerate()
                .map(|(index, (name, content, is_base64))| {
                    let name = format!("{index}{name}");
                    if is_base64 && index > 0 {
                        return json!({"name": name, "content": "AP8=", "encoding": "base64"});
                    }
                    json!({"name": name, "content": content})
                })
                .collect();
            let body = json!({"entry": files[0]["name"], "files": files}).to_string();
            Source::read(&Object::of(Json::parse(body.as_bytes()).unwrap()).unwrap()).unwrap()
        });
        prop_oneof!["\\PC{1,400}".prop_map(Source::Code), files]
    }

    /// The stored form of earlier releases, and of a job with files.
    #[test]
    fn the_payload_does_not_change() {
        let submission = |members: &str| {
            let body = format!(r#"{{"problemId":"p","language":"c",{members}}}"#);
            Submission::from_body(body.as_bytes(), 0).unwrap()
        };
        let payload = |members: &str| Job::new("i".into(), submission(members)).encode().unwrap();
        assert_eq!(
            payload(r#""code":"x\n","watch":true"#),
            r#"{"id":"i","problemId":"p","code":"x\n","language":"c","watch":true}"#
        );
        let files = concat!(
            r#""files":[{"name":"a.c","content":"x"},"#,
            r#"{"name":"b","content":"AP8=","encoding":"base64"}],"entry":"a.c""#
        );
        assert_eq!(
            payload(&format!(
                r#"{files},"stdin":"5","args":["-v"],"limits":{{"timeMs":9}}"#
            )),
            format!(
                r#"{{"id":"i","problemId":"p",{files},"language":"c","stdin":"5","args":["-v"],"limits":{{"timeMs":9}}}}"#
            )
        );
        // What a source writes by itself, for an archive, is the same.
        let mut members = String::new();
        submission(files).source.push_members(&mut members);
        assert_eq!(members, files);
    }

    #[test]
    fn files_of_a_foreign_job_keep_the_same_rules() {
        let with = |members: &str| {
            let payload = format!(r#"{{"problemId":1,"language":"c",{members}}}"#);
            Job::decode(payload.as_bytes()).map_err(|unreadable| unreadable.0)
        };
        let job = with(r#""files":[{"name":"a.c","content":"x"}],"args":["5"]"#).unwrap();
        assert_eq!(job.source.files().unwrap().as_slice()[0].name, "a.c");
        assert_eq!(job.options.args, ["5"]);
        for (members, rule) in [
            (
                r#""files":[{"name":"../a","content":"x"}]"#,
                "files[0].name must",
            ),
            (r#""code":"x","files":[]"#, "not both"),
            (r#""code":"x","args":5"#, "args must be"),
        ] {
            let why = with(members).unwrap_err();
            assert!(why.contains(rule), "{why}");
        }
    }

    proptest! {
        #[test]
        fn a_job_is_read_as_it_was_written(
            id in proptest::option::of("[0-9a-f]{48}"),
            problem_id in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}",
            source in any_source(),
            stdin in "\\PC{0,40}",
            args in proptest::collection::vec("\\PC{0,9}", 0..3),
            time_ms in proptest::option::of(1..120_000_u64),
            language in "[a-z+#]{1,12}",
            answer in proptest::option::of("\\PC{0,40}"),
            client in proptest::option::of("[0-9a-f]{16}"),
            requeued_at_ms in proptest::option::of(any::<u64>()),
            trace in proptest::option::of("[0-9a-f]{31}1-0[0-3]"),
            watch in any::<bool>(),
            callback_url in proptest::option::of("\\PC{0,40}"),
        ) {
            let archived = answer.map(|text| {
                let answers = JsonText::from(json!({ "a": [text] }));
                ArchivedAnswers::from_job(answers.json())
            });
            let problem_id = ProblemId::parse(&problem_id, "problemId").unwrap();
            let client = client.and_then(|name| ClientId::parse(&name));
            let options = RunOptions { stdin, args, time_ms, memory_bytes: None };
            let job = Job {
                id, problem_id, source, language, options, archived, client, requeued_at_ms, watch, callback_url,
                trace: trace.and_then(|text| TraceContext::parse(&text)),
                progress: None,
            };
            let text = job.encode().unwrap();
            if let Some(id) = &job.id {
                let start = format!("{{\"id\":\"{id}\"");
                prop_assert!(text.starts_with(&start), "{text}");
            }
            prop_assert_eq!(Job::decode(text.as_bytes()).unwrap(), job.clone());
            let wrapped = serde_json::to_string(&[text]).unwrap();
            prop_assert_eq!(Job::decode(wrapped.as_bytes()).unwrap(), job);
        }

        #[test]
        fn any_bytes_are_read_or_refused(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Job::decode(&payload);
        }
    }
}
