//! Pages of other origins, and bodies that no plain form of the wire has.

use ashiato_tests::{OTHER, SHOP};

use super::Scene;

#[test]
fn a_page_of_another_origin_is_refused() {
    let scene = Scene::set();
    let text = ("content-type", "text/plain");
    let session = r#"{"site":"shop","visitor":null}"#;
    let from = |headers: &[(&str, &str)]| scene.call("/v1/sessions", headers, session);
    let events = |headers: &[(&str, &str)]| scene.call("/v1/events", headers, scene.good_batch());
    scene.refuses(|| {
        [
            ("no origin", 403, "origin", from(&[text])),
            ("another site", 403, "origin", from(&[text, ("origin", "https://evil.example")])),
            ("the other site of this collector", 403, "origin", from(&[text, ("origin", OTHER)])),
            ("null", 403, "origin", from(&[text, ("origin", "null")])),
            ("another scheme", 403, "origin", from(&[text, ("origin", "http://shop.example")])),
            ("another port", 403, "origin", from(&[text, ("origin", "https://shop.example:8443")])),
            (
                "a longer name",
                403,
                "origin",
                from(&[text, ("origin", "https://shop.example.evil.example")]),
            ),
            ("a signed batch without origin", 403, "origin", events(&[text])),
            (
                "a signed batch from elsewhere",
                403,
                "origin",
                events(&[text, ("origin", "https://evil.example")]),
            ),
        ]
    });
}

#[test]
fn a_refusal_names_no_foreign_origin_as_allowed() {
    let scene = Scene::set();
    let headers = [("content-type", "text/plain"), ("origin", "https://evil.example")];
    let answer = scene.call("/v1/sessions", &headers, r#"{"site":"shop","visitor":null}"#);
    assert_ne!(answer.header("access-control-allow-origin"), "https://evil.example");
    assert_ne!(answer.header("access-control-allow-origin"), "*");
}

#[test]
fn another_content_type_is_refused() {
    let scene = Scene::set();
    let origin = ("origin", SHOP);
    let call = |kind: &str| {
        scene.call("/v1/events", &[origin, ("content-type", kind)], scene.good_batch())
    };
    scene.refuses(|| {
        [
            ("JSON", 415, "content_type", call("application/json")),
            ("a form", 415, "content_type", call("application/x-www-form-urlencoded")),
            ("HTML", 415, "content_type", call("text/html")),
            (
                "nothing",
                415,
                "content_type",
                scene.call("/v1/events", &[origin], scene.good_batch()),
            ),
        ]
    });
    assert_eq!(call("text/plain;charset=UTF-8").status, 200, "as a browser writes it");
}
