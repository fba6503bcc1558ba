//! `ashiato leads`.

mod ground;

use std::path::PathBuf;

use consent_core::ids::LeadId;
use serde_json::json;

use super::{Failure, applied, import, keys_there, list, who};
use crate::{
    clock, config,
    intake::{
        approval::{self, Kind},
        sealing,
    },
    keys::Keys,
    store::{
        Connection, Database,
        audit::{self, Entry},
        checkpoints,
        leads::{self, Erasure, wrapped},
    },
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Erase a lead for good: its key, what was sealed by it, what it is found by, and its link. What was
    /// erased does not come back when it is sent again.
    Erase {
        /// The lead's id.
        #[arg(allow_hyphen_values = true)]
        lead: String,
        /// The site's key.
        #[arg(long)]
        site: String,
        /// What was approved in the back office, where the site file has that wait for a second person.
        #[arg(long, value_name = "REQUEST", allow_hyphen_values = true)]
        approved: Option<LeadId>,
        #[command(flatten)]
        database: config::Database,
    },
    /// Give a lead a ground on which its person may be contacted, with its proof; or take it back.
    Ground(Box<ground::Arguments>),
    /// Read leads in from a list.
    Import(Box<import::Arguments>),
    /// List the people who may be contacted, with what a mail to them must show and how each stops it.
    List(Box<list::Arguments>),
    /// Wrap the keys of leads anew that rest on a lead key of before a rotation. Running collectors do so by
    /// themselves; this waits until it is done.
    Rewrap {
        /// The keys file.
        #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
        keys_file: PathBuf,
        #[command(flatten)]
        database: config::Database,
    },
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::Erase { lead, site, approved, database } => {
            erase(lead, site, *approved, &database.url).await
        }
        Act::Ground(arguments) => ground::run(arguments).await,
        Act::Import(arguments) => import::run(arguments).await,
        Act::List(arguments) => list::run(arguments).await,
        Act::Rewrap { keys_file, database } => rewrap(&keys_there(keys_file)?, &database.url).await,
    }
}

async fn erase(lead: &str, site: &str, approved: Option<LeadId>, url: &str) -> Result<(), Failure> {
    let id: LeadId =
        lead.parse().map_err(|error| Failure(format!("{lead:?} is no lead: {error}")))?;
    let mut db = Database::at(url)?.open().await?;
    let known = applied(&mut db, site).await?;
    let mut tx = db.begin().await?;
    let now = clock::now();
    let (asked, text) = ((known.id, known.file.approval), id.to_text());
    let of = (Kind::LeadErase, &*text);
    let approved = approval::needed(&mut tx, asked, approved, of, now).await?.map(|it| it.id);
    if let Some(approved) = approved {
        approval::take(&mut tx, known.id, approved, of, now).await?;
    }
    let erasure = leads::erase(&mut tx, known.id, id, now).await?;
    if erasure == Erasure::Erased {
        let entry = Entry {
            at: now,
            by: who(),
            action: "lead.erase",
            object: ("lead", id.to_text()),
            details: approved.map_or_else(|| json!({}), |id| json!({ "approval": id })),
        };
        audit::append(&mut tx, known.id, &entry).await?;
    }
    tx.commit().await?;
    match erasure {
        Erasure::Erased => println!("lead {lead} is erased"),
        Erasure::Before(at) => {
            let at = jiff::Timestamp::from_millisecond(at.0)?;
            println!("lead {lead} was erased at {at}");
        }
        Erasure::Unknown => return Err(Failure(format!("the site has no lead {lead}"))),
    }
    forget(&mut db).await
}

/// Given again, the command makes whole what was cut short here.
async fn forget(db: &mut Connection) -> Result<(), Failure> {
    if checkpoints::forget(db).await? {
        return Ok(());
    }
    Err(Failure(
        "the lead is erased, but the database's log still has copies of it: somebody reads for long\n  remedy: give the command again when they have ended".to_owned(),
    ))
}

async fn rewrap(keys: &Keys, url: &str) -> Result<(), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let earlier = keys.earlier_lead_keys(clock::now());
    if earlier.is_empty() {
        println!(
            "there is no earlier lead key, or the newest does not wrap yet (`ashiato keys list`)"
        );
        return Ok(());
    }
    let counts = wrapped::counts(&mut db).await?;
    let all: i64 = counts.iter().filter(|(kek, _)| earlier.contains(kek)).map(|(_, n)| n).sum();
    let mut done = 0;
    loop {
        match sealing::rewrap_some(&mut db, keys, &who(), clock::now()).await? {
            0 => break,
            some => done += some,
        }
        eprint!("\r{done} of {all}");
    }
    if done > 0 {
        eprintln!();
    }
    println!("no lead rests on an earlier key; wrapped anew: {done}");
    Ok(())
}
