//! Work on leads that are stored: sealing those of a version that did not, and wrapping their keys anew after
//! a rotation. Both go in small steps, each a transaction under a lock that one collector holds, and go on
//! where they were left.

use std::collections::BTreeMap;

use consent_core::{contact::Contact, time::Millis};
use serde_json::json;

use super::leads::{contacts_held, digests};
use crate::{
    keys::{Keys, leads::LeadKeyError},
    sites::Sites,
    store::{
        Connection,
        audit::{self, Actor, Entry},
        leads::{
            unsealed::{self, Unsealed},
            wrapped,
        },
        locks::{self, Lock},
    },
};

/// Leads in one step.
const STEP: i64 = 200;

/// Why leads were not sealed, or their keys not wrapped.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The database did not answer.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A key is not there.
    #[error("{0}")]
    Key(#[from] LeadKeyError),
    /// The leads are sealed, and the files still have what they held before.
    #[error(
        "leads are sealed, but the database's files could not be written anew without what lay there in the clear: {0}\n  remedy: make as much free room as the database is large, end other programs that read it, and start again"
    )]
    Remains(sqlx::Error),
}

/// Seals every lead of a version that did not, and writes the database's files anew without what they held.
/// Answers how many there were.
///
/// # Errors
/// Where the database does not answer; what was sealed stays so.
pub async fn seal_all(
    db: &mut Connection,
    keys: &Keys,
    sites: &Sites,
    now: Millis,
) -> Result<usize, SealingError> {
    let mut count = 0;
    loop {
        let mut tx = db.begin().await?;
        locks::take(&mut tx, Lock::Leads).await?;
        let some = unsealed::some(&mut tx, STEP).await?;
        if some.is_empty() {
            tx.rollback().await?;
            break;
        }
        for lead in &some {
            let sealed = keys.seal_lead(&lead.key, lead.lead, 1, &lead.fields, now)?;
            let found_by = digests(keys, &lead.key, &contacts(sites, lead));
            unsealed::seal(&mut tx, lead, &sealed, &found_by).await?;
        }
        tx.commit().await?;
        count += some.len();
    }
    unsealed::clear_remains(db).await.map_err(SealingError::Remains)?;
    Ok(count)
}

/// The addresses and numbers of a lead of before.
fn contacts(sites: &Sites, lead: &Unsealed) -> Vec<Contact> {
    let site = sites.get(lead.key.as_str());
    let form = site.and_then(|site| site.file.form(&lead.form.parse().ok()?));
    contacts_held(form.as_ref(), &lead.fields)
}

/// Wraps some keys of leads anew that rest on an earlier lead key. Answers how many; none says that no lead rests
/// on an earlier one. The audit trail is told by whom.
///
/// # Errors
/// Where the database does not answer, or a lead's key does not open.
pub async fn rewrap_some(
    db: &mut Connection,
    keys: &Keys,
    by: &Actor,
    now: Millis,
) -> Result<usize, SealingError> {
    for earlier in keys.earlier_lead_keys(now) {
        // Looked for before anything is locked: mostly there is none.
        if wrapped::under(db, &earlier, 1).await?.is_empty() {
            continue;
        }
        let mut tx = db.begin().await?;
        locks::take(&mut tx, Lock::Leads).await?;
        let some = wrapped::under(&mut tx, &earlier, STEP).await?;
        let (mut count, mut failed) = (BTreeMap::new(), None);
        for old in &some {
            match keys.rewrap_lead(&old.key_of_site, old.lead, &old.key, now) {
                Ok(Some(new)) => {
                    wrapped::rewrap(&mut tx, old, &new).await?;
                    *count.entry(old.site).or_insert(0) += 1;
                }
                Ok(None) => {}
                // The others need not wait for one that is damaged.
                Err(error) => failed = Some(error),
            }
        }
        for (site, leads) in &count {
            let entry = Entry {
                at: now,
                by: by.clone(),
                action: "lead.rewrap",
                object: ("lead_key", earlier.clone()),
                details: json!({ "leads": leads }),
            };
            audit::append(&mut tx, *site, &entry).await?;
        }
        tx.commit().await?;
        match failed {
            _ if !count.is_empty() => return Ok(count.values().sum()),
            Some(error) => return Err(error.into()),
            None => {}
        }
    }
    Ok(0)
}
