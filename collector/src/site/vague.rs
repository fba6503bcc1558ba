//! Whether a text names a purpose at all (APPI art. 17: as specifically as possible).
//!
//! Words that fit any business are taken away; what remains must still say something. That refuses
//! "to improve our services" and lets pass whatever names an act, a thing or a result. It judges
//! Japanese and English; a text in another language says the same as those beside it, or is for
//! its owner to answer for.

mod words;

use super::texts::same_language;

/// How much a text must say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A sentence about a purpose.
    Specific,
    /// A few words, as in a table.
    Brief,
}

/// Whether a text says less than it needs to.
pub(super) fn is_vague(language: &str, text: &str, need: Need) -> bool {
    let text = folded(text);
    if same_language(language, "ja") {
        said_in_japanese(&text) < if need == Need::Specific { 3 } else { 2 }
    } else if same_language(language, "en") {
        said_in_english(&text) < if need == Need::Specific { 2 } else { 1 }
    } else {
        false
    }
}

/// A text that would pass.
pub(super) fn example(language: &str) -> &'static str {
    if same_language(language, "ja") {
        "どのページがどれだけ見られたかを集計し、品ぞろえを見直すため"
    } else {
        "to count which pages are viewed and revise our range"
    }
}

/// Small letters, and full-width ones as their plain selves.
fn folded(text: &str) -> String {
    let half = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(half).flat_map(char::to_lowercase).collect()
}

/// The characters that carry meaning (Chinese characters, katakana, letters, digits) once the
/// phrases that fit anything are gone.
fn said_in_japanese(text: &str) -> usize {
    let mut text = text.to_owned();
    let mut phrases: Vec<_> = words::JAPANESE.split_whitespace().collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    for phrase in phrases {
        text = text.replace(phrase, " ");
    }
    let counts = |c: &char| {
        matches!(c, '々' | '\u{3400}'..='\u{9FFF}' | '\u{30A1}'..='\u{30FA}' | 'ー')
            || c.is_ascii_alphanumeric()
    };
    text.chars().filter(counts).count()
}

/// The words that are left once those that fit anything are gone.
fn said_in_english(text: &str) -> usize {
    let fits_anything = |word: &str| {
        words::ENGLISH.split_whitespace().any(|known| match known.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => word == known,
        })
    };
    text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .filter(|word| word.chars().count() > 1 && !fits_anything(word))
        .count()
}

#[cfg(test)]
mod tests;
