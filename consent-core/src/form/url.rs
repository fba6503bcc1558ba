//! Addresses of web pages.

use alloc::string::String;

use super::{domain, spelling::narrowed};
use crate::text::number;

/// An address with its scheme, and its domain in ASCII; `None` where it is none of a public web page.
///
/// Who leaves out the scheme means `https`. What follows the host is the page's own and stays as it is written.
pub(super) fn spelt(text: &str) -> Option<String> {
    let text = narrowed(text);
    // What follows a colon that is no scheme's is a port, or part of a path; or it is judged as that.
    let named =
        text.split_once(':').and_then(|(scheme, rest)| Some((scheme, rest.strip_prefix("//")?)));
    let (scheme, rest) = match named {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
        _ => ("https", text.as_str()),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end)?;
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_unfit = |c| matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{'..='}');
    if path.chars().any(|c| c.is_whitespace() || is_unfit(c)) {
        return None;
    }
    let mut spelt = String::from(scheme);
    spelt.push_str("://");
    spelt.push_str(&domain::to_ascii(name)?);
    if let Some(port) = port {
        number(port, 10).filter(|port| (1..=65_535).contains(port))?;
        spelt.push(':');
        spelt.push_str(port);
    }
    spelt.push_str(path);
    Some(spelt)
}
