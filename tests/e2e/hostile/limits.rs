//! Callers who call too much, and bots.

use ashiato_tests::{Answer, Collector, Data, OTHER, SHOP, Visitor, wait_for};

const OPEN: &str = r#"{"site":"shop","visitor":null}"#;

/// Opens a session for the caller that a proxy names.
fn open_for(collector: &Collector, header: (&str, &str)) -> Answer {
    let request = collector.request("POST", "/v1/sessions");
    let request = request.header("content-type", "text/plain").header("origin", SHOP);
    collector.send(request.header(header.0, header.1), OPEN).unwrap()
}

/// Calls until it is refused; how often it was not, and the refusal.
fn until_refused(call: impl Fn() -> Answer) -> (usize, Answer) {
    let mut taken = 0;
    loop {
        let answer = call();
        if answer.status == 429 {
            return (taken, answer);
        }
        assert!(answer.status < 300, "{answer:?}");
        taken += 1;
        assert!(taken < 500, "there is no limit");
    }
}

#[test]
fn an_address_that_calls_too_much_is_told_when_to_come_again() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &["--rate-per-address", "1"]);
    let (taken, refused) = until_refused(|| collector.post("/v1/sessions", OPEN));
    assert!((10..15).contains(&taken), "ten seconds' worth at once: {taken}");
    assert_eq!(refused.problem(429), "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("access-control-allow-origin"), SHOP, "the page can read it");
    assert_eq!(refused.header("access-control-expose-headers"), "Retry-After");
    assert_eq!(collector.get("/s/shop/policy").problem(429), "rate_limited");
    assert_eq!(
        collector.get("/healthz").status,
        200,
        "whoever watches the collector is not counted"
    );
    assert!(!collector.log().contains("127.0.0.1"), "{}", collector.log());
}

#[test]
fn only_a_trusted_proxy_says_whose_call_it_is() {
    let data = Data::new();
    let strict = ["--rate-per-address", "1"];
    let collector = Collector::start_with(&data, &strict);
    let (taken, _) = until_refused(|| open_for(&collector, ("x-forwarded-for", "192.0.2.1")));
    assert!(taken >= 10);
    let other = open_for(&collector, ("x-forwarded-for", "192.0.2.2"));
    assert_eq!(other.problem(429), "rate_limited", "anybody can write that header");
    assert!(collector.log().contains("--trusted-proxy"), "{}", collector.log());

    let trusting = [&strict[..], &["--trusted-proxy", "127.0.0.0/8"]].concat();
    let collector = Collector::start_with(&data, &trusting);
    let _ = until_refused(|| open_for(&collector, ("x-forwarded-for", "192.0.2.1")));
    assert_eq!(open_for(&collector, ("x-forwarded-for", "192.0.2.2")).status, 200);
    let forged = open_for(&collector, ("x-forwarded-for", "192.0.2.9, 192.0.2.1"));
    assert_eq!(forged.status, 429, "what stands at the left is the caller's own");

    let by_forwarded = [&trusting[..], &["--proxy-header", "forwarded"]].concat();
    let collector = Collector::start_with(&data, &by_forwarded);
    let one = ("forwarded", "for=\"[2001:db8:1:2::1]:4711\";proto=https");
    let _ = until_refused(|| open_for(&collector, one));
    assert_eq!(open_for(&collector, ("forwarded", "for=\"[2001:db8:1:2::9]\"")).status, 429);
    assert_eq!(open_for(&collector, ("forwarded", "for=\"[2001:db8:1:3::1]\"")).status, 200);
}

#[test]
fn a_session_or_a_site_that_calls_too_much_leaves_the_others_alone() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &["--rate-per-session", "1"]);
    let [one, other] = [(); 2].map(|()| Visitor::who_grants(&collector, &["analytics"]));
    let send = |visitor: &Visitor| visitor.send(&collector, &[visitor.event("page_view")]);
    let (taken, refused) = until_refused(|| send(&one));
    assert!((10..15).contains(&taken), "{taken}");
    assert_eq!(refused.problem(429), "rate_limited");
    assert_eq!(send(&other).status, 200);

    let collector = Collector::start_with(&data, &["--rate-per-site", "1"]);
    let _ = until_refused(|| collector.post("/v1/sessions", OPEN));
    let request = collector.request("POST", "/v1/sessions");
    let request = request.header("content-type", "text/plain").header("origin", OTHER);
    let answer = collector.send(request, r#"{"site":"other","visitor":null}"#).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_page_in_ordinary_use_and_a_whole_office_meet_no_limit() {
    let data = Data::new();
    let collector = Collector::start(&data);
    for _ in 0..30 {
        let visitor = Visitor::who_grants(&collector, &["analytics"]);
        for _ in 0..10 {
            assert_eq!(visitor.send(&collector, &[visitor.event("page_view")]).status, 200);
        }
    }
}

#[test]
fn a_bot_gets_no_session_and_is_counted_without_being_named() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for _ in 0..3 {
        let answer = open_for(&collector, ("user-agent", agent));
        assert_eq!(answer.problem(403), "bot");
    }
    let loader = collector.get("/s/shop/ashiato.js").body;
    let part = loader.split_once("\"ui.ja\":\"").unwrap().1.split('"').next().unwrap();
    let fetch = collector.request("GET", &format!("/s/shop/{part}"));
    let fetch = fetch.header("user-agent", agent).header("accept-encoding", "br");
    assert_eq!(collector.status(fetch).unwrap(), 200);
    let loader = collector.request("GET", "/s/shop/ashiato.js").header("user-agent", agent);
    assert_eq!(collector.status(loader.header("referer", SHOP)).unwrap(), 200);
    // What was counted as asked before a decision would be committed with it.
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let mut database = data.database();
    let bots = "SELECT COALESCE(SUM(n), 0) FROM refusal WHERE reason = 'bot' AND event = ''";
    let bots = format!("SELECT CAST(({bots}) AS BIGINT)");
    wait_for("all bots counted", || (database.number(&bots) == 3).then_some(()));
    assert_eq!(database.number("SELECT count(*) FROM tally WHERE kind = 'asked'"), 0);
    assert!(!collector.log().contains("Googlebot"), "{}", collector.log());
}
