//! Deliveries: an invocation of their own, which worker-fn starts by calling itself.

use bytes::Bytes;
use http::Request;
use shared::config::ConfigError;

use super::app::{App, WAKE_UP, own_call};
use crate::limits::CallCounter;
use crate::webhook::{Courier, CourierReport};

impl App {
    /// The call with which a fresh invocation is asked for deliveries.
    pub fn courier_call(&self) -> Result<Request<Bytes>, ConfigError> {
        let config = self.config.as_ref().map_err(Clone::clone)?;
        Ok(own_call(config, "/deliver"))
    }

    /// Makes the deliveries that are due. Without `WEBHOOK_SECRET` none is made: they
    /// wait until there is one.
    pub async fn deliver(&self) -> Result<CourierReport, ConfigError> {
        let config = self.config.as_ref().map_err(Clone::clone)?;
        let Some(webhooks) = &config.webhooks else {
            return Ok(CourierReport::default());
        };
        let courier = Courier {
            store: &self.instance.store(&config.redis),
            config: webhooks,
            runtime: self.runtime,
            receivers: &self.instance.receivers,
            calls: CallCounter::new(config.subrequest_budget),
            deadline_ms: (self.runtime.now_ms)() + WAKE_UP.time_ms,
            result_ttl_ms: config.queue.result_ttl_s.saturating_mul(1_000),
            redis_timeout_ms: config.redis.timeout_ms,
            span: self.span(),
        };
        Ok(courier.run().await)
    }
}
