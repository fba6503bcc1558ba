//! `ashiato export`: events as such, in a file, and what writes files whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;

use super::{Failure, analysis::asker, applied, query::said, who};
use crate::{
    clock, config,
    export::{Format, events::Export},
    keys, query,
    store::{
        Database,
        audit::{self, Entry},
        exports::{Walk, Wanted},
    },
};

/// Events that are read at once.
const PAGE: u32 = 5_000;

/// `ashiato export`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// First day, YYYY-MM-DD.
    #[arg(long)]
    from: String,
    /// Last day, YYYY-MM-DD.
    #[arg(long)]
    to: String,
    /// Only events of this name; may be given again.
    #[arg(long)]
    event: Vec<String>,
    /// Only events of this segment's visitors, as they are when it begins; of none that looks at leads.
    #[arg(long)]
    segment: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Where to write it, for its owner alone.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    // Who stops it leaves no part of a file.
    tokio::select! {
        done = write(arguments) => done,
        _ = tokio::signal::ctrl_c() => Err(Failure("stopped; nothing was written".to_owned())),
    }
}

async fn write(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { site, from, to, event, segment, format, output, database } = arguments;
    for name in &event {
        let read: Result<consent_core::ids::EventName, _> = name.parse();
        read.map_err(|error| Failure(format!("--event {name:?}: {error}")))?;
    }
    let days =
        query::days(&(from, to)).map_err(|message| Failure(format!("--from, --to: {message}")))?;
    let mut db = Database::at(&database.url)?.open().await?;
    let site = applied(&mut db, &site).await?;
    let mut of = None;
    if let Some(name) = &segment {
        let asker = asker(&site, None).await?;
        let found = asker.leaving(&mut db, name, days).await;
        of = Some(Arc::new(found.map_err(|why| said(&why))?));
    }
    let file = NewFile::create(&output)?;
    let wanted = Wanted { days, names: event, of };
    let range = [query::date(days.0), query::date(days.1)];
    let tell = |action, rows: Option<u64>| {
        let mut details =
            json!({ "days": range, "events": wanted.names, "format": format.as_str() });
        if let Some(name) = &segment {
            details["segment"] = name.as_str().into();
        }
        if let Some(rows) = rows {
            details["rows"] = rows.into();
        }
        let object = ("site", site.file.key.to_string());
        Entry { at: clock::now(), by: who(), action, object, details }
    };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, site.id, &tell("event.export", None)).await?;
    tx.commit().await?;
    let mut told = vec![("site", site.file.key.to_string()), ("date_range", range.join("/"))];
    told.extend(segment.iter().map(|name| ("segment", name.clone())));
    let secret = keys::random()?;
    let mut export = Export::begin(format, secret, &told, BufWriter::new(file.handle()?))?;
    let mut progress = Progress::default();
    let mut walk = Walk::new(site.id, wanted.clone());
    while let Some(events) = walk.next(&mut db, PAGE, clock::now()).await? {
        export.add(events)?;
        progress.say(export.rows());
    }
    let rows = export.rows();
    export.finish()?;
    file.keep()?;
    progress.end();
    let mut tx = db.begin().await?;
    audit::append(&mut tx, site.id, &tell("event.exported", Some(rows))).await?;
    tx.commit().await?;
    eprintln!("{rows} events are in {}", output.display());
    Ok(())
}

/// How far it is, where somebody looks on.
#[derive(Default)]
struct Progress(bool);

impl Progress {
    fn say(&mut self, rows: u64) {
        if io::stderr().is_terminal() {
            eprint!("\r{rows} events");
            self.0 = true;
        }
    }

    fn end(&self) {
        if self.0 {
            eprintln!();
        }
    }
}

/// A file that is there under its name once it is whole, and never before: until then it stands beside it, under a name
/// of its own. It is its owner's alone.
pub(super) struct NewFile<'a> {
    path: &'a Path,
    beside: PathBuf,
    file: File,
}

impl<'a> NewFile<'a> {
    /// Begins it.
    pub(super) fn create(path: &'a Path) -> Result<Self, Failure> {
        let wrong = |error: io::Error| {
            let path = path.display();
            let remedy = "name a new file by --output, and give the command again";
            Failure(format!("cannot write {path}: {error}\n  remedy: {remedy}"))
        };
        if path.symlink_metadata().is_ok() {
            return Err(wrong(io::ErrorKind::AlreadyExists.into()));
        }
        let name = path.file_name().ok_or_else(|| wrong(io::ErrorKind::InvalidInput.into()))?;
        let mut own = name.to_os_string();
        own.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(own);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside).map_err(wrong)?;
        Ok(Self { path, beside, file })
    }

    /// To write to.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Gives it its name. A file that is there by now is left as it is.
    pub(super) fn keep(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.sync_all()?;
        // Renaming would write over what is there; a second name is refused.
        fs::hard_link(&self.beside, self.path)
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.beside);
    }
}
