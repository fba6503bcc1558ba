//! The calls of analysis (`/api/v1/funnel`, `/paths`, `/cohorts`, `/segments`), by bearer token.
//!
//! A segment that looks at leads is asked about only by who may read leads.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    api::{authorised, holding, known, read_by},
    body,
    extract::{At, With},
};
use crate::{
    analysis::{
        answer::{self, Asker, Size},
        asked::{cohorts, funnel, paths},
        kept,
        segment::Definition,
    },
    clock,
    error::Problem,
    office::desk::Held,
    sites::Site,
    store::{
        audit::Actor,
        segments::{self, Kept},
        tokens::Scope,
    },
};

/// The site as it is asked about.
pub(super) async fn asker<'a>(app: &'a App, site: &'a Site) -> Result<Asker<'a>, Problem> {
    let room = answer::room().await?;
    let holding = holding(site);
    Ok(Asker {
        room,
        site: site.id,
        key: &site.key,
        file: &site.file,
        holding,
        today: site.day(holding.now),
        keys: Some(&app.keys),
    })
}

/// Who asks, and of which visitors.
struct Call {
    site: Arc<Site>,
    of: Option<Definition>,
}

/// Sees that the bearer may ask that, of the segment's visitors too. What is read of what people wrote is in the trail
/// before anything of it is answered.
async fn call(
    app: &App,
    headers: &HeaderMap,
    site: &str,
    segment: Option<&str>,
) -> Result<Call, Problem> {
    let (site, by) = known(app, headers, site, Scope::Query).await?;
    let Some(name) = segment else { return Ok(Call { site, of: None }) };
    let mut db = app.readers.acquire().await?;
    let of = kept::find(&mut db, site.id, name).await?;
    drop(db);
    may_look(app, headers, (&site, by), (name, &of)).await?;
    Ok(Call { site, of: Some(of) })
}

async fn may_look(
    app: &App,
    headers: &HeaderMap,
    (site, by): (&Arc<Site>, Actor),
    (name, of): (&str, &Definition),
) -> Result<(), Problem> {
    let (leads, fields) = of.looks_at();
    if leads {
        let _ = authorised(app, headers, site.key.as_str(), Scope::Leads).await?;
    }
    if fields {
        let entry = read_by(by, "lead.segment", ("segment", name.to_owned()), json!({}));
        app.writer.audit(site.id, entry).await?;
    }
    Ok(())
}

pub(super) async fn asked<T: for<'a> Deserialize<'a>>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    body::json(&body::text(headers, body, "application/json").await?)
}

/// `POST /api/v1/funnel`.
pub(super) async fn funnel(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<funnel::Answer>, Problem> {
    let asked: funnel::Asked = asked(&headers, body).await?;
    let call = call(&app, &headers, &asked.site, asked.segment.as_deref()).await?;
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.funnel(&mut db, &asked, call.of.as_ref()).await?))
}

/// `POST /api/v1/cohorts`.
pub(super) async fn cohorts(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<cohorts::Answer>, Problem> {
    let asked: cohorts::Asked = asked(&headers, body).await?;
    let call = call(&app, &headers, &asked.site, asked.segment.as_deref()).await?;
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.cohorts(&mut db, &asked, call.of.as_ref()).await?))
}

/// `POST /api/v1/paths`.
pub(super) async fn paths(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<paths::Answer>, Problem> {
    let asked: paths::Asked = asked(&headers, body).await?;
    let call = call(&app, &headers, &asked.site, asked.segment.as_deref()).await?;
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.paths(&mut db, &asked, call.of.as_ref()).await?))
}

/// Gives the way to write back, unless the database failed on it.
pub(super) fn give_back<T>(db: Held, outcome: &Result<T, Problem>) {
    let failed =
        outcome.as_ref().err().is_some_and(|it| it.status == StatusCode::SERVICE_UNAVAILABLE);
    if !failed {
        db.keep();
    }
}

/// The site, of a call that has no other parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    pub(super) site: String,
}

/// `GET /api/v1/segments?site=SITE`.
pub(super) async fn segments(
    State(app): State<App>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<Json<Value>, Problem> {
    let site = authorised(&app, &headers, &of.site, Scope::Query).await?;
    let mut db = app.readers.acquire().await?;
    let kept = segments::list(&mut db, site.id).await?;
    Ok(Json(json!({ "segments": kept.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(kept: &Kept) -> Value {
    let definition: Value = serde_json::from_str(&kept.definition).unwrap_or(Value::Null);
    json!({ "name": kept.name, "definition": definition, "made_at": kept.made_at })
}

/// A segment as it is to be kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    site: String,
    name: String,
    definition: Definition,
}

/// `POST /api/v1/segments`.
pub(super) async fn keep_segment(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let new: New = asked(&headers, body).await?;
    let (site, by) = known(&app, &headers, &new.site, Scope::Query).await?;
    if new.definition.looks_at().0 {
        let _ = authorised(&app, &headers, &new.site, Scope::Leads).await?;
    }
    let mut db = app.desk.hold().await?;
    let kept = (&*new.name, &new.definition);
    let kept = kept::keep(&mut db, (site.id, &site.file), (clock::now(), by), kept).await;
    give_back(db, &kept);
    let kept = kept?;
    Ok((StatusCode::CREATED, Json(shown(&kept))))
}

/// `DELETE /api/v1/segments/NAME?site=SITE`.
pub(super) async fn remove_segment(
    State(app): State<App>,
    At(name): At<String>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<StatusCode, Problem> {
    let (site, by) = known(&app, &headers, &of.site, Scope::Query).await?;
    let mut db = app.desk.hold().await?;
    let removed = kept::remove(&mut db, site.id, (clock::now(), by), &name).await;
    give_back(db, &removed);
    removed?;
    Ok(StatusCode::NO_CONTENT)
}

/// A segment whose size is asked for: by its name, or by its definition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sized {
    site: String,
    #[serde(default)]
    segment: Option<String>,
    #[serde(default)]
    definition: Option<Definition>,
    date_range: (String, String),
}

/// `POST /api/v1/segments/size`.
pub(super) async fn size(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Size>, Problem> {
    let asked: Sized = asked(&headers, body).await?;
    let call = call(&app, &headers, &asked.site, asked.segment.as_deref()).await?;
    let of = match (call.of, asked.definition) {
        (Some(of), None) => of,
        (None, Some(of)) => {
            let (site, by) = known(&app, &headers, &asked.site, Scope::Query).await?;
            may_look(&app, &headers, (&site, by), ("", &of)).await?;
            of
        }
        _ => {
            return Err(Problem::field(
                "segment",
                "missing",
                "name a segment, or give a definition",
            ));
        }
    };
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.size(&mut db, &asked.date_range, &of).await?))
}
