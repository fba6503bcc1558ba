//! Taking leads, and tying them to visitors where that is permitted.

use std::sync::Arc;

use consent_core::{
    form::{Form, Submission},
    gate::permit,
    ids::{LeadId, VisitorHash},
    lead::LeadLink,
    standing::Subject,
    time::Millis,
};

use crate::{
    error::Problem,
    sites::Site,
    store::{Connection, leads as store, visitors},
};

/// A form that somebody sent, checked.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The site.
    pub site: Arc<Site>,
    /// The visitor for whom the session was opened, if any.
    pub visitor: Option<VisitorHash>,
    /// The form.
    pub form: Form,
    /// What was filled in.
    pub submission: Submission,
    /// The page, cleaned.
    pub page: String,
    /// The signature it came with.
    pub signature: [u8; 32],
    /// The id it gets.
    pub id: LeadId,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The lead.
    pub lead: LeadId,
    /// Whether it is tied to the visitor.
    pub linked: bool,
}

/// Stores a lead inside the caller's transaction. Sent again, it is answered again and counts once.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(
    db: &mut Connection,
    sent: &Sent,
    now: Millis,
) -> sqlx::Result<Result<Taken, Problem>> {
    let site = &sent.site;
    if let Some((lead, linked)) = store::find(db, site.id, &sent.signature).await? {
        return Ok(Ok(Taken { lead, linked }));
    }
    let lead = store::Lead {
        id: sent.id,
        request: &sent.signature,
        form: &sent.form.key,
        sent: &sent.submission,
        page: &sent.page,
        now,
    };
    store::insert(db, site.id, &lead).await?;
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
