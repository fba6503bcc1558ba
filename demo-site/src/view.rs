//! Who is being answered: the part of a request that every page needs.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};

use crate::config::Config;
use crate::headers::Nonce;
use crate::language::Language;

/// One request, as far as a page cares: its language, its shared path, its nonce and the shop's settings.
#[derive(Clone, Debug)]
pub struct View {
    /// The shop's settings.
    pub config: Arc<Config>,
    /// This response's nonce.
    pub nonce: Nonce,
    /// The language the address asks for.
    pub language: Language,
    /// The path without its language.
    pub path: String,
}

impl View {
    /// The address of a shared path in this view's language.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        self.language.address(path)
    }

    /// The first in Japanese, the second in English.
    #[must_use]
    pub fn pick<T>(&self, ja: T, en: T) -> T {
        self.language.pick(ja, en)
    }
}

impl FromRequestParts<Arc<Config>> for View {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        config: &Arc<Config>,
    ) -> Result<Self, StatusCode> {
        let nonce = Nonce::from_request_parts(parts, config).await?;
        let Ok(uri): Result<Uri, Infallible> = Uri::from_request_parts(parts, config).await;
        let (language, path) = Language::split(uri.path());
        Ok(Self { config: Arc::clone(config), nonce, language, path: path.to_owned() })
    }
}
