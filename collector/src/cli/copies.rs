//! `ashiato copies`: what questions read.

use super::{Failure, applied};
use crate::{
    config,
    store::{Database, columns::copy},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Drop the copies that questions read, and have running collectors make them anew from the events themselves, which
    /// answer meanwhile. Needed only where a check of the disk, or a backup that was put back in part, gives doubts.
    Rebuild {
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        database: config::Database,
    },
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    let Act::Rebuild { site, database } = act;
    let mut db = Database::at(&database.url)?.open().await?;
    let site = applied(&mut db, site).await?;
    copy::anew(&mut db, site.id).await?;
    db.close().await?;
    println!("the copies are dropped; running collectors make them anew");
    Ok(())
}
