//! A problem's time limit beside what a job may take at the endpoint.

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::problem::Problem;
use shared::domain::run_options::RunOptions;
use shared::domain::verdict::Verdict;
use worker_fn::attempt::judging::{self, JudgeEnd, Judged, Watch};
use worker_fn::attempt::problem_cache::CachedProblem;
use worker_fn::limits::CallCounter;

use crate::mock_server::{MockServer, Received};
use crate::support::{LATEST_MS, RUNTIME, alone, job_budget, one};

fn id() -> ProblemId {
    ProblemId::parse("echo", "id").unwrap()
}

fn echo(request: &Received) -> (u16, Value) {
    let stage = |text: &Value| {
        json!({"stdout": text, "stderr": "", "output": text, "code": 0,
               "signal": null, "message": null, "status": null})
    };
    let cases = request.body["cases"].as_array();
    let runs: Option<Vec<Value>> = cases.map(|cases| cases.iter().map(stage).collect());
    let run = stage(&request.body["stdin"]);
    (
        200,
        json!({"language": "ruby", "version": "3.3.0", "run": run, "runs": runs}),
    )
}

async fn judge(time_ms: u64, server: &MockServer) -> Judged {
    let cases: Vec<Value> = (0..20)
        .map(|at| json!({"input": at.to_string(), "expected": at.to_string()}))
        .collect();
    let value = json!({"title": "Echo", "kind": "program", "cases": cases,
                       "limits": {"timeMs": time_ms}});
    let problem = Problem::from_value(&id(), &value).unwrap();
    let problem = CachedProblem::new(problem, ProblemVersion::new("v"), 1);
    let job = Job {
        id: None,
        problem_id: id(),
        source: "puts gets".into(),
        language: "ruby".into(),
        options: RunOptions::default(),
        archived: None,
        client: None,
        progress: None,
        requeued_at_ms: None,
        trace: None,
        watch: false,
        callback_url: None,
    };
    let endpoints = one("piston", &server.url);
    let budget = job_budget(&CallCounter::new(1_000));
    let selected = endpoints.select("ruby", &budget).await.unwrap();
    let watch = Watch {
        ours: false,
        report: None,
    };
    let judged = judging::judge(
        &problem,
        &job,
        watch,
        (&endpoints, selected),
        &budget,
        RUNTIME,
    );
    match judged.await.unwrap() {
        JudgeEnd::Judged(judged) => *judged,
        JudgeEnd::Unfinished(progress) => panic!("{progress:?}"),
    }
}

#[test]
fn a_limit_near_what_a_job_may_take_is_no_verdict() {
    alone(async {
        for time_ms in [14_000, 60_000] {
            let server = MockServer::start(echo).await;
            let assessment = judge(time_ms, &server).await.assessment;
            assert_eq!(
                assessment.verdict,
                Verdict::Accepted,
                "{}",
                assessment.output
            );
            // What outlasted the call would look like an endpoint that is away.
            for request in server.requests() {
                let limit = request.body["run_timeout"].as_u64().unwrap();
                assert!(limit < LATEST_MS - 1_000, "{limit}");
            }
        }
    });
}
