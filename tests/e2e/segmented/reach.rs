//! Who may ask with which segment, and what is said to who may not.

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED, process::ashiato};
use serde_json::{Value, json};

use super::{export, keep, question, rows};
use crate::analysis::{post, range};

/// Somebody who saw the front page, sent the contact form, of which a lead was made that may be used, and saw the products;
/// and somebody else who saw those alone.
fn with_a_lead(data: &Data, collector: &Collector) -> Visitor {
    let linked = Visitor::who_grants(collector, &["analytics", "lead_link"]);
    linked.sees(collector, &["/"]);
    let lead = linked.later(collector).send_lead(collector).expect(201);
    let after = linked.later(collector);
    after.sees(collector, &["/products", "/cart"]);
    let apart = Visitor::who_grants(collector, &["analytics"]);
    apart.sees(collector, &["/products"]);
    let keys = data.path("keys").display().to_string();
    let lead = lead["lead"].as_str().unwrap();
    let given = ["leads", "ground", lead, "--site", "shop", "--keys-file", &keys];
    let ground = ["--ground", "card_exchanged", "--proof", "a card", "--by", "a test"];
    let _ = data.run(&[&given[..], &ground].concat());
    after
}

#[test]
fn a_segment_of_leads_is_for_who_may_read_leads_and_begins_with_the_link() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let linked = with_a_lead(&data, &collector);
    let query = data.token("shop", &["query"]);
    let both = data.token("shop", &["query", "leads", "export"]);
    keep(&collector, &both, "leads", &json!({"lead": {}}));
    let filled = json!({"lead": {"field": "field:message", "filled": true}});
    keep(&collector, &both, "wrote", &filled);
    for name in ["leads", "wrote"] {
        assert_eq!(collector.query(&query, &question(name)).problem(403), "scope", "{name}");
    }
    let trail = || data.run(&["audit", "list", "--site", "shop"]);
    assert!(!trail().contains("lead.segment"));
    let of = json!([["/cart", [1, 1, 1, 1]], ["/products", [1, 1, 1, 1]]]);
    for name in ["leads", "wrote"] {
        let answer = collector.query(&both, &question(name)).expect(200);
        assert_eq!(rows(&answer), of, "what came before the link is not theirs: {name}");
    }
    assert_eq!(trail().matches("lead.segment").count(), 1, "{}", trail());
    let (range, keys) = (range(), data.path("keys").display().to_string());
    let command = ["query", "--site", "shop", "--dimensions", "page", "--json", "--segment"];
    let days = ["--from", &range[0], "--to", &range[1], "--keys-file", &keys];
    let said: Value =
        serde_json::from_str(&data.run(&[&command[..], &["wrote"], &days].concat())).unwrap();
    assert_eq!(said["results"].as_array().unwrap().len(), 2, "{said}");
    assert_eq!(trail().matches("lead.segment").count(), 2);
    // Nothing of a lead leaves with events.
    let asked = json!({"site": "shop", "date_range": range, "segment": "leads"});
    let refused = export(&collector, &both, &asked, "/api/v1/export");
    assert_eq!(refused.problem(422), "content");
    let error = &refused.json()["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("segment"), &json!("leads")));
    // The link is cut.
    let later = linked.later(&collector);
    let _ = later.decide(&collector, "custom", &["analytics"]).expect(201);
    assert_eq!(rows(&collector.query(&both, &question("leads")).expect(200)), json!([]));
}

#[test]
fn a_segment_that_is_not_there_is_named_and_everybody_is_not_told_in_its_place() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let token = data.token("shop", &["query"]);
    keep(&collector, &token, "buyers", &json!({"did": {}}));
    for name in ["Buyers", "", "a\u{0}b", &"x".repeat(5_000)] {
        let answer = collector.query(&token, &question(name));
        assert_eq!(answer.problem(422), "content", "{name}");
        let error = &answer.json()["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("segment"), &json!("unknown")));
    }
    let mut asked = question("buyers");
    asked["segment"] = json!(["buyers"]);
    let answer = collector.query(&token, &asked);
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("segment")));
    // Of another site it is none; nor does its token tell of this one.
    let other = data.token("other", &["query"]);
    assert_eq!(collector.query(&other, &question("buyers")).problem(403), "site");
    let mut theirs = question("buyers");
    theirs["site"] = "other".into();
    assert_eq!(collector.query(&other, &theirs).problem(422), "content");
    // What else is wrong is told first, and nothing of a segment is looked at.
    let mut asked = question("nobody's");
    asked["metrics"] = json!(["profits"]);
    let answer = collector.query(&token, &asked);
    assert_eq!(answer.json()["errors"][0]["field"], "metrics[0]");
    let url = data.database_url();
    let range = range();
    for command in
        [&["query", "--site", "shop"][..], &["export", "--site", "shop", "--output", "/nowhere/x"]]
    {
        let days = ["--segment", "gone", "--from", &range[0], "--to", &range[1]];
        let said = ashiato([command, &days, &["--database-url", &url]].concat());
        assert!(!said.status.success() && said.err.contains("no segment \"gone\""), "{said:?}");
    }
    let asked = json!({"site": "shop", "segment": "buyers", "date_range": range});
    let _ = post(&collector, &token, "/api/v1/segment-size", &asked).expect(200);
}
