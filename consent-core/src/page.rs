//! Page addresses, reduced to what may be kept: query parameters pass an allow-list, fragments and
//! everything in front of the host's name never do.

use alloc::string::String;

/// An `http` or `https` address in its parts, as a browser writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Scheme, host and port: `https://shop.example`.
    pub origin: &'a str,
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
        if url.bytes().any(bad) {
            return None;
        }
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let start = url.len() - host.len();
        let end = host.find(['/', '?', '#']).map_or(url.len(), |at| start + at);
        let authority = url.get(start..end)?;
        if authority.is_empty() || authority.contains('@') {
            return None;
        }
        let rest = url.get(end..)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { origin: url.get(..end)?, path, query })
    }

    /// The query with the allowed parameters only, in their order.
    #[must_use]
    pub fn allowed_query(&self, allowed: &[String]) -> String {
        let mut kept = String::new();
        for pair in self.query.split('&') {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            if !name.is_empty() && allowed.iter().any(|allowed| allowed == name) {
                if !kept.is_empty() {
                    kept.push('&');
                }
                kept.push_str(pair);
            }
        }
        kept
    }

    /// The address with the allowed parameters only.
    #[must_use]
    pub fn cleaned(&self, allowed: &[String]) -> String {
        let mut url = String::from(self.origin);
        url.push_str(self.path);
        let query = self.allowed_query(allowed);
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query);
        }
        url
    }
}

#[cfg(test)]
mod tests {
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
