//! The cookie policy and external transmission notice.
//!
//! Only pages of the site itself may frame it, and only where it is asked for as `embed=1`; as a page of
//! its own it stands in no frame.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    App,
    extract::{At, With, accepted_languages},
};
use crate::{error::Problem, site::Shown};

/// What the page may load and do: its style sheet, and the empty icon that it carries.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'none'";
/// The same, in no frame.
const UNFRAMED: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The parameters of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
    revision: Option<u32>,
    #[serde(default)]
    embed: u8,
}

/// `GET /s/SITE/policy`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    With(asked): With<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = app.sites.get(&key).ok_or_else(|| Problem::unknown_site(&key))?;
    let wanted = asked.lang.as_deref().into_iter().chain(accepted_languages(&headers));
    let language = site.file.language_of(wanted);
    let revision = asked.revision.unwrap_or_else(|| site.policy.revision());
    let file = site.revision(revision).ok_or_else(|| {
        let detail = format!(
            "there is no version {revision} of this page that can be read; the newest is {}",
            site.policy.revision()
        );
        Problem::new(StatusCode::NOT_FOUND, "unknown_revision", detail)
    })?;
    let embedded = asked.embed == 1;
    let page = file.policy_page(Shown {
        language,
        revision,
        history: &site.history,
        current: &site.file,
        embedded,
        address: &format!("{}/s/{key}/policy", app.public_url),
    });
    let rules = if embedded {
        let may_frame = format!("{STRICT}; frame-ancestors {}", site.file.origins.join(" "));
        HeaderValue::try_from(may_frame).unwrap_or(HeaderValue::from_static(UNFRAMED))
    } else {
        HeaderValue::from_static(UNFRAMED)
    };
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::VARY, "Accept-Language"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, rules);
    Ok(response)
}
