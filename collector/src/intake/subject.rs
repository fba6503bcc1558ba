//! What people ask for about their own data: found by an address or a number of theirs, shown, corrected, stopped,
//! erased. Each request is recorded before anything is done, with its deadline; what was done closes it, in the
//! transaction that does it. The audit trail is told both, without the address.

use std::collections::BTreeMap;

use consent_core::{
    contact::{Contact, contacts},
    form::Submission,
    ids::LeadId,
    time::{DAY, Millis},
};
use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{ground, leads::digests};
use crate::{
    keys::{self, Keys, leads::LeadKeyError},
    site::{Law, SiteFile},
    store::{
        Connection,
        audit::{self, Actor, Entry},
        ended,
        leads::{self, Erasure, read},
        reports::Holding,
        sites::Applied,
        subjects::{self, Request},
    },
};

pub mod export;

/// Events of one step of an erasure.
const EVENTS: u64 = 1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// To see and take along what is held.
    Export,
    /// To have it put right.
    Correct,
    /// To have its use stopped.
    Stop,
    /// To have it erased.
    Erase,
}

impl Kind {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Correct => "correct",
            Self::Stop => "stop",
            Self::Erase => "erase",
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Export => "subject.export",
            Self::Correct => "subject.correct",
            Self::Stop => "subject.stop",
            Self::Erase => "subject.erase",
        }
    }
}

/// Why a request was not answered; it stays open.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The database did not answer.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A lead does not open.
    #[error("{0}")]
    Key(#[from] LeadKeyError),
    /// A value is not one of its field, or no lead has such a field.
    #[error("field {field}: {reason}\n  remedy: {remedy}")]
    Field {
        /// The field's key.
        field: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Somebody changed a lead at the same time.
    #[error("a lead was changed at the same moment\n  remedy: give the command again")]
    Changed,
}

impl From<ground::GroundError> for SubjectError {
    fn from(error: ground::GroundError) -> Self {
        match error {
            ground::GroundError::Database(error) => Self::Database(error),
            ground::GroundError::Key(error) => Self::Key(error),
        }
    }
}

/// A site, as whoever answers a request needs it.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The site.
    pub site: &'a Applied,
    /// The keys that open leads.
    pub keys: &'a Keys,
    /// Who answers.
    pub by: &'a Actor,
    /// When.
    pub now: Millis,
}

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
    let request = Request {
        id: LeadId::from_bytes(random),
        kind: kind.as_str().to_owned(),
        law: law.as_str().to_owned(),
        received_at: received,
        due_at: due(&site.file, law, received),
        state: "open".to_owned(),
        closed_at: None,
    };
    let mut tx = db.begin().await?;
    subjects::insert(&mut tx, site.id, &request).await?;
    let details = json!({ "kind": request.kind, "law": request.law,
        "received": received, "due": request.due_at });
    let object = ("request", request.id.to_text());
    let entry = Entry { at: now, by: by.clone(), action: "subject.receive", object, details };
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    Ok(request)
}

