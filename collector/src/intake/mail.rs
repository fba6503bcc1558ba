//! Asking people to confirm that they want mail, what they answer, and what becomes of each mail. Every act is a
//! job of the writer, so that what a page says has been committed.

use std::sync::Arc;

use consent_core::{
    contact::{Contact, ContactKind},
    form::{FieldKind, Submission},
    ids::{LeadId, base64url},
    lead::{Basis, Ground},
    time::{DAY, Millis},
};
use sha2::{Digest as _, Sha256};

use crate::{
    keys::{Keys, leads::LeadKeyError},
    site::{AgreementKind, LeadForm},
    sites::Site,
    store::{
        Connection, SiteId, leads,
        mail::{
            self as store, OptInId, Standing,
            outbox::{self, Claimed, Outcome},
            suppression,
        },
    },
};

/// How long a link to confirm works.
pub const CONFIRM_WITHIN: i64 = 7 * DAY;
/// Nobody is asked twice in a day, nor more than three times in thirty.
const PAUSE: (i64, i64) = (DAY, 3);
/// How long a collector has for a mail, in milliseconds; beyond it the next one tries.
pub(super) const LEASE: i64 = 5 * 60 * 1_000;

/// What somebody ticked who is to be asked by mail whether it was they.
#[derive(Clone, Debug)]
pub struct OptIn {
    id: OptInId,
    /// The field that has the address.
    field: String,
    digest: [u8; 32],
    address: store::Address,
    agreement: String,
    wording: String,
    hash: String,
    language: String,
}

impl OptIn {
    /// What a form says about it: the agreement of its kind that is ticked, and the first address that is filled in.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn of(
        keys: &Keys,
        site: &Site,
        form: &LeadForm,
        sent: &Submission,
        language: &str,
    ) -> Result<Option<Self>, LeadKeyError> {
        let ticked = |key: &str| sent.agreements.get(key).copied().unwrap_or_default();
        let agreement = form
            .agreements
            .iter()
            .find(|own| own.kind == AgreementKind::EmailMarketing && ticked(own.key.as_str()));
        let address = form.fields.iter().find_map(|field| {
            let value = sent.fields.get(field.key.as_str())?;
            let contact = (field.kind == FieldKind::Email).then(|| Contact::email(value))??;
            Some((field.key.to_string(), contact))
        });
        let (Some(agreement), Some((field, contact)), Some(_)) =
            (agreement, address, &site.file.mail)
        else {
            return Ok(None);
        };
        let digest = keys.lead_digest(&site.key, &contact);
        let speech = site.file.speech(language);
        let wording = speech.say(&agreement.text).to_owned();
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| LeadKeyError::Random)?;
        Ok(Some(Self {
            id,
            field,
            digest,
            address: keys.mail_address(&site.key, &digest),
            agreement: agreement.key.to_string(),
            hash: base64url(&Sha256::digest(&wording)),
            wording,
            language: speech.language().to_owned(),
        }))
    }

    /// On what ground its lead stands: who has confirmed the same words is not asked again.
    pub(super) async fn basis(&self, db: &mut Connection, site: SiteId) -> sqlx::Result<Basis> {
        let since = store::confirmed_since(db, site, &self.address, &self.hash).await?;
        Ok(since.map_or(Basis::pending(Ground::OptIn), |at| Basis::since(Ground::OptIn, at)))
    }

    /// Records what was ticked, and has its person asked, where that is still to be done and they were not asked a short
    /// while ago.
    pub(super) async fn record(
        &self,
        db: &mut Connection,
        site: &Site,
        (lead, form, page): (LeadId, &str, &str),
        basis: Basis,
        now: Millis,
    ) -> sqlx::Result<()> {
        let asked = store::Asked {
            id: self.id,
            lead,
            address: self.address,
            form,
            agreement: &self.agreement,
            wording: &self.wording,
            hash: &self.hash,
            page,
            language: &self.language,
            revision: site.policy.revision(),
            edition: site.edition,
            at: now,
            confirmed: basis.held_since(),
        };
        store::insert(db, site.id, &asked).await?;
        if basis.held_since().is_none()
            && suppression::may_ask(db, site.id, &self.address, PAUSE, now).await?
        {
            let to = (self.field.as_str(), &self.digest);
            outbox::insert(db, site.id, &self.id, lead, to, now).await?;
        }
        Ok(())
    }
}

