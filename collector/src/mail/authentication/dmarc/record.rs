//! The record as it is written (RFC 7489, section 6.3 and 6.4).

use super::super::tags::Tags;

/// What is to become of mail that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    None,
    Quarantine,
    Reject,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) policy: Policy,
    /// Of domains under it, where that is said apart.
    pub(super) subdomains: Option<Policy>,
    /// Whether SPF has to answer for the very domain of From.
    pub(super) strict_spf: bool,
    /// Of how much mail.
    pub(super) percent: u8,
    /// The domains to which reports go.
    pub(super) reports: Vec<String>,
}

/// Whether a text is a record, its version rightly written.
pub(super) fn is_record(text: &str) -> bool {
    let (version, _) = text.split_once(';').unwrap_or((text, ""));
    version.split_once('=').is_some_and(|(v, value)| (v.trim(), value.trim()) == ("v", "DMARC1"))
}

/// Whether a text means to be a record, whichever way its version is spelt.
pub(super) fn is_meant(text: &str) -> bool {
    let letters = text.chars().filter(|c| !c.is_ascii_whitespace()).take(7);
    letters.collect::<String>().eq_ignore_ascii_case("v=dmarc")
}

/// Reads a record.
///
/// # Errors
/// What is wrong, in words that follow "the record".
pub(super) fn parse(text: &str) -> Result<Record, String> {
    let tags = Tags::parse(text)?;
    if tags.0.first() != Some(&("v", "DMARC1")) {
        return Err("does not begin with v=DMARC1, in these letters".to_owned());
    }
    let policy = match tags.0.get(1) {
        Some(("p", value)) => policy("p", value)?,
        _ if tags.get("p").is_some() => {
            return Err("has p elsewhere than right behind v=DMARC1".to_owned());
        }
        _ => return Err("has no p, which says what becomes of mail that fails".to_owned()),
    };
    let subdomains = tags.get("sp").map(|value| self::policy("sp", value)).transpose()?;
    let _ = strict(&tags, "adkim")?;
    let percent = match tags.get("pct") {
        None => 100,
        Some(value) => {
            let percent = value.parse().ok().filter(|percent| *percent <= 100u8);
            percent.ok_or("has a pct that is no number from 0 to 100")?
        }
    };
    let mut reports = Vec::new();
    for tag in ["rua", "ruf"] {
        for uri in tags.get(tag).unwrap_or_default().split(',').map(str::trim) {
            if uri.is_empty() {
                continue;
            }
            // What stands behind the ! is how much of a report may come.
            let address = uri.split('!').next().unwrap_or_default();
            let scheme = address.get(..7).filter(|it| it.eq_ignore_ascii_case("mailto:"));
            let domain = address.rsplit_once('@').map(|(_, domain)| domain);
            match (scheme, domain) {
                (Some(_), Some(domain)) if !domain.is_empty() => {
                    let domain = domain.to_ascii_lowercase();
                    if tag == "rua" && !reports.contains(&domain) {
                        reports.push(domain);
                    }
                }
                _ => return Err(format!("has {tag}={uri}, which is no mailto:ADDRESS")),
            }
        }
    }
    Ok(Record { policy, subdomains, strict_spf: strict(&tags, "aspf")?, percent, reports })
}

fn policy(tag: &str, value: &str) -> Result<Policy, String> {
    match value.to_ascii_lowercase().as_str() {
        "none" => Ok(Policy::None),
        "quarantine" => Ok(Policy::Quarantine),
        "reject" => Ok(Policy::Reject),
        _ => Err(format!("has {tag}={value}, which is not one of none, quarantine, reject")),
    }
}

fn strict(tags: &Tags<'_>, tag: &str) -> Result<bool, String> {
    match tags.get(tag).map(str::to_ascii_lowercase).as_deref() {
        None | Some("r") => Ok(false),
        Some("s") => Ok(true),
        Some(other) => Err(format!("has {tag}={other}, which is neither r nor s")),
    }
}

/// The record with another value of a tag.
pub(super) fn with(text: &str, tag: &str, value: &str) -> String {
    let changed = |(name, own)| if name == tag { (name, value) } else { (name, own) };
    let tags = Tags::parse(text).unwrap_or(Tags(vec![]));
    written(tags.0.into_iter().map(changed))
}

/// The record without a tag.
pub(super) fn without(text: &str, tag: &str) -> String {
    let tags = Tags::parse(text).unwrap_or(Tags(vec![]));
    written(tags.0.into_iter().filter(|(name, _)| *name != tag))
}

fn written<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    tags.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}
