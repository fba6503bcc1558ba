//! The calls of lead scores (`/api/v1/score-rules`, `/api/v1/scores`), by bearer token.

pub(super) mod told;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use consent_core::{ids::LeadId, time::Millis};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    App,
    analysis::{asker, settle},
    api::{bearer, bearer_with, holding, read_by},
    extract::At,
    leads::{self, parameters::Parameters, site_alone},
};
use crate::{
    analysis::{
        asked, kept,
        score::{MAX_POINTS, Reason, Rule, Score},
    },
    clock,
    error::Problem,
    openapi::{shape, whole},
    store::{
        leads::read,
        scores::{self, Kept},
        tokens::Scope,
    },
};

/// Scores of one answer, at most, and where nothing is said.
const LIMITS: (u32, u32) = (1_000, 100);

/// The rules of a site.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScoreRules")]
pub(super) struct List {
    /// By their names.
    rules: Vec<Shown>,
}

/// A rule as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeptScoreRule")]
pub(super) struct Shown {
    /// What it is called.
    name: String,
    /// Points for it.
    points: i64,
    /// For what.
    rule: Value,
    /// When it was made.
    #[schemars(schema_with = "shape::millis")]
    made_at: Millis,
}

impl Shown {
    fn of(kept: Kept) -> Self {
        let rule = serde_json::from_str(&kept.rule).unwrap_or(Value::Null);
        Self { name: kept.name, points: kept.points, rule, made_at: kept.made_at }
    }
}

/// `GET /api/v1/score-rules?site=SITE`.
pub(super) async fn rules(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<List>, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, _) = bearer.at(&app, &site_alone(&uri)?, Scope::Leads)?;
    let mut db = app.readers.acquire().await?;
    let kept = scores::list(&mut db, site.id).await?;
    Ok(Json(List { rules: kept.into_iter().map(Shown::of).collect() }))
}

/// A rule as it is to be kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewScoreRule")]
pub(super) struct New {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    site: String,
    /// What it is to be called.
    #[schemars(schema_with = "name")]
    name: String,
    /// Points for it; not 0.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(schema_with = "points_schema")]
    points: i64,
    /// For what.
    rule: Rule,
}

fn name(_: &mut SchemaGenerator) -> Schema {
    asked::name_schema()
}

fn points_schema(_: &mut SchemaGenerator) -> Schema {
    let (least, most) = (-MAX_POINTS, MAX_POINTS);
    schemars::json_schema!({ "type": "integer", "minimum": least, "maximum": most, "not": { "const": 0 } })
}

/// `POST /api/v1/score-rules`.
pub(super) async fn keep(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let (bearer, new): (_, New) = bearer_with(&app, &headers, body).await?;
    let (site, by) = bearer.at(&app, &new.site, Scope::Leads)?;
    let mut db = app.desk.hold().await?;
    let rule = (&*new.name, new.points, &new.rule);
    let kept = kept::keep_rule(&mut db, site.id, (clock::now(), by), rule).await;
    Ok((StatusCode::CREATED, Json(Shown::of(settle(db, kept)?))))
}

/// `DELETE /api/v1/score-rules/NAME?site=SITE`.
pub(super) async fn remove(
    State(app): State<App>,
    At(name): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, by) = bearer.at(&app, &site_alone(&uri)?, Scope::Leads)?;
    let mut db = app.desk.hold().await?;
    let removed = kept::remove_rule(&mut db, site.id, (clock::now(), by), &name).await;
    settle(db, removed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Scores, the highest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Scores")]
pub(super) struct Ranked {
    /// Of leads that are linked by a consent that holds and may be used.
    #[schemars(length(max = LIMITS.0))]
    results: Vec<Scored>,
}

/// The score of a lead.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScoredLead")]
struct Scored {
    /// The lead.
    #[schemars(schema_with = "shape::lead_id")]
    lead: LeadId,
    /// All points.
    score: i64,
    /// For what there were any.
    reasons: Vec<Reason>,
}

/// `GET /api/v1/scores?site=SITE`: of leads that are linked by a consent that holds and may be used, the highest first.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Ranked>, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let mut parameters = Parameters::of(&uri);
    let asked_site = parameters.site();
    let limit = parameters.limit(LIMITS.0, LIMITS.1);
    parameters.end("site, limit")?;
    let (site, by) = bearer.at(&app, &asked_site, Scope::Leads)?;
    let asker = asker(&app, &site).await?;
    let mut db = app.readers.acquire().await?;
    let scores = asker.scores(&mut db, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
    drop(db);
    let seen: Vec<_> = scores.iter().map(|(lead, _)| lead).collect();
    let object = ("site", site.key.to_string());
    app.writer.audit(site.id, read_by(by, "lead.score", object, json!({ "leads": seen }))).await?;
    let scored = |(lead, Score { score, reasons })| Scored { lead, score, reasons };
    Ok(Json(Ranked { results: scores.into_iter().map(scored).collect() }))
}

/// How a lead's score stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LeadScore")]
pub(super) struct Standing {
    /// The lead.
    #[schemars(schema_with = "shape::lead_id")]
    lead: LeadId,
    /// Whether it is tied to a visitor.
    linked: bool,
    /// Whether its person may not be contacted.
    locked: bool,
    /// All points; null where it has no score.
    score: Option<i64>,
    /// For what there were any.
    reasons: Vec<Reason>,
}

/// `GET /api/v1/leads/LEAD/score?site=SITE`.
pub(super) async fn one(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Standing>, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, by) = bearer.at(&app, &site_alone(&uri)?, Scope::Leads)?;
    let lead = leads::id(&lead)?;
    let asker = asker(&app, &site).await?;
    let mut db = app.readers.acquire().await?;
    let stored = read::one(&mut db, site.id, holding(&site), lead).await?;
    let stored = stored.ok_or_else(leads::unknown_lead)?;
    let (linked, locked) = (stored.linked_at.is_some(), stored.ground_since.is_none());
    let mut standing = Standing { lead, linked, locked, score: None, reasons: Vec::new() };
    if let Some(linked) = asker.linked_lead(&mut db, lead).await? {
        let score = asker.score(&mut db, linked).await?;
        drop(db);
        let entry = read_by(by, "lead.score", ("lead", lead.to_text()), json!({}));
        app.writer.audit(site.id, entry).await?;
        standing.score = Some(score.score);
        standing.reasons = score.reasons;
    }
    Ok(Json(standing))
}
