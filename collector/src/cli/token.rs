//! `ashiato token`.

use consent_core::ids::base64url;
use sha2::{Digest as _, Sha256};

use super::{Failure, applied};
use crate::{
    clock, keys,
    store::{Database, tokens},
};

pub(super) async fn add(site: &str, scopes: &[tokens::Scope], url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    let token = format!("ashiato_{}", base64url(&keys::random::<32>()?));
    tokens::insert(&mut db, &Sha256::digest(&token), site.id, scopes, clock::now()).await?;
    println!("{token}");
    Ok(())
}
