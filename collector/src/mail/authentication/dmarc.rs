//! What becomes of mail that neither SPF nor DKIM answers for (DMARC, RFC 7489).

mod record;
#[cfg(test)]
mod tests;

use super::{About, Finding, Found, Kind, Missing, Subject, finding::shown, organisation};
use record::{Policy, Record};

/// What is wrong with the record that counts for the domain, and whether what SPF and DKIM answer for is the domain that
/// people see. `(spf_fails, dkim)` says whether SPF answers for no mail for certain, and whether DKIM does, where that is
/// known.
pub(super) fn judge(
    subject: &Subject<'_>,
    found: &Found,
    answers: (bool, Option<bool>),
) -> Result<Vec<Finding>, Missing> {
    let own = subject.domain;
    let organisation = organisation(own);
    let (at, records) = match published(found, own)? {
        records if records.is_empty() && organisation != own => {
            (organisation, published(found, organisation)?)
        }
        records => (own, records),
    };
    let name = format!("_dmarc.{at}");
    let wrong =
        |code, text, remedy: &str| Finding::wrong(About::Dmarc, code, text, remedy.to_owned());
    let usual = format!("v=DMARC1; p=quarantine; rua=mailto:{}", subject.from);
    let text = match records.as_slice() {
        [one] => one,
        [] => {
            let name = format!("_dmarc.{organisation}");
            let text = format!(
                "there is no DMARC record at {name}: whoever likes may send mail in its name"
            );
            let remedy = "publish this; where others send in the domain's name too, begin with p=none and read the reports first";
            return Ok(vec![wrong("dmarc_missing", text, remedy).publish(&name, usual)]);
        }
        several => {
            let count = several.len();
            let text = format!("{name} has {count} DMARC records, so that none counts");
            let strictest = several.iter().find(|text| record::parse(text).is_ok());
            let kept = strictest.cloned().unwrap_or(usual);
            let remedy = "delete all but one";
            return Ok(vec![wrong("dmarc_several", text, remedy).publish(&name, kept)]);
        }
    };
    let record = match record::parse(text) {
        Ok(record) => record,
        Err(why) => {
            let text = format!("{name} cannot be read: the record {}", shown(&why));
            return Ok(vec![
                wrong("dmarc_syntax", text, "correct it, as here").publish(&name, usual),
            ]);
        }
    };
    let mut findings = of_policy(subject, at, text, &record);
    findings.extend(alignment(subject, &record, answers));
    let right = |finding: &Finding| finding.state != super::State::Wrong;
    if findings.iter().all(right) {
        let text = format!("{name} says what becomes of forged mail: \"{}\"", shown(text));
        findings.insert(0, Finding::right(About::Dmarc, "dmarc_right", text));
    }
    for to in &record.reports {
        findings.extend(abroad(found, at, to)?);
    }
    Ok(findings)
}

/// The records at a domain; those that only mean to be some, where there are no others.
fn published(found: &Found, domain: &str) -> Result<Vec<String>, Missing> {
    let texts = found.records(Kind::Txt, &format!("_dmarc.{domain}"))?;
    let that = |is: fn(&str) -> bool| texts.iter().filter(|text| is(text)).cloned().collect();
    let records: Vec<_> = that(record::is_record);
    Ok(if records.is_empty() { that(record::is_meant) } else { records })
}

