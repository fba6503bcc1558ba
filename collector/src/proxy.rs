//! Whose call it is, where proxies stand in front of the collector.
//!
//! Anybody can write `X-Forwarded-For`. What a trusted proxy has added to it stands at the right: from
//! there the addresses of trusted proxies are passed over, and the first that is none is the caller's.

use std::net::IpAddr;

use ipnet::IpNet;

/// The header in which trusted proxies say who called them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Header {
    /// `X-Forwarded-For: CLIENT, PROXY`
    XForwardedFor,
    /// `Forwarded: for=CLIENT, for=PROXY` (RFC 7239)
    Forwarded,
}

impl Header {
    /// Its name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The address that an element of the header names, if it names one.
    fn address(self, element: &str) -> Option<IpAddr> {
        let node = match self {
            Self::XForwardedFor => element,
            Self::Forwarded => element.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then_some(value)
            })?,
        };
        let node = node.trim().trim_matches('"');
        let bare = match node.strip_prefix('[') {
            Some(rest) => rest.split(']').next()?,
            // One colon parts an IPv4 address from its port; an IPv6 address has more.
            None => {
                node.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(node, |n| n.0)
            }
        };
        bare.parse().ok()
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct Proxies {
    /// Their networks.
    pub trusted: Vec<IpNet>,
    /// The header in which they say whose call it is. A second one is not looked at: a proxy passes
    /// on what it does not know, as the caller wrote it.
    pub header: Header,
}

impl Proxies {
    /// Whether that address is one of theirs.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// The caller's address: `peer`'s own, or where it is a trusted proxy, the one that it says.
    /// `values` are the header's, in their order. Where they say nothing that can be read, it is the
    /// last proxy's.
    pub fn caller<'a>(
        &self,
        peer: IpAddr,
        values: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut caller = peer;
        let mut elements = values.rev().flat_map(|value| value.rsplit(','));
        while self.trust(caller)
            && let Some(next) = elements.next().and_then(|element| self.header.address(element))
        {
            caller = next;
        }
        caller
    }
}

/// A network, or a single address, as somebody writes it.
///
/// # Errors
/// Where it is neither.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write a network or an address, as in 10.0.0.0/8 or ::1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(header: Header, peer: &str, values: &[&str]) -> String {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|net| network(net).unwrap());
        let proxies = Proxies { trusted: trusted.to_vec(), header };
        proxies.caller(peer.parse().unwrap(), values.iter().copied()).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let x = Header::XForwardedFor;
        assert_eq!(caller(x, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(caller(x, "127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller(x, "::ffff:127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller(x, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn what_the_caller_wrote_at_the_left_is_not_believed() {
        let x = Header::XForwardedFor;
        assert_eq!(caller(x, "10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(caller(x, "10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller(x, "10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
        let f = Header::Forwarded;
        assert_eq!(caller(f, "10.0.0.1", &["for=\"203.0.113.9, for=198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller(f, "10.0.0.1", &["for=203.0.113.9, for=_hidden"]), "10.0.0.1");
    }

    #[test]
    fn both_headers_are_read_as_proxies_write_them() {
        let x = Header::XForwardedFor;
        assert_eq!(caller(x, "10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(caller(x, "10.0.0.1", &["2001:db8::7"]), "2001:db8::7");
        let f = Header::Forwarded;
        let values = ["by=10.0.0.1;For=\"[2001:db8::7]:4711\";proto=https, for=10.0.0.9"];
        assert_eq!(caller(f, "fd00::1", &values), "2001:db8::7");
    }
}
