//! How much is stored, for each client and in all: the bytes of results and dead
//! letters, counted in windows of `RESULT_TTL_S`.
//!
//! What is stored in a window is gone when the next one ends, so two windows are
//! the most that is there at once. worker-fn adds; submit-fn looks. Both know the
//! window from their clocks. Nothing here is exact: an instance adds what it has
//! stored once that is worth a command.

use super::{Store, keys};
use crate::config::{self, ConfigError, Lookup};
use crate::domain::client::ClientId;
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

/// The field with the bytes of all clients; no client has this name.
const ALL: &str = "all";

/// A window of time in which bytes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageWindow {
    /// The windows since 1970.
    pub number: u64,
    /// Its length, in seconds.
    pub length_s: u64,
}

/// The most bytes that may be stored in a window. Both Workers read them: submit-fn
/// refuses submissions above them, and worker-fn stores less of each result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageLimits {
    /// `STORE_MAX_MB`, for all clients together, in MiB. Default 80.
    pub all_bytes: u64,
    /// `STORE_CLIENT_MAX_MB`, for each client, in MiB. Default 8.
    pub client_bytes: u64,
}

impl UsageLimits {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mib = |name, default| {
            config::number(lookup, name, default, 1..=1_048_576).map(|mib| mib << 20)
        };
        Ok(Self {
            all_bytes: mib("STORE_MAX_MB", 80)?,
            client_bytes: mib("STORE_CLIENT_MAX_MB", 8)?,
        })
    }
}

/// Bytes that were stored in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// For all clients together.
    pub all: u64,
    /// For one client.
    pub client: u64,
}

impl UsageWindow {
    /// The window of `now_ms`, where results are kept for `result_ttl_s`.
    pub fn at(now_ms: u64, result_ttl_s: u64) -> Self {
        Self {
            number: now_ms / 1_000 / result_ttl_s.max(1),
            length_s: result_ttl_s.max(1),
        }
    }

    /// How many seconds of it are left.
    pub fn left_s(self, now_ms: u64) -> u64 {
        let end_s = (self.number + 1) * self.length_s;
        end_s.saturating_sub(now_ms / 1_000)
    }
}

impl Store {
    /// What is stored in a window, in all and for `client`. One command.
    pub async fn usage(&self, window: UsageWindow, client: &ClientId) -> Result<Usage, RedisError> {
        let command = Command::new("HMGET")
            .arg(keys::stored(window.number))
            .arg(ALL)
            .arg(client.as_str());
        let Items(counts): Items<Option<Vec<u8>>> = self.redis.command(command).await?;
        let read = |index: usize| {
            let text = counts.get(index).and_then(Option::as_deref);
            let text = text.and_then(|text| std::str::from_utf8(text).ok());
            text.and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        Ok(Usage {
            all: read(0),
            client: read(1),
        })
    }

    /// Adds bytes to a window: `all`, and some of them for clients. Returns the
    /// new sum of all, and of each client. One round trip, and two commands more
    /// than there are clients.
    pub async fn add_usage(
        &self,
        window: UsageWindow,
        all: u64,
        clients: &[(ClientId, u64)],
    ) -> Result<(u64, Vec<u64>), RedisError> {
        let key = keys::stored(window.number);
        let add = |field: &str, bytes: u64| Command::new("HINCRBY").arg(&key).arg(field).arg(bytes);
        let mut commands = vec![add(ALL, all)];
        let each = clients.iter();
        commands.extend(each.map(|(client, bytes)| add(client.as_str(), *bytes)));
        // What it counts is there until the next window ends.
        commands.push(Command::new("EXPIRE").arg(&key).arg(2 * window.length_s));
        let mut sums = Vec::new();
        for reply in self.redis.pipeline(&commands).await? {
            sums.push(sum(reply?)?);
        }
        sums.pop();
        let all = if sums.is_empty() { 0 } else { sums.remove(0) };
        Ok((all, sums))
    }
}

fn sum(reply: Reply) -> Result<u64, RedisError> {
    i64::from_reply(reply).map(|sum| sum.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_long_as_results_are_kept() {
        let at = |now_ms| UsageWindow::at(now_ms, 60);
        assert_eq!(
            (at(0).number, at(59_999).number, at(60_000).number),
            (0, 0, 1)
        );
        assert_eq!((at(0).left_s(0), at(59_999).left_s(59_999)), (60, 1));
    }
}