fn of_policy(subject: &Subject<'_>, at: &str, text: &str, record: &Record) -> Vec<Finding> {
    let (name, mut findings) = (format!("_dmarc.{at}"), Vec::new());
    let below = at != subject.domain;
    let (tag, policy) = match record.subdomains {
        Some(policy) if below => ("sp", policy),
        _ => ("p", record.policy),
    };
    let whose = subject.domain;
    if policy == Policy::None {
        let said = format!(
            "{name} says {tag}=none, which counts for {whose}: forged mail in its name is let through"
        );
        let remedy = "as soon as the reports show nothing of yours that fails, publish this";
        let stricter = record::with(text, tag, "quarantine");
        let finding = Finding::wrong(About::Dmarc, "dmarc_policy_none", said, remedy.to_owned());
        findings.push(finding.publish(&name, stricter));
    } else if !below && record.subdomains == Some(Policy::None) {
        let said = format!(
            "{name} says sp=none: forged mail in the name of domains under {whose} is let through"
        );
        let finding = Finding::wrong(
            About::Dmarc,
            "dmarc_subdomains_none",
            said,
            "publish this, without sp: p counts for them too".to_owned(),
        );
        findings.push(finding.publish(&name, record::without(text, "sp")));
    }
    if record.percent < 100 {
        let said = format!(
            "{name} says pct={}: the policy is used on a part of mail only",
            record.percent
        );
        let finding = Finding::note(
            About::Dmarc,
            "dmarc_part",
            said,
            "as soon as the reports show nothing of yours that fails, publish this".to_owned(),
        );
        findings.push(finding.publish(&name, record::without(text, "pct")));
    }
    if record.reports.is_empty() {
        let said =
            format!("{name} asks for no reports (rua), so that nobody hears of mail that fails");
        let value =
            format!("{}; rua=mailto:{}", text.trim_end().trim_end_matches(';'), subject.from);
        let remedy = "publish this, with the address that is to get them";
        let finding = Finding::note(About::Dmarc, "dmarc_no_reports", said, remedy.to_owned());
        findings.push(finding.publish(&name, value));
    }
    findings
}

/// Whether what SPF and DKIM answer for is the domain that people see (RFC 7489, section 3.1). One of the two is enough;
/// what signs is always of the domain of From.
fn alignment(
    subject: &Subject<'_>,
    record: &Record,
    (spf_fails, dkim): (bool, Option<bool>),
) -> Option<Finding> {
    let Subject { domain, envelope, .. } = *subject;
    let same = domain.eq_ignore_ascii_case(envelope);
    let related = organisation(domain).eq_ignore_ascii_case(organisation(envelope));
    if if record.strict_spf { same } else { related } {
        let fails = spf_fails && dkim == Some(false);
        return fails.then(|| {
            let text = format!("neither SPF nor DKIM answers for {domain} as things stand, so that its own mail fails DMARC too");
            let remedy = "put right what is said of them first".to_owned();
            Finding::wrong(About::Dmarc, "dmarc_nothing_passes", text, remedy)
        });
    }
    let how = match related {
        true => "aspf=s asks for the very same domain",
        false => "they belong to different organisational domains",
    };
    let text = format!(
        "the envelope's sender is of {envelope}, and From of {domain}: {how}, so that SPF answers for nothing that people see"
    );
    let remedy = format!(
        "have the mail server leave the envelope's sender as it is, or use one of {domain}"
    );
    Some(match dkim {
        Some(false) => Finding::wrong(About::Dmarc, "dmarc_misaligned", text, remedy),
        _ => {
            let text = format!("{text}; DMARC rests on the signature alone");
            Finding::note(About::Dmarc, "dmarc_rests_on_dkim", text, remedy)
        }
    })
}

/// Whether somebody else's domain takes the reports that are sent to it (RFC 7489, section 7.1).
fn abroad(found: &Found, at: &str, to: &str) -> Result<Option<Finding>, Missing> {
    if organisation(to).eq_ignore_ascii_case(organisation(at)) {
        return Ok(None);
    }
    let name = format!("{at}._report._dmarc.{to}");
    if found.records(Kind::Txt, &name)?.iter().any(|text| text.starts_with("v=DMARC1")) {
        return Ok(None);
    }
    let text = format!(
        "reports go to {}, which does not say that it takes them: nobody sends them",
        shown(to)
    );
    let remedy =
        "have whoever runs that domain publish this, or name an address of your own".to_owned();
    let finding = Finding::note(About::Dmarc, "dmarc_reports_refused", text, remedy);
    Ok(Some(finding.publish(&name, "v=DMARC1")))
}
