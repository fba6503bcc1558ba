//! Which hosts may send mail of a domain (SPF, RFC 7208).

mod evaluate;
mod record;
mod spec;
mod walk;

use evaluate::Verdict;
use record::{Malformed, Qualifier, Record, is_record, parse};
use spec::Session;
use walk::{EMPTY, MOST, Walk};

use super::{About, Finding, Found, Kind, Missing, Subject, finding::shown};

/// What a domain publishes.
#[derive(Debug)]
enum Published {
    Nothing,
    One(String, Result<Record, Malformed>),
    Several(Vec<String>),
}

/// The record at a name.
fn fetch(found: &Found, domain: &str) -> Result<Published, Missing> {
    let texts = found.records(Kind::Txt, domain)?.iter();
    let mut records: Vec<_> = texts.filter(|text| is_record(text)).cloned().collect();
    Ok(match (records.len(), records.pop()) {
        (1, Some(text)) => {
            let parsed = parse(&text);
            Published::One(text, parsed)
        }
        (_, None) => Published::Nothing,
        (_, Some(last)) => {
            records.push(last);
            Published::Several(records)
        }
    })
}

/// What is wrong with the record of the envelope's domain.
pub(super) fn judge(subject: &Subject<'_>, found: &Found) -> Result<Vec<Finding>, Missing> {
    let domain = subject.envelope;
    let wrong =
        |code, text, remedy: &str| Finding::wrong(About::Spf, code, text, remedy.to_owned());
    let (text, parsed) = match fetch(found, domain)? {
        Published::Nothing => return Ok(vec![missing(subject)]),
        Published::Several(all) => {
            let count = all.len();
            let text = format!(
                "{domain} has {count} SPF records, and more than one is an error: no host passes"
            );
            let remedy = "delete all of them, and publish one that holds what they hold";
            let finding = wrong("spf_several", text, remedy);
            return Ok(vec![finding.publish(domain, together(&all))]);
        }
        Published::One(text, parsed) => (text, parsed),
    };
    let record = match parsed {
        Ok(record) => record,
        Err(malformed) => {
            let said =
                format!("the SPF record of {domain} cannot be read: {malformed}; no host passes");
            let rest = without(&text, &malformed.term);
            let remedy = "correct it; without that it reads";
            return Ok(vec![wrong("spf_syntax", said, remedy).publish(domain, rest)]);
        }
    };
    let local = subject.from.split('@').next().unwrap_or("postmaster");
    let session = Session { host: subject.host, local, domain };
    let walk = walk::walk(found, domain, &record, &session)?;
    let mut findings = of_walk(domain, &text, &walk);
    if subject.host.is_some() {
        // Of a host that is known it is said what to publish.
        findings.retain(|finding| finding.code != "spf_nobody");
    }
    match subject.host {
        Some(host) => {
            let verdict = evaluate::evaluate(found, domain, host, &session)?;
            findings.extend(of_host(domain, host, &text, &verdict));
        }
        None if findings.is_empty() => findings.push(Finding::note(
            About::Spf,
            "spf_host_unknown",
            format!("the SPF record of {domain} can be read; whether it names the host that sends is not looked at: \"{}\"", shown(&text)),
            "say the address from which mail leaves by --smtp-from-address IP".to_owned(),
        )),
        None => {}
    }
    Ok(findings)
}

fn missing(subject: &Subject<'_>) -> Finding {
    let domain = subject.envelope;
    let text = format!(
        "{domain} has no SPF record, so that receivers cannot tell which hosts may send its mail"
    );
    let (value, remedy) = match subject.host {
        Some(host) => (format!("v=spf1 {} ~all", literal(host)), "publish this".to_owned()),
        None => (
            "v=spf1 include:PROVIDER ~all".to_owned(),
            "publish this, with what the mail server's provider names for SPF in place of PROVIDER; or say the address from which mail leaves by --smtp-from-address IP".to_owned(),
        ),
    };
    Finding::wrong(About::Spf, "spf_missing", text, remedy).publish(domain, value)
}

