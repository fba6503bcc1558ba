//! Where the collector is same-site with a site's pages, and on which name their cookies stand then.
//!
//! The page and the collector must never set a cookie of ours on different names: a browser would hold
//! both, and a withdrawal would take away one of them. So there is one answer for the whole site, and
//! both sides go by it. A cookie never stands on a public suffix, on an address without a name, or on a
//! domain that another site's pages share.

use std::net::IpAddr;

/// Where the collector sets cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jar<'a> {
    /// On this domain and everything under it; on the collector's own host alone where there is none.
    pub domain: Option<&'a str>,
    /// For encrypted pages only.
    pub secure: bool,
}

/// Scheme and host of an address such as `https://shop.example:8443`; the port is no part of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    scheme: &'a str,
    host: &'a str,
}

impl<'a> Place<'a> {
    /// Of an origin as browsers write it.
    #[must_use]
    pub fn of(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        (!host.is_empty()).then_some(Self { scheme, host })
    }

    /// The domain that somebody registered, under which this host is.
    #[must_use]
    pub fn registrable_domain(&self) -> Option<&'a str> {
        if !self.has_name() || self.host.ends_with('.') {
            return None;
        }
        psl::domain_str(self.host)
    }

    /// Whether it has a name: addresses are of no site but their own.
    fn has_name(&self) -> bool {
        !self.host.starts_with('[') && self.host.parse::<IpAddr>().is_err()
    }

    /// Whether the host is the domain, or under it.
    fn is_under(&self, domain: &str) -> bool {
        let above = self.host.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }

    /// Whether cookies set here must leave out `Secure`: browsers differ on it where a page of this
    /// machine is not encrypted.
    #[must_use]
    pub fn is_plain_localhost(&self) -> bool {
        self.scheme == "http" && (self.host == "localhost" || self.is_under("localhost"))
    }
}

/// The domain on which a collector and the pages of a site keep the same cookies; none where they are
/// of different sites, or are all one host, which needs no domain to share a cookie.
///
/// The scheme must be the same as well: browsers take `http` and `https` for two sites, and a page
/// without encryption could not take back a `Secure` cookie.
#[must_use]
pub fn shared<'a>(collector: &'a str, origins: &[String]) -> Option<&'a str> {
    let collector = Place::of(collector)?;
    let domain = collector.registrable_domain()?;
    let mut all_here = true;
    for origin in origins {
        let page = Place::of(origin)?;
        if page.scheme != collector.scheme || page.registrable_domain() != Some(domain) {
            return None;
        }
        all_here &= page.host == collector.host;
    }
    (!all_here).then_some(domain)
}

/// Whether pages of one of these origins would get cookies of that domain.
#[must_use]
pub fn reaches(domain: &str, origins: &[String]) -> bool {
    origins.iter().filter_map(|origin| Place::of(origin)).any(|page| page.is_under(domain))
}

/// Whether a page of that origin is on the collector's host or under its domain, whatever the scheme.
#[must_use]
pub fn same_site(collector: &str, origin: &str) -> bool {
    let (Some(collector), Some(page)) = (Place::of(collector), Place::of(origin)) else {
        return false;
    };
    let domain = collector.registrable_domain();
    page.host == collector.host || (domain.is_some() && page.registrable_domain() == domain)
}

