//! `ashiato refusals`: what was refused, and what to do about it.

use super::{Failure, applied};
use crate::{
    clock, config,
    error::Problem,
    refusals::report::{self, By, Question, Report},
    store::Database,
};

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// As the API answers it.
    Json,
}

/// `ashiato refusals`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// First day, YYYY-MM-DD, in the site's time zone [default: the week up to the last day].
    #[arg(long)]
    from: Option<String>,
    /// Last day, YYYY-MM-DD [default: today].
    #[arg(long)]
    to: Option<String>,
    /// A row for each hour or day.
    #[arg(long, value_enum, default_value = "day")]
    by: By,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The language of the explanations: en or ja.
    #[arg(long, env = "LANG", default_value = "en")]
    language: String,
    #[command(flatten)]
    database: config::Database,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut db = Database::at(&arguments.database.url)?.readers().await?.acquire().await?;
    let site = applied(&mut db, &arguments.site).await?;
    let days = (arguments.from, arguments.to);
    let question = Question::new(days, arguments.by, &site.file.timezone, clock::now()).map_err(
        |Problem { detail, .. }| Failure(format!("these days cannot be read: {detail}")),
    )?;
    let japanese = report::is_japanese(&arguments.language);
    let report = report::ask(&mut db, site.id, &question, japanese).await?;
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
        Format::Text => print(&report, japanese),
    }
    Ok(())
}

fn print(report: &Report, japanese: bool) {
    let (from, to) = &report.date_range;
    if report.results.is_empty() {
        println!("{from} – {to}: nothing was refused");
        return;
    }
    let widest = |cell: fn(&report::Row) -> &str| {
        report.results.iter().map(|row| cell(row).len()).max().unwrap_or(0)
    };
    let (time, reason) = (widest(|row| &row.time), widest(|row| &row.reason));
    for row in &report.results {
        let line =
            format!("{:time$}  {:reason$}  {:>8}  {}", row.time, row.reason, row.count, row.event);
        println!("{}", line.trim_end());
    }
    let todo = if japanese { "対応" } else { "what to do" };
    for reason in &report.reasons {
        println!("\n{} ({})", reason.reason, reason.count);
        if let Some(text) = reason.text {
            println!("  {}\n  {todo}: {}", text.means, text.remedy);
        }
    }
}
