//! `ashiato leads import`: a list of leads from a CSV file.

mod table;

use std::{
    collections::{BTreeMap, HashSet},
    io::IsTerminal as _,
    path::PathBuf,
};

use consent_core::{
    ids::{FormKey, LeadId},
    lead::Origin,
    time::Millis,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use self::table::{Encoding, Table};
use super::{Failure, applied, keys_there, who};
use crate::{
    clock, config,
    intake::import::{
        self, Batch, Columns, Mapping, OnDuplicate, Sheet, Source, Taken, Terms, Wrong,
    },
    keys,
    store::{
        Database,
        audit::{self, Actor, Entry},
        locks::{self, Lock},
    },
};

/// Rows of one transaction.
const BATCH: usize = 100;
/// Why a row is not taken by which a lead would be updated twice.
const TWICE: &str =
    "is of somebody who stands further above in the list, too: keep one of the rows";
/// Rows that are named on the terminal with what is wrong with them.
const NAMED: usize = 20;

/// `ashiato leads import`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list: a CSV file whose first line names its columns.
    file: PathBuf,
    /// The site's key.
    #[arg(long)]
    site: String,
    /// The form whose fields and rules hold.
    #[arg(long)]
    form: String,
    /// On what ground these people may be contacted: `existing_customer`, `card_exchanged`, `published_address`.
    #[arg(long, required_unless_present = "ground_column")]
    ground: Option<String>,
    /// The column that says so, row by row; an empty cell is `--ground`.
    #[arg(long)]
    ground_column: Option<String>,
    /// What proves it, kept sealed with each lead: where and when the cards were exchanged, which contract.
    #[arg(long)]
    proof: String,
    /// Since when it holds, YYYY-MM-DD [default: today].
    #[arg(long)]
    since: Option<jiff::civil::Date>,
    /// COLUMN=FIELD, where a column bears neither a field's key nor its name; may be given again.
    #[arg(long, value_parser = pair)]
    map: Vec<(String, String)>,
    /// A column that is not read; may be given again.
    #[arg(long)]
    ignore: Vec<String>,
    /// Letters of the file.
    #[arg(long, value_enum, default_value_t = Encoding::Auto)]
    encoding: Encoding,
    /// What stands between the cells [default: a comma, or a tab where the first line has one and no comma].
    #[arg(long)]
    delimiter: Option<char>,
    /// What becomes of somebody who is a lead already, by e-mail address or telephone number; `update` puts what the row
    /// fills in over what the one lead holds, and leaves its ground as it is.
    #[arg(long, value_enum, default_value_t = OnDuplicate::Skip)]
    on_duplicate: OnDuplicate,
    /// The list was copied from business cards.
    #[arg(long)]
    cards: bool,
    /// Do everything but store.
    #[arg(long)]
    dry_run: bool,
    /// Write the rows that were not taken to this file, each with what is wrong.
    #[arg(long)]
    rejected: Option<PathBuf>,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let parts = text.rsplit_once('=').ok_or("write COLUMN=FIELD")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { file, site, form, proof, .. } = arguments;
    if proof.trim().is_empty() || proof.len() > 1_000 {
        return Err(Failure("--proof: say in up to 1,000 bytes what proves the ground".to_owned()));
    }
    let fail = |why: String| Failure(format!("{}: {why}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| fail(error.to_string()))?;
    let digest = Sha256::digest(&bytes);
    let table = Table::read(&bytes, arguments.encoding, arguments.delimiter).map_err(fail)?;
    drop(bytes);

    let keys = keys_there(&arguments.keys_file)?;
    let mut db = Database::at(&arguments.database.url)?.open().await?;
    let known = applied(&mut db, site).await?;
    let key: Option<FormKey> = form.parse().ok();
    let Some(form) = key.and_then(|key| known.file.lead_form(&key)) else {
        let forms: Vec<_> = known.file.forms.iter().map(|own| own.key.to_string()).collect();
        let forms = if forms.is_empty() { "none".to_owned() } else { forms.join(", ") };
        return Err(Failure(format!("the site has no form {form:?}\n  its forms: {forms}")));
    };
    let mapping = Mapping {
        fields: arguments.map.iter().cloned().collect::<BTreeMap<_, _>>(),
        ignored: arguments.ignore.clone(),
        ground: arguments.ground_column.clone(),
    };
    let columns = Columns::of(&table.names, form, &mapping)
        .map_err(|wrong| fail(format!("the columns cannot be read\n  {}", wrong.join("\n  "))))?;
    let now = clock::now();
    let ground = arguments.ground.as_deref().map(import::ground).transpose();
    let core = form.core();
    let terms = Terms {
        form: &core,
        ground: ground.map_err(|why| Failure(format!("--ground: {why}")))?,
        since: since(arguments.since, &known.file.timezone, now)?,
    };

    // Everything is read and judged before anything is stored.
    let (mut sheets, mut rejected) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let (mut twice, mut places) = (0, Vec::new());
    for (at, (line, cells)) in table.rows.iter().enumerate() {
        match import::row(&columns, cells, &terms) {
            Ok(row) => {
                let id = LeadId::from_bytes(keys::random()?);
                let updates = arguments.on_duplicate == OnDuplicate::Update;
                let fields = updates.then(|| row.submission.fields.clone());
                let mut sheet = row.seal(&keys, &known.file.key, &core, (id, proof, now))?;
                if let Some(fields) = fields {
                    sheet = sheet.with_fields(fields);
                }
                let first = sheet.digests().iter().all(|digest| seen.insert(digest.1));
                match arguments.on_duplicate {
                    OnDuplicate::Skip if !first => twice += 1,
                    OnDuplicate::Update if !first => {
                        rejected.push((at, *line, vec![(String::new(), TWICE.to_owned())]));
                    }
                    _ => {
                        places.push((at, *line));
                        sheets.push(sheet);
                    }
                }
            }
            Err(wrong) => rejected.push((at, *line, wrong)),
        }
    }
    let write = |rejected: &[_]| match &arguments.rejected {
        Some(path) => table::write_rejected(path, &table, rejected)
            .map_err(|error| Failure(format!("{}: {error}", path.display()))),
        None => Ok(()),
    };
    write(&rejected)?;
    let by = who();
    let source = Source {
        site: known.id,
        form: &core,
        origin: if arguments.cards { Origin::Card } else { Origin::Import },
        since: terms.since,
        by: named(&by),
    };
    let (on_duplicate, keys) = (arguments.on_duplicate, (&keys, &known.file.key));
    let batch = Batch { source, keys, on_duplicate, now };
    let mut taken = store(&mut db, &batch, &sheets, (&by, &digest), arguments.dry_run).await?;
    taken.duplicates += twice;
    if !taken.refused.is_empty() {
        let refused = taken.refused.iter().filter_map(|(at, why)| {
            let (at, line) = places.get(*at)?;
            Some((*at, *line, vec![(String::new(), (*why).to_owned())]))
        });
        rejected.extend(refused);
        rejected.sort_by_key(|(at, ..)| *at);
        write(&rejected)?;
    }
    name(&rejected);
    let would = if arguments.dry_run { "would be added" } else { "added" };
    println!(
        "{} rows: {} {would}, {} read in before, {} of somebody who is a lead already, {} not taken",
        table.rows.len(),
        taken.added,
        taken.again,
        taken.duplicates,
        rejected.len()
    );
    if on_duplicate == OnDuplicate::Update {
        let was = if arguments.dry_run { "would be" } else { "was" };
        let n = taken.updated;
        println!("known people whose lead {was} updated: {n}; grounds stay as they are");
    }
    if taken.stopped > 0 {
        println!("{} of them are locked: their persons have said stop to mail", taken.stopped);
    }
    if rejected.is_empty() {
        return Ok(());
    }
    let remedy = match &arguments.rejected {
        Some(path) => format!("correct {} and read that in", path.display()),
        None => "correct them and read the file in again: what was taken is known again".to_owned(),
    };
    Err(Failure(format!("{} rows were not taken\n  remedy: {remedy}", rejected.len())))
}

const fn named(by: &Actor) -> &str {
    match by {
        Actor::Command(name) => name.as_str(),
        _ => "",
    }
}

/// Stores in batches, each with its entry in the trail; nothing of a dry run is kept.
async fn store(
    db: &mut crate::store::Connection,
    batch: &Batch<'_>,
    sheets: &[Sheet],
    (by, file): (&Actor, &[u8]),
    dry_run: bool,
) -> Result<Taken, Failure> {
    let mut all = Taken::default();
    let progress = std::io::stderr().is_terminal();
    for (chunk, some) in sheets.chunks(BATCH).enumerate() {
        let mut tx = db.begin().await?;
        locks::take(&mut tx, Lock::Persons).await?;
        // Each at its own time: who asks for what has changed since misses none.
        let batch = &Batch { now: clock::now(), ..*batch };
        let taken = import::take(&mut tx, batch, some).await?;
        if taken.added + taken.updated > 0 {
            let entry = Entry {
                at: batch.now,
                by: by.clone(),
                action: "lead.import",
                object: ("form", batch.source.form.key.to_string()),
                details: json!({
                    "added": taken.added,
                    "updated": taken.updated,
                    "origin": batch.source.origin.as_str(),
                    "file": consent_core::ids::base64url(file),
                }),
            };
            audit::append(&mut tx, batch.source.site, &entry).await?;
        }
        if dry_run {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        all.added += taken.added;
        all.again += taken.again;
        all.duplicates += taken.duplicates;
        all.stopped += taken.stopped;
        all.updated += taken.updated;
        all.refused.extend(taken.refused.into_iter().map(|(at, why)| (chunk * BATCH + at, why)));
        if progress {
            let done = sheets.len().min((chunk + 1) * BATCH);
            eprint!("\r{done} of {}", sheets.len());
        }
    }
    if progress && !sheets.is_empty() {
        eprintln!();
    }
    Ok(all)
}

/// Says what is wrong with the first few rows, by line and column; never what stands in them.
fn name(rejected: &[(usize, u64, Vec<Wrong>)]) {
    for (_, line, wrong) in rejected.iter().take(NAMED) {
        for (column, what) in wrong {
            if column.is_empty() {
                eprintln!("line {line}: {what}");
            } else {
                eprintln!("line {line}, {column}: {what}");
            }
        }
    }
    if rejected.len() > NAMED {
        eprintln!("and {} rows more; --rejected FILE writes all of them", rejected.len() - NAMED);
    }
}

/// Since when a ground holds: the beginning of a day at the site, or now.
pub(super) fn since(
    date: Option<jiff::civil::Date>,
    zone: &str,
    now: Millis,
) -> Result<Millis, Failure> {
    let Some(date) = date else { return Ok(now) };
    let at = Millis(date.in_tz(zone)?.timestamp().as_millisecond());
    if at > now {
        return Err(Failure(format!("--since {date}: the day lies in the future")));
    }
    Ok(at)
}
