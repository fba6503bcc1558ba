//! `ashiato mail check`, by a real DNS server.

use std::{fmt::Write as _, net::UdpSocket};

use ashiato_tests::{
    Collector, Data,
    data::shop_file,
    mail::DnsServer,
    process::{Said, ashiato},
};
use serde_json::Value;

/// The host that sends.
const HOST: &str = "203.0.113.7";
const DMARC: &str =
    "_dmarc.hiyori.example. 60 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:post@hiyori.example\"\n";

/// A site with a key that signs.
fn data() -> Data {
    let data = Data::new();
    drop(Collector::start(&data));
    data
}

fn dkim(data: &Data, more: &[&str]) -> String {
    let keys = data.path("keys").display().to_string();
    let given = ["keys", "dkim", "--domain", "hiyori.example", "--keys-file", &keys];
    let said = ashiato([&given[..], more].concat());
    assert!(said.status.success(), "{}", said.err);
    said.out
}

fn check(data: &Data, server: &str, more: &[&str]) -> Said {
    let (keys, url) = (data.path("keys").display().to_string(), data.database_url());
    let given = ["mail", "check", "--site", "shop", "--keys-file", &keys, "--dns", server];
    ashiato([&given[..], &["--database-url", &url], more].concat())
}

/// How it ended, and the states and codes of what it found.
fn found(data: &Data, zone: &str, more: &[&str]) -> (Option<i32>, Vec<String>, Value) {
    let server = DnsServer::start(zone);
    let said = check(data, server.address(), &[&["--json"][..], more].concat());
    let told: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| said.err.clone().into());
    let findings = told["findings"].as_array().unwrap_or_else(|| unreachable!("{told}"));
    let one = |finding: &Value| {
        format!("{} {}", finding["state"].as_str().unwrap(), finding["code"].as_str().unwrap())
    };
    (said.status.code(), findings.iter().map(one).collect(), told.clone())
}

#[test]
fn what_the_commands_tell_to_publish_is_right_once_it_is_published() {
    let data = data();
    // What `keys dkim` prints is a line of a zone file as it is.
    let key = dkim(&data, &[]);
    let spf = "hiyori.example. 60 IN TXT \"v=spf1 include:_spf.relay.example -all\"\n\
        _spf.relay.example. 60 IN CNAME spf.relay.example.\n\
        spf.relay.example. 60 IN TXT \"v=spf1 ip4:203.0.\" \"113.0/24 ~all\"\n";
    // A domain has other texts, and with them the answer is longer than a datagram.
    let mut zone = format!("{key}{spf}{DMARC}");
    for number in 0..12 {
        writeln!(zone, "hiyori.example. 60 IN TXT \"verify-{number}={}\"", "x".repeat(200))
            .unwrap();
    }
    let server = DnsServer::start(&zone);
    let said = check(&data, server.address(), &["--smtp-from-address", HOST]);
    assert!(said.status.success(), "{}{}", said.out, said.err);
    assert!(said.out.contains("mail of shop comes from news@hiyori.example"), "{}", said.out);
    assert!(said.out.contains("203.0.113.7 may send mail of hiyori.example"), "{}", said.out);
    assert!(said.out.ends_with("nothing is wrong\n"), "{}", said.out);
    let (code, findings, told) = found(&data, &zone, &["--smtp-from-address", HOST]);
    assert_eq!(code, Some(0));
    assert_eq!(findings, ["right spf_passes", "right dkim_signs", "right dmarc_right"]);
    assert_eq!((&told["result"], &told["domain"]), (&"right".into(), &"hiyori.example".into()));
}

