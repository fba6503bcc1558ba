//! `ashiato query`: the same questions as `POST /api/v1/query`, asked of the database itself.

use std::{io::BufWriter, path::PathBuf};

use consent_core::ids::LeadId;
use serde_json::json;

use super::{Failure, analysis, applied, export::NewFile, who};
use crate::{
    clock, config,
    error::Problem,
    export::{Format, sums},
    query::{self, Answer, Query, WhoseIn},
    store::{
        Database,
        audit::Entry,
        reports::{self, Holding, Timeline},
    },
};

/// `ashiato query`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Option<analysis::Act>,
    /// The site's key.
    #[arg(long, required = true)]
    site: Option<String>,
    /// `visitors`, `visits`, `page_views`, `events`, `engaged_ms`.
    #[arg(long, value_delimiter = ',', default_value = "visitors,page_views")]
    metrics: Vec<String>,
    /// `time:hour`, `time:day`, `time:week`, `time:month`, `page`, `title`, `referrer`, `event`, `purpose`, `service`,
    /// `language`, `device` (`phone`, `tablet`, `computer`, or nothing: not known), `property:NAME`.
    #[arg(long, value_delimiter = ',', default_value = "time:day")]
    dimensions: Vec<String>,
    /// DIMENSION=VALUE, DIMENSION!=VALUE, or DIMENSION~=VALUE for what contains it; may be given again.
    #[arg(long)]
    filter: Vec<String>,
    /// Of this segment's visitors only.
    #[arg(long)]
    segment: Option<String>,
    /// First day, YYYY-MM-DD.
    #[arg(long, required_unless_present = "timeline")]
    from: Option<String>,
    /// Last day, YYYY-MM-DD.
    #[arg(long, required_unless_present = "timeline")]
    to: Option<String>,
    /// Put the period before beside it: `previous_period`.
    #[arg(long)]
    compare: Option<String>,
    /// Rows, at most [default: 100, and all of them in a file].
    #[arg(long)]
    limit: Option<u32>,
    /// Write a file instead: name it by --output.
    #[arg(long, value_enum, requires = "output", conflicts_with = "timeline")]
    format: Option<Format>,
    /// Where to write it, for its owner alone.
    #[arg(long, value_name = "FILE", requires = "format")]
    output: Option<PathBuf>,
    /// Print JSON as the API answers it.
    #[arg(long)]
    json: bool,
    /// Print what the visitor tied to this lead did, instead.
    #[arg(long, value_name = "LEAD", allow_hyphen_values = true, conflicts_with_all = ["from", "to", "filter", "segment"])]
    timeline: Option<String>,
    /// The keys file, read where a segment looks at what people wrote.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

