//! The calls of marketers (`/api/v1/…`), by bearer token.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use consent_core::ids::LeadId;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    App, body,
    extract::{At, With},
};
use crate::{
    clock,
    error::Problem,
    query::{self, Answer, Query},
    sites::Site,
    store::{
        audit::{Actor, Entry},
        leads::read::{self, Stored},
        reports::{self, Holding, Moment, Timeline},
        tokens::{self, Scope},
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
async fn known(
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
    let token = tokens::find(&mut db, &Sha256::digest(token))
        .await?
        .ok_or_else(|| unknown("the token is not known"))?;
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

/// The parameters of a listing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    site: String,
    #[serde(default = "default_limit")]
    limit: u32,
    #[serde(default)]
    after: u32,
}

const fn default_limit() -> u32 {
    50
}

impl Listing {
    fn check(&self) -> Result<(), Problem> {
        match self.limit {
            1..=1_000 => Ok(()),
            _ => Err(Problem::field("limit", "range", "1 to 1000")),
        }
    }
}

/// `GET /api/v1/leads?site=SITE`.
pub(super) async fn leads(
    State(app): State<App>,
    headers: HeaderMap,
    With(listing): With<Listing>,
) -> Result<Json<Value>, Problem> {
    listing.check()?;
    let (site, by) = known(&app, &headers, &listing.site, Scope::Leads).await?;
    let mut db = app.readers.acquire().await?;
    let mut leads =
        read::received(&mut db, site.id, holding(&site), listing.limit, listing.after).await?;
    drop(db);
    let limit = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    let next = (leads.len() > limit).then(|| listing.after.saturating_add(listing.limit));
    leads.truncate(limit);
    let results: Vec<_> = leads.iter().map(|it| lead(&app, &site, it)).collect::<Result<_, _>>()?;
    let seen: Vec<_> = leads.iter().map(|lead| lead.id).collect();
    let entry = read_by(by, "lead.list", ("site", site.key.to_string()), json!({ "leads": seen }));
    app.writer.audit(site.id, entry).await?;
    Ok(Json(json!({ "results": results, "next": next.map(|next| next.to_string()) })))
}

/// A read of personal data, which is not answered before the trail has it.
fn read_by(
    by: Actor,
    action: &'static str,
    object: (&'static str, String),
    details: Value,
) -> Entry {
    Entry { at: clock::now(), by, action, object, details }
}

fn holding(site: &Site) -> Holding {
    Holding { revision: site.policy.revision(), now: clock::now() }
}

/// A lead as it is shown. The bearer of the token has been seen to have the scope for it.
fn lead(app: &App, site: &Site, lead: &Stored) -> Result<Value, Problem> {
    let fields = app.keys.open_lead(&site.key, lead.id, &lead.sealed).map_err(|error| {
        tracing::error!(%error, "a lead cannot be read");
        let detail = "a lead cannot be read; the collector's log says why and what to do";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "sealed", detail)
    })?;
    Ok(json!({
        "id": lead.id,
        "form": lead.form,
        "fields": fields,
        "agreements": serde_json::from_str::<Value>(&lead.agreements).unwrap_or(Value::Null),
        "page": lead.page,
        "received_at": lead.received_at,
        "linked": lead.linked_at.is_some(),
        "linked_at": lead.linked_at,
        "ground": lead.ground,
        "locked": lead.ground_since.is_none(),
    }))
}

/// `GET /api/v1/leads/LEAD/timeline?site=SITE`.
pub(super) async fn timeline(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    With(listing): With<Listing>,
) -> Result<Json<Value>, Problem> {
    listing.check()?;
    let (site, by) = known(&app, &headers, &listing.site, Scope::Leads).await?;
    let unknown =
        || Problem::new(StatusCode::NOT_FOUND, "unknown_lead", "the site has no such lead");
    let lead: LeadId = lead.parse().map_err(|_| unknown())?;
    let mut db = app.readers.acquire().await?;
    let timeline = reports::timeline(&mut db, site.id, holding(&site), lead).await?;
    drop(db);
    if let Timeline::Linked(_, moments) = &timeline {
        let details = json!({ "events": moments.len() });
        let entry = read_by(by, "lead.timeline", ("lead", lead.to_text()), details);
        app.writer.audit(site.id, entry).await?;
    }
    match timeline {
        Timeline::NoLead => Err(unknown()),
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