#[test]
fn with_nothing_published_it_says_which_records_to_publish_and_they_are_right() {
    let data = data();
    let _ = dkim(&data, &[]);
    let server = DnsServer::start("other.example. 60 IN TXT \"x\"\n");
    let said = check(&data, server.address(), &["--smtp-from-address", HOST]);
    assert_eq!(said.status.code(), Some(1), "{}{}", said.out, said.err);
    for part in [
        "SPF   wrong: hiyori.example has no SPF record",
        "hiyori.example. 3600 IN TXT ( \"v=spf1 ip4:203.0.113.7 ~all\" )",
        "DKIM  wrong: ",
        "DMARC wrong: there is no DMARC record at _dmarc.hiyori.example",
        "_dmarc.hiyori.example. 3600 IN TXT ( \"v=DMARC1; p=quarantine; rua=mailto:news@hiyori.example\" )",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let lines = said.out.lines().filter(|line| line.contains(" IN TXT "));
    let zone = lines.fold(String::new(), |all, line| all + line.trim() + "\n");
    let (code, findings, _) = found(&data, &zone, &["--smtp-from-address", HOST]);
    assert_eq!((code, findings.len()), (Some(0), 3), "{findings:?}");
}

const SPF: &str = "hiyori.example. 60 IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n";

/// Of each zone one thing is wrong, and nothing else.
fn each_is_wrong(data: &Data, zones: &[(String, &str)]) {
    for (zone, code) in zones {
        let (ended, findings, told) = found(data, zone, &["--smtp-from-address", HOST]);
        let wrong: Vec<_> = findings.iter().filter(|it| it.starts_with("wrong ")).collect();
        assert_eq!(wrong, [&format!("wrong {code}")], "{told:#}");
        assert_eq!(ended, Some(1), "{code}");
    }
}

#[test]
fn each_fault_of_spf_has_its_name() {
    let data = data();
    let key = dkim(&data, &[]);
    let spf = |record: &str| format!("hiyori.example. 60 IN TXT \"{record}\"\n{key}{DMARC}");
    let mut many = "v=spf1".to_owned();
    let mut others = String::new();
    for at in 0..11 {
        write!(many, " include:i{at}.example").unwrap();
        writeln!(others, "i{at}.example. 60 IN TXT \"v=spf1 ip4:192.0.2.{at} ~all\"").unwrap();
    }
    let zones = [
        (spf("v=spf1 ip4:203.0.113.7 +all"), "spf_all_pass"),
        (spf("v=spf1 ip4:203.0.113.7 ?all"), "spf_all_neutral"),
        (spf("v=spf1 ip4:198.51.100.1 ~all"), "spf_host"),
        (spf("v=spf1 include:hiyori.example ~all"), "spf_leads_to_error"),
        (format!("{SPF}{}", spf("v=spf1 -all")), "spf_several"),
        (spf(&format!("{many} ~all")) + &others, "spf_lookups"),
    ];
    each_is_wrong(&data, &zones);
}

#[test]
fn each_fault_of_dkim_has_its_name() {
    let data = data();
    let key = dkim(&data, &[]);
    let selector = key.lines().nth(1).unwrap().split('.').next().unwrap();
    let own = |record: &str| {
        format!("{selector}._domainkey.hiyori.example. 60 IN TXT \"{record}\"\n{SPF}{DMARC}")
    };
    let ed25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let zones = [
        (own("v=DKIM1; k=rsa; p="), "dkim_revoked"),
        (own("v=DKIM1; k=rsa; p=MIIB"), "dkim_key"),
        (own(ed25519), "dkim_kind"),
        (key.replace("k=rsa;", "k=rsa; t=y;") + SPF + DMARC, "dkim_testing"),
        (format!("{SPF}{DMARC}"), "dkim_missing"),
    ];
    each_is_wrong(&data, &zones);
}

#[test]
fn each_fault_of_dmarc_has_its_name() {
    let data = data();
    let key = dkim(&data, &[]);
    let dmarc = |record: &str| format!("_dmarc.hiyori.example. 60 IN TXT \"{record}\"\n{SPF}{key}");
    let zones = [
        (dmarc("v=DMARC1; p=none; rua=mailto:a@hiyori.example"), "dmarc_policy_none"),
        (dmarc("v=DMARC1; p=reject; sp=none"), "dmarc_subdomains_none"),
        (dmarc("v=DMARC1; q=reject"), "dmarc_syntax"),
        (format!("{DMARC}{}", dmarc("v=DMARC1; p=none")), "dmarc_several"),
        (format!("{SPF}{key}"), "dmarc_missing"),
    ];
    each_is_wrong(&data, &zones);
}

#[test]
fn a_domain_under_another_and_an_envelope_of_another_are_held_against_from() {
    let data = data();
    let key = dkim(&data, &[]);
    data.apply(&shop_file().replace("\"news@hiyori.example\"", "\"news@mail.hiyori.example\""));
    let zone = key.replace(".hiyori.example.", ".mail.hiyori.example.")
        + DMARC
        + "mail.hiyori.example. 60 IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n\
        sender.example. 60 IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n";
    let (code, findings, told) = found(&data, &zone, &["--smtp-from-address", HOST]);
    assert_eq!((code, findings.len()), (Some(0), 3), "{told:#}");
    assert_eq!(told["organisational_domain"], "hiyori.example");
    let elsewhere = ["--smtp-from-address", HOST, "--envelope-domain", "Sender.example."];
    let (code, findings, _) = found(&data, &zone, &elsewhere);
    assert_eq!((code, findings[3].as_str()), (Some(0), "note dmarc_rests_on_dkim"));
    let unsigned = zone.replace("p=MII", "p=NII");
    let (code, findings, told) = found(&data, &unsigned, &elsewhere);
    assert_eq!(code, Some(1), "{told:#}");
    assert!(findings.contains(&"wrong dmarc_misaligned".to_owned()), "{findings:?}");
}

#[test]
fn where_the_dns_does_not_tell_nothing_is_claimed() {
    let data = data();
    let key = dkim(&data, &[]);
    // Part of what SPF leads to cannot be told; the rest is said all the same.
    let zone =
        format!("hiyori.example. 60 IN TXT \"v=spf1 include:x.broken.example ~all\"\n{key}{DMARC}");
    let (code, findings, told) = found(&data, &zone, &["--smtp-from-address", HOST]);
    assert_eq!(code, Some(3), "{told:#}");
    assert_eq!(findings, ["untold spf_untold", "right dkim_signs", "right dmarc_right"]);
    let said = told["findings"][0]["text"].as_str().unwrap();
    assert!(said.contains("TXT of x.broken.example, the DNS server answered SERVFAIL"), "{said}");
    // A server that takes questions and answers none.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let said = check(&data, &silent.local_addr().unwrap().to_string(), &[]);
    assert_eq!(said.status.code(), Some(3), "{}{}", said.out, said.err);
    assert_eq!(said.out.matches(" untold: could not be told").count(), 3, "{}", said.out);
    assert!(!said.out.contains("wrong:") && !said.out.contains("right:"), "{}", said.out);
}

#[test]
fn a_site_without_mail_a_missing_key_and_a_key_that_waits_are_said() {
    let data = data();
    let server = DnsServer::start(&format!(
        "hiyori.example. 60 IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n{DMARC}"
    ));
    let said = check(&data, server.address(), &["--smtp-from-address", HOST]);
    assert!(
        said.status.code() == Some(1)
            && said.out.contains("`ashiato keys dkim --domain hiyori.example` makes one"),
        "{}",
        said.out
    );
    let _ = dkim(&data, &[]);
    let published = dkim(&data, &["--new", "--after", "48"]);
    assert_eq!(published.matches(" IN TXT ").count(), 2);
    // Only the one that signs is there.
    let first: String =
        published.lines().take(2).fold(String::new(), |all, line| all + line + "\n");
    let zone = format!("{first}hiyori.example. 60 IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n{DMARC}");
    let (code, findings, told) = found(&data, &zone, &["--smtp-from-address", HOST]);
    assert_eq!(
        (code, findings[1].as_str(), findings[2].as_str()),
        (Some(1), "right dkim_signs", "wrong dkim_missing")
    );
    let remedy = told["findings"][2]["remedy"].as_str().unwrap();
    assert!(remedy.contains("when the key begins to sign"), "{remedy}");

    let keys = data.path("keys").display().to_string();
    let nobody = ashiato([
        "mail",
        "check",
        "--site",
        "none",
        "--keys-file",
        &keys,
        "--database-url",
        &data.database_url(),
    ]);
    assert!(nobody.err.contains("there is no site \"none\""), "{}", nobody.err);
    let bad = ashiato(["mail", "check", "--site", "shop", "--dns", "nowhere"]);
    assert_eq!(bad.status.code(), Some(2), "{}", bad.err);
}

/// Another library evaluates the same records by the same server.
#[test]
fn a_host_passes_where_another_library_says_that_it_does() {
    let data = data();
    let _ = dkim(&data, &[]);
    let mut zone = "w.example. 60 IN A 203.0.113.7\nw.example. 60 IN AAAA 2001:db8::7\n\
        m.example. 60 IN MX 10 w.example.\n\
        deep.example. 60 IN TXT \"v=spf1 include:pass.example -all\"\n\
        pass.example. 60 IN TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n\
        e203.0.113.7.x.example. 60 IN A 127.0.0.2\n\
        7.113.0.203.in-addr.arpa. 60 IN PTR host.d7.example.\nhost.d7.example. 60 IN A 203.0.113.7\n"
        .to_owned();
    let costly = "a:w.example ".repeat(11);
    let records = [
        "a:w.example -all",
        "a:w.example/24 ~all",
        "mx:m.example//64 -all",
        "-a:w.example +all",
        "include:deep.example ?all",
        "redirect=pass.example",
        "exists:e%{i}.x.example -all",
        "ptr -all",
        "ip4:203.0.113.8/31 -all",
        "ip4:203.0.113.6/31 -all",
        "include:nothing.example -all",
        &format!("{costly}ip4:203.0.113.9 -all"),
        "a:no1.example a:no2.example a:no3.example ip4:203.0.113.7 -all",
        "ip4:203.0.113.7 unknown -all",
    ];
    let mut pairs = Vec::new();
    for (at, record) in records.iter().enumerate() {
        writeln!(zone, "d{at}.example. 60 IN TXT \"v=spf1 {record}\"").unwrap();
        for host in [HOST, "203.0.113.9", "2001:db8::7"] {
            pairs.push(format!("{host},d{at}.example"));
        }
    }
    let server = DnsServer::start(&zone);
    let others = server.spf(&pairs);
    assert_eq!(others.len(), pairs.len());
    assert!(others.iter().filter(|other| *other == "pass").count() > 10, "{others:?}");
    for (pair, other) in pairs.iter().zip(&others) {
        let (host, domain) = pair.split_once(',').unwrap();
        let given = ["--json", "--smtp-from-address", host, "--envelope-domain", domain];
        let said = check(&data, server.address(), &given);
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let passes = told.to_string().contains("\"spf_passes\"");
        assert_eq!(passes, other == "pass", "{pair}: {other}, {told:#}");
    }
}
