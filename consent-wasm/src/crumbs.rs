//! Which cookies of a page belong to a service, and on which domains they may have been set.

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};

use crate::lines::Lines;

/// Whether a cookie's name is the one of a site file, which may have one `*` for any text. Our own
/// two follow rules of their own.
#[must_use]
pub fn is_named(pattern: &str, name: &str) -> bool {
    if name == CONSENT_COOKIE || name == VISITOR_COOKIE {
        return false;
    }
    let mut parts = Lines::split(pattern, b'*');
    match (parts.text(), parts.next()) {
        (whole, None) => name == whole,
        (start, Some(end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

/// The host and every domain above it. A browser refuses those that are nobody's own.
pub fn domains(host: &str) -> impl Iterator<Item = &str> {
    core::iter::successors(Some(host), |domain| {
        let point = domain.bytes().position(|byte| byte == b'.')?;
        domain.get(point + 1..)
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_pattern_names_whole_cookies() {
        assert!(is_named("kazoeru_id", "kazoeru_id"));
        assert!(is_named("_ga_*", "_ga_X1"));
        assert!(is_named("a*z", "az") && is_named("a*z", "abcz"));
        for (pattern, name) in
            [("_ga", "_ga_X1"), ("_ga_*", "_ga"), ("a*a", "a"), ("*", VISITOR_COOKIE)]
        {
            assert!(!is_named(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn every_domain_above_the_host_is_named() {
        let all: Vec<_> = domains("www.shop.example").collect();
        assert_eq!(all, ["www.shop.example", "shop.example", "example"]);
        assert_eq!(domains("localhost").collect::<Vec<_>>(), ["localhost"]);
    }
}
