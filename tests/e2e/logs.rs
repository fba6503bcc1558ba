//! The log tells of every request, and of nobody.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use ashiato_tests::{Collector, Data, Visitor};
use serde_json::{Value, json};

/// What a visitor, a marketer or a stranger might send, wherever there is room for it.
const PLANTED: [&str; 6] =
    ["hanako", "花子", "203.0.113.77", "090-1234-5678", "Netscape-Planted", "shirokuma"];

fn start(data: &Data, format: &str, level: &str) -> Collector {
    let environment = [("ASHIATO_LOG", level), ("ASHIATO_LOG_FORMAT", format)];
    Collector::start_in(data, &[], &environment)
}

/// Calls of every kind, good and bad, with something of somebody wherever there is room for it.
/// Answers what else must not be told.
fn call_in_every_way(data: &Data, collector: &Collector) -> Vec<String> {
    let visitor = Visitor::who_grants(collector, &["analytics", "lead_link"]);
    let session = &visitor.session;
    let mut event = visitor.event("page_view");
    event["page"] = json!({"url": "https://shop.example/hanako?email=hanako@example.jp",
        "title": "花子", "referrer": "https://shirokuma.example/hanako"});
    event["properties"] = json!({"tel": "090-1234-5678"});
    let good = visitor.batch(&[event.clone()]);
    let lead = session.sign(&session.lead(Some(&visitor.id)));
    let mut foreign = session.decision("custom", &["analytics"]);
    foreign["page"] = "https://shirokuma.example/hanako".into();
    let mut bad_lead = session.lead(Some(&visitor.id));
    bad_lead["fields"] = json!({"hanako": "花子", "email": "hanako"});
    event["name"] = "hanako".into();
    let other_events = visitor.batch(&[event]);
    let token = data.token("shop", &["query", "leads"]);

    let bodies = [
        good.clone(),
        good.replace("hanako", "shirokuma"),
        other_events,
        lead,
        session.sign(&foreign),
        session.sign(&bad_lead),
        session.sign(&json!({"hanako": "花子"})),
        json!({"site": "hanako", "visitor": null}).to_string(),
        json!({"site": "shop", "visitor": "hanako"}).to_string(),
        json!({"site": "shop", "visitor": "AAAAAAAAAAAAAAAAAAAAAA"}).to_string(),
        "hanako 花子 090-1234-5678".to_owned(),
        "hanako".repeat(12_000),
    ];
    let headers = [
        ("user-agent", "Netscape-Planted/4"),
        ("x-forwarded-for", "203.0.113.77"),
        ("forwarded", "for=203.0.113.77"),
        ("referer", "https://shop.example/hanako?email=hanako@example.jp"),
        ("cookie", "ashiato_visitor=hanako"),
        ("accept-language", "ja"),
    ];
    let send = |method: &str, path: &str, more: &[(&str, &str)], body: &str| {
        let request = headers
            .iter()
            .chain(more)
            .fold(collector.request(method, path), |request, (name, value)| {
                request.header(*name, *value)
            });
        // What is too long may be answered, and the connection ended, before it was all sent.
        let _ = collector.send(request, body.as_bytes());
    };
    let bearer = format!("Bearer {token}");
    let query = json!({"site": "shop", "metrics": ["visitors", "hanako"],
        "filters": [["is", "page", ["/hanako"]]], "date_range": ["2026-11-01", "花子"]});
    for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
        for body in &bodies {
            for origin in ["https://shop.example", "https://shirokuma.example"] {
                let more = [("content-type", "text/plain"), ("origin", origin)];
                send("POST", &format!("{path}?email=hanako@example.jp"), &more, body);
            }
        }
        send("POST", path, &[("content-type", "hanako/html")], &good);
        send("OPTIONS", path, &[("origin", "https://shirokuma.example")], "");
        send("DELETE", path, &[], "");
    }
    // A method, a name of a header and a version that only somebody else's client would send.
    for request in [
        "HANAKO /hanako HTTP/1.1\r\nHost: hanako\r\nConnection: close\r\n\r\n",
        "GET /hanako HTTP/1.1\r\nhanako hanako: hanako\r\n\r\n",
        "GET /hanako HANAKO/1.1\r\n\r\n",
        "花子\r\n\r\n",
    ] {
        let url = collector.url("");
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        assert!(stream.read_to_end(&mut Vec::new()).is_ok());
    }
    for path in [
        "/hanako/203.0.113.77?email=hanako@example.jp",
        "/s/hanako/ashiato.js",
        "/s/shop/hanako.wasm",
        "/s/shop/policy?lang=hanako&revision=1",
        "/s/shop/policy?revision=hanako",
        "/healthz?hanako",
        "/readyz?hanako",
        "/%ff/hanako",
    ] {
        send("GET", path, &[], "");
    }
    for bearer in [bearer.as_str(), "Bearer hanako", "hanako"] {
        let more = [("authorization", bearer), ("content-type", "application/json")];
        send("POST", "/api/v1/query", &more, &query.to_string());
        for path in [
            "/leads?site=shop",
            "/leads/hanako/timeline?site=shop",
            "/refusals?site=hanako",
            "/refusals?site=shop&from=hanako",
        ] {
            send("GET", &format!("/api/v1{path}"), &more, "");
        }
    }
    let key = consent_core::ids::base64url(&session.key);
    vec![visitor.id, visitor.session.text, key, visitor.receipt_id, token, good]
}

