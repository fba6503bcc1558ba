//! The calls of analysis (`/api/v1/funnel`, `/paths`, `/cohorts`, `/segments`), by bearer token.
//!
//! A segment that looks at leads is asked about only by who may read leads.

pub(super) mod told;

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use consent_core::time::Millis;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    App,
    api::{Bearer, bearer, bearer_with, holding, read_by},
    extract::At,
    leads::site_alone,
};
use crate::{
    analysis::{
        answer::{self, Asker, Size},
        asked::{self, cohorts, funnel, paths},
        chosen::Chosen,
        kept,
        segment::{Definition, described},
    },
    clock,
    error::Problem,
    office::desk::Held,
    openapi::shape,
    sites::Site,
    store::{
        Connection,
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

/// A segment to ask about, where there is one, and a connection to ask by. Who waits for room holds none.
pub(super) async fn chosen<'a>(
    app: &'a App,
    site: &'a Site,
    of: Option<&Definition>,
) -> Result<(Option<Chosen<'a>>, Connection), Problem> {
    let Some(of) = of else { return Ok((None, app.readers.acquire().await?)) };
    let asker = asker(app, site).await?;
    let mut db = app.readers.acquire().await?;
    let chosen = asker.chosen(&mut db, of.clone()).await?;
    Ok((Some(chosen), db))
}

/// Who asks, and of which visitors.
pub(super) struct Call {
    site: Arc<Site>,
    by: Actor,
    bearer: Bearer,
    pub(super) of: Option<Definition>,
}

impl Call {
    /// Sees that the bearer may ask that, of the segment's visitors too. What is read of what people wrote is in the
    /// trail before anything of it is answered.
    pub(super) async fn begin(
        app: &App,
        bearer: Bearer,
        site: &str,
        segment: Option<&str>,
    ) -> Result<Self, Problem> {
        let (site, by) = bearer.at(app, site, Scope::Query)?;
        let mut call = Self { site, by, bearer, of: None };
        if let Some(name) = segment {
            let mut db = app.readers.acquire().await?;
            let of = kept::find(&mut db, call.site.id, name).await?;
            drop(db);
            call.may_look(app, name, &of).await?;
            call.of = Some(of);
        }
        Ok(call)
    }

    async fn may_look(&self, app: &App, name: &str, of: &Definition) -> Result<(), Problem> {
        let (leads, fields) = of.looks_at();
        if leads {
            let _ = self.bearer.at(app, self.site.key.as_str(), Scope::Leads)?;
        }
        if fields {
            let object = ("segment", name.to_owned());
            let entry = read_by(self.by.clone(), "lead.segment", object, json!({}));
            app.writer.audit(self.site.id, entry).await?;
        }
        Ok(())
    }
}

/// `POST /api/v1/funnel`.
pub(super) async fn funnel(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<funnel::Answer>, Problem> {
    let (bearer, asked): (_, funnel::Asked) = bearer_with(&app, &headers, body).await?;
    let call = Call::begin(&app, bearer, &asked.site, asked.segment.as_deref()).await?;
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
    let (bearer, asked): (_, cohorts::Asked) = bearer_with(&app, &headers, body).await?;
    let call = Call::begin(&app, bearer, &asked.site, asked.segment.as_deref()).await?;
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
    let (bearer, asked): (_, paths::Asked) = bearer_with(&app, &headers, body).await?;
    let call = Call::begin(&app, bearer, &asked.site, asked.segment.as_deref()).await?;
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.paths(&mut db, &asked, call.of.as_ref()).await?))
}

/// A site's segments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Segments")]
pub(super) struct List {
    /// By their names.
    segments: Vec<Shown>,
}

/// A segment as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeptSegment")]
pub(super) struct Shown {
    /// What it is called.
    name: String,
    /// What holds of its visitors.
    #[schemars(schema_with = "definition")]
    definition: Value,
    /// When it was made.
    #[schemars(schema_with = "shape::millis")]
    made_at: Millis,
}

/// A definition that is answered is one that is taken.
fn definition(generator: &mut SchemaGenerator) -> Schema {
    let path = &generator.settings().definitions_path;
    json_schema!({ "$ref": format!("#{path}/{}", described::NAME) })
}

impl Shown {
    fn of(kept: Kept) -> Self {
        let definition = serde_json::from_str(&kept.definition).unwrap_or(Value::Null);
        Self { name: kept.name, definition, made_at: kept.made_at }
    }
}

/// `GET /api/v1/segments?site=SITE`.
pub(super) async fn segments(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<List>, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, _) = bearer.at(&app, &site_alone(&uri)?, Scope::Query)?;
    let mut db = app.readers.acquire().await?;
    let kept = segments::list(&mut db, site.id).await?;
    Ok(Json(List { segments: kept.into_iter().map(Shown::of).collect() }))
}

/// A segment as it is to be kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSegment")]
pub(super) struct New {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    site: String,
    /// What it is to be called.
    #[schemars(schema_with = "name")]
    name: String,
    /// What holds of its visitors.
    definition: Definition,
}

fn name(_: &mut SchemaGenerator) -> Schema {
    asked::name_schema()
}

/// Gives the connection back, unless it has failed.
pub(super) fn settle<T>(db: Held, done: Result<T, Problem>) -> Result<T, Problem> {
    if done.as_ref().err().is_none_or(|problem| !problem.status.is_server_error()) {
        db.keep();
    }
    done
}

/// `POST /api/v1/segments`.
pub(super) async fn keep_segment(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let (bearer, new): (_, New) = bearer_with(&app, &headers, body).await?;
    let (site, by) = bearer.at(&app, &new.site, Scope::Query)?;
    if new.definition.looks_at().0 {
        let _ = bearer.at(&app, &new.site, Scope::Leads)?;
    }
    let mut db = app.desk.hold().await?;
    let kept = (&*new.name, &new.definition);
    let kept = kept::keep(&mut db, (site.id, &site.file), (clock::now(), by), kept).await;
    Ok((StatusCode::CREATED, Json(Shown::of(settle(db, kept)?))))
}

/// `DELETE /api/v1/segments/NAME?site=SITE`.
pub(super) async fn remove_segment(
    State(app): State<App>,
    At(name): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, by) = bearer.at(&app, &site_alone(&uri)?, Scope::Query)?;
    let mut db = app.desk.hold().await?;
    let removed = kept::remove(&mut db, site.id, (clock::now(), by), &name).await;
    settle(db, removed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A segment whose size is asked for: by its name, or by its definition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SegmentAsked")]
pub(super) struct Sized {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    site: String,
    /// The name of one that is kept.
    #[serde(default)]
    #[schemars(schema_with = "asked::segment_schema")]
    segment: Option<String>,
    /// What holds of its visitors, where none is named.
    #[serde(default)]
    definition: Option<Definition>,
    /// First and last day, in the site's time zone; 400 days at most.
    #[schemars(schema_with = "shape::days")]
    date_range: (String, String),
}

/// `POST /api/v1/segment-size`.
pub(super) async fn size(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Size>, Problem> {
    let (bearer, mut asked): (_, Sized) = bearer_with(&app, &headers, body).await?;
    let mut call = Call::begin(&app, bearer, &asked.site, asked.segment.as_deref()).await?;
    let of = match (call.of.take(), asked.definition.take()) {
        (Some(of), None) => of,
        (None, Some(of)) => {
            call.may_look(&app, "", &of).await?;
            of
        }
        _ => {
            let message = "name a segment, or give a definition";
            return Err(Problem::field("segment", "missing", message));
        }
    };
    let asker = asker(&app, &call.site).await?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(asker.size(&mut db, &asked.date_range, &of).await?))
}
