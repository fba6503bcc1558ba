use ciborium::Value;
use consent_core::ids::base64url;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde_json::json;

use super::*;

const CHALLENGE: &[u8] = b"a challenge that waits";

fn party() -> RelyingParty {
    RelyingParty::of("https://office.example:8443").unwrap()
}

/// What an authenticator and its browser say, to be told wrongly one thing at a time.
#[derive(Clone)]
struct Said {
    purpose: &'static str,
    challenge: &'static [u8],
    origin: &'static str,
    cross_origin: bool,
    party: &'static str,
    flags: u8,
    rest: Vec<u8>,
}

impl Said {
    fn good(purpose: &'static str) -> Self {
        let origin = "https://office.example:8443";
        let (party, flags) = ("office.example", PRESENT | VERIFIED);
        let (cross_origin, rest) = (false, Vec::new());
        Self { purpose, challenge: CHALLENGE, origin, cross_origin, party, flags, rest }
    }

    fn client_data(&self) -> Vec<u8> {
        let mut said = json!({
            "type": self.purpose, "challenge": base64url(self.challenge), "origin": self.origin,
            "other": "browsers may add what they like",
        });
        if self.cross_origin {
            said["crossOrigin"] = json!(true);
        }
        said.to_string().into_bytes()
    }

    fn data(&self) -> Vec<u8> {
        let hash = Sha256::digest(self.party);
        [&hash[..], &[self.flags], &7_u32.to_be_bytes(), &self.rest].concat()
    }

    fn made(&self, key: &[u8]) -> Result<New, Refusal> {
        let attested = [&[9; 16][..], &16_u16.to_be_bytes(), &[5; 16], key].concat();
        let own = Self {
            flags: self.flags | ATTESTED,
            rest: [&attested[..], &self.rest].concat(),
            ..self.clone()
        };
        own.object()
    }

    fn object(&self) -> Result<New, Refusal> {
        let object = cbor(&map(vec![
            (Value::from("fmt"), Value::from("none")),
            (Value::from("attStmt"), map(Vec::new())),
            (Value::from("authData"), Value::Bytes(self.data())),
        ]));
        let sent = json!({
            "clientDataJSON": base64url(&self.client_data()), "attestationObject": base64url(&object),
        });
        Made::read(&sent.to_string())?.verify(&party(), |challenge| challenge == CHALLENGE)
    }

    fn shown(&self, key: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) -> Result<Verified, Refusal> {
        let (client, data) = (self.client_data(), self.data());
        let signed = [&data[..], &Sha256::digest(&client)[..]].concat();
        let sent = json!({
            "id": "AAAA", "clientDataJSON": base64url(&client), "authenticatorData": base64url(&data),
            "signature": base64url(&sign(&signed)), "userHandle": null,
        });
        let shown = Shown::read(&sent.to_string())?;
        shown.verify(&party(), key, |challenge| challenge == CHALLENGE)
    }
}

fn map(entries: Vec<(Value, Value)>) -> Value {
    Value::Map(entries)
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn cose(entries: &[(i64, Value)]) -> Vec<u8> {
    let entry = |(label, value): &(i64, Value)| (Value::from(*label), value.clone());
    cbor(&map(entries.iter().map(entry).collect()))
}

struct Es256(EcdsaKeyPair, SystemRandom);

impl Es256 {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap(), random)
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.0.public_key().as_ref();
        let (x, y) = (point[1..33].to_vec(), point[33..].to_vec());
        let (two, one) = (Value::from(2), Value::from(1));
        cose(&[
            (1, two),
            (3, Value::from(-7)),
            (-1, one),
            (-2, Value::Bytes(x)),
            (-3, Value::Bytes(y)),
        ])
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(&self.1, text).unwrap().as_ref().to_vec()
    }
}

/// Signs a text by a key.
type Signs<'k> = &'k dyn Fn(&[u8]) -> Vec<u8>;

