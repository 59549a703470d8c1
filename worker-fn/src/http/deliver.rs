//! Deliveries: an invocation of their own, which worker-fn starts by calling itself.

use shared::config::ConfigError;

use super::app::{App, WAKE_UP};
use super::own_call::{OwnCall, courier_call};
use crate::limits::CallCounter;
use crate::webhook::{Courier, CourierReport};

/// The calls of a courier on the free plan, where it spends the processor time of the
/// drain that started it: three deliveries.
const FREE_CALLS: u64 = 20;

impl App {
    /// The call with which a fresh invocation is asked for deliveries.
    pub fn courier_call(&self) -> OwnCall {
        courier_call(&self.settings)
    }

    /// Makes the deliveries that are due. Without `WEBHOOK_SECRET` none is made: they
    /// wait until there is one. On the free plan those that it leaves wait for the next
    /// drain or the cron.
    pub async fn deliver(&self) -> Result<CourierReport, ConfigError> {
        let config = self.settings.as_deref().map_err(Clone::clone)?;
        let Some(webhooks) = &config.webhooks else {
            return Ok(CourierReport::default());
        };
        let renews = config.plan.renews_by_binding();
        let calls = match renews {
            true => config.subrequest_budget,
            false => config.subrequest_budget.min(FREE_CALLS),
        };
        let courier = Courier {
            store: &self.instance.store(&config.redis),
            config: webhooks,
            runtime: self.runtime,
            receivers: &self.instance.receivers,
            calls: CallCounter::new(calls),
            deadline_ms: (self.runtime.now_ms)() + WAKE_UP.time_ms,
            result_ttl_ms: config.queue.result_ttl_s.saturating_mul(1_000),
            redis_timeout_ms: config.redis.timeout_ms(),
            span: self.span(),
        };
        let report = courier.run().await;
        Ok(CourierReport {
            hand_over: report.hand_over && renews,
            ..report
        })
    }
}
