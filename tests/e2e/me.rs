//! The visitor's own page, as a browser asks for it: what opens it, what its forms do, and whom they obey.

use std::thread;

use ashiato_tests::{Answer, Collector, Data, SHOP, Session, Visitor};
use serde_json::json;

const HERE: &str = "http://localhost:8080";
const FORM: &str = "application/x-www-form-urlencoded";
const GRANTED: [&str; 3] = ["analytics", "marketing", "lead_link"];

/// A form as a browser sends it.
fn form(fields: &[(&str, &str)]) -> String {
    let plain = |text: &str| -> String {
        let escaped = |byte: u8| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(escaped).collect()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    pairs.join("&")
}

/// What a page of the site has signed to open the visitor's own page.
fn code(session: &Session, site: &str) -> String {
    let payload = json!({"site": site, "open": "me", "nonce": session.fresh_id()});
    let body = session.sign(&payload);
    let (signature, payload) = body.split_once('\n').unwrap();
    form(&[("signature", signature), ("payload", payload)])
}

fn post(collector: &Collector, path: &str, (origin, cookie): (&str, &str), body: &str) -> Answer {
    let request = collector.request("POST", path).header("content-type", FORM);
    let request = request.header("origin", origin).header("cookie", cookie);
    collector.send(request.header("accept-language", "en"), body).unwrap()
}

fn open(collector: &Collector, code: &str) -> Answer {
    post(collector, "/s/shop/me", (SHOP, ""), code)
}

/// The cookie of the page's session, as the next request carries it.
fn held(answer: &Answer) -> String {
    let cookies = answer.cookies();
    let own = cookies.iter().find(|(pair, _)| pair.starts_with("ashiato_me="));
    own.expect("it is opened").0.to_owned()
}

pub(crate) fn opened(collector: &Collector, visitor: &Visitor) -> String {
    held(&open(collector, &code(&visitor.session, "shop")))
}

pub(crate) fn act(
    collector: &Collector,
    act: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> Answer {
    post(collector, &format!("/s/shop/me/{act}"), (HERE, cookie), &form(fields))
}

/// What the page says next of what was done.
fn said(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookies = answer.cookies();
    let said = cookies.iter().find_map(|(pair, _)| pair.strip_prefix("ashiato_me_notice="));
    said.unwrap_or_default().to_owned()
}

/// A page that a person sees, and which says that.
fn is_page(answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.body.contains(says), "{says:?} in {}", answer.body);
}

pub(crate) fn shown(collector: &Collector, cookie: &str) -> Answer {
    let request = collector.request("GET", "/s/shop/me?lang=en").header("cookie", cookie);
    collector.send(request, []).unwrap()
}

fn rows<const N: usize>(data: &Data, tables: [&str; N]) -> [i64; N] {
    let mut database = data.database();
    tables.map(|table| database.number(&format!("SELECT count(*) FROM {table}")))
}

#[test]
fn what_one_collector_opened_another_shows_and_a_code_sent_to_both_opens_one() {
    let data = Data::new();
    let [one, other] = [(); 2].map(|()| Collector::start(&data));
    let visitor = Visitor::who_grants(&one, &GRANTED);
    assert_eq!(visitor.send(&one, &[visitor.event("page_view")]).expect(200)["stored"], 1);
    let cookie = opened(&one, &visitor);
    is_page(&shown(&other, &cookie), 200, "Page viewed");
    for _ in 0..5 {
        let code = code(&visitor.session, "shop");
        let answers = thread::scope(|scope| {
            let sent = [&one, &other].map(|to| scope.spawn(|| open(to, &code)));
            sent.map(|sent| sent.join().unwrap())
        });
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 410]);
    }
    let _ = said(&act(&other, "withdraw", &cookie, &[]));
    assert_eq!(rows(&data, ["event", "consent_grant", "decision"]), [0, 0, 2]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_code_is_good_for_two_minutes_and_a_session_of_the_page_for_fifteen() {
    let data = Data::new();
    let clock = ashiato_tests::clock::Clock::new(&data);
    let flags = ["--public-url", HERE];
    let collector = Collector::start_in(&data, &flags, &clock.environment());
    let visitor = Visitor::who_grants(&collector, &GRANTED);
    let cookie = opened(&collector, &visitor);
    let late = code(&visitor.session, "shop");
    clock.set(125);
    is_page(&open(&collector, &late), 401, "too long to open");
    is_page(&shown(&collector, &cookie), 200, "id=\"choice\"");
    clock.set(-125);
    is_page(&open(&collector, &late), 401, "too long to open");
    clock.set(15 * 60 + 5);
    assert!(!shown(&collector, &cookie).body.contains("id=\"choice\""));
    assert_eq!(said(&act(&collector, "withdraw", &cookie, &[])), "me_ended");
    assert_eq!(rows(&data, ["decision"]), [1]);
}

#[test]
fn nothing_but_the_visitors_own_code_and_cookie_opens_the_page() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &GRANTED);
    let cookie = opened(&collector, &visitor);
    // Each letter of the cookie counts.
    for at in ["ashiato_me=".len(), cookie.len() / 2, cookie.len() - 2] {
        let mut bytes = cookie.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).unwrap();
        assert!(!shown(&collector, &altered).body.contains("id=\"choice\""), "{at}");
        assert_eq!(said(&act(&collector, "withdraw", &altered, &[])), "me_ended");
    }
    // A session of the wire is none of the page's, and the other way round.
    let wire = format!("ashiato_me={}", visitor.session.text);
    assert!(!shown(&collector, &wire).body.contains("id=\"choice\""));
    // Another site's, by its page or by this one.
    is_page(&open(&collector, &code(&visitor.session, "other")), 401, "could not be opened");
    let other = post(&collector, "/s/other/me", (SHOP, ""), &code(&visitor.session, "shop"));
    assert!(other.status >= 400 && other.cookies().is_empty(), "{other:?}");
    let elsewhere = collector.request("GET", "/s/other/me").header("cookie", &cookie);
    assert!(!collector.send(elsewhere, []).unwrap().body.contains("id=\"choice\""));
    // A foreign page, with a good code.
    let good = code(&visitor.session, "shop");
    let foreign = post(&collector, "/s/shop/me", ("https://elsewhere.example", ""), &good);
    is_page(&foreign, 403, "could not be opened");
    assert_eq!(foreign.cookies(), []);
    // Nobody's session shows nothing.
    let nobody = Session::open(&collector, None);
    is_page(&open(&collector, &code(&nobody, "shop")), 200, "Nothing is held");
}

