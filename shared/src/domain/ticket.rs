//! Ids that carry their own proof.
//!
//! A ticket is a UUID (RFC 9562) and the first 8 bytes of an HMAC-SHA256 over
//! it, as 48 lowercase hex digits. Whoever holds the key can tell an id that was
//! given out from one that was made up, and when it was given out, without a key
//! in Redis for each submission; nobody else can guess one.
//!
//! The UUID is one of version 7: its first 48 bits are the milliseconds since
//! 1970, the rest is random. That of a scheduled submission is of version 8, which
//! is the same but for the first 20 bits after the variant: they are the delay in
//! seconds, rounded up. 54 random bits are left, and the HMAC.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::config::{self, Lookup, RedisConfig, Secret};
use crate::text::{hex, hex_digit};

const UUID_HEX: usize = 32;
const MAC_BYTES: usize = 8;

/// The key that tickets are made and checked with. Both Workers must hold the
/// same.
#[derive(Clone)]
pub struct TicketKey(Hmac<Sha256>);

/// The header that carries [`TicketKey::service_token`].
pub const SERVICE_TOKEN_HEADER: &str = "x-edgejudge-pass";

/// The header with which submit-fn passes `GET /worker` on for somebody who may see code
/// and results of others. It counts only beside the service token; without it both are
/// left out.
pub const SEES_ALL_HEADER: &str = "x-edgejudge-sees-all";

/// The header with which submit-fn asks a wake-up to be answered only once the drain
/// has settled jobs, with their ids. It counts only beside the service token.
pub const AWAIT_HEADER: &str = "x-edgejudge-await";

/// What a verified ticket tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// When the submission was made, in milliseconds since 1970 (UTC).
    pub submitted_at_ms: u64,
    /// When a scheduled submission is due, to the second.
    pub due_at_ms: Option<u64>,
}

/// The most seconds of delay that an id can hold: 12 days.
const MAX_DELAY_S: u64 = (1 << 20) - 1;

impl Ticket {
    /// Since when the submission has waited for its turn.
    pub fn waits_since_ms(&self) -> u64 {
        self.due_at_ms.unwrap_or(self.submitted_at_ms)
    }
}

impl TicketKey {
    /// `TICKET_SECRET`, or else a key derived from the Upstash token, which
    /// both Workers hold anyway. Changing either makes earlier ids unknown.
    pub fn from_lookup(lookup: Lookup<'_>, redis: &RedisConfig) -> Self {
        match config::optional(lookup, "TICKET_SECRET") {
            Some(secret) => Self::new(&Secret::new(secret)),
            None => Self::new(&redis.token),
        }
    }

    /// A key from any secret text.
    pub fn new(secret: &Secret) -> Self {
        // The secret may also be the Upstash token, so it is never used as it is:
        // the key is derived from it under a name of its own.
        let mut derive = keyed(secret.expose().as_bytes());
        derive.update(b"edgejudge ticket v1");
        Self(keyed(&derive.finalize().into_bytes()))
    }

    /// A new id. `random` must be ten bytes from a secure source.
    pub fn issue(&self, now_ms: u64, random: &[u8; 10]) -> String {
        self.sign(Builder::from_unix_timestamp_millis(now_ms, random).into_uuid())
    }

    /// A new id for a submission that is due after a delay.
    pub fn issue_scheduled(&self, now_ms: u64, delay_ms: u64, random: &[u8; 10]) -> String {
        let delay_s = delay_ms.div_ceil(1_000).min(MAX_DELAY_S);
        let (time, rest) = (u128::from(now_ms), u128::from_be_bytes(padded(random)));
        // From the left: 48 bits of time, 4 of version, 12 random, 2 of variant, 20
        // of delay, 42 random. The version and the variant are set by the builder.
        let random = ((rest << 22) & (0xfff << 64)) | (rest & ((1 << 42) - 1));
        let bits = (time << 80) | (u128::from(delay_s) << 42) | random;
        self.sign(Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid())
    }