#[test]
fn a_passkey_is_made_and_shown_by_each_algorithm_that_is_asked_for() {
    let es256 = Es256::new();
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let ed25519 = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let x = Value::Bytes(ed25519.public_key().as_ref().to_vec());
    let eddsa = cose(&[(1, Value::from(1)), (3, Value::from(-8)), (-1, Value::from(6)), (-2, x)]);
    let document = rsa_key();
    let rsa = RsaKeyPair::from_der(&document).unwrap();
    let components = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(rsa.public());
    let rs256 = cose(&[
        (1, Value::from(3)),
        (3, Value::from(-257)),
        (-1, Value::Bytes(components.n)),
        (-2, Value::Bytes(components.e)),
    ]);
    let by_rsa = |text: &[u8]| {
        let mut signature = vec![0; rsa.public().modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    };
    let by_ed25519 = |text: &[u8]| ed25519.sign(text).as_ref().to_vec();
    let by_es256 = |text: &[u8]| es256.sign(text);
    let all: [(Vec<u8>, Signs<'_>); 3] =
        [(es256.cose(), &by_es256), (eddsa, &by_ed25519), (rs256, &by_rsa)];
    for (at, (key, sign)) in all.iter().enumerate() {
        let new = Said::good("webauthn.create").made(key).unwrap();
        assert_eq!((&new.id[..], &new.key, new.counter), (&[5; 16][..], key, 7));
        assert_eq!((new.challenge.as_slice(), new.backup_eligible), (CHALLENGE, false));
        let verified = Said::good("webauthn.get").shown(key, sign).unwrap();
        assert_eq!((verified.counter, verified.challenge.as_slice()), (7, CHALLENGE));
        // Neither changed, nor cut, nor under another key.
        let changed = |text: &[u8]| {
            let mut signature = sign(text);
            signature[10] ^= 1;
            signature
        };
        let other = &all[(at + 1) % 3].0;
        let good = Said::good("webauthn.get");
        assert_eq!(good.shown(key, changed), Err(Refusal::Signature));
        assert_eq!(good.shown(key, |_| Vec::new()), Err(Refusal::Signature));
        assert_eq!(good.shown(other, sign), Err(Refusal::Signature));
    }
}

/// A key of RSA, 2048 bits (PKCS #1, DER).
fn rsa_key() -> Vec<u8> {
    use rsa::pkcs1::EncodeRsaPrivateKey as _;
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    key.to_pkcs1_der().unwrap().as_bytes().to_vec()
}

/// Changes one thing, and what is said of that.
type Wrong = (fn(&mut Said), Refusal);

#[test]
fn whatever_is_wrong_is_refused_for_what_it_is() {
    let key = Es256::new();
    let wrong: [Wrong; 13] = [
        (|said| said.purpose = "payment.get", Refusal::Purpose),
        (|said| said.challenge = b"another one", Refusal::Challenge),
        (|said| said.challenge = b"", Refusal::Challenge),
        (|said| said.origin = "https://office.example", Refusal::Origin),
        (|said| said.origin = "http://office.example:8443", Refusal::Origin),
        (|said| said.origin = "https://office.example:8443.evil.example", Refusal::Origin),
        (|said| said.cross_origin = true, Refusal::Origin),
        (|said| said.party = "example", Refusal::RelyingParty),
        (|said| said.flags = PRESENT, Refusal::Unverified),
        (|said| said.flags = VERIFIED, Refusal::Unverified),
        (|said| said.flags |= BACKED_UP, Refusal::Malformed),
        (|said| said.rest = vec![0xa0], Refusal::Malformed),
        (|said| said.flags |= EXTENSIONS, Refusal::Malformed),
    ];
    for (at, (change, refusal)) in wrong.iter().enumerate() {
        let mut made = Said::good("webauthn.create");
        change(&mut made);
        assert_eq!(made.made(&key.cose()), Err(*refusal), "{at}");
        let mut shown = Said::good("webauthn.get");
        change(&mut shown);
        assert_eq!(shown.shown(&key.cose(), |text| key.sign(text)), Err(*refusal), "{at}");
    }
    // The one is not taken for the other.
    let made = Said::good("webauthn.get").made(&key.cose());
    let shown = Said::good("webauthn.create").shown(&key.cose(), |text| key.sign(text));
    assert_eq!((made, shown), (Err(Refusal::Purpose), Err(Refusal::Purpose)));
    // Extensions that nobody asked for, and copies on other machines, are their authenticator's to have.
    let mut more = Said::good("webauthn.create");
    (more.flags, more.rest) = (more.flags | EXTENSIONS | BACKUP_ELIGIBLE | BACKED_UP, vec![0xa0]);
    assert!(more.made(&key.cose()).unwrap().backup_eligible);
    more.purpose = "webauthn.get";
    assert!(more.shown(&key.cose(), |text| key.sign(text)).unwrap().backup_eligible);
}

#[test]
fn what_cannot_be_read_is_refused_and_never_a_panic() {
    let key = Es256::new().cose();
    let whole = Said { flags: PRESENT | VERIFIED | ATTESTED, ..Said::good("webauthn.create") };
    let attested = [&[9; 16][..], &16_u16.to_be_bytes(), &[5; 16], &key].concat();
    for length in 0..attested.len() {
        let cut = Said { rest: attested[..length].to_vec(), ..whole.clone() };
        assert!(cut.object().is_err(), "{length}");
    }
    // An id without letters, and one that is longer than ids may be.
    for length in [0_u16, 1_024, u16::MAX] {
        let rest = [&[9; 16][..], &length.to_be_bytes(), &[5; 1_500], &key].concat();
        assert_eq!(Said { rest, ..whole.clone() }.object(), Err(Refusal::Malformed), "{length}");
    }
    assert_eq!(
        Said { rest: Vec::new(), ..Said::good("webauthn.create") }.object(),
        Err(Refusal::Malformed)
    );
    let bytes = |length| Value::Bytes(vec![1; length]);
    for (other, refusal) in [
        (cose(&[]), Refusal::Key),
        (cose(&[(1, Value::from(2)), (3, Value::from(-35))]), Refusal::Key),
        (cose(&[(1, Value::from(2)), (3, Value::from(-7)), (-1, Value::from(2))]), Refusal::Key),
        (
            cose(&[
                (1, Value::from(2)),
                (3, Value::from(-7)),
                (-1, Value::from(1)),
                (-2, bytes(31)),
                (-3, bytes(32)),
            ]),
            Refusal::Key,
        ),
        (
            cose(&[(1, Value::from(3)), (3, Value::from(-257)), (-1, bytes(128)), (-2, bytes(3))]),
            Refusal::Key,
        ),
        (cbor(&Value::from("no map")), Refusal::Malformed),
        // Nested deeper than anything that an authenticator says.
        ([vec![0x81; 100_000], vec![0]].concat(), Refusal::Malformed),
    ] {
        assert_eq!(Said::good("webauthn.create").made(&other), Err(refusal));
    }
    for text in ["", "{}", "[]", "null", r#"{"clientDataJSON":1,"attestationObject":2}"#] {
        assert_eq!(Made::read(text).map(drop), Err(Refusal::Malformed), "{text}");
        assert_eq!(Shown::read(text).map(drop), Err(Refusal::Malformed), "{text}");
    }
    let sent = r#"{"clientDataJSON":"!","attestationObject":"AAAA"}"#;
    assert_eq!(Made::read(sent).unwrap().verify(&party(), |_| true), Err(Refusal::Malformed));
}

#[test]
fn only_where_browsers_have_passkeys_is_there_a_relying_party() {
    let of = |url| RelyingParty::of(url).map(|party| party.id);
    assert_eq!(of("https://office.example").as_deref(), Some("office.example"));
    assert_eq!(of("https://office.example:8443").as_deref(), Some("office.example"));
    assert_eq!(of("http://localhost:8080").as_deref(), Some("localhost"));
    for other in [
        "http://office.example",
        "http://127.0.0.1:8080",
        "https://10.0.0.1",
        "https://[::1]:8443",
        "",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
}
