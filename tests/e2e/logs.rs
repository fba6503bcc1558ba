//! The log tells of every request, and of nobody.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use ashiato_postgres::Cluster;
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
        r#"method="DELETE" route="/v1/leads" status=405"#,
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

/// Has a row refused in the database's own words, which quote it.
fn refuse_rows(data: &Data) {
    data.database().run(if data.is_sqlite() {
        "CREATE TRIGGER no_event BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no hanako'); END; \
         CREATE TRIGGER no_lead BEFORE INSERT ON lead BEGIN SELECT RAISE(ABORT, 'no 花子'); END;"
    } else {
        // One that quotes what it refuses, and another that fails to read it.
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            RAISE WARNING 'no %', NEW.page; RAISE EXCEPTION 'no %', NEW.page; END $$; \
         CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            NEW.received_at := NEW.page::BIGINT; RETURN NEW; END $$; \
         CREATE TRIGGER no BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION no(); \
         CREATE TRIGGER odd BEFORE INSERT ON lead FOR EACH ROW EXECUTE FUNCTION odd();"
    });
}

/// Calls that write, with something of somebody in each, while the database refuses rows, is locked, and is
/// gone. Answers what else must not be told.
fn call_while_it_fails(data: &mut Data, format: &str) -> (String, Vec<String>) {
    let mut collector = start(data, format, "trace");
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let session = &visitor.session;
    let mut event = visitor.event("page_view");
    event["page"] = json!({"url": "https://shop.example/hanako", "title": "花子",
        "referrer": "https://shirokuma.example/"});
    event["properties"] = json!({"tel": "090-1234-5678"});
    let mut lead = session.lead(Some(&visitor.id));
    lead["page"]["url"] = "https://shop.example/hanako".into();
    let decision = session.decision("custom", &["analytics"]);
    let calls = [
        ("/v1/events", visitor.batch(&[event])),
        ("/v1/leads", session.sign(&lead)),
        ("/v1/consents", session.sign(&decision)),
    ];
    let post_all = |calls: &[(&str, String)]| {
        std::thread::scope(|scope| {
            for (path, body) in calls {
                let collector = &collector;
                scope.spawn(move || {
                    assert_eq!(collector.post(path, body.as_bytes()).problem(503), "unavailable");
                });
            }
        });
    };
    refuse_rows(data);
    // Each by itself: of those in one group, the first to fail is told of.
    post_all(&calls[..1]);
    post_all(&calls[1..2]);
    let mut locker = data.database();
    locker.lock();
    post_all(&calls);
    locker.unlock();
    if let Some(server) = data.server() {
        server.freeze().unwrap();
        post_all(&calls);
        server.thaw().unwrap();
    }
    collector.stop();
    let key = consent_core::ids::base64url(&session.key);
    let more = vec![visitor.id.clone(), session.text.clone(), key, visitor.receipt_id.clone()];
    (collector.log(), more)
}

fn tells_of_failures_and_of_nobody(mut data: Data, format: &str, kinds: [&str; 3]) {
    let (log, more) = call_while_it_fails(&mut data, format);
    tells_of_nobody(&log, &more);
    // What can be told is told: of which kind it was, and where.
    for kind in kinds {
        let mut failures = log.lines().filter(|line| line.contains("the database did not answer"));
        assert!(failures.any(|line| line.contains(kind)), "{kind} in\n{log}");
    }
}

#[test]
fn a_file_that_fails_is_told_of_and_nobody_whose_rows_are_refused() {
    let data = Data::empty_on_sqlite().with_sites();
    tells_of_failures_and_of_nobody(data, "text", ["code 1811", "locked", "locked"]);
}

#[test]
fn a_server_that_fails_is_told_of_and_nobody_whose_rows_it_quotes() {
    let data = Data::empty_on(Cluster::start().unwrap()).with_sites();
    tells_of_failures_and_of_nobody(
        data,
        "json",
        ["code P0001", "lock timeout", "not answered in"],
    );
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
