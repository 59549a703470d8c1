//! Which endpoint runs a job.

use serde_json::{Value, json};
use worker_fn::executor::ExecutorError;

use crate::stand_in::{Shared, StandIn};
use crate::world::{execute, meter, one, outputs, pass_ms, run, several, started};

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
        assert!(!executors.is_another_left("whatever") && !executors.is_any_there());
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
        assert!(executors.is_any_there());
        executors.leave_alone(0);
        assert!(!executors.is_another_left("python") && !executors.is_any_there());
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
        assert!(executors.is_any_there(), "for others");
        assert_eq!(executors.languages().await.unwrap().len(), 2);
    });
}

/// Not knowing what an endpoint offers is no reason to have it refuse the job,
/// while an invocation that can ask is to be had.
#[test]
fn what_cannot_be_asked_now_is_asked_by_a_fresh_invocation() {
    crate::world::alone(async {
        for count in [2, 8] {
            let a = piston("a", &["python"], &up()).await;
            let b = piston("b", &["python", "ruby"], &up()).await;
            let list: Vec<Value> = (0..count)
                .map(|at| if at + 1 < count { &a.url } else { &b.url })
                .enumerate()
                .map(|(at, url)| json!({"name": format!("e{at}"), "url": url}))
                .collect();
            let list = Value::from(list);
            let needed = count + 1;
            // What a drain spends before: claim, look-up, and the problem's text.
            let fresh = |whole| {
                let meter = worker_fn::budget::Meter::new(whole);
                meter.spend(3);
                meter
            };
            for spare in 0..count {
                // The job's own call, and so many others.
                let executors = several(&list);
                let allowance = started(&meter(100, 1 + spare));
                let crowded = executors.pick("ruby", &allowance).await.unwrap_err();
                assert_eq!(crowded, ExecutorError::Crowded(needed), "{spare}");
            }
            for whole in 10..=45 {
                let executors = several(&list);
                let allowance = started(&fresh(whole));
                let picked = executors.pick("ruby", &allowance).await.unwrap();
                let all_asked = whole >= 9 + needed;
                let last = usize::try_from(count).unwrap() - 1;
                assert!(picked.at == last || !all_asked, "{count}, {whole}");
            }
            // What is known needs no call.
            let executors = several(&list);
            assert_eq!(name_of(&executors, "ruby").await, "b");
            let allowance = started(&meter(100, 1));
            assert!(executors.pick("ruby", &allowance).await.is_ok());
        }
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
