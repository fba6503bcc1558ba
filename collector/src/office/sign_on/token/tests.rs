use consent_core::ids::base64url;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey as _, traits::PublicKeyParts as _};
use serde_json::{Value, json};

use super::*;

const NOW: Millis = Millis(1_800_000_000_000);
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://id.example", client: "ashiato", nonce: "n-1", now: NOW };

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A provider's key, and what it signs by it.
struct Signer {
    alg: &'static str,
    jwk: Value,
    sign: Sign,
}

fn rsa() -> Signer {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
    let jwk = json!({ "kty": "RSA", "kid": "r", "n": base64url(&n), "e": base64url(&e) });
    let pair =
        ring::signature::RsaKeyPair::from_der(key.to_pkcs1_der().unwrap().as_bytes()).unwrap();
    let sign = move |text: &[u8]| {
        let mut signature = vec![0; pair.public().modulus_len()];
        let padding = &ring::signature::RSA_PKCS1_SHA256;
        pair.sign(padding, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    };
    Signer { alg: "RS256", jwk, sign: Box::new(sign) }
}

fn p256() -> Signer {
    let random = SystemRandom::new();
    let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(how, pair.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": "e", "use": "sig", "x": x, "y": y });
    let sign = move |text: &[u8]| pair.sign(&random, text).unwrap().as_ref().to_vec();
    Signer { alg: "ES256", jwk, sign: Box::new(sign) }
}

fn ed25519() -> Signer {
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let x = base64url(key.public_key().as_ref());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "d", "alg": "EdDSA", "x": x });
    Signer {
        alg: "EdDSA",
        jwk,
        sign: Box::new(move |text: &[u8]| key.sign(text).as_ref().to_vec()),
    }
}

impl Signer {
    fn keys(&self) -> KeySet {
        let other = json!({ "kty": "oct", "k": "AAAA" });
        serde_json::from_value(json!({ "keys": [other, self.jwk] })).unwrap()
    }

    fn made(&self, head: &Value, claims: &Value) -> String {
        let part = |it: &Value| base64url(it.to_string().as_bytes());
        let signed = format!("{}.{}", part(head), part(claims));
        format!("{signed}.{}", base64url(&(self.sign)(signed.as_bytes())))
    }

    fn head(&self) -> Value {
        json!({ "alg": self.alg, "kid": self.jwk["kid"] })
    }

    /// What comes of a token whose claims are changed like that.
    fn with(&self, change: &Value) -> Result<Person, Fault> {
        let mut claims = claims();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        read(&self.made(&self.head(), &claims), &self.keys(), EXPECTED)
    }
}

fn claims() -> Value {
    let now = NOW.0 / 1_000;
    json!({ "iss": "https://id.example", "sub": "248289", "aud": "ashiato", "nonce": "n-1",
        "exp": now + 300, "iat": now - 5, "email": "Mika@Shop.Example", "email_verified": true })
}

#[test]
fn a_token_of_each_kind_of_key_names_its_person() {
    for signer in [rsa(), p256(), ed25519()] {
        let person = signer.with(&json!({})).unwrap();
        assert_eq!(person.subject, "248289", "{}", signer.alg);
        assert_eq!(person.verified.as_deref(), Some("mika@shop.example"));
        // Without a kid every key of that kind is tried.
        let token = signer.made(&json!({ "alg": signer.alg }), &claims());
        assert!(read(&token, &signer.keys(), EXPECTED).is_ok());
    }
}

