//! `ashiato query funnel | cohorts | paths | segments`: the same questions as the API's, asked of the database itself.

mod plain;
mod scores;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    Failure, applied, keys_there,
    query::{filter, said},
    who,
};
use crate::{
    analysis::{
        answer::{self, Asker},
        asked::{Which, cohorts, funnel, paths},
        kept,
        segment::Definition,
    },
    clock, config,
    keys::Keys,
    store::{
        Connection, Database, SiteId,
        audit::{self, Entry},
        reports::Holding,
        segments,
        sites::Applied,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// How many visitors took one step after the other.
    Funnel {
        /// DIMENSION=VALUE as in --filter, several joined by ` and `, or a JSON list of filters; given again for each
        /// step.
        #[arg(long = "step", required = true)]
        steps: Vec<String>,
        /// From the first step to the last, in minutes.
        #[arg(long, default_value_t = 10_080)]
        window_minutes: u32,
        /// Tell visitors apart by a dimension of the event by which each first entered.
        #[arg(long)]
        breakdown: Option<String>,
        /// Groups of it, at most.
        #[arg(long, default_value_t = 10)]
        limit: u32,
        #[command(flatten)]
        of: Of,
    },
    /// How many of those who first came in one period came again in the next.
    Cohorts {
        /// `day`, `week` or `month`.
        #[arg(long, default_value = "week")]
        unit: String,
        /// Periods after the first.
        #[arg(long, default_value_t = 8)]
        periods: u32,
        /// What makes one of a cohort, when first done, as a step of a funnel [default: any event].
        #[arg(long)]
        first: Option<String>,
        /// What counts as having come again, as a step of a funnel [default: any event].
        #[arg(long)]
        again: Option<String>,
        #[command(flatten)]
        of: Of,
    },
    /// What was done in a visit before or after something.
    Paths {
        /// What the paths lead from, or to, as a step of a funnel.
        #[arg(long = "from-event", value_name = "STEP")]
        event: String,
        /// What came before it, instead of after.
        #[arg(long)]
        before: bool,
        /// What a path is made of: `page` or `event`.
        #[arg(long, default_value = "page")]
        by: String,
        /// Steps, at most.
        #[arg(long, default_value_t = 3)]
        depth: u32,
        /// Ways on from each step, at most.
        #[arg(long, default_value_t = 5)]
        width: u32,
        #[command(flatten)]
        of: Of,
    },
    /// Visitors of whom some things hold, under a name.
    #[command(subcommand)]
    Segments(Segments),
    /// Points of linked leads for what was done since, each with its reason.
    Scores(scores::Arguments),
    /// For what there are points.
    #[command(subcommand)]
    ScoreRules(scores::Rules),
}

#[derive(Debug, Subcommand)]
pub(super) enum Segments {
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
        /// What holds of its visitors, as JSON (docs/analysis.md).
        #[arg(long, value_name = "JSON")]
        definition: String,
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
    /// How many of those who did anything in some days are in one.
    Size(Of),
}

/// Of what is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// First day, YYYY-MM-DD.
    #[arg(long)]
    from: String,
    /// Last day, YYYY-MM-DD.
    #[arg(long)]
    to: String,
    /// Of this segment's visitors only.
    #[arg(long)]
    segment: Option<String>,
    /// Print JSON as the API answers it.
    #[arg(long)]
    json: bool,
    /// The keys file, read where a segment looks at what people wrote.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

/// A site that is asked about, with the segment that was named.
struct Open {
    site: Applied,
    keys: Option<Keys>,
    of: Option<Definition>,
}

impl Of {
    fn range(&self) -> (String, String) {
        (self.from.clone(), self.to.clone())
    }

    async fn open(&self) -> Result<(Connection, Open), Failure> {
        let database = Database::at(&self.database.url)?;
        let mut db = database.readers().await?.acquire().await?;
        let site = applied(&mut db, &self.site).await?;
        let mut open = Open { site, keys: None, of: None };
        if let Some(name) = &self.segment {
            let at = (&database, &mut db, open.site.id);
            let (of, keys) = segment(at, name, &self.keys_file).await?;
            (open.of, open.keys) = (Some(of), keys);
        }
        Ok((db, open))
    }
}

/// The segment of that name, and the keys, where it looks at what people wrote: that is in the trail before anything of it
/// is answered.
pub(super) async fn segment(
    (database, db, site): (&Database, &mut Connection, SiteId),
    name: &str,
    keys_file: &Path,
) -> Result<(Definition, Option<Keys>), Failure> {
    let of = kept::find(db, site, name).await.map_err(|why| said(&why))?;
    if !of.looks_at().1 {
        return Ok((of, None));
    }
    let keys = keys_there(keys_file)?;
    let object = ("segment", name.to_owned());
    let (at, by, action) = (clock::now(), who(), "lead.segment");
    told(database, site, &Entry { at, by, action, object, details: json!({}) }).await?;
    Ok((of, Some(keys)))
}

impl Open {
    async fn asker(&self) -> Result<Asker<'_>, Failure> {
        asker(&self.site, self.keys.as_ref()).await
    }
}

