//! Records of SPF, as RFC 7208 has them.

use std::fmt::Write as _;

use super::{
    record::parse,
    spec::{Session, spec},
};
use crate::mail::authentication::{
    Finding, State,
    tests::{codes, judged, key, subject, zone},
};

const HOST: &str = "203.0.113.7";

/// What is found of SPF, by these records.
fn found(host: Option<&str>, records: &[&str]) -> Vec<Finding> {
    let keys = [key()];
    let (mut findings, _) = judged(&subject(&keys, host), zone(records));
    findings.retain(|finding| finding.code.starts_with("spf_"));
    findings
}

fn code(host: &str, records: &[&str]) -> Vec<&'static str> {
    codes(&found(Some(host), records))
}

#[test]
fn terms_are_read_as_the_grammar_has_them() {
    for good in [
        "v=spf1",
        "v=spf1  a   mx/24//64 ",
        "v=spf1 A:x.example/0 MX://64 ip4:192.0.2.0/24 ip6:2001:db8::/32 -ALL",
        "v=spf1 exists:%{ir}.%{v}._spf.%{d2} include:%{l1r-}.x.example unknown=%%anything",
        "v=spf1 redirect=_spf.example.com exp=e.%{d}",
    ] {
        let good = good.replace("MX://64", "MX//64");
        assert!(parse(&good).is_ok(), "{good}: {:?}", parse(&good));
    }
    for (bad, term) in [
        ("v=spf1 a:", "a:"),
        ("v=spf1 include", "include"),
        ("v=spf1 ip4:1.2.3", "ip4:1.2.3"),
        ("v=spf1 ip4:1.2.3.4/33", "ip4:1.2.3.4/33"),
        ("v=spf1 a/024", "a/024"),
        ("v=spf1 all:x.example", "all:x.example"),
        ("v=spf1 al1", "al1"),
        ("v=spf1 -", "-"),
        ("v=spf1 exists:%{z}.x.example", "exists:%{z}.x.example"),
        ("v=spf1 include:localhost", "include:localhost"),
        ("v=spf1 redirect=a.example redirect=b.example", "redirect=b.example"),
        ("v=spf1 mx;all", "mx;all"),
    ] {
        assert_eq!(parse(bad).unwrap_err().term, term, "{bad}");
    }
}

