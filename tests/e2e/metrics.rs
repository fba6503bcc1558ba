//! The collector's figures, on a listener of their own.

use ashiato_tests::{Collector, Data, Visitor, http};
use ureq::http::Request;

/// Where the figures are, as the log says.
fn address(collector: &Collector) -> String {
    let log = collector.log();
    let line = log.lines().find(|line| line.contains("figures are at")).unwrap();
    let address = line.split("address=").nth(1).unwrap();
    format!("http://{}/metrics", address.split_whitespace().next().unwrap())
}

fn figures(address: &str) -> String {
    let request = Request::get(address).body(Vec::new()).unwrap();
    let answer = http::send(&http::agent(), request).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.body
}

/// The value of a series.
fn value(figures: &str, series: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| unreachable!("{series} in\n{figures}")).parse().unwrap()
}

#[test]
fn what_is_stored_refused_and_waited_for_is_counted_without_anybody_in_it() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &["--metrics-listen", "127.0.0.1:0"]);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let event = visitor.event("page_view");
    let _ = visitor.send(&collector, &[event.clone(), visitor.event("page_vieu")]).expect(200);
    let _ = visitor.send(&collector, &[event]).expect(200);
    let _ = visitor.send_lead(&collector).expect(201);
    assert_eq!(collector.post("/v1/events", "hanako").problem(401), "unsigned");
    assert_eq!(collector.get("/hanako?email=hanako@example.jp").status, 404);
    let told = figures(&address(&collector));
    for (series, count) in [
        ("ashiato_events_stored_total", 1.0),
        ("ashiato_events_duplicate_total", 1.0),
        (r#"ashiato_events_refused_total{reason="unknown_event"}"#, 1.0),
        (r#"ashiato_calls_refused_total{reason="unsigned"}"#, 1.0),
        (r#"ashiato_decisions_total{method="custom"}"#, 1.0),
        ("ashiato_leads_total", 1.0),
        ("ashiato_sessions_opened_total", 1.0),
        ("ashiato_consent_log_entries", 1.0),
        ("ashiato_writer_queue_depth", 0.0),
        (
            r#"ashiato_http_request_duration_seconds_count{route="/v1/events",method="POST",status="200"}"#,
            2.0,
        ),
        (
            r#"ashiato_http_request_duration_seconds_count{route="none",method="GET",status="404"}"#,
            1.0,
        ),
    ] {
        assert!((value(&told, series) - count).abs() < 0.5, "{series} in\n{told}");
    }
    assert!(value(&told, "ashiato_writer_group_size_count") >= 4.0);
    assert!(value(&told, "ashiato_writer_commit_duration_seconds_sum") > 0.0);
    assert!(value(&told, "ashiato_database_size_bytes") > 10_000.0);
    for secret in ["hanako", &visitor.id, &visitor.session.text, "shop"] {
        assert!(!told.contains(secret), "{secret} in\n{told}");
    }
    assert_eq!(collector.get("/metrics").status, 404, "not for the world to see");
}

#[test]
fn figures_are_told_while_the_database_is_locked() {
    // Of a file the size is known without asking the database.
    let data = Data::empty_on_sqlite().with_sites();
    let collector = Collector::start_with(&data, &["--metrics-listen", "127.0.0.1:0"]);
    let mut other = data.database();
    other.lock();
    assert!(value(&figures(&address(&collector)), "ashiato_database_size_bytes") > 10_000.0);
}

#[test]
fn a_scrape_that_stays_connected_does_not_keep_it_from_stopping() {
    let data = Data::new();
    let mut collector = Collector::start_with(&data, &["--metrics-listen", "127.0.0.1:0"]);
    let agent = http::agent();
    let request = Request::get(address(&collector)).body(Vec::new()).unwrap();
    assert_eq!(http::send(&agent, request).unwrap().status, 200);
    collector.stop();
}
