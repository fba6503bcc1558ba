//! The headers every page carries, and the nonce that its scripts share with them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use base64ct::{Base64, Encoding as _};

use crate::config::CollectorUrl;

/// 128 random bits that let this response's scripts run; never used twice.
#[derive(Clone, Debug)]
pub struct Nonce(String);

impl Nonce {
    /// A nonce of the given random bits.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(Base64::encode_string(&random))
    }

    /// As it stands in the attribute.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Nonce {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            tracing::error!(%error, "no random bits for a nonce");
            StatusCode::INTERNAL_SERVER_ERROR
        })?;
        Ok(Self::new(random))
    }
}

/// The Content-Security-Policy of a page: nothing runs, loads or connects but what is named here.
#[must_use]
pub fn policy(nonce: &Nonce, collector: &CollectorUrl) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self' {collector}; frame-src 'self'; form-action 'self' {collector}; base-uri 'none'; \
         frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types ashiato",
        nonce.as_str()
    )
}

/// All headers of a page.
#[must_use]
pub fn of_page(nonce: &Nonce, collector: &CollectorUrl) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Both parts were parsed to plain ASCII, so this always holds; a page must not go out without its policy.
    let policy = HeaderValue::from_str(&policy(nonce, collector))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // A page names its own nonce: a stored copy must be asked for anew.
        (header::CACHE_CONTROL, "private, no-cache"),
    ]
    .into_iter()
    .chain(COMMON)
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

/// What pages and files have in common.
pub const COMMON: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
];