#[test]
fn what_a_token_must_say_is_looked_at_one_by_one() {
    let (signer, now) = (ed25519(), NOW.0 / 1_000);
    for (change, fault) in [
        (json!({ "iss": "https://id.example/" }), Fault::Issuer),
        (json!({ "aud": "another" }), Fault::Audience),
        (json!({ "aud": ["another"] }), Fault::Audience),
        (json!({ "aud": ["another", "ashiato"] }), Fault::Audience),
        (json!({ "aud": "ashiato", "azp": "another" }), Fault::Audience),
        (json!({ "exp": now - SKEW }), Fault::Expired),
        (json!({ "iat": now - 700 }), Fault::Expired),
        (json!({ "iat": now + SKEW }), Fault::Early),
        (json!({ "nbf": now + SKEW + 1 }), Fault::Early),
        (json!({ "nonce": "n-2" }), Fault::Nonce),
        (json!({ "nonce": null }), Fault::Nonce),
        (json!({ "sub": "" }), Fault::Malformed),
        (json!({ "sub": "x".repeat(256) }), Fault::Malformed),
        (json!({ "exp": "soon" }), Fault::Malformed),
        (json!({ "exp": null }), Fault::Malformed),
    ] {
        assert_eq!(signer.with(&change).err(), Some(fault), "{change}");
    }
    for change in [
        json!({ "aud": ["another", "ashiato"], "azp": "ashiato" }),
        json!({ "exp": now - SKEW + 1 }),
        json!({ "iat": now + SKEW - 1, "nbf": now + SKEW - 1 }),
    ] {
        assert!(signer.with(&change).is_ok(), "{change}");
    }
}

#[test]
fn an_address_counts_where_the_provider_says_that_it_has_verified_it() {
    let signer = ed25519();
    let address = |change: Value| signer.with(&change).unwrap().verified;
    assert!(address(json!({ "email_verified": "true" })).is_some());
    for change in [
        json!({ "email_verified": false }),
        json!({ "email_verified": "false" }),
        json!({ "email_verified": 1 }),
        json!({ "email_verified": null }),
        json!({ "email": "mika" }),
        json!({ "email": ["mika@shop.example"] }),
    ] {
        assert_eq!(address(change.clone()), None, "{change}");
    }
}

#[test]
fn what_is_not_signed_by_a_key_of_the_provider_is_not_read() {
    let (rsa, elliptic, edwards) = (rsa(), p256(), ed25519());
    let (keys, head, claims) = (edwards.keys(), edwards.head(), claims());
    let fault = |token: &str| read(token, &keys, EXPECTED).err();
    let token = edwards.made(&head, &claims);
    let [first, second, third] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };

    let none = base64url(br#"{"alg":"none"}"#);
    for unsigned in [format!("{none}.{second}."), format!("{none}.{second}.{third}")] {
        assert_eq!(fault(&unsigned), Some(Fault::Algorithm));
    }
    // The public key as a shared secret.
    let shared = base64url(br#"{"alg":"HS256","kid":"d"}"#);
    assert_eq!(fault(&format!("{shared}.{second}.{third}")), Some(Fault::Algorithm));
    assert_eq!(fault(&rsa.made(&rsa.head(), &claims)), Some(Fault::Key));
    assert_eq!(
        fault(&edwards.made(&json!({ "alg": "EdDSA", "kid": "z" }), &claims)),
        Some(Fault::Key)
    );
    assert_eq!(
        fault(&edwards.made(&json!({ "alg": "ES256", "kid": "d" }), &claims)),
        Some(Fault::Key)
    );
    let crit = json!({ "alg": "EdDSA", "kid": "d", "crit": ["exp"] });
    assert_eq!(fault(&edwards.made(&crit, &claims)), Some(Fault::Malformed));
    let other = base64url(claims.to_string().replace("248289", "1").as_bytes());
    assert_eq!(fault(&format!("{first}.{other}.{third}")), Some(Fault::Signature));
    let named = json!({ "alg": "EdDSA", "kid": "d" });
    assert_eq!(
        fault(&Signer { sign: elliptic.sign, ..ed25519() }.made(&named, &claims)),
        Some(Fault::Signature)
    );
    let long = "x".repeat(LONGEST);
    for text in ["", "a.b", "a.b.c.d", "é.é.é", &format!("{first}.{long}.{third}")] {
        assert_eq!(fault(text), Some(Fault::Malformed), "{text:.20}");
    }
}
