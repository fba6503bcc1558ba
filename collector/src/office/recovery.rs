//! Recovery codes: for whoever has lost the app. Ten of them, each good for one log-in.

use zeroize::Zeroizing;

use crate::keys::{self, KeysError};

/// Codes that are made at once.
pub const COUNT: usize = 10;
/// So few are left that it is time for new ones.
pub const FEW: i64 = 3;
/// Letters of a code: fifty bits, which the delay on failures gives nobody the time to try out.
const LETTERS: usize = 10;
/// Letters that are not mistaken for each other on paper: no l, o, 0 or 1.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Codes as they are shown, once.
///
/// # Errors
/// Where the system has no random numbers.
pub fn made() -> Result<Vec<Zeroizing<String>>, KeysError> {
    (0..COUNT)
        .map(|_| {
            let random = Zeroizing::new(keys::random::<LETTERS>()?);
            let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
            let mut code: String = random.iter().map(letter).collect();
            code.insert(LETTERS / 2, '-');
            Ok(Zeroizing::new(code))
        })
        .collect()
}

/// The letters of a code as it was written: in capitals, with or without its dash, or in wide letters.
#[must_use]
pub fn letters(text: &str) -> Option<Zeroizing<String>> {
    let narrow = |letter: char| match u32::from(letter) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(letter),
        _ => letter,
    };
    let dash = |letter: &char| letter.is_whitespace() || "-‐−–ー".contains(*letter);
    let written = text.chars().map(narrow).filter(|letter| !dash(letter));
    let code: String = written.map(|letter| letter.to_ascii_lowercase()).collect();
    let fits = code.len() == LETTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then(|| Zeroizing::new(code))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ten_codes_are_made_and_read_however_they_are_written() {
        let codes = made().unwrap();
        let distinct: BTreeSet<&str> = codes.iter().map(|code| code.as_str()).collect();
        assert_eq!(distinct.len(), COUNT);
        for code in &codes {
            let plain = letters(code).unwrap();
            assert_eq!((code.len(), plain.len()), (11, 10));
            assert_eq!(letters(&code.to_uppercase()), Some(plain.clone()));
            assert_eq!(letters(&code.replace('-', " ")), Some(plain));
        }
        assert_eq!(letters("ａｂｃｄｅ－ｆｇｈ２３").unwrap().as_str(), "abcdefgh23");
        for other in
            ["", "abcde", "abcde-fgh2", "abcde-fgh234", "abcde-fgh01", "あいうえおかきくけこ"]
        {
            assert_eq!(letters(other), None, "{other}");
        }
    }
}
