//! What services leave in a browser: which of it is theirs, and the lines that delete their cookies
//! wherever a page may have set them.

use alloc::string::String;

use crate::lines::Lines;

/// Whether a name is the one of a site file, which may have one `*` for any text. What is ours follows
/// rules of its own.
#[must_use]
pub fn is_named(pattern: &str, name: &str) -> bool {
    if name.starts_with("ashiato_") {
        return false;
    }
    let mut parts = Lines::split(pattern, b'*');
    match (parts.text(), parts.next()) {
        (whole, None) => name == whole,
        (start, Some(end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

/// The lines that delete a cookie of that name on every path and domain where a page of this address can
/// see it. A script may have set it on any, and a browser does not say on which.
///
/// A partitioned cookie is one of its own, and as one whose name begins with `__` it is secure.
pub fn deletions(name: &str, page: &str, mut set: impl FnMut(&str)) {
    let mut parts = Lines::split(page, b'/');
    let scheme = parts.text();
    parts.text();
    let host = Lines::split(parts.text(), b':').text();
    let secure = if scheme == "https:" || name.starts_with("__") { ";secure" } else { "" };
    let mut path = String::new();
    for folder in parts {
        for end in ["/", folder] {
            path.push_str(end);
            let mut domain = "";
            while !end.is_empty() {
                for kind in [secure, ";secure;partitioned"] {
                    let mut line = String::new();
                    let named = if domain.is_empty() { "" } else { ";domain=" };
                    for part in [name, "=;max-age=0;path=", &path, named, domain, kind] {
                        line.push_str(part);
                    }
                    set(&line);
                }
                let Some(above) = above(domain, host) else { break };
                domain = above;
            }
        }
    }
}

/// The domain to try after another: after none the host, then every domain above it. A browser refuses
/// those that are nobody's own.
fn above<'a>(domain: &'a str, host: &'a str) -> Option<&'a str> {
    if domain.is_empty() {
        return Some(host);
    }
    let first = Lines::split(domain, b'.').text();
    domain.get(first.len() + 1..)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
    use proptest::prelude::*;

    use super::*;

    fn lines(name: &str, page: &str) -> Vec<String> {
        let mut lines = Vec::new();
        deletions(name, page, |line| lines.push(line.into()));
        lines
    }

    #[test]
    fn a_pattern_names_whole_entries() {
        assert!(is_named("kazoeru_id", "kazoeru_id"));
        assert!(is_named("_ga_*", "_ga_X1"));
        assert!(is_named("a*z", "az") && is_named("a*z", "abcz") && is_named("*", "any"));
        for (pattern, name) in [("_ga", "_ga_X1"), ("_ga_*", "_ga"), ("a*a", "a"), ("", "a")] {
            assert!(!is_named(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_ours_is_nobodys() {
        for own in [CONSENT_COOKIE, VISITOR_COOKIE, "ashiato_pending", "ashiato_queue"] {
            assert!(!is_named("*", own) && !is_named(own, own), "{own}");
        }
    }

    #[test]
    fn a_cookie_is_deleted_on_every_path_and_domain() {
        let lines = lines("_ga", "https://www.shop.example:8443/ja/cups/1");
        for path in ["/", "/ja", "/ja/", "/ja/cups", "/ja/cups/", "/ja/cups/1"] {
            for domain in
                ["", ";domain=www.shop.example", ";domain=shop.example", ";domain=example"]
            {
                for kind in ["", ";partitioned"] {
                    let line = ["_ga=;max-age=0;path=", path, domain, ";secure", kind].concat();
                    assert!(lines.contains(&line), "{line}");
                }
            }
        }
        assert_eq!(lines.len(), 6 * 4 * 2);
    }

    #[test]
    fn only_what_must_be_secure_is_deleted_as_such_on_a_page_that_is_not() {
        let first = |name, page| lines(name, page).swap_remove(0);
        assert_eq!(first("_ga", "http://localhost:8081/"), "_ga=;max-age=0;path=/");
        assert_eq!(first("_ga", "https://shop.example/"), "_ga=;max-age=0;path=/;secure");
        // No domain, the whole site, secure: otherwise it cannot have that name.
        for name in ["__Host-a", "__Secure-a"] {
            let line = [name, "=;max-age=0;path=/;secure"].concat();
            assert_eq!(first(name, "http://localhost:8081/"), line);
        }
    }

    #[test]
    fn the_page_itself_and_its_folder_are_paths() {
        let paths = |page| {
            let line = |line: String| {
                let path = line.strip_prefix("a=;max-age=0;path=")?.strip_suffix(";domain=b")?;
                Some(path.to_owned())
            };
            lines("a", page).into_iter().filter_map(line).collect::<Vec<_>>()
        };
        assert_eq!(paths("http://b/"), ["/"]);
        assert_eq!(paths("http://b/a"), ["/", "/a"]);
        assert_eq!(paths("http://b/a/"), ["/", "/a", "/a/"]);
    }

    proptest! {
        #[test]
        fn each_path_is_named_once_and_leads_to_the_page(path in "(/[a-zé]{0,5}){1,5}") {
            let lines = lines("a", &["http://localhost", &path].concat());
            let paths: Vec<_> = lines
                .iter()
                .filter_map(|line| line.strip_prefix("a=;max-age=0;path=")?.strip_suffix(";domain=localhost"))
                .collect();
            let mut once = paths.clone();
            once.dedup();
            prop_assert_eq!(&once, &paths);
            prop_assert!(paths.iter().all(|own| path.starts_with(own)));
            prop_assert!(paths.contains(&"/") && paths.contains(&path.as_str()));
        }
    }
}
