//! The shop's files, built into the binary.
//!
//! A page asks for a file by an address that holds a hash of its bytes, so it may be kept for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use crate::headers::COMMON;

/// A year, the longest that caches honour, and never asked for again meanwhile.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// Kept, but asked after at each use.
const CHECKED: &str = "no-cache";

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// One file of the shop.
#[derive(Debug)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    kind: &'static str,
    body: &'static str,
    hash: LazyLock<String>,
}

macro_rules! asset {
    ($stem:literal, $extension:literal, $kind:expr) => {{
        const BODY: &str = include_str!(concat!("../assets/", $stem, ".", $extension));
        Asset {
            stem: $stem,
            extension: $extension,
            kind: $kind,
            body: BODY,
            hash: LazyLock::new(|| hash(BODY)),
        }
    }};
}

/// Colours, type and the frame of every page of the shop.
pub static SHOP_CSS: Asset = asset!("shop", "css", CSS);
/// What single pages add to it.
pub static PAGES_CSS: Asset = asset!("pages", "css", CSS);
/// The style of the stand-in for an outside video host.
pub static VIDEO_CSS: Asset = asset!("video", "css", CSS);
/// Counts what was put in the cart, in this tab only.
pub static CART_JS: Asset = asset!("cart", "js", JAVASCRIPT);
/// The shop's mark.
pub static MARK_SVG: Asset = asset!("mark", "svg", SVG);
/// The analytics script that stays inert until it is granted.
static KAZOERU_JS: Asset = asset!("kazoeru", "js", JAVASCRIPT);

/// How to look after the goods, to be downloaded, in Japanese.
pub static CARE_JA: Asset = asset!("care-ja", "txt", TEXT);
/// The same in English.
pub static CARE_EN: Asset = asset!("care-en", "txt", TEXT);

static LASTING: [&Asset; 7] =
    [&SHOP_CSS, &PAGES_CSS, &VIDEO_CSS, &CART_JS, &MARK_SVG, &CARE_JA, &CARE_EN];

impl Asset {
    /// The address that holds the file's hash.
    #[must_use]
    pub fn address(&self) -> String {
        format!("/assets/{}", self.name())
    }

    fn name(&self) -> String {
        format!("{}.{}.{}", self.stem, *self.hash, self.extension)
    }

    fn answer(&self, cache: &'static str) -> Response {
        let tag = format!("\"{}\"", *self.hash);
        let headers = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, cache),
            (header::ETAG, tag.as_str()),
        ];
        (headers, COMMON, self.body).into_response()
    }
}

/// Serves a file under its hashed name, and nothing under another.
///
/// # Errors
/// 404 where no file has that name.
pub async fn lasting(Path(name): Path<String>) -> Result<Response, StatusCode> {
    let asset = LASTING.iter().find(|asset| asset.name() == name);
    asset.map(|asset| asset.answer(FOR_GOOD)).ok_or(StatusCode::NOT_FOUND)
}

/// Serves the analytics script under its plain name, as an outside provider would.
pub async fn kazoeru(headers: HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH);
    let tag = format!("\"{}\"", *KAZOERU_JS.hash);
    let mut answer = KAZOERU_JS.answer(CHECKED);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = axum::body::Body::empty();
    }
    answer
}

fn hash(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
