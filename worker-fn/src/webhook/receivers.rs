//! What an instance remembers of receivers: the hosts that gave no answer lately.
//!
//! Each try of such a host may take 10 s. So its other deliveries wait without a try
//! of their own, and those to other hosts are not behind them.

use std::cell::RefCell;

/// How long a host's other deliveries wait after one got no answer, in milliseconds.
pub const AWAY_MS: u64 = 30_000;

/// The most hosts that are remembered.
const MAX_HOSTS: usize = 100;

/// The hosts, and until when they are left alone.
#[derive(Debug, Default)]
pub struct Receivers(RefCell<Vec<(String, u64)>>);

impl Receivers {
    /// For how long a host is left alone, in milliseconds; `None`: not at all.
    pub fn away_ms(&self, host: &str, now_ms: u64) -> Option<u64> {
        let hosts = self.0.borrow();
        let (_, until_ms) = hosts.iter().find(|(known, _)| known == host)?;
        until_ms.checked_sub(now_ms).filter(|&ms| ms > 0)
    }

    /// Notes whether a host gave an answer.
    pub fn note(&self, host: &str, answered: bool, now_ms: u64) {
        let mut hosts = self.0.borrow_mut();
        hosts.retain(|(known, until_ms)| known != host && *until_ms > now_ms);
        if !answered {
            if hosts.len() == MAX_HOSTS {
                hosts.remove(0);
            }
            hosts.push((host.to_owned(), now_ms + AWAY_MS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_left_alone_for_a_while() {
        let receivers = Receivers::default();
        receivers.note("a", false, 1_000);
        assert_eq!(receivers.away_ms("a", 2_000), Some(AWAY_MS - 1_000));
        assert_eq!(receivers.away_ms("b", 2_000), None);
        assert_eq!(receivers.away_ms("a", 1_000 + AWAY_MS), None);
        receivers.note("a", true, 2_000);
        assert_eq!(receivers.away_ms("a", 2_000), None);
        for host in 0..500 {
            receivers.note(&host.to_string(), false, 3_000);
        }
        assert_eq!(receivers.0.borrow().len(), MAX_HOSTS);
        assert!(receivers.away_ms("499", 3_000).is_some());
    }
}