/// The site as it is asked about.
pub(super) async fn asker<'a>(
    site: &'a Applied,
    keys: Option<&'a Keys>,
) -> Result<Asker<'a>, Failure> {
    let now = clock::now();
    let zone = jiff::tz::TimeZone::get(&site.file.timezone)?;
    let room = answer::room().await.map_err(|why| said(&why))?;
    let (file, key) = (&site.file, &site.file.key);
    let holding = Holding { revision: site.revision, now };
    let today = crate::sites::day_in(&zone, now);
    Ok(Asker { room, site: site.id, key, file, holding, today, keys })
}

/// Tells the audit trail.
pub(super) async fn told(database: &Database, site: SiteId, entry: &Entry) -> Result<(), Failure> {
    let mut writing = database.open().await?;
    let mut tx = writing.begin().await?;
    audit::append(&mut tx, site, entry).await?;
    Ok(tx.commit().await?)
}

/// Filters as a step is written.
fn step(text: &str) -> Result<Vec<Value>, Failure> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text)
            .map_err(|why| Failure(format!("--step {text:?} is no JSON list of filters: {why}")));
    }
    text.split(" and ").map(filter).collect()
}

fn which(text: Option<&String>) -> Result<Which, Failure> {
    let filters = text.map_or_else(|| Ok(Vec::new()), |text| step(text))?;
    Ok(Which { filters })
}

pub(super) async fn run(act: Act) -> Result<(), Failure> {
    match act {
        Act::Funnel { steps, window_minutes, breakdown, limit, of } => {
            let read = |text: &String| -> Result<funnel::Step, Failure> {
                let name = text.chars().filter(|c| !c.is_control()).take(64).collect();
                Ok(funnel::Step { name, filters: step(text)? })
            };
            let steps = steps.iter().map(read).collect::<Result<_, _>>()?;
            let (site, segment, date_range) = (of.site.clone(), of.segment.clone(), of.range());
            let asked = funnel::Asked {
                site,
                steps,
                window_minutes,
                breakdown,
                limit,
                segment,
                date_range,
            };
            let (mut db, open) = of.open().await?;
            let answer = open.asker().await?.funnel(&mut db, &asked, open.of.as_ref()).await;
            print(&answer.map_err(|why| said(&why))?, of.json, plain::funnel)
        }
        Act::Cohorts { unit, periods, first, again, of } => {
            let (first, again) = (which(first.as_ref())?, which(again.as_ref())?);
            let (site, segment, date_range) = (of.site.clone(), of.segment.clone(), of.range());
            let asked = cohorts::Asked { site, unit, periods, first, again, segment, date_range };
            let (mut db, open) = of.open().await?;
            let answer = open.asker().await?.cohorts(&mut db, &asked, open.of.as_ref()).await;
            print(&answer.map_err(|why| said(&why))?, of.json, plain::cohorts)
        }
        Act::Paths { event, before, by, depth, width, of } => {
            let from = which(Some(&event))?;
            let direction = if before { "before" } else { "after" }.to_owned();
            let (site, segment, date_range) = (of.site.clone(), of.segment.clone(), of.range());
            let asked =
                paths::Asked { site, from, direction, by, depth, width, segment, date_range };
            let (mut db, open) = of.open().await?;
            let answer = open.asker().await?.paths(&mut db, &asked, open.of.as_ref()).await;
            print(&answer.map_err(|why| said(&why))?, of.json, plain::paths)
        }
        Act::Segments(act) => kept_segments(act).await,
        Act::Scores(arguments) => scores::run(arguments).await,
        Act::ScoreRules(act) => scores::rules(act).await,
    }
}

async fn kept_segments(act: Segments) -> Result<(), Failure> {
    match act {
        Segments::List { site, database } => {
            let mut db = Database::at(&database.url)?.readers().await?.acquire().await?;
            let site = applied(&mut db, &site).await?;
            for kept in segments::list(&mut db, site.id).await? {
                println!("{}\n  {}", kept.name, kept.definition);
            }
        }
        Segments::Add { site, name, definition, database } => {
            let mut from = serde_json::Deserializer::from_str(&definition);
            let definition: Definition =
                serde_path_to_error::deserialize(&mut from).map_err(|why| {
                    Failure(format!("--definition: {why}\n  docs/analysis.md shows some"))
                })?;
            let mut db = Database::at(&database.url)?.open().await?;
            let site = applied(&mut db, &site).await?;
            let (place, by) = ((site.id, &site.file), (clock::now(), who()));
            let kept = kept::keep(&mut db, place, by, (&name, &definition)).await;
            println!("segment {:?} is kept", kept.map_err(|why| said(&why))?.name);
        }
        Segments::Remove { site, name, database } => {
            let mut db = Database::at(&database.url)?.open().await?;
            let site = applied(&mut db, &site).await?;
            let removed = kept::remove(&mut db, site.id, (clock::now(), who()), &name).await;
            removed.map_err(|why| said(&why))?;
            println!("segment {name:?} is removed");
        }
        Segments::Size(of) => {
            let (mut db, open) = of.open().await?;
            let definition =
                open.of.as_ref().ok_or_else(|| Failure("name it by --segment".to_owned()))?;
            let size = open.asker().await?.size(&mut db, &of.range(), definition).await;
            let size = size.map_err(|why| said(&why))?;
            print(&size, of.json, plain::size)?;
        }
    }
    Ok(())
}

fn print<T: serde::Serialize>(
    answer: &T,
    json: bool,
    plainly: impl FnOnce(&T),
) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
    } else {
        plainly(answer);
    }
    Ok(())
}
