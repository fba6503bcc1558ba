//! The calls about leads, for CRM and mail systems (`/api/v1/leads`). Nothing that people wrote is answered before the
//! audit trail has it.

mod change;
mod give;
mod parameters;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse},
};
use consent_core::{
    ids::{FormKey, LeadId, Uuid7},
    time::SECOND,
};
use serde_json::{Value, json};

pub(super) use change::{amend, erase};
pub(super) use give::give;

use self::parameters::{Listing, Parameters};
use super::{
    App,
    api::{holding, known, read_by},
    extract::At,
};
use crate::{
    clock,
    error::Problem,
    intake::handout::{self, Mail},
    keys::leads::{Fields, LeadKeyError},
    sites::Site,
    store::{
        leads::read::{self, Stored, Usable},
        tokens::Scope,
    },
};

/// How long a change may take from its time to its commit: who asks for changes since a listing began asks from that
/// much earlier.
const SLACK: i64 = 30 * SECOND;

/// `GET /api/v1/leads?site=SITE`.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, Problem> {
    let mut parameters = Parameters::of(&uri);
    let site = parameters.site();
    let listing = Listing::of(parameters, clock::now().plus(-SLACK))?;
    let (site, by) = known(&app, &headers, &site, Scope::Leads).await?;
    let mail = match listing.usable {
        Some(true) => Some(
            Mail::of(&site.file)
                .ok_or_else(|| Problem::field("usable", "no_mail", handout::NO_MAIL))?,
        ),
        _ => None,
    };
    let Listing { limit, search, .. } = listing;
    let mut db = app.readers.acquire().await?;
    // One more says that there are more.
    let more = limit + 1;
    let mut leads: Vec<Listed> = match listing.usable {
        Some(true) => {
            let usable = read::usable(&mut db, site.id, holding(&site), &search, more).await?;
            usable.into_iter().map(Listed::Usable).collect()
        }
        which => {
            let held =
                read::held(&mut db, site.id, holding(&site), (&search, which.is_some()), more);
            held.await?.into_iter().map(Listed::Held).collect()
        }
    };
    drop(db);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = leads.len() > limit;
    leads.truncate(limit);
    let last = leads.last().filter(|_| is_more);
    let next = last.map(|lead| listing.cursor(search.place(lead.lead())));
    let mut results = Vec::with_capacity(leads.len());
    for lead in &leads {
        results.push(lead.shown(&app, &site)?);
    }
    let seen: Vec<_> = leads.iter().map(|lead| lead.lead().id).collect();
    let entry = read_by(by, "lead.list", ("site", site.key.to_string()), json!({ "leads": seen }));
    app.writer.audit(site.id, entry).await?;
    let mut answer = json!({ "results": results, "next": next, "as_of": listing.as_of });
    if let Some(mail) = mail {
        answer["mail"] = json!(mail);
    }
    Ok(Json(answer))
}

/// A lead of a listing.
enum Listed {
    /// Its person may be contacted: it goes out with how they stop that.
    Usable(Usable),
    /// It is there.
    Held(Stored),
}

impl Listed {
    const fn lead(&self) -> &Stored {
        match self {
            Self::Usable(usable) => usable.lead(),
            Self::Held(stored) => stored,
        }
    }

    fn shown(&self, app: &App, site: &Site) -> Result<Value, Problem> {
        let lead = self.lead();
        // What came by a form is to be answered; what came otherwise and is locked is of no use to anybody.
        if lead.ground_since.is_none() && lead.origin != "form" {
            return Ok(shown(lead, None));
        }
        let fields = opened(app, site, lead)?;
        let mut value = shown(lead, Some(&fields));
        if let Self::Usable(_) = self {
            let form = lead.form.parse().ok().and_then(|key: FormKey| site.file.lead_form(&key));
            let at = (&site.key, &*app.public_url);
            value["stop_url"] = handout::stop_url(&app.keys, at, (form, &fields)).into();
        }
        Ok(value)
    }
}

/// A lead as it is shown, with what was filled in where that is opened. The bearer of the token has been seen to have
/// the scope for it.
fn shown(lead: &Stored, fields: Option<&Fields>) -> Value {
    json!({
        "id": lead.id,
        "form": lead.form,
        "origin": lead.origin,
        "fields": fields,
        "agreements": serde_json::from_str::<Value>(&lead.agreements).unwrap_or(Value::Null),
        "page": lead.page,
        "received_at": lead.received_at,
        "changed_at": lead.changed_at,
        "version": lead.version,
        "linked": lead.linked_at.is_some(),
        "linked_at": lead.linked_at,
        "ground": lead.ground,
        "ground_since": lead.ground_since,
        "locked": lead.ground_since.is_none(),
    })
}

fn opened(app: &App, site: &Site, lead: &Stored) -> Result<Fields, Problem> {
    app.keys.open_lead(&site.key, lead.id, &lead.sealed).map_err(|error| sealed(&error))
}

/// 500 where a lead does not open; the log says why.
fn sealed(error: &LeadKeyError) -> Problem {
    tracing::error!(%error, "a lead cannot be read");
    let detail = "a lead cannot be read; the collector's log says why and what to do";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "sealed", detail)
}

/// `GET /api/v1/leads/LEAD?site=SITE`: locked or not, since it is asked about.
pub(super) async fn show(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<impl IntoResponse, Problem> {
    let site = site_alone(&uri)?;
    let (site, by) = known(&app, &headers, &site, Scope::Leads).await?;
    let (stored, fields) = {
        let stored = found(&app, &site, &lead).await?;
        let fields = opened(&app, &site, &stored)?;
        (stored, fields)
    };
    let entry = read_by(by, "lead.read", ("lead", stored.id.to_text()), json!({}));
    app.writer.audit(site.id, entry).await?;
    let tag = AppendHeaders([(header::ETAG, etag(stored.version))]);
    Ok((tag, Json(shown(&stored, Some(&fields)))))
}

/// The site, where a call has no other parameter.
fn site_alone(uri: &Uri) -> Result<String, Problem> {
    let mut parameters = Parameters::of(uri);
    let site = parameters.site();
    parameters.end("site")?;
    Ok(site)
}

pub(super) fn unknown_lead() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_lead", "the site has no such lead")
}

/// A lead's id as the collector writes it, or as the UUIDv7 under which another system gave it.
pub(super) fn id(text: &str) -> Result<LeadId, Problem> {
    let given = |_| text.parse().map(|id: Uuid7| LeadId::from_bytes(*id.as_bytes()));
    text.parse().or_else(given).map_err(|_| unknown_lead())
}

async fn found(app: &App, site: &Arc<Site>, lead: &str) -> Result<Stored, Problem> {
    let id = id(lead)?;
    let mut db = app.readers.acquire().await?;
    read::one(&mut db, site.id, holding(site), id).await?.ok_or_else(unknown_lead)
}

/// A lead's version as an entity tag (RFC 9110, section 8.8.3).
fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
