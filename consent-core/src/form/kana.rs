//! How a name is read: katakana, however it was typed.

use alloc::string::String;

use super::spelling::{composed, is_hyphen};

/// Katakana in half width, U+FF61 to U+FF9D, as they are in full width (Unicode, `NamesList`).
const FULL: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Half-width katakana in full width.
pub(super) fn half_width(c: char) -> Option<char> {
    let at = usize::try_from(u32::from(c).checked_sub(0xff61)?).ok()?;
    FULL.chars().nth(at)
}

/// From hiragana to the katakana of the same sound.
const SHIFT: u32 = 0x60;

fn shifted(c: char) -> Option<char> {
    matches!(c, 'ぁ'..='ゖ' | 'ゝ' | 'ゞ').then(|| char::from_u32(u32::from(c) + SHIFT))?
}

/// A kana and the voicing mark after it as one character, where there is one.
pub(super) fn voiced(kana: char, mark: char) -> Option<char> {
    let katakana = shifted(kana);
    let code = u32::from(katakana.unwrap_or(kana));
    let ha = matches!(katakana.unwrap_or(kana), 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ');
    let joined = match (katakana.unwrap_or(kana), mark) {
        (
            'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ'
            | 'ツ' | 'テ' | 'ト' | 'ヽ',
            '\u{3099}' | '\u{ff9e}',
        ) => code + 1,
        (_, '\u{3099}' | '\u{ff9e}') if ha => code + 1,
        (_, '\u{309a}' | '\u{ff9f}') if ha => code + 2,
        ('ウ', '\u{3099}' | '\u{ff9e}') => u32::from('ヴ'),
        ('ワ' | 'ヰ' | 'ヱ' | 'ヲ', '\u{3099}' | '\u{ff9e}') if katakana.is_none() => code + 8,
        _ => return None,
    };
    char::from_u32(if katakana.is_some() { joined - SHIFT } else { joined })
}

/// A reading in full-width katakana, with one space between names; `None` where it is none.
pub(super) fn spelt(text: &str) -> Option<String> {
    let mut spelt = String::new();
    for c in composed(text).chars() {
        let c = shifted(c).unwrap_or(c);
        match c {
            'ァ'..='ヺ' | '・' | 'ー' | 'ヽ' | 'ヾ' => spelt.push(c),
            // What stands for the long vowel on keyboards that are not set to Japanese.
            c if is_hyphen(c) && spelt.chars().next_back().is_some_and(|last| last > '゠') => {
                spelt.push('ー');
            }
            c if c.is_whitespace() => {
                if !spelt.ends_with(' ') {
                    spelt.push(' ');
                }
            }
            _ => return None,
        }
    }
    Some(spelt)
}