    fn sign(&self, uuid: Uuid) -> String {
        let mut id = uuid.simple().to_string();
        id.push_str(&hex(&self.tag(&id)));
        id
    }

    /// Reads an id that this key gave out; `None` for anything else.
    pub fn verify(&self, id: &str) -> Option<Ticket> {
        if id.len() != UUID_HEX + 2 * MAC_BYTES || !id.is_ascii() {
            return None;
        }
        let (uuid_text, tag_text) = id.split_at(UUID_HEX);
        let mut tag = [0u8; MAC_BYTES];
        for (byte, digits) in tag.iter_mut().zip(tag_text.as_bytes().chunks_exact(2)) {
            *byte = hex_digit(digits[0])? * 16 + hex_digit(digits[1])?;
        }
        let mut mac = self.0.clone();
        mac.update(uuid_text.as_bytes());
        // Constant time: an id cannot be guessed digit by digit.
        mac.verify_truncated_left(&tag).ok()?;
        let uuid = Uuid::try_parse(uuid_text).ok()?;
        let (high, low) = uuid.as_u64_pair();
        let submitted_at_ms = high >> 16;
        let delay_s = (low >> 42) & MAX_DELAY_S;
        let due_at_ms = (uuid.get_version_num() == 8).then(|| submitted_at_ms + delay_s * 1_000);
        Some(Ticket {
            submitted_at_ms,
            due_at_ms,
        })
    }

    /// Proves that a call comes from the other Worker. The same for all time, and
    /// never a valid ticket.
    pub fn service_token(&self) -> String {
        hex(&self.tag("pass"))
    }

    /// Whether `given` is [`TicketKey::service_token`].
    pub fn is_service_token(&self, given: &[u8]) -> bool {
        std::str::from_utf8(given)
            .is_ok_and(|given| Secret::new(self.service_token()).matches(given))
    }

    /// A keyed fingerprint, 32 hex digits: without the key nobody can test a
    /// guess of `bytes` against it.
    pub fn fingerprint(&self, bytes: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(b"fingerprint");
        mac.update(bytes);
        let full = mac.finalize().into_bytes();
        hex(&full[..16])
    }

    fn tag(&self, uuid_text: &str) -> [u8; MAC_BYTES] {
        let mut mac = self.0.clone();
        mac.update(uuid_text.as_bytes());
        let full = mac.finalize().into_bytes();
        std::array::from_fn(|index| full[index])
    }
}

