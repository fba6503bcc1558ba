//! The secrets by which receivers know that a webhook is from here (Standard Webhooks, symmetric signatures).
//!
//! None is stored: a secret is derived from the visitor key, which is never exchanged, and a salt of the webhook's
//! row. Who has the database alone has no secret; exchanging one is exchanging the salt.

use base64ct::{Base64, Encoding as _};
use consent_core::{
    ids::{SiteKey, Uuid7},
    jws,
};
use zeroize::Zeroizing;

use super::Keys;

/// A webhook's secret.
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl Keys {
    /// The secret of that webhook with that salt.
    #[must_use]
    pub fn webhook_secret(&self, site: &SiteKey, webhook: Uuid7, salt: &[u8; 16]) -> WebhookSecret {
        // Both ids have one length, so that no two places are written alike.
        let mut info = webhook.as_bytes().to_vec();
        info.extend_from_slice(salt);
        info.extend_from_slice(site.as_str().as_bytes());
        let visitor = &self.held().visitor;
        WebhookSecret(Zeroizing::new(super::expand(b"ashiato webhook", visitor, &info)))
    }
}

impl WebhookSecret {
    /// As the receiver's owner is given it, once: `whsec_` and base64.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("whsec_{}", Base64::encode_string(self.0.as_slice())))
    }

    /// Signs a message: `v1,` and the base64 of the HMAC-SHA256 of `ID.SECONDS.BODY`.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let seconds = seconds.to_string();
        let parts = [id.as_bytes(), b".", seconds.as_bytes(), b".", body];
        format!("v1,{}", Base64::encode_string(&jws::mac(self.0.as_slice(), &parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (standard-webhooks, its libraries' own test).
    #[test]
    fn a_message_is_signed_as_the_standard_has_it() {
        let key = Base64::decode_vec("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let parts: [&[u8]; 5] = [
            b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            b".",
            b"1614265330",
            b".",
            br#"{"test": 2432232314}"#,
        ];
        let signature = Base64::encode_string(&jws::mac(&key, &parts));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_site_webhook_and_salt_has_a_secret_of_its_own() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let site = |key: &str| key.parse::<SiteKey>().unwrap();
        let id = |byte| Uuid7::new(consent_core::time::Millis(1), &[byte; 10]);
        let secret = |key: &str, byte, salt| {
            keys.webhook_secret(&site(key), id(byte), &[salt; 16]).text().to_string()
        };
        let all = [secret("a", 1, 1), secret("b", 1, 1), secret("a", 2, 1), secret("a", 1, 2)];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(secret("a", 1, 1), all[0], "and the same each time");
        assert!(all[0].starts_with("whsec_"));
    }
}
