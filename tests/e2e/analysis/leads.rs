//! Segments and scores of leads, and who looks at them.

use ashiato_tests::{Collector, Data, Visitor};
use serde_json::{Value, json};

use super::{funnel, post, range};

#[test]
fn segments_of_leads_are_for_who_may_read_leads_and_end_with_the_link() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (query, both) = (data.token("shop", &["query"]), data.token("shop", &["query", "leads"]));
    let linked = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    linked.sees(&collector, &["/"]);
    let later = linked.later(&collector);
    let lead = later.send_lead(&collector).expect(201);
    assert_eq!(lead["linked"], true);
    let after = linked.later(&collector);
    after.sees(&collector, &["/products"]);
    let apart = Visitor::who_grants(&collector, &["analytics"]);
    let _ = apart.send_lead(&collector).expect(201);
    apart.sees(&collector, &["/products"]);
    let confirmed = lead["lead"].as_str().unwrap();
    let keys = data.path("keys").display().to_string();
    let _ = data.run(&[
        "leads",
        "ground",
        confirmed,
        "--site",
        "shop",
        "--keys-file",
        &keys,
        "--ground",
        "card_exchanged",
        "--proof",
        "a card",
        "--by",
        "a test",
    ]);

    let of = |definition: Value| json!({"site": "shop", "definition": definition, "date_range": range()});
    let there = of(json!({"lead": {"field": "form", "is": ["contact"]}}));
    assert_eq!(post(&collector, &query, "/api/v1/segment-size", &there).problem(403), "scope");
    assert_eq!(post(&collector, &both, "/api/v1/segment-size", &there).expect(200)["visitors"], 1);
    let filled = of(json!({"lead": {"field": "field:message", "filled": true}}));
    assert_eq!(post(&collector, &both, "/api/v1/segment-size", &filled).expect(200)["visitors"], 1);
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(trail.contains("lead.segment"), "{trail}");
    // What they did before they were linked is not theirs here.
    let before = of(json!({"all": [{"lead": {}}, {"did": {"filters": [["is", "page", ["/"]]]}}]}));
    assert_eq!(post(&collector, &both, "/api/v1/segment-size", &before).expect(200)["visitors"], 0);
    let personal = of(json!({"lead": {"field": "field:email", "is": ["hanako@example.jp"]}}));
    let refused = post(&collector, &both, "/api/v1/segment-size", &personal);
    let _ = refused.problem(422);
    assert_eq!(refused.json()["errors"][0]["code"], "personal");
    let kept = json!({"site": "shop", "name": "leads", "definition": {"lead": {}}});
    assert_eq!(post(&collector, &query, "/api/v1/segments", &kept).problem(403), "scope");
    let _ = post(&collector, &both, "/api/v1/segments", &kept).expect(201);
    let mut asked = funnel();
    asked["segment"] = "leads".into();
    assert_eq!(post(&collector, &query, "/api/v1/funnel", &asked).problem(403), "scope");
    let _ = post(&collector, &both, "/api/v1/funnel", &asked).expect(200);
    // The link is cut: the lead is in reach of no question, though its visitor still is.
    let _ = after.later(&collector).decide(&collector, "custom", &["analytics"]).expect(201);
    let size = post(&collector, &both, "/api/v1/segment-size", &there).expect(200);
    assert_eq!((&size["visitors"], &size["of"]), (&json!(0), &json!(2)));
}