#[test]
fn a_form_is_obeyed_only_of_the_page_itself_under_its_session_and_of_what_was_seen() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &GRANTED);
    let cookie = opened(&collector, &visitor);
    for name in ["choice", "withdraw", "download", "erase"] {
        let path = format!("/s/shop/me/{name}");
        let body = form(&[("sure", "on"), ("revision", "1")]);
        for origin in [SHOP, "null", "https://elsewhere.example"] {
            is_page(&post(&collector, &path, (origin, &cookie), &body), 403, "could not be opened");
        }
        assert_eq!(said(&post(&collector, &path, (HERE, ""), &body)), "me_ended", "{name}");
    }
    for old in [&[("revision", "0")][..], &[]] {
        assert_eq!(said(&act(&collector, "choice", &cookie, old)), "me_changed");
    }
    assert_eq!(said(&act(&collector, "erase", &cookie, &[])), "me_unsure");
    assert_eq!(act(&collector, "anything", &cookie, &[]).status, 404);
    assert_eq!(rows(&data, ["decision", "visitor"]), [1, 1], "nothing has changed");
    assert_eq!(said(&act(&collector, "choice", &cookie, &[("revision", "1")])), "me_done");
    assert_eq!(rows(&data, ["decision", "consent_grant"]), [2, 0]);
}

#[test]
fn whoever_calls_too_much_is_told_so_by_a_page() {
    let data = Data::new();
    for flag in ["--rate-per-site", "--rate-per-address"] {
        let collector = Collector::start_with(&data, &["--public-url", HERE, flag, "1"]);
        let refused = (0..40).map(|_| shown(&collector, "")).find(|answer| answer.status != 200);
        let refused = refused.expect("somebody is asked to wait");
        is_page(&refused, 429, "Too many people");
        assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    }
}

