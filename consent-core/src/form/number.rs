//! Numbers: decimal, without an exponent.

use alloc::string::String;

use super::{fault::FieldFault, spelling::dialled};
use crate::text::number;

/// Digits of a number, at most: as many as a page's own numbers keep.
const MAX_DIGITS: usize = 15;

/// A number in its shortest decimal form.
///
/// # Errors
/// Where it is none, or out of its bounds.
pub(super) fn spelt(text: &str, min: Option<i64>, max: Option<i64>) -> Result<String, FieldFault> {
    let text = dialled(text).replace('、', ",");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let whole = without_commas(whole).ok_or(FieldFault::Number)?;
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(&whole) || !are_digits(part) || whole.len() + part.len() > MAX_DIGITS + 1 {
        return Err(FieldFault::Number);
    }
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let mut value: i64 =
        if whole.is_empty() { 0 } else { number(whole, 10).ok_or(FieldFault::Number)? };
    let negative = negative && (value != 0 || !part.is_empty());
    if negative {
        value = -value;
    }
    // Of a number with decimals, what is cut off lies away from nought.
    let more = !part.is_empty();
    if min.is_some_and(|min| value < min || (value == min && more && negative)) {
        return Err(FieldFault::TooSmall);
    }
    if max.is_some_and(|max| value > max || (value == max && more && !negative)) {
        return Err(FieldFault::TooLarge);
    }
    let mut spelt = String::new();
    if negative {
        spelt.push('-');
    }
    spelt.push_str(if whole.is_empty() { "0" } else { whole });
    if more {
        spelt.push('.');
        spelt.push_str(part);
    }
    Ok(spelt)
}

/// Digits without the commas that part them by threes; `None` where they do not.
fn without_commas(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let mut digits = String::from(groups.next()?);
    let first = digits.len();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}
