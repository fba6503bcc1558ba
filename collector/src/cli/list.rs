//! `ashiato leads list`: the people who may be written to, for a mail system that takes a file.

use std::path::{Path, PathBuf};

use consent_core::ids::LeadId;
use serde_json::{Value, json};

use super::{Failure, applied, keys_there, subject::hand_out, who};
use crate::{
    clock, config,
    intake::{
        approval::{self, Kind},
        handout::{self, Mail},
        listing::{self, Person, Table},
    },
    keys::Keys,
    store::{
        Connection, Database,
        audit::{self, Entry},
        leads::read::{self, Search},
        reports::Holding,
        sites::Applied,
    },
};

/// Leads that are read at once, each time with an entry in the trail.
const PAGE: u32 = 500;

/// `ashiato leads list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// Leads whose persons may be contacted: no list is made of others.
    #[arg(long, required = true)]
    usable: bool,
    /// A table, or JSON.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Begin the table with a byte order mark, which some table programs want.
    #[arg(long)]
    bom: bool,
    /// The language of what a mail must show, in a table [default: the site's first].
    #[arg(long)]
    language: Option<String>,
    /// Where to write it, for its owner alone [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What was approved in the back office, where the site file has that wait for a second person: its leads, and no
    /// others.
    #[arg(long, value_name = "REQUEST", allow_hyphen_values = true)]
    approved: Option<LeadId>,
    /// The address by which browsers reach the collector: the links to stop mail lead there.
    #[arg(long, env = "ASHIATO_PUBLIC_URL", value_parser = config::public_url)]
    public_url: String,
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A row for each lead, with what a mail to it must show. No cell is taken for a formula.
    Csv,
    /// The leads, and what a mail must show by language.
    Json,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { format, bom, output, public_url, .. } = arguments;
    if let Some(path) = output.as_deref().filter(|path| path.exists()) {
        let path = path.display();
        let remedy = "name a new file by --output, and give the command again";
        return Err(Failure(format!("{path} is there already\n  remedy: {remedy}")));
    }
    let keys = keys_there(&arguments.keys_file)?;
    let mut db = Database::at(&arguments.database.url)?.open().await?;
    let site = applied(&mut db, &arguments.site).await?;
    let mail = Mail::of(&site.file).ok_or_else(|| Failure(handout::NO_MAIL.to_owned()))?;
    let language = language(&mail, arguments.language.as_deref())?;
    let asked = (site.id, site.file.approval);
    let of = (Kind::LeadsExport, "");
    let approved = approval::needed(&mut db, asked, arguments.approved, of, clock::now()).await?;
    let approved = approved.map(|approved| approved.id);
    let people = people(&mut db, &site, (&keys, public_url), approved).await?;
    let text = match format {
        Format::Csv => {
            let mark = if *bom { "\u{feff}" } else { "" };
            format!("{mark}{}", table(&site, &mail, language, &people)?)
        }
        Format::Json => serde_json::to_string_pretty(&listed(&site, &mail, &people))? + "\n",
    };
    hand_out(&text, output.as_deref().map(Path::new))?;
    eprintln!("{} leads may be contacted", people.len());
    Ok(())
}

fn language<'a>(mail: &Mail<'a>, asked: Option<&str>) -> Result<&'a str, Failure> {
    let all: Vec<_> = mail.items.iter().map(|(language, _)| *language).collect();
    let found = match asked {
        None => all.first(),
        Some(asked) => all.iter().find(|language| **language == asked),
    };
    let known = || Failure(format!("--language: the site has {}", all.join(", ")));
    found.copied().ok_or_else(known)
}

/// Everybody who may be contacted. Nobody is handed out before the trail has it.
async fn people(
    db: &mut Connection,
    site: &Applied,
    (keys, public_url): (&Keys, &str),
    approved: Option<LeadId>,
) -> Result<Vec<Person>, Failure> {
    let (by, now) = (who(), clock::now());
    let holding = Holding { revision: site.revision, now };
    let (mut search, mut people) = (Search { approved, ..Search::default() }, Vec::new());
    loop {
        let mut tx = db.begin().await?;
        let page = read::usable(&mut tx, site.id, holding, &search, PAGE).await?;
        let Some(last) = page.last() else {
            tx.rollback().await?;
            return Ok(people);
        };
        search.after = Some(search.place(last.lead()));
        let seen: Vec<_> = page.iter().map(|usable| usable.lead().id).collect();
        for usable in &page {
            people.push(Person::open(keys, (&site.file, public_url), usable)?);
        }
        let entry = Entry {
            at: now,
            by: by.clone(),
            action: "lead.list",
            object: ("site", site.file.key.to_string()),
            details: match approved {
                Some(approved) => json!({ "leads": seen, "approval": approved }),
                None => json!({ "leads": seen }),
            },
        };
        audit::append(&mut tx, site.id, &entry).await?;
        tx.commit().await?;
    }
}

fn table(
    site: &Applied,
    mail: &Mail<'_>,
    language: &str,
    people: &[Person],
) -> Result<String, Failure> {
    let held = people.iter().flat_map(|person| person.fields.keys().map(String::as_str));
    let table = Table::new(mail, language, listing::columns(&site.file, held));
    Ok(table.head()? + &table.rows(people)?)
}

fn listed(site: &Applied, mail: &Mail<'_>, people: &[Person]) -> Value {
    let person = |person: &Person| {
        let Person { lead, fields, stop } = person;
        json!({
            "id": lead.id,
            "form": lead.form,
            "origin": lead.origin,
            "ground": lead.ground,
            "ground_since": lead.ground_since,
            "received_at": lead.received_at,
            "version": lead.version,
            "fields": fields,
            "stop_url": stop,
        })
    };
    json!({
        "site": site.file.key,
        "mail": mail,
        "leads": people.iter().map(person).collect::<Vec<_>>(),
    })
}
