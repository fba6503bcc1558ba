//! What browsers fetch: the loader, its parts, and the keys by which receipts are verified.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{App, body, extract::At};
use crate::{client::Asset, error::Problem, sites::Site};

/// The loader may be kept for five minutes: so long may a change of the site file take to reach
/// every page.
const LOADER_CACHE: &str = "public, max-age=300";
/// A part's address has its hash, so it never changes.
const PART_CACHE: &str = "public, max-age=31536000, immutable";

fn site(app: &App, key: &str) -> Result<Arc<Site>, Problem> {
    app.sites.get(key).ok_or_else(|| Problem::unknown_site(key))
}

/// `GET /s/SITE/ashiato.js`.
pub(super) async fn loader(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = site(&app, &key)?;
    Ok(serve(&site.loader, &headers, LOADER_CACHE))
}

/// `GET /s/SITE/PART`.
pub(super) async fn part(
    State(app): State<App>,
    At((key, name)): At<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = site(&app, &key)?;
    if name == "policy.css" {
        return Ok(super::policy::style());
    }
    let Some(part) = site.part(&name) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such part; the page may hold an older loader, load it again",
        ));
    };
    let response = serve(part, &headers, PART_CACHE);
    let fetched = method == Method::GET && response.status() == StatusCode::OK;
    if fetched && name == site.asking && !body::is_bot(&headers) {
        app.writer.asked(site);
    }
    Ok(response)
}

/// `GET /ashiato.d.ts`.
pub(super) async fn types(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(&app.client.types, &headers, LOADER_CACHE)
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn jwks(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, LOADER_CACHE),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, app.keys.jwks()).into_response()
}

/// An asset in the best encoding that the browser takes.
fn serve(asset: &Asset, asked: &HeaderMap, cache: &'static str) -> Response {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (encoding, body) = match accepted.unwrap_or("") {
        accepted if takes(accepted, "br") => (Some("br"), &asset.brotli),
        accepted if takes(accepted, "gzip") => (Some("gzip"), &asset.gzip),
        _ => (None, &asset.identity),
    };
    let tag = format!("\"{}{}\"", asset.hash, encoding.unwrap_or(""));
    let unchanged =
        asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(
            |tags| tags.split(',').any(|given| given.trim().trim_start_matches("W/") == tag),
        );
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body.clone().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    headers.insert("timing-allow-origin", HeaderValue::from_static("*"));
    if let Ok(tag) = tag.parse() {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether an Accept-Encoding takes a coding (RFC 9110, section 12.5.3): named, and not with q=0.
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0))
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(accept: &str, tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        if let Some(tag) = tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        serve(&Asset::new("application/wasm", vec![7; 500]), &headers, PART_CACHE)
    }

    #[test]
    fn the_best_encoding_that_is_taken_is_served() {
        let encoding = |accept: &str| {
            let response = served(accept, None);
            response
                .headers()
                .get(header::CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(encoding("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(encoding("gzip;q=0.8").as_deref(), Some("gzip"));
        assert_eq!(encoding("br;q=0, gzip").as_deref(), Some("gzip"));
        assert_eq!(encoding("identity"), None);
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let first = served("br", None);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(served("br", Some(&tag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(
            served("gzip", Some(&tag)).status(),
            StatusCode::OK,
            "another encoding, another tag"
        );
    }
}
