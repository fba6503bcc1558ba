//! `ashiato audit`: who did what with a site's data.

use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};
use clap::{Args, Subcommand};
use consent_core::time::Millis;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    Failure, applied, keys_there,
    log::{Own, as_it_is},
};
use crate::{
    config,
    keys::Keys,
    log::note,
    store::{
        Database,
        audit::{self, Recorded, Search},
    },
    transparency::trail,
};

/// Entries read at once.
const PAGE: i64 = 1_000;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Print the trail of a site, the oldest entry first.
    List(List),
    /// Say whether anything in the trail was changed, dropped, moved or dated back.
    Verify(Verify),
    /// Print a signed checkpoint of the trail as it stands. Keep it where the database is not.
    Checkpoint {
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        own: Own,
    },
}

/// `ashiato audit list`.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// What was done, as in lead.erase; lead alone stands for everything done to leads.
    #[arg(long, default_value = "", hide_default_value = true)]
    action: String,
    /// The id of what it was done to.
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    object: String,
    /// From this day on (YYYY-MM-DD, in the site's time zone), or from this moment (RFC 3339).
    #[arg(long)]
    since: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: config::Database,
}

/// `ashiato audit verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// A checkpoint that was kept before: the trail must continue it. May be given again.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The collector's keys file, which holds the key by which checkpoints are verified.
    #[arg(long, env = "ASHIATO_KEYS_FILE")]
    keys_file: Option<PathBuf>,
    #[command(flatten)]
    database: config::Database,
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::List(arguments) => list(arguments).await,
        Act::Verify(arguments) => verify(arguments).await,
        Act::Checkpoint { site, own } => {
            let mut db = Database::at(&own.database.url)?.open().await?;
            let known = applied(&mut db, site).await?;
            let keys = keys_there(&own.keys_file)?;
            let mut db = db.snapshot().await?;
            print!("{}", trail::checkpoint(&mut db, &keys, (known.id, site)).await?);
            Ok(())
        }
    }
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let mut db = Database::at(&arguments.database.url)?.readers().await?.acquire().await?;
    let known = applied(&mut db, &arguments.site).await?;
    let since = arguments.since.as_deref().map(|text| moment(text, &known.file.timezone));
    let search = Search {
        action: arguments.action.clone(),
        object: arguments.object.clone(),
        since: since.transpose()?.unwrap_or(Millis(i64::MIN)),
    };
    let mut next = 0;
    loop {
        let page = audit::list(&mut db, known.id, &search, next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.seq + 1;
        for entry in &page {
            println!("{}", if arguments.json { in_json(entry) } else { in_words(entry)? });
        }
    }
}

/// A day of the site's time zone, or a moment.
fn moment(text: &str, zone: &str) -> Result<Millis, Failure> {
    let day = || {
        let day: Date = text.parse().ok()?;
        day.to_zoned(TimeZone::get(zone).ok()?).ok().map(|start| start.timestamp())
    };
    let at = text.parse::<Timestamp>().ok().or_else(day).ok_or_else(|| {
        Failure(format!(
            "{text:?} is no day (2026-11-22) and no moment (2026-11-22T09:30:00+09:00)"
        ))
    })?;
    Ok(Millis(at.as_millisecond()))
}

fn in_json(entry: &Recorded) -> String {
    let details: Value = serde_json::from_str(&entry.details).unwrap_or(Value::Null);
    json!({
        "seq": entry.seq,
        "at": entry.at,
        "actor": { "kind": entry.actor_kind, "id": entry.actor },
        "action": entry.action,
        "object": { "kind": entry.object_kind, "id": entry.object },
        "details": details,
    })
    .to_string()
}

fn in_words(entry: &Recorded) -> Result<String, Failure> {
    let at = Timestamp::from_millisecond(entry.at)?;
    let named =
        |kind: &str, id: &str| if id.is_empty() { kind.to_owned() } else { format!("{kind} {id}") };
    let (by, to) =
        (named(&entry.actor_kind, &entry.actor), named(&entry.object_kind, &entry.object));
    let details = if entry.details == "{}" { "" } else { &entry.details };
    Ok(format!("{}  {at}  {by}  {}  {to}  {details}", entry.seq, entry.action)
        .trim_end()
        .to_owned())
}

async fn verify(arguments: &Verify) -> Result<(), Failure> {
    let mut db = as_it_is(&arguments.database).await?;
    let mut db = db.snapshot().await?;
    let known = applied(&mut db, &arguments.site).await?;
    let keys = match (&arguments.keys_file, config::keys_text()) {
        (Some(file), _) => Some(keys_there(file)?),
        (None, Some(text)) => Some(Keys::parse(&text, config::KEYS)?),
        (None, None) => None,
    };
    let mut earlier = Vec::new();
    for file in &arguments.checkpoint {
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure(format!("cannot read the checkpoint {shown}: {error}")))?;
        let name = trail::name(&mut db, &arguments.site).await?;
        let read = match &keys {
            Some(keys) => keys.log_verifier(&name).open(&text),
            None => note::unverified(&text).and_then(|read| read.of(&name)),
        };
        earlier.push(read.map_err(|error| Failure(format!("the checkpoint {shown}: {error}")))?);
    }
    let found = trail::verify(&mut db, known.id, &earlier).await?;
    let verdict = if found.wrong.is_empty() { "good" } else { "NOT good" };
    println!("audit trail of {}, size {}: {verdict}", arguments.site, found.size);
    println!("  root {}", Base64::encode_string(&found.root));
    let signed = match &keys {
        Some(_) => "signatures verified",
        None => "signatures NOT verified: give --keys-file",
    };
    println!("  signed checkpoints held against it: {}; {signed}", earlier.len());
    for finding in &found.wrong {
        println!("WRONG: {finding}");
    }
    match found.wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure("the audit trail is not as it should be; see above".to_owned())),
    }
}
