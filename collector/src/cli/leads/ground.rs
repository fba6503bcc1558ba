//! `ashiato leads ground`.

use std::path::PathBuf;

use consent_core::{ids::LeadId, time::Millis};

use super::super::{Failure, applied, import::since, keys_there, who};
use crate::{
    clock, config,
    intake::{
        ground::{Desk, Refused},
        import,
    },
    store::Database,
};

/// Bytes of a proof, and of who says so.
const PROOF: usize = 1_000;
const NAME: usize = 200;

/// `ashiato leads ground`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("act").required(true))]
pub(in crate::cli) struct Arguments {
    /// The lead's id.
    #[arg(allow_hyphen_values = true)]
    lead: String,
    /// The site's key.
    #[arg(long)]
    site: String,
    /// On what ground its person may be contacted: `existing_customer`, `card_exchanged`, `published_address`.
    #[arg(long, group = "act", requires = "proof", requires = "by")]
    ground: Option<String>,
    /// What proves it, kept sealed with the lead: where and when the card was exchanged, which contract.
    #[arg(long, requires = "ground")]
    proof: Option<String>,
    /// Since when it holds, YYYY-MM-DD [default: now].
    #[arg(long, requires = "ground")]
    since: Option<jiff::civil::Date>,
    /// Who says so, by name or office; it is kept.
    #[arg(long)]
    by: Option<String>,
    /// Take the ground back: from now on the lead is locked.
    #[arg(long, group = "act", requires = "by")]
    withdraw: bool,
    /// Show every ground that was given, with its proof.
    #[arg(long, group = "act")]
    show: bool,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { lead, site, ground, proof, by, .. } = arguments;
    let id: LeadId =
        lead.parse().map_err(|error| Failure(format!("{lead:?} is no lead: {error}")))?;
    let ground = ground.as_deref().map(import::ground).transpose();
    let ground = ground.map_err(|why| Failure(format!("--ground: {why}")))?;
    let proof = proof.as_deref().unwrap_or_default().trim();
    if ground.is_some() && (proof.is_empty() || proof.len() > PROOF) {
        return Err(Failure("--proof: say in up to 1,000 bytes what proves the ground".to_owned()));
    }
    let said_by = by.as_deref().unwrap_or_default().trim();
    if by.is_some() && (said_by.is_empty() || said_by.len() > NAME) {
        return Err(Failure("--by: say in up to 200 bytes who says so".to_owned()));
    }
    let keys = keys_there(&arguments.keys_file)?;
    let mut db = Database::at(&arguments.database.url)?.open().await?;
    let known = applied(&mut db, site).await?;
    let (now, by) = (clock::now(), who());
    let desk = Desk { keys: &keys, site: &known, lead: id, said_by, by: &by, now };
    let refused = |why| refusal(lead, why);
    if let Some(ground) = ground {
        let since = since(arguments.since, &known.file.timezone, now)?;
        desk.give(&mut db, (ground, since), proof).await?.map_err(refused)?;
        println!("lead {lead} may be used: {}, since {}", ground.as_str(), time(since));
    } else if arguments.withdraw {
        desk.take(&mut db).await?.map_err(refused)?;
        println!("lead {lead} is locked: its ground is taken back");
    } else {
        let recorded = desk.show(&mut db).await?.map_err(refused)?;
        if recorded.is_empty() {
            println!("no ground was given to lead {lead} by hand or by a list");
        }
        for (one, proof, holds) in recorded {
            let state = if holds { "holds" } else { "does not hold" };
            println!("{}  since {}, by {}: {state}", one.ground, time(one.since), one.said_by);
            println!("  proof: {}", proof.escape_debug());
        }
    }
    Ok(())
}

fn refusal(lead: &str, why: Refused) -> Failure {
    Failure(match why {
        Refused::Unknown => format!(
            "the site has no lead {lead}\n  remedy: see that the id and --site are right; `ashiato subject export` names the leads of a person"
        ),
        Refused::Erased(at) => {
            format!("lead {lead} was erased at {}, and nothing is told of it any more", time(at))
        }
        Refused::Stopped(at) => format!(
            "the person of lead {lead} has said stop to mail at {}, and stays locked whatever ground is given\n  remedy: none but their own new confirmation; where the stop was a mistake, `ashiato mail unsuppress`",
            time(at)
        ),
        Refused::Confirmed(at) => format!(
            "the person of lead {lead} has confirmed by mail at {}; that ground is theirs, and is not exchanged or taken back by hand\n  remedy: `ashiato mail suppress` stops all mail to them",
            time(at)
        ),
        Refused::Empty => {
            format!("nothing was filled in in lead {lead}: there is nobody to contact")
        }
        Refused::Locked => format!("lead {lead} has no ground: it is locked already"),
    })
}

fn time(at: Millis) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
