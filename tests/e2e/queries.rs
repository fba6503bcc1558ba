//! Marketers' questions, by the API and the command line.

use ashiato_tests::{Collector, Data, Session, Visitor};
use serde_json::{Value, json};

fn query(metrics: &[&str], dimensions: &[&str]) -> Value {
    json!({
        "site": "shop",
        "metrics": metrics,
        "dimensions": dimensions,
        "filters": [],
        "date_range": ["2026-01-01", "2027-12-31"],
        "limit": 100,
        "after": null,
    })
}

/// Three visitors: two looked at the front page, one of them twice; one of them looked at tea.
fn visits(collector: &Collector) {
    for pages in [&["/", "/", "/products"][..], &["/"], &[]] {
        let visitor = Visitor::who_grants(collector, &["analytics"]);
        let mut events = vec![visitor.event("click")];
        for page in pages {
            let mut event = visitor.event("page_view");
            event["page"]["url"] = format!("https://shop.example{page}").into();
            events.push(event);
        }
        assert_eq!(visitor.send(collector, &events).expect(200)["stored"], events.len());
    }
}

#[test]
fn visitors_and_page_views_are_counted_by_page() {
    let data = Data::new();
    let collector = Collector::start(&data);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = query(&["page_views", "visitors"], &["page"]);
    asked["filters"] = json!([["is", "event", ["page_view"]]]);
    let answer = collector.query(&token, &asked).expect(200);
    assert_eq!(
        answer["results"],
        json!([
            {"dimensions": ["/"], "metrics": [3, 2]},
            {"dimensions": ["/products"], "metrics": [1, 1]},
        ])
    );
    assert_eq!(answer["next"], Value::Null);
}

#[test]
fn pages_of_an_answer_follow_each_other_without_gap_or_overlap() {
    let data = Data::new();
    let collector = Collector::start(&data);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = query(&["events"], &["page", "event"]);
    let whole = collector.query(&token, &asked).expect(200)["results"].clone();
    let mut parts = Vec::new();
    asked["limit"] = 1.into();
    loop {
        let answer = collector.query(&token, &asked).expect(200);
        parts.extend(answer["results"].as_array().unwrap().iter().cloned());
        assert!(parts.len() <= 10, "it ends");
        if answer["next"].is_null() {
            break;
        }
        asked["after"] = answer["next"].clone();
    }
    assert_eq!(Value::Array(parts), whole);
}

#[test]
fn days_are_those_of_the_sites_time_zone() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let token = data.token("shop", &["query"]);
    let answer = collector.query(&token, &query(&["page_views"], &["time:day"])).expect(200);
    let shown = answer["results"][0]["dimensions"][0].as_str().unwrap();
    let tokyo = visitor.session.now.plus(9 * 3_600_000);
    let mut database = ashiato_tests::database::Database::open("sqlite::memory:");
    let day = database.texts(&format!("SELECT date({}, 'unixepoch')", tokyo.seconds()));
    assert_eq!(shown, day[0]);
}

#[test]
fn every_answer_says_for_how_much_of_the_traffic_it_stands() {
    let data = Data::new();
    let collector = Collector::start(&data);
    visits(&collector);
    let session = Session::open(&collector, None);
    let refusal = session.decision("reject_all", &[]);
    let _ = collector.post("/v1/consents", session.sign(&refusal)).expect(201);
    let token = data.token("shop", &["query"]);
    let answer = collector.query(&token, &query(&["visitors"], &[])).expect(200);
    assert_eq!(answer["meta"]["decided"], 4);
    assert_eq!(answer["meta"]["consented_share"], 0.75);
    assert_eq!(answer["results"][0]["metrics"], json!([3]));
}

#[test]
fn a_question_that_cannot_be_answered_names_every_fault() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["query"]);
    let mut asked = query(&["visitors", "profits"], &["shoe_size"]);
    asked["date_range"] = json!(["2026-02-30", "tomorrow"]);
    let answer = collector.query(&token, &asked);
    let _ = answer.problem(422);
    let json = answer.json();
    let fields = json["errors"].as_array().unwrap().iter().map(|error| &error["field"]);
    assert_eq!(fields.collect::<Vec<_>>(), ["metrics[1]", "dimensions[0]", "date_range"]);
}

