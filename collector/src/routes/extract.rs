//! The parts of an address, refused as problems like everything else.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::App;
use crate::error::Problem;

/// What stands in the path.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(found)) => Ok(Self(found)),
            Err(_) => Err(Problem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is nothing at this address",
            )),
        }
    }
}

/// What follows the question mark.
#[derive(Debug)]
pub(super) struct With<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for With<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned> With<T> {
    /// That of an address.
    pub(super) fn of(uri: &Uri) -> Result<Self, Problem> {
        match Query::try_from_uri(uri) {
            Ok(Query(found)) => Ok(Self(found)),
            Err(rejection) => Err(Problem::field("", "invalid", rejection.body_text())),
        }
    }
}

/// Whether a page of the collector itself sends a form: browsers say where one comes from.
pub(super) fn is_own_page(app: &App, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let own = app.public_url.as_ref();
    let own = own.split_once("://").map_or(own, |(_, rest)| {
        let host = rest.split('/').next().unwrap_or(rest);
        own.get(..own.len() - rest.len() + host.len()).unwrap_or(own)
    });
    origin == Some(own)
}

/// The languages that a browser asks for (RFC 9110, section 12.5.4), as it lists them: all of them put the best first.
pub(super) fn accepted_languages(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    languages.unwrap_or("").split(',').filter_map(|item| item.split(';').next()).map(str::trim)
}
