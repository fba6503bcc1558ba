//! The calls of marketers (`/api/v1/…`), by bearer token.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse as _, Response},
};
use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    App,
    analysis::{Call, chosen},
    body, exports,
    extract::At,
    leads,
};
use crate::{
    clock,
    error::Problem,
    openapi::{Method, Operation, Schemas, shape},
    query::{self, Answer, Query, WhoseIn},
    sites::Site,
    store::{
        audit::{Actor, Entry},
        reports::{self, Holding, Moment, TIMELINE_MAX, Timeline},
        tokens::{self, Over, Scope, Token},
    },
};

/// Who calls, by a token that is known. Nothing else of a call is looked at before.
pub(super) async fn bearer(app: &App, headers: &HeaderMap) -> Result<Bearer, Problem> {
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
    Ok(Bearer(token))
}

/// The same where the call has a body in JSON: who calls, and that.
pub(super) async fn bearer_with<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bearer, T), Problem> {
    let bearer = match bearer(app, headers).await {
        Ok(bearer) => bearer,
        Err(problem) => {
            body::drain(headers, body).await;
            return Err(problem);
        }
    };
    let text = body::text(headers, body, "application/json").await?;
    Ok((bearer, body::json(&text)?))
}

/// The bearer of a token.
#[derive(Debug)]
pub(super) struct Bearer(Token);

impl Bearer {
    /// The site, if they may do that there, and by what the audit trail names them.
    pub(super) fn at(
        &self,
        app: &App,
        site: &str,
        scope: Scope,
    ) -> Result<(Arc<Site>, Actor), Problem> {
        let Self(token) = self;
        match app.sites.get(site) {
            Some(site) if site.id == token.site && token.may(scope) => {
                Ok((site, Actor::Token(token.id.clone())))
            }
            Some(site) if site.id == token.site => {
                Err(Problem::forbidden("scope", "the token has not the scope that this call needs"))
            }
            // A token learns nothing about sites that are not its own.
            _ => Err(Problem::forbidden("site", "the token is not one of this site")),
        }
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
) -> Result<Response, Problem> {
    let (bearer, query): (_, Query) = bearer_with(&app, &headers, body).await?;
    let (site, _) = bearer.at(&app, &query.site, Scope::Query)?;
    let format = exports::accepted(&headers)?;
    let question = if format.is_some() { query.question_for_file() } else { query.question() }?;
    let call = Call::begin(&app, bearer, &query.site, query.segment.as_deref()).await?;
    let answer = {
        let (chosen, mut db) = chosen(&app, &site, call.of.as_ref()).await?;
        let whose = chosen.as_ref().map(|chosen| |days| chosen.whose(days));
        let of = whose.as_ref().map(|whose| whose as &WhoseIn<'_>);
        query::run(&mut db, site.id, &site.file, (&question, of), clock::now()).await?
    };
    match format {
        Some(format) => exports::file(format, query, answer).await,
        None => Ok(Json(answer).into_response()),
    }
}

/// The call, as it is described.
pub(super) fn told(schemas: &mut Schemas) -> Operation {
    let example = json!({
        "site": "shop",
        "metrics": ["visitors", "page_views"],
        "dimensions": ["time:day", "page"],
        "filters": [["is", "page", ["/pricing"]]],
        "segment": null,
        "date_range": ["2026-11-01", "2026-11-22"],
        "compare": "previous_period",
        "limit": 100,
        "after": null,
    });
    let called = ("figures", "query");
    let operation = Operation::new(Method::Post, called, "Sums over what visitors did", Scope::Query)
        .about(
            "Only events count whose consent holds. Of a segment that looks at leads it is answered to a token that has the \
             scope `leads` too. Where the site protects small groups, `withheld` says what is not told.",
        )
        .takes::<Query>(schemas, &example)
        .answers::<Answer>(schemas, 200, "The sums, and for how much of the traffic they stand");
    exports::described(operation, "")
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

/// `GET /api/v1/leads/LEAD/timeline?site=SITE`.
pub(super) async fn timeline(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, by) = bearer.at(&app, &leads::site_alone(&uri)?, Scope::Leads)?;
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
        Timeline::Unlinked => Ok(Json(Course::of(lead, None, &[])).into_response()),
        Timeline::Linked(since, moments) => {
            Ok(Json(Course::of(lead, Some(since), &moments)).into_response())
        }
    }
}

/// A timeline, as it is answered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Timeline")]
pub(super) struct Course<'a> {
    /// The lead.
    #[schemars(schema_with = "shape::lead_id")]
    lead: LeadId,
    /// Whether it is tied to a visitor.
    linked: bool,
    /// Since when: what came before is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shape::millis")]
    linked_at: Option<Millis>,
    /// What its person did, in order of time.
    #[schemars(length(max = TIMELINE_MAX))]
    events: Vec<Seen<'a>>,
}

/// An event of a timeline.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TimelineEvent")]
struct Seen<'a> {
    /// Its id.
    #[schemars(schema_with = "shape::uuid7")]
    id: Uuid7,
    /// When.
    #[schemars(schema_with = "shape::millis")]
    at: Millis,
    /// What.
    name: &'a str,
    /// The page's path.
    page: &'a str,
    /// The page's title.
    title: &'a str,
    /// More about it: true or false, numbers and texts by name.
    properties: serde_json::Map<String, Value>,
}

impl<'a> Course<'a> {
    fn of(lead: LeadId, linked_at: Option<Millis>, moments: &'a [Moment]) -> Self {
        let events = moments.iter().map(Seen::of).collect();
        Self { lead, linked: linked_at.is_some(), linked_at, events }
    }
}

impl<'a> Seen<'a> {
    fn of(moment: &'a Moment) -> Self {
        let properties = moment.properties.as_deref().map(serde_json::from_str);
        Self {
            id: moment.id,
            at: moment.at,
            name: &moment.name,
            page: &moment.page,
            title: &moment.title,
            properties: properties.and_then(Result::ok).unwrap_or_default(),
        }
    }
}