pub(super) fn said(problem: &Problem) -> Failure {
    if problem.errors.is_empty() {
        return Failure(problem.detail.clone());
    }
    let lines =
        problem.errors.iter().map(|error| format!("\n  {}: {}", error.field, error.message));
    Failure(format!("the question cannot be answered{}", lines.collect::<String>()))
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if let Some(act) = arguments.act {
        return analysis::run(act).await;
    }
    let key = arguments.site.unwrap_or_default();
    let database = Database::at(&arguments.database.url)?;
    let mut db = database.readers().await?.acquire().await?;
    let site = applied(&mut db, &key).await?;
    if let Some(lead) = &arguments.timeline {
        let id: LeadId =
            lead.parse().map_err(|error| Failure(format!("{lead:?} is no lead: {error}")))?;
        let holding = Holding { revision: site.revision, now: clock::now() };
        return match reports::timeline(&mut db, site.id, holding, id).await? {
            Timeline::NoLead => Err(Failure(format!("the site has no lead {lead}"))),
            Timeline::Unlinked => {
                println!("lead {lead} is tied to no visitor: nothing is known of their browsing");
                Ok(())
            }
            Timeline::Linked(_, moments) => {
                let (object, details) =
                    (("lead", id.to_text()), json!({ "events": moments.len() }));
                let (at, by, action) = (clock::now(), who(), "lead.timeline");
                let entry = Entry { at, by, action, object, details };
                analysis::told(&database, site.id, &entry).await?;
                for moment in moments {
                    let at = jiff::Timestamp::from_millisecond(moment.at.0)?;
                    println!("{at}  {:<12}  {}  {}", moment.name, moment.page, moment.title);
                }
                Ok(())
            }
        };
    }
    let query = Query {
        site: key,
        metrics: arguments.metrics,
        dimensions: arguments.dimensions.into_iter().filter(|name| !name.is_empty()).collect(),
        filters: arguments.filter.iter().map(|text| filter(text)).collect::<Result<_, _>>()?,
        segment: arguments.segment,
        date_range: (arguments.from.unwrap_or_default(), arguments.to.unwrap_or_default()),
        compare: arguments.compare,
        limit: arguments.limit,
        after: None,
    };
    let file = arguments.format.zip(arguments.output);
    let question = if file.is_some() { query.question_for_file() } else { query.question() };
    let question = question.map_err(|problem| said(&problem))?;
    let new = file.as_ref().map(|(_, path)| NewFile::create(path)).transpose()?;
    let mut of = None;
    if let Some(name) = &query.segment {
        let at = (&database, &mut db, site.id);
        of = Some(analysis::segment(at, name, &arguments.keys_file).await?);
    }
    let chosen = match &of {
        Some((definition, keys)) => {
            let asker = analysis::asker(&site, keys.as_ref()).await?;
            let chosen = asker.chosen(&mut db, definition.clone()).await;
            Some(chosen.map_err(|why| said(&why))?)
        }
        None => None,
    };
    let whose = chosen.as_ref().map(|chosen| |days| chosen.whose(days));
    let asked = (&question, whose.as_ref().map(|whose| whose as &WhoseIn<'_>));
    let answer = query::run(&mut db, site.id, &site.file, asked, clock::now()).await?;
    if let (Some(file), Some((format, path))) = (new, &file) {
        sums::write(*format, &query, &answer, BufWriter::new(file.handle()?))?;
        file.keep()?;
        eprintln!("{} rows are in {}", answer.results.len(), path.display());
        if let Some(withheld) = &answer.withheld {
            eprintln!("{}", withheld.said(&query.metrics));
        }
        return Ok(());
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        print(&query, &answer);
    }
    Ok(())
}

pub(super) fn filter(text: &str) -> Result<serde_json::Value, Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Failure(format!(
            "--filter {text:?}: write DIMENSION=VALUE, DIMENSION!=VALUE or DIMENSION~=VALUE"
        ))
    })?;
    let operators = [('!', "is_not"), ('~', "contains")];
    let found = operators.iter().find_map(|(sign, own)| Some((*own, name.strip_suffix(*sign)?)));
    let (operator, name) = found.unwrap_or(("is", name));
    Ok(serde_json::json!([operator, name, [value]]))
}

fn print(query: &Query, answer: &Answer) {
    let before = query.compare.iter().flat_map(|_| &query.metrics);
    let heads = query.dimensions.iter().chain(&query.metrics).cloned();
    let heads: Vec<_> = heads.chain(before.map(|name| format!("{name} before"))).collect();
    let row = |row: &query::Row| -> Vec<String> {
        let sums = row.metrics.iter().map(ToString::to_string);
        let before = row.previous.iter().flat_map(|before| match before {
            Some(sums) => sums.iter().map(ToString::to_string).collect(),
            None => vec!["withheld".to_owned(); query.metrics.len()],
        });
        row.dimensions.iter().cloned().chain(sums).chain(before).collect()
    };
    let rows: Vec<_> = answer.results.iter().map(row).collect();
    table(&heads, &rows, query.dimensions.len());
    println!("\n{}", standing(&answer.meta));
    if let Some(withheld) = &answer.withheld {
        println!("{}", withheld.said(&query.metrics));
    }
    if answer.next.is_some() {
        println!("there are more rows; raise --limit");
    }
}

/// Prints rows under their heads: so many columns of words, and then figures.
pub(super) fn table<H: AsRef<str>>(heads: &[H], rows: &[Vec<String>], words: usize) {
    let heads: Vec<_> = heads.iter().map(|head| head.as_ref().to_owned()).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(heads.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in std::iter::once(&heads).chain(rows) {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let room = width(at);
            if at < words { format!("{cell:<room$}") } else { format!("{cell:>room$}") }
        });
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// For how much of the traffic an answer stands.
pub(super) fn standing(meta: &query::Meta) -> String {
    let share = meta.consented_share.map_or_else(
        || "nobody was asked in these days".to_owned(),
        |share| format!("page views stand for {:.1} % of the browsers asked", share * 100.0),
    );
    format!("asked {}, decided {}; {share}", meta.asked, meta.decided)
}
