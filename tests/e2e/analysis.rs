//! Funnels, cohorts, paths and segments, by the API and the command line: the same answers from either database.

mod refused;

use ashiato_tests::{Answer, Collector, Data, Visitor};
use serde_json::{Value, json};

const RANGE: [&str; 2] = ["2026-01-01", "2026-12-31"];
const CASES: [(&str, &[&str]); 4] = [
    ("whole", &["/", "/products", "/cart"]),
    ("part", &["/", "/about", "/products"]),
    ("wrong way", &["/cart", "/products", "/"]),
    ("entry alone", &["/"]),
];

/// A year around now, whenever the tests run.
pub(crate) fn range() -> [String; 2] {
    let year = year();
    [format!("{}-07-01", year - 1), format!("{year}-06-30")]
}

fn year() -> i32 {
    let mut database = ashiato_tests::database::Database::open("sqlite::memory:");
    let now = database.texts("SELECT strftime('%Y', 'now', '+6 months')");
    now[0].parse().unwrap_or_default()
}

/// Somebody who sees pages a second apart.
pub(crate) fn sees(visitor: &Visitor, collector: &Collector, pages: &[&str]) {
    let events = pages.iter().zip(0..).map(|(page, at)| {
        let mut event = visitor.event("page_view");
        event["at"] = visitor.session.now.plus(at * 1_000).0.into();
        event["page"]["url"] = format!("https://shop.example{page}").into();
        event
    });
    let events: Vec<_> = events.collect();
    assert_eq!(visitor.send(collector, &events).expect(200)["stored"], events.len());
}

fn visitors(collector: &Collector) -> Vec<Visitor> {
    CASES
        .iter()
        .map(|(_, pages)| {
            let visitor = Visitor::who_grants(collector, &["analytics"]);
            sees(&visitor, collector, pages);
            visitor
        })
        .collect()
}

pub(crate) fn post(collector: &Collector, token: &str, path: &str, body: &Value) -> Answer {
    let request = collector.request("POST", path).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {token}"));
    collector.send(request, body.to_string()).unwrap()
}

fn remove(collector: &Collector, token: &str, name: &str) -> Answer {
    let request = collector.request("DELETE", &format!("/api/v1/segments/{name}?site=shop"));
    collector.send(request.header("authorization", format!("Bearer {token}")), []).unwrap()
}

pub(crate) fn page(path: &str) -> Value {
    json!({"filters": [["is", "page", [path]]]})
}

fn funnel() -> Value {
    json!({"site": "shop", "steps": [page("/"), page("/products"), page("/cart")], "date_range": range()})
}

