//! Records of DMARC and of DKIM, and whose domain counts.

use super::record::{Policy, parse, with, without};
use crate::{
    keys::dkim::Published,
    mail::authentication::{
        Finding, State, Subject,
        tests::{codes, judged, key, subject, zone},
    },
};
use consent_core::time::Millis;

const SPF: &str = "hiyori.example TXT v=spf1 ip4:203.0.113.7 ~all";

/// What is found of one of the three, by these records.
fn found(of: &str, subject: &Subject<'_>, records: &[&str]) -> Vec<Finding> {
    let (mut findings, _) = judged(subject, zone(records));
    findings.retain(|finding| finding.code.starts_with(of));
    findings
}

#[test]
fn a_record_is_read_as_the_grammar_has_it() {
    let record = parse("v=DMARC1 ; p = Reject;sp=none; aspf=s;adkim=r; pct=0; rua=MAILTO:a@x.example!10m, mailto:b@Y.example;fo=1;").unwrap();
    assert_eq!((record.policy, record.subdomains), (Policy::Reject, Some(Policy::None)));
    assert_eq!((record.strict_spf, record.percent), (true, 0));
    assert_eq!(record.reports, ["x.example", "y.example"]);
    for (bad, said) in [
        ("v=DMARC1", "has no p"),
        ("v=DMARC1; sp=none; p=none", "has p elsewhere"),
        ("v=DMARC1; p=block", "has p=block, which"),
        ("v=DMARC1; p=none; sp=", "has sp="),
        ("v=DMARC1; p=none; pct=101", "pct"),
        ("v=DMARC1; p=none; pct=many", "pct"),
        ("v=DMARC1; p=none; aspf=x", "neither r nor s"),
        ("v=DMARC1; p=none; rua=post@x.example", "no mailto:"),
        ("v=DMARC1; p=none; p=none", "twice"),
        ("v=DMARC1; p=none, rua=mailto:a@x.example", "has p=none, rua"),
        ("v=DMARC1; p=none; nonsense", "is no tag"),
        ("v=DMARC2; p=none", "does not begin"),
    ] {
        assert!(parse(bad).unwrap_err().contains(said), "{bad}: {:?}", parse(bad));
    }
    assert_eq!(
        with("v=DMARC1; p=none;rua=mailto:a@b", "p", "reject"),
        "v=DMARC1; p=reject; rua=mailto:a@b"
    );
    assert_eq!(without("v=DMARC1; p=reject; sp=none", "sp"), "v=DMARC1; p=reject");
}

#[test]
fn the_policy_that_counts_is_that_of_the_domain_or_of_its_organisation() {
    let keys = [key()];
    let below = Subject {
        domain: "news.hiyori.example",
        envelope: "hiyori.example",
        ..subject(&keys, None)
    };
    for (domain, records, code) in [
        (
            subject(&keys, None),
            &["_dmarc.hiyori.example TXT v=DMARC1; p=none; rua=mailto:a@hiyori.example"][..],
            "dmarc_policy_none",
        ),
        (
            subject(&keys, None),
            &["_dmarc.hiyori.example TXT v=DMARC1; p=reject; sp=none; rua=mailto:a@hiyori.example"],
            "dmarc_subdomains_none",
        ),
        (
            below.clone(),
            &["_dmarc.hiyori.example TXT v=DMARC1; p=reject; sp=none; rua=mailto:a@hiyori.example"],
            "dmarc_policy_none",
        ),
        (
            below.clone(),
            &["_dmarc.hiyori.example TXT v=DMARC1; p=reject; rua=mailto:a@hiyori.example"],
            "dmarc_right",
        ),
        (
            below.clone(),
            &["_dmarc.hiyori.example TXT v=DMARC1; p=none; sp=reject; rua=mailto:a@hiyori.example"],
            "dmarc_right",
        ),
        (
            below.clone(),
            &[
                "_dmarc.hiyori.example TXT v=DMARC1; p=none",
                "_dmarc.news.hiyori.example TXT v=DMARC1; p=reject; rua=mailto:a@hiyori.example",
            ],
            "dmarc_right",
        ),
        (below, &[], "dmarc_missing"),
        (
            subject(&keys, None),
            &[
                "_dmarc.hiyori.example TXT v=DMARC1; p=none",
                "_dmarc.hiyori.example TXT v=DMARC1; p=reject",
            ],
            "dmarc_several",
        ),
        (subject(&keys, None), &["_dmarc.hiyori.example TXT v=dmarc1; p=reject"], "dmarc_syntax"),
    ] {
        let all: Vec<_> = records.iter().copied().chain([SPF]).collect();
        let findings = found("dmarc", &domain, &all);
        assert_eq!(codes(&findings), [code], "{records:?}");
        if code == "dmarc_missing" {
            assert_eq!(findings[0].publish.as_ref().unwrap().name, "_dmarc.hiyori.example");
        }
    }
}

