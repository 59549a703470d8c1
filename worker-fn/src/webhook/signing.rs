//! Signatures in the form of Standard Webhooks: `v1,` and the base64 of the
//! HMAC-SHA256 of `id.timestamp.body`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// The keys that sign, one of each secret. Prints as `[redacted]`.
#[derive(Clone)]
pub struct SigningKeys(Vec<Hmac<Sha256>>);

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SigningKeys {
    /// Reads secrets with spaces between. `None`: there is none, or one is no
    /// `whsec_…` of 24 to 64 bytes.
    pub fn parse(secrets: &str) -> Option<Self> {
        let key = |secret: &str| {
            let bytes = BASE64_STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
            if !(24..=64).contains(&bytes.len()) {
                return None;
            }
            Hmac::new_from_slice(&bytes).ok()
        };
        let keys: Option<Vec<_>> = secrets.split_whitespace().map(key).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }

    /// The header `webhook-signature`: one signature of each key, with spaces between.
    pub fn sign(&self, webhook_id: &str, timestamp_s: u64, body: &[u8]) -> String {
        let sign = |key: &Hmac<Sha256>| {
            let mut mac = key.clone();
            mac.update(format!("{webhook_id}.{timestamp_s}.").as_bytes());
            mac.update(body);
            format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
        };
        let all: Vec<String> = self.0.iter().map(sign).collect();
        all.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_that_of_the_reference() {
        let keys = SigningKeys::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{keys:?}"), "[redacted]");
    }

    #[test]
    fn every_secret_signs() {
        let one = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let other = format!("whsec_{}", BASE64_STANDARD.encode([7; 64]));
        let both = SigningKeys::parse(&format!("{other}  {one}\n")).unwrap();
        let signed = both.sign("i", 1, b"b");
        let each =
            [&other, one].map(|secret| SigningKeys::parse(secret).unwrap().sign("i", 1, b"b"));
        assert_eq!(signed, each.join(" "));
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        let short = format!("whsec_{}", BASE64_STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", BASE64_STANDARD.encode([7; 65]));
        for secrets in [
            "",
            " ",
            "whsec_",
            "whsec_???",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            &short,
            &long,
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,x",
        ] {
            assert!(SigningKeys::parse(secrets).is_none(), "{secrets}");
        }
    }
}
