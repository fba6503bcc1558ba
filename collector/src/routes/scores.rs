//! The calls of lead scores (`/api/v1/score-rules`, `/api/v1/scores`), by bearer token.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use consent_core::ids::LeadId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    analysis::{Of, asked, asker, give_back},
    api::{authorised, holding, known, read_by},
    extract::{At, With},
    leads,
};
use crate::{
    analysis::{
        kept,
        score::{Rule, Score},
    },
    clock,
    error::Problem,
    store::{
        leads::read,
        scores::{self, Kept},
        tokens::Scope,
    },
};

/// Scores of one answer, at most.
const MAX_LIMIT: u32 = 1_000;

/// `GET /api/v1/score-rules?site=SITE`.
pub(super) async fn rules(
    State(app): State<App>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<Json<Value>, Problem> {
    let site = authorised(&app, &headers, &of.site, Scope::Leads).await?;
    let mut db = app.readers.acquire().await?;
    let kept = scores::list(&mut db, site.id).await?;
    Ok(Json(json!({ "rules": kept.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(kept: &Kept) -> Value {
    let rule: Value = serde_json::from_str(&kept.rule).unwrap_or(Value::Null);
    json!({ "name": kept.name, "points": kept.points, "rule": rule, "made_at": kept.made_at })
}

/// A rule as it is to be kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    site: String,
    name: String,
    points: i64,
    rule: Rule,
}

/// `POST /api/v1/score-rules`.
pub(super) async fn keep(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let new: New = asked(&headers, body).await?;
    let (site, by) = known(&app, &headers, &new.site, Scope::Leads).await?;
    let mut db = app.desk.hold().await?;
    let rule = (&*new.name, new.points, &new.rule);
    let kept = kept::keep_rule(&mut db, site.id, (clock::now(), by), rule).await;
    give_back(db, &kept);
    Ok((StatusCode::CREATED, Json(shown(&kept?))))
}

/// `DELETE /api/v1/score-rules/NAME?site=SITE`.
pub(super) async fn remove(
    State(app): State<App>,
    At(name): At<String>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<StatusCode, Problem> {
    let (site, by) = known(&app, &headers, &of.site, Scope::Leads).await?;
    let mut db = app.desk.hold().await?;
    let removed = kept::remove_rule(&mut db, site.id, (clock::now(), by), &name).await;
    give_back(db, &removed);
    removed?;
    Ok(StatusCode::NO_CONTENT)
}

/// The parameters of a list of scores.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    site: String,
    #[serde(default = "hundred")]
    limit: u32,
}

const fn hundred() -> u32 {
    100
}

fn scored((lead, score): &(LeadId, Score)) -> Value {
    json!({ "lead": lead, "score": score.score, "reasons": score.reasons })
}

/// `GET /api/v1/scores?site=SITE`: of leads that are linked by a consent that holds and may be used, the highest first.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    With(listing): With<Listing>,
) -> Result<Json<Value>, Problem> {
    let (site, by) = known(&app, &headers, &listing.site, Scope::Leads).await?;
    if !(1..=MAX_LIMIT).contains(&listing.limit) {
        return Err(Problem::field("limit", "range", format!("1 to {MAX_LIMIT}")));
    }
    let asker = asker(&app, &site).await?;
    let mut db = app.readers.acquire().await?;
    let limit = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    let scores = asker.scores(&mut db, limit).await?;
    drop(db);
    let seen: Vec<_> = scores.iter().map(|(lead, _)| lead).collect();
    let object = ("site", site.key.to_string());
    app.writer.audit(site.id, read_by(by, "lead.score", object, json!({ "leads": seen }))).await?;
    Ok(Json(json!({ "results": scores.iter().map(scored).collect::<Vec<_>>() })))
}

/// `GET /api/v1/leads/LEAD/score?site=SITE`.
pub(super) async fn one(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<Json<Value>, Problem> {
    let (site, by) = known(&app, &headers, &of.site, Scope::Leads).await?;
    let lead = leads::id(&lead)?;
    let asker = asker(&app, &site).await?;
    let mut db = app.readers.acquire().await?;
    let stored = read::one(&mut db, site.id, holding(&site), lead).await?;
    let stored = stored.ok_or_else(leads::unknown_lead)?;
    let linked = asker.linked_lead(&mut db, lead).await?;
    let (is_linked, locked) = (stored.linked_at.is_some(), stored.ground_since.is_none());
    let mut answer = json!({ "lead": lead, "linked": is_linked, "locked": locked, "score": null, "reasons": [] });
    if let Some(linked) = linked {
        let score = asker.score(&mut db, linked).await?;
        drop(db);
        let entry = read_by(by, "lead.score", ("lead", lead.to_text()), json!({}));
        app.writer.audit(site.id, entry).await?;
        answer["score"] = score.score.into();
        answer["reasons"] = json!(score.reasons);
    }
    Ok(Json(answer))
}
