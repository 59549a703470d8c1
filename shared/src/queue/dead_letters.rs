//! Dead letters: reading, replaying and deleting them, singly and all of a reason.

use serde_json::Value;

use super::admin::hscan;
use super::store::not_serializable;
use super::{Store, keys};
use crate::domain::delivery;
use crate::domain::job::{Job, UnreadableJob};
use crate::domain::lane::Lane;
use crate::domain::result::{PurgedDocument, Status};
use crate::domain::ticket::TicketKey;
use crate::redis::{Command, FromReply, Items, RedisError};

/// The number of letters whose payloads are read together. One may have some
/// hundred kilobytes, and Upstash takes requests of 10 MB.
const REPLAYED_AT_ONCE: usize = 10;

/// The number of letters that are deleted together: all of a page, as a rule.
const DELETED_AT_ONCE: usize = 500;

/// A page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPage {
    /// JSON texts as they are stored, in no order.
    pub letters: Vec<Vec<u8>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// A dead letter that is to be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    id: String,
    /// The key of a lane, or of the deliveries.
    place: &'static str,
    stored: String,
    payload: String,
    has_result: bool,
}

/// What became of a page of dead letters that are replayed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedPage {
    /// How many wait again.
    pub replayed: usize,
    /// How many cannot be read, and so stay.
    pub unreadable: usize,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
    /// Calls of Redis.
    pub calls: usize,
}

/// What became of a page of dead letters that are deleted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedPage {
    /// How many were deleted.
    pub deleted: u64,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl DeadPage {
    /// The letters whose reason begins so, as values.
    pub fn of_reason(&self, reason: &str) -> impl Iterator<Item = Value> {
        let letters = self.letters.iter();
        let read = letters.filter_map(|text| serde_json::from_slice::<Value>(text).ok());
        read.filter(move |letter| {
            let own = letter["reason"].as_str();
            own.is_some_and(|own| own.starts_with(reason))
        })
    }
}

impl Replay {
    /// The replay of a letter with this payload. The job gets the letter's id, under
    /// which people look for its result: a foreign job has none of its own. Errors:
    /// the payload is no job, so it would die again.
    pub fn of(id: &str, lane: Lane, stored: &[u8], now_ms: u64) -> Result<Self, UnreadableJob> {
        let not_utf8 = |_| UnreadableJob("not UTF-8".into());
        if delivery::is_letter(id) {
            // Due at once, as it is stored: with all its attempts.
            let payload = String::from_utf8(stored.to_vec()).map_err(not_utf8)?;
            return Ok(Self {
                id: id.to_owned(),
                place: keys::DELIVERIES,
                stored: payload.clone(),
                payload,
                has_result: true,
            });
        }
        let mut job = Job::decode(stored)?;
        // The id makes archived answers trusted.
        if job.id.as_deref() != Some(id) {
            job.archived = None;
            job.id = Some(id.to_owned());
        }
        job.requeued_at_ms = Some(now_ms);
        let unreadable = |_| UnreadableJob("not JSON".into());
        Ok(Self {
            id: id.to_owned(),
            place: keys::lane(lane),
            stored: String::from_utf8(stored.to_vec()).map_err(not_utf8)?,
            payload: job.encode().map_err(unreadable)?,
            has_result: job.archived.is_some(),
        })
    }
}

impl Store {
    /// A page of dead letters, about a hundred. One command.
    pub async fn dead_letters(&self, cursor: u64) -> Result<DeadPage, RedisError> {
        let (fields, next) = self.scan(hscan(keys::DEAD, cursor)).await?;
        Ok(DeadPage {
            letters: fields.into_iter().skip(1).step_by(2).collect(),
            next,
        })
    }

    /// A dead letter as it is stored, JSON text, and its payload. One round
    /// trip, two commands.
    pub async fn dead_letter(&self, id: &str) -> Result<Option<(Vec<u8>, Vec<u8>)>, RedisError> {
        let read = |key| Command::new("HGET").arg(key).arg(id);
        let mut replies = self
            .redis
            .pipeline(&[read(keys::DEAD), read(keys::DEAD_PAYLOAD)])
            .await?
            .into_iter();
        let mut next = || match replies.next() {
            Some(reply) => Option::<Vec<u8>>::from_reply(reply?),
            None => Ok(None),
        };
        let (letter, payload) = (next()?, next()?);
        Ok(letter.zip(payload))
    }

    /// Moves dead letters back to their lanes, and those of webhooks to the deliveries. Of
    /// each the lane's length, or 1, or `None`
    /// when it is not there as it was read. One round trip; one command, and five
    /// a letter.
    pub async fn replay(&self, replays: &[Replay]) -> Result<Vec<Option<u64>>, RedisError> {
        let mut command = Command::new("EVAL")
            .billed_as(1 + 5 * replays.len() as u64)
            .arg(include_str!(concat!(env!("OUT_DIR"), "/replay.lua")))
            .arg(3)
            .args([keys::DEAD, keys::DEAD_PAYLOAD, keys::DELIVERIES]);
        for replay in replays {
            let result = if replay.has_result {
                String::new()
            } else {
                keys::result(&replay.id)
            };
            command = command
                .args([&replay.id, replay.place, &result])
                .args([&replay.stored, &replay.payload]);
        }
        let lengths: Items<i64> = self.redis.command(command).await?;
        let length = |length| u64::try_from(length).ok().filter(|&length| length > 0);
        Ok(lengths.0.into_iter().map(length).collect())
    }

