//! `ashiato retention`: what is kept no longer.

use consent_core::time::{DAY, Millis};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{Failure, applied, who};
use crate::{
    clock, config,
    error::Problem,
    intake::disposal::{self, Disposal, Way},
    site::retention::{Of, Rule},
    store::{
        Connection, Database, SiteId, checkpoints,
        disposal::{
            Forms,
            plan::{self, Held},
        },
    },
};

/// Days ahead that a plan looks.
const AHEAD: [i64; 3] = [0, 7, 30];

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Show what is held under which rule of the site file, and how much of it goes when. Nothing is changed.
    Plan {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        database: config::Database,
    },
    /// Dispose now of what is kept no longer. Running collectors do so by themselves, every six hours.
    Run {
        /// The site's key [default: every site].
        #[arg(long)]
        site: Option<String>,
        #[command(flatten)]
        database: config::Database,
    },
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::Plan { site, json, database } => show(site, *json, &database.url).await,
        Act::Run { site, database } => dispose(site.as_deref(), &database.url).await,
    }
}

async fn dispose(site: Option<&str>, url: &str) -> Result<(), Failure> {
    let database = Database::at(url)?;
    let readers = database.readers().await?;
    if let Some(key) = site {
        applied(&mut readers.acquire().await?, key).await?;
    }
    let mut own = database.reopen().await?;
    let mut gone: Vec<(String, u64)> = Vec::new();
    let mut disposal = Disposal {
        readers: &readers,
        way: Way::Own(&mut own),
        by: who(),
        now: clock::now(),
        progress: |key: &str, rule: &Rule, n| {
            let line = format!("{key}: {}, by {}", rule.of.kind(), rule.name);
            eprint!("\r{line}: {n}");
            match gone.last_mut() {
                Some((last, all)) if *last == line => *all = n,
                _ => gone.push((line, n)),
            }
        },
    };
    let act = async {
        match site {
            Some(key) => disposal.site(key).await,
            None => disposal.all().await,
        }
    };
    let done = disposal::alone(&database, act).await;
    if !gone.is_empty() {
        eprintln!();
    }
    for (line, n) in gone.iter().filter(|(_, n)| *n > 0) {
        println!("{line}: {n} gone");
    }
    let failed = |problem: Problem| {
        Failure(format!(
            "{}\n  what went is counted, and told to the audit trail by the next run",
            problem.detail
        ))
    };
    if done.map_err(failed)?.is_none() {
        return Err(Failure(
            "a collector, or another command, disposes at this moment\n  remedy: give the command again when it is through".to_owned(),
        ));
    }
    println!("nothing is kept any more that is past its time");
    if !checkpoints::forget(&mut own).await? {
        return Err(Failure(
            "but the database's log still has copies of it: somebody reads for long\n  remedy: give the command again when they have ended".to_owned(),
        ));
    }
    Ok(())
}

async fn show(site: &str, as_json: bool, url: &str) -> Result<(), Failure> {
    let readers = Database::at(url)?.readers().await?;
    let mut db = readers.acquire().await?;
    let zone = TimeZone::get(&applied(&mut db, site).await?.file.timezone)?;
    let Some((id, rules)) = disposal::rules_of(&mut db, site).await? else { return Ok(()) };
    let now = clock::now();
    for rule in &rules {
        let kept = i64::from(rule.days) * DAY;
        let before = AHEAD.map(|days| now.plus(days * DAY - kept));
        let held = held(&mut db, id, &rule.of, &before).await?;
        let (n, older) = (held.n, &held.older);
        let of = |at: usize| older.get(at).copied().unwrap_or(0);
        let first = held.oldest.map(|oldest| oldest.plus(kept));
        if as_json {
            let line = json!({
                "kind": rule.of.kind(),
                "rule": rule.name,
                "days": rule.days,
                "revision": rule.revision,
                "held": n,
                "oldest": held.oldest,
                "due": of(0),
                "due_in_7_days": of(1),
                "due_in_30_days": of(2),
            });
            println!("{line}");
            continue;
        }
        let Rule { name, days, revision, .. } = rule;
        println!("{}, by {name}: {days} days (revision {revision})", rule.of.kind());
        println!("  held {n}; due now {}, in 7 days {}, in 30 days {}", of(0), of(1), of(2));
        if let Some(first) = first.filter(|first| *first > now && rule.of != Of::Decisions) {
            println!("  the oldest goes on {}", day(first, &zone)?);
        }
    }
    Ok(())
}

fn day(at: Millis, zone: &TimeZone) -> Result<String, Failure> {
    Ok(Timestamp::from_millisecond(at.0)?.to_zoned(zone.clone()).date().to_string())
}

async fn held(db: &mut Connection, site: SiteId, of: &Of, before: &[Millis]) -> sqlx::Result<Held> {
    match of {
        Of::Events { purpose, service } => plan::events(db, site, (purpose, service), before).await,
        Of::Links => plan::links(db, site, before).await,
        Of::Leads { form } => plan::leads(db, site, Forms::Of(form), before).await,
        Of::OtherLeads { but } => plan::leads(db, site, Forms::But(but), before).await,
        Of::Decisions => plan::decisions(db, site, before).await,
        Of::Refusals => plan::refusals(db, site, before).await,
    }
}