#[test]
fn a_score_has_its_reasons_and_ends_with_the_link() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (query, leads) = (data.token("shop", &["query"]), data.token("shop", &["leads"]));
    let linked = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    linked.sees(&collector, &["/products"]);
    let lead = linked.later(&collector).send_lead(&collector).expect(201);
    let lead = lead["lead"].as_str().unwrap();
    let after = linked.later(&collector);
    after.sees(&collector, &["/products", "/cart", "/products"]);
    let apart = Visitor::who_grants(&collector, &["analytics"]);
    let _ = apart.send_lead(&collector).expect(201);
    apart.later(&collector).sees(&collector, &["/products"]);

    let rule = |name: &str, points: i64, page: &str| {
        let filters = json!([["is", "page", [page]]]);
        json!({"site": "shop", "name": name, "points": points, "rule": {"did": {"filters": filters}, "up_to": 5}})
    };
    let rules = "/api/v1/score-rules";
    assert_eq!(
        post(&collector, &query, rules, &rule("goods", 5, "/products")).problem(403),
        "scope"
    );
    let _ = post(&collector, &leads, rules, &rule("goods", 5, "/products")).expect(201);
    assert_eq!(
        post(&collector, &leads, rules, &rule("goods", 5, "/products")).problem(409),
        "name_taken"
    );
    assert_eq!(
        post(&collector, &leads, rules, &rule("none", 0, "/products")).problem(422),
        "content"
    );
    let _ = data.run(&[
        "query",
        "score-rules",
        "add",
        "--site",
        "shop",
        "--name",
        "cart",
        "--points",
        "-3",
        "--did",
        "page=/cart",
    ]);

    let score =
        || collector.get_as(&leads, &format!("/api/v1/leads/{lead}/score?site=shop")).expect(200);
    // Without a ground a lead is not used.
    let locked = score();
    assert_eq!((&locked["locked"], &locked["score"]), (&json!(true), &Value::Null));
    let keys = data.path("keys").display().to_string();
    let _ = data.run(&[
        "leads",
        "ground",
        lead,
        "--site",
        "shop",
        "--keys-file",
        &keys,
        "--ground",
        "card_exchanged",
        "--proof",
        "a card",
        "--by",
        "a test",
    ]);
    let scored = score();
    assert_eq!(scored["score"], 7, "{scored}");
    let told = |at: usize| {
        (
            scored["reasons"][at]["rule"].clone(),
            scored["reasons"][at]["points"].clone(),
            scored["reasons"][at]["times"].clone(),
        )
    };
    assert_eq!(
        [told(0), told(1)],
        [(json!("cart"), json!(-3), json!(1)), (json!("goods"), json!(10), json!(2))]
    );
    let all = collector.get_as(&leads, "/api/v1/scores?site=shop").expect(200);
    assert_eq!(all["results"], json!([{"lead": lead, "score": 7, "reasons": scored["reasons"]}]));
    assert_eq!(collector.get_as(&query, "/api/v1/scores?site=shop").status, 403);
    assert_eq!(collector.get_as(&leads, "/api/v1/scores?site=shop&limit=0").status, 422);
    let said: Value =
        serde_json::from_str(&data.run(&["query", "scores", "--site", "shop", "--json"])).unwrap();
    assert_eq!(said["results"], all["results"]);
    let one = data.run(&["query", "scores", "--site", "shop", "--lead", lead]);
    assert!(one.contains("goods (2 times"), "{one}");
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(trail.contains("score.add") && trail.contains("lead.score"), "{trail}");

    let _ = after.later(&collector).decide(&collector, "custom", &["analytics"]).expect(201);
    assert_eq!((&score()["linked"], &score()["score"]), (&json!(false), &Value::Null));
    assert_eq!(
        collector.get_as(&leads, "/api/v1/scores?site=shop").expect(200)["results"],
        json!([])
    );
    let removed = collector.request("DELETE", "/api/v1/score-rules/cart?site=shop");
    let removed = removed.header("authorization", format!("Bearer {leads}"));
    assert_eq!(collector.send(removed, []).unwrap().status, 204);
    assert_eq!(
        data.run(&["query", "score-rules", "list", "--site", "shop"]).matches("goods").count(),
        1
    );
}

#[test]
fn who_looks_at_a_timeline_on_the_command_line_is_in_the_trail() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let linked = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = linked.send_lead(&collector).expect(201);
    let linked = linked.later(&collector);
    linked.sees(&collector, &["/cart"]);
    let lead = lead["lead"].as_str().unwrap();
    let shown = data.run(&["query", "--site", "shop", "--timeline", lead]);
    assert!(shown.contains("/cart"), "{shown}");
    let trail = data.run(&["audit", "list", "--site", "shop", "--object", lead]);
    assert!(trail.contains("lead.timeline"), "{trail}");
}
