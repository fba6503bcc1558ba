//! Where a webhook may go: to public addresses, by https.
//!
//! An address is checked when it is given, and every address that its name stands for is checked again when a
//! connection is made, to that very address: a name that changes meanwhile, or says something else the second time
//! it is asked, gets nowhere.

use std::net::{IpAddr, Ipv6Addr};

use hyper::Uri;
use ipnet::IpNet;

/// How far webhooks may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses by https.
    #[default]
    Public,
    /// Anywhere, by http too: for tests, and for receivers inside one's own network.
    Private,
}

/// Bytes of an address, at most.
const MAX: usize = 2_048;
/// Ports that a public receiver listens on.
const PORTS: [u16; 2] = [443, 8_443];

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none.
    #[error(
        "it is no address\n  remedy: write https://HOST/PATH, names with other letters as xn--…"
    )]
    Malformed,
    /// It would go unencrypted.
    #[error(
        "it is not https: what people wrote would be sent in the clear\n  remedy: give the receiver a certificate"
    )]
    Scheme,
    /// It holds a name and password.
    #[error(
        "it holds a user name or a password\n  remedy: leave it out; receivers know a webhook by its signature"
    )]
    Credentials,
    /// It goes to another service's port.
    #[error("port {0} is not one that receivers listen on\n  remedy: use 443 or 8443")]
    Port(u16),
    /// It is an address inside.
    #[error(
        "{0} is not a public address\n  remedy: name a receiver that can be reached from outside"
    )]
    Inside(IpAddr),
}

/// A receiver's address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether it is https.
    pub is_secure: bool,
    /// The host, as `Host` and certificates name it; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host, and port where it is not the scheme's own.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl Address {
    /// The parts of an address, if webhooks may go there.
    ///
    /// # Errors
    /// Where they may not.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, Refused> {
        if text.len() > MAX || text.contains(['#', '\\']) {
            return Err(Refused::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| Refused::Malformed)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Refused::Malformed);
        };
        if authority.as_str().contains('@') {
            return Err(Refused::Credentials);
        }
        let (is_secure, usual) = match scheme {
            "https" => (true, 443),
            "http" if reach == Reach::Private => (false, 80),
            _ => return Err(Refused::Scheme),
        };
        let host = authority.host().to_ascii_lowercase();
        let named = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let bare = named.unwrap_or(&host);
        if bare.is_empty() || (authority.port().is_some() && authority.port_u16().is_none()) {
            return Err(Refused::Malformed);
        }
        let port = authority.port_u16().unwrap_or(usual);
        if reach == Reach::Public {
            if !PORTS.contains(&port) {
                return Err(Refused::Port(port));
            }
            if let Ok(ip) = bare.parse()
                && !is_public(ip)
            {
                return Err(Refused::Inside(ip));
            }
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let authority = if port == usual { host.clone() } else { format!("{host}:{port}") };
        Ok(Self { is_secure, host: bare.to_owned(), port, authority, target })
    }

    /// Without what may be a secret: path and query.
    #[must_use]
    pub fn shown(&self) -> String {
        let rest = if self.target == "/" { "" } else { "/…" };
        format!("{}://{}{rest}", if self.is_secure { "https" } else { "http" }, self.authority)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// IPv4 that is not public (IANA's special-purpose registry), and multicast.
const NOT_PUBLIC_V4: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];

/// IPv6 inside `2000::/3`, the only public part, that is not public: protocol assignments (Teredo and ORCHID among
/// them), documentation, 6to4.
const NOT_PUBLIC_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
const PUBLIC_V6: &str = "2000::/3";

/// Whether an address is one of the public Internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    let within = |network: &str| network.parse::<IpNet>().is_ok_and(|it| it.contains(&ip));
    match ip {
        IpAddr::V4(_) => !NOT_PUBLIC_V4.iter().any(|network| within(network)),
        // Mapped and translated addresses (`::ffff:0:0/96`, `64:ff9b::/96`) lie outside.
        IpAddr::V6(ip) => {
            ip != Ipv6Addr::UNSPECIFIED
                && within(PUBLIC_V6)
                && !NOT_PUBLIC_V6.iter().any(|network| within(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside_is_not_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:20::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for public in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2400:cb00::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn every_network_is_one() {
        for network in NOT_PUBLIC_V4.iter().chain(&NOT_PUBLIC_V6).chain([&PUBLIC_V6]) {
            assert!(network.parse::<IpNet>().is_ok(), "{network}");
        }
    }

    #[test]
    fn an_address_is_taken_apart_and_shown_without_its_path() {
        let address = Address::parse("https://CRM.example/in/token?key=1", Reach::Public).unwrap();
        assert_eq!((address.host.as_str(), address.port), ("crm.example", 443));
        assert_eq!(
            (address.authority.as_str(), address.target.as_str()),
            ("crm.example", "/in/token?key=1")
        );
        assert_eq!(format!("{address:?}"), "https://crm.example/…");
        let address = Address::parse("http://[::1]:8080", Reach::Private).unwrap();
        assert_eq!((address.host.as_str(), address.port), ("::1", 8080));
        assert_eq!((address.authority.as_str(), address.target.as_str()), ("[::1]:8080", "/"));
    }

    #[test]
    fn addresses_that_lead_elsewhere_are_refused_and_said_why() {
        use Refused::{Credentials, Malformed, Port, Scheme};
        for (text, why) in [
            ("http://crm.example/", Scheme),
            ("file:///etc/passwd", Malformed),
            ("gopher://crm.example/", Scheme),
            ("https://user:secret@crm.example/", Credentials),
            ("https://crm.example:22/", Port(22)),
            ("https://crm.example:5432/", Port(5432)),
            ("https://crm.example/#x", Malformed),
            ("https://", Malformed),
            ("https://足跡.example/", Malformed),
            ("/in", Malformed),
            ("", Malformed),
        ] {
            assert_eq!(Address::parse(text, Reach::Public), Err(why), "{text}");
        }
        for text in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
        ] {
            assert!(
                matches!(Address::parse(text, Reach::Public), Err(Refused::Inside(_))),
                "{text}"
            );
        }
        let long = format!("https://crm.example/{}", "x".repeat(MAX));
        assert_eq!(Address::parse(&long, Reach::Public), Err(Malformed));
        assert_eq!(Address::parse("https://a:b@crm.example/", Reach::Private), Err(Credentials));
    }
}
