//! The queue of requests: what came when, until when it is to be answered, and how it was closed.

use consent_core::{
    ids::LeadId,
    time::{DAY, Millis},
};
use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Kind, SubjectError};
use crate::{
    keys::{self, leads::LeadKeyError},
    site::{Law, SiteFile},
    store::{
        Connection,
        audit::{self, Actor, Entry},
        sites::Applied,
        subjects::{
            self, Request,
            post::{self, About},
        },
    },
};

/// Until when a request of that time is to be answered.
#[must_use]
pub fn due(file: &SiteFile, law: Law, received: Millis) -> Millis {
    match law {
        Law::Appi => received.plus(i64::from(file.rights.answer_days) * DAY),
        // One calendar month, by the site's own calendar (Regulation 1182/71, article 3).
        Law::Gdpr => {
            let month = || {
                let zone = TimeZone::get(&file.timezone).ok()?;
                let received = Timestamp::from_millisecond(received.0).ok()?.to_zoned(zone);
                let due = received.checked_add(Span::new().months(1)).ok()?;
                Some(Millis(due.timestamp().as_millisecond()))
            };
            month().unwrap_or_else(|| received.plus(28 * DAY))
        }
    }
}

/// Records that somebody has asked.
///
/// # Errors
/// Where the database does not answer.
pub async fn receive(
    db: &mut Connection,
    site: &Applied,
    (kind, law, received): (Kind, Law, Millis),
    (by, now): (&Actor, Millis),
) -> Result<Request, SubjectError> {
    let random = keys::random().map_err(|_| LeadKeyError::Random)?;
    let kind = (LeadId::from_bytes(random), kind.as_str().to_owned());
    let request = request(&site.file, kind, law, received);
    let mut tx = db.begin().await?;
    subjects::insert(&mut tx, site.id, &request).await?;
    audit::append(&mut tx, site.id, &told(&request, by, now)).await?;
    tx.commit().await?;
    Ok(request)
}

/// An open request of that id and kind, with its deadline.
pub(in crate::intake) fn request(
    file: &SiteFile,
    (id, kind): (LeadId, String),
    law: Law,
    received_at: Millis,
) -> Request {
    let due_at = due(file, law, received_at);
    let law = law.as_str().to_owned();
    Request { id, kind, law, received_at, due_at, state: "open".to_owned(), closed_at: None }
}

/// What the trail is told of it.
pub(in crate::intake) fn told(request: &Request, by: &Actor, now: Millis) -> Entry {
    let details = json!({ "kind": request.kind, "law": request.law,
        "received": request.received_at, "due": request.due_at });
    let object = ("request", request.id.to_text());
    Entry { at: now, by: by.clone(), action: "subject.receive", object, details }
}

/// Closes a request in the caller's transaction, has whoever asked by the form told so, and tells the trail. Last in it.
pub(super) async fn close(
    db: &mut Connection,
    site: &Applied,
    (request, kind): (LeadId, Kind),
    (state, mut details): (&'static str, Value),
    (by, now): (&Actor, Millis),
) -> sqlx::Result<()> {
    subjects::close(db, site.id, request, state, now).await?;
    let reason = details["reason"].as_str().unwrap_or_default();
    post::insert(db, site.id, request, (About::Answered, reason), now).await?;
    details["state"] = state.into();
    let object = ("request", request.to_text());
    let entry = Entry { at: now, by: by.clone(), action: kind.action(), object, details };
    audit::append(db, site.id, &entry).await.map(drop)
}

/// Closes a request of somebody of whom nothing is held, or that is refused.
///
/// # Errors
/// Where the database does not answer.
pub async fn end(
    db: &mut Connection,
    site: &Applied,
    request: (LeadId, Kind),
    (state, reason): (&'static str, &'static str),
    by: (&Actor, Millis),
) -> Result<(), SubjectError> {
    let mut tx = db.begin().await?;
    close(&mut tx, site, request, (state, json!({ "reason": reason })), by).await?;
    tx.commit().await?;
    Ok(())
}
