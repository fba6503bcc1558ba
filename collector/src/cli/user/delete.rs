//! `ashiato user delete`.

use consent_core::{ids::LeadId, time::Millis};
use serde_json::json;

use super::{Failure, Who, entry};
use crate::{
    clock,
    intake::approval::{self, Kind, Refused},
    store::{
        Connection, SiteId,
        accounts::{AccountId, gone, told},
        locks::{self, Lock},
        sites,
    },
};

/// Deletes an account, or nothing of it. The trails of its sites are told, and keep what it did under its number.
pub(super) async fn run(whose: &Who, approved: Option<LeadId>) -> Result<(), Failure> {
    let mut db = whose.open().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let account = whose.account(&mut tx).await?;
    let now = clock::now();
    let own = told::sites_of(&mut tx, account.id).await?;
    let own: Vec<SiteId> = own.into_iter().map(|(site, _)| site).collect();
    take_approval(&mut tx, (account.id, &own), approved, now).await?;
    let before = gone::owned(&mut tx).await?;
    gone::delete(&mut tx, account.id, now).await?;
    let after = gone::owned(&mut tx).await?;
    let lost: Vec<_> = before.into_iter().filter(|site| !after.contains(site)).collect();
    if !lost.is_empty() {
        return Err(last_owner(&mut tx, &lost).await?);
    }
    let details = json!({ "approval": approved });
    told::tell(&mut tx, &own, &entry(account.id, "account.delete", details)).await?;
    tx.commit().await?;
    println!(
        "the account is deleted and logged out everywhere; the audit trail keeps what it did under its number, {}",
        account.id.0
    );
    Ok(())
}

/// Uses up what was approved, where any of the account's sites has its deletion wait for a second person.
async fn take_approval(
    db: &mut Connection,
    (account, own): (AccountId, &[SiteId]),
    approved: Option<LeadId>,
    now: Millis,
) -> Result<(), Failure> {
    let mut waits = Vec::new();
    for (key, _) in sites::list(db).await? {
        let site = sites::find(db, &key).await?;
        let site = site.filter(|site| own.contains(&site.id));
        waits.extend(site.filter(|site| Kind::AccountDelete.waits(site.file.approval)));
    }
    let Some(approved) = approved else {
        let keys: Vec<_> = waits.iter().map(|site| site.file.key.as_str()).collect();
        return match keys[..] {
            [] => Ok(()),
            _ => Err(Failure(format!("{}: {}", keys.join(", "), Refused::Unasked))),
        };
    };
    let object = account.0.to_string();
    // Whoever asked and whoever approved run all of the account's sites: it is asked on any that has it wait.
    let sites =
        if waits.is_empty() { own.to_vec() } else { waits.iter().map(|site| site.id).collect() };
    for site in sites {
        match approval::take(db, site, approved, (Kind::AccountDelete, &object), now).await {
            Err(Refused::Unknown) => {}
            taken => return Ok(taken.map(drop)?),
        }
    }
    Err(Refused::Unknown.into())
}

async fn last_owner(db: &mut Connection, lost: &[Option<SiteId>]) -> Result<Failure, Failure> {
    let mut names = Vec::new();
    if lost.contains(&None) {
        names.push("every site".to_owned());
    }
    for (key, _) in sites::list(db).await? {
        let site = sites::find(db, &key).await?;
        names.extend(site.filter(|site| lost.contains(&Some(site.id))).map(|_| key));
    }
    let names = names.join(", ");
    let remedy = "make somebody else the owner first: `ashiato user add --role owner --email …`";
    Ok(Failure(format!(
        "nothing was deleted: the account is the last owner of {names}\n  remedy: {remedy}"
    )))
}
