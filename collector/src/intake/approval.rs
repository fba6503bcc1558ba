//! Four eyes: what personal data leaves by, and what erases it, waits for a second person where the site file asks for
//! that ([`crate::site::Approval`]). Whoever asks is logged in, and so is whoever decides: two accounts, always. What was
//! approved is done by who asked for it, or at the command line by its id. Every step is told to the trail in its own
//! transaction.

use consent_core::{
    ids::LeadId,
    time::{DAY, Millis},
};
use serde_json::{Value, json};

use super::subject;
use crate::{
    keys::{self, KeysError},
    site,
    store::{
        Connection, SiteId,
        accounts::AccountId,
        approvals::{self, Approval},
        audit::{self, Actor, Entry},
    },
};

/// How long what is asked waits to be decided.
pub const WAITS: i64 = 7 * DAY;
/// How long what is approved may be done.
pub const HOLDS: i64 = DAY;
/// Characters of a reason.
pub const REASON: usize = 500;

/// What waits for a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The list of those who may be contacted leaves.
    LeadsExport,
    /// A lead is erased.
    LeadErase,
    /// What is held about a person is handed out.
    SubjectExport,
    /// To whom it was given is handed out.
    SubjectProvision,
    /// A person's data is erased.
    SubjectErase,
    /// An account is deleted.
    AccountDelete,
    /// A token is made by which leads can be read.
    TokenAdd,
    /// A webhook is set up by which leads leave.
    WebhookAdd,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::LeadsExport,
        Self::LeadErase,
        Self::SubjectExport,
        Self::SubjectProvision,
        Self::SubjectErase,
        Self::AccountDelete,
        Self::TokenAdd,
        Self::WebhookAdd,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeadsExport => "leads.export",
            Self::LeadErase => "lead.erase",
            Self::SubjectExport => "subject.export",
            Self::SubjectProvision => "subject.provision",
            Self::SubjectErase => "subject.erase",
            Self::AccountDelete => "account.delete",
            Self::TokenAdd => "token.add",
            Self::WebhookAdd => "webhook.add",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What answering a person comes to: what is handed out or erased waits, nothing else.
    #[must_use]
    pub const fn of_subject(kind: subject::Kind) -> Option<Self> {
        match kind {
            subject::Kind::Export => Some(Self::SubjectExport),
            subject::Kind::Provision => Some(Self::SubjectProvision),
            subject::Kind::Erase => Some(Self::SubjectErase),
            subject::Kind::Correct | subject::Kind::Stop => None,
        }
    }

    /// Whether a site has it wait.
    #[must_use]
    pub const fn waits(self, asked: site::Approval) -> bool {
        match self {
            Self::LeadErase | Self::SubjectErase | Self::AccountDelete => asked.erasures,
            Self::LeadsExport
            | Self::SubjectExport
            | Self::SubjectProvision
            | Self::TokenAdd
            | Self::WebhookAdd => asked.exports,
        }
    }
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The database did not answer.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The system has no random numbers.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// No reason, or one that is too long.
    #[error("say why in a sentence of up to {REASON} characters")]
    Reason,
    /// There is nothing of that id.
    #[error(
        "the site has no such request for approval\n  remedy: the back office's page of approvals lists them"
    )]
    Unknown,
    /// It was asked for something else.
    #[error(
        "that was approved for something else: {0}\n  remedy: ask in the back office for what is to be done"
    )]
    Other(String),
    /// It is not approved, or not any more.
    #[error(
        "that request is {0}\n  remedy: another person approves it in the back office, or ask there anew"
    )]
    Not(&'static str),
    /// Nobody was asked.
    #[error(
        "on this site that waits for a second person ([approval] in the site file)\n  remedy: ask in the back office; once somebody else has approved it, give the command again with --approved REQUEST"
    )]
    Unasked,
    /// Who asked decides.
    #[error("nobody decides what they have asked for")]
    Own,
}

/// A reason as it is kept.
///
/// # Errors
/// Where there is none, or it is too long.
pub fn reason(text: &str) -> Result<String, Refused> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = (1..=REASON).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) { Ok(text) } else { Err(Refused::Reason) }
}

fn told(by: AccountId, action: &'static str, id: LeadId, details: Value, now: Millis) -> Entry {
    let by = Actor::Account(by.0.to_string());
    Entry { at: now, by, action, object: ("approval", id.to_text()), details }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What is to be done.
    pub kind: Kind,
    /// To what: an id, or nothing.
    pub object: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Of which leads; none: of all whose persons may be contacted. [`Kind`]s without leads name no lead.
    pub leads: Option<&'a [LeadId]>,
}

