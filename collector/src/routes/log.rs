//! The consent log, for whoever wants to verify it: checkpoints, tiles (C2SP `tlog-tiles`) and proofs. All of it
//! is hashes; nothing says anything about anybody.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};

use super::App;
use crate::{
    error::Problem,
    log::{
        note,
        stored::{self, WIDTH},
        tree::{self, Hash},
    },
    store::log as store,
};

/// Leaves of a tile, and of a whole one only is it known that it stays as it is.
const WHOLE: &str = "public, max-age=31536000, immutable";

/// The name that a log gets which has signed nothing yet: `HOST/log`.
fn origin(app: &App) -> String {
    let host = app.public_url.split_once("://").map_or(&*app.public_url, |(_, host)| host);
    format!("{host}/log")
}

/// `GET /v1/log/checkpoint`.
pub(super) async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let note = app.writer.checkpoint(origin(&app).into()).await?;
    Ok((text(), note).into_response())
}

/// `GET /v1/log/key`: the key by which checkpoints are verified, as `signed-note` writes it.
pub(super) async fn key(State(app): State<App>) -> Result<Response, Problem> {
    let note = app.writer.checkpoint(origin(&app).into()).await?;
    let name = note.lines().next().unwrap_or_default();
    Ok((text(), format!("{}\n", note::verifier(name, &app.keys.log_verifier()))).into_response())
}

fn text() -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")]
}

/// `GET /v1/log/tile/L/N[.p/W]`.
pub(super) async fn tile(
    State(app): State<App>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let Some(tile) = Tile::parse(&path) else {
        return Err(Problem::field(
            "tile",
            "malformed",
            "write LEVEL/NUMBER, the number in threes as in x001/234, and .p/WIDTH behind it for a partial tile",
        ));
    };
    let mut db = app.readers.acquire().await?;
    let (from, width) = (tile.number * WIDTH, tile.width.unwrap_or(WIDTH));
    let hashes = store::hashes(&mut db, tile.level, from, from + width).await?;
    if i64::try_from(hashes.len()).ok() != Some(width) {
        let detail = "the log has no such tile, or not yet";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail));
    }
    let cached = if tile.width.is_none() { WHOLE } else { "no-store" };
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, cached)];
    Ok((headers, hashes.concat()).into_response())
}

/// A tile's address.
#[derive(Debug, PartialEq, Eq)]
struct Tile {
    level: i64,
    number: i64,
    width: Option<i64>,
}

impl Tile {
    fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, Some(width)),
            None => (rest, None),
        };
        let canonical = |text: &str| {
            let value = text.parse::<i64>().ok()?;
            (value.to_string() == text).then_some(value)
        };
        let mut parts = number.split('/').peekable();
        let mut value = 0_i64;
        let mut first = true;
        while let Some(part) = parts.next() {
            let digits = match parts.peek() {
                Some(_) => part.strip_prefix('x')?,
                None => part,
            };
            let is_three = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if !is_three || (first && parts.peek().is_some() && digits == "000") {
                return None;
            }
            value = value.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
            first = false;
        }
        let level = canonical(level).filter(|level| (0..=5).contains(level))?;
        let width = match width {
            Some(width) => Some(canonical(width).filter(|width| (1..WIDTH).contains(width))?),
            None => None,
        };
        (value <= i64::MAX / WIDTH / 2).then_some(Self { level, number: value, width })
    }
}

/// What is to be proved: that a leaf is in a tree, or that a tree is the beginning of another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    leaf: Option<u64>,
    size: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
}

/// A proof (RFC 6962, section 2.1); hashes are in base64.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Proof {
    /// That a leaf is in the tree of a size.
    Inclusion { leaf: u64, size: u64, hash: String, root: String, proof: Vec<String> },
    /// That a tree is the beginning of another.
    Consistency { from: u64, to: u64, old_root: String, root: String, proof: Vec<String> },
}

/// `GET /v1/log/proof?leaf=L&size=N` or `?from=M&to=N`.
pub(super) async fn proof(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Proof>, Problem> {
    let mut db = app.readers.acquire().await?;
    // Beyond the last checkpoint nothing has been promised, and not all roots are kept.
    let signed = store::checkpoints(&mut db, 1).await?.pop().map_or(0, |signed| signed.size);
    let signed = signed.unsigned_abs();
    let beyond = |field: &str| {
        let detail = format!("the last checkpoint has {signed} leaves; ask for a new one first");
        Problem::field(field, "beyond", detail)
    };
    match asked {
        Asked { leaf: Some(leaf), size: Some(size), from: None, to: None } => {
            if size > signed {
                return Err(beyond("size"));
            }
            let Some(path) = tree::inclusion(leaf, size) else {
                let detail = "the tree of that size has no such leaf";
                return Err(Problem::field("leaf", "beyond", detail));
            };
            let proof = stored::roots(&mut db, path).await?;
            let hash = stored::root(&mut db, leaf..leaf + 1).await?;
            let root = stored::root(&mut db, 0..size).await?;
            let (hash, root, proof) = (base64(&hash), base64(&root), all(&proof));
            Ok(Json(Proof::Inclusion { leaf, size, hash, root, proof }))
        }
        Asked { leaf: None, size: None, from: Some(from), to: Some(to) } => {
            if to > signed {
                return Err(beyond("to"));
            }
            let Some(path) = tree::consistency(from, to) else {
                let detail = "a tree begins with smaller ones only";
                return Err(Problem::field("from", "beyond", detail));
            };
            let proof = stored::roots(&mut db, path).await?;
            let old = stored::root(&mut db, 0..from).await?;
            let root = stored::root(&mut db, 0..to).await?;
            let (old_root, root, proof) = (base64(&old), base64(&root), all(&proof));
            Ok(Json(Proof::Consistency { from, to, old_root, root, proof }))
        }
        _ => Err(Problem::field("leaf", "malformed", "ask by leaf and size, or by from and to")),
    }
}

fn base64(hash: &Hash) -> String {
    Base64::encode_string(hash)
}

fn all(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(base64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_addressed_as_tlog_tiles_has_it() {
        let tile = |level, number, width| Some(Tile { level, number, width });
        assert_eq!(Tile::parse("0/005"), tile(0, 5, None));
        assert_eq!(Tile::parse("0/x001/x234/067"), tile(0, 1_234_067, None));
        assert_eq!(Tile::parse("1/000.p/7"), tile(1, 0, Some(7)));
        for wrong in [
            "",
            "0",
            "0/5",
            "00/005",
            "6/005",
            "0/x000/005",
            "0/005.p/0",
            "0/005.p/256",
            "0/005.p/07",
            "0/x001",
            "0/+05",
        ] {
            assert_eq!(Tile::parse(wrong), None, "{wrong}");
        }
    }
}
