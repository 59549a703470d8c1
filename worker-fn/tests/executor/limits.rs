//! A problem's time limit beside what a job may take at the endpoint.

use serde_json::{Value, json};
use shared::job::Job;
use shared::problem::Problem;
use shared::result::Verdict;
use worker_fn::budget::Meter;
use worker_fn::judging::{self, Judged};
use worker_fn::problems::Known;

use crate::stand_in::{Asked, StandIn};
use crate::world::{JOB_MS, SURROUNDINGS, alone, one, started};

fn echo(asked: &Asked) -> (u16, Value) {
    let stage = |text: &Value| {
        json!({"stdout": text, "stderr": "", "output": text, "code": 0,
               "signal": null, "message": null, "status": null})
    };
    let cases = asked.body["cases"].as_array();
    let runs: Option<Vec<Value>> = cases.map(|cases| cases.iter().map(stage).collect());
    let run = stage(&asked.body["stdin"]);
    (
        200,
        json!({"language": "ruby", "version": "3.3.0", "run": run, "runs": runs}),
    )
}

async fn judge(time_ms: u64, stand_in: &StandIn) -> Judged {
    let cases: Vec<Value> = (0..20)
        .map(|at| json!({"input": at.to_string(), "expected": at.to_string()}))
        .collect();
    let value = json!({"title": "Echo", "kind": "program", "cases": cases,
                       "limits": {"timeMs": time_ms}});
    let problem = Problem::from_value("echo", &value).unwrap();
    let known = Known::new(problem, "v".into(), 1);
    let job = Job {
        id: None,
        problem_id: "echo".into(),
        code: "puts gets".into(),
        language: "ruby".into(),
        kept: None,
    };
    let executors = one("piston", &stand_in.url);
    let allowance = started(&Meter::new(1_000));
    let chosen = executors.pick("ruby", &allowance).await.unwrap();
    judging::judge(&known, &job, chosen, &allowance, SURROUNDINGS)
        .await
        .unwrap()
}

#[test]
fn a_limit_near_what_a_job_may_take_is_no_verdict() {
    alone(async {
        for time_ms in [14_000, 60_000] {
            let stand_in = StandIn::start(echo).await;
            let told = judge(time_ms, &stand_in).await.assessment;
            assert_eq!(told.verdict, Verdict::Accepted, "{}", told.output);
            // What outlasted the call would look like an endpoint that is away.
            for asked in stand_in.asked() {
                let limit = asked.body["run_timeout"].as_u64().unwrap();
                assert!(limit < JOB_MS - 1_000, "{limit}");
            }
        }
    });
}
