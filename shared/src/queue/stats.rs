//! Numbers about the queue, for `GET /stats`: what waits and runs now, and what
//! [`statistics`](super::statistics) counted in the last hours.

use std::cell::RefCell;

use serde::Serialize;

use crate::domain::job::Job;
use crate::domain::lane::Lane;
use crate::domain::ticket::TicketKey;
use crate::domain::verdict::Verdict;
use crate::queue::statistics::{
    HOUR_MS, Histogram, HourCounts, MINUTE_MS, QUARTER_MS, ResultCounts,
};
use crate::queue::{Store, keys};
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

/// The scores of scheduled jobs are this much higher than those of leases.
pub(super) const SCHEDULED_MS: u64 = 1 << 50;

/// How many hours the commands of a day are summed up over, this one among them.
const HOURS_OF_A_DAY: u64 = 24;

/// What `GET /stats` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The number of jobs in each lane.
    pub waiting: Waiting,
    /// How long the oldest job at the head of a lane has waited, in milliseconds:
    /// since it was submitted, was due, was replayed or was put back to be judged
    /// again. Foreign jobs do not tell it.
    pub oldest_wait_ms: Option<u64>,
    /// The number of leased jobs.
    pub in_flight: u64,
    /// The number of jobs that are due: leases that ran out, and scheduled jobs
    /// whose time has come.
    pub due: u64,
    /// The number of scheduled jobs whose time has not come, retries among them.
    pub later: u64,
    /// The number of dead letters.
    pub dead: u64,
    /// The number of deliveries that wait: callback addresses that are not told yet.
    pub deliveries: u64,
    /// Whether all claims are paused.
    pub paused: bool,
    /// The last 60 minutes, newest first; minutes without jobs are left out.
    pub minutes: Vec<Minute>,
    /// Since when `latency` and `verdicts` are counted, in milliseconds since 1970
    /// (UTC): the start of the quarter of an hour that an hour ago was in.
    pub counted_since_ms: u64,
    /// How long finished submissions took; `None` where there was none.
    pub latency: Option<Latency>,
    /// Results by language and verdict, the most frequent first.
    pub verdicts: Vec<VerdictCount>,
    /// Commands of Redis.
    pub commands: Commands,
}

/// How long finished submissions took. Those that were judged again are not
/// counted, and neither are those of foreign producers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// How many.
    pub jobs: u64,
    /// Since they were submitted, were due or were replayed, until they were handed
    /// to the execution endpoint the last time.
    pub wait_ms: Percentiles,
    /// Since then until they were finished.
    pub total_ms: Percentiles,
}

/// Percentiles of a duration, in milliseconds. Each is the end of its bucket
/// ([`BUCKETS_MS`](super::statistics::BUCKETS_MS)): so many percent took no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
}

/// Results with a verdict in a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictCount {
    /// By its canonical name; `other` for all that are not told apart.
    pub language: &'static str,
    /// The judge's answer.
    pub verdict: Verdict,
    /// How many.
    pub count: u64,
}

/// Commands of Redis, about, as Upstash bills them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Commands {
    /// In the last 60 minutes.
    pub last_hour: u64,
    /// In this hour of the clock and the 23 before.
    pub last_day: u64,
    /// How many there may be a day, as the caller knows it.
    pub daily_limit: Option<u64>,
}

/// The commands of past hours, which do not change any more: an instance remembers
/// them, so that it reads the counters of a day only once.
#[derive(Debug, Default)]
pub struct PastHours(RefCell<Vec<(u64, u64)>>);

impl PastHours {
    /// The hours of a day that it does not know. This one and the one before may still
    /// change.
    pub(super) fn unknown(&self, hour: u64) -> Vec<u64> {
        let known = self.0.borrow();
        let past = hour.saturating_sub(HOURS_OF_A_DAY - 1)..hour.saturating_sub(1);
        let is_known = |hour: u64| known.iter().any(|&(known, _)| known == hour);
        past.filter(|&hour| !is_known(hour)).collect()
    }

    fn note(&self, hour: u64, commands: u64) {
        let mut known = self.0.borrow_mut();
        // Another request may have asked at the same time.
        known.retain(|&(known, _)| known != hour);
        known.push((hour, commands));
    }

    /// The sum of those that are within a day. Forgets the others.
    fn sum(&self, hour: u64) -> u64 {
        let mut known = self.0.borrow_mut();
        known.retain(|&(past, _)| past + HOURS_OF_A_DAY > hour);
        known.iter().map(|&(_, commands)| commands).sum()
    }
}

/// The number of jobs in each lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// In `problems:high`.
    pub high: u64,
    /// In `problems`.
    pub normal: u64,
    /// In `problems:low`.
    pub low: u64,
}

