//! Every address of the shop, in one list.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::get;

use crate::config::Config;
use crate::language::Language;
use crate::{assets, pages};

/// The longest form the shop reads: the longest valid one is 4,000 characters of 3 bytes, percent-encoded.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The shop.
pub fn router(config: Config) -> Router {
    let mut router = Router::new()
        .route("/en", get(|| async { Redirect::permanent("/en/") }))
        .route("/kazoeru.js", get(assets::kazoeru))
        .route("/assets/{name}", get(assets::lasting));
    for language in [Language::Ja, Language::En] {
        let at = |path| language.address(path);
        router = router
            .route(&at("/"), get(pages::home::show))
            .route(&at("/products"), get(pages::products::list))
            .route(&at("/products/{slug}"), get(pages::product::show))
            .route(&at("/contact"), get(pages::contact::ask).post(pages::contact::send))
            .route(&at("/thanks"), get(pages::contact::thanks))
            .route(&at("/video/{slug}"), get(pages::video::show));
    }
    router
        .fallback(pages::problem::not_found)
        .method_not_allowed_fallback(pages::problem::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(config))
}