/// As the last bytes of a 128-bit number.
fn padded(bytes: &[u8; 10]) -> [u8; 16] {
    let mut padded = [0; 16];
    padded[6..].copy_from_slice(bytes);
    padded
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length, so this cannot fail"
)]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(secret: &str) -> TicketKey {
        TicketKey::new(&Secret::new(secret))
    }

    #[test]
    fn a_fingerprint_is_the_keys_and_the_texts() {
        let print = key("s").fingerprint(b"text");
        assert_eq!(print.len(), 32);
        assert_eq!(print, key("s").fingerprint(b"text"));
        assert_ne!(print, key("s").fingerprint(b"other"));
        assert_ne!(print, key("other").fingerprint(b"text"));
    }

    #[test]
    fn a_pass_is_known_by_those_who_hold_the_key() {
        let pass = key("s").service_token();
        assert_eq!(pass.len(), 16);
        assert!(key("s").is_service_token(pass.as_bytes()));
        for other in [
            key("other").service_token().as_bytes(),
            b"",
            b"\xff",
            &pass.as_bytes()[1..],
        ] {
            assert!(!key("s").is_service_token(other));
        }
    }

    #[test]
    fn a_ticket_looks_as_documented_and_sorts_by_time() {
        let earlier = key("s").issue(1_700_000_000_000, &[0xff; 10]);
        let later = key("s").issue(1_700_000_000_001, &[0x00; 10]);
        assert_eq!(earlier.len(), 48);
        assert!(earlier < later);
        assert_eq!(&earlier[12..13], "7", "the UUID's version");
    }

    #[test]
    fn a_scheduled_ticket_is_a_uuid_of_version_8() {
        let id = key("s").issue_scheduled(1_700_000_000_000, 604_800_000, &[0xff; 10]);
        assert_eq!(&id[..12], "018bcfe56800", "the time stands first");
        assert_eq!((&id[12..13], &id[16..17]), ("8", "a"), "version, variant");
        let zeros = key("s").issue_scheduled(1_700_000_000_000, 604_800_000, &[0; 10]);
        // 604,800 s = 0x93a80: the delay, after the two bits of the variant.
        assert_eq!(&zeros[..32], "018bcfe568008000a4ea000000000000");
        assert_eq!(&id[..32], "018bcfe568008fffa4ea03ffffffffff");
    }

    /// Ids that earlier releases gave out.
    #[test]
    fn an_id_of_version_7_tells_the_time_of_its_submission() {
        let id = "018bcfe568007fffbfffffffffffffff8f2d9eaccd2693b3";
        assert_eq!(key("s").issue(1_700_000_000_000, &[0xff; 10]), id);
        let ticket = Ticket {
            submitted_at_ms: 1_700_000_000_000,
            due_at_ms: None,
        };
        assert_eq!(key("s").verify(id), Some(ticket));
        assert_eq!(ticket.waits_since_ms(), 1_700_000_000_000);
    }

    proptest! {
        #[test]
        fn what_is_issued_verifies_and_tells_its_time(
            submitted_at_ms in 0u64..(1 << 48),
            random in any::<[u8; 10]>(),
        ) {
            let id = key("s").issue(submitted_at_ms, &random);
            let ticket = Ticket { submitted_at_ms, due_at_ms: None };
            prop_assert_eq!(key("s").verify(&id), Some(ticket));
            prop_assert_eq!(key("other").verify(&id), None);
        }

        #[test]
        fn a_scheduled_ticket_also_tells_when_it_is_due(
            submitted_at_ms in 0u64..(1 << 48),
            delay_ms in 0u64..=crate::domain::submission::MAX_DELAY_MS,
            random in any::<[u8; 10]>(),
        ) {
            let id = key("s").issue_scheduled(submitted_at_ms, delay_ms, &random);
            let ticket = key("s").verify(&id).unwrap();
            prop_assert_eq!(ticket.submitted_at_ms, submitted_at_ms);
            let due_at_ms = ticket.due_at_ms.unwrap();
            let exact_ms = submitted_at_ms + delay_ms;
            prop_assert!((exact_ms..exact_ms + 1_000).contains(&due_at_ms));
            prop_assert_eq!(ticket.waits_since_ms(), due_at_ms);
            prop_assert_eq!(key("other").verify(&id), None);
        }

        /// 54 of the 80 bits are used, and all of those are kept.
        #[test]
        fn scheduled_tickets_differ_where_their_random_bytes_do(
            one in any::<[u8; 10]>(), two in any::<[u8; 10]>(),
        ) {
            let id = |random| key("s").issue_scheduled(1, 1, random);
            let used = |bytes: &[u8; 10]| u128::from_be_bytes(padded(bytes)) & ((1 << 54) - 1);
            prop_assert_eq!(id(&one) == id(&two), used(&one) == used(&two));
        }

        #[test]
        fn any_changed_character_is_noticed(
            random in any::<[u8; 10]>(),
            at in 0usize..48,
            to in "[0-9a-zA-Z]",
        ) {
            let id = key("s").issue(1_700_000_000_000, &random);
            let mut changed = id.clone();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(key("s").verify(&changed).is_some(), changed == id);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,60}") {
            prop_assert_eq!(key("s").verify(&text), None);
        }
    }
}
