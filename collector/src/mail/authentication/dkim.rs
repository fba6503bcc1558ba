//! By which key mail is signed (DKIM, RFC 6376; its algorithms, RFC 8301 and RFC 8463).

use super::{About, Finding, Found, Kind, Missing, Subject, finding::shown, tags::Tags};
use crate::keys::dkim::Published;

/// What is wrong with the record of a key.
pub(super) fn judge(
    subject: &Subject<'_>,
    key: &Published,
    found: &Found,
) -> Result<Vec<Finding>, Missing> {
    let name = format!("{}._domainkey.{}", key.selector, subject.domain);
    let records = found.records(Kind::Txt, &name)?;
    let faults = faults(&name, key, records);
    if faults.is_empty() {
        let does = match (key.signs, key.from > subject.now) {
            (true, _) => "signs mail",
            (false, true) => "is to sign mail",
            (false, false) => "signed mail before",
        };
        let code = if key.signs { "dkim_signs" } else { "dkim_published" };
        let text = format!("{name} holds the key that {does}");
        return Ok(vec![Finding::right(About::Dkim, code, text)]);
    }
    if !key.signs && key.from <= subject.now {
        let text = format!(
            "the key {} signed mail before, and its record is gone or changed",
            key.selector
        );
        let remedy = "leave a record for some days after its key has signed for the last time";
        let note = Finding::note(About::Dkim, "dkim_earlier", text, remedy.to_owned());
        return Ok(vec![note]);
    }
    let wrong = |(code, text): (&'static str, String)| {
        let remedy = match key.from > subject.now {
            true => format!("publish this before {}, when the key begins to sign", time(key.from)),
            false => "publish this, and nothing else at that name".to_owned(),
        };
        Finding::wrong(About::Dkim, code, text, remedy).publish(&name, key.record.as_str())
    };
    Ok(faults.into_iter().map(wrong).collect())
}

fn time(at: consent_core::time::Millis) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// Everything that is wrong, each with its code.
fn faults(name: &str, key: &Published, records: &[String]) -> Vec<(&'static str, String)> {
    let own = Tags::parse(&key.record).ok().and_then(|tags| tags.get("p")).unwrap_or_default();
    let record = match records {
        [] => {
            let text = format!("{name} has no TXT record: receivers cannot verify mail");
            return vec![("dkim_missing", text)];
        }
        [one] => one,
        several => {
            let count = several.len();
            let text =
                format!("{name} has {count} TXT records, and receivers take whichever they like");
            return vec![("dkim_several", text)];
        }
    };
    let tags = match Tags::parse(record) {
        Ok(tags) => tags,
        Err(why) => {
            return vec![(
                "dkim_syntax",
                format!("{name} cannot be read: the record {}", shown(&why)),
            )];
        }
    };
    let version = tags.0.iter().position(|(tag, _)| *tag == "v");
    if version.is_some_and(|at| at > 0) || tags.get("v").is_some_and(|version| version != "DKIM1") {
        let text =
            format!("{name} is of another version: v=DKIM1 has to come first, or be left out");
        return vec![("dkim_syntax", text)];
    }
    let Some(p) = tags.get("p") else {
        return vec![("dkim_syntax", format!("{name} has no key: the tag p is missing"))];
    };
    // White space inside is no part of it (RFC 6376, section 3.2).
    let p: String = p.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if p.is_empty() {
        let text = format!(
            "{name} is revoked: its p is empty, so that every signature by that key is refused"
        );
        return vec![("dkim_revoked", text)];
    }
    let mut faults = Vec::new();
    let kind = tags.get("k").unwrap_or("rsa");
    if kind != "rsa" {
        let text =
            format!("{name} is of the kind k={}, and mail is signed by RSA (k=rsa)", shown(kind));
        faults.push(("dkim_kind", text));
    } else if p != own {
        let how = if own.starts_with(&p) {
            format!(
                "is cut off after {} of {} letters: a record has several strings where one of 255 bytes does not do",
                p.len(),
                own.len()
            )
        } else {
            "holds another key than the one that signs".to_owned()
        };
        faults.push(("dkim_key", format!("{name} {how}")));
    }
    let lists = |tag, wanted: &[&str]| {
        tags.get(tag).is_none_or(|list| list.split(':').any(|one| wanted.contains(&one.trim())))
    };
    if !lists("h", &["sha256"]) {
        let text = format!(
            "{name} lets only other hashes be used than sha256, by which mail is signed (RFC 8301)"
        );
        faults.push(("dkim_hash", text));
    }
    if !lists("s", &["*", "email"]) {
        faults
            .push(("dkim_service", format!("{name} is not for mail: its s names other services")));
    }
    if tags.get("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        let text = format!(
            "{name} says t=y: the domain is testing, and receivers take mail as if it were not signed"
        );
        faults.push(("dkim_testing", text));
    }
    faults
}
