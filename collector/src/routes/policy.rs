//! The cookie policy and external transmission notice.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    App,
    extract::{At, With},
};
use crate::{error::Problem, site};

/// The parameters of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
}

/// `GET /s/SITE/policy`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    With(asked): With<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = app.sites.get(&key).ok_or_else(|| Problem::unknown_site(&key))?;
    let languages = &site.file.languages;
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let preferred = accepted.unwrap_or("").split([',', ';']).map(str::trim);
    let language = asked
        .lang
        .as_deref()
        .into_iter()
        .chain(preferred)
        .find_map(|wanted| {
            let primary = wanted.split('-').next().unwrap_or("");
            languages.iter().find(|language| *language == wanted || *language == primary)
        })
        .or_else(|| languages.first())
        .map_or("ja", String::as_str);
    let page = site.file.policy_page(language, site.policy.revision());
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::VARY, "Accept-Language"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// `GET /s/SITE/policy.css`.
pub(super) fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, site::POLICY_STYLE).into_response()
}
