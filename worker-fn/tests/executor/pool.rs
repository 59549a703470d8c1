//! Which endpoint runs a job.

use serde_json::{Value, json};
use worker_fn::executor::ExecutorError;

use crate::stand_in::{Shared, StandIn};
use crate::world::{execute, one, outputs, pass_ms, run, several};

/// A Piston that prints its own name, and fails with `status` unless that is 200.
async fn piston(
    name: &'static str,
    languages: &'static [&'static str],
    status: &Shared<u16>,
) -> StandIn {
    let status = status.clone();
    StandIn::start(move |asked| {
        if asked.path == "/runtimes" {
            let all = languages.iter();
            let all: Vec<Value> = all
                .map(|language| json!({"language": language, "version": "1.0", "aliases": []}))
                .collect();
            return (if status.get() == 200 { 200 } else { 502 }, all.into());
        }
        let stage = json!({"stdout": name, "stderr": "", "output": name, "code": 0});
        (
            status.get(),
            json!({"version": "1.0", "run": stage, "message": "m"}),
        )
    })
    .await
}

fn up() -> Shared<u16> {
    Shared::new(200)
}

async fn name_of(executors: &worker_fn::executor::Executors, language: &str) -> String {
    let mut one = run("", &[""]);
    one.language = language;
    let execution = execute(executors, &one).await.unwrap();
    outputs(&execution).concat()
}

#[test]
fn a_single_endpoint_is_never_asked_what_it_offers() {
    crate::world::alone(async {
        let stand_in = piston("a", &["python"], &up()).await;
        let executors = one("piston", &stand_in.url);
        assert_eq!(name_of(&executors, "whatever").await, "a");
        executors.leave_alone(0);
        assert_eq!(
            name_of(&executors, "whatever").await,
            "a",
            "there is no other"
        );
        assert!(!executors.is_another_left("whatever"));
        assert_eq!(stand_in.asked().len(), 2);
    });
}

#[test]
fn the_next_takes_over_until_the_first_is_back() {
    crate::world::alone(async {
        let first = up();
        let a = piston("a", &["python"], &first).await;
        let b = piston("b", &["python"], &up()).await;
        let executors = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert_eq!(name_of(&executors, "python").await, "a");
        assert_eq!(b.asked().len(), 0, "nobody asks the spare one anything");

        first.set(503);
        let failed = execute(&executors, &run("", &[""])).await;
        assert!(matches!(failed, Err(ExecutorError::Unavailable(_))));
        executors.leave_alone(0);
        assert!(executors.is_another_left("python"));
        first.set(200);
        assert_eq!(name_of(&executors, "python").await, "b");
        pass_ms(29_999);
        assert_eq!(name_of(&executors, "python").await, "b");
        pass_ms(1);
        assert_eq!(name_of(&executors, "python").await, "a");

        executors.leave_alone(1);
        pass_ms(1);
        executors.leave_alone(0);
        assert!(!executors.is_another_left("python"));
        let none = execute(&executors, &run("", &[""])).await;
        assert!(matches!(none, Err(ExecutorError::Unavailable(_))));
        assert_eq!(
            executors.next_to_look_at(),
            1,
            "the one that was left alone first"
        );
        assert!(executors.answers(1).await);
        assert_eq!(
            name_of(&executors, "python").await,
            "b",
            "it is welcome again"
        );
    });
}

#[test]
fn one_that_cannot_even_list_is_left_alone() {
    crate::world::alone(async {
        let a = piston("a", &["python"], &Shared::new(502)).await;
        let b = piston("b", &["python"], &up()).await;
        let executors = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert_eq!(name_of(&executors, "python").await, "b");
        assert_eq!(name_of(&executors, "python").await, "b");
        assert_eq!(a.asked().len(), 1);
        assert!(!executors.answers(0).await);
    });
}

#[test]
fn a_language_that_only_one_offers_goes_only_there() {
    crate::world::alone(async {
        let second = up();
        let a = piston("a", &["python"], &up()).await;
        let b = piston("b", &["python", "ruby"], &second).await;
        let executors = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        for _ in 0..3 {
            assert_eq!(name_of(&executors, "ruby").await, "b");
            assert_eq!(name_of(&executors, "python").await, "a");
        }
        assert_eq!(
            (a.count("GET", "/runtimes"), b.count("GET", "/runtimes")),
            (1, 1)
        );
        // None offers it; that is asked again when it was a while ago.
        let mut cobol = run("", &[""]);
        cobol.language = "cobol";
        pass_ms(10_000);
        let refused = execute(&executors, &cobol).await;
        assert!(matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("cobol")));
        assert_eq!(
            (a.count("GET", "/runtimes"), b.count("GET", "/runtimes")),
            (2, 2)
        );

        let union = executors.languages().await.unwrap();
        let names: Vec<&str> = union.iter().map(|one| &*one.language).collect();
        assert_eq!(names, ["python", "ruby"]);
        // While one is away, what it offers is still offered, and waits for it.
        second.set(502);
        executors.leave_alone(1);
        let mut ruby = run("", &[""]);
        ruby.language = "ruby";
        let waits = execute(&executors, &ruby).await;
        assert!(
            matches!(waits, Err(ExecutorError::Unavailable(_))),
            "{waits:?}"
        );
        assert!(!executors.is_another_left("ruby") && executors.is_another_left("python"));
        assert_eq!(executors.languages().await.unwrap().len(), 2);
    });
}

#[test]
fn weights_share_the_jobs_out() {
    crate::world::alone(async {
        let first = up();
        let a = piston("a", &["python"], &first).await;
        let b = piston("b", &["python"], &up()).await;
        let executors = several(&json!([
            {"name": "a", "url": a.url, "weight": 3}, {"name": "b", "url": b.url}
        ]));
        let mut names = Vec::new();
        for _ in 0..12 {
            names.push(name_of(&executors, "python").await);
        }
        // The draws of this test come up equally often.
        assert_eq!(names.iter().filter(|name| *name == "a").count(), 9);
        executors.leave_alone(0);
        for _ in 0..4 {
            assert_eq!(name_of(&executors, "python").await, "b");
        }
    });
}

#[test]
fn a_list_that_nobody_has_is_an_error() {
    crate::world::alone(async {
        let away = Shared::new(502);
        let a = piston("a", &["python"], &away).await;
        let b = piston("b", &["python"], &away).await;
        let executors = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert!(executors.languages().await.is_err());
    });
}