/// Visitors of each step.
fn reached(answer: &Value) -> Vec<i64> {
    answer["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["visitors"].as_i64().unwrap())
        .collect()
}

#[test]
fn a_funnel_counts_visitors_in_the_order_of_their_steps_by_the_api_and_the_command_line() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = funnel();
    asked["breakdown"] = "event".into();
    let answer = post(&collector, &token, "/api/v1/funnel", &asked).expect(200);
    assert_eq!(reached(&answer), [4, 2, 1], "{answer}");
    assert_eq!(
        answer["steps"][1],
        json!({"name": "2", "visitors": 2, "of_first": 0.5, "of_previous": 0.5, "dropped": 2, "median_ms": 1500})
    );
    assert_eq!(answer["groups"][0]["value"], "page_view");
    assert_eq!(answer["meta"]["consented_share"], 1.0);
    let range = range();
    let arguments = [
        "query",
        "funnel",
        "--site",
        "shop",
        "--step",
        "page=/",
        "--step",
        "page=/products",
        "--step",
        "page=/cart and event=page_view",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(reached(&said), [4, 2, 1]);
    let table = data.run(&arguments);
    assert!(table.contains("50.0 %"), "{table}");
}

#[test]
fn cohorts_come_again_or_not_and_periods_to_come_are_not_known() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = json!({"site": "shop", "unit": "day", "periods": 2, "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/cohorts", &asked).expect(200);
    let rows: Vec<_> =
        answer["cohorts"].as_array().unwrap().iter().filter(|row| row["visitors"] != 0).collect();
    assert_eq!(rows.len(), 1, "{answer}");
    assert_eq!((&rows[0]["visitors"], &rows[0]["again"][1]), (&json!(4), &Value::Null));
    asked["first"] = page("/products");
    let answer = post(&collector, &token, "/api/v1/cohorts", &asked).expect(200);
    let all: i64 = answer["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["visitors"].as_i64().unwrap())
        .sum();
    assert_eq!(all, 3);
    let range = range();
    let arguments = [
        "query",
        "cohorts",
        "--site",
        "shop",
        "--unit",
        "day",
        "--periods",
        "2",
        "--first",
        "page=/products",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(said["cohorts"], answer["cohorts"]);
    assert!(data.run(&arguments).contains("visitors"));
}

#[test]
fn paths_lead_on_from_a_page_and_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked =
        json!({"site": "shop", "from": page("/products"), "depth": 2, "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/paths", &asked).expect(200);
    assert_eq!((&answer["visits"], &answer["ended"]), (&json!(3), &json!(1)));
    assert_eq!(
        answer["next"],
        json!([
            {"name": "/", "visits": 1, "ended": 1, "next": [], "others": 0},
            {"name": "/cart", "visits": 1, "ended": 1, "next": [], "others": 0},
        ])
    );
    asked["direction"] = "before".into();
    let answer = post(&collector, &token, "/api/v1/paths", &asked).expect(200);
    let names = answer["next"].as_array().unwrap().iter().map(|step| &step["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["/", "/about", "/cart"]);
    let range = range();
    let arguments = [
        "query",
        "paths",
        "--site",
        "shop",
        "--from-event",
        "page=/products",
        "--before",
        "--depth",
        "2",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(said["next"], answer["next"]);
    assert!(data.run(&arguments).starts_with("3 visits"));
}

#[test]
fn who_withdraws_is_in_no_result_any_more() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let all = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let definition = json!({"did": {"filters": [["is", "page", ["/cart"]]]}});
    let _ = post(
        &collector,
        &token,
        "/api/v1/segments",
        &json!({"site": "shop", "name": "buyers", "definition": definition}),
    )
    .expect(201);
    let size = json!({"site": "shop", "segment": "buyers", "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/segment-size", &size).expect(200)["visitors"], 2);
    let _ = all[0].later(&collector).decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(
        reached(&post(&collector, &token, "/api/v1/funnel", &funnel()).expect(200)),
        [3, 1, 0]
    );
    let answer = post(&collector, &token, "/api/v1/segment-size", &size).expect(200);
    assert_eq!((&answer["visitors"], &answer["of"]), (&json!(1), &json!(3)));
    let paths = json!({"site": "shop", "from": page("/products"), "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/paths", &paths).expect(200)["visits"], 2);
    let cohorts = json!({"site": "shop", "unit": "month", "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/cohorts", &cohorts).expect(200);
    let sizes =
        answer["cohorts"].as_array().unwrap().iter().map(|row| row["visitors"].as_i64().unwrap());
    assert_eq!(sizes.sum::<i64>(), 3);
}

#[test]
fn a_segment_is_kept_once_used_everywhere_and_its_end_is_told() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let definition = json!({"all": [
        {"did": {"filters": [["is", "page", ["/products"]]]}},
        {"did_not": {"filters": [["is", "page", ["/about"]]], "in_last_days": 30}},
    ]});
    let kept = json!({"site": "shop", "name": "買いそうな人", "definition": definition});
    let made = post(&collector, &token, "/api/v1/segments", &kept).expect(201);
    assert_eq!((&made["name"], &made["definition"]), (&kept["name"], &definition));
    assert_eq!(post(&collector, &token, "/api/v1/segments", &kept).problem(409), "name_taken");
    // What is refused keeps nobody else from writing.
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let listed = collector.get_as(&token, "/api/v1/segments?site=shop").expect(200);
    assert_eq!(listed["segments"], json!([made]));
    let mut asked = funnel();
    asked["segment"] = "買いそうな人".into();
    assert_eq!(reached(&post(&collector, &token, "/api/v1/funnel", &asked).expect(200)), [2, 1, 1]);
    let paths = json!({"site": "shop", "from": page("/"), "segment": "買いそうな人", "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/paths", &paths).expect(200)["visits"], 2);
    let range = range();
    let said = data.run(&[
        "query",
        "segments",
        "size",
        "--site",
        "shop",
        "--segment",
        "買いそうな人",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ]);
    assert!(said.starts_with("2 of 4 visitors"), "{said}");
    // Of another site it is none.
    let other = data.token("other", &["query"]);
    let mut theirs = asked.clone();
    theirs["site"] = "other".into();
    assert_eq!(post(&collector, &other, "/api/v1/funnel", &theirs).problem(422), "content");
    assert_eq!(post(&collector, &other, "/api/v1/segments", &kept).status, 403);
    let name = "%E8%B2%B7%E3%81%84%E3%81%9D%E3%81%86%E3%81%AA%E4%BA%BA";
    assert_eq!(remove(&collector, &token, name).status, 204);
    assert_eq!(remove(&collector, &token, name).problem(404), "unknown_segment");
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let gone = post(&collector, &token, "/api/v1/funnel", &asked);
    let _ = gone.problem(422);
    assert_eq!(
        (&gone.json()["errors"][0]["field"], &gone.json()["errors"][0]["code"]),
        (&json!("segment"), &json!("unknown"))
    );
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(trail.contains("segment.add") && trail.contains("segment.remove"), "{trail}");
}

#[test]
fn segments_of_leads_are_for_who_may_read_leads_and_end_with_the_link() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (query, both) = (data.token("shop", &["query"]), data.token("shop", &["query", "leads"]));
    let linked = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    sees(&linked, &collector, &["/"]);
    let later = linked.later(&collector);
    let lead = later.send_lead(&collector).expect(201);
    assert_eq!(lead["linked"], true);
    let after = linked.later(&collector);
    sees(&after, &collector, &["/products"]);
    let apart = Visitor::who_grants(&collector, &["analytics"]);
    let _ = apart.send_lead(&collector).expect(201);
    sees(&apart, &collector, &["/products"]);
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
    sees(&linked, &collector, &["/products"]);
    let lead = linked.later(&collector).send_lead(&collector).expect(201);
    let lead = lead["lead"].as_str().unwrap();
    let after = linked.later(&collector);
    sees(&after, &collector, &["/products", "/cart", "/products"]);
    let apart = Visitor::who_grants(&collector, &["analytics"]);
    let _ = apart.send_lead(&collector).expect(201);
    sees(&apart.later(&collector), &collector, &["/products"]);

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
    sees(&linked, &collector, &["/cart"]);
    let lead = lead["lead"].as_str().unwrap();
    let shown = data.run(&["query", "--site", "shop", "--timeline", lead]);
    assert!(shown.contains("/cart"), "{shown}");
    let trail = data.run(&["audit", "list", "--site", "shop", "--object", lead]);
    assert!(trail.contains("lead.timeline"), "{trail}");
}
