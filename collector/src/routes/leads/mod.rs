//! The calls about leads, for CRM and mail systems (`/api/v1/leads`). Nothing that people wrote is answered before the
//! audit trail has it.

mod change;
mod give;
pub(super) mod parameters;
mod shown;
pub(super) mod told;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use consent_core::{
    ids::{FormKey, LeadId, Uuid7},
    time::SECOND,
};
use serde_json::json;

pub(super) use change::{amend, erase};
pub(super) use give::give;

use self::{
    parameters::{Listing, Parameters},
    shown::{Lead, Page},
};
use super::{
    App,
    api::{bearer, holding, read_by},
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
) -> Result<Response, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let mut parameters = Parameters::of(&uri);
    let site = parameters.site();
    let listing = Listing::of(parameters, clock::now().plus(-SLACK))?;
    let (site, by) = bearer.at(&app, &site, Scope::Leads)?;
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
    let opened: Result<Vec<_>, _> = leads.iter().map(|lead| lead.opened(&app, &site)).collect();
    let opened = opened?;
    let results = leads.iter().zip(&opened).map(|(lead, fields)| lead.shown(&app, &site, fields));
    let seen: Vec<_> = leads.iter().map(|lead| lead.lead().id).collect();
    let entry = read_by(by, "lead.list", ("site", site.key.to_string()), json!({ "leads": seen }));
    app.writer.audit(site.id, entry).await?;
    let page = Page { results: results.collect(), next, as_of: listing.as_of, mail };
    Ok(Json(page).into_response())
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

    /// What was filled in, where it is shown.
    fn opened(&self, app: &App, site: &Site) -> Result<Option<Fields>, Problem> {
        let lead = self.lead();
        // What came by a form is to be answered; what came otherwise and is locked is of no use to anybody.
        if lead.ground_since.is_none() && lead.origin != "form" {
            return Ok(None);
        }
        opened(app, site, lead).map(Some)
    }

    fn shown<'a>(&'a self, app: &App, site: &Site, fields: &'a Option<Fields>) -> Lead<'a> {
        let lead = self.lead();
        let mut shown = Lead::of(lead, fields.as_ref());
        if let (Self::Usable(_), Some(fields)) = (self, fields) {
            let form = lead.form.parse().ok().and_then(|key: FormKey| site.file.lead_form(&key));
            let at = (&site.key, &*app.public_url);
            shown.stop_url = Some(handout::stop_url(&app.keys, at, (form, fields)));
        }
        shown
    }
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
) -> Result<Response, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let (site, by) = bearer.at(&app, &site_alone(&uri)?, Scope::Leads)?;
    let (stored, fields) = {
        let stored = found(&app, &site, &lead).await?;
        let fields = opened(&app, &site, &stored)?;
        (stored, fields)
    };
    let entry = read_by(by, "lead.read", ("lead", stored.id.to_text()), json!({}));
    app.writer.audit(site.id, entry).await?;
    let tag = AppendHeaders([(header::ETAG, etag(stored.version))]);
    Ok((tag, Json(Lead::of(&stored, Some(&fields)))).into_response())
}

/// The site, where a call has no other parameter.
pub(super) fn site_alone(uri: &Uri) -> Result<String, Problem> {
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