    /// Replays those of a page of dead letters whose reason begins so. One round trip
    /// for the page, and two for each ten letters.
    pub async fn replay_page(
        &self,
        cursor: u64,
        reason: &str,
        now_ms: u64,
    ) -> Result<ReplayedPage, RedisError> {
        let page = self.dead_letters(cursor).await?;
        let of_letter = |letter: Value| {
            let lane = letter["lane"].as_str().and_then(Lane::from_name);
            Some((letter["id"].as_str()?.to_owned(), lane.unwrap_or_default()))
        };
        let letters: Vec<(String, Lane)> = page.of_reason(reason).filter_map(of_letter).collect();
        let mut replayed_page = ReplayedPage {
            replayed: 0,
            unreadable: 0,
            next: page.next,
            calls: 1,
        };
        for letters in letters.chunks(REPLAYED_AT_ONCE) {
            let payloads = Command::new("HMGET")
                .arg(keys::DEAD_PAYLOAD)
                .args(letters.iter().map(|(id, _)| id));
            let payloads: Items<Option<Vec<u8>>> = self.redis.command(payloads).await?;
            let mut replays = Vec::new();
            for ((id, lane), payload) in letters.iter().zip(payloads.0) {
                // It was replayed or deleted since the page was read.
                let Some(payload) = payload else { continue };
                match Replay::of(id, *lane, &payload, now_ms) {
                    Ok(replay) => replays.push(replay),
                    Err(_) => replayed_page.unreadable += 1,
                }
            }
            let replayed = self.replay(&replays).await?;
            replayed_page.replayed += replayed.iter().flatten().count();
            replayed_page.calls += 2;
        }
        Ok(replayed_page)
    }

    /// Deletes a dead letter; whether there was one. One command, and four inside.
    pub async fn delete_dead_letter(
        &self,
        id: &str,
        tickets: &TicketKey,
    ) -> Result<bool, RedisError> {
        Ok(self.delete_dead_letters(&[id], tickets).await? > 0)
    }

    /// Deletes dead letters; how many there were. Their results say `purged` from then
    /// on, until they age out. One command, and four a letter.
    async fn delete_dead_letters(
        &self,
        ids: &[&str],
        tickets: &TicketKey,
    ) -> Result<u64, RedisError> {
        let mut command = Command::new("EVAL")
            .billed_as(1 + 4 * ids.len() as u64)
            .arg(include_str!(concat!(
                env!("OUT_DIR"),
                "/delete_dead_letters.lua"
            )))
            .arg(2)
            .args([keys::DEAD, keys::DEAD_PAYLOAD]);
        for &id in ids {
            let purged = PurgedDocument {
                id,
                status: Status::Purged,
                submitted_at_ms: tickets.verify(id).map(|ticket| ticket.submitted_at_ms),
            };
            command = command
                .arg(id)
                .arg(keys::result(id))
                .arg(serde_json::to_string(&purged).map_err(not_serializable)?);
        }
        let found: i64 = self.redis.command(command).await?;
        Ok(found.max(0).unsigned_abs())
    }

    /// Deletes those of a page of dead letters whose reason begins so. Two round
    /// trips.
    pub async fn delete_page(
        &self,
        cursor: u64,
        reason: &str,
        tickets: &TicketKey,
    ) -> Result<DeletedPage, RedisError> {
        let page = self.dead_letters(cursor).await?;
        let letters: Vec<Value> = page.of_reason(reason).collect();
        let ids: Vec<&str> = letters
            .iter()
            .filter_map(|one| one["id"].as_str())
            .collect();
        let mut deleted = 0;
        for ids in ids.chunks(DELETED_AT_ONCE) {
            deleted += self.delete_dead_letters(ids, tickets).await?;
        }
        let next = page.next;
        Ok(DeletedPage { deleted, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replayed_delivery_goes_to_the_deliveries_and_leaves_the_result() {
        let stored = br#"{"webhook":"i-7","id":"i","url":"https://hooks.site.org/"}"#;
        let replay = Replay::of("i.webhook", Lane::Low, stored, 9).unwrap();
        assert_eq!((replay.place, replay.has_result), (keys::DELIVERIES, true));
        assert_eq!(replay.payload.as_bytes(), stored);
        // Only a letter of ours is one: any other payload is a job.
        assert!(Replay::of("i", Lane::Low, stored, 9).is_err());
        assert!(Replay::of("i.webhook", Lane::Low, b"\xff", 9).is_err());
    }

    #[test]
    fn a_replayed_job_has_the_letters_id_and_no_answers_that_it_made_up() {
        let foreign = br#"{"problemId":7,"code":"c","language":"l","kept":{"version":"v"}}"#;
        let own = br#"{"id":"i","problemId":"7","code":"c","language":"l","kept":{"version":"v"}}"#;
        for (stored, has_result) in [(&foreign[..], false), (&own[..], true)] {
            let replay = Replay::of("i", Lane::Low, stored, 9).unwrap();
            assert_eq!((replay.id.as_str(), replay.place), ("i", keys::LOW));
            assert_eq!(replay.stored.as_bytes(), stored);
            let job = Job::decode(replay.payload.as_bytes()).unwrap();
            assert_eq!(job.id.as_deref(), Some("i"));
            assert_eq!(
                (job.problem_id.as_str(), job.source.code()),
                ("7", Some("c"))
            );
            assert_eq!(job.requeued_at_ms, Some(9));
            assert_eq!(
                (job.archived.is_some(), replay.has_result),
                (has_result, has_result)
            );
        }
        let unreadable = Replay::of("i", Lane::Low, b"\xff", 9).unwrap_err();
        assert!(
            unreadable.to_string().starts_with("not JSON"),
            "{unreadable}"
        );
    }
}
