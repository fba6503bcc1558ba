//! Bodies that nobody signed, or somebody else did, or long ago, or for somebody else.

use ashiato_tests::{Collector, Data, OTHER, Session, Visitor};
use consent_core::{ids::base64url, jws};
use serde_json::json;

use super::Scene;

#[test]
fn a_batch_that_nobody_signed_or_somebody_altered_is_refused() {
    let scene = Scene::set();
    let session = &scene.visitor.session;
    let good = scene.good_batch();
    let (line, payload) = good.split_once('\n').unwrap();
    let (header, signature) = line.split_once("..").unwrap();
    let forged = jws::sign(&[7; 32], &session.text, session.now, payload);
    let none = base64url(
        format!(
            r#"{{"alg":"none","b64":false,"crit":["b64"],"kid":"{}","iat":{}}}"#,
            session.text,
            session.now.seconds()
        )
        .as_bytes(),
    );
    let encoded = base64url(
        format!(r#"{{"alg":"HS256","kid":"{}","iat":{}}}"#, session.text, session.now.seconds())
            .as_bytes(),
    );
    let cases = [
        ("the payload alone", "unsigned", payload.to_owned()),
        ("an empty body", "unsigned", String::new()),
        ("a compact JWS", "unsigned", format!("{header}.e30.{signature}\n{payload}")),
        ("no signature", "signature_malformed", format!("{header}..\n{payload}")),
        ("no algorithm", "signature_malformed", format!("{none}..{signature}\n{payload}")),
        ("an encoded payload", "signature_malformed", format!("{encoded}..{signature}\n{payload}")),
        ("another key", "signature_invalid", forged),
        ("a changed payload", "signature_invalid", good.replace("page_view", "click")),
        ("a space more", "signature_invalid", format!("{good} ")),
        ("another line ending", "signature_malformed", format!("{line}\r\n{payload}")),
        (
            "a session nobody opened",
            "session_unknown",
            jws::sign(&session.key, "someone", session.now, payload),
        ),
    ];
    scene.refuses(|| {
        cases.map(|(what, code, body)| (what, 401, code, scene.collector.post("/v1/events", body)))
    });
    assert_eq!(scene.collector.post("/v1/events", good).expect(200)["stored"], 1);
}

#[test]
fn a_signature_holds_for_five_minutes() {
    let scene = Scene::set();
    let session = &scene.visitor.session;
    let payload = json!({"site": "shop", "visitor": scene.visitor.id, "events": [scene.visitor.event("page_view")]});
    let at =
        |ms| scene.collector.post("/v1/events", session.sign_at(session.now.plus(ms), &payload));
    scene.refuses(|| {
        [
            ("five and a half minutes ago", 401, "signature_expired", at(-330_000)),
            ("in five and a half minutes", 401, "signature_expired", at(330_000)),
            ("in 1970", 401, "signature_expired", at(-session.now.0)),
        ]
    });
    assert_eq!(at(-240_000).status, 200);
}

#[test]
fn a_replayed_batch_decision_or_form_changes_nothing() {
    let scene = Scene::set();
    let session = &scene.visitor.session;
    let batch = scene.good_batch();
    let decision = session.sign(&session.decision("custom", &["analytics"]));
    let lead = session.sign(&session.lead(Some(&scene.visitor.id)));
    let calls = [("/v1/events", batch), ("/v1/leads", lead), ("/v1/consents", decision)];
    for (path, body) in &calls {
        assert!(scene.collector.post(path, body.clone()).status < 300, "{path}");
    }
    let before = scene.rows();
    for (path, body) in calls {
        assert!(scene.collector.post(path, body).status < 300, "{path}");
    }
    assert_eq!(scene.rows(), before);
}

#[test]
fn an_old_yes_played_again_after_a_withdrawal_gives_nothing_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let yes = session.sign(&session.decision("custom", &["analytics"]));
    let answer = collector.post("/v1/consents", yes.clone()).expect(201);
    let acting = session.continued(&answer);
    let _ =
        collector.post("/v1/consents", acting.sign(&acting.decision("withdraw", &[]))).expect(201);
    let replayed = collector.post("/v1/consents", yes).json();
    assert!(replayed["visitor"].is_null() && replayed["session"].is_null(), "{replayed}");
    assert_eq!(data.database().number("SELECT count(*) FROM consent_grant"), 0);
}

#[test]
fn a_session_speaks_for_its_own_site_and_visitor_only() {
    let scene = Scene::set();
    let session = &scene.visitor.session;
    let collector = &scene.collector;
    let stranger = Visitor::who_grants(collector, &["analytics"]);
    let nobody = Session::open(collector, None);
    let batch = |session: &Session, site: &str, visitor: &str| {
        let payload =
            json!({"site": site, "visitor": visitor, "events": [scene.visitor.event("page_view")]});
        session.sign(&payload)
    };
    let post = |body: String| collector.post("/v1/events", body);
    let as_other = |body: String| {
        scene.call("/v1/events", &[("content-type", "text/plain"), ("origin", OTHER)], body)
    };
    let rewritten =
        Session { text: session.text.replacen(".shop.", ".other.", 1), ..session.clone() };
    let lead = session.lead(Some(&stranger.id));
    let mut decision = session.decision("custom", &["analytics"]);
    decision["site"] = "other".into();
    scene.refuses(|| {
        [
            (
                "the other site's data",
                401,
                "session_other_site",
                post(batch(session, "other", &scene.visitor.id)),
            ),
            (
                "from a page of the other site",
                403,
                "origin",
                as_other(batch(session, "other", &scene.visitor.id)),
            ),
            (
                "a session string rewritten for it",
                401,
                "signature_invalid",
                as_other(batch(&rewritten, "other", &scene.visitor.id)),
            ),
            (
                "another visitor's events",
                401,
                "session_other_visitor",
                post(batch(session, "shop", &stranger.id)),
            ),
            (
                "a visitor nobody knows",
                401,
                "session_other_visitor",
                post(batch(session, "shop", "AAAAAAAAAAAAAAAAAAAAAA")),
            ),
            (
                "events without a visitor's session",
                401,
                "session_without_visitor",
                post(batch(&nobody, "shop", &scene.visitor.id)),
            ),
            (
                "another visitor's lead",
                401,
                "session_other_visitor",
                collector.post("/v1/leads", session.sign(&lead)),
            ),
            (
                "a visitor named by a stranger's form",
                401,
                "session_without_visitor",
                collector.post("/v1/leads", nobody.sign(&lead)),
            ),
            (
                "a decision on the other site",
                401,
                "session_other_site",
                collector.post("/v1/consents", session.sign(&decision)),
            ),
        ]
    });
}

#[test]
fn changing_any_part_of_a_sessions_string_changes_its_key() {
    let scene = Scene::set();
    let session = &scene.visitor.session;
    let payload = json!({"site": "shop", "visitor": scene.visitor.id, "events": [scene.visitor.event("page_view")]});
    let before = scene.rows();
    let parts: Vec<_> = session.text.split('.').collect();
    for at in 0..session.text.len() {
        let mut bytes = session.text.clone().into_bytes();
        bytes[at] = match bytes[at] {
            b'.' => continue,
            b'0' => b'1',
            _ => b'0',
        };
        let text = String::from_utf8(bytes).unwrap();
        let altered = Session { text, ..session.clone() };
        let answer = scene.collector.post("/v1/events", altered.sign(&payload));
        assert_eq!(answer.status, 401, "byte {at} of {}: {answer:?}", parts.join("."));
    }
    assert_eq!(scene.rows(), before);
}
