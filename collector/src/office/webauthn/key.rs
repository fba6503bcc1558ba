//! Public keys as authenticators give them (COSE, RFC 9052 and 9053; RSA: RFC 8230), and signatures by them.

use ciborium::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use super::{Refusal, whole};

/// The algorithms that are asked for, the preferred one first: ES256, `EdDSA` by Ed25519, RS256.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// Labels and values of COSE keys (RFC 9053, section 7; RFC 8230, section 4).
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;

enum Key {
    /// A point of P-256, uncompressed.
    P256([u8; 65]),
    Ed25519([u8; 32]),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

fn read(cose: &[u8]) -> Result<Key, Refusal> {
    let value = whole(cose)?;
    let entries = value.as_map().ok_or(Refusal::Malformed)?;
    let get = |label: i64| {
        let is_it = |name: &Value| name.as_integer() == Some(label.into());
        entries.iter().find(|(name, _)| is_it(name)).map(|(_, value)| value)
    };
    let number =
        |label| get(label).and_then(Value::as_integer).and_then(|it| i64::try_from(it).ok());
    let bytes = |label| get(label).and_then(Value::as_bytes).map(Vec::as_slice).ok_or(Refusal::Key);
    let coordinate = |label| <[u8; 32]>::try_from(bytes(label)?).map_err(|_| Refusal::Key);
    match (number(KEY_TYPE), number(ALGORITHM)) {
        (Some(2), Some(-7)) if number(-1) == Some(1) => {
            let mut point = [4; 65];
            point[1..33].copy_from_slice(&coordinate(-2)?);
            point[33..].copy_from_slice(&coordinate(-3)?);
            Ok(Key::P256(point))
        }
        (Some(1), Some(-8)) if number(-1) == Some(6) => Ok(Key::Ed25519(coordinate(-2)?)),
        (Some(3), Some(-257)) => {
            let (n, e) = (bytes(-1)?.to_vec(), bytes(-2)?.to_vec());
            let fits = (256..=1_024).contains(&n.len()) && (1..=8).contains(&e.len());
            if fits { Ok(Key::Rsa { n, e }) } else { Err(Refusal::Key) }
        }
        _ => Err(Refusal::Key),
    }
}

/// Whether it is a key of a kind that is asked for.
pub(super) fn check(cose: &[u8]) -> Result<(), Refusal> {
    read(cose).map(drop)
}

/// Whether that key signed it.
pub(super) fn verify(cose: &[u8], signed: &[u8], signature: &[u8]) -> Result<(), Refusal> {
    let verified = match read(cose)? {
        Key::P256(point) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature)
        }
        Key::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
        Key::Rsa { n, e } => RsaPublicKeyComponents { n: &n[..], e: &e[..] }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            signed,
            signature,
        ),
    };
    verified.map_err(|_| Refusal::Signature)
}