/// Jobs that ended in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// When it began, in milliseconds since 1970 (UTC).
    pub starts_at_ms: u64,
    /// Jobs with a result.
    pub done: u64,
    /// Jobs that were given up.
    pub dead: u64,
}

impl Store {
    /// Whether no job waits and none is leased or scheduled, and, where `webhooks` are
    /// made, no delivery waits. One command.
    pub async fn is_idle(&self, webhooks: bool) -> Result<bool, RedisError> {
        let command = Command::new("EXISTS")
            .args(Lane::ALL.map(keys::lane))
            .arg(keys::IN_FLIGHT)
            .args(webhooks.then_some(keys::DELIVERIES));
        let found: i64 = self.redis.command(command).await?;
        Ok(found == 0)
    }

    /// The number of jobs that wait, in all lanes. One round trip, three commands.
    pub async fn waiting(&self) -> Result<u64, RedisError> {
        let commands = Lane::ALL.map(|lane| Command::new("LLEN").arg(keys::lane(lane)));
        let mut waiting = 0;
        for reply in self.redis.pipeline(&commands).await? {
            waiting += i64::from_reply(reply?)?.max(0).unsigned_abs();
        }
        Ok(waiting)
    }
}

/// The commands: 14, in one round trip. `unknown` are past hours whose commands are
/// asked for.
pub(super) fn commands(now_ms: u64, unknown: &[u64]) -> Vec<Command> {
    let range =
        |from: String, to: String| Command::new("ZCOUNT").arg(keys::LEASES).arg(from).arg(to);
    let scheduled_until = SCHEDULED_MS + now_ms;
    let mut commands: Vec<Command> = Lane::ALL
        .iter()
        .map(|lane| Command::new("LLEN").arg(keys::lane(*lane)))
        .collect();
    commands.extend(
        Lane::ALL
            .iter()
            .map(|lane| Command::new("LINDEX").arg(keys::lane(*lane)).arg(-1)),
    );
    commands.extend([
        range(format!("({now_ms}"), format!("({SCHEDULED_MS}")),
        range("0".into(), now_ms.to_string()),
        range(SCHEDULED_MS.to_string(), scheduled_until.to_string()),
        range(format!("({scheduled_until}"), "+inf".into()),
        Command::new("HLEN").arg(keys::DEAD),
        Command::new("ZCARD").arg(keys::DELIVERIES),
        Command::new("ZSCORE").arg(keys::LEASES).arg(keys::PAUSED),
    ]);
    let hour = now_ms / HOUR_MS;
    let mut hours = vec![hour, hour.saturating_sub(1)];
    hours.extend(unknown);
    let hours = hours.into_iter().map(keys::statistics);
    commands.push(Command::new("MGET").args(hours));
    commands
}

/// Reads the replies, in the order of [`commands`].
pub(super) fn read(
    replies: Vec<Result<Reply, RedisError>>,
    now_ms: u64,
    tickets: &TicketKey,
    past: &PastHours,
    unknown: &[u64],
) -> Result<Stats, RedisError> {
    let mut replies = replies.into_iter();
    let mut next = || {
        replies
            .next()
            .unwrap_or_else(|| Err(RedisError::Unexpected("too few replies".into())))
    };
    let mut number = || i64::from_reply(next()?).map(|n| n.max(0).unsigned_abs());
    let waiting = Waiting {
        high: number()?,
        normal: number()?,
        low: number()?,
    };
    let mut oldest_ms: Option<u64> = None;
    for _ in Lane::ALL {
        let payload = Option::<Vec<u8>>::from_reply(next()?)?;
        let since_ms = payload
            .and_then(|payload| Job::decode(&payload).ok())
            .and_then(|job| waits_since_ms(&job, tickets));
        oldest_ms = oldest_ms.into_iter().chain(since_ms).min();
    }
    let mut number = || i64::from_reply(next()?).map(|n| n.max(0).unsigned_abs());
    let (in_flight, due) = (number()?, number()? + number()?);
    let (later, dead, deliveries) = (number()?, number()?, number()?);
    let paused = Option::<Vec<u8>>::from_reply(next()?)?.is_some();
    let hours: Items<Option<Vec<u8>>> = Items::from_reply(next()?)?;
    let mut hours = hours
        .0
        .into_iter()
        .map(|hour| HourCounts(hour.unwrap_or_default()));
    let hour = now_ms / HOUR_MS;
    let recent = Recent {
        this: hours.next().unwrap_or_default(),
        before: hours.next().unwrap_or_default(),
        now_ms,
    };
    for (&hour, counts) in unknown.iter().zip(hours) {
        past.note(hour, counts.commands());
    }
    let (minutes, commands_of_hour) = recent.minutes();
    let (latency, verdicts) = recent.quarters();
    Ok(Stats {
        waiting,
        oldest_wait_ms: oldest_ms.map(|ms| now_ms.saturating_sub(ms)),
        in_flight,
        due,
        later,
        dead,
        deliveries,
        paused,
        minutes,
        counted_since_ms: recent.counted_since_ms(),
        latency,
        verdicts,
        commands: Commands {
            last_hour: commands_of_hour,
            last_day: past.sum(hour) + recent.this.commands() + recent.before.commands(),
            daily_limit: None,
        },
    })
}

