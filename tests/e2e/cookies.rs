//! The visitor's cookies, set by the collector where it is same-site with the page.

use ashiato_tests::{Answer, Collector, Data, OTHER, SHOP, Session, Visitor, data::shop_file};
use serde_json::{Value, json};

const BESIDE: &str = "https://consent.shop.example";
const EVERYTHING: [&str; 4] = ["functional", "analytics", "marketing", "lead_link"];
const DAY: u64 = 86_400;

/// A collector beside the shop's pages.
fn beside(data: &Data) -> Collector {
    Collector::start_as(data, BESIDE)
}

fn send(collector: &Collector, session: &Session, decision: &Value) -> Answer {
    collector.post("/v1/consents", session.sign(decision))
}

/// What the consent cookie says: revision, bits and receipt.
fn said(answer: &Answer) -> (String, String, Option<String>) {
    let cookies = answer.cookies();
    let value = cookies.iter().find_map(|(pair, _)| pair.strip_prefix("ashiato_consent="));
    let mut parts = value.unwrap().split('.').map(str::to_owned);
    let revision = parts.next().unwrap();
    let _time = parts.next().unwrap();
    (revision, parts.next().unwrap(), parts.next())
}

fn attributes(days: u64) -> Vec<String> {
    vec![
        format!("Max-Age={}", days * DAY),
        "Path=/".to_owned(),
        "SameSite=Lax".to_owned(),
        "Secure".to_owned(),
        "Domain=shop.example".to_owned(),
    ]
}

#[test]
fn a_yes_sets_both_cookies_on_the_domain_for_as_long_as_the_site_says() {
    let data = Data::new();
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    let answer = send(&collector, &session, &session.decision("accept_all", &EVERYTHING));
    let json = answer.expect(201);
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[0].0.starts_with("ashiato_consent=1."), "{cookies:?}");
    assert_eq!(cookies[0].1, attributes(180));
    assert_eq!(cookies[1].0, format!("ashiato_visitor={}", json["visitor"].as_str().unwrap()));
    assert_eq!(cookies[1].1, attributes(365));
    let receipt = json["receipt_id"].as_str().unwrap().to_owned();
    assert_eq!(said(&answer), ("1".to_owned(), "1f".to_owned(), Some(receipt)));
}

#[test]
fn its_time_is_the_pages_own_and_not_the_one_corrected_by_the_collector() {
    let data = Data::new();
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    // A page whose clock is two hours behind makes its ids by it.
    let behind = Session { now: session.now.plus(-7_200_000), ..session.clone() };
    let mut decision = session.decision("custom", &["functional"]);
    decision["id"] = behind.fresh_id().into();
    let answer = send(&collector, &session, &decision);
    let _ = answer.expect(201);
    let cookies = answer.cookies();
    let time = cookies[0].0.split('.').nth(1).unwrap();
    assert_eq!(i64::from_str_radix(time, 36).unwrap(), behind.now.0);
}

#[test]
fn a_first_refusal_gets_its_cookie_without_an_identifier_and_leaves_no_number() {
    let data = Data::new();
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    let answer = send(&collector, &session, &session.decision("reject_all", &[]));
    let json = answer.expect(201);
    assert!(json["visitor"].is_null() && json["receipt_id"].is_null());
    assert_eq!(said(&answer), ("1".to_owned(), "0".to_owned(), None));
    let cookies = answer.cookies();
    assert_eq!(cookies[0].1, attributes(180));
    assert_eq!(cookies[1], ("ashiato_visitor=", attributes(0).iter().map(|a| &**a).collect()));
}

