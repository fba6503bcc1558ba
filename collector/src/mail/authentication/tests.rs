//! Whatever the DNS says: it is judged, in so many questions, and nothing that it says reaches a terminal as it is.

use std::net::IpAddr;

use consent_core::time::Millis;
use proptest::{collection::vec, prelude::*};

use super::{
    About, Answer, Finding, Found, Kind, Missing, Question, State, Subject, Txt, judge, tags::Tags,
};
use crate::keys::dkim::Published;

const DOMAIN: &str = "hiyori.example";
const HOST: &str = "203.0.113.7";

pub(super) fn key() -> Published {
    Published {
        selector: "a1".to_owned(),
        record: format!("v=DKIM1; k=rsa; p={}", "MIIBIjANBgkqhkiG9w0BAQ".repeat(16)),
        made: Millis(0),
        from: Millis(0),
        signs: true,
    }
}

pub(super) fn subject<'a>(keys: &'a [Published], host: Option<&str>) -> Subject<'a> {
    Subject {
        from: "news@hiyori.example",
        domain: DOMAIN,
        envelope: DOMAIN,
        host: host.map(|host| host.parse().unwrap()),
        keys,
        now: Millis(1_800_000_000_000),
    }
}

/// What is found where the DNS holds these records and no others; and how many questions it took.
pub(super) fn judged(
    subject: &Subject<'_>,
    mut answer: impl FnMut(&Question) -> Answer,
) -> (Vec<Finding>, usize) {
    let mut found = Found::default();
    for asked in 0.. {
        match judge(subject, &found) {
            Ok(findings) => return (findings, asked),
            Err(question) => {
                let answer = answer(&question);
                found.keep(question, answer);
            }
        }
    }
    unreachable!("it ends or runs for ever")
}

/// Records as `name KIND value`.
pub(super) fn zone(records: &[&str]) -> impl FnMut(&Question) -> Answer {
    let split = |record: &&str| {
        let mut parts = record.splitn(3, ' ').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        (next(), next(), next())
    };
    let records: Vec<_> = records.iter().map(split).collect();
    move |question| {
        let is = |(name, kind, _): &&(String, String, String)| {
            *name == question.name && kind == question.kind.as_str()
        };
        Ok(records.iter().filter(is).map(|(_, _, value)| value.clone()).collect())
    }
}

pub(super) fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn what_is_published_as_it_is_told_to_be_is_right() {
    let keys = [key()];
    let mut dkim = format!("a1._domainkey.hiyori.example TXT {}", keys[0].record);
    dkim = dkim.replace("; p=", ";\tp = ");
    let records = [
        "hiyori.example TXT google-site-verification=x",
        "hiyori.example TXT v=spf1 ip4:203.0.113.0/28 ~all",
        dkim.as_str(),
        "_dmarc.hiyori.example TXT v=DMARC1; p=quarantine; rua=mailto:post@hiyori.example",
    ];
    let (findings, _) = judged(&subject(&keys, Some(HOST)), zone(&records));
    assert!(findings.iter().all(|finding| finding.state == State::Right), "{findings:#?}");
    assert_eq!(codes(&findings), ["spf_passes", "dkim_signs", "dmarc_right"]);
}

#[test]
fn what_is_told_to_be_published_puts_it_right() {
    let keys = [key()];
    let subject = subject(&keys, Some(HOST));
    for bad in [
        &[][..],
        &[
            "hiyori.example TXT v=spf1 -all",
            "hiyori.example TXT v=spf1 mx:hiyori.example redirect=_x.example",
        ],
        &["hiyori.example TXT v=spf1 +all", "_dmarc.hiyori.example TXT v=DMARC1;p=none"],
        &["hiyori.example TXT v=spf1 ip4:300.1.1.1 ip4:203.0.113.7 ?all"],
        &["_dmarc.hiyori.example TXT v=dmarc1; p=reject"],
        &[
            "_dmarc.hiyori.example TXT v=DMARC1; p=reject; sp=none",
            "a1._domainkey.hiyori.example TXT v=DKIM1; t=y; p=",
        ],
    ] {
        let mut records: Vec<String> = bad.iter().map(|record| (*record).to_owned()).collect();
        // Another domain's, which stays what it is.
        records.push("_x.example TXT v=spf1 ~all".to_owned());
        records.push("hiyori.example MX mx.hiyori.example".to_owned());
        for round in 0.. {
            let told: Vec<_> = records.iter().map(String::as_str).collect();
            let (findings, _) = judged(&subject, zone(&told));
            let wrong = findings.into_iter().find(|finding| finding.state == State::Wrong);
            let Some(wrong) = wrong else { break };
            assert!(round < 6, "{bad:?}: {wrong:?}");
            let Txt { name, value } = wrong.publish.clone().unwrap();
            let kind = format!("{name} TXT v={}", &value[2..5]);
            records.retain(|record| {
                !record.to_ascii_lowercase().starts_with(&kind.to_ascii_lowercase())
            });
            records.push(format!("{name} TXT {value}"));
        }
    }
}