/// What is wrong whichever host sends.
fn of_walk(domain: &str, text: &str, walk: &Walk) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wrong = |code, text: String, remedy: String, value: Option<String>| {
        let finding = Finding::wrong(About::Spf, code, text, remedy);
        findings.push(match value {
            Some(value) => finding.publish(domain, value),
            None => finding,
        });
    };
    for fault in &walk.faults {
        let text =
            format!("the SPF record of {domain} leads to an error, and no host passes: {fault}");
        let remedy = "take the term out, or have whoever publishes the other record correct it";
        wrong("spf_leads_to_error", text, remedy.to_owned(), None);
    }
    let costs = walk.costs.iter().map(|(term, cost)| format!("{} {cost}", shown(term)));
    let costs = costs.collect::<Vec<_>>().join(", ");
    if walk.lookups > MOST {
        let text = format!(
            "the SPF record of {domain} needs {} look-ups, and more than {MOST} are an error: {costs}",
            walk.lookups
        );
        let remedy = "take out what sends no mail any more, and write a and mx as the ip4 and ip6 addresses that they stand for";
        wrong("spf_lookups", text, remedy.to_owned(), None);
    }
    if walk.empty.len() > EMPTY {
        let terms: Vec<_> = walk.empty.iter().map(|term| shown(term)).collect();
        let text = format!(
            "the SPF record of {domain} looks up {} names that are not there, and more than {EMPTY} are an error: {}",
            walk.empty.len(),
            terms.join(", ")
        );
        wrong("spf_empty_lookups", text, "take those terms out".to_owned(), None);
    }
    match walk.all {
        Some(Qualifier::Pass) => {
            let said = format!(
                "the SPF record of {domain} ends in +all: any host at all may send its mail"
            );
            wrong(
                "spf_all_pass",
                said,
                "end it in ~all or -all".to_owned(),
                Some(ending(text, "~all")),
            );
        }
        Some(Qualifier::Neutral) => {
            let said = format!(
                "the SPF record of {domain} ends in ?all: of any other host it says nothing"
            );
            wrong(
                "spf_all_neutral",
                said,
                "end it in ~all or -all".to_owned(),
                Some(ending(text, "~all")),
            );
        }
        None if walk.faults.is_empty() && walk.lookups <= MOST && !walk.hangs => {
            let said = format!(
                "the SPF record of {domain} does not end in all: of any other host it says nothing"
            );
            wrong(
                "spf_no_all",
                said,
                "end it in ~all or -all".to_owned(),
                Some(ending(text, "~all")),
            );
        }
        _ => {}
    }
    if let Some(term) = &walk.open {
        let text = format!(
            "by \"{}\" in the SPF record of {domain} any host at all may send its mail",
            shown(term)
        );
        wrong("spf_open", text, "name the hosts that send".to_owned(), None);
    }
    if !walk.lets && walk.faults.is_empty() {
        let text = format!(
            "the SPF record of {domain} says that no host sends its mail: \"{}\"",
            shown(text)
        );
        wrong(
            "spf_nobody",
            text,
            "name the host that sends, by --smtp-from-address IP for the record to publish"
                .to_owned(),
            None,
        );
    }
    if walk.ptr {
        findings.push(Finding::note(
            About::Spf,
            "spf_ptr",
            format!("the SPF record of {domain} uses ptr, which is slow, and which some receivers pass over"),
            "name the hosts by a, mx, ip4 or ip6 (RFC 7208, section 5.5)".to_owned(),
        ));
    }
    findings
}

/// What is said of the host that sends.
fn of_host(domain: &str, host: std::net::IpAddr, text: &str, verdict: &Verdict) -> Option<Finding> {
    let (code, means) = match verdict {
        Verdict::Matched(Qualifier::Pass) => {
            let text = format!("{host} may send mail of {domain}: \"{}\"", shown(text));
            return Some(Finding::right(About::Spf, "spf_passes", text));
        }
        Verdict::Matched(Qualifier::Fail) => ("spf_host", "fail: receivers refuse it"),
        Verdict::Matched(Qualifier::SoftFail) => ("spf_host", "softfail: receivers suspect it"),
        Verdict::Matched(Qualifier::Neutral) => ("spf_host", "neutral: it counts as no yes"),
        // What is in error is said already.
        Verdict::None | Verdict::Error => return None,
        Verdict::Unknown => {
            return Some(Finding::note(
                About::Spf,
                "spf_host_unknown",
                format!(
                    "whether {host} may send mail of {domain} hangs on the name by which it greets"
                ),
                String::new(),
            ));
        }
    };
    let said =
        format!("the SPF record of {domain} does not name the host that sends, {host} ({means})");
    let named = match text.split_once(' ') {
        Some((version, rest)) => format!("{version} {} {rest}", literal(host)),
        None => format!("{text} {}", literal(host)),
    };
    Some(Finding::wrong(About::Spf, code, said, "publish this".to_owned()).publish(domain, named))
}

fn literal(host: std::net::IpAddr) -> String {
    match host {
        std::net::IpAddr::V4(host) => format!("ip4:{host}"),
        std::net::IpAddr::V6(host) => format!("ip6:{host}"),
    }
}

fn is_all(term: &str) -> bool {
    term.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case("all")
}

fn terms(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').skip(1).filter(|term| !term.is_empty())
}

/// The record with another end. What stands behind an `all` counts for nothing, modifiers aside.
fn ending(text: &str, all: &str) -> String {
    let kept = terms(text).filter(|term| !is_all(term));
    let kept = kept.filter(|term| !term.to_ascii_lowercase().starts_with("redirect="));
    ["v=spf1"].into_iter().chain(kept).chain([all]).collect::<Vec<_>>().join(" ")
}

/// The record without a term.
fn without(text: &str, gone: &str) -> String {
    let kept = terms(text).filter(|term| *term != gone);
    ["v=spf1"].into_iter().chain(kept).collect::<Vec<_>>().join(" ")
}

/// Several records as one.
fn together(records: &[String]) -> String {
    let mut all: Vec<String> = Vec::new();
    for term in records.iter().flat_map(|text| terms(text)).filter(|term| !is_all(term)) {
        // Of several records no redirect can be followed by all of them.
        let term = match term.split_once('=') {
            Some((name, domain)) if name.eq_ignore_ascii_case("redirect") => {
                format!("include:{domain}")
            }
            _ => term.to_owned(),
        };
        if !all.contains(&term) {
            all.push(term);
        }
    }
    format!("v=spf1 {} ~all", all.join(" ")).replace("  ", " ")
}

#[cfg(test)]
mod tests;