/// RFC 7208, section 7.4.
#[test]
fn macros_stand_for_what_the_standard_says() {
    let expanded = |text: &str, host: &str| {
        let session = Session {
            host: Some(host.parse().unwrap()),
            local: "strong-bad",
            domain: "email.example.com",
        };
        spec(text).unwrap().name("email.example.com", &session).unwrap()
    };
    for (text, means) in [
        ("%{s}.x.example", "strong-bad@email.example.com.x.example"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ] {
        assert_eq!(expanded(text, "192.0.2.3"), means, "{text}");
    }
    let six =
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com";
    assert_eq!(expanded("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"), six);
    let long = format!("{}x.example", "%{d}.".repeat(20));
    assert!(expanded(&long, "192.0.2.3").len() <= 253);
}

#[test]
fn a_host_passes_by_the_first_term_that_it_matches() {
    let records = [
        "hiyori.example TXT v=spf1 -ip4:203.0.113.9 a:w.example/30 mx include:i.example ?exists:%{i}.e.example -all",
        "w.example A 203.0.113.4",
        "w.example AAAA 2001:db8::1",
        "hiyori.example MX m1.example",
        "hiyori.example MX m2.example",
        "m2.example A 198.51.100.1",
        "i.example TXT v=spf1 ip6:2001:db8:1::/48 redirect=r.example",
        "r.example TXT v=spf1 ip4:192.0.2.0/24 -all",
        "203.0.113.77.e.example A 127.0.0.2",
    ];
    for host in ["203.0.113.7", "2001:db8::1", "198.51.100.1", "2001:db8:1::9", "192.0.2.200"] {
        assert_eq!(code(host, &records), ["spf_passes"], "{host}");
    }
    for (host, means) in [
        ("203.0.113.9", "fail"),
        ("203.0.113.8", "fail"),
        ("203.0.113.77", "neutral"),
        ("2001:db8:2::9", "fail"),
    ] {
        let [finding] = &found(Some(host), &records)[..] else { unreachable!("{host}") };
        assert_eq!(finding.code, "spf_host");
        assert!(finding.text.contains(means), "{host}: {}", finding.text);
        let value = &finding.publish.as_ref().unwrap().value;
        assert!(
            value.starts_with("v=spf1 ip") && value.contains(&format!(":{host} -ip4")),
            "{value}"
        );
    }
}

#[test]
fn ten_look_ups_are_let_and_eleven_are_not_however_they_come() {
    let many = |count: usize| {
        let mut text = "hiyori.example TXT v=spf1".to_owned();
        for at in 0..count {
            write!(text, " include:i{at}.example").unwrap();
        }
        text + " ~all"
    };
    let others = |count: usize| -> Vec<String> {
        (0..count).map(|at| format!("i{at}.example TXT v=spf1 ip4:192.0.2.{at} -all")).collect()
    };
    for (count, code) in [(10, "spf_host_unknown"), (11, "spf_lookups")] {
        let mut records = others(count);
        records.push(many(count));
        let records: Vec<_> = records.iter().map(String::as_str).collect();
        assert_eq!(codes(&found(None, &records)), [code], "{count}");
    }
    // Through others: 1 + 4, 1 + 4, and the redirect with its own.
    let nested = [
        "hiyori.example TXT v=spf1 include:i.example include:i.example redirect=r.example",
        "i.example TXT v=spf1 a:w.example mx:w.example exists:w.example ptr:w.example ~all",
        "w.example A 192.0.2.1",
        "w.example MX w.example",
        "r.example TXT v=spf1 a:w.example -all",
    ];
    let all = found(None, &nested);
    let lookups = all.iter().find(|finding| finding.code == "spf_lookups").unwrap();
    let said = "needs 12 look-ups, and more than 10 are an error: include:i.example 5, include:i.example 5, redirect= 2";
    assert!(lookups.text.contains(said), "{}", lookups.text);
    assert!(codes(&all).contains(&"spf_ptr"));
}

#[test]
fn what_ends_every_check_is_named() {
    let fault = |records: &[&str], said: &str| {
        let all = found(Some(HOST), records);
        assert!(
            all.iter().any(|it| it.state == State::Wrong && it.text.contains(said)),
            "{said}: {all:#?}"
        );
        assert!(!codes(&all).contains(&"spf_passes"), "{all:#?}");
    };
    let circle = [
        "hiyori.example TXT v=spf1 include:a.example ~all",
        "a.example TXT v=spf1 include:hiyori.example ~all",
    ];
    fault(&circle, "in a circle");
    fault(&["hiyori.example TXT v=spf1 redirect=hiyori.example"], "in a circle");
    fault(
        &["hiyori.example TXT v=spf1 include:a.example ~all"],
        "a.example, which has no SPF record",
    );
    let twice = [
        "hiyori.example TXT v=spf1 include:a.example ~all",
        "a.example TXT v=spf1",
        "a.example TXT v=spf1 a",
    ];
    fault(&twice, "which has 2 SPF records");
    let broken = ["hiyori.example TXT v=spf1 include:a.example ~all", "a.example TXT v=spf1 ip4:x"];
    fault(&broken, "record of a.example cannot be read: \"ip4:x\"");
    let empty = ["hiyori.example TXT v=spf1 a:a.example a:b.example mx ip4:203.0.113.7 ~all"];
    fault(&empty, "looks up 3 names that are not there");
    fault(
        &["hiyori.example TXT v=spf1 ip4:203.0.113.7 include ~all"],
        "\"include\" names no domain",
    );
}

#[test]
fn what_hangs_on_the_host_is_claimed_of_none_and_told_of_the_one_that_is_named() {
    let records = [
        "hiyori.example TXT v=spf1 redirect=%{v}.%{d}",
        "in-addr.hiyori.example TXT v=spf1 ip4:203.0.113.7 -all",
    ];
    assert_eq!(codes(&found(None, &records)), ["spf_host_unknown"]);
    assert_eq!(code(HOST, &records), ["spf_passes"]);
    assert_eq!(code("203.0.113.8", &records), ["spf_host"]);
    assert_eq!(
        code(HOST, &["hiyori.example TXT v=spf1 exists:%{h}.x.example -all"]),
        ["spf_host_unknown"]
    );
}

#[test]
fn what_lets_everybody_or_nobody_is_wrong() {
    for (record, code) in [
        ("v=spf1 ip4:203.0.113.7 +all", "spf_all_pass"),
        ("v=spf1 ip4:203.0.113.7 all", "spf_all_pass"),
        ("v=spf1 ip4:203.0.113.7 ?all", "spf_all_neutral"),
        ("v=spf1 ip4:203.0.113.7", "spf_no_all"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "spf_open"),
        ("v=spf1 include:open.example -all", "spf_open"),
        ("v=spf1 -all", "spf_nobody"),
        ("v=spf1 -ip4:203.0.113.7 include:shut.example ~all", "spf_nobody"),
    ] {
        let records = [
            &format!("hiyori.example TXT {record}"),
            "open.example TXT v=spf1 +all",
            "shut.example TXT v=spf1 -all",
        ];
        assert_eq!(codes(&found(None, &records)), [code], "{record}");
    }
}
