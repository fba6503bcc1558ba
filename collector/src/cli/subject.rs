//! `ashiato subject`: what people ask for about their own data.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use consent_core::{contact::Contact, ids::LeadId};

use super::{Failure, applied, keys_there, who};
use crate::{
    clock, config,
    intake::{
        approval,
        subject::{self, Desk, Kind},
    },
    site::{Law, Sheet},
    store::{Connection, Database, approvals, checkpoints},
};

mod requests;

use requests::{asked, list, open_request, receive, refuse, show};

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Hand out everything that is held about a person: as JSON, or as a page to read.
    Export(Export),
    /// Hand out the record of provision to third parties: to whom what is held about a person was given.
    Provision(Export),
    /// Put right what a person wrote.
    Correct {
        #[command(flatten)]
        person: Person,
        /// A field of the form and its new value; an empty one takes it away. May be given again.
        #[arg(long, required = true, value_name = "KEY=VALUE")]
        field: Vec<String>,
    },
    /// Stop the use of a person's data: nobody is contacted by it, and no browsing is tied to it.
    Stop {
        #[command(flatten)]
        person: Person,
    },
    /// Erase a person's data for good, and the events that are tied to it.
    Erase {
        #[command(flatten)]
        person: Person,
    },
    /// Record a request that is answered later.
    Receive {
        /// What is asked for.
        #[arg(value_enum)]
        kind: Kind,
        #[command(flatten)]
        asked: Asked,
        #[command(flatten)]
        database: config::Database,
    },
    /// Show what came by the site's form: the address, the message, and how many leads the address finds.
    Show {
        /// The request.
        #[arg(allow_hyphen_values = true)]
        request: String,
        /// The site's key.
        #[arg(long)]
        site: String,
        /// The keys file.
        #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
        keys_file: PathBuf,
        #[command(flatten)]
        database: config::Database,
    },
    /// Close a request that cannot be followed.
    Refuse {
        /// The request.
        #[arg(allow_hyphen_values = true)]
        request: String,
        /// Why.
        #[arg(long, value_enum)]
        reason: Reason,
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        database: config::Database,
    },
    /// List the requests, the one that is due first first.
    Requests {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// Only those that are not answered.
        #[arg(long)]
        open: bool,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        database: config::Database,
    },
}

/// What is handed out, and how.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    person: Person,
    /// For programs, or for people.
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// The language of the page: en or ja [default: the site's first].
    #[arg(long)]
    language: Option<String>,
    /// Where to write it, for its owner alone [default: standard output; nowhere, where it goes to whoever asked by the
    /// site's form, who is mailed a link].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// When and under which law somebody asked.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// Under which law [default: the site file's, in [rights]].
    #[arg(long, value_enum)]
    law: Option<Law>,
    /// The day on which the request came, YYYY-MM-DD [default: now].
    #[arg(long)]
    received: Option<String>,
}

/// Whose data it is about.
#[derive(Debug, Args)]
pub(super) struct Person {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    asked: Asked,
    /// The request that this answers, as `receive` said [default: a new one].
    #[arg(long, allow_hyphen_values = true, conflicts_with_all = ["law", "received"])]
    request: Option<String>,
    /// What was approved in the back office, where the site file has that wait for a second person; it names the request.
    #[arg(long, value_name = "APPROVAL", allow_hyphen_values = true, requires = "request")]
    approved: Option<LeadId>,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

/// By what a person is found. Of a request that came by the site's form it is the address that was confirmed.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Address {
    /// An e-mail address of the person; - reads it from standard input, so that no shell keeps it.
    #[arg(long)]
    email: Option<String>,
    /// A telephone number of the person; - reads it from standard input.
    #[arg(long, allow_hyphen_values = true)]
    telephone: Option<String>,
}

/// How what is held is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For programs.
    Json,
    /// For people.
    Html,
}

/// Why a request is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Reason {
    /// Who asked did not show to be that person.
    NotIdentified,
    /// It was withdrawn.
    Withdrawn,
    /// It is manifestly unfounded or excessive.
    Excessive,
    /// The law exempts it.
    Exempt,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NotIdentified => "not_identified",
            Self::Withdrawn => "withdrawn",
            Self::Excessive => "excessive",
            Self::Exempt => "exempt",
        }
    }
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    match act {
        Act::Export(export) => answer(&export.person, Kind::Export, &Do::Export(export)).await,
        Act::Provision(export) => {
            answer(&export.person, Kind::Provision, &Do::Export(export)).await
        }
        Act::Correct { person, field } => {
            answer(person, Kind::Correct, &Do::Correct(values(field)?)).await
        }
        Act::Stop { person } => answer(person, Kind::Stop, &Do::Stop).await,
        Act::Erase { person } => answer(person, Kind::Erase, &Do::Erase).await,
        Act::Receive { kind, asked, database } => receive(*kind, asked, &database.url).await,
        Act::Show { request, site, keys_file, database } => {
            show(request, site, keys_file, &database.url).await
        }
        Act::Refuse { request, reason, site, database } => {
            refuse(request, *reason, site, &database.url).await
        }
        Act::Requests { site, open, json, database } => {
            list(site, *open, *json, &database.url).await
        }
    }
}

