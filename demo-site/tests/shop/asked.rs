//! Asks the shop's router something and reads the whole answer.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use clap::Parser as _;
use demo_site::{Config, router};
use tower::ServiceExt as _;

/// What can be asked.
pub(crate) struct Asked;

/// What came back.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body as text.
    pub(crate) body: String,
    headers: HeaderMap,
}

impl Asked {
    /// `GET`
    pub(crate) async fn get(path: &str) -> Answer {
        ask(true, Method::GET, path, Body::empty()).await
    }

    /// `GET` of a shop that was started with `--tag false`.
    pub(crate) async fn get_without_tag(path: &str) -> Answer {
        ask(false, Method::GET, path, Body::empty()).await
    }

    /// `HEAD`
    pub(crate) async fn head(path: &str) -> Answer {
        ask(true, Method::HEAD, path, Body::empty()).await
    }

    /// `POST` of a form.
    pub(crate) async fn form(path: &str, body: &str) -> Answer {
        ask(true, Method::POST, path, Body::from(body.to_owned())).await
    }
}

impl Answer {
    /// A header's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The nonce that the policy allows.
    pub(crate) fn nonce(&self) -> &str {
        let policy = self.header("content-security-policy");
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        rest.split_once('\'').unwrap().0
    }
}

async fn ask(tag: bool, method: Method, path: &str, body: Body) -> Answer {
    let tag = tag.to_string();
    let collector = "http://localhost:8080";
    let config = Config::parse_from([
        "demo-site",
        "--collector",
        collector,
        "--site",
        "shop",
        "--tag",
        &tag,
    ]);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .unwrap();
    let response = router(config).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        body: String::from_utf8(bytes.to_vec()).unwrap(),
        headers: parts.headers,
    }
}
