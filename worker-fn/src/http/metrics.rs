//! `GET /metrics`: the queue, the jobs of the day, the endpoints and the commands of
//! Redis, for Prometheus. For the operator, and for submit-fn, which passes it on.
//!
//! 14 commands in one round trip, as for `GET /stats`, and one call an endpoint. Where
//! Redis cannot be reached, the page says so and has the endpoints alone: a scrape that
//! fails would say nothing of them.
//!
//! Counters begin again at midnight (UTC), which to Prometheus is as if the process had
//! been started again: `rate()` and `increase()` take it into account. A series is
//! there from its 0 on, for they do not see the first value of a new one: so each
//! language has all its verdicts, 288 lines and 22 KB.

use bytes::Bytes;
use futures_util::future::join;
use http::{HeaderValue, Response, StatusCode, header};
use shared::http::response;
use shared::queue::metrics::Metrics;
use shared::queue::statistics::Durations;

use super::exposition::{CONTENT_TYPE, Kind, Page, seconds};
use crate::config::Config;
use crate::executor::{EndpointHealth, Endpoints};
use crate::instance::Instance;
use crate::runtime::Runtime;

/// The page, and what an operator should know.
pub(super) async fn answer(
    config: &Config,
    runtime: Runtime,
    instance: &Instance,
    endpoints: &Endpoints,
) -> (Response<Bytes>, Option<String>) {
    let store = instance.store(&config.redis);
    let queue = store.metrics((runtime.now_ms)(), &config.tickets, &instance.past);
    let (queue, health) = join(queue, endpoints.health()).await;
    let mut page = Page::default();
    page.metric(
        "edgejudge_build_info",
        Kind::Gauge,
        "The version that runs.",
    );
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    page.sample("edgejudge_build_info", &version, 1);
    let redis_up = u8::from(queue.is_ok());
    let help = "Whether Redis answered. Without it there are the endpoints alone.";
    page.single("edgejudge_redis_up", Kind::Gauge, help, redis_up);
    write_endpoints(&mut page, &health);
    let error = match &queue {
        Ok(metrics) => {
            write_queue(&mut page, metrics);
            write_day(&mut page, metrics, config.daily_commands);
            None
        }
        Err(error) => Some(format!("metrics: {error}")),
    };
    let mut response = response::empty(StatusCode::OK);
    let content_type = HeaderValue::from_static(CONTENT_TYPE);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    *response.body_mut() = page.finish().into();
    (response, error)
}

fn write_endpoints(page: &mut Page, health: &[EndpointHealth]) {
    let name = "edgejudge_endpoint_up";
    let help = "Whether the execution endpoint named its languages within 3 s.";
    page.metric(name, Kind::Gauge, help);
    for one in health {
        let up = u8::from(one.languages.is_ok());
        page.sample(
            name,
            &[("endpoint", &one.name), ("kind", one.kind.name())],
            up,
        );
    }
    let name = "edgejudge_endpoint_latency_seconds";
    let help = "How long the execution endpoint took to name its languages.";
    page.metric(name, Kind::Gauge, help);
    for one in health {
        page.sample(name, &[("endpoint", &one.name)], seconds(one.latency_ms));
    }
    let name = "edgejudge_endpoint_ejected";
    let help = "Whether the instance that answered leaves the execution endpoint alone for now.";
    page.metric(name, Kind::Gauge, help);
    for one in health {
        let ejected = u8::from(one.ejected_until_ms.is_some());
        page.sample(name, &[("endpoint", &one.name)], ejected);
    }
}

