//! Full and half width, and what stands between words: the spellings that mean the same.

use alloc::string::String;

use super::kana::{half_width, voiced};

/// What can be seen of a text, without white space around it. What is copied from elsewhere brings marks of
/// direction, joints and byte order marks along, which nobody has written.
pub(crate) fn seen(text: &str) -> String {
    let mut seen = String::new();
    let mut rest = text.chars().filter(|c| !is_unseen(*c)).peekable();
    while let Some(c) = rest.next() {
        // Lines end as in the page, whoever sends them.
        if c == '\r' {
            rest.next_if_eq(&'\n');
            seen.push('\n');
        } else {
            seen.push(c);
        }
    }
    String::from(seen.trim())
}

const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Katakana in full width, each with its voicing mark in one character (that much of Unicode's NFC and NFKC).
pub(super) fn composed(text: &str) -> String {
    let mut composed = String::new();
    for c in text.chars() {
        let c = half_width(c).unwrap_or(c);
        let joined = composed.chars().next_back().and_then(|last| voiced(last, c));
        if let Some(joined) = joined {
            composed.pop();
            composed.push(joined);
        } else {
            composed.push(unmarked(c));
        }
    }
    composed
}

/// A voicing mark that stands by itself; half-width ones are told apart from these until they are joined.
const fn unmarked(c: char) -> char {
    match c {
        '\u{ff9e}' => '゛',
        '\u{ff9f}' => '゜',
        _ => c,
    }
}

/// One line: letters and digits in half width, one space between words. Other signs stay as they are written:
/// 「（株）」 is part of a name.
pub(super) fn line(text: &str) -> String {
    let mut line = String::new();
    for c in composed(text).chars() {
        let narrow = narrow(c);
        let c = if narrow.is_ascii_alphanumeric() { narrow } else { c };
        if !c.is_whitespace() {
            line.push(c);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line
}

/// Everything that ASCII has in half width, and the rest composed: for what machines read.
pub(super) fn narrowed(text: &str) -> String {
    composed(text).chars().map(narrow).collect()
}

/// A character in half width where ASCII has it (U+FF01 to U+FF5E, and spaces).
pub(super) fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c if c.is_whitespace() && !c.is_control() => ' ',
        c => c,
    }
}

/// Whether a character is meant as a hyphen: people type what their keyboard has.
pub(super) const fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{30fc}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{ff70}'
    )
}

/// Digits and signs in half width: without spaces, and with one kind of hyphen.
pub(super) fn dialled(text: &str) -> String {
    let narrow = narrowed(text);
    let kept = narrow.chars().filter(|c| *c != ' ');
    kept.map(|c| if is_hyphen(c) { '-' } else { c }).collect()
}