#[test]
fn a_decision_that_needs_no_number_any_more_takes_it_away_and_one_that_does_leaves_it() {
    let data = Data::new();
    let collector = beside(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let more = visitor.decide(&collector, "custom", &["analytics", "marketing"]);
    let _ = more.expect(201);
    assert_eq!(more.cookies().len(), 1, "the number is not known by itself: {more:?}");
    let less = visitor.decide(&collector, "custom", &["functional"]);
    let _ = less.expect(201);
    assert_eq!(said(&less).1, "1");
    assert_eq!(less.cookies()[1].0, "ashiato_visitor=");
    assert_eq!(less.cookies()[1].1[0], "Max-Age=0");
    let nothing = visitor.decide(&collector, "withdraw", &[]);
    let _ = nothing.expect(201);
    assert_eq!(said(&nothing), ("1".to_owned(), "0".to_owned(), None));
    assert_eq!(nothing.cookies()[1].1[0], "Max-Age=0");
}

#[test]
fn an_answer_that_was_lost_sets_the_cookies_when_it_is_given_again() {
    let data = Data::new();
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    let decision = session.decision("custom", &["analytics"]);
    let first = send(&collector, &session, &decision);
    let again = send(&collector, &session, &decision);
    assert_eq!(first.cookies(), again.cookies());
    assert_eq!(again.cookies().len(), 2);
}

#[test]
fn a_decision_that_is_no_longer_in_force_sets_nothing() {
    let data = Data::new();
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    let refusal = session.decision("reject_all", &[]);
    let _ = send(&collector, &session, &refusal).expect(201);
    let again = send(&collector, &session, &refusal);
    let _ = again.expect(201);
    assert_eq!(again.cookies(), [], "its browser may have agreed since");

    let yes = session.decision("custom", &["analytics"]);
    let answer = send(&collector, &session, &yes).expect(201);
    let visitor = session.continued(&answer);
    let _ = send(&collector, &visitor, &visitor.decision("withdraw", &[])).expect(201);
    let again = send(&collector, &session, &yes);
    let _ = again.expect(201);
    assert_eq!(again.cookies(), [], "an old yes must not come back");

    let late = Session { now: session.now.plus(-10_000), ..visitor };
    let superseded =
        send(&collector, &visitor_at(&late, session.now), &late.decision("custom", &["analytics"]));
    assert_eq!(superseded.problem(422), "content");
    assert_eq!(superseded.cookies(), []);
}

/// A session whose signatures are of another time than its decisions.
fn visitor_at(session: &Session, now: consent_core::time::Millis) -> Session {
    Session { now, ..session.clone() }
}

#[test]
fn no_other_call_sets_a_cookie() {
    let data = Data::new();
    let collector = beside(&data);
    let visitor = Visitor::who_grants(&collector, &EVERYTHING);
    let body = json!({"site": "shop", "visitor": visitor.id}).to_string();
    for answer in [
        collector.post("/v1/sessions", body),
        visitor.send(&collector, &[visitor.event("page_view")]),
        visitor.send_lead(&collector),
        collector.get("/s/shop/ashiato.js"),
        collector.get("/s/shop/policy"),
    ] {
        assert!(answer.status < 300, "{answer:?}");
        assert_eq!(answer.cookies(), []);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[test]
fn cookies_that_a_browser_sends_along_change_nothing() {
    let data = Data::new();
    let collector = beside(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let session = Session::open(&collector, None);
    let post = |cookie: &str| {
        let request = collector.request("POST", "/v1/consents");
        let request = request.header("content-type", "text/plain").header("origin", SHOP);
        let body = session.sign(&session.decision("reject_all", &[]));
        collector.send(request.header("cookie", cookie), body).unwrap()
    };
    let own = format!("ashiato_visitor={}; ashiato_consent=1.mywpiww0.1f", visitor.id);
    let answer = post(&own);
    assert!(answer.expect(201)["receipt"].is_null(), "a first refusal, whoever the cookie names");
    let other = post("ashiato_visitor=rubbish; =;;");
    assert_eq!(other.status, 201);
    assert_eq!(data.database().number("SELECT count(*) FROM consent_grant"), 2, "nobody withdrew");
    assert!(!collector.log().contains(&visitor.id));
}

#[test]
fn only_pages_of_the_same_site_may_send_credentials() {
    let data = Data::new();
    let collector = beside(&data);
    let call = |origin: &str, body: &str| {
        let request = collector.request("POST", "/v1/consents").header("origin", origin);
        collector.send(request.header("content-type", "text/plain"), body).unwrap()
    };
    for (origin, allowed, credentials) in [
        (SHOP, SHOP, "true"),
        (OTHER, OTHER, ""),
        ("https://blog.shop.example", "", ""),
        ("http://shop.example", "", ""),
        ("https://shop.example.evil.example", "", ""),
        ("null", "", ""),
    ] {
        // A problem too has to be readable by the page that caused it.
        let answer = call(origin, "no signature");
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), credentials, "{origin}");
        assert_eq!(answer.cookies(), []);
    }
}

#[test]
fn a_site_of_another_domain_sets_its_cookies_itself() {
    let data = Data::new();
    let collector = Collector::start_as(&data, "https://collector.example");
    let session = Session::open(&collector, None);
    let answer = send(&collector, &session, &session.decision("accept_all", &EVERYTHING));
    let _ = answer.expect(201);
    assert_eq!(answer.cookies(), []);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[test]
fn on_one_host_the_cookies_are_that_hosts_alone_and_localhost_goes_without_secure() {
    let data = Data::empty();
    data.apply(&shop_file().replace(SHOP, "http://localhost:8081"));
    let collector = Collector::start_as(&data, "http://localhost:8080");
    let call = |path: &str, body: String| {
        let request = collector.request("POST", path).header("origin", "http://localhost:8081");
        collector.send(request.header("content-type", "text/plain"), body).unwrap()
    };
    let opened = call("/v1/sessions", json!({"site": "shop", "visitor": null}).to_string());
    let blank = Session {
        text: String::new(),
        key: [0; 32],
        now: consent_core::time::Millis(opened.json()["now"].as_i64().unwrap()),
        revision: 1,
    };
    let session = blank.continued(&opened.expect(200));
    let mut decision = session.decision("custom", &["functional"]);
    decision["page"] = "http://localhost:8081/".into();
    let answer = call("/v1/consents", session.sign(&decision));
    let _ = answer.expect(201);
    let attributes = [&*format!("Max-Age={}", 180 * DAY), "Path=/", "SameSite=Lax"];
    assert_eq!(answer.cookies()[0].1, attributes);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
}

#[test]
fn two_sites_under_one_domain_are_told_apart_and_the_log_says_so_once() {
    let data = Data::new();
    let blog = shop_file()
        .replacen("key = \"shop\"", "key = \"blog\"", 1)
        .replace(SHOP, "https://blog.shop.example");
    data.apply(&blog);
    let collector = beside(&data);
    let session = Session::open(&collector, None);
    let answer = send(&collector, &session, &session.decision("accept_all", &EVERYTHING));
    let _ = answer.expect(201);
    assert_eq!(answer.cookies(), []);
    let log = collector.log();
    let warned = log.lines().filter(|line| line.contains("two sites have pages under one domain"));
    assert_eq!(warned.count(), 2, "once for each of the two: {log}");
}
