//! What people ask for about their own data: found by an address or a number of theirs, shown, corrected, stopped,
//! erased. Each request is recorded before anything is done, with its deadline; what was done closes it, in the
//! transaction that does it. The audit trail is told both, without the address.

use std::collections::BTreeMap;

use consent_core::{
    contact::Contact,
    ids::LeadId,
    time::{DAY, Millis},
};
use serde_json::{Value, json};

use super::{
    amend::{Amendment, Seen},
    asking::LINK,
    mail,
};
use crate::{
    keys::{
        Keys,
        leads::{Fields, LeadKeyError},
    },
    store::{
        Connection,
        audit::{self, Actor, Entry},
        ended,
        leads::{self, Erasure, read},
        locks::{self, Lock},
        reports::Holding,
        sites::Applied,
        subjects::{self, answer, asking},
    },
};

pub mod export;
mod kind;
mod queue;

pub use kind::Kind;
use queue::close;
pub use queue::{due, end, receive};
pub(super) use queue::{request, told};

/// Events of one step of an erasure.
const EVENTS: u64 = 1_000;

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
    /// Nobody was named.
    #[error(
        "the request did not come by the site's form\n  remedy: say by --email or --telephone whose data it is about"
    )]
    Nobody,
    /// Somebody else was named than has confirmed the request.
    #[error(
        "the request was confirmed by another address, to which the answer goes\n  remedy: leave --email and --telephone out; to answer about another address, leave --request out"
    )]
    Other,
    /// Somebody changed a lead at the same time.
    #[error("a lead was changed at the same moment\n  remedy: give the command again")]
    Changed,
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

    /// Whose data a request is about: whoever confirmed its address, where it came by the form; then nobody else.
    ///
    /// # Errors
    /// Where it is somebody else's than was given, or nobody's, or the database does not answer.
    pub async fn of_request(
        &self,
        db: &mut Connection,
        request: LeadId,
        given: Option<Contact>,
    ) -> Result<Contact, SubjectError> {
        let key = &self.site.file.key;
        let Some(asked) = asking::find(db, self.site.id, request).await? else {
            return given.ok_or(SubjectError::Nobody);
        };
        let fields = self.keys.open_lead(key, request, &asked.sealed)?;
        let own = fields.get(asking::EMAIL).and_then(|email| Contact::email(email));
        let own = own.ok_or(LeadKeyError::Altered)?;
        match given {
            Some(given) if given != own => Err(SubjectError::Other),
            _ => Ok(own),
        }
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

    /// Everything that is held about the person of those leads, or to whom it was given. It is not handed out before
    /// the trail knows. Whoever asked by the form is handed it by a link of a mail: until when that works.
    ///
    /// # Errors
    /// Where the database does not answer, or a lead does not open.
    pub async fn export(
        &self,
        db: &mut Connection,
        (request, kind): (LeadId, Kind),
        leads: &[LeadId],
    ) -> Result<(Value, Option<Millis>), SubjectError> {
        let site = self.site.id;
        let mut tx = db.begin().await?;
        let mut held = export::held(self, &mut tx, leads).await?;
        if kind == Kind::Provision {
            held = export::provision(held);
        }
        let asked = asking::find(&mut tx, site, request).await?;
        let until = asked.filter(|_| self.site.file.mail.is_some()).map(|_| self.now.plus(LINK));
        if let Some(until) = until {
            let (field, version) = answer::HELD;
            let fields = [(field.to_owned(), held.to_string())].into();
            let key = &self.site.file.key;
            let sealed = self.keys.seal_lead(key, request, version, &fields, self.now)?;
            answer::insert(&mut tx, site, request, until.plus(DAY), &sealed).await?;
        }
        self.close(&mut tx, (request, kind), "done", json!({ "leads": leads })).await?;
        tx.commit().await?;
        Ok((held, until))
    }

    /// What somebody asked by the form, opened for who answers, which the trail is told: address, message where there is
    /// one, and how many leads the address finds. None where it did not come by the form, or is answered.
    ///
    /// # Errors
    /// Where the database does not answer, or it does not open.
    pub async fn asked(
        &self,
        db: &mut Connection,
        request: LeadId,
    ) -> Result<Option<(Fields, i64)>, SubjectError> {
        let mut tx = db.begin().await?;
        let Some(asked) = asking::find(&mut tx, self.site.id, request).await? else {
            return Ok(None);
        };
        let fields = self.keys.open_lead(&self.site.file.key, request, &asked.sealed)?;
        let matches = asking::matches(&mut tx, self.site.id, request).await?.unwrap_or(0);
        let entry = Entry {
            at: self.now,
            by: self.by.clone(),
            action: "subject.show",
            object: ("request", request.to_text()),
            details: json!({}),
        };
        audit::append(&mut tx, self.site.id, &entry).await?;
        tx.commit().await?;
        Ok(Some((fields, matches)))
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
        locks::take(&mut tx, Lock::Persons).await?;
        for lead in leads {
            let Some(stored) = read::one(&mut tx, site, self.holding(), *lead).await? else {
                continue;
            };
            let form = stored.form.parse().ok().and_then(|form| self.site.file.form(&form));
            let Some(form) = form else { continue };
            let mut new = BTreeMap::new();
            for (name, value) in values {
                let Some(field) = form.field(name) else { continue };
                *used.entry(name).or_insert(0) += 1;
                let value = field.accept(value).map_err(|fault| SubjectError::Field {
                    field: name.clone(),
                    reason: format!("the value is refused: {}", fault.as_str()),
                    remedy: "give a value that the form would take, or an empty one to take it away",
                })?;
                new.insert(name.clone(), value);
            }
            let seen = Seen::of(&mut tx, site, stored).await?;
            let new = Amendment::of(self.keys, key, &form, (&seen, &new), self.now)?;
            let Some(new) = new else { continue };
            if new.store(&mut tx, site, self.now).await?.is_none() {
                return Err(SubjectError::Changed);
            }
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
        locks::take(&mut tx, Lock::Persons).await?;
        for lead in leads {
            if leads::stop(&mut tx, self.site.id, *lead, self.now).await? {
                stopped.push(*lead);
            }
            // No list that is read in later gives their person a ground again.
            for digest in leads::grounds::emails(&mut tx, self.site.id, *lead).await? {
                let address = self.keys.mail_address(&self.site.file.key, &digest);
                let site = self.site.id;
                let stop = mail::Act::Stop { site, digest, address, how: "operator" };
                mail::act(&mut tx, &stop, self.now).await?;
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
                let n = ended::take_events(db, site, visitor, EVENTS).await?;
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