/// Since when a job has waited, as far as its payload tells.
fn waits_since_ms(job: &Job, tickets: &TicketKey) -> Option<u64> {
    let ticket = tickets.verify(job.id.as_deref()?)?;
    Some(job.requeued_at_ms.unwrap_or(ticket.waits_since_ms()))
}

/// The counters of this hour and of the one before.
struct Recent {
    this: HourCounts,
    before: HourCounts,
    now_ms: u64,
}

impl Recent {
    fn of(&self, at_ms: u64) -> &HourCounts {
        if at_ms / HOUR_MS == self.now_ms / HOUR_MS {
            &self.this
        } else {
            &self.before
        }
    }

    /// The last 60 minutes with jobs, newest first, and the commands of them all.
    fn minutes(&self) -> (Vec<Minute>, u64) {
        let mut commands = 0;
        let mut minutes = Vec::new();
        for back in 0..60 {
            let starts_at_ms = (self.now_ms / MINUTE_MS).saturating_sub(back) * MINUTE_MS;
            let counts = self.of(starts_at_ms).minute(starts_at_ms);
            commands += counts.commands;
            if counts.done + counts.dead > 0 {
                minutes.push(Minute {
                    starts_at_ms,
                    done: counts.done,
                    dead: counts.dead,
                });
            }
        }
        (minutes, commands)
    }

    fn counted_since_ms(&self) -> u64 {
        self.now_ms.saturating_sub(HOUR_MS) / QUARTER_MS * QUARTER_MS
    }

    /// What this quarter of an hour and the four before it tell.
    fn quarters(&self) -> (Option<Latency>, Vec<VerdictCount>) {
        let (mut wait, mut total) = (Histogram::default(), Histogram::default());
        let mut results = ResultCounts::default();
        for number in 0..5 {
            let at_ms = self.counted_since_ms() + number * QUARTER_MS;
            let hour = self.of(at_ms);
            hour.add_durations(at_ms, &mut wait, &mut total);
            hour.add_results(at_ms, &mut results);
        }
        let percentiles = |durations: &Histogram| Percentiles {
            p50: durations.percentile_ms(50),
            p90: durations.percentile_ms(90),
            p99: durations.percentile_ms(99),
        };
        let latency = (total.count() > 0).then(|| Latency {
            jobs: total.count(),
            wait_ms: percentiles(&wait),
            total_ms: percentiles(&total),
        });
        let mut verdicts: Vec<VerdictCount> = Vec::new();
        for (language, verdict, count) in results.iter() {
            let at = verdicts.partition_point(|other| other.count >= count);
            let counted = VerdictCount {
                language,
                verdict,
                count,
            };
            verdicts.insert(at, counted);
        }
        (latency, verdicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_hour_is_asked_for_once_and_forgotten_after_a_day() {
        let past = PastHours::default();
        let unknown = past.unknown(100);
        assert_eq!(unknown, (77..=98).collect::<Vec<_>>());
        for hour in unknown {
            past.note(hour, 1);
        }
        assert_eq!((past.unknown(100), past.sum(100)), (vec![], 22));
        // 77 is more than a day ago, and 99 is over.
        assert_eq!((past.unknown(101), past.sum(101)), (vec![99], 21));
        assert_eq!(PastHours::default().unknown(0), Vec::<u64>::new());
    }

    #[test]
    fn hours_that_are_over_cost_no_command_of_their_own() {
        for unknown in [vec![], (77..=98).collect()] {
            assert_eq!(commands(100 * HOUR_MS, &unknown).len(), 14);
        }
    }

    #[test]
    fn an_hour_of_minutes_and_five_quarters_reach_into_the_hour_before() {
        for minute in 0..60 {
            let recent = Recent {
                this: HourCounts::default(),
                before: HourCounts::default(),
                now_ms: 1_000 * HOUR_MS + minute * MINUTE_MS + 1,
            };
            let since_ms = recent.counted_since_ms();
            let ago_ms = recent.now_ms - since_ms;
            assert!(
                (HOUR_MS..HOUR_MS + QUARTER_MS).contains(&ago_ms),
                "{minute}"
            );
            // No quarter of an hour that is not read, and the last is this one.
            assert!(since_ms / HOUR_MS >= 999, "{minute}");
            let last_ms = since_ms + 4 * QUARTER_MS;
            assert_eq!(last_ms / QUARTER_MS, recent.now_ms / QUARTER_MS);
        }
    }
}
