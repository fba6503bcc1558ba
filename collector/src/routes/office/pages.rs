//! The pages of a site.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::{ids::LeadId, time::Millis};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        App,
        extract::{At, With},
    },
    Caller, enter, html, setup,
};
use crate::{
    clock,
    error::Problem,
    office::{
        choice::Choice,
        may::{Action, may},
        period,
        view::{self, Place, leads::PAGE, settings::tag},
    },
    query::withheld::{
        dashboard as withheld,
        moments::{self as few, LISTED},
    },
    sites::Site,
    store::{
        accounts::Role,
        audit::{Actor, Entry},
        decided,
        leads::read::{
            self, Stored,
            listed::{Which, listed},
        },
        moments,
        reports::{self, Holding, Timeline},
        tokens,
    },
};

/// `GET /office`: the first site that may be seen.
pub(super) async fn first(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let sites = caller.sites(&app);
    if sites.is_empty() && setup::may(&caller) {
        return Ok(Redirect::to("/office/setup").into_response());
    }
    let (key, _) = sites.first().ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_site", "there is no site that the account may see")
    })?;
    Ok(Redirect::to(&format!("/office/sites/{key}")).into_response())
}

/// The parameters of a page, as they are.
pub(super) type Given = With<Vec<(String, String)>>;

/// `GET /office/sites/SITE/consent`.
pub(super) async fn consent(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Consent)?;
    // Who decides is nobody's visitor yet.
    let read = Choice::read(uri.path().to_owned(), &given);
    let choice = Choice { filters: Vec::new(), segment: None, ..read };
    let today = site.day(clock::now());
    let (days, earlier) = (choice.period.days(today), choice.period.before(today));
    let times = (
        Millis(period::begins(days.0, site.zone())),
        Millis(period::begins(days.1 + 1, site.zone())),
    );
    let mut db = app.readers.acquire().await?;
    let now = reports::share(&mut db, site.id, days).await?;
    let before = reports::share(&mut db, site.id, earlier).await?;
    let by_day = decided::by_day(&mut db, site.id, days).await?;
    let by_method = decided::by_method(&mut db, site.id, times).await?;
    let smallest = i64::from(site.file.statistics.smallest_group);
    let listed = withheld::rows(smallest, LISTED);
    let mut pages = moments::decided_by_page(&mut db, site.id, times, listed).await?;
    let after = moments::withdrawn_after(&mut db, site.id, times).await?;
    let quarters = decided::withdrawn(&mut db, site.id, times).await?;
    drop(db);
    let mut withdrawn: BTreeMap<i64, i64> = BTreeMap::new();
    for (at, n) in quarters {
        *withdrawn.entry(site.day(at)).or_default() += n;
    }
    let hidden_pages = few::pages(&mut pages, smallest, LISTED);
    let data = view::consent::Data {
        choice: &choice,
        today,
        file: &site.file,
        now: &now,
        before: &before,
        days: &by_day,
        withdrawn: &withdrawn,
        decided: &by_method,
        pages: (pages.as_slice(), hidden_pages),
        after: &after,
        smallest,
        tag: &tag(&app.public_url, &key),
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Consent);
    Ok(html(&view::consent::page(&frame, &data)))
}

/// The parameters of the list of leads.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    after: u32,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    usable: String,
}

fn holding(site: &Site) -> Holding {
    Holding { revision: site.policy.revision(), now: clock::now() }
}

/// A read of personal data, which is not shown before the trail has it.
pub(super) fn read_by(
    caller: &Caller,
    action: &'static str,
    object: (&'static str, String),
    details: Value,
) -> Entry {
    let by = Actor::Account(caller.account.id.0.to_string());
    Entry { at: clock::now(), by, action, object, details }
}

/// A lead as it may be seen: opened, and masked where persons may not be.
fn shown<'a>(
    app: &App,
    site: &Site,
    lead: &'a Stored,
    (masked, closed): (bool, bool),
) -> view::leads::Shown<'a> {
    if closed {
        return view::leads::Shown { lead, fields: None, closed };
    }
    let fields = app.keys.open_lead(&site.key, lead.id, &lead.sealed);
    let fields = fields.map_err(|error| tracing::error!(%error, "a lead cannot be read")).ok();
    let fields = fields.map(|mut fields| {
        if masked {
            fields.values_mut().for_each(|value| *value = view::leads::mask(value));
        }
        fields
    });
    view::leads::Shown { lead, fields, closed }
}

