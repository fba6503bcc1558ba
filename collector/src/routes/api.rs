//! The calls of marketers (`/api/v1/…`), by bearer token.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    App, body,
    extract::{At, With},
    leads,
};
use crate::{
    clock,
    error::Problem,
    query::{self, Answer, Query},
    sites::Site,
    store::{
        audit::{Actor, Entry},
        reports::{self, Holding, Moment, Timeline},
        tokens::{self, Over, Scope},
    },
};

/// The site, if the bearer of the token may do that there.
pub(super) async fn authorised(
    app: &App,
    headers: &HeaderMap,
    site: &str,
    scope: Scope,
) -> Result<Arc<Site>, Problem> {
    Ok(known(app, headers, site, scope).await?.0)
}

/// The same, and who that is: for what the audit trail is told of.
pub(super) async fn known(
    app: &App,
    headers: &HeaderMap,
    site: &str,
    scope: Scope,
) -> Result<(Arc<Site>, Actor), Problem> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given
        .and_then(|given| given.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let unknown = |detail: &str| Problem::unauthorized("token", detail);
    let token = token.ok_or_else(|| {
        unknown("send Authorization: Bearer TOKEN; `ashiato token add` makes a token")
    })?;
    let mut db = app.readers.acquire().await?;
    // Looked up by its hash: how long that takes tells of a hash that nobody can choose.
    let (hash, now) = (Sha256::digest(token), clock::now());
    let token =
        tokens::find(&mut db, &hash).await?.ok_or_else(|| unknown("the token is not known"))?;
    drop(db);
    if let Some(over) = token.over(now) {
        return Err(over_with(over));
    }
    if token.is_stale(now) {
        let mut db = app.desk.hold().await?;
        tokens::used(&mut db, &hash, now).await?;
        db.keep();
    }
    match app.sites.get(site) {
        Some(site) if site.id == token.site && token.may(scope) => {
            Ok((site, Actor::Token(token.id)))
        }
        Some(site) if site.id == token.site => {
            Err(Problem::forbidden("scope", "the token has not the scope that this call needs"))
        }
        // A token learns nothing about sites that are not its own.
        _ => Err(Problem::forbidden("site", "the token is not one of this site")),
    }
}

/// 401 where a token holds no more, with what to do.
fn over_with(over: Over) -> Problem {
    let (code, detail) = match over {
        Over::Expired => (
            "token_expired",
            "the token's time is over: make a new one in the back office, or by `ashiato token add`",
        ),
        Over::Revoked => (
            "token_revoked",
            "the token was revoked: make a new one in the back office, or by `ashiato token add`",
        ),
    };
    Problem::unauthorized(code, detail)
}

/// `POST /api/v1/query`.
pub(super) async fn query(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answer>, Problem> {
    let text = body::text(&headers, body, "application/json").await?;
    let query: Query = body::json(&text)?;
    let site = authorised(&app, &headers, &query.site, Scope::Query).await?;
    let question = query.question()?;
    let mut db = app.readers.acquire().await?;
    Ok(Json(query::run(&mut db, site.id, &site.file, &question, clock::now()).await?))
}

/// A read of personal data, which is not answered before the trail has it.
pub(super) fn read_by(
    by: Actor,
    action: &'static str,
    object: (&'static str, String),
    details: Value,
) -> Entry {
    Entry { at: clock::now(), by, action, object, details }
}

pub(super) fn holding(site: &Site) -> Holding {
    Holding { revision: site.policy.revision(), now: clock::now() }
}

/// The parameters of a timeline.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    site: String,
}

/// `GET /api/v1/leads/LEAD/timeline?site=SITE`.
pub(super) async fn timeline(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    With(of): With<Of>,
) -> Result<Json<Value>, Problem> {
    let (site, by) = known(&app, &headers, &of.site, Scope::Leads).await?;
    let lead = leads::id(&lead)?;
    let mut db = app.readers.acquire().await?;
    let timeline = reports::timeline(&mut db, site.id, holding(&site), lead).await?;
    drop(db);
    if let Timeline::Linked(_, moments) = &timeline {
        let details = json!({ "events": moments.len() });
        let entry = read_by(by, "lead.timeline", ("lead", lead.to_text()), details);
        app.writer.audit(site.id, entry).await?;
    }
    match timeline {
        Timeline::NoLead => Err(leads::unknown_lead()),
        Timeline::Unlinked => Ok(Json(json!({ "lead": lead, "linked": false, "events": [] }))),
        Timeline::Linked(since, moments) => {
            let events: Vec<_> = moments.iter().map(moment).collect();
            Ok(Json(json!({ "lead": lead, "linked": true, "linked_at": since, "events": events })))
        }
    }
}

fn moment(moment: &Moment) -> Value {
    let properties = moment.properties.as_deref().map(serde_json::from_str::<Value>);
    json!({
        "id": moment.id,
        "at": moment.at,
        "name": moment.name,
        "page": moment.page,
        "title": moment.title,
        "properties": properties.and_then(Result::ok).unwrap_or_else(|| json!({})),
    })
}