/// Something that is done about mail.
#[derive(Clone, Debug)]
pub enum Act {
    /// A person presses the button that confirms.
    Confirm {
        /// The site.
        site: Arc<Site>,
        /// The opt-in.
        id: OptInId,
        /// The language of the page.
        language: String,
    },
    /// A person says stop.
    Stop {
        /// The site.
        site: SiteId,
        /// By what their leads are found.
        digest: [u8; 32],
        /// By what it is known that they have.
        address: store::Address,
        /// By which way: a name of `mail_suppression.how`.
        how: &'static str,
    },
    /// A collector takes a mail to send.
    Claim(SiteId),
    /// It looks once more before it hands it over.
    Hand(Claimed),
    /// It says what became of it.
    Settle(Claimed, Outcome, &'static str, Option<u16>),
    /// Old records go: those of the site that ended so many days ago.
    Sweep(SiteId, u32),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is confirmed now.
    Confirmed,
    /// It had been, then.
    Known(Millis),
    /// The person has said stop since.
    Ended,
    /// The lead is erased.
    Gone,
    /// It is stopped. Whether a mail is being handed over at this moment.
    Stopped {
        /// It may still come.
        under_way: bool,
    },
    /// The mail to send, if any.
    Claimed(Option<Claimed>),
    /// Whether it may be handed over.
    Handed(bool),
    /// It is written down.
    Written,
}

/// Does it inside the caller's transaction.
///
/// # Errors
/// Where the database does not answer.
pub async fn act(db: &mut Connection, act: &Act, now: Millis) -> sqlx::Result<Done> {
    match act {
        Act::Confirm { site, id, language } => confirm(db, site, id, language, now).await,
        Act::Stop { site, digest, address, how } => {
            let under_way = stop(db, *site, digest, address, how, now).await?;
            Ok(Done::Stopped { under_way })
        }
        Act::Claim(site) => outbox::claim(db, *site, now, now.plus(LEASE)).await.map(Done::Claimed),
        Act::Hand(mail) => outbox::hand(db, mail, now).await.map(Done::Handed),
        Act::Settle(mail, outcome, reason, code) => {
            let reason = match code {
                Some(code) => format!("{reason} {code}"),
                None => (*reason).to_owned(),
            };
            outbox::settle(db, mail, *outcome, &reason, now).await?;
            Ok(Done::Written)
        }
        Act::Sweep(site, days) => {
            let kept = now.plus(-i64::from(*days) * DAY);
            store::sweep(db, *site, kept, now).await?;
            suppression::forget_cooled(db, *site, now).await?;
            Ok(Done::Written)
        }
    }
}

/// What stands in the way of confirming an opt-in, or that nothing does.
#[must_use]
pub fn standing(found: Option<&Standing>) -> Option<Done> {
    match found {
        None => Some(Done::Gone),
        Some(Standing { ended: Some(_), lead_is_there: true, .. }) => Some(Done::Ended),
        Some(Standing { lead_is_there: false, .. }) => Some(Done::Gone),
        Some(Standing { confirmed: Some(at), .. }) => Some(Done::Known(*at)),
        Some(_) => None,
    }
}

async fn confirm(
    db: &mut Connection,
    site: &Site,
    id: &OptInId,
    language: &str,
    now: Millis,
) -> sqlx::Result<Done> {
    let found = store::find(db, site.id, id).await?;
    if let Some(done) = standing(found.as_ref()) {
        return Ok(done);
    }
    let Some(found) = found else { return Ok(Done::Gone) };
    let shown = site.file.confirmation_shown(language, &found.wording);
    let leads = store::confirm(db, site.id, &found, &shown, now).await?;
    if leads.is_empty() {
        // Somebody else was quicker: a second press, or a stop.
        let found = store::find(db, site.id, id).await?;
        return Ok(standing(found.as_ref()).unwrap_or(Done::Gone));
    }
    for lead in leads {
        leads::hold(db, site.id, lead, (Basis::since(Ground::OptIn, now), now)).await?;
    }
    suppression::delete(db, site.id, &found.address).await?;
    Ok(Done::Confirmed)
}

/// Takes every ground of a person's away, ends what they have confirmed or could, takes back what waits to be
/// sent to them, and writes down that they want nothing. Whether a mail is being handed over at this moment.
async fn stop(
    db: &mut Connection,
    site: SiteId,
    digest: &[u8; 32],
    address: &store::Address,
    how: &'static str,
    now: Millis,
) -> sqlx::Result<bool> {
    store::end(db, site, address, how, now).await?;
    suppression::insert(db, site, address, how, now).await?;
    let found = leads::read::of_person(db, site, (ContactKind::Email, *digest)).await?;
    leads::lock(db, site, &found, now).await?;
    outbox::stop(db, site, digest, now).await
}
