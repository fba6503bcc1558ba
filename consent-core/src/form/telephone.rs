//! Telephone numbers, as E.164 writes them.

use alloc::string::String;

use super::spelling;

/// A number as + and its digits (ITU-T E.164); `None` where it is none.
///
/// Without a + it is one of Japan, as it is dialled there: a 0, then 9 digits, or 10 of a mobile, IP or
/// freephone number that has them.
pub(crate) fn spelt(text: &str) -> Option<String> {
    let text = spelling::dialled(text);
    let is_sign = |c: char| matches!(c, '-' | '(' | ')' | '.' | '/');
    let (abroad, text) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    // As in +81 (0)3 …: the 0 is not dialled from abroad.
    let (before, after) = text.split_once('(').unwrap_or((text, ""));
    let trunk = after.strip_prefix("0)").filter(|_| abroad);
    let (before, after) = trunk.map_or((text, ""), |after| (before, after));
    let dialled = || before.chars().chain(after.chars());
    if !dialled().all(|c| c.is_ascii_digit() || is_sign(c)) {
        return None;
    }
    let digits: String = dialled().filter(char::is_ascii_digit).collect();
    let japanese = match (abroad, digits.strip_prefix("81")) {
        (true, Some(rest)) => Some(rest.strip_prefix('0').unwrap_or(rest)),
        (true, None) => None,
        (false, _) => Some(digits.strip_prefix('0')?),
    };
    let right = match japanese {
        Some(number) => is_japanese(number),
        None => (7..=15).contains(&digits.len()) && !digits.starts_with('0'),
    };
    let mut spelt = String::from("+");
    match japanese {
        Some(number) => {
            spelt.push_str("81");
            spelt.push_str(number);
        }
        None => spelt.push_str(&digits),
    }
    right.then_some(spelt)
}

/// Whether digits are a number of Japan's numbering plan, without the leading 0: ten for 20, 50, 60, 70, 80, 90
/// (the mobile, IP and machine numbers) and 800, nine for the rest.
fn is_japanese(number: &str) -> bool {
    let long = ["20", "50", "60", "70", "80", "90"].iter().any(|own| number.starts_with(own));
    !number.starts_with('0') && number.len() == if long { 10 } else { 9 }
}
