//! Whether a host may send, as a receiver finds it (`check_host`, RFC 7208, section 4).

use std::net::IpAddr;

use super::{
    Published, fetch,
    record::{Mechanism, Qualifier, Record, alike4, alike6},
    spec::{Session, Spec},
    walk::{EMPTY, MOST},
};
use crate::mail::authentication::{Found, Kind, Missing};

/// What a receiver finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is no record.
    None,
    /// A term matches, or nothing does.
    Matched(Qualifier),
    /// The record is in error.
    Error,
    /// It hangs on the name by which the host greets, which is not known here.
    Unknown,
}

#[derive(Debug, Default)]
struct Spent {
    lookups: usize,
    empty: usize,
}

/// Why no term could be held against the host.
enum Stop {
    Missing(Missing),
    Verdict(Verdict),
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

const ERROR: Stop = Stop::Verdict(Verdict::Error);

/// Whether that host may send for a domain.
pub(super) fn evaluate(
    found: &Found,
    domain: &str,
    host: IpAddr,
    session: &Session<'_>,
) -> Result<Verdict, Missing> {
    match check(found, domain, host, session, &mut Spent::default()) {
        Ok(verdict) | Err(Stop::Verdict(verdict)) => Ok(verdict),
        Err(Stop::Missing(missing)) => Err(missing),
    }
}

fn check(
    found: &Found,
    domain: &str,
    host: IpAddr,
    session: &Session<'_>,
    spent: &mut Spent,
) -> Result<Verdict, Stop> {
    let record = match fetch(found, domain)? {
        Published::Nothing => return Ok(Verdict::None),
        Published::One(_, Ok(record)) => record,
        Published::One(_, Err(_)) | Published::Several(_) => return Err(ERROR),
    };
    let Record { directives, redirect } = &record;
    for directive in directives {
        if matches(found, domain, host, session, spent, &directive.mechanism)? {
            return Ok(Verdict::Matched(directive.qualifier));
        }
    }
    let Some(spec) = redirect else { return Ok(Verdict::Matched(Qualifier::Neutral)) };
    spend(spent)?;
    let name = spec.name(domain, session).ok_or(Stop::Verdict(Verdict::Unknown))?;
    match check(found, &name, host, session, spent)? {
        Verdict::None => Err(ERROR),
        verdict => Ok(verdict),
    }
}

fn spend(spent: &mut Spent) -> Result<(), Stop> {
    spent.lookups += 1;
    if spent.lookups > MOST { Err(ERROR) } else { Ok(()) }
}

fn matches(
    found: &Found,
    domain: &str,
    host: IpAddr,
    session: &Session<'_>,
    spent: &mut Spent,
    mechanism: &Mechanism,
) -> Result<bool, Stop> {
    let of = |spec: &Spec| spec.name(domain, session).ok_or(Stop::Verdict(Verdict::Unknown));
    let or_own = |spec: &Option<Spec>| spec.as_ref().map_or_else(|| Ok(domain.to_owned()), of);
    let kind = if host.is_ipv4() { Kind::A } else { Kind::Aaaa };
    match mechanism {
        Mechanism::All => Ok(true),
        Mechanism::Ip4(address, length) => {
            Ok(matches!(host, IpAddr::V4(host) if alike4(host, *address, *length)))
        }
        Mechanism::Ip6(address, length) => {
            Ok(matches!(host, IpAddr::V6(host) if alike6(host, *address, *length)))
        }
        Mechanism::Include(spec) => {
            spend(spent)?;
            match check(found, &of(spec)?, host, session, spent)? {
                Verdict::Matched(qualifier) => Ok(qualifier == Qualifier::Pass),
                Verdict::None | Verdict::Error => Err(ERROR),
                Verdict::Unknown => Err(Stop::Verdict(Verdict::Unknown)),
            }
        }
        Mechanism::A(spec, lengths) => {
            spend(spent)?;
            let addresses = looked_up(found, kind, &or_own(spec)?, spent)?;
            Ok(parsed(addresses).any(|address| lengths.alike(address, host)))
        }
        Mechanism::Mx(spec, lengths) => {
            spend(spent)?;
            let servers = looked_up(found, Kind::Mx, &or_own(spec)?, spent)?;
            if servers.len() > MOST {
                return Err(ERROR);
            }
            for server in servers.iter().filter(|server| !server.is_empty()) {
                let addresses = found.records(kind, server)?;
                if parsed(addresses).any(|address| lengths.alike(address, host)) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Mechanism::Ptr(spec) => {
            spend(spent)?;
            let under = or_own(spec)?;
            let names =
                found.records(Kind::Ptr, &reversed(host)).or_else(|missing| match missing {
                    // What cannot be told matches nothing (section 5.5).
                    Missing::Untold(..) => Ok(&[][..]),
                    asked @ Missing::Ask(_) => Err(asked),
                })?;
            for name in names.iter().take(MOST) {
                let name = name.to_ascii_lowercase();
                let is_under = name == under
                    || name.strip_suffix(&under).is_some_and(|rest| rest.ends_with('.'));
                if is_under && parsed(found.records(kind, &name)?).any(|address| address == host) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Mechanism::Exists(spec) => {
            spend(spent)?;
            Ok(!looked_up(found, Kind::A, &of(spec)?, spent)?.is_empty())
        }
    }
}

/// What a term looks up; one that finds nothing too often ends the check.
fn looked_up<'a>(
    found: &'a Found,
    kind: Kind,
    name: &str,
    spent: &mut Spent,
) -> Result<&'a [String], Stop> {
    let records = found.records(kind, name)?;
    spent.empty += usize::from(records.is_empty());
    if spent.empty > EMPTY { Err(ERROR) } else { Ok(records) }
}

fn parsed(addresses: &[String]) -> impl Iterator<Item = IpAddr> {
    addresses.iter().filter_map(|address| address.parse().ok())
}

/// The name at which the DNS has an address's name (RFC 1035, section 3.5; RFC 3596, section 2.5).
fn reversed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let bytes = address.octets().into_iter().rev();
            let nibbles = bytes.flat_map(|byte| [byte & 15, byte >> 4]);
            let nibbles: Vec<_> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", nibbles.join("."))
        }
    }
}
