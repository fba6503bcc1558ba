//! A ground that is given to a lead by hand, with its proof, and taken back.

use ashiato_tests::{
    Collector, Data, Session,
    process::{Said, ashiato},
};

pub(crate) const PROOF: &str = "名刺交換 2026年11月20日 京都";

pub(crate) fn ground(data: &Data, lead: &str, more: &[&str]) -> Said {
    let (keys, url) = (data.path("keys").display().to_string(), data.database_url());
    let given = ["leads", "ground", lead, "--site", "shop", "--keys-file", &keys];
    ashiato([&given[..], &["--database-url", &url], more].concat())
}

fn given(data: &Data, lead: &str, name: &str) -> Said {
    ground(data, lead, &["--ground", name, "--proof", PROOF, "--by", "営業部 佐藤"])
}

fn send(collector: &Collector) -> String {
    let session = Session::open(collector, None);
    let answer = collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    answer["lead"].as_str().unwrap().to_owned()
}

fn usable(data: &Data) -> Vec<String> {
    data.database().texts("SELECT ground FROM lead WHERE ground_since IS NOT NULL")
}

#[test]
fn a_locked_lead_may_be_used_once_it_has_a_ground_and_not_after_it_is_taken_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let lead = send(&collector);
    let said = given(&data, &lead, "card_exchanged");
    assert!(said.status.success() && said.out.contains("may be used: card_exchanged"), "{said:?}");
    let since = [
        "--ground",
        "existing_customer",
        "--proof",
        "契約 17",
        "--by",
        "佐藤",
        "--since",
        "2026-01-05",
    ];
    let said = ground(&data, &lead, &since);
    // Midnight in Tokyo.
    assert!(said.out.contains("since 2026-01-04T15:00:00Z"), "{said:?}");
    assert_eq!(usable(&data), ["existing_customer"]);
    let said = ground(&data, &lead, &["--show"]);
    for part in [
        "existing_customer  since 2026-01-04T15:00:00Z, by 佐藤: holds",
        "proof: 契約 17",
        PROOF,
        "営業部 佐藤",
    ] {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
    assert!(!data.holds(PROOF.as_bytes()) && !data.holds("契約 17".as_bytes()), "sealed");
    let said = ground(&data, &lead, &["--withdraw", "--by", "佐藤"]);
    assert!(said.status.success() && usable(&data).is_empty(), "{said:?}");
    let shown = ground(&data, &lead, &["--show"]);
    assert_eq!(shown.out.matches(": does not hold").count(), 2, "{shown:?}");
    let said = ground(&data, &lead, &["--withdraw", "--by", "佐藤"]);
    assert!(!said.status.success() && said.err.contains("locked already"), "{said:?}");

    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "lead", "--json"]);
    for (action, count) in [("lead.ground", 2), ("lead.unground", 1), ("lead.read", 2)] {
        assert_eq!(trail.matches(&format!("\"{action}\"")).count(), count, "{action}: {trail}");
    }
    assert!(trail.contains(&lead) && !trail.contains("契約") && !trail.contains("京都"), "{trail}");
    let _ = data.run(&["audit", "verify", "--site", "shop"]);
}

#[test]
fn what_is_no_ground_or_nobodys_is_refused_with_the_reason() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let lead = send(&collector);
    let refused = |said: Said, why: &str| {
        assert!(!said.status.success() && said.err.contains(why), "{why}: {said:?}");
        assert!(!said.err.contains("hanako"), "{said:?}");
    };
    refused(given(&data, &lead, "opt_in"), "opt_in needs the record of its own confirmation");
    refused(given(&data, &lead, "guessed"), "is not one of existing_customer");
    refused(given(&data, "AAAAAAAAAAAAAAAAAAAAAA", "card_exchanged"), "the site has no lead");
    refused(given(&data, "short", "card_exchanged"), "is no lead");
    let with = |proof: &str, by: &str, more: &[&str]| {
        let given = ["--ground", "card_exchanged", "--proof", proof, "--by", by];
        ground(&data, &lead, &[&given[..], more].concat())
    };
    refused(with(" ", "x", &[]), "--proof: say");
    refused(with(&"長".repeat(400), "x", &[]), "--proof: say");
    refused(with("x", " ", &[]), "--by: say");
    refused(with("x", "x", &["--since", "2999-01-01"]), "the day lies in the future");
    refused(ground(&data, &lead, &["--ground", "card_exchanged", "--by", "x"]), "--proof");
    refused(ground(&data, &lead, &["--ground", "card_exchanged", "--proof", "x"]), "--by");
    refused(ground(&data, &lead, &["--withdraw", "--show", "--by", "x"]), "cannot be used with");
    refused(ground(&data, &lead, &[]), "--ground");
    refused(ground(&data, &lead, &["--withdraw", "--by", "x"]), "locked already");

    let keys = data.path("keys").display().to_string();
    let person = ["--site", "shop", "--keys-file", &keys, "--email", "HANAKO@example.jp"];
    let _ = data.run(&[&["mail", "suppress"][..], &person].concat());
    refused(given(&data, &lead, "existing_customer"), "has said stop to mail at 20");
    let mistake = [&["mail", "unsuppress", "--reason", "another person"][..], &person].concat();
    let _ = data.run(&mistake);
    assert!(usable(&data).is_empty(), "and none came of what was refused");
    assert_eq!(data.database().number("SELECT count(*) FROM lead_ground"), 0);
    assert!(given(&data, &lead, "existing_customer").status.success());
    data.run(&["leads", "erase", &lead, "--site", "shop"]);
    assert_eq!(data.database().number("SELECT count(*) FROM lead_ground"), 0, "it goes with it");
    refused(given(&data, &lead, "existing_customer"), "was erased at 20");
}
