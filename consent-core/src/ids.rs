//! Identifiers and names. Parsed at the edge; a value of these types is always well formed.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{ascii, push_digits};

/// Why a text is not an identifier or name of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What was expected, in words for the person who wrote it.
    pub expected: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl core::error::Error for Invalid {}

/// The digits of base64url, in order.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as base64url without padding (RFC 4648, section 5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..=chunk.len() {
            let digit = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or(0);
            text.push(ascii(DIGITS.get(digit).copied().unwrap_or(b'_')));
        }
    }
    text
}

/// The bytes of canonical base64url text without padding; `None` for anything else.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    // A last character that stands for no whole byte, or for more than its byte, is another
    // spelling of something else.
    (held < 6 && bits == 0).then_some(bytes)
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From 128 bits that the caller drew or derived.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 128 bits.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// 22 characters of base64url.
            #[must_use]
            pub fn to_text(&self) -> String {
                base64url(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let bytes = from_base64url(text).and_then(|bytes| bytes.try_into().ok());
                let expected = "22 characters of base64url (128 bits)";
                bytes.map(Self).ok_or(Invalid { expected })
            }
        }

        as_text!($name);
    };
}

macro_rules! shown {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_text())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_text())
            }
        }
    };
}

random_id! {
    /// The visitor id: a bearer secret of 128 random bits, kept in the `ashiato_visitor` cookie.
    /// Storage holds its keyed hash only, so `Debug` does not show it.
    VisitorId
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitorId(…)")
    }
}

random_id! {
    /// The keyed hash by which the collector knows a visitor of one site.
    VisitorHash
}
shown!(VisitorHash);

random_id! {
    /// The id of a receipt: 128 random bits.
    ReceiptId
}
shown!(ReceiptId);

random_id! {
    /// The id of a lead: 128 random bits.
    LeadId
}
shown!(LeadId);

/// A UUIDv7 (RFC 9562, section 5.7) in its canonical lower-case text: the id of an event or of a
/// decision, which counts once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid7(uuid::Uuid);

impl Uuid7 {
    /// Made of a time and 80 random bits, of which 74 are kept.
    #[must_use]
    pub fn new(at: crate::time::Millis, random: &[u8; 10]) -> Self {
        let at = u64::try_from(at.0).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(at, random).into_uuid())
    }

    /// The time that it was made of, by the clock of whoever made it.
    #[must_use]
    pub fn time(&self) -> crate::time::Millis {
        let [a, b, c, d, e, f, ..] = *self.as_bytes();
        crate::time::Millis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The 128 bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// From the bits of a UUIDv7; `None` where version or variant differ.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        Self::checked(uuid::Uuid::from_bytes(bytes))
    }

    /// 36 characters, lower case.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (at, byte) in self.as_bytes().iter().enumerate() {
            text.push_str(if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" });
            push_digits(&mut text, (byte >> 4).into(), 16);
            push_digits(&mut text, (byte & 15).into(), 16);
        }
        text
    }

    fn checked(id: uuid::Uuid) -> Option<Self> {
        let bytes = id.as_bytes();
        (bytes[6] >> 4 == 7 && bytes[8] >> 6 == 0b10).then_some(Self(id))
    }
}

impl FromStr for Uuid7 {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = Invalid { expected: "a UUIDv7 in lower case with hyphens" };
        if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(expected);
        }
        let id = uuid::Uuid::try_parse(text).map_err(|_| expected)?;
        Self::checked(id).ok_or(expected)
    }
}

shown!(Uuid7);
as_text!(Uuid7);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:literal, $extra:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let fits = (1..=$max).contains(&text.len())
                    && text.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == $extra
                    });
                if fits { Ok(Self(text.into())) } else { Err(Invalid { expected: $expected }) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl core::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        as_text!($name);
    };
}

name! {
    /// The key of a site, as in its tag's address.
    SiteKey, 32, b'-', "1 to 32 of a-z 0-9 and -"
}
name! {
    /// The key of a purpose.
    PurposeKey, 32, b'_', "1 to 32 of a-z 0-9 and _"
}
name! {
    /// The key of a service inside a purpose; unique in its site.
    ServiceKey, 32, b'_', "1 to 32 of a-z 0-9 and _"
}
name! {
    /// The name of an event.
    EventName, 64, b'_', "1 to 64 of a-z 0-9 and _"
}
name! {
    /// The key of a lead form.
    FormKey, 32, b'_', "1 to 32 of a-z 0-9 and _"
}
name! {
    /// The key of a field or an agreement of a lead form.
    FieldKey, 64, b'_', "1 to 64 of a-z 0-9 and _"
}

#[cfg(test)]
mod tests;