/// What is done with the leads that are found.
enum Do<'a> {
    Export(&'a Export),
    Correct(BTreeMap<String, String>),
    Stop,
    Erase,
}

fn values(fields: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |field: &String| {
        let pair = field.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        // What follows may be somebody's: it is not repeated.
        pair.ok_or_else(|| {
            Failure("a --field is not KEY=VALUE\n  remedy: write --field name=…".to_owned())
        })
    };
    fields.iter().map(pair).collect()
}

async fn answer(person: &Person, kind: Kind, act: &Do<'_>) -> Result<(), Failure> {
    let given = contact(&person.address)?;
    let keys = keys_there(&person.keys_file)?;
    let mut db = Database::at(&person.database.url)?.open().await?;
    let site = applied(&mut db, &person.asked.site).await?;
    let (by, now) = (who(), clock::now());
    let desk = Desk { site: &site, keys: &keys, by: &by, now };
    if given.is_none() && person.request.is_none() {
        return Err(Failure(
            "whose data is it about?\n  remedy: give --email or --telephone, or by --request a request that came by the site's form".to_owned(),
        ));
    }
    let waits = approval::Kind::of_subject(kind);
    let approved = match waits {
        Some(of) => {
            let object = person.request.as_deref().unwrap_or_default();
            let asked = (site.id, site.file.approval);
            approval::needed(&mut db, asked, person.approved, (of, object), now).await?
        }
        None => None,
    };
    let request = match &person.request {
        Some(id) => open_request(&mut db, &site, id, Some(kind)).await?.0,
        None => {
            let (law, received) = asked(&person.asked, &site, now)?;
            subject::receive(&mut db, &site, (kind, law, received), (&by, now)).await?.id
        }
    };
    let contact = desk.of_request(&mut db, request, given).await?;
    let mut leads = desk.find(&mut db, &contact).await?;
    if let Some(approved) = &approved {
        let of = approvals::leads(&mut db, site.id, approved.id).await?;
        leads.retain(|lead| of.contains(lead));
    }
    if leads.is_empty() {
        let unknown = ("unknown", "unknown_person");
        subject::end(&mut db, &site, (request, kind), unknown, (&by, now)).await?;
        eprintln!("request {request}: nothing is held under that address or number");
        return Ok(());
    }
    match act {
        Do::Export(Export { format, language, output, .. }) => {
            let (held, until) = desk.export(&mut db, (request, kind), &leads).await?;
            let text = match format {
                Format::Json => serde_json::to_string_pretty(&held)? + "\n",
                Format::Html => {
                    let first = site.file.languages.first().map_or("en", String::as_str);
                    let language = language.as_deref().unwrap_or(first);
                    site.file.held_page(&held, language, Sheet::Own)
                }
            };
            if until.is_none() || output.is_some() {
                hand_out(&text, output.as_deref())?;
            }
            let by = until.map_or("", |_| " by a link, which is mailed to whoever asked");
            eprintln!("request {request}: {} handed out{by}", leads_in_words(leads.len()));
        }
        Do::Correct(values) => {
            let n = desk.correct(&mut db, request, &leads, values).await?;
            println!("request {request}: {} corrected", leads_in_words(n));
            forget(&mut db).await?;
        }
        Do::Stop => {
            let n = desk.stop(&mut db, request, &leads).await?;
            println!("request {request}: {} locked, no browsing tied to any", leads_in_words(n));
        }
        Do::Erase => {
            let (n, events) = desk.erase(&mut db, request, &leads).await?;
            println!("request {request}: {} erased, and {events} events", leads_in_words(n));
            forget(&mut db).await?;
        }
    }
    if let Some(approved) = &approved {
        approval::used(&mut db, site.id, approved.id, (&by, now)).await?;
    }
    Ok(())
}

fn leads_in_words(n: usize) -> String {
    if n == 1 { "1 lead".to_owned() } else { format!("{n} leads") }
}

async fn forget(db: &mut Connection) -> Result<(), Failure> {
    if checkpoints::forget(db).await? {
        return Ok(());
    }
    Err(Failure(
        "it is done, but the database's log still has copies of what was there: somebody reads for long\n  remedy: `ashiato retention run` empties it when they have ended".to_owned(),
    ))
}

fn contact(address: &Address) -> Result<Option<Contact>, Failure> {
    let (given, read): (_, fn(&str) -> Option<Contact>) = match (&address.email, &address.telephone)
    {
        (Some(email), _) => (email, Contact::email),
        (None, Some(telephone)) => (telephone, Contact::telephone),
        (None, None) => return Ok(None),
    };
    let mut line = String::new();
    if given == "-" {
        std::io::stdin().lock().read_line(&mut line)?;
    } else {
        line.push_str(given);
    }
    // It is not repeated: messages end up in logs.
    read(&line).map(Some).ok_or_else(|| {
        Failure(
            "that is no e-mail address, or no telephone number\n  remedy: write name@example.jp after --email, 03-1234-5678 or +44… after --telephone".to_owned(),
        )
    })
}

/// Writes it, to a file for its owner alone.
pub(super) fn hand_out(text: &str, output: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = output else {
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    };
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let written = file.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Failure(format!(
            "cannot write {}: {error}\n  remedy: name a new file by --output, and give the command again",
            path.display()
        ))
    })
}
