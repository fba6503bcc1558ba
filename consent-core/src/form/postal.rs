//! Japanese postal codes.

use alloc::string::String;

use super::spelling::dialled;

/// Seven digits as `604-8001`; `None` where it is no postal code.
pub(super) fn spelt(text: &str) -> Option<String> {
    let text = dialled(text);
    let text = text.trim_start_matches(['〒', '〶']);
    let mut code: String = text.chars().filter(|c| *c != '-').collect();
    // A hyphen stands after three digits, or nowhere.
    let placed =
        text.split_once('-').is_none_or(|(before, after)| before.len() == 3 && after.len() == 4);
    if !placed || code.len() != 7 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    code.insert(3, '-');
    Some(code)
}
