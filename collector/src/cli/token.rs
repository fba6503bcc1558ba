//! `ashiato token`.

use consent_core::ids::base64url;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Failure, applied, who};
use crate::{
    clock, keys,
    store::{
        Database,
        audit::{self, Entry},
        tokens,
    },
};

pub(super) async fn add(site: &str, scopes: &[tokens::Scope], url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let token = format!("ashiato_{}", base64url(&keys::random::<32>()?));
    let hash = Sha256::digest(&token);
    let (id, now) = (tokens::id(&hash), clock::now());
    let entry = Entry {
        at: now,
        by: who(),
        action: "token.add",
        object: ("token", id.clone()),
        details: json!({ "scopes": scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>() }),
    };
    let mut tx = db.begin().await?;
    tokens::insert(&mut tx, &hash, site.id, scopes, now).await?;
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    eprintln!("the audit trail names it {id}");
    println!("{token}");
    Ok(())
}
