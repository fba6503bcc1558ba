//! Bodies that cannot be: too large, too deep, not text, not JSON, or about what the site has not.

use ashiato_tests::{Answer, Collector, Data, SHOP, Session, Visitor};
use serde_json::{Value, json};

fn post_signed(collector: &Collector, session: &Session, path: &str, payload: &Value) -> Answer {
    collector.post(path, session.sign(payload))
}

/// Signs a text that is no JSON.
fn signed_text(session: &Session, payload: &str) -> String {
    consent_core::jws::sign(&session.key, &session.text, session.now, payload)
}

#[test]
fn a_body_over_64_kib_is_refused_and_one_just_below_is_read() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let good = visitor.batch(&[visitor.event("page_view")]);
    let padded = |length: usize| {
        let payload = good.split_once('\n').unwrap().1;
        let padding = " ".repeat(length - good.len());
        signed_text(&visitor.session, &format!("{payload}{padding}"))
    };
    let whole = padded(64 * 1024);
    assert_eq!(whole.len(), 64 * 1024);
    assert_eq!(collector.post("/v1/events", whole).expect(200)["stored"], 1);
    for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
        assert_eq!(collector.post(path, padded(64 * 1024 + 1)).problem(413), "too_large", "{path}");
    }
}

#[test]
fn what_is_not_json_or_not_text_is_malformed_and_nothing_worse() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let rows = data.database().rows();
    let deep = "[".repeat(50_000);
    let texts = [
        ("", 400, "malformed"),
        ("{", 400, "malformed"),
        ("{\"site\":", 400, "malformed"),
        ("{\"site\":\"\\ud800\"}", 400, "malformed"),
        ("\u{feff}{}", 400, "malformed"),
        ("null", 422, "content"),
        ("[]", 422, "content"),
        ("1", 422, "content"),
        ("{}", 422, "content"),
        ("{\"site\":\"shop\",\"site\":\"shop\"}", 422, "content"),
        (&deep, 400, "malformed"),
    ];
    for (text, status, code) in texts {
        for path in ["/v1/consents", "/v1/events", "/v1/leads"] {
            let answer = collector.post(path, signed_text(&visitor.session, text));
            assert_eq!(answer.problem(status), code, "{path} {text:.40}");
        }
        let answer = collector.post("/v1/sessions", text);
        assert_eq!(answer.problem(status), code, "{text:.40}");
    }
    for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
        let answer = collector.post(path, [0xff, 0xfe, 0x00, b'\n', 0x80]);
        assert_eq!(answer.problem(400), "malformed", "{path}: not UTF-8");
    }
    assert_eq!(data.database().rows(), rows);
}

#[test]
fn a_deep_property_does_not_take_the_batch_with_it() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let mut deep = visitor.event("page_view");
    deep["properties"] = (0..100).fold(json!(1), |inner, _| json!({"a": inner}));
    let answer = visitor.send(&collector, &[deep, visitor.event("click")]).expect(200);
    assert_eq!(answer["refused"][0]["reason"], "malformed");
    assert_eq!(answer["stored"], 1);
}

#[test]
fn fields_of_the_wrong_type_or_unknown_are_named() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let rows = data.database().rows();
    let good = session.decision("custom", &["analytics"]);
    let cases = [
        ("id", json!("0190163d-8694-4f8c-8a1e-27c8b9d4c0aa")),
        ("id", json!(7)),
        ("revision", json!("1")),
        ("revision", json!(-1)),
        ("method", json!("shrug")),
        ("decided_at", json!("now")),
        ("purposes", json!([])),
        ("purposes", json!({"analytics": "yes"})),
        ("previous", json!("x")),
        ("extra", json!(1)),
    ];
    for (field, value) in cases {
        let mut decision = good.clone();
        decision[field] = value;
        let answer = post_signed(&collector, &session, "/v1/consents", &decision);
        let status = answer.status;
        assert!(matches!(status, 400 | 422), "{field}: {answer:?}");
        let _ = answer.problem(status);
        assert!(answer.body.contains(field), "the answer names {field}: {answer:?}");
    }
    assert_eq!(data.database().rows(), rows);
}