#[test]
fn what_asks_for_too_much_or_for_what_cannot_be_is_refused_with_the_field() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["query"]);
    let too_many: Vec<_> = (0..11).map(|at| format!("property:p{at}")).collect();
    let deep = (0..6).fold(json!(["is", "page", ["/"]]), |inner, _| json!(["not", inner]));
    for (field, value, named) in [
        ("date_range", json!(["2026-11-22", "2026-11-01"]), "date_range"),
        ("date_range", json!(["1026-01-01", "2026-01-01"]), "date_range"),
        ("limit", json!(1_000_000), "limit"),
        ("limit", json!(0), "limit"),
        ("after", json!("-1"), "after"),
        ("after", json!("99999999999999999999"), "after"),
        ("dimensions", json!(too_many), "dimensions"),
        ("filters", json!([deep]), "filters[0][1][1][1][1][1]"),
        ("filters", json!([["is", "page", ["a\u{0}b"]]]), "filters[0]"),
        ("compare", json!("last_year"), "compare"),
    ] {
        let mut asked = query(&["visitors"], &[]);
        asked[field] = value;
        let answer = collector.query(&token, &asked);
        assert_eq!(answer.problem(422), "content", "{field}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["field"], named, "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
    }
}

#[test]
fn ids_of_another_site_are_no_leads_to_a_token_that_is_good() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let other = data.token("other", &["leads", "leads:write"]);
    for path in [format!("/api/v1/leads/{lead}"), format!("/api/v1/leads/{lead}/timeline")] {
        let answer = collector.get_as(&other, &format!("{path}?site=other"));
        assert_eq!(answer.problem(404), "unknown_lead", "{path}");
        let answer = collector.get_as(&other, &format!("{path}?site=shop"));
        assert_eq!(answer.problem(403), "site", "{path}");
    }
    let erase = collector.request("DELETE", &format!("/api/v1/leads/{lead}?site=other"));
    let erase = erase.header("authorization", format!("Bearer {other}"));
    assert_eq!(collector.send(erase, "").unwrap().problem(404), "unknown_lead");
    let own = data.token("shop", &["leads"]);
    assert_eq!(collector.get_as(&own, &format!("/api/v1/leads/{lead}?site=shop")).status, 200);
}

#[test]
fn a_filter_value_is_a_value_and_never_a_statement() {
    let data = Data::new();
    let collector = Collector::start(&data);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = query(&["events"], &["page"]);
    asked["filters"] = json!([["is", "page", ["' OR 1=1 --", "/'); DROP TABLE event; --"]]]);
    assert_eq!(collector.query(&token, &asked).expect(200)["results"], json!([]));
    asked["filters"] = json!([]);
    assert_ne!(collector.query(&token, &asked).expect(200)["results"], json!([]));
}

#[test]
fn a_token_opens_its_own_site_and_scope_only() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let asked = query(&["visitors"], &[]);
    let codes = [
        (data.token("other", &["query"]), 403),
        (data.token("shop", &["leads"]), 403),
        ("made-up".to_owned(), 401),
        (String::new(), 401),
    ];
    for (token, status) in codes {
        assert_eq!(collector.query(&token, &asked).status, status);
    }
    let none =
        collector.request("POST", "/api/v1/query").header("content-type", "application/json");
    assert_eq!(collector.send(none, asked.to_string()).unwrap().status, 401);
}

#[test]
fn the_command_line_answers_as_the_api_does() {
    let data = Data::new();
    let collector = Collector::start(&data);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let asked = query(&["page_views", "visitors"], &["page"]);
    let by_api = collector.query(&token, &asked).expect(200);
    let arguments =
        ["query", "--site", "shop", "--metrics", "page_views,visitors", "--dimensions", "page"];
    let range = ["--from", "2026-01-01", "--to", "2027-12-31"];
    let by_command: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &range, &["--json"]].concat())).unwrap();
    assert_eq!(by_command["results"], by_api["results"]);
    let table = data.run(&[&arguments[..], &range].concat());
    assert!(table.contains("/products"), "{table}");
}
