//! An authenticator of a few lines (Web Authentication, Level 3): it says what it is told to say, so that it can say
//! what a real one never would.

use ashiato_tests::Answer;
use consent_core::ids::{base64url, from_base64url};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) const ORIGIN: &str = "https://office.example";
const PARTY: &str = "office.example";

/// A passkey.
pub(super) struct Authenticator {
    key: EcdsaKeyPair,
    pub(super) id: [u8; 16],
    pub(super) user: String,
    pub(super) counter: u32,
    pub(super) origin: &'static str,
    pub(super) party: &'static str,
}

/// What a page's form asks for, by its kind.
pub(super) fn asked(page: &Answer, kind: &str) -> Value {
    let form = page.body.split(&format!("data-passkey=\"{kind}\" data-options=\"")).nth(1).unwrap();
    serde_json::from_str(&form.split('"').next().unwrap().replace("&quot;", "\"")).unwrap()
}

/// What a page asks of whoever changes by what they log in.
pub(super) fn asked_to_prove(page: &Answer) -> Value {
    let form = page.body.split("data-passkey-proof data-options=\"").nth(1).unwrap();
    serde_json::from_str(&form.split('"').next().unwrap().replace("&quot;", "\"")).unwrap()
}

impl Authenticator {
    pub(super) fn new(id: u8) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { key, id: [id; 16], user: String::new(), counter: 0, origin: ORIGIN, party: PARTY }
    }

    fn client_data(&self, purpose: &str, asked: &Value) -> Vec<u8> {
        let said =
            json!({ "type": purpose, "challenge": asked["challenge"], "origin": self.origin });
        said.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [&Sha256::digest(self.party)[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// What its page's script sends of a passkey that was made.
    pub(super) fn make(&mut self, asked: &Value) -> String {
        self.user = asked["user"].as_str().unwrap().to_owned();
        let point = self.key.public_key().as_ref();
        // COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let key = [
            &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..],
            &point[1..33],
            &[0x22, 0x58, 32],
            &point[33..],
        ]
        .concat();
        let data = [&self.data(0x45)[..], &[0; 16], &[0, 16], &self.id, &key].concat();
        let length = u8::try_from(data.len()).unwrap();
        // {"fmt": "none", "attStmt": {}, "authData": data}.
        let object =
            [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &data].concat();
        let client = self.client_data("webauthn.create", asked);
        json!({ "clientDataJSON": base64url(&client), "attestationObject": base64url(&object) })
            .to_string()
    }

    /// What its page's script sends of a passkey that is shown.
    pub(super) fn show(&mut self, asked: &Value) -> String {
        assert!(from_base64url(asked["challenge"].as_str().unwrap()).is_some());
        let client = self.client_data("webauthn.get", asked);
        let data = self.data(5);
        let signed = [&data[..], &Sha256::digest(&client)[..]].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": base64url(&self.id), "clientDataJSON": base64url(&client),
            "authenticatorData": base64url(&data), "signature": base64url(signature.as_ref()),
            "userHandle": self.user,
        })
        .to_string()
    }
}
