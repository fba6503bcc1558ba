//! Leads, and when they are tied to a visitor.

use ashiato_tests::{Collector, Data, Session, Visitor};
use serde_json::{Value, json};

#[test]
fn a_lead_is_linked_where_lead_linking_is_granted() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let answer = visitor.send_lead(&collector).expect(201);
    assert_eq!(answer["linked"], true);
    assert_eq!(data.database().number("SELECT count(*) FROM lead_link"), 1);
}

#[test]
fn a_lead_is_kept_but_not_linked_where_lead_linking_is_not_granted() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let answer = visitor.send_lead(&collector).expect(201);
    assert_eq!(answer["linked"], false);
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM lead"), 1);
    assert_eq!(database.number("SELECT count(*) FROM lead_link"), 0);
}

#[test]
fn somebody_who_refused_everything_can_still_send_a_form() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let answer = collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    assert_eq!(answer["linked"], false);
    assert_eq!(data.database().number("SELECT count(*) FROM visitor"), 0);
}

#[test]
fn a_form_that_is_sent_again_counts_once() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["lead_link"]);
    let body = visitor.session.sign(&visitor.session.lead(Some(&visitor.id)));
    let first = collector.post("/v1/leads", body.clone()).expect(201);
    let second = collector.post("/v1/leads", body).expect(201);
    assert_eq!(first, second);
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 1);
}

#[test]
fn every_faulty_field_is_named_with_a_code_and_a_message() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let mut lead = session.lead(None);
    lead["fields"] = json!({"email": "not an address", "message": "x".repeat(4001), "age": "17"});
    lead["agreements"] = json!({"sell_everything": true});
    let answer = collector.post("/v1/leads", session.sign(&lead));
    let _ = answer.problem(422);
    let errors = answer.json()["errors"].clone();
    let code = |field: &str| {
        let found = errors
            .as_array()
            .unwrap()
            .iter()
            .find(|error| error["field"].as_str().unwrap().rsplit('.').next() == Some(field));
        let found = found.cloned().unwrap_or(Value::Null);
        assert!(!found["message"].as_str().unwrap_or_default().is_empty(), "{field}: {errors}");
        found["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code("name"), "required");
    assert_eq!(code("email"), "email");
    assert_eq!(code("message"), "too_long");
    assert_eq!(code("age"), "unknown");
    assert_eq!(code("sell_everything"), "unknown");
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
}

#[test]
fn values_are_trimmed_and_what_looks_like_code_stays_text() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let mut lead = session.lead(None);
    let name = "'; DROP TABLE lead; -- <script>";
    lead["fields"]["name"] = format!("  {name} ").into();
    let _ = collector.post("/v1/leads", session.sign(&lead)).expect(201);
    let token = data.token("shop", &["leads"]);
    let leads = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    assert_eq!(leads["results"][0]["fields"]["name"], name, "{leads}");
}

#[test]
fn the_timeline_of_a_linked_lead_shows_what_the_visitor_did_and_of_another_nothing() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["leads"]);
    let timeline = |lead: &Value| {
        let path = format!("/api/v1/leads/{}/timeline?site=shop", lead["lead"].as_str().unwrap());
        collector.get_as(&token, &path).expect(200)
    };

    let linked = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = linked.send_lead(&collector).expect(201);
    let linked = linked.later(&collector);
    let _ =
        linked.send(&collector, &[linked.event("page_view"), linked.event("click")]).expect(200);
    let shown = timeline(&lead);
    assert_eq!(shown["linked"], true);
    assert_eq!(shown["events"].as_array().unwrap().len(), 2, "{shown}");

    let apart = Visitor::who_grants(&collector, &["analytics"]);
    let lead = apart.send_lead(&collector).expect(201);
    let apart = apart.later(&collector);
    let _ = apart.send(&collector, &[apart.event("page_view")]).expect(200);
    let shown = timeline(&lead);
    assert_eq!((&shown["linked"], &shown["events"]), (&json!(false), &json!([])));
}

#[test]
fn a_timeline_begins_with_the_link_and_does_not_look_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let lead = visitor.later(&collector).send_lead(&collector).expect(201);
    let token = data.token("shop", &["leads"]);
    let path = format!("/api/v1/leads/{}/timeline?site=shop", lead["lead"].as_str().unwrap());
    let shown = collector.get_as(&token, &path).expect(200);
    assert_eq!((&shown["linked"], &shown["events"]), (&json!(true), &json!([])));
}

#[test]
fn leads_are_shown_to_a_token_of_that_scope_and_site_only() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let _ = collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    let path = "/api/v1/leads?site=shop";
    let query = data.token("shop", &["query"]);
    let other = data.token("other", &["leads"]);
    assert_eq!(collector.get(path).status, 401);
    assert_eq!(collector.get_as("made-up", path).status, 401);
    for token in [query, other] {
        let answer = collector.get_as(&token, path);
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(!answer.body.contains("hanako"));
    }
}

#[test]
fn personal_data_is_in_no_log_line() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let _ = visitor.send_lead(&collector).expect(201);
    let mut bad = visitor.session.lead(Some(&visitor.id));
    bad["fields"]["email"] = "hanako@@example.jp".into();
    let _ = collector.post("/v1/leads", visitor.session.sign(&bad)).problem(422);
    collector.stop();
    let log = collector.log();
    for personal in ["hanako", "花子", "127.0.0.1:", &visitor.id, &visitor.session.text] {
        let lines: Vec<_> = log
            .lines()
            .filter(|line| line.contains(personal) && !line.contains("listening"))
            .collect();
        assert!(lines.is_empty(), "{personal}: {lines:?}");
    }
}
