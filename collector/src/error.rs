//! What goes wrong, as the caller sees it: RFC 9457 problems with a stable `code`.
//!
//! | status | means |
//! |---|---|
//! | 400 | the body is not text, or not JSON |
//! | 401 | no session, an expired one, or a signature that does not verify |
//! | 403 | the page's origin, the token, or a bot, may not |
//! | 404 | no such site, page or lead |
//! | 408 | the body took too long |
//! | 409 | it does not go with what is there: a person who is known, an id under which something else was sent |
//! | 412 | what is to be changed is another by now |
//! | 413 | more than the limits allow |
//! | 415 | another content type than `text/plain` |
//! | 422 | readable, but its content cannot be taken: `errors` says which field and why |
//! | 428 | what is to be changed has to be named by its version |
//! | 429 | the address, session or site has called too much; `Retry-After` says how long to wait |
//! | 500 | what is stored cannot be read; the log says why |
//! | 503 | the database does not answer, send the same again; or, of `/readyz`, what is missing; or, of the consent log's addresses, `log_damaged` |

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::ids::LeadId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{openapi::shape, refusals::Refused, store::Logged, transparency::LogError};

/// The media type of a [`Problem`].
pub const PROBLEM: &str = "application/problem+json";

/// One field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// Where, with dots: `purposes.ads`.
    pub field: String,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub message: String,
}

/// A problem: the answer to a call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub detail: String,
    /// By field, for 422.
    pub errors: Vec<FieldError>,
    /// The leads that are in the way, for 409.
    pub leads: Vec<LeadId>,
    /// In how many seconds to try again, for 429 and 503.
    pub retry_after: Option<u64>,
}

/// What went wrong, and what to do (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Body<'a> {
    /// Nothing more than the status says.
    r#type: &'static str,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened, for programs: it stays the same.
    code: &'a str,
    /// What happened and what to do, for people.
    detail: &'a str,
    /// By field, for 422.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The leads that are in the way, for 409.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(schema_with = "shape::lead_ids")]
    leads: &'a [LeadId],
}

impl Problem {
    /// A problem without fields.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            leads: Vec::new(),
            retry_after: None,
        }
    }

    /// 400.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 for a site.
    #[must_use]
    pub fn unknown_site(key: &str) -> Self {
        let shown: String = key.chars().take(40).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_site",
            format!("there is no site {shown:?}; `ashiato site apply FILE` adds one"),
        )
    }

    /// 404 for what a site does not have.
    #[must_use]
    pub fn unknown(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422.
    #[must_use]
    pub fn content(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .first()
            .map_or_else(String::new, |error| format!("{}: {}", error.field, error.message));
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "content", detail) }
    }

    /// 422 for one field.
    #[must_use]
    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::content(vec![FieldError { field: field.to_owned(), code, message: message.into() }])
    }

    /// 422 for a form that is taken for a program's.
    #[must_use]
    pub fn spam(code: &'static str, message: String) -> Self {
        Self { code: "spam", ..Self::field("form", code, message) }
    }

    /// 503 where the database fails. The cause is logged here, once, and not shown.
    #[must_use]
    pub fn unavailable(cause: &sqlx::Error) -> Self {
        tracing::error!(error = %Logged(cause), "the database did not answer");
        Self::unanswered()
    }

    /// 503 where it is not known what became of the call: a commit whose answer is lost may have been made.
    #[must_use]
    pub fn unanswered() -> Self {
        Self::later(
            "the database does not answer, so that nobody knows whether anything was taken; send the same \
             again: it counts once",
        )
    }

    /// 503 where there is no room; nothing was begun.
    #[must_use]
    pub fn busy() -> Self {
        Self::later("the collector cannot store anything just now; nothing was taken, try again")
    }

    fn later(detail: &str) -> Self {
        let later = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        Self { retry_after: Some(5), ..later }
    }

    /// 429: `who` has called too much and may call again after `wait`.
    #[must_use]
    pub fn rate_limited(who: &str, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let detail =
            format!("{who} has called too often; nothing was taken, try again in {seconds} s");
        let limited = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        Self { retry_after: Some(seconds.max(1)), ..limited }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(&error)
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Database(error) => Self::unavailable(&error),
            error => {
                tracing::error!(%error, "nothing is proved of the consent log");
                let detail = "the consent log is not as it should be, so that nothing is proved or \
                    signed of it; who runs the collector is told why in its own log";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "log_damaged", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
            leads: &self.leads,
        };
        let json = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, json).into_response();
        // For whoever counts and logs: our own codes, and nothing that was sent.
        let field = self.errors.first().map(|error| error.code);
        let refused = Refused { status: self.status.as_u16(), code: self.code, field };
        response.extensions_mut().insert(refused);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == "token" {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