fn write_queue(page: &mut Page, Metrics { stats, .. }: &Metrics) {
    let name = "edgejudge_queue_jobs";
    page.metric(name, Kind::Gauge, "Jobs that wait, by lane.");
    let waiting = &stats.waiting;
    for (lane, jobs) in [
        ("high", waiting.high),
        ("normal", waiting.normal),
        ("low", waiting.low),
    ] {
        page.sample(name, &[("lane", lane)], jobs);
    }
    let oldest = seconds(stats.oldest_wait_ms.unwrap_or(0));
    let paused = u8::from(stats.paused).to_string();
    for (name, help, value) in [
        (
            "edgejudge_queue_oldest_wait_seconds",
            "How long the first job of a lane has waited; 0 where none waits.",
            oldest,
        ),
        (
            "edgejudge_jobs_in_flight",
            "Jobs that a Worker has claimed.",
            stats.in_flight.to_string(),
        ),
        (
            "edgejudge_jobs_due",
            "Leases that ran out, and scheduled jobs whose time has come.",
            stats.due.to_string(),
        ),
        (
            "edgejudge_jobs_scheduled",
            "Scheduled jobs whose time has not come, retries among them.",
            stats.later.to_string(),
        ),
        (
            "edgejudge_dead_letters",
            "Jobs that were given up and that nobody has dealt with.",
            stats.dead.to_string(),
        ),
        (
            "edgejudge_deliveries",
            "Webhooks that wait: callback addresses that are not told yet.",
            stats.deliveries.to_string(),
        ),
        (
            "edgejudge_queue_paused",
            "Whether nothing is taken from the queue.",
            paused,
        ),
    ] {
        page.single(name, Kind::Gauge, help, value);
    }
}

fn write_day(page: &mut Page, Metrics { stats, today }: &Metrics, daily_commands: Option<u64>) {
    let name = "edgejudge_jobs_finished_total";
    let help = "Results since midnight (UTC), by language and verdict, also those with none.";
    page.metric(name, Kind::Counter, help);
    for (language, verdict, count) in today.results.all() {
        let labels = [("language", language), ("verdict", verdict.name())];
        page.sample(name, &labels, count);
    }
    let help = "Jobs that were given up since midnight (UTC).";
    page.single("edgejudge_jobs_dead_total", Kind::Counter, help, today.dead);
    for (name, help, durations) in [
        (
            "edgejudge_job_wait_seconds",
            "From submission until the endpoint had it the last time. Begins at 0 at midnight (UTC).",
            &today.wait,
        ),
        (
            "edgejudge_job_run_seconds",
            "From then until it was finished. Begins at 0 at midnight (UTC).",
            &today.run,
        ),
        (
            "edgejudge_job_duration_seconds",
            "From submission until it was finished. Begins at 0 at midnight (UTC).",
            &today.total,
        ),
    ] {
        page.metric(name, Kind::Histogram, help);
        write_durations(page, name, durations);
    }
    let help = "Commands of Redis since midnight (UTC), as Upstash bills them, about.";
    let name = "edgejudge_redis_commands_total";
    page.single(name, Kind::Counter, help, today.commands);
    let help = "Commands of Redis in this hour of the clock and the 23 before.";
    let name = "edgejudge_redis_commands_last_day";
    page.single(name, Kind::Gauge, help, stats.commands.last_day);
    if let Some(limit) = daily_commands {
        let help = "How many commands the plan of Redis has for a day (REDIS_DAILY_COMMANDS).";
        let name = "edgejudge_redis_commands_daily_limit";
        page.single(name, Kind::Gauge, help, limit);
    }
}

fn write_durations(page: &mut Page, name: &str, durations: &Durations) {
    let bucket = format!("{name}_bucket");
    let mut below = 0;
    let buckets: Vec<(u64, u64)> = durations.histogram.buckets().collect();
    // The last one stands for everything above the others.
    for (end_ms, count) in &buckets[..buckets.len().saturating_sub(1)] {
        below += count;
        page.sample(&bucket, &[("le", &seconds(*end_ms))], below);
    }
    let count = durations.histogram.count();
    page.sample(&bucket, &[("le", "+Inf")], count);
    page.sample(&format!("{name}_sum"), &[], seconds(durations.sum_ms));
    page.sample(&format!("{name}_count"), &[], count);
}
