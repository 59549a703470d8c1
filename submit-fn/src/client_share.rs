//! A client's share of the lane `normal`: so many submissions in ten seconds.
//! Those beyond it are stored all the same, in the lane `low`, which is worked on
//! when nothing waits in another. So one client with a thousand submissions keeps
//! nobody waiting.
//!
//! The platform counts, by its rate limiting binding, for all instances of a
//! place at once. Where there is no such binding, each instance counts by itself.
//! Neither costs a command.

use shared::domain::client::ClientId;
use shared::http::rates::RateLimit;

use crate::client_counts::ClientCounts;

/// How many submissions are a share.
pub const SHARE: u32 = 20;
/// For how long, in milliseconds.
pub const SHARE_MS: u64 = 10_000;

/// The rate limiting binding that counts shares.
const CLIENT_SHARE: &str = "CLIENT_SHARE";

/// What this instance counts by itself.
#[derive(Debug)]
pub struct ClientShare(ClientCounts);

impl Default for ClientShare {
    fn default() -> Self {
        Self(ClientCounts::new(SHARE_MS))
    }
}

impl ClientShare {
    /// Counts a submission of `client`, and says whether it is within the
    /// client's share.
    pub async fn allows(&self, client: &ClientId, platform: &impl RateLimit, now_ms: u64) -> bool {
        match platform.allows(CLIENT_SHARE, client.as_str()).await {
            Some(is_within) => is_within,
            None => self.0.add(client, now_ms) <= SHARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    struct Platform(Option<bool>);

    impl RateLimit for Platform {
        async fn allows(&self, binding: &str, _: &str) -> Option<bool> {
            assert_eq!(binding, CLIENT_SHARE);
            self.0
        }
    }

    #[tokio::test]
    async fn the_instance_counts_where_the_platform_does_not() {
        let (share, platform) = (ClientShare::default(), Platform(None));
        let (one, other) = (client(1), client(2));
        for _ in 0..SHARE {
            assert!(share.allows(&one, &platform, 0).await);
        }
        assert!(!share.allows(&one, &platform, SHARE_MS - 1).await);
        assert!(share.allows(&other, &platform, SHARE_MS - 1).await);
        assert!(share.allows(&one, &platform, SHARE_MS).await);
    }

    #[tokio::test]
    async fn the_platform_has_the_word_where_it_counts() {
        let share = ClientShare::default();
        for _ in 0..=SHARE {
            assert!(share.allows(&client(1), &Platform(Some(true)), 0).await);
        }
        assert!(!share.allows(&client(2), &Platform(Some(false)), 0).await);
    }

    /// The binding counts by the numbers of its own declaration.
    #[test]
    fn the_binding_has_the_same_numbers() {
        let settings = include_str!("../../wrangler.toml");
        let simple = format!(
            "simple = {{ limit = {SHARE}, period = {} }}",
            SHARE_MS / 1_000
        );
        assert!(settings.contains(&simple), "{simple}");
    }
}
