//! How what is handed over as plain text is read: parts between marks, and numbers.
//!
//! None of this panics, whatever the text.

/// Takes what stands before the first `mark`, a character of ASCII, off `rest`; all of it where there is none, and
/// then nothing.
pub fn next_part<'a>(rest: &mut Option<&'a str>, mark: u8) -> Option<&'a str> {
    let whole = rest.take()?;
    let end = whole.bytes().position(|byte| byte == mark);
    *rest = end.and_then(|end| whole.get(end + 1..));
    end.map_or(Some(whole), |end| whole.get(..end))
}

/// A number in `radix`, without sign or capital letters, of less than 2^52, as a browser has them.
#[must_use]
pub fn number(text: &str, radix: u8) -> Option<i64> {
    let mut value = 0_i64;
    for byte in text.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        if digit >= radix {
            return None;
        }
        value = value * i64::from(radix) + i64::from(digit);
        if value >> 52 != 0 {
            return None;
        }
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_part_is_there_and_a_missing_one_is_not() {
        let mut rest = Some("a..");
        let mut part = || next_part(&mut rest, b'.');
        assert_eq!([part(), part(), part(), part()], [Some("a"), Some(""), Some(""), None]);
    }

    proptest! {
        #[test]
        fn parts_are_those_of_the_standard_library(text in "[a-zé.]{0,20}") {
            let mut rest = Some(text.as_str());
            let parts: Vec<_> = core::iter::from_fn(|| next_part(&mut rest, b'.')).collect();
            prop_assert_eq!(parts, text.split('.').collect::<Vec<_>>());
        }
    }
}
