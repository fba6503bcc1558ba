//! Domains in ASCII (IDNA 2008 and UTS 46), small enough for a page.
//!
//! Only letters whose form UTS 46 does not change, but for their case, are taken; for those a test holds this
//! against the tables of the whole standard. What is left out are compatibility forms, which nobody's domain
//! is registered in, and scripts that need marks.

use alloc::{string::String, vec::Vec};

/// The domain of a mail server or web page, in small letters of ASCII (RFC 5891); `None` where it is none, or
/// has one label only.
#[must_use]
pub fn to_ascii(domain: &str) -> Option<String> {
    let mut ascii = String::new();
    let mut labels = 0;
    let mut numeric = false;
    for label in domain.split(['.', '。', '．', '｡']) {
        if labels > 0 {
            ascii.push('.');
        }
        labels += 1;
        let label: Vec<char> = label.chars().map(small).collect();
        let start = ascii.len();
        push_label(&label, &mut ascii)?;
        numeric = label.iter().all(char::is_ascii_digit);
        if ascii.len() - start > 63 {
            return None;
        }
    }
    // Where the last label is a number, the whole is an address of the machine, and none of a domain.
    (labels > 1 && !numeric && ascii.len() <= 253).then_some(ascii)
}

fn push_label(label: &[char], ascii: &mut String) -> Option<()> {
    let right = !label.is_empty() && label.first() != Some(&'-') && label.last() != Some(&'-');
    if !right || !label.iter().all(|c| is_letter(*c)) {
        return None;
    }
    let plain = label.iter().filter(|c| c.is_ascii());
    if label.iter().all(char::is_ascii) {
        ascii.extend(plain);
        return Some(());
    }
    // RFC 5892, appendix A.7: the middle dot stands among Japanese letters.
    let japanese =
        |c: &char| *c != '・' && matches!(*c, '々'..='〇' | 'ぁ'..='ヿ' | '\u{3400}'..='\u{9fff}');
    if label.contains(&'・') && !label.iter().any(japanese) {
        return None;
    }
    ascii.push_str("xn--");
    let before = ascii.len();
    ascii.extend(plain);
    if ascii.len() > before {
        ascii.push('-');
    }
    punycode(label, ascii)
}

/// Whether a small letter may stand in a domain.
const fn is_letter(c: char) -> bool {
    match c {
        'a'..='z' | '0'..='9' | '-' => true,
        // Latin, without ligatures and the long s.
        'ß'..='ö' | 'ø'..='ÿ' => true,
        'ā'..='ķ' | 'ŋ'..='ŷ' => !matches!(c, 'ĳ') && c as u32 % 2 == 1,
        'ĸ' | 'ĺ' | 'ļ' | 'ľ' | 'ł' | 'ń' | 'ņ' | 'ň' | 'ź' | 'ż' | 'ž' => true,
        'ά'..='ώ' | 'а'..='џ' => true,
        '々'..='〇' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '・'..='ヾ' | 'ゝ' | 'ゞ' => true,
        '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fc3}' | '가'..='힣' => true,
        _ => false,
    }
}

/// The small letter of a capital one, as far as [`is_letter`] takes it: the standard library's tables would be
/// a quarter of the page's part.
fn small(c: char) -> char {
    let code = u32::from(c);
    let shift = match c {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => 32,
        'Ѐ'..='Џ' => 80,
        'Ā'..='Į' | 'Ĵ' | 'Ķ' | 'Ŋ'..='Ŷ' if code.is_multiple_of(2) => 1,
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' | 'Ń' | 'Ņ' | 'Ň' | 'Ź' | 'Ż' | 'Ž' => 1,
        _ => 0,
    };
    char::from_u32(code + shift).unwrap_or(c)
}

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;

/// What follows the letters of ASCII (RFC 3492, section 6.3).
fn punycode(label: &[char], ascii: &mut String) -> Option<()> {
    let (mut n, mut delta, mut bias) = (128_u32, 0_u32, 72_u32);
    let basic = u32::try_from(label.iter().filter(|c| c.is_ascii()).count()).ok()?;
    let all = u32::try_from(label.len()).ok()?;
    let mut handled = basic;
    while handled < all {
        let next = label.iter().map(|c| u32::from(*c)).filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.iter().map(|c| u32::from(*c)) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c == n {
                push_delta(delta, bias, ascii);
                bias = adapted(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        n += 1;
    }
    Some(())
}

fn push_delta(delta: u32, bias: u32, ascii: &mut String) {
    let mut rest = delta;
    let mut k = BASE;
    loop {
        let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < t {
            break;
        }
        push_digit(t + (rest - t) % (BASE - t), ascii);
        rest = (rest - t) / (BASE - t);
        k += BASE;
    }
    push_digit(rest, ascii);
}

fn push_digit(digit: u32, ascii: &mut String) {
    ascii.extend(char::from_digit(if digit < 26 { digit + 10 } else { digit - 26 }, BASE));
}

fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}
