//! The consent log, for whoever wants to verify it. It holds hashes only.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};

use super::{
    App,
    extract::{At, With},
};
use crate::{
    clock,
    error::Problem,
    log::{
        Hash,
        tile::{Tile, WIDTH},
    },
    store::log as leaves,
    transparency::{self, LogError},
};

/// A hash or an address that is answered stays what it is.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const NOT_KEPT: &str = "no-store";

/// `GET /v1/log/checkpoint`: a signed note (C2SP tlog-checkpoint).
pub(super) async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let note = match transparency::current(&mut db, clock::now()).await? {
        Some(signed) => signed.note,
        None => app.writer.checkpoint().await?,
    };
    Ok((open_to_all(NOT_KEPT), note).into_response())
}

/// `GET /v1/log/key`: what checkpoints are verified by (C2SP signed-note, verifier key).
pub(super) async fn key(State(app): State<App>) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let (_, origin) = leaves::head(&mut db).await?;
    let origin = origin.ok_or(LogError::Nameless)?;
    let key = format!("{}\n", app.keys.log_verifier(&origin).to_text());
    Ok((open_to_all(NOT_KEPT), key).into_response())
}

/// `GET /v1/log/tile/LEVEL/PLACE`: a tile's hashes, one after the other (C2SP tlog-tiles).
pub(super) async fn tile(
    State(app): State<App>,
    At((level, place)): At<(String, String)>,
) -> Result<Response, Problem> {
    let nothing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "the log has no such tile");
    let tile = Tile::parse(&level, &place).ok_or_else(nothing)?;
    let mut db = app.readers.acquire().await?;
    let hashes = transparency::tile(&mut db, tile).await?.ok_or_else(nothing)?;
    // A partial tile may be left out of caches: there will be a fuller one.
    let kept = if tile.width < WIDTH { NOT_KEPT } else { FOR_GOOD };
    let headers = open_to_all(kept);
    Ok((headers, [(header::CONTENT_TYPE, "application/octet-stream")], hashes.concat())
        .into_response())
}

/// What is to be proved: a leaf in the tree of a size, or that the tree `to` continues `from`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    leaf: Option<u64>,
    size: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
}

/// Hashes in base64.
#[derive(Serialize)]
struct Proved {
    /// The leaf's, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// The root of the tree of `size` or `to` leaves.
    root: String,
    path: Vec<String>,
}

/// `GET /v1/log/proof?leaf=INDEX&size=SIZE`, or `?from=SIZE&to=SIZE` (RFC 6962, section 2.1).
pub(super) async fn proof(
    State(app): State<App>,
    With(asked): With<Asked>,
) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let Asked { leaf, size, from, to } = asked;
    let (hash, proof) = match (leaf, size, from, to) {
        (Some(leaf), Some(size), None, None) => {
            let found = transparency::inclusion(&mut db, leaf, size).await?;
            let (hash, proof) = found.ok_or_else(|| {
                let detail = format!("there is no leaf {leaf} in a log of {size} leaves here");
                Problem::field("leaf", "unknown", detail)
            })?;
            (Some(hash), proof)
        }
        (None, None, Some(from), Some(to)) => {
            let proof = transparency::consistency(&mut db, from, to).await?;
            let proof = proof.ok_or_else(|| {
                let detail = "write two sizes: 1 or more, the smaller first, the larger no larger than the log's";
                Problem::field("from", "unknown", detail)
            })?;
            (None, proof)
        }
        _ => {
            let detail = "write ?leaf=INDEX&size=SIZE, or ?from=SIZE&to=SIZE";
            return Err(Problem::field("", "invalid", detail));
        }
    };
    let proved = Proved {
        hash: hash.as_ref().map(text),
        root: text(&proof.root),
        path: proof.path.iter().map(text).collect(),
    };
    Ok((open_to_all(FOR_GOOD), Json(proved)).into_response())
}

fn text(hash: &Hash) -> String {
    Base64::encode_string(hash)
}

type Headers = [(HeaderName, &'static str); 2];

/// Nothing in the log is anybody's, so that any page may verify it.
fn open_to_all(kept: &'static str) -> Headers {
    [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CACHE_CONTROL, kept)]
}