#[test]
fn a_decision_about_what_the_site_has_not_or_that_contradicts_itself_is_refused() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let rows = data.database().rows();
    let with = |changes: Value| {
        let mut decision = session.decision("custom", &["analytics"]);
        for (name, value) in changes.as_object().unwrap() {
            decision[name] = value.clone();
        }
        decision
    };
    let now = session.now.0;
    let cases = [
        (with(json!({"purposes": {"spying": true}})), "purposes.spying", "unknown_purpose"),
        (with(json!({"services": {"ga4": true}})), "services.ga4", "unknown_service"),
        (
            with(json!({"purposes": {"analytics": true, "necessary": false}})),
            "purposes.necessary",
            "not_asked",
        ),
        (with(json!({"revision": 9})), "revision", "outdated"),
        (with(json!({"method": "accept_all"})), "method", "contradiction"),
        (with(json!({"method": "reject_all"})), "method", "contradiction"),
        (with(json!({"decided_at": now + 600_000})), "decided_at", "future"),
        (with(json!({"decided_at": now - 3 * 86_400_000})), "decided_at", "too_old"),
        (with(json!({"language": ""})), "language", "invalid"),
        (with(json!({"banner": "x".repeat(65)})), "banner", "invalid"),
    ];
    for (decision, field, code) in cases {
        let answer = post_signed(&collector, &session, "/v1/consents", &decision);
        let _ = answer.problem(422);
        let errors = answer.json()["errors"].clone();
        assert_eq!(
            (&errors[0]["field"], &errors[0]["code"]),
            (&field.into(), &code.into()),
            "{errors}"
        );
    }
    assert_eq!(data.database().rows(), rows);
}

#[test]
fn a_site_or_form_that_is_not_there_is_said_so() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let unknown = collector.post("/v1/sessions", r#"{"site":"shoq","visitor":null}"#);
    assert_eq!(unknown.problem(404), "unknown_site");
    let path = collector.post("/v1/sessions", r#"{"site":"../shop","visitor":null}"#);
    assert_eq!(path.problem(404), "unknown_site");
    assert_eq!(collector.get("/s/shoq/ashiato.js").status, 404);
    let session = Session::open(&collector, None);
    let mut lead = session.lead(None);
    lead["form"] = "order".into();
    let answer = post_signed(&collector, &session, "/v1/leads", &lead);
    let _ = answer.problem(422);
    assert_eq!(answer.json()["errors"][0]["field"], "form");
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
}

#[test]
fn a_batch_of_101_events_is_refused_and_one_of_100_is_taken() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let events: Vec<_> = (0..101).map(|_| visitor.event("click")).collect();
    let answer = visitor.send(&collector, &events);
    assert_eq!(answer.problem(413), "too_many_events");
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 0);
    assert_eq!(visitor.send(&collector, &events[..100]).expect(200)["stored"], 100);
}

#[test]
fn an_event_on_a_page_of_another_site_is_refused() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    for url in ["https://evil.example/", "javascript:alert(1)", "/relative", ""] {
        let mut event = visitor.event("page_view");
        event["page"]["url"] = url.into();
        let answer = visitor.send(&collector, &[event]).expect(200);
        assert_eq!(answer["refused"][0]["reason"], "malformed", "{url}");
    }
}

#[test]
fn unknown_addresses_and_methods_are_answered_plainly() {
    let data = Data::new();
    let collector = Collector::start(&data);
    assert_eq!(collector.get("/").status, 404);
    assert_eq!(collector.get("/s/shop/../../keys").status, 404);
    assert_eq!(collector.get("/s/shop/%2e%2e/%2e%2e/keys").status, 404);
    assert_eq!(collector.get("/v1/events").status, 405);
    let delete = collector.request("DELETE", "/v1/events").header("origin", SHOP);
    assert_eq!(collector.send(delete, []).unwrap().status, 405);
    assert_eq!(collector.get("/healthz").status, 200);
}

#[test]
fn after_all_of_it_the_collector_still_serves_and_has_not_panicked() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let good = visitor.batch(&[visitor.event("page_view")]);
    let bytes = good.as_bytes();
    for cut in (0..bytes.len()).step_by(7) {
        let _ = collector.post("/v1/events", &bytes[..cut]);
        let mut flipped = bytes.to_vec();
        flipped[cut] ^= 0x15;
        assert_eq!(collector.post("/v1/events", flipped).status / 100, 4, "byte {cut}");
    }
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 0);
    assert_eq!(collector.post("/v1/events", good).expect(200)["stored"], 1);
    assert!(!collector.log().contains("panicked"), "{}", collector.log());
}