/// Whether a page of that origin is on the collector's own host.
#[must_use]
pub fn same_host(collector: &str, origin: &str) -> bool {
    match (Place::of(collector), Place::of(origin)) {
        (Some(collector), Some(page)) => page == collector && page.has_name(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(collector: &'a str, origins: &[&str]) -> Option<&'a str> {
        let origins: Vec<_> = origins.iter().map(|&origin| origin.to_owned()).collect();
        shared(collector, &origins)
    }

    #[test]
    fn a_domain_is_shared_where_somebody_registered_it() {
        let shop = ["https://www.shop.example", "https://shop.example"];
        assert_eq!(of("https://consent.shop.example", &shop), Some("shop.example"));
        assert_eq!(of("https://a.b.shop.example:8443", &shop), Some("shop.example"));
        assert_eq!(of("https://consent.shop.co.jp", &["https://shop.co.jp"]), Some("shop.co.jp"));
        assert_eq!(
            of("http://c.shop.localhost:1", &["http://www.shop.localhost:2"]),
            Some("shop.localhost")
        );
    }

    #[test]
    fn a_public_suffix_is_nobodys() {
        for (collector, page) in [
            ("https://consent.co.jp", "https://shop.co.jp"),
            ("https://consent.github.io", "https://shop.github.io"),
            ("https://consent.example", "https://shop.example"),
            ("http://a.localhost", "http://b.localhost"),
            // 公司.cn, as browsers write it.
            ("https://consent.xn--55qx5d.cn", "https://shop.xn--55qx5d.cn"),
        ] {
            assert_eq!(of(collector, &[page]), None, "{collector} {page}");
        }
    }

    #[test]
    fn every_page_of_the_site_must_share_it_scheme_included() {
        let collector = "https://consent.shop.example";
        assert_eq!(of(collector, &["https://www.shop.example", "https://shop.jp"]), None);
        assert_eq!(of(collector, &["https://www.shop.example", "http://localhost:8081"]), None);
        assert_eq!(of(collector, &["http://www.shop.example"]), None);
        assert_eq!(of(collector, &["https://notshop.example"]), None);
    }

    #[test]
    fn one_host_needs_no_domain_and_two_of_one_domain_do() {
        assert_eq!(of("https://shop.example:8443", &["https://shop.example"]), None);
        assert_eq!(of("http://localhost:8080", &["http://localhost:8081"]), None);
        let both = ["https://shop.example", "https://www.shop.example"];
        assert_eq!(of("https://shop.example:8443", &both), Some("shop.example"));
        assert!(same_host("https://shop.example:8443", "https://shop.example"));
        assert!(same_host("http://localhost:8080", "http://localhost:8081"));
        assert!(!same_host("https://localhost:8080", "http://localhost:8081"));
        assert!(!same_host("https://consent.shop.example", "https://shop.example"));
    }

    #[test]
    fn addresses_without_a_name_never_match() {
        for host in ["127.0.0.1", "192.0.2.7", "[::1]", "[2001:db8::7]"] {
            let (collector, page) = (format!("http://{host}:8080"), format!("http://{host}:8081"));
            assert_eq!(of(&collector, &[&page]), None, "{host}");
            assert!(!same_host(&collector, &page), "{host}");
        }
        assert_eq!(of("http://10.0.0.1", &["http://9.0.0.1"]), None);
    }

    #[test]
    fn the_same_site_is_one_host_or_one_registered_domain() {
        for (collector, page, same) in [
            ("https://consent.shop.example", "https://www.shop.example", true),
            ("https://consent.shop.example", "http://shop.example:81", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081", true),
            ("http://127.0.0.1:8080", "http://127.0.0.2:8081", false),
            ("https://consent.co.jp", "https://shop.co.jp", false),
            ("https://shop.example", "https://other.example", false),
            ("http://localhost:8080", "null", false),
        ] {
            assert_eq!(same_site(collector, page), same, "{collector} {page}");
        }
    }

    #[test]
    fn a_domain_reaches_its_own_pages_and_nobody_elses() {
        let origins = |origin: &str| [origin.to_owned()];
        assert!(reaches("shop.example", &origins("https://shop.example")));
        assert!(reaches("shop.example", &origins("http://a.b.shop.example:81")));
        assert!(!reaches("shop.example", &origins("https://notshop.example")));
        assert!(!reaches("shop.example", &origins("https://shop.example.com")));
    }

    #[test]
    fn only_plain_localhost_goes_without_secure() {
        let plain = |origin| Place::of(origin).unwrap().is_plain_localhost();
        assert!(plain("http://localhost:8080") && plain("http://consent.shop.localhost:8080"));
        for origin in [
            "https://localhost",
            "http://127.0.0.1:8080",
            "http://notlocalhost",
            "http://shop.example",
        ] {
            assert!(!plain(origin), "{origin}");
        }
    }
}
