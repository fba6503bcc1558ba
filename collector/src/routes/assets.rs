//! What browsers fetch: the loader, its parts, and the keys by which receipts are verified.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie},
    time::Millis,
};

use super::{
    App, body,
    extract::{At, accepted_languages},
};
use crate::{
    client::{Asset, Coding},
    clock,
    error::Problem,
    site::{HELD_STYLE, MAIL_STYLE, OWN_STYLE, POLICY_STYLE, REQUEST_STYLE},
    sites::Site,
};

/// The loader may be kept for five minutes: so long may a change of the site file take to reach
/// every page.
const LOADER_CACHE: &str = "public, max-age=300";
const LOADER_VARIES: &str = "Accept-Encoding";
/// With the part that asks it is one visitor's, and until their cookies change.
const ASKING_CACHE: &str = "private, max-age=300";
const ASKING_VARIES: &str = "Accept-Encoding, Accept-Language, Cookie";
/// A part's address has its hash, so it never changes.
const PART_CACHE: &str = "public, max-age=31536000, immutable";

fn site(app: &App, key: &str) -> Result<Arc<Site>, Problem> {
    app.sites.get(key).ok_or_else(|| Problem::unknown_site(key))
}

/// `GET /s/SITE/ashiato.js`: with the part that asks where the visitor is known to have to be asked. A page that waits
/// for the loader calls for it `?alone`.
pub(super) async fn loader(
    State(app): State<App>,
    At(key): At<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = site(&app, &key)?;
    let asks = query.as_deref() != Some("alone") && is_undecided(&site, &headers, clock::now());
    let asking = asks
        .then(|| site.file.language_of(accepted_languages(&headers)))
        .and_then(|language| site.scripts.asking(language));
    let Some(asking) = asking else {
        return Ok(serve(site.scripts.loader(), &headers, LOADER_CACHE, LOADER_VARIES).await);
    };
    let response = serve(asking, &headers, ASKING_CACHE, ASKING_VARIES).await;
    if is_sent(&method, &response) {
        app.writer.asked(site, body::device(&headers));
    }
    Ok(response)
}

/// Whether a browser's cookies show that its visitor has not decided, under the revision in force: where the page and
/// the collector share them. Otherwise the page alone knows.
fn is_undecided(site: &Site, headers: &HeaderMap, now: Millis) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let sent_from = text("sec-fetch-site");
    // A tag with `crossorigin` sends no cookies to another origin, and browsers send none to another site.
    let sends = !headers.contains_key(header::ORIGIN) && sent_from != Some("cross-site");
    if !sends || body::is_bot(headers) {
        return false;
    }
    let shares = match text("referer").and_then(origin_of) {
        Some(page) => site.jar(page).is_some(),
        None => sent_from == Some("same-origin"),
    };
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut decisions = cookies
        .flat_map(|line| line.split("; "))
        .filter_map(|pair| pair.strip_prefix(CONSENT_COOKIE)?.strip_prefix('='))
        .filter_map(|value| value.parse::<ConsentCookie>().ok());
    shares && !decisions.any(|own| own.is_current(&site.policy, site.file.consent_days, now))
}

/// Scheme and authority of an address.
fn origin_of(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    address.get(..scheme.len() + "://".len() + authority.len())
}

/// Style sheets of the pages of a site, beside which they lie.
const STYLES: [(&str, &str); 5] = [
    ("policy.css", POLICY_STYLE),
    ("me.css", OWN_STYLE),
    ("mail.css", MAIL_STYLE),
    ("request.css", REQUEST_STYLE),
    ("held.css", HELD_STYLE),
];

/// Whether somebody gets what they did not have yet.
fn is_sent(method: &Method, response: &Response) -> bool {
    method == Method::GET && response.status() == StatusCode::OK
}

/// `GET /s/SITE/PART`.
pub(super) async fn part(
    State(app): State<App>,
    At((key, name)): At<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = site(&app, &key)?;
    if let Some((_, style)) = STYLES.iter().find(|(sheet, _)| *sheet == name) {
        let headers = [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ];
        return Ok((headers, *style).into_response());
    }
    let Some(part) = site.scripts.part(&name) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such part; the page may hold an older loader, load it again",
        ));
    };
    let response = serve(part, &headers, PART_CACHE, LOADER_VARIES).await;
    // A browser that is to keep it for later fetches it, and runs nothing.
    let is_run = headers.get("sec-fetch-dest").is_none_or(|what| what != "empty");
    let asks = site.scripts.is_asking(&name) && is_run && !body::is_bot(&headers);
    if asks && is_sent(&method, &response) {
        app.writer.asked(site, body::device(&headers));
    }
    Ok(response)
}

