//! E-mail addresses: what can be known of one without sending to it.

use alloc::{borrow::ToOwned, string::String};

use super::{domain, spelling::narrowed};

/// Bytes of an address and of what stands before its @, at most (RFC 5321, section 4.5.3.1).
const MAX: usize = 254;
const MAX_LOCAL: usize = 64;

/// An address in half width, with its domain in ASCII; `None` where it is none.
///
/// Before the @ stands what a mail server may use as it likes: it stays as it is written, in any script (RFC
/// 6531). Dots may come twice and last, as browsers have it and as Japanese carriers gave them out; quoted
/// strings and address literals are for nobody who fills in a form.
pub(crate) fn spelt(text: &str) -> Option<String> {
    let narrow = narrowed(text);
    let (local, domain) = narrow.rsplit_once('@')?;
    let right = !local.is_empty() && !local.starts_with('.') && local.chars().all(is_written);
    let domain = domain::to_ascii(domain)?;
    let mut address = local.to_owned();
    address.push('@');
    address.push_str(&domain);
    (right && local.len() <= MAX_LOCAL && address.len() <= MAX).then_some(address)
}

/// `atext` of RFC 5322, section 3.2.3, and RFC 6531, section 3.3, and the dot. Signs that only Japanese sentences
/// have are slips of a keyboard.
fn is_written(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '.' | '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~' => true,
        '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' => false,
        _ => !c.is_ascii() && !c.is_whitespace() && !c.is_control(),
    }
}
