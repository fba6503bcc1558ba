//! Days of the calendar.

use alloc::string::String;

use super::spelling::dialled;
use crate::text::number;

/// Japanese eras: the year before their first, by the names that they go by.
const ERAS: [(&str, char, u32); 5] = [
    ("令和", 'R', 2018),
    ("平成", 'H', 1988),
    ("昭和", 'S', 1925),
    ("大正", 'T', 1911),
    ("明治", 'M', 1867),
];

/// A day as `2026-11-25` (ISO 8601); `None` where it is none. It may be written with hyphens, slashes, points or
/// 年月日, by year or by Japanese era, or as eight digits.
pub(super) fn spelt(text: &str) -> Option<String> {
    let text = dialled(text);
    let (before, rest) = era(&text);
    let rest = match (before, rest.strip_prefix('元')) {
        (1.., Some(after)) => {
            let mut first = String::from("1");
            first.push_str(after);
            first
        }
        _ => String::from(rest),
    };
    let marked = rest.strip_suffix('日').unwrap_or(&rest).replace(['年', '月', '/', '.'], "-");
    let mut parts = marked.split('-');
    let (year, month, day) = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (year, Some(month), Some(day), None) => (year, month, day),
        (whole, None, None, None) if before == 0 && whole.len() == 8 && whole.is_ascii() => {
            (whole.get(..4)?, whole.get(4..6)?, whole.get(6..)?)
        }
        _ => return None,
    };
    let year = before + digits(year, 4).filter(|year| before == 0 || (1..100).contains(year))?;
    let (month, day) = (digits(month, 2)?, digits(day, 2)?);
    if !(1_000..=9_999).contains(&year) || !(1..=days(year, month)).contains(&day) {
        return None;
    }
    let mut spelt = String::new();
    push(year, 1_000, &mut spelt);
    spelt.push('-');
    push(month, 10, &mut spelt);
    spelt.push('-');
    push(day, 10, &mut spelt);
    Some(spelt)
}

/// The year before an era's first, and what follows its name; 0 where a text begins with none.
fn era(text: &str) -> (u32, &str) {
    let found = ERAS.iter().find_map(|(name, letter, before)| {
        let rest = text.strip_prefix(name).or_else(|| {
            text.strip_prefix([*letter, letter.to_ascii_lowercase()])
                .map(|rest| rest.trim_start_matches('.'))
        });
        rest.map(|rest| (*before, rest))
    });
    found.unwrap_or((0, text))
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let short = Some(text).filter(|text| text.len() <= most)?;
    u32::try_from(number(short, 10)?).ok()
}

/// Days of a month; none where there is no such month.
const fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// A number with as many digits as its greatest place has.
fn push(number: u32, place: u32, text: &mut String) {
    let mut place = place;
    while place > 0 {
        text.extend(char::from_digit(number / place % 10, 10));
        place /= 10;
    }
}
