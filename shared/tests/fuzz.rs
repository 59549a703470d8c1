//! What strangers, foreign producers and the store may send, damaged in every
//! way that chance finds: each reader must answer, and within its bounds.

use fuzz::{fuzz, mutated};
use proptest::prelude::*;
use shared::config::Secret;
use shared::domain::archive::SubmissionArchive;
use shared::domain::ids::{InputsHash, ProblemId};
use shared::domain::job::Job;
use shared::domain::language;
use shared::domain::problem::{Problem, Type};
use shared::domain::result::StoredResult;
use shared::domain::source::{MAX_FILES, Source};
use shared::domain::submission::{MAX_BATCH, MAX_CODE_BYTES, Submission};
use shared::domain::ticket::TicketKey;
use shared::queue::lease_token::LeaseToken;

const SUBMISSION: &str = r#"{"problemId":"two-sum","code":"print(1)","language":"python","priority":"low","delayMs":10}"#;

const FILES: &str = r#"{"problemId":"two-sum","files":[{"name":"a/b.py","content":"x"},{"name":"c","content":"AP8=","encoding":"base64"}],"entry":"a/b.py","language":"python","stdin":"5","args":["a"],"limits":{"timeMs":9}}"#;

#[test]
fn a_submission_is_read_or_refused() {
    fuzz(&mutated(&[SUBMISSION, FILES]), |body| {
        match Submission::from_body(&body, 1) {
            Ok(submission) => {
                match &submission.source {
                    Source::Code(code) => prop_assert!((1..=MAX_CODE_BYTES).contains(&code.len())),
                    Source::Files(files) => {
                        prop_assert!((1..=MAX_FILES).contains(&files.as_slice().len()));
                    }
                }
                prop_assert!((1..=64).contains(&submission.language.len()));
                let job = Job::new("id".into(), submission);
                let read = Job::decode(job.encode().unwrap().as_bytes());
                prop_assert_eq!(read, Ok(job));
            }
            Err(violation) => prop_assert!(!violation.message.is_empty()),
        }
        Ok(())
    });
}

#[test]
fn a_batch_is_read_or_refused() {
    let batch = format!(r#"{{"submissions":[{SUBMISSION},{SUBMISSION},7]}}"#);
    fuzz(&mutated(&[&batch]), |body| {
        if let Ok(items) = Submission::batch_from_body(&body, 1) {
            prop_assert!((1..=MAX_BATCH).contains(&items.len()));
        }
        Ok(())
    });
}

#[test]
fn a_payload_is_a_job_or_says_why_not() {
    let plain = r#"{"id":"x","problemId":7,"code":"print(1)","language":"python","kept":{"version":"v","inputs":"i","answers":[["text","5",1,2,null],null]},"requeuedAtMs":7}"#;
    let wrapped = serde_json::to_string(&[plain]).unwrap();
    fuzz(&mutated(&[plain, &wrapped, FILES]), |payload| {
        match Job::decode(&payload) {
            Ok(job) => {
                let again = Job::decode(job.encode().unwrap().as_bytes());
                prop_assert_eq!(&again, &Ok(job.clone()));
                if let Some(archived) = job.archived {
                    archived.decode(&InputsHash::new("i"));
                    archived.problem_version();
                }
            }
            Err(error) => prop_assert!(!error.0.is_empty()),
        }
        Ok(())
    });
}

#[test]
fn a_stored_result_is_split_and_its_archive_is_read_or_left() {
    let archive = r#"{"code":"c","version":"v","inputs":"i","answers":[["value",[1],1,2,"e"],["failed",["Runtime Error","x"],null,null,null],["odd","NaN",null,null,null]]}"#;
    let stored = format!("{{\"id\":\"x\"}}\n{archive}\nrequeued v");
    fuzz(&mutated(&[&stored, archive]), |text| {
        let stored = StoredResult::from_bytes(text.clone());
        let rest = stored.archive;
        prop_assert!(stored.document.len() + rest.as_ref().map_or(0, Vec::len) <= text.len());
        for part in [Some(text), rest].into_iter().flatten() {
            if let Some((_, answers)) = SubmissionArchive::split(&part) {
                answers.decode(&InputsHash::new("i"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_problem_is_read_or_names_what_is_wrong() {
    let program = r#"{"title":"T","statement":"s","kind":"program","checker":{"kind":"float","absolute":1e-6},"limits":{"timeMs":1000,"factors":{"python":2}},"cases":[{"name":"n","input":"1","expected":"2","hidden":true,"weight":2}]}"#;
    let function = r#"{"title":"T","kind":"function","signature":{"name":"two_sum","params":[{"name":"a","type":"list<int>"},{"name":"t","type":"binary_tree<int>"}],"returns":"map<any>"},"stopOnFirstFail":false,"cases":[{"input":[[1,2],[1,null,2]],"expected":{"a":1}}]}"#;
    let id = ProblemId::parse("p", "problemId").unwrap();
    fuzz(&mutated(&[program, function]), |body| {
        match Problem::from_body(&id, &body) {
            Ok(problem) => {
                problem.inputs_hash();
                let stored = problem.to_json();
                prop_assert_eq!(Problem::from_stored(&id, stored.as_bytes()), Ok(problem));
            }
            Err(violation) => prop_assert!(!violation.message.is_empty()),
        }
        let _ = Problem::from_stored(&id, &body);
        Ok(())
    });
}

#[test]
fn a_type_prints_as_it_was_read() {
    fuzz(
        &mutated(&["list<map<linked_list<int>>>", "binary_tree<any>", "float"]),
        |text| {
            let text = String::from_utf8_lossy(&text);
            if let Some(ty) = Type::parse(&text) {
                prop_assert_eq!(Type::parse(&ty.to_string()), Some(ty));
            }
            Ok(())
        },
    );
}

#[test]
fn a_token_is_read_or_refused() {
    let key = TicketKey::new(&Secret::new("secret"));
    let ticket = key.issue(1, &[7; 10]);
    fuzz(&mutated(&[&ticket, "2!.normal.abc:9"]), |text| {
        let text = String::from_utf8_lossy(&text).into_owned();
        // Only the one that was given out is ours.
        prop_assert_eq!(key.verify(&text).is_some(), text == ticket);
        if let Some(token) = LeaseToken::parse(&text) {
            prop_assert_eq!(LeaseToken::parse(token.as_str()), Some(token));
        }
        Ok(())
    });
}

#[test]
fn a_list_of_languages_is_read_or_refused() {
    let list = r#"{"success":true,"languages":[{"language":"python","version":"3","aliases":["py"]},{"language":"go","version":"1"}]}"#;
    fuzz(&mutated(&[list]), |body| {
        if let Some(languages) = language::read_list(&body) {
            language::names(&languages);
        }
        Ok(())
    });
}
