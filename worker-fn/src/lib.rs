//! worker-fn: takes jobs from the queue, has them run, stores the results.
//!
//! Entry points only. There are three ways in: `GET /worker` works on as many
//! jobs as it is asked for and answers with them; the wake-up `POST /wake`
//! answers at once and then drains the list; the cron trigger drains it too.
//! [`app`] answers requests, [`drain`] empties the queue within a [`budget`],
//! [`attempt`] is the way of one job, [`executor`] talks to the execution
//! endpoint, [`judge`] draws a verdict from what it reported, and [`report`]
//! says what was done.

pub mod app;
pub mod attempt;
pub mod budget;
pub mod config;
pub mod custom_run;
pub mod drain;
pub mod executor;
pub mod harness;
pub mod judge;
pub mod judging;
pub mod problems;
pub mod report;
pub mod route;
pub mod surroundings;

use std::rc::Rc;

use app::{App, Todo};
use bytes::Bytes;
use drain::Plan;
use http::StatusCode;
use shared::submission;
use surroundings::Surroundings;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, event};

/// The service binding of `wrangler.toml` that leads to this Worker itself: to
/// a fresh invocation, with a budget of its own.
const SELF: &str = "SELF";

#[event(start)]
fn start() {
    platform::install_panic_hook();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (_, request) = platform::read_request(request, submission::MAX_BODY_BYTES).await;
    let app = Rc::new(app_of(&env));
    // A job that was taken is worked on to its end, also when the caller of
    // GET /worker does not wait for it.
    let answering = {
        let app = Rc::clone(&app);
        async move { app.answer(request).await }
    };
    let Some(outcome) = platform::run_to_completion(&context, answering).await else {
        return Response::error("The request was cancelled.", 500);
    };
    for line in &outcome.log {
        platform::log_error(line);
    }
    if let Todo::Drain(plan) = outcome.todo {
        context.wait_until(async move { drain(&app, plan, &env).await });
    }
    platform::write_response(outcome.response)
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    drain(&app_of(&env), app::CRON, &env).await;
}

fn app_of(env: &Env) -> App {
    App::new(
        config::Config::from_lookup(&platform::lookup(env)),
        Surroundings {
            now_ms: platform::now_ms,
            random: platform::random_bytes,
            sleep: platform::sleep,
        },
    )
}

async fn drain(app: &App, plan: Plan, env: &Env) {
    let report = match app.drain(plan).await {
        Ok(report) => report,
        Err(error) => return platform::log_error(&error.to_string()),
    };
    if report.is_bad() {
        platform::log_error(&format!("drain: {report}"));
    } else if report.is_worth_a_line() {
        platform::log(&format!("drain: {report}"));
    }
    if report.hand_over {
        hand_over(plan, env).await;
    }
}

/// Lets a fresh invocation go on. Where that fails, the cron does.
async fn hand_over(plan: Plan, env: &Env) {
    let path = if plan.all_lanes {
        "/wake?lanes=all"
    } else {
        "/wake"
    };
    let mut request = http::Request::new(Bytes::new());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static(path);
    match platform::call_service(env, SELF, &request).await {
        Ok(answer) if answer.status() == StatusCode::ACCEPTED => {}
        Ok(answer) => platform::log_error(&format!("hand-over: answered {}", answer.status())),
        Err(error) => platform::log_error(&format!("hand-over: {error}")),
    }
}
