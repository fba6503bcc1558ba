//! Whether a Global Privacy Control signal is honoured, in the form that its specification gives it.
//!
//! Browsers look for it on the site's own host, at `/.well-known/gpc.json`. A site lets that address lead
//! to its own answer here, `/s/SITE/gpc.json`, or keeps a copy; where the collector is on the site's host,
//! it is there already.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::Serialize;

use super::{App, extract::At};
use crate::error::Problem;

/// The resource; without a day where the signal is not honoured, since nothing has been said then.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Support {
    gpc: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update: Option<String>,
}

/// `GET /.well-known/gpc.json`: whether any site here honours it.
pub(super) async fn of_all(State(app): State<App>) -> Response {
    answer(app.sites.honour_gpc_since())
}

/// `GET /s/SITE/gpc.json`.
pub(super) async fn of_site(
    State(app): State<App>,
    At(key): At<String>,
) -> Result<Response, Problem> {
    let site = app.sites.get(&key).ok_or_else(|| Problem::unknown_site(&key))?;
    Ok(answer(site.honours_gpc_since()))
}

fn answer(since: Option<Date>) -> Response {
    let support = Support { gpc: since.is_some(), last_update: since.map(|day| day.to_string()) };
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, axum::Json(support)).into_response()
}