fn data(site: &Site, role: Role) -> view::leads::Data<'_> {
    view::leads::Data {
        file: &site.file,
        zone: site.zone(),
        masked: !may(role, Action::Persons),
        hands_out: may(role, Action::HandOut).then_some(site.file.approval),
    }
}

/// `GET /office/sites/SITE/leads`.
pub(super) async fn leads(
    State(app): State<App>,
    At(key): At<String>,
    With(listing): With<Listing>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Leads)?;
    let mut db = app.readers.acquire().await?;
    let usable = match listing.usable.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let which = Which { origin: listing.origin, ground: listing.ground, usable };
    let page = (PAGE, listing.after);
    let mut leads = listed(&mut db, site.id, holding(&site), &which, page).await?;
    drop(db);
    let more = leads.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    leads.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let masked = !may(role, Action::Persons);
    let data = data(&site, role);
    // What came by a form is to be answered; what came otherwise and is locked is of no use to anybody.
    let closed = |lead: &Stored| lead.ground_since.is_none() && lead.origin != "form";
    let seen: Vec<_> = leads.iter().filter(|lead| !closed(lead)).map(|lead| lead.id).collect();
    if !masked && !seen.is_empty() {
        let object = ("site", site.key.to_string());
        app.writer
            .audit(site.id, read_by(&caller, "lead.list", object, json!({ "leads": seen })))
            .await?;
    }
    let leads: Vec<_> =
        leads.iter().map(|lead| shown(&app, &site, lead, (masked, closed(lead)))).collect();
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Leads);
    Ok(html(&view::leads::list(&frame, &data, &leads, &which, (listing.after, more))))
}

/// `GET /office/sites/SITE/leads/LEAD`.
pub(super) async fn lead(
    State(app): State<App>,
    At((key, lead)): At<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Leads)?;
    let unknown =
        || Problem::new(StatusCode::NOT_FOUND, "unknown_lead", "the site has no such lead");
    let id: LeadId = lead.parse().map_err(|_| unknown())?;
    let mut db = app.readers.acquire().await?;
    let found = read::one(&mut db, site.id, holding(&site), id).await?.ok_or_else(unknown)?;
    let timeline = reports::timeline(&mut db, site.id, holding(&site), id).await?;
    drop(db);
    let moments = match &timeline {
        Timeline::Linked(_, moments) => Some(moments.as_slice()),
        Timeline::NoLead | Timeline::Unlinked => None,
    };
    let masked = !may(role, Action::Persons);
    let object = ("lead", id.to_text());
    if !masked {
        app.writer.audit(site.id, read_by(&caller, "lead.read", object.clone(), json!({}))).await?;
    }
    if let Some(moments) = moments {
        let details = json!({ "events": moments.len() });
        app.writer.audit(site.id, read_by(&caller, "lead.timeline", object, details)).await?;
    }
    let data = data(&site, role);
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Leads);
    Ok(html(&view::leads::one(
        &frame,
        &data,
        &shown(&app, &site, &found, (masked, false)),
        moments,
    )))
}

/// `GET /office/sites/SITE/settings`.
pub(super) async fn settings(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Settings)?;
    let today = site.day(clock::now());
    let mut db = app.readers.acquire().await?;
    let tokens = tokens::list(&mut db, site.id).await?;
    let week = reports::share(&mut db, site.id, (today - 6, today)).await?;
    drop(db);
    let checkpoint = app.writer.checkpoint().await.ok();
    let data = view::settings::Data {
        site: &site,
        zone: site.zone(),
        public_url: &app.public_url,
        tokens: &tokens,
        checkpoint: checkpoint.as_deref(),
        week: &week,
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Settings);
    Ok(html(&view::settings::page(&frame, &data)))
}