#[test]
fn where_the_dns_does_not_tell_nothing_is_claimed() {
    let keys = [key()];
    let silent = |_: &Question| Err("the DNS server does not answer".to_owned());
    let (findings, asked) = judged(&subject(&keys, Some(HOST)), silent);
    assert_eq!((codes(&findings), asked), (vec!["spf_untold", "dkim_untold", "dmarc_untold"], 3));
    assert!(findings.iter().all(|finding| finding.state == State::Untold));
}

#[test]
fn a_record_is_one_line_of_a_zone_file_with_strings_that_are_short_enough() {
    let record =
        Txt { name: "a.example".to_owned(), value: format!("say \"x\\y\" {}", "b".repeat(600)) };
    let line = record.to_string();
    assert!(line.starts_with("a.example. 3600 IN TXT ( \"say \\\"x\\\\y\\\" bbb"), "{line}");
    assert_eq!(line.matches("\" \"").count(), 2);
}

/// Text as it comes from whoever publishes it.
fn said() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        "[-+~?]?(include|a|mx|ptr|exists|ALL)[:=/]?(hiyori|a|b|_x|%\\{[a-z]{1,2}[0-9]?r?\\}|%)\\.example(//?[0-9]{0,3}){0,2}",
        "(redirect|exp|x-y)=(hiyori|a|b|%\\{[a-z]r?\\})\\.example",
        "[-+~?]?(all|a|mx|ptr)",
        "ip[46]:[0-9a-f:./]{0,20}",
        ".{0,12}",
    ];
    let tag = "[a-z]{1,5} ?= ?(none|reject|r|s|[0-9]{1,4}|rsa|ed25519|mailto:a@b\\.example|[A-Za-z+/]{0,30}|.{0,8})";
    prop_oneof![
        vec(term, 0..14).prop_map(|terms| format!("v=spf1 {}", terms.join(" "))),
        vec(tag, 0..8).prop_map(|tags| tags.join(";")),
        vec(tag, 0..8).prop_map(|tags| format!("v=DMARC1; p=none;{}", tags.join(";"))),
        vec(tag, 0..8).prop_map(|tags| format!("v=DKIM1;{}", tags.join(";"))),
        any::<String>(),
        "(a|b|hiyori|_x)\\.example",
        "[0-9]{1,3}\\.0\\.113\\.[0-9]",
        "[0-9a-f:]{2,20}",
    ]
}

proptest! {
    #[test]
    fn whatever_the_dns_says_it_is_judged_and_shown_in_plain_letters(
        answers in vec(prop_oneof![
            8 => vec(said(), 0..3).prop_map(Ok),
            1 => "[a-z ]{3}".prop_map(Err),
        ], 1..30),
        host in proptest::option::of(any::<IpAddr>()),
        envelope in "(hiyori|b)\\.example",
    ) {
        let keys = [key()];
        let subject = Subject { host, envelope: &envelope, ..subject(&keys, None) };
        let mut at = 0;
        // The same answers over and over: circles, and names without end.
        let answer = |_: &Question| {
            at += 1;
            answers[at % answers.len()].clone()
        };
        let (findings, asked) = judged(&subject, answer);
        prop_assert!(asked < 400, "{asked} questions");
        for about in [About::Spf, About::Dkim, About::Dmarc] {
            prop_assert!(about == About::Spf || findings.iter().any(|finding| finding.about == about));
        }
        for finding in &findings {
            let plain = |text: &str| !text.chars().any(char::is_control);
            prop_assert!(plain(&finding.text) && plain(&finding.remedy), "{finding:?}");
            let record = finding.publish.as_ref().map(ToString::to_string).unwrap_or_default();
            prop_assert!(plain(&record), "{record:?}");
        }
    }

    #[test]
    fn a_list_of_tags_is_read_or_refused_and_a_name_never_stands_twice(text in "\\PC{0,60}|([a-c]=[a-c;= ]{0,4};){0,5}") {
        if let Ok(tags) = Tags::parse(&text) {
            let mut names: Vec<_> = tags.0.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            prop_assert_eq!(names.len(), count);
        }
    }
}

#[test]
fn what_is_not_known_is_asked_for_by_its_name_in_small_letters() {
    let found = Found::default();
    let asked = found.records(Kind::Txt, "_DMARC.Hiyori.example.");
    let question = Question { name: "_dmarc.hiyori.example".to_owned(), kind: Kind::Txt };
    assert_eq!(asked, Err(Missing::Ask(question)));
}