#[test]
fn what_people_see_is_what_is_answered_for_or_it_is_said() {
    let keys = [key()];
    let dkim = format!("a1._domainkey.hiyori.example TXT {}", keys[0].record);
    let policy = |more: &str| {
        format!("_dmarc.hiyori.example TXT v=DMARC1; p=reject; rua=mailto:a@hiyori.example{more}")
    };
    let of = |envelope: &'static str| Subject { envelope, ..subject(&keys, None) };
    let others = [
        "bounce.hiyori.example TXT v=spf1 ip4:203.0.113.7 ~all",
        "sender.example TXT v=spf1 ip4:203.0.113.7 ~all",
    ];
    for (envelope, more, signed, codes_of) in [
        ("bounce.hiyori.example", "", true, &["dmarc_right"][..]),
        ("bounce.hiyori.example", "", false, &["dmarc_right"]),
        ("bounce.hiyori.example", "; aspf=s", true, &["dmarc_right", "dmarc_rests_on_dkim"]),
        ("bounce.hiyori.example", "; aspf=s", false, &["dmarc_misaligned"]),
        ("sender.example", "", true, &["dmarc_right", "dmarc_rests_on_dkim"]),
        ("sender.example", "", false, &["dmarc_misaligned"]),
        ("nothing.hiyori.example", "", false, &["dmarc_nothing_passes"]),
        ("nothing.hiyori.example", "", true, &["dmarc_right"]),
    ] {
        let policy = policy(more);
        let mut records = vec![policy.as_str(), others[0], others[1]];
        records.extend(signed.then_some(dkim.as_str()));
        let findings = found("dmarc", &of(envelope), &records);
        assert_eq!(codes(&findings), codes_of, "{envelope} {more} {signed}");
    }
}

#[test]
fn reports_that_go_elsewhere_need_a_yes_from_there() {
    let keys = [key()];
    let policy = "_dmarc.hiyori.example TXT v=DMARC1; p=reject; rua=mailto:a@reports.example";
    let findings = found("dmarc", &subject(&keys, None), &[policy, SPF]);
    assert_eq!(codes(&findings), ["dmarc_right", "dmarc_reports_refused"]);
    let yes = "hiyori.example._report._dmarc.reports.example TXT v=DMARC1";
    let findings = found("dmarc", &subject(&keys, None), &[policy, SPF, yes]);
    assert_eq!(codes(&findings), ["dmarc_right"]);
}

#[test]
fn what_is_wrong_with_the_record_of_a_key_is_told_apart() {
    let keys = [key()];
    let own = &keys[0].record;
    let p = own.rsplit_once("p=").unwrap().1;
    for (records, code) in [
        (&[][..], "dkim_missing"),
        (&[own.clone()][..], "dkim_signs"),
        (&[format!("p={p}")], "dkim_signs"),
        (
            &[format!("v=DKIM1; h=sha1:sha256; s=email; n=note; p={}\t {}", &p[..100], &p[100..])],
            "dkim_signs",
        ),
        (&[own.clone(), own.clone()], "dkim_several"),
        (&["v=DKIM1; k=rsa; p=".to_owned()], "dkim_revoked"),
        (&[own.replace("QEF", "QEG").replace("MIIB", "MIIC")], "dkim_key"),
        (&[own[..200].to_owned()], "dkim_key"),
        (
            &["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".to_owned()],
            "dkim_kind",
        ),
        (&[format!("{own}; t=s:y")], "dkim_testing"),
        (&[format!("{own}; h=sha1")], "dkim_hash"),
        (&[format!("{own}; s=tlsrpt")], "dkim_service"),
        (&[own.replace("v=DKIM1", "v=DKIM2")], "dkim_syntax"),
        (&[format!("p={p}; v=DKIM1")], "dkim_syntax"),
        (&["v=DKIM1; k=rsa".to_owned()], "dkim_syntax"),
        (&[format!("\"{own}\"")], "dkim_syntax"),
    ] {
        let all: Vec<_> =
            records.iter().map(|it| format!("a1._domainkey.hiyori.example TXT {it}")).collect();
        let all: Vec<_> = all.iter().map(String::as_str).chain([SPF]).collect();
        let findings = found("dkim", &subject(&keys, None), &all);
        assert_eq!(codes(&findings), [code], "{records:?}");
        if findings[0].state == State::Wrong {
            assert_eq!(&findings[0].publish.as_ref().unwrap().value, own);
        }
    }
    let cut = format!("a1._domainkey.hiyori.example TXT {}", &own[..200]);
    let findings = found("dkim", &subject(&keys, None), &[&cut]);
    assert!(findings[0].text.contains("is cut off after"), "{}", findings[0].text);
}

#[test]
fn a_key_is_missed_before_it_signs_and_not_long_after() {
    let now = subject(&[], None).now;
    let earlier = Published { selector: "a0".to_owned(), signs: false, ..key() };
    let newer =
        Published { selector: "a2".to_owned(), signs: false, from: Millis(now.0 + 1), ..key() };
    let keys = [earlier, key(), newer];
    let own = format!("a1._domainkey.hiyori.example TXT {}", keys[1].record);
    let findings = found("dkim", &subject(&keys, None), &[&own]);
    assert_eq!(codes(&findings), ["dkim_earlier", "dkim_signs", "dkim_missing"]);
    assert_eq!(findings[0].state, State::Note);
    assert!(findings[2].remedy.contains("before 2027-01-15T08:00:00Z"), "{}", findings[2].remedy);
    assert_eq!(codes(&found("dkim", &subject(&[], None), &[])), ["dkim_no_key"]);
}
