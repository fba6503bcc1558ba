//! Requests about one's own data that come by the site's form: stored sealed, confirmed by the link of a mail, then
//! in the queue ([`super::subject`]). Every act is a job of the writer, so that what a page says has been committed.
//!
//! Whether anything is held about an address is asked nowhere here: nobody learns it by the form.

use std::sync::Arc;

use consent_core::{
    contact::Contact,
    ids::LeadId,
    time::{DAY, Millis},
};

use super::{
    mail::LEASE,
    subject::{self, Kind},
};
use crate::{
    keys::{
        self, Keys,
        leads::{Fields, LeadKeyError, Sealed},
    },
    sites::Site,
    store::{
        Connection, SiteId,
        audit::{Actor, Entry},
        mail::{outbox::Outcome, suppression},
        subjects::{
            self, Request,
            answer::{self, Way},
            asking::{self, Asking, EMAIL, MESSAGE},
            post::{self, About, Notice},
        },
    },
};

/// How long a link works, to confirm and to take what is handed out. Of its last day it works until the day is over
/// wherever the reader is.
pub const LINK: i64 = 7 * DAY;
/// Nobody is sent a second mail that asks to confirm before that, in milliseconds, nor more than so many in thirty days.
pub const PAUSE: (i64, i64) = (60 * 60 * 1_000, 5);
/// How long mail is tried that says what was done; then the address goes without it.
const GIVEN_UP: i64 = 30 * DAY;

/// What somebody asks for, sealed: from here on nobody meets the address.
#[derive(Clone, Debug)]
pub struct Asked {
    site: Arc<Site>,
    id: LeadId,
    kind: Kind,
    language: String,
    digest: [u8; 32],
    address: [u8; 32],
    sealed: Sealed,
}

impl Asked {
    /// Seals it. `email` and `message` are as [`consent_core::form::Field::accept`] spells them.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal(
        keys: &Keys,
        site: Arc<Site>,
        kind: Kind,
        (contact, email, message): (&Contact, String, String),
        (language, now): (&str, Millis),
    ) -> Result<Self, LeadKeyError> {
        let id = LeadId::from_bytes(keys::random().map_err(|_| LeadKeyError::Random)?);
        let digest = keys.lead_digest(&site.key, contact);
        let address = keys.request_address(&site.key, &digest);
        let mut fields: Fields = [(EMAIL.to_owned(), email)].into();
        if !message.is_empty() {
            fields.insert(MESSAGE.to_owned(), message);
        }
        let sealed = keys.seal_lead(&site.key, id, 1, &fields, now)?;
        let language = language.to_owned();
        Ok(Self { site, id, kind, language, digest, address, sealed })
    }
}

/// Something that is done about such a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Somebody asks.
    Ask(Asked),
    /// They press the button that confirms.
    Confirm(Arc<Site>, LeadId),
    /// They take what is handed out.
    Take(SiteId, LeadId, Way),
    /// A collector takes a mail to send.
    Claim(SiteId),
    /// It looks once more before it hands it over.
    Hand(Notice),
    /// It says what became of it.
    Settle(Notice, Outcome, &'static str, Option<u16>),
    /// What is not needed any more goes.
    Sweep(SiteId),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is confirmed now.
    Confirmed(Request),
    /// It had been.
    Known(Request),
    /// It is not there any more.
    Gone,
    /// Whether it was there to be taken.
    Taken(bool),
    /// The mail to send, if any.
    Claimed(Option<Notice>),
    /// Whether it may be handed over.
    Handed(bool),
    /// It is written down.
    Written,
}

/// Does it inside the caller's transaction. What the audit trail is to be told comes back, since it is told last.
///
/// # Errors
/// Where the database does not answer.
pub async fn act(
    db: &mut Connection,
    act: &Act,
    now: Millis,
) -> sqlx::Result<(Done, Option<(SiteId, Entry)>)> {
    let done = match act {
        Act::Ask(asked) => {
            ask(db, asked, now).await?;
            Done::Written
        }
        Act::Confirm(site, id) => return confirm(db, site, *id, now).await,
        Act::Take(site, id, way) => Done::Taken(answer::take(db, *site, *id, *way, now).await?),
        Act::Claim(site) => Done::Claimed(post::claim(db, *site, now, now.plus(LEASE)).await?),
        Act::Hand(mail) => Done::Handed(post::hand(db, mail, now).await?),
        Act::Settle(mail, outcome, reason, code) => {
            let reason = match code {
                Some(code) => format!("{reason} {code}"),
                None => (*reason).to_owned(),
            };
            post::settle(db, mail, *outcome, &reason, now).await?;
            if mail.about == About::Answered && *outcome == Outcome::Sent {
                asking::sweep(db, mail.site, now.plus(-GIVEN_UP), now).await?;
            }
            Done::Written
        }
        Act::Sweep(site) => {
            asking::sweep(db, *site, now.plus(-GIVEN_UP), now).await?;
            Done::Written
        }
    };
    Ok((done, None))
}

/// Stores it and has its person asked to confirm; nothing of it where they were a short while ago.
async fn ask(db: &mut Connection, asked: &Asked, now: Millis) -> sqlx::Result<()> {
    let site = asked.site.id;
    if !suppression::may_ask(db, site, &asked.address, PAUSE, now).await? {
        return Ok(());
    }
    let asking = Asking {
        id: asked.id,
        kind: asked.kind.as_str().to_owned(),
        language: asked.language.clone(),
        digest: asked.digest,
        asked_at: now,
        until: now.plus(LINK + DAY),
        confirmed_at: None,
        sealed: asked.sealed.clone(),
    };
    asking::insert(db, site, &asking).await?;
    post::insert(db, site, asked.id, (About::Confirm, ""), now).await.map(drop)
}

/// How a request of the form stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be confirmed.
    Waiting(Asking),
    /// It is in the queue, or was.
    Known(Request),
    /// It was not confirmed in time, and is not there any more.
    Gone,
}

/// How the request of that id stands.
///
/// # Errors
/// Where the database does not answer.
pub async fn standing(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    now: Millis,
) -> sqlx::Result<Standing> {
    // In this order: what is confirmed between the two is found in the queue.
    let found = asking::find(db, site, id).await?;
    if let Some(waiting) = found.filter(|it| it.confirmed_at.is_none() && it.until > now) {
        return Ok(Standing::Waiting(waiting));
    }
    Ok(subjects::find(db, site, id).await?.map_or(Standing::Gone, Standing::Known))
}

async fn confirm(
    db: &mut Connection,
    site: &Site,
    id: LeadId,
    now: Millis,
) -> sqlx::Result<(Done, Option<(SiteId, Entry)>)> {
    let Some(kind) = asking::confirm(db, site.id, id, now).await? else {
        // A second press, or it came too late.
        let found = subjects::find(db, site.id, id).await?;
        return Ok((found.map_or(Done::Gone, Done::Known), None));
    };
    let law = site.file.rights.law;
    let request = subject::request(&site.file, (id, kind), law, now);
    subjects::insert(db, site.id, &request).await?;
    post::insert(db, site.id, id, (About::Received, ""), now).await?;
    let entry = subject::told(&request, &Actor::Visitor, now);
    Ok((Done::Confirmed(request), Some((site.id, entry))))
}
