//! Leads that another system changes and erases (scope `leads:write`). Nothing that people wrote is answered: who may
//! write need not be one who may read.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use consent_core::{
    form::FieldFault,
    ids::{FormKey, LeadId},
};
use serde::Deserialize;
use serde_json::json;

use super::{etag, id, sealed, site_alone, unknown_lead};
use crate::{
    clock,
    error::{FieldError, Problem},
    intake::{
        amend::{Amendment, Seen},
        approval::Kind,
        crm::{Act, Change, Done},
    },
    routes::{
        App,
        api::{holding, known},
        body,
        extract::{At, accepted_languages},
    },
    site::LeadForm,
    sites::Site,
    store::{
        audit::Actor,
        checkpoints,
        leads::{
            Erasure,
            calls::{Call, Made},
            read,
        },
        tokens::Scope,
    },
};

/// The answer to a change, and to a lead that was given.
pub(super) fn answer(made: &Made) -> Response {
    let status = if made.updated { StatusCode::OK } else { StatusCode::CREATED };
    let lead = json!({
        "id": made.lead,
        "outcome": if made.updated { "updated" } else { "added" },
        "version": made.version,
        "locked": made.locked,
    });
    let place = format!("/api/v1/leads/{}", made.lead);
    let headers = [(header::ETAG, etag(made.version)), (header::LOCATION, place)];
    (status, AppendHeaders(headers), Json(lead)).into_response()
}

/// A lead that holds already what is said of it.
pub(super) const fn as_it_was(seen: &Seen) -> Made {
    let lead = &seen.lead;
    let locked = lead.ground_since.is_none();
    Made { lead: lead.id, updated: true, version: lead.version, locked }
}

pub(super) fn conflict(code: &'static str, detail: &str, leads: Vec<LeadId>) -> Problem {
    Problem { leads, ..Problem::new(StatusCode::CONFLICT, code, detail) }
}

/// A lead as it stands, with the proofs of its grounds: of one version.
pub(super) async fn seen(app: &App, site: &Site, lead: LeadId) -> Result<Option<Seen>, Problem> {
    let mut db = app.readers.acquire().await?;
    let stored = read::one(&mut db, site.id, holding(site), lead).await?;
    let Some(stored) = stored else { return Ok(None) };
    Ok(Some(Seen::of(&mut db, site.id, stored).await?))
}

/// Puts values over what a lead holds; nothing where that changes nothing.
pub(super) async fn put(
    app: &App,
    site: &Site,
    (seen, form, values): (&Seen, &LeadForm, &BTreeMap<String, String>),
    call: Option<Call>,
    by: Actor,
) -> Result<Option<Done>, Problem> {
    let now = clock::now();
    let amendment = Amendment::of(&app.keys, &site.key, &form.core(), (seen, values), now);
    let Some(amendment) = amendment.map_err(|error| sealed(&error))? else { return Ok(None) };
    let fields = values.keys().cloned().collect();
    let change = Change { site: site.id, amendment, fields, call };
    app.writer.crm(Act::Change(Box::new(change)), by).await.map(Some)
}

/// A fault of a field, in the caller's language or the site's.
pub(super) fn told(
    site: &Site,
    form: &LeadForm,
    headers: &HeaderMap,
    field: &str,
    fault: FieldFault,
) -> FieldError {
    let language = site.file.language_of(accepted_languages(headers));
    let message = site.file.fault(language, form, field, fault);
    let field: String = field.chars().take(64).collect();
    FieldError { field: format!("fields.{field}"), code: fault.as_str(), message }
}

/// What is to be changed of a lead.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changing {
    fields: BTreeMap<String, Option<String>>,
}

/// `PATCH /api/v1/leads/LEAD?site=SITE`.
pub(in crate::routes) async fn amend(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let site = site_alone(&uri)?;
    let text = body::text(&headers, body, "application/json").await?;
    let changing: Changing = body::json(&text)?;
    let (site, by) = known(&app, &headers, &site, Scope::LeadsWrite).await?;
    let lead = id(&lead)?;
    let seen = seen(&app, &site, lead).await?.ok_or_else(unknown_lead)?;
    if !matches(&headers, seen.lead.version)? {
        return Err(another_version());
    }
    if changing.fields.is_empty() {
        return Err(Problem::field("fields", "required", "name at least one field"));
    }
    let key = seen.lead.form.parse::<FormKey>().ok();
    let form = key.and_then(|key| site.file.lead_form(&key)).ok_or_else(|| {
        let what = "the site file has not the form any more by which this lead came, and nothing else says what its \
            fields may hold";
        conflict("form_gone", what, Vec::new())
    })?;
    let (core, mut values, mut wrong) = (form.core(), BTreeMap::new(), Vec::new());
    for (name, value) in &changing.fields {
        let field = core.field(name).ok_or(FieldFault::Unknown);
        match field.and_then(|field| field.accept(value.as_deref().unwrap_or(""))) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(fault) => wrong.push(told(&site, form, &headers, name, fault)),
        }
    }
    if !wrong.is_empty() {
        return Err(Problem::content(wrong));
    }
    match put(&app, &site, (&seen, form, &values), None, by).await? {
        Some(Done::Made(made)) => Ok(answer(&made)),
        None => Ok(answer(&as_it_was(&seen))),
        Some(_) => Err(another_version()),
    }
}

/// Whether `If-Match` names that version (RFC 9110, section 13.1.1).
fn matches(headers: &HeaderMap, version: i64) -> Result<bool, Problem> {
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    if lines.peek().is_none() {
        let detail = "say by If-Match which version is to be changed: the ETag that GET answered";
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition_required",
            detail,
        ));
    }
    let malformed = || {
        let detail = "If-Match has entity tags, as in \"3\", or *";
        Problem::new(StatusCode::BAD_REQUEST, "if_match", detail)
    };
    let (mut found, own) = (false, etag(version));
    for line in lines {
        for tag in line.to_str().map_err(|_| malformed())?.split(',').map(str::trim) {
            let strong = tag.strip_prefix("W/").unwrap_or(tag);
            let quoted = strong.len() >= 2 && strong.starts_with('"') && strong.ends_with('"');
            if tag != "*" && !quoted {
                return Err(malformed());
            }
            found |= tag == "*" || tag == own;
        }
    }
    Ok(found)
}

fn another_version() -> Problem {
    let detail = "the lead was changed since, or erased: GET it again, and change what you find";
    Problem::new(StatusCode::PRECONDITION_FAILED, "another_version", detail)
}

/// `DELETE /api/v1/leads/LEAD?site=SITE`. Of a lead that was erased before it is answered the same.
pub(in crate::routes) async fn erase(
    State(app): State<App>,
    At(lead): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    let site = site_alone(&uri)?;
    let (site, by) = known(&app, &headers, &site, Scope::LeadsWrite).await?;
    if Kind::LeadErase.waits(site.file.approval) {
        let detail = "on this site erasing waits for a second person ([approval] in the site file): erase the lead in the \
            back office";
        return Err(Problem::forbidden("approval_needed", detail));
    }
    let lead = id(&lead)?;
    match app.writer.crm(Act::Erase(site.id, lead), by).await? {
        Done::Erased(Erasure::Erased | Erasure::Before(_)) => {}
        _ => return Err(unknown_lead()),
    }
    let mut db = app.desk.hold().await?;
    let forgotten = checkpoints::forget(&mut db).await?;
    db.keep();
    if forgotten {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "the lead is erased, but the database's log still has copies of it, since somebody reads for long: send \
        the same again";
    let later = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "log_not_emptied", detail);
    Err(Problem { retry_after: Some(5), ..later })
}