/// Asks, and fixes the leads that it is asked of. Its id.
///
/// # Errors
/// Where no reason is given, or the database does not answer.
pub async fn ask(
    db: &mut Connection,
    site: SiteId,
    asked: Asked<'_>,
    (by, now): (AccountId, Millis),
) -> Result<LeadId, Refused> {
    let id = LeadId::from_bytes(keys::random()?);
    let approval = Approval {
        id,
        kind: asked.kind.as_str().to_owned(),
        object: asked.object.to_owned(),
        reason: reason(asked.reason)?,
        asked_by: by,
        asked_at: now,
        until: now.plus(WAITS),
        state: "waiting".to_owned(),
        decided_by: None,
        decided_at: None,
        size: 0,
    };
    let mut tx = db.begin().await?;
    approvals::insert(&mut tx, site, &approval).await?;
    approvals::fix(&mut tx, site, id, asked.leads).await?;
    let leads = approvals::leads(&mut tx, site, id).await?;
    let details = json!({ "kind": approval.kind, "object": approval.object, "size": leads.len() });
    audit::append(&mut tx, site, &told(by, "approval.ask", id, details, now)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Approves or declines.
///
/// # Errors
/// Where it does not wait any more, or is one's own.
pub async fn decide(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (by, approved): (AccountId, bool),
    now: Millis,
) -> Result<(), Refused> {
    let mut tx = db.begin().await?;
    let found = approvals::find(&mut tx, site, id).await?.ok_or(Refused::Unknown)?;
    if found.asked_by == by {
        return Err(Refused::Own);
    }
    let until = now.plus(HOLDS);
    if !approvals::decide(&mut tx, site, id, (by, approved), (now, until)).await? {
        return Err(Refused::Not(state(&found, now)));
    }
    let action = if approved { "approval.approve" } else { "approval.decline" };
    let details = json!({ "kind": found.kind, "object": found.object });
    audit::append(&mut tx, site, &told(by, action, id, details, now)).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes back what one has asked for.
///
/// # Errors
/// Where it does not wait any more, or somebody else has asked.
pub async fn withdraw(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (by, now): (AccountId, Millis),
) -> Result<(), Refused> {
    let mut tx = db.begin().await?;
    let found = approvals::find(&mut tx, site, id).await?.ok_or(Refused::Unknown)?;
    if !approvals::withdraw(&mut tx, site, id, by).await? {
        return Err(Refused::Not(state(&found, now)));
    }
    audit::append(&mut tx, site, &told(by, "approval.withdraw", id, json!({}), now)).await?;
    tx.commit().await?;
    Ok(())
}

/// How it stands: a name of its state, or `expired`.
#[must_use]
pub fn state(approval: &Approval, now: Millis) -> &'static str {
    match approval.state.as_str() {
        "waiting" | "approved" if approval.until <= now => "expired",
        "waiting" => "waiting",
        "approved" => "approved",
        "declined" => "declined",
        "withdrawn" => "withdrawn",
        _ => "done",
    }
}

/// What was approved for just that, and may be done now.
///
/// # Errors
/// Where it was not, or not for that.
pub async fn approved(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (kind, object): (Kind, &str),
    now: Millis,
) -> Result<Approval, Refused> {
    let found = approvals::find(db, site, id).await?.ok_or(Refused::Unknown)?;
    if (found.kind.as_str(), found.object.as_str()) != (kind.as_str(), object) {
        return Err(Refused::Other(format!("{} {}", found.kind, found.object).trim().to_owned()));
    }
    match state(&found, now) {
        "approved" => Ok(found),
        other => Err(Refused::Not(other)),
    }
}

/// The same, used up in the caller's transaction: of two at once one does it.
///
/// # Errors
/// Where it was not approved for that, or was used.
pub async fn take(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    of: (Kind, &str),
    now: Millis,
) -> Result<Approval, Refused> {
    let found = approved(db, site, id, of, now).await?;
    if approvals::done(db, site, id, now).await? { Ok(found) } else { Err(Refused::Not("done")) }
}

/// Uses up what was done by it, and tells the trail: for what is done in several steps, and goes on where it was cut short.
///
/// # Errors
/// Where the database does not answer.
pub async fn used(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (by, now): (&Actor, Millis),
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    if approvals::done(&mut tx, site, id, now).await? {
        let (by, object) = (by.clone(), ("approval", id.to_text()));
        let entry = Entry { at: now, by, action: "approval.use", object, details: json!({}) };
        audit::append(&mut tx, site, &entry).await?;
    }
    tx.commit().await
}

/// What goes with something that is about to be done: nothing where the site has it wait for nobody, else what was
/// approved, still to be used.
///
/// # Errors
/// Where the site has it wait and nothing was approved.
pub async fn needed(
    db: &mut Connection,
    (site, asked): (SiteId, site::Approval),
    given: Option<LeadId>,
    of: (Kind, &str),
    now: Millis,
) -> Result<Option<Approval>, Refused> {
    match given {
        Some(id) => approved(db, site, id, of, now).await.map(Some),
        None if of.0.waits(asked) => Err(Refused::Unasked),
        None => Ok(None),
    }
}
