//! Whether receivers can tell that mail of a domain is its own: what the DNS says by SPF (RFC 7208), DKIM (RFC 6376)
//! and DMARC (RFC 7489), what is wrong with it, and the record to publish.
//!
//! All but [`dns`] is pure: it judges what has been answered, and names the question whose answer it lacks.

mod dkim;
mod dmarc;
pub mod dns;
mod finding;
mod found;
mod spf;
mod tags;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub use finding::{About, Finding, State, Txt};
pub use found::{Answer, Found, Kind, Missing, Question};

use crate::keys::dkim::Published;
use consent_core::time::Millis;

/// Whose mail is looked at.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The address that mail comes from.
    pub from: &'a str,
    /// Its domain, which DKIM signs for too.
    pub domain: &'a str,
    /// The domain of the envelope's sender, by which SPF is asked.
    pub envelope: &'a str,
    /// The address of the host that hands mail to receivers, where it is known.
    pub host: Option<IpAddr>,
    /// The keys that sign, with what is to be published of each.
    pub keys: &'a [Published],
    /// The time now.
    pub now: Millis,
}

/// The domain under a public suffix that a domain belongs to; itself where there is none (RFC 7489, section 3.2).
#[must_use]
pub fn organisation(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

/// Judges what was answered.
///
/// # Errors
/// The question that has to be asked first.
pub fn judge(subject: &Subject<'_>, found: &Found) -> Result<Vec<Finding>, Question> {
    let mut all = part(About::Spf, spf::judge(subject, found))?;
    let spf_fails = all.iter().any(|finding| SPF_FAILS.contains(&finding.code));
    let mut dkim = None;
    for key in subject.keys {
        let findings = part(About::Dkim, dkim::judge(subject, key, found))?;
        if key.signs {
            dkim = verifies(&findings);
        }
        all.extend(findings);
    }
    if !subject.keys.iter().any(|key| key.signs) {
        let text = "there is no key to sign mail by, and mail is not sent unsigned".to_owned();
        let remedy = format!("`ashiato keys dkim --domain {}` makes one", subject.domain);
        all.push(Finding::wrong(About::Dkim, "dkim_no_key", text, remedy));
        dkim = Some(false);
    }
    all.extend(part(About::Dmarc, dmarc::judge(subject, found, (spf_fails, dkim)))?);
    Ok(all)
}

/// What makes SPF answer for no mail. What else is wrong with it lets others send too.
const SPF_FAILS: [&str; 8] = [
    "spf_missing",
    "spf_several",
    "spf_syntax",
    "spf_leads_to_error",
    "spf_lookups",
    "spf_empty_lookups",
    "spf_nobody",
    "spf_host",
];

/// Whether signatures by a key verify, where that is known. In a test they do.
fn verifies(findings: &[Finding]) -> Option<bool> {
    let is = |state| findings.iter().any(move |finding| finding.state == state);
    let wrong = |own: &Finding| own.state == State::Wrong && own.code != "dkim_testing";
    match is(State::Untold) {
        true => None,
        false => Some(!findings.iter().any(wrong)),
    }
}

/// What is said of one part: where an answer cannot be had, that and nothing else.
fn part(about: About, judged: Result<Vec<Finding>, Missing>) -> Result<Vec<Finding>, Question> {
    match judged {
        Ok(findings) => Ok(findings),
        Err(Missing::Ask(question)) => Err(question),
        Err(Missing::Untold(question, why)) => Ok(vec![Finding::untold(about, &question, &why)]),
    }
}
