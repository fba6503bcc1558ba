//! By what people come into the back office, and from where.

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;

use super::sign_on::SignOn;
use crate::{proxy, store::accounts::Role};

/// The ways in.
#[derive(Debug)]
pub struct Access {
    /// The log-in by a provider, where there is one.
    pub sign_on: Option<Arc<SignOn>>,
    /// Whether passwords are taken.
    pub password: bool,
    /// From where each role may be used.
    pub allowed: Allowed,
    /// The address by which browsers reach the back office, without a slash at its end.
    pub url: Arc<str>,
    /// Whether it is served at an address of its own, and nowhere else.
    pub apart: bool,
}

/// A network from which a role, or each of them, may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    role: Option<Role>,
    network: IpNet,
}

/// A rule as somebody writes it: `owner=10.0.0.0/8`, `all=::1`.
///
/// # Errors
/// Where it is none.
pub fn rule(text: &str) -> Result<Rule, String> {
    let (name, network) = text
        .split_once('=')
        .ok_or_else(|| "write ROLE=NETWORK, as in owner=10.0.0.0/8".to_owned())?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
    if role.is_none() && name != "all" {
        let names = Role::ALL.map(Role::as_str).join(", ");
        return Err(format!("there is no role {name:?}: write {names}, or all"));
    }
    Ok(Rule { role, network: proxy::network(network)? })
}

/// From where each role may be used.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Vec<Rule>);

impl Allowed {
    /// By these rules.
    #[must_use]
    pub const fn of(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Whether every role may be used from everywhere.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether that role may be used from that address.
    #[must_use]
    pub fn may(&self, role: Role, from: IpAddr) -> bool {
        let from = from.to_canonical();
        let mut own = self.0.iter().filter(|rule| rule.role.is_none_or(|it| it == role)).peekable();
        own.peek().is_none() || own.any(|rule| rule.network.contains(&from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_be_used_from_its_networks_and_one_without_any_from_everywhere() {
        let rules = ["owner=10.0.0.0/8", "owner=2001:db8::/32", "marketer=192.0.2.7"];
        let allowed = Allowed::of(rules.map(|text| rule(text).unwrap()).to_vec());
        let may = |role, from: &str| allowed.may(role, from.parse().unwrap());
        for from in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
            assert!(may(Role::Owner, from) && !may(Role::Marketer, from), "{from}");
        }
        assert!(may(Role::Marketer, "192.0.2.7") && !may(Role::Marketer, "192.0.2.8"));
        assert!(may(Role::Auditor, "198.51.100.1"));
    }

    #[test]
    fn a_network_for_all_counts_for_each_beside_its_own() {
        let rules = ["all=10.0.0.0/8", "auditor=192.0.2.0/24"].map(|text| rule(text).unwrap());
        let allowed = Allowed::of(rules.to_vec());
        let may = |role, from: &str| allowed.may(role, from.parse().unwrap());
        assert!(may(Role::Auditor, "192.0.2.1") && may(Role::Auditor, "10.0.0.1"));
        assert!(!may(Role::Owner, "192.0.2.1") && may(Role::Owner, "10.0.0.1"));
        assert!(Allowed::default().may(Role::Owner, "192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_rule_is_refused_with_what_to_write() {
        for (text, said) in [
            ("10.0.0.0/8", "ROLE=NETWORK"),
            ("king=10.0.0.0/8", "owner, administrator"),
            ("owner=10.0.0.0/40", "10.0.0.0/8"),
            ("owner=", "10.0.0.0/8"),
        ] {
            let error = rule(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
