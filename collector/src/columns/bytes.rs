//! How a column lies in the database: numbers of few bytes, pressed together, under a checksum.
//!
//! A blob is one byte for the form ([`FORM`]), how many bytes it is unpressed (LEB128), these bytes by LZ4 (the block
//! format), and CRC-32 (IEEE 802.3) of all that comes before, in four bytes, the smallest first. LZ4 since a question
//! unpresses all that it reads: some gigabytes a second, by a crate without `unsafe`; what makes columns small is that
//! equal values lie together.

/// The form described here.
const FORM: u8 = 1;
/// Bytes of one column, unpressed, at most: what says more is damaged.
const MAX: u64 = 1 << 30;

/// Why a blob cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It ends too early.
    #[error("it ends too early")]
    Short,
    /// Its form is one that this build does not know.
    #[error("its form is {0}, and this build knows {FORM}")]
    Form(u8),
    /// The checksum is another one.
    #[error("its checksum does not fit")]
    Checksum,
    /// It cannot be unpressed.
    #[error("it cannot be unpressed")]
    Pressed,
    /// What it says cannot be.
    #[error("{0}")]
    Content(&'static str),
}

/// Presses bytes into a blob.
pub(super) fn press(raw: &[u8]) -> Vec<u8> {
    let mut blob = vec![FORM];
    put(&mut blob, raw.len() as u64);
    blob.extend_from_slice(&lz4_flex::block::compress(raw));
    let sum = crc32fast::hash(&blob);
    blob.extend_from_slice(&sum.to_le_bytes());
    blob
}

/// The bytes of a blob.
pub(super) fn unpress(blob: &[u8]) -> Result<Vec<u8>, Damage> {
    let (body, sum) = blob.split_last_chunk::<4>().ok_or(Damage::Short)?;
    match body.first() {
        None => return Err(Damage::Short),
        Some(&FORM) => {}
        Some(other) => return Err(Damage::Form(*other)),
    }
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return Err(Damage::Checksum);
    }
    let mut rest = Reader(body.get(1..).unwrap_or_default());
    let length = rest.number()?;
    let length = usize::try_from(length).ok().filter(|_| length <= MAX);
    let length = length.ok_or(Damage::Content("it says that it is larger than any column"))?;
    let raw = lz4_flex::block::decompress(rest.0, length).map_err(|_| Damage::Pressed)?;
    if raw.len() == length { Ok(raw) } else { Err(Damage::Pressed) }
}

/// Adds a number: seven bits a byte, the smallest first (LEB128).
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Adds a number that may be below zero: 0, -1, 1, -2, … as 0, 1, 2, 3, …
pub(super) fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
}

/// Reads what was put, in the same order.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = &self.0[place + 1..];
                return Ok(number);
            }
        }
        Err(Damage::Short)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Damage> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], Damage> {
        let length = usize::try_from(length).map_err(|_| Damage::Short)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damage::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn end(&self) -> Result<(), Damage> {
        if self.0.is_empty() { Ok(()) } else { Err(Damage::Content("more follows than it has")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_put(all: Vec<(u64, i64)>) {
            let mut bytes = Vec::new();
            for (number, signed) in &all {
                put(&mut bytes, *number);
                put_signed(&mut bytes, *signed);
            }
            let mut reader = Reader(&bytes);
            for (number, signed) in all {
                prop_assert_eq!(reader.number().unwrap(), number);
                prop_assert_eq!(reader.signed().unwrap(), signed);
            }
            reader.end().unwrap();
            prop_assert_eq!(reader.number(), Err(Damage::Short));
        }

        #[test]
        fn a_blob_that_was_changed_anywhere_is_not_read(
            raw in prop::collection::vec(0_u8..4, 0..400), place: prop::sample::Index, change in 1_u8..
        ) {
            let blob = press(&raw);
            prop_assert_eq!(unpress(&blob).unwrap(), raw);
            let mut damaged = blob.clone();
            let place = place.index(blob.len());
            damaged[place] ^= change;
            prop_assert!(unpress(&damaged).is_err());
            prop_assert!(unpress(&blob[..place]).is_err());
        }

        #[test]
        fn any_bytes_are_a_blob_or_an_error(bytes: Vec<u8>) {
            let _ = unpress(&bytes);
        }
    }
}
