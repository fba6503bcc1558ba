//! `ashiato query scores` and `score-rules`.

use clap::Subcommand;
use serde_json::json;

use super::{
    super::{Failure, applied, query::said, who},
    asker, step, told,
};
use crate::{
    analysis::{
        kept,
        score::{Rule, Score},
        segment::Did,
    },
    clock, config,
    store::{Database, audit::Entry, scores},
};
use consent_core::ids::LeadId;

/// `ashiato query scores`.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// Of this lead alone.
    #[arg(long, allow_hyphen_values = true)]
    lead: Option<String>,
    /// Leads, at most, the highest scores first.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Print JSON as the API answers it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: config::Database,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum Rules {
    /// Show them.
    List {
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        database: config::Database,
    },
    /// Keep one.
    Add {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// Points for it: -1000 to 1000.
        #[arg(long, allow_negative_numbers = true)]
        points: i64,
        /// What is done, as a step of a funnel.
        #[arg(long)]
        did: String,
        /// So often for the points once.
        #[arg(long, default_value_t = 1)]
        at_least: u32,
        /// How often the points are given, at most.
        #[arg(long, default_value_t = 1)]
        up_to: u32,
        /// In so many days up to today [default: 400].
        #[arg(long)]
        in_last_days: Option<u32>,
        #[command(flatten)]
        database: config::Database,
    },
    /// Remove one.
    Remove {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// What it is called.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        database: config::Database,
    },
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let database = Database::at(&arguments.database.url)?;
    let mut db = database.readers().await?.acquire().await?;
    let site = applied(&mut db, &arguments.site).await?;
    let asker = asker(&site, None).await?;
    let (scores, object): (Vec<(LeadId, Score)>, _) = if let Some(lead) = &arguments.lead {
        let id = lead.parse().map_err(|error| Failure(format!("{lead:?} is no lead: {error}")))?;
        let linked = asker.linked_lead(&mut db, id).await.map_err(|why| said(&why))?;
        let linked = linked.ok_or_else(|| {
            Failure(format!(
                "lead {lead} has no score: it is not there, is locked, or is tied to no visitor"
            ))
        })?;
        let score = asker.score(&mut db, linked).await.map_err(|why| said(&why))?;
        (vec![(id, score)], ("lead", id.to_text()))
    } else {
        let scores = asker.scores(&mut db, arguments.limit).await.map_err(|why| said(&why))?;
        (scores, ("site", arguments.site.clone()))
    };
    let seen: Vec<_> = scores.iter().map(|(lead, _)| lead).collect();
    let details = json!({ "leads": seen });
    let entry = Entry { at: clock::now(), by: who(), action: "lead.score", object, details };
    told(&database, site.id, &entry).await?;
    if arguments.json {
        let shown = scores.iter().map(
            |(lead, score)| json!({ "lead": lead, "score": score.score, "reasons": score.reasons }),
        );
        let all = json!({ "results": shown.collect::<Vec<_>>() });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for (lead, score) in &scores {
        println!("{:>6}  {lead}", score.score);
        for reason in &score.reasons {
            let at = jiff::Timestamp::from_millisecond(reason.last_at.0)?;
            println!("{:>8}  {} ({} times, last {at})", reason.points, reason.rule, reason.times);
        }
    }
    Ok(())
}

pub(super) async fn rules(act: Rules) -> Result<(), Failure> {
    match act {
        Rules::List { site, database } => {
            let mut db = Database::at(&database.url)?.readers().await?.acquire().await?;
            let site = applied(&mut db, &site).await?;
            for kept in scores::list(&mut db, site.id).await? {
                println!("{:>6}  {}\n        {}", kept.points, kept.name, kept.rule);
            }
        }
        Rules::Add { site, name, points, did, at_least, up_to, in_last_days, database } => {
            let filters = step(&did)?;
            let did = Did { filters, at_least, in_last_days, date_range: None };
            let mut db = Database::at(&database.url)?.open().await?;
            let site = applied(&mut db, &site).await?;
            let (by, rule) = ((clock::now(), who()), Rule { did, up_to });
            let kept = kept::keep_rule(&mut db, site.id, by, (&name, points, &rule)).await;
            println!("rule {:?} is kept", kept.map_err(|why| said(&why))?.name);
        }
        Rules::Remove { site, name, database } => {
            let mut db = Database::at(&database.url)?.open().await?;
            let site = applied(&mut db, &site).await?;
            let removed = kept::remove_rule(&mut db, site.id, (clock::now(), who()), &name).await;
            removed.map_err(|why| said(&why))?;
            println!("rule {name:?} is removed");
        }
    }
    Ok(())
}