/// Closes a request in the caller's transaction, and tells the trail. Last in it.
async fn close(
    db: &mut Connection,
    site: &Applied,
    (request, kind): (LeadId, Kind),
    (state, mut details): (&'static str, Value),
    (by, now): (&Actor, Millis),
) -> sqlx::Result<()> {
    subjects::close(db, site.id, request, state, now).await?;
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

impl Desk<'_> {
    async fn close(
        &self,
        db: &mut Connection,
        request: (LeadId, Kind),
        state: &'static str,
        details: Value,
    ) -> sqlx::Result<()> {
        close(db, self.site, request, (state, details), (self.by, self.now)).await
    }

    /// The leads of whoever has that address or number.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(
        &self,
        db: &mut Connection,
        contact: &Contact,
    ) -> Result<Vec<LeadId>, SubjectError> {
        let digest = (contact.kind(), self.keys.lead_digest(&self.site.file.key, contact));
        let mut leads = read::of_person(db, self.site.id, digest).await?;
        leads.sort_unstable_by_key(|lead| *lead.as_bytes());
        Ok(leads)
    }

    /// Everything that is held about the person of those leads. It is not handed out before the trail knows.
    ///
    /// # Errors
    /// Where the database does not answer, or a lead does not open.
    pub async fn export(
        &self,
        db: &mut Connection,
        request: LeadId,
        leads: &[LeadId],
    ) -> Result<Value, SubjectError> {
        let mut tx = db.begin().await?;
        let held = export::held(self, &mut tx, leads).await?;
        self.close(&mut tx, (request, Kind::Export), "done", json!({ "leads": leads })).await?;
        tx.commit().await?;
        Ok(held)
    }

    fn holding(&self) -> Holding {
        Holding { revision: self.site.revision, now: self.now }
    }

    /// Puts fields of the leads right: in each that has such a field, checked by its form, under a key of its own
    /// anew. All of it, or nothing. How many leads were changed.
    ///
    /// # Errors
    /// Where a value is not one of its field, no lead has the field, or the database does not answer.
    pub async fn correct(
        &self,
        db: &mut Connection,
        request: LeadId,
        leads: &[LeadId],
        values: &BTreeMap<String, String>,
    ) -> Result<usize, SubjectError> {
        let (site, key) = (self.site.id, &self.site.file.key);
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        let mut changed = Vec::new();
        let mut tx = db.begin().await?;
        for lead in leads {
            let Some(stored) = read::one(&mut tx, site, self.holding(), *lead).await? else {
                continue;
            };
            let form = stored.form.parse().ok().and_then(|form| self.site.file.form(&form));
            let Some(form) = form else { continue };
            let mut fields = self.keys.open_lead(key, *lead, &stored.sealed)?;
            let before = fields.clone();
            for (name, value) in values {
                let Some(field) = form.field(name) else { continue };
                *used.entry(name).or_insert(0) += 1;
                let value = field.accept(value).map_err(|fault| SubjectError::Field {
                    field: name.clone(),
                    reason: format!("the value is refused: {}", fault.as_str()),
                    remedy: "give a value that the form would take, or an empty one to take it away",
                })?;
                match value.is_empty() {
                    true => fields.remove(name),
                    false => fields.insert(name.clone(), value),
                };
            }
            if fields == before {
                continue;
            }
            let sealed = self.keys.seal_lead(key, *lead, stored.version + 1, &fields, self.now)?;
            let found_by = Submission { fields, ..Submission::default() };
            let found_by = digests(self.keys, key, &contacts(&form, &found_by));
            if !leads::update(&mut tx, site, *lead, stored.version, &sealed, &found_by).await? {
                return Err(SubjectError::Changed);
            }
            let keys = (stored.sealed.key.as_ref(), sealed.key.as_ref());
            ground::reseal(&mut tx, self.keys, self.site, *lead, keys, stored.version + 1).await?;
            changed.push(*lead);
        }
        if let Some(name) = values.keys().find(|name| !used.contains_key(name.as_str())) {
            return Err(SubjectError::Field {
                field: name.clone(),
                reason: "no form by which this person wrote has it".to_owned(),
                remedy: "`ashiato subject export` shows what is held, and under which names",
            });
        }
        let details = json!({ "leads": changed, "fields": values.keys().collect::<Vec<_>>() });
        self.close(&mut tx, (request, Kind::Correct), "done", details).await?;
        tx.commit().await?;
        Ok(changed.len())
    }

    /// Stops the use of the leads: nobody may be contacted by them, and no browsing is tied to them.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn stop(
        &self,
        db: &mut Connection,
        request: LeadId,
        leads: &[LeadId],
    ) -> Result<usize, SubjectError> {
        let mut stopped = Vec::new();
        let mut tx = db.begin().await?;
        for lead in leads {
            if leads::stop(&mut tx, self.site.id, *lead).await? {
                stopped.push(*lead);
            }
        }
        self.close(&mut tx, (request, Kind::Stop), "done", json!({ "leads": stopped })).await?;
        tx.commit().await?;
        Ok(stopped.len())
    }

    /// Erases the leads, and the events that are tied to them: those first, in steps. Proof of consent is kept as the
    /// site file says. How many leads, and how many events.
    ///
    /// # Errors
    /// Where the database does not answer; given again, it goes on.
    pub async fn erase(
        &self,
        db: &mut Connection,
        request: LeadId,
        leads: &[LeadId],
    ) -> Result<(usize, u64), SubjectError> {
        let site = self.site.id;
        let mut events = 0;
        for lead in leads {
            let Some((visitor, _)) = subjects::visitor(db, site, *lead).await? else { continue };
            loop {
                let n = ended::erase_events(db, site, visitor, EVENTS).await?;
                events += n;
                if n < EVENTS {
                    break;
                }
            }
        }
        let mut erased = Vec::new();
        let mut tx = db.begin().await?;
        for lead in leads {
            if leads::erase(&mut tx, site, *lead, self.now).await? == Erasure::Erased {
                erased.push(*lead);
            }
        }
        let details = json!({ "leads": erased, "events": events });
        self.close(&mut tx, (request, Kind::Erase), "done", details).await?;
        tx.commit().await?;
        Ok((erased.len(), events))
    }
}
