//! Leads that other systems give, change and erase. Each act is a job of the writer, under the lock of persons, so that
//! what is answered has been committed; what was sent again is answered as before and done once.

use std::sync::Arc;

use consent_core::{
    form::{Form, Submission},
    ids::LeadId,
    lead::{Basis, Ground, Origin},
    time::Millis,
};
use serde_json::json;

use super::{
    amend::{Amended, Amendment},
    import::{OnDuplicate, Row, Sheet, Source},
};
use crate::{
    keys::{Keys, leads::LeadKeyError},
    sites::Site,
    store::{
        Connection, SiteId,
        audit::{Actor, Entry},
        leads::{
            self as store, Erasure,
            calls::{self, Call, Made},
            read,
        },
    },
};

/// A lead that another system gives, judged.
pub struct Lead {
    /// The site.
    pub site: Arc<Site>,
    /// The form whose rules it was judged by.
    pub form: Form,
    /// What it says.
    pub submission: Submission,
    /// On what ground its person may be contacted, and since when.
    pub ground: (Ground, Millis),
    /// What proves it, and who says so.
    pub proof: (String, String),
    /// The id that it gets, and by what it is known that it has come.
    pub id: (LeadId, [u8; 32]),
    /// The call, where it says of itself which it is.
    pub call: Option<Call>,
    /// What becomes of somebody who is known: with [`OnDuplicate::Add`] they become a lead beside the other.
    pub on_duplicate: OnDuplicate,
    /// Whether the id is the other system's choice.
    pub own_id: bool,
}

/// The same, sealed: from here on nobody meets what it says.
#[derive(Clone, Debug)]
pub struct Given {
    site: Arc<Site>,
    form: Form,
    since: Millis,
    said_by: String,
    sheet: Sheet,
    call: Option<Call>,
    on_duplicate: OnDuplicate,
    own_id: bool,
}

impl Lead {
    /// Seals it.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal(self, keys: &Keys, now: Millis) -> Result<Given, LeadKeyError> {
        let Self { site, form, submission, ground, proof, id, call, on_duplicate, own_id } = self;
        let (row, said_by) = (Row { submission, ground: ground.0 }, proof.1);
        let sheet = row.seal(keys, &site.key, &form, (id.0, &proof.0, now))?.known_by(id.1);
        Ok(Given { site, form, since: ground.1, said_by, sheet, call, on_duplicate, own_id })
    }
}

/// A change of a lead.
#[derive(Clone, Debug)]
pub struct Change {
    /// The site.
    pub site: SiteId,
    /// What it holds from now on.
    pub amendment: Amendment,
    /// The names of the fields that were given.
    pub fields: Vec<String>,
    /// The call by which the lead was given once more, where it says of itself which it is.
    pub call: Option<Call>,
}

/// What another system asks for.
#[derive(Clone, Debug)]
pub enum Act {
    /// It gives a lead.
    Give(Box<Given>),
    /// It changes one.
    Change(Box<Change>),
    /// It gives one that is known, and changes nothing by that: the call, and how the lead stands.
    Same(SiteId, Call, Made),
    /// It has one erased.
    Erase(SiteId, LeadId),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The lead was made or changed; or had been, by the same call.
    Made(Made),
    /// Another lead was given by a call of that id.
    OtherContent,
    /// The person is known: the leads.
    Known(Vec<LeadId>),
    /// The lead was changed since it was read, or is gone.
    Changed,
    /// What became of an erasure.
    Erased(Erasure),
}

/// Does it inside the caller's transaction, under [`Lock::Persons`](crate::store::locks::Lock); answers what came of it,
/// and what the site's audit trail is to be told.
///
/// # Errors
/// Where the database does not answer.
pub async fn act(
    db: &mut Connection,
    (act, by): (&Act, &Actor),
    now: Millis,
) -> sqlx::Result<(Done, Option<(SiteId, Entry)>)> {
    match act {
        Act::Give(given) => give(db, (given, by), now).await,
        Act::Change(change) => put(db, (change, by), now).await,
        Act::Same(site, call, made) => Ok((same(db, *site, call, made).await?, None)),
        Act::Erase(site, lead) => {
            let erasure = store::erase(db, *site, *lead, now).await?;
            let object = ("lead", lead.to_text());
            let entry =
                Entry { at: now, by: by.clone(), action: "lead.erase", object, details: json!({}) };
            let told = (erasure == Erasure::Erased).then_some((*site, entry));
            Ok((Done::Erased(erasure), told))
        }
    }
}

/// What came of the same call before; nothing where it is new.
async fn before(
    db: &mut Connection,
    site: SiteId,
    call: Option<&Call>,
) -> sqlx::Result<Option<Done>> {
    let Some(call) = call else { return Ok(None) };
    let found = calls::find(db, site, &call.call).await?;
    Ok(found.map(|(content, made)| match content == call.content {
        true => Done::Made(made),
        false => Done::OtherContent,
    }))
}

async fn give(
    db: &mut Connection,
    (given, by): (&Given, &Actor),
    now: Millis,
) -> sqlx::Result<(Done, Option<(SiteId, Entry)>)> {
    let (site, sheet) = (given.site.id, &given.sheet);
    if let Some(done) = before(db, site, given.call.as_ref()).await? {
        return Ok((done, None));
    }
    let known = read::known(db, site, sheet.digests()).await?;
    if !known.is_empty() && given.on_duplicate != OnDuplicate::Add {
        return Ok((Done::Known(known), None));
    }
    // Of a lead that came otherwise, or by another call.
    if given.own_id && store::is_taken(db, site, sheet.id()).await? {
        return Ok((Done::OtherContent, None));
    }
    let (form, said_by) = (&given.form, given.said_by.as_str());
    let source = Source { site, form, origin: Origin::Api, since: given.since, by: said_by };
    let basis = sheet.store(db, &source, now).await?;
    let made = Made { lead: sheet.id(), updated: false, version: 1, locked: basis == Basis::NONE };
    if let Some(call) = &given.call {
        calls::record(db, site, call, &made).await?;
    }
    let entry = Entry {
        at: now,
        by: by.clone(),
        action: "lead.add",
        object: ("lead", made.lead.to_text()),
        details: json!({ "form": form.key, "ground": basis.ground().as_str() }),
    };
    Ok((Done::Made(made), Some((site, entry))))
}

async fn same(db: &mut Connection, site: SiteId, call: &Call, made: &Made) -> sqlx::Result<Done> {
    if let Some(done) = before(db, site, Some(call)).await? {
        return Ok(done);
    }
    if !calls::is_at(db, site, made.lead, made.version).await? {
        return Ok(Done::Changed);
    }
    calls::record(db, site, call, made).await?;
    Ok(Done::Made(*made))
}

async fn put(
    db: &mut Connection,
    (change, by): (&Change, &Actor),
    now: Millis,
) -> sqlx::Result<(Done, Option<(SiteId, Entry)>)> {
    let (site, lead) = (change.site, change.amendment.lead());
    if let Some(done) = before(db, site, change.call.as_ref()).await? {
        return Ok((done, None));
    }
    let Some(Amended { version, locked }) = change.amendment.store(db, site, now).await? else {
        return Ok((Done::Changed, None));
    };
    let made = Made { lead, updated: true, version, locked };
    if let Some(call) = &change.call {
        calls::record(db, site, call, &made).await?;
    }
    let entry = Entry {
        at: now,
        by: by.clone(),
        action: "lead.change",
        object: ("lead", lead.to_text()),
        details: json!({ "fields": change.fields, "version": version, "locked": locked }),
    };
    Ok((Done::Made(made), Some((site, entry))))
}
