//! Taking leads, and tying them to visitors where that is permitted.

use std::{collections::BTreeMap, sync::Arc};

use consent_core::{
    contact::{Contact, contacts},
    form::{Form, Submission},
    gate::permit,
    ids::{FormKey, LeadId, SiteKey, VisitorHash},
    lead::{Basis, LeadLink, Origin},
    standing::Subject,
    time::Millis,
};

use super::mail::OptIn;
use crate::{
    error::Problem,
    keys::{
        Keys,
        leads::{LeadKeyError, Sealed},
    },
    site::LeadForm,
    sites::Site,
    store::{
        Connection,
        leads::{self as store, Digest},
        visitors,
    },
};

/// A form that somebody filled in and sent, checked.
pub struct Filled {
    /// The site.
    pub site: Arc<Site>,
    /// The visitor for whom the session was opened, if any.
    pub visitor: Option<VisitorHash>,
    /// The form.
    pub form: LeadForm,
    /// The language that its page was in.
    pub language: String,
    /// What was filled in.
    pub submission: Submission,
    /// The page, cleaned.
    pub page: String,
    /// The signature it came with.
    pub signature: [u8; 32],
    /// The id it gets.
    pub id: LeadId,
}

/// The same, sealed: from here on nobody meets what was written.
#[derive(Clone, Debug)]
pub struct Sent {
    site: Arc<Site>,
    visitor: Option<VisitorHash>,
    form: FormKey,
    agreements: BTreeMap<String, bool>,
    sealed: Sealed,
    digests: Vec<Digest>,
    opt_in: Option<OptIn>,
    page: String,
    signature: [u8; 32],
    id: LeadId,
}

impl Sent {
    /// Whether its person is asked about mail, or has confirmed it before.
    #[must_use]
    pub const fn is_about_mail(&self) -> bool {
        self.opt_in.is_some()
    }
}

impl Filled {
    /// Seals what was filled in.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal(self, keys: &Keys, now: Millis) -> Result<Sent, LeadKeyError> {
        let Self { site, visitor, form, language, submission, page, signature, id } = self;
        let digests = digests(keys, &site.key, &contacts(&form.core(), &submission));
        let opt_in = OptIn::of(keys, &site, &form, &submission, &language)?;
        let sealed = keys.seal_lead(&site.key, id, 1, &submission.fields, now)?;
        let (form, agreements) = (form.key, submission.agreements);
        Ok(Sent { site, visitor, form, agreements, sealed, digests, opt_in, page, signature, id })
    }
}

/// By what people are found again who have these addresses and numbers.
#[must_use]
pub fn digests(keys: &Keys, site: &SiteKey, contacts: &[Contact]) -> Vec<Digest> {
    let digest = |contact: &Contact| (contact.kind(), keys.lead_digest(site, contact));
    contacts.iter().map(digest).collect()
}

/// The contacts in what a lead holds, by its form as it is now. A field that is gone from the form, as the form may be, is
/// not asked any more: what reads as an e-mail address is taken for one.
#[must_use]
pub fn contacts_held(form: Option<&Form>, fields: &BTreeMap<String, String>) -> Vec<Contact> {
    let contact = |(key, value): (&String, &String)| match form.and_then(|form| form.field(key)) {
        Some(field) => Contact::of(field.kind, value),
        None => Contact::email(value),
    };
    fields.iter().filter_map(contact).collect()
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The lead.
    pub lead: LeadId,
    /// Whether it is tied to the visitor.
    pub linked: bool,
}

/// Stores a lead inside the caller's transaction. Sent again, it is answered again and counts once, also
/// when it has been erased meanwhile. Nothing that a form brings is a ground to contact anybody:
/// whoever ticks a box for e-mail has still to confirm the address, and is asked to by a mail that is put into the
/// outbox here.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(
    db: &mut Connection,
    sent: &Sent,
    now: Millis,
) -> sqlx::Result<Result<Taken, Problem>> {
    let site = &sent.site;
    if let Some(store::Known { lead, linked, .. }) =
        store::find(db, site.id, &sent.signature).await?
    {
        return Ok(Ok(Taken { lead, linked }));
    }
    let basis = match &sent.opt_in {
        Some(opt_in) => opt_in.basis(db, site.id).await?,
        None => Basis::NONE,
    };
    let lead = store::Lead {
        id: sent.id,
        request: &sent.signature,
        origin: Origin::Form,
        form: sent.form.as_str(),
        basis,
        agreements: &sent.agreements,
        page: &sent.page,
        sealed: &sent.sealed,
        digests: &sent.digests,
        now,
    };
    store::insert(db, site.id, &lead).await?;
    if let Some(opt_in) = &sent.opt_in {
        let from = (sent.id, sent.form.as_str(), sent.page.as_str());
        opt_in.record(db, site, from, basis, now).await?;
    }
    let linked = match sent.visitor {
        Some(visitor) => link(db, sent, visitor, now).await?,
        None => false,
    };
    Ok(Ok(Taken { lead: sent.id, linked }))
}

async fn link(
    db: &mut Connection,
    sent: &Sent,
    visitor: VisitorHash,
    now: Millis,
) -> sqlx::Result<bool> {
    let site = &sent.site;
    let known = visitors::find(db, site.id, &[visitor]).await?;
    let link = LeadLink::under(&site.policy, Subject::Visitor(visitor), sent.id, now);
    let (Some(known), Some(link)) = (known.get(&visitor), link) else {
        return Ok(false);
    };
    match permit(link, &known.standing, now) {
        Ok(permitted) => {
            store::link(db, site.id, &permitted, now).await?;
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}
