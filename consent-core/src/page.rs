//! Page addresses, reduced to what may be kept: query parameters pass an allow-list, fragments and
//! everything in front of the host's name never do.

use alloc::string::String;

use crate::text::next_part;

/// An `http` or `https` address in its parts, as a browser writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Scheme, host and port: `https://shop.example`.
    pub origin: &'a str,
    /// Host and port.
    authority: &'a str,
    /// The path, starting with `/`.
    pub path: &'a str,
    /// What follows `?`, without it and without the fragment.
    pub query: &'a str,
}

impl<'a> Address<'a> {
    /// The parts of `url`; `None` where it is not an absolute web address without user information.
    #[must_use]
    pub fn parse(url: &'a str) -> Option<Self> {
        let bad = |byte: u8| byte <= b' ' || byte == 0x7f || byte == b'\\' || byte == b'"';
        // Without a way out in the middle: so that many bytes are looked at together.
        if url.bytes().fold(false, |found, byte| found | bad(byte)) {
            return None;
        }
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let ends = |byte: u8| matches!(byte, b'/' | b'?' | b'#');
        let length = host.bytes().position(ends).unwrap_or(host.len());
        let (authority, rest) = (host.get(..length)?, host.get(length..)?);
        if authority.is_empty() || authority.bytes().any(|byte| byte == b'@') {
            return None;
        }
        let (path, query) = cut(cut(rest, b'#').0, b'?');
        let path = if path.is_empty() { "/" } else { path };
        let origin = url.get(..url.len() - host.len() + length)?;
        Some(Self { origin, authority, path, query })
    }

    /// Host and port, without the scheme.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.authority
    }

    /// The query's parameters: each whole, its name, and its value as it stands there.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let mut rest = Some(self.query);
        let pairs = core::iter::from_fn(move || next_part(&mut rest, b'&'));
        let parameters = pairs.map(|pair| {
            let (name, value) = cut(pair, b'=');
            (pair, name, value)
        });
        parameters.filter(|(_, name, _)| !name.is_empty())
    }

    /// The query with the allowed parameters only, in their order.
    #[must_use]
    pub fn allowed_query(&self, allowed: &[String]) -> String {
        let mut kept = String::new();
        self.push_allowed(&mut kept, "", |name| allowed.iter().any(|own| own == name));
        kept
    }

    /// The address with the allowed parameters only.
    #[must_use]
    pub fn cleaned(&self, allowed: &[String]) -> String {
        self.cleaned_by(|name| allowed.iter().any(|own| own == name))
    }

    /// The address with those parameters only whose names `allowed` lets pass.
    pub fn cleaned_by(&self, allowed: impl Fn(&str) -> bool) -> String {
        let mut url = String::from(self.origin);
        url.push_str(self.path);
        self.push_allowed(&mut url, "?", allowed);
        url
    }

    fn push_allowed(&self, to: &mut String, first: &'static str, allowed: impl Fn(&str) -> bool) {
        let mut mark = first;
        for (pair, name, _) in self.parameters() {
            if allowed(name) {
                to.push_str(mark);
                to.push_str(pair);
                mark = "&";
            }
        }
    }
}

/// What stands before the first `mark`, and what after it.
fn cut(text: &str, mark: u8) -> (&str, &str) {
    let mut rest = Some(text);
    let first = next_part(&mut rest, mark);
    (first.unwrap_or_default(), rest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_allowed_parameters_are_kept() {
        let url =
            "https://shop.example:8443/a/b?email=x%40y&utm_source=mail&utm_sourcex=1&utm_source#me";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.origin, "https://shop.example:8443");
        assert_eq!(address.path, "/a/b");
        let allowed = ["utm_source".to_owned()];
        assert_eq!(
            address.cleaned(&allowed),
            "https://shop.example:8443/a/b?utm_source=mail&utm_source"
        );
        assert_eq!(address.cleaned(&[]), "https://shop.example:8443/a/b");
    }

    #[test]
    fn parameters_come_with_their_names_and_values() {
        let address = Address::parse("https://a.example/?a=1&&b&=c&d=e=f#g=h").unwrap();
        let found: Vec<_> = address.parameters().collect();
        assert_eq!(found, [("a=1", "a", "1"), ("b", "b", ""), ("d=e=f", "d", "e=f")]);
        assert_eq!(address.host(), "a.example");
        assert_eq!(Address::parse("http://a.example:81/").unwrap().host(), "a.example:81");
    }

    #[test]
    fn an_address_without_a_path_is_the_root() {
        assert_eq!(Address::parse("http://a?b").unwrap().path, "/");
        assert_eq!(Address::parse("http://a#b").unwrap().query, "");
    }

    #[test]
    fn what_is_not_a_plain_web_address_is_refused() {
        for url in
            ["", "/a", "ftp://a/", "https://", "https://u:p@a/", "javascript:1", "http://a b"]
        {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_parameter_slips_through(path in "[a-z/]{0,9}", query in "[a-z&=#?%]{0,30}") {
            let url = format!("https://a.example/{path}?{query}");
            if let Some(address) = Address::parse(&url) {
                let cleaned = address.cleaned(&[]);
                prop_assert!(!cleaned.contains(['?', '#', '=']) || path.contains(['?', '#', '=']));
            }
        }

        #[test]
        fn no_text_makes_it_panic(url in any::<String>()) {
            let _ = Address::parse(&url);
        }
    }
}
