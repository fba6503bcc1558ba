//! The record as it is written (RFC 7208, sections 4.5, 4.6, 5, 6 and 12).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::spec::{Spec, spec};

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    Pass,
    Neutral,
    SoftFail,
    Fail,
}

/// The leading bits of addresses that are compared, for each kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    four: u32,
    six: u32,
}

impl Lengths {
    /// Whether the two addresses are alike so far.
    pub(super) fn alike(self, one: IpAddr, other: IpAddr) -> bool {
        match (one, other) {
            (IpAddr::V4(one), IpAddr::V4(other)) => alike4(one, other, self.four),
            (IpAddr::V6(one), IpAddr::V6(other)) => alike6(one, other, self.six),
            _ => false,
        }
    }
}

pub(super) fn alike4(one: Ipv4Addr, other: Ipv4Addr, length: u32) -> bool {
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    one.to_bits() & mask == other.to_bits() & mask
}

pub(super) fn alike6(one: Ipv6Addr, other: Ipv6Addr, length: u32) -> bool {
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    one.to_bits() & mask == other.to_bits() & mask
}

/// What a host is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    All,
    Include(Spec),
    A(Option<Spec>, Lengths),
    Mx(Option<Spec>, Lengths),
    Ptr(Option<Spec>),
    Ip4(Ipv4Addr, u32),
    Ip6(Ipv6Addr, u32),
    Exists(Spec),
}

/// A mechanism with what its match means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) qualifier: Qualifier,
    pub(super) mechanism: Mechanism,
    /// As it was written.
    pub(super) term: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) directives: Vec<Directive>,
    pub(super) redirect: Option<Spec>,
}

/// A term that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) term: String,
    pub(super) why: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" {}", super::super::finding::shown(&self.term), self.why)
    }
}

/// Whether a text is a record of SPF, rightly written or not.
pub(super) fn is_record(text: &str) -> bool {
    let rest = text.get(..6).filter(|start| start.eq_ignore_ascii_case("v=spf1"));
    rest.is_some() && matches!(text.as_bytes().get(6), None | Some(b' '))
}

/// Reads a record.
pub(super) fn parse(text: &str) -> Result<Record, Malformed> {
    let mut record = Record { directives: Vec::new(), redirect: None };
    let mut explained = false;
    for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
        let wrong = |why| Malformed { term: term.to_owned(), why };
        if let Some((name, value)) = modifier(term) {
            let twice = match name.to_ascii_lowercase().as_str() {
                "redirect" => {
                    let value = spec(value).ok_or_else(|| wrong("names no domain"))?;
                    record.redirect.replace(value).is_some()
                }
                "exp" => {
                    let _ = spec(value).ok_or_else(|| wrong("names no domain"))?;
                    std::mem::replace(&mut explained, true)
                }
                _ => false,
            };
            if twice {
                return Err(wrong("is there twice"));
            }
            continue;
        }
        let (qualifier, rest) = match term.split_at_checked(1) {
            Some(("+", rest)) => (Qualifier::Pass, rest),
            Some(("-", rest)) => (Qualifier::Fail, rest),
            Some(("~", rest)) => (Qualifier::SoftFail, rest),
            Some(("?", rest)) => (Qualifier::Neutral, rest),
            _ => (Qualifier::Pass, term),
        };
        let mechanism = mechanism(rest).map_err(wrong)?;
        record.directives.push(Directive { qualifier, mechanism, term: term.to_owned() });
    }
    Ok(record)
}

/// `NAME=VALUE`, where nothing that a mechanism has comes first.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    named.then_some((name, value))
}

fn mechanism(text: &str) -> Result<Mechanism, &'static str> {
    const DOMAIN: &str = "names no domain";
    const LENGTH: &str = "has no length of a network behind its /";
    let end = text.find([':', '/']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let value = rest.strip_prefix(':');
    let whole = |value: Option<&str>| value.and_then(spec).ok_or(DOMAIN);
    match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Ok(Mechanism::All),
        "include" => whole(value).map(Mechanism::Include),
        "exists" => whole(value).map(Mechanism::Exists),
        "ptr" if rest.is_empty() => Ok(Mechanism::Ptr(None)),
        "ptr" => whole(value).map(|spec| Mechanism::Ptr(Some(spec))),
        "a" | "mx" => {
            let (domain, lengths) = lengths(rest).ok_or(LENGTH)?;
            let domain = match domain.strip_prefix(':') {
                Some(domain) => Some(spec(domain).ok_or(DOMAIN)?),
                None if domain.is_empty() => None,
                None => return Err(LENGTH),
            };
            let a = name.eq_ignore_ascii_case("a");
            Ok(if a { Mechanism::A(domain, lengths) } else { Mechanism::Mx(domain, lengths) })
        }
        "ip4" => {
            let (address, length) = network(value.unwrap_or_default(), 32).ok_or(LENGTH)?;
            let address = address.parse().map_err(|_| "has no IPv4 address")?;
            Ok(Mechanism::Ip4(address, length))
        }
        "ip6" => {
            let (address, length) = network(value.unwrap_or_default(), 128).ok_or(LENGTH)?;
            let address = address.parse().map_err(|_| "has no IPv6 address")?;
            Ok(Mechanism::Ip6(address, length))
        }
        _ => Err("is no mechanism that SPF knows"),
    }
}

/// An address and its length.
fn network(text: &str, most: u32) -> Option<(&str, u32)> {
    match text.split_once('/') {
        Some((address, bits)) => Some((address, length(bits, most)?)),
        None => Some((text, most)),
    }
}

fn length(text: &str, most: u32) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = plain && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|length| plain && *length <= most)
}

/// Takes `/BITS`, `//BITS` or `/BITS//BITS` from the end.
fn lengths(text: &str) -> Option<(&str, Lengths)> {
    let all = Lengths { four: 32, six: 128 };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (text, six) = match text.rsplit_once("//") {
        Some((before, bits)) if digits(bits) => (before, length(bits, 128)?),
        _ => (text, all.six),
    };
    match text.rsplit_once('/') {
        Some((before, bits)) if digits(bits) => {
            Some((before, Lengths { four: length(bits, 32)?, six }))
        }
        _ => Some((text, Lengths { six, ..all })),
    }
}
