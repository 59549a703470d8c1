//! Numbers for `GET /metrics`: those of [`stats`], and what was counted
//! since the day began.
//!
//! Counters are kept by the hour, and a counter of Prometheus may only rise, or begin
//! again at 0. So they are summed up since midnight (UTC), where they begin again. An
//! instance remembers the hours that are over, as it does for `GET /stats`.

use std::cell::RefCell;

use super::Store;
use super::statistics::{HOUR_MS, HourCounts, Totals};
use super::stats::{self, PastHours, Stats};
use crate::domain::ticket::TicketKey;
use crate::redis::{FromReply, Items, RedisError};

/// The hours of a day.
const HOURS: u64 = 24;

/// Everything that `GET /metrics` says of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// What waits and runs now.
    pub stats: Stats,
    /// What was counted since midnight (UTC).
    pub today: Totals,
}

/// What past hours counted, which does not change any more.
#[derive(Debug, Default)]
pub struct PastTotals {
    commands: PastHours,
    totals: RefCell<Vec<(u64, Totals)>>,
}

/// The hours of this day that are over; that before this one may still change.
fn over(hour: u64) -> std::ops::Range<u64> {
    hour / HOURS * HOURS..hour.saturating_sub(1)
}

impl PastTotals {
    /// The hours that are asked for beside this one and the one before.
    fn unknown(&self, hour: u64) -> Vec<u64> {
        let mut unknown = self.commands.unknown(hour);
        let known = self.totals.borrow();
        let is_known = |hour: u64| known.iter().any(|&(known, _)| known == hour);
        for hour in over(hour).filter(|&hour| !is_known(hour)) {
            if !unknown.contains(&hour) {
                unknown.push(hour);
            }
        }
        unknown
    }

    fn note(&self, hour: u64, totals: Totals) {
        let mut known = self.totals.borrow_mut();
        // Another request may have asked at the same time.
        known.retain(|&(known, _)| known != hour);
        known.push((hour, totals));
    }

    /// The sum of those of this day. Forgets the others.
    fn sum(&self, hour: u64) -> Totals {
        let mut known = self.totals.borrow_mut();
        known.retain(|(past, _)| over(hour).contains(past));
        let mut sum = Totals::default();
        for (_, totals) in &*known {
            sum.add(totals);
        }
        sum
    }
}

impl Store {
    /// Numbers about everything. One round trip, 14 commands.
    pub async fn metrics(
        &self,
        now_ms: u64,
        tickets: &TicketKey,
        past: &PastTotals,
    ) -> Result<Metrics, RedisError> {
        let hour = now_ms / HOUR_MS;
        let unknown = past.unknown(hour);
        let commands = stats::commands(now_ms, &unknown);
        let replies = self.redis.pipeline(&commands).await?;
        let hours = replies.last().cloned();
        let stats = stats::read(replies, now_ms, tickets, &past.commands, &unknown)?;
        let missing = || Err(RedisError::Unexpected("too few replies".into()));
        let hours: Items<Option<Vec<u8>>> = Items::from_reply(hours.unwrap_or_else(missing)?)?;
        let counts = hours.0.into_iter().map(Option::unwrap_or_default);
        let mut totals = counts.map(|bytes| HourCounts(bytes).totals());
        let this = totals.next().unwrap_or_default();
        let before = totals.next().unwrap_or_default();
        for (&hour, totals) in unknown.iter().zip(totals) {
            past.note(hour, totals);
        }
        let mut today = past.sum(hour);
        today.add(&this);
        if !hour.is_multiple_of(HOURS) {
            today.add(&before);
        }
        Ok(Metrics { stats, today })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_a_day_are_summed_up_once_each() {
        let past = PastTotals::default();
        let totals = |commands| Totals {
            commands,
            ..Totals::default()
        };
        let (midnight, evening) = (24 * 1_000, 24 * 1_000 - 2);
        for hour in past.unknown(evening) {
            past.note(hour, totals(1));
        }
        // 00 to 20 o'clock; this hour and the one before are read each time.
        assert_eq!(past.sum(evening).commands, 21);
        assert_eq!(
            past.sum(evening + 1).commands,
            21,
            "21 o'clock is not known yet"
        );
        past.note(evening - 1, totals(1));
        assert_eq!(past.sum(evening + 1).commands, 22);
        for hour in 0..2 {
            assert_eq!(past.sum(midnight + hour), Totals::default());
        }
        past.note(midnight, totals(5));
        assert_eq!(past.sum(midnight + 2).commands, 5);
        assert_eq!(PastTotals::default().unknown(0), Vec::<u64>::new());
    }

    #[test]
    fn an_hour_that_only_one_sum_knows_is_asked_for() {
        let past = PastTotals::default();
        let hour = 24 * 1_000 + 10;
        assert_eq!(past.unknown(hour).len(), 22);
        past.note(hour - 2, Totals::default());
        assert_eq!(past.unknown(hour).len(), 22, "its commands are not known");
    }
}