/// `GET /ashiato.d.ts`.
pub(super) async fn types(State(app): State<App>, headers: HeaderMap) -> Response {
    serve(&app.client.types, &headers, LOADER_CACHE, LOADER_VARIES).await
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
async fn serve(
    asset: &Asset,
    asked: &HeaderMap,
    cache: &'static str,
    varies: &'static str,
) -> Response {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or("");
    let coding =
        [Coding::Brotli, Coding::Gzip].into_iter().find(|coding| takes(accepted, coding.name()));
    let coded = match coding {
        Some(coding) => asset.coded(coding).await.map(|body| (coding.name(), body)),
        None => None,
    };
    let (encoding, body) = match coded {
        Some((name, body)) => (Some(name), body),
        None => (None, &*asset.identity),
    };
    let tag = format!("\"{}{}\"", asset.hash, encoding.unwrap_or(""));
    let unchanged =
        asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(
            |tags| tags.split(',').any(|given| given.trim().trim_start_matches("W/") == tag),
        );
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body.to_vec().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static(varies));
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
    use crate::sites::tests as sites;

    async fn served(accept: &str, tag: Option<&str>) -> Response {
        let mut headers = headers(&[("accept-encoding", accept)]);
        if let Some(tag) = tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        let asset = Asset::new("application/wasm", vec![7; 500]);
        serve(&asset, &headers, PART_CACHE, LOADER_VARIES).await
    }

    #[tokio::test]
    async fn the_best_encoding_that_is_taken_is_served() {
        for (accept, served_in) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=0.8", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("identity", None),
        ] {
            let response = served(accept, None).await;
            let coding = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(coding.map(|coding| coding.to_str().unwrap()), served_in, "{accept}");
        }
    }

    const NOW: Millis = Millis(1_800_000_000_000);

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = given.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    #[tokio::test]
    async fn who_has_not_decided_is_known_where_page_and_collector_share_cookies() {
        let (_folder, mut db, readers, all) = sites::fresh("https://consent.shop.example").await;
        sites::apply(&mut db, "shop", &["https://shop.example", "https://www.shop.example"]).await;
        all.refresh(&readers).await.unwrap();
        let site = all.get("shop").unwrap();
        let undecided = |given: &[_]| is_undecided(&site, &headers(given), NOW);
        let page = ("referer", "https://www.shop.example/");
        assert!(undecided(&[page]));
        assert!(undecided(&[page, ("cookie", "other=1; ashiato_visitor=x")]));
        assert!(undecided(&[("sec-fetch-site", "same-origin")]), "without a referrer");
        for (why, cookie) in [
            ("granted", "a=b; ashiato_consent=1.mywpiww0.f.CQkJCQkJCQkJCQkJCQkJCQ"),
            ("refused", "ashiato_consent=1.mywpiww0.0"),
        ] {
            assert!(!undecided(&[page, ("cookie", cookie)]), "{why}");
        }
        for (why, cookie) in [
            ("another revision", "ashiato_consent=2.mywpiww0.0"),
            ("run out", "ashiato_consent=1.1.0"),
            ("rubbish", "ashiato_consent=; ashiato_consent=f"),
            ("another name", "xashiato_consent=1.mywpiww0.0; ashiato_consentx=1.mywpiww0.0"),
        ] {
            assert!(undecided(&[page, ("cookie", cookie)]), "{why}");
        }
        for (why, given) in [
            ("nothing is known of the page", &[][..]),
            ("another site's page", &[("referer", "https://elsewhere.example/")]),
            ("no address", &[("referer", "www.shop.example")]),
            ("a browser that says no more", &[("sec-fetch-site", "same-site")]),
            ("another name of the collector", &[page, ("sec-fetch-site", "cross-site")]),
            ("no cookies are sent", &[page, ("origin", "https://www.shop.example")]),
            ("nobody is asked", &[page, ("user-agent", "Googlebot/2.1")]),
        ] {
            assert!(!undecided(given), "{why}");
        }
    }

    #[tokio::test]
    async fn where_pages_keep_their_cookies_to_themselves_nothing_is_concluded() {
        let (_folder, mut db, readers, all) = sites::fresh("https://consent.ashiato.example").await;
        sites::apply(&mut db, "shop", &["https://shop.example"]).await;
        all.refresh(&readers).await.unwrap();
        let site = all.get("shop").unwrap();
        let given =
            headers(&[("referer", "https://shop.example/"), ("sec-fetch-site", "cross-site")]);
        assert!(!is_undecided(&site, &given, NOW));
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let first = served("br", None).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(served("br", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        let other = served("gzip", Some(&tag)).await.status();
        assert_eq!(other, StatusCode::OK, "another encoding, another tag");
    }
}
