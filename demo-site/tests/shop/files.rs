//! The shop's files.

use crate::asked::Asked;

/// The addresses under `/assets/` that a page names.
async fn named_by(page: &str) -> Vec<String> {
    let answer = Asked::get(page).await;
    let mut addresses: Vec<String> = answer
        .body
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .map(ToOwned::to_owned)
        .collect();
    addresses.dedup();
    addresses
}

#[tokio::test]
async fn every_file_a_page_names_is_there_with_its_type_and_kept_for_good() {
    let mut addresses = named_by("/").await;
    addresses.extend(named_by("/video/kyusu").await);
    assert_eq!(addresses.len(), 5);
    for address in addresses {
        let answer = Asked::get(&address).await;
        assert_eq!(answer.status, 200, "{address}");
        let kind = match address.rsplit_once('.').unwrap().1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            !answer.body.contains("http://") || kind == "image/svg+xml",
            "{address} asks for nothing outside"
        );
    }
}

#[tokio::test]
async fn a_file_of_another_hash_is_not_served() {
    let answer = Asked::get("/assets/shop.000000000000.css").await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn the_analytics_script_is_javascript_under_its_plain_name() {
    let answer = Asked::get("/kazoeru.js").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert!(!answer.header("etag").is_empty());
}

#[tokio::test]
async fn pages_are_asked_for_anew() {
    let answer = Asked::get("/").await;
    assert_eq!(answer.header("cache-control"), "private, no-cache");
}