#[test]
fn what_was_decided_on_the_page_is_told_with_the_next_session() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &GRANTED);
    let open = || {
        let body = json!({"site": "shop", "visitor": visitor.id}).to_string();
        let answer = collector.post("/v1/sessions", body).expect(200);
        answer["decision"].as_str().unwrap().to_owned()
    };
    let before = open();
    assert!(before.ends_with(&format!(".{}", visitor.receipt_id)), "{before}");
    let body = json!({"site": "shop"}).to_string();
    assert!(collector.post("/v1/sessions", body).expect(200)["decision"].is_null());
    let cookie = opened(&collector, &visitor);
    assert_eq!(said(&act(&collector, "withdraw", &cookie, &[])), "me_done");
    let after = open();
    let parts: Vec<_> = after.split('.').collect();
    assert_eq!((parts.len(), parts[0], parts[2]), (3, "1", "0"), "{after}");
    let time = |cookie: &str| i64::from_str_radix(cookie.split('.').nth(1).unwrap(), 36).unwrap();
    assert!(time(&after) > time(&before));
}

#[test]
fn two_erasures_at_once_erase_once_and_nothing_knows_the_visitor_any_more() {
    let data = Data::new();
    let [one, other] = [(); 2].map(|()| Collector::start(&data));
    let visitor = Visitor::who_grants(&one, &GRANTED);
    assert_eq!(visitor.send(&one, &[visitor.event("page_view")]).expect(200)["stored"], 1);
    let lead = visitor.send_lead(&one).expect(201);
    assert_eq!(lead["linked"], true);
    let cookies = [&one, &other].map(|collector| opened(collector, &visitor));
    let answers = thread::scope(|scope| {
        let sent = [(&one, &cookies[0]), (&other, &cookies[1])]
            .map(|(to, cookie)| scope.spawn(move || act(to, "erase", cookie, &[("sure", "on")])));
        sent.map(|sent| sent.join().unwrap())
    });
    let mut all = answers.map(|answer| said(&answer));
    all.sort_unstable();
    assert_eq!(all, ["me_erased", "me_gone"]);
    let tables = ["event", "consent_grant", "lead_link", "decision", "visitor", "log_leaf"];
    assert_eq!(rows(&data, tables), [0, 0, 0, 0, 0, 2]);

    let again = json!({"site": "shop", "visitor": visitor.id}).to_string();
    assert_eq!(one.post("/v1/sessions", again).problem(401), "visitor_unknown");
    let late = visitor.send(&one, &[visitor.event("page_view")]).expect(200);
    assert_eq!(late["refused"][0]["reason"], "not_granted");
    assert_eq!(visitor.decide(&other, "custom", &["analytics"]).problem(401), "visitor_unknown");
    // Their session may still sign: it opens a page on which nothing is.
    let cookie = opened(&one, &visitor);
    is_page(&shown(&other, &cookie), 200, "Nothing is held");
}

#[test]
fn the_log_verifies_after_an_erasure_and_tells_of_nobody() {
    let data = Data::new();
    let environment = [("ASHIATO_LOG", "debug")];
    let collector = Collector::start_in(&data, &["--public-url", HERE], &environment);
    let visitor = Visitor::who_grants(&collector, &GRANTED);
    let _ = visitor.decide(&collector, "custom", &["analytics"]).expect(201);
    let sent = code(&visitor.session, "shop");
    let cookie = held(&open(&collector, &sent));
    let _ = shown(&collector, &cookie);
    let choice = [("revision", "1"), ("analytics", "on")];
    let _ = said(&act(&collector, "choice", &cookie, &choice));
    assert_eq!(act(&collector, "download", &cookie, &[]).status, 200);
    assert_eq!(open(&collector, &sent).status, 410);
    assert_eq!(said(&act(&collector, "erase", &cookie, &[("sure", "on")])), "me_erased");
    let keys = data.path("keys").display().to_string();
    let verified = data.run(&["log", "verify", "--keys-file", &keys]);
    assert!(verified.contains("erased"), "{verified}");

    let log = collector.log();
    assert!(log.contains("/s/{site}/me"), "what was called stands there: {log}");
    let (value, signature) = (cookie.trim_start_matches("ashiato_me="), &sent[10..60]);
    let proof = value.rsplit('~').next().unwrap();
    for secret in [&*visitor.id, &visitor.session.text, value, proof, signature] {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
}