fn tells_of_nobody(log: &str, more: &[String]) {
    let planted = PLANTED.into_iter().chain(more.iter().map(String::as_str)).chain(["127.0.0.1"]);
    for secret in planted {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret:?} is in {line:?}");
    }
}

#[test]
fn a_log_as_text_tells_of_nobody_at_any_level() {
    let data = Data::new();
    let mut collector = start(&data, "text", "trace");
    let more = call_in_every_way(&data, &collector);
    collector.stop();
    let log = collector.log();
    tells_of_nobody(&log, &more);
    for told in [
        r#"method="POST" route="/v1/events" status=200"#,
        r#"route="/v1/events" status=401 code="unsigned""#,
        r#"route="none" status=404 code="not_found""#,
        r#"method="other" route="/v1/leads" status=405"#,
        r#"method="other" route="none" status=404"#,
    ] {
        assert!(log.lines().any(|line| line.contains(told)), "{told} in\n{log}");
    }
}

#[test]
fn a_log_as_json_tells_of_nobody_at_any_level_and_every_line_is_an_object() {
    let data = Data::new();
    let mut collector = start(&data, "json", "trace");
    let more = call_in_every_way(&data, &collector);
    collector.stop();
    let log = collector.log();
    tells_of_nobody(&log, &more);
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let stored = lines.iter().find(|line| line["route"] == "/v1/events" && line["status"] == 200);
    let stored = stored.unwrap();
    assert_eq!((&stored["level"], &stored["method"]), (&json!("INFO"), &json!("POST")));
    assert!(stored["ms"].as_f64().unwrap() > 0.0, "{stored}");
    assert_eq!(stored["span"]["id"].as_str().unwrap().len(), 16, "{stored}");
}

#[test]
fn a_database_that_fails_is_told_of_without_what_it_was_given() {
    let data = Data::new();
    let mut collector = start(&data, "text", "trace");
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let mut lead = visitor.session.lead(Some(&visitor.id));
    lead["page"]["url"] = "https://shop.example/hanako".into();
    lead["fields"] =
        json!({"name": "花子", "email": "hanako@example.jp", "message": "090-1234-5678"});
    let mut event = visitor.event("page_view");
    event["page"]["title"] = "花子".into();
    let mut database = data.database();
    // PostgreSQL says of a row that it does not take what is in it.
    database.run(match data.database_url().starts_with("sqlite:") {
        true => {
            "CREATE TRIGGER none_more BEFORE INSERT ON lead BEGIN SELECT RAISE(ABORT, 'none'); END"
        }
        false => "ALTER TABLE lead ADD CONSTRAINT none_more CHECK (page = '')",
    });
    let refused = collector.post("/v1/leads", visitor.session.sign(&lead));
    assert_eq!(refused.status, 503, "{refused:?}");
    database.lock();
    let batch = visitor.batch(&[event]);
    assert_eq!(collector.post("/v1/events", batch.as_str()).status, 503);
    database.unlock();
    collector.stop();
    let log = collector.log();
    assert!(log.matches("the database did not answer").count() >= 2, "{log}");
    tells_of_nobody(&log, &[visitor.id, visitor.session.text, batch]);
}

#[test]
fn a_problem_carries_the_id_by_which_its_line_is_found_and_nothing_else_does() {
    let data = Data::new();
    let mut collector = start(&data, "json", "info");
    let refused = collector.post("/v1/events", "x");
    let id = refused.header("x-request-id").to_owned();
    assert_eq!(id.len(), 16, "{refused:?}");
    for path in ["/s/shop/ashiato.js", "/s/shop/policy", "/healthz"] {
        assert_eq!(collector.get(path).header("x-request-id"), "", "{path}: a browser may keep it");
    }
    collector.stop();
    let log = collector.log();
    let line: Value =
        serde_json::from_str(log.lines().find(|line| line.contains(&id)).unwrap()).unwrap();
    assert_eq!((&line["code"], &line["status"]), (&json!("unsigned"), &json!(401)));
}
