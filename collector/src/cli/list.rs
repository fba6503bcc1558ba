//! `ashiato leads list`: the people who may be written to, for a mail system that takes a file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use consent_core::{ids::FormKey, time::Millis};
use serde_json::{Value, json};

use super::{Failure, applied, import::safe, keys_there, subject::hand_out, who};
use crate::{
    clock, config,
    intake::handout::{self, Mail},
    keys::{Keys, leads::Fields},
    store::{
        Connection, Database,
        audit::{self, Entry},
        leads::read::{self, Search, Stored},
        reports::Holding,
        sites::Applied,
    },
};

/// Leads that are read at once, each time with an entry in the trail.
const PAGE: u32 = 500;
/// What stands in front of the fields.
const BEFORE: [&str; 6] = ["lead", "form", "origin", "ground", "ground_since", "received_at"];

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

/// A lead whose person may be contacted, opened.
struct Person {
    lead: Stored,
    fields: Fields,
    stop: Option<String>,
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
    let people = people(&mut db, &site, &keys, public_url).await?;
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
    keys: &Keys,
    public_url: &str,
) -> Result<Vec<Person>, Failure> {
    let (by, now) = (who(), clock::now());
    let holding = Holding { revision: site.revision, now };
    let (mut search, mut people) = (Search::default(), Vec::new());
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
            let lead = usable.lead().clone();
            let fields = keys.open_lead(&site.file.key, lead.id, &lead.sealed)?;
            let form: Option<FormKey> = lead.form.parse().ok();
            let form = form.and_then(|form| site.file.lead_form(&form));
            let at = (&site.file.key, public_url);
            let stop = handout::stop_url(keys, at, (form, &fields));
            people.push(Person { lead, fields, stop });
        }
        let entry = Entry {
            at: now,
            by: by.clone(),
            action: "lead.list",
            object: ("site", site.file.key.to_string()),
            details: json!({ "leads": seen }),
        };
        audit::append(&mut tx, site.id, &entry).await?;
        tx.commit().await?;
    }
}

fn moment(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |at| at.to_string())
}

/// The keys of the fields: those of the forms in their order, then what leads of before have beside them.
fn columns<'a>(site: &'a Applied, people: &'a [Person]) -> Vec<&'a str> {
    let held: BTreeSet<&str> =
        people.iter().flat_map(|person| person.fields.keys().map(String::as_str)).collect();
    let forms = site.file.forms.iter().flat_map(|form| &form.fields);
    let mut columns: Vec<&str> = Vec::new();
    for key in forms.map(|field| field.key.as_str()).chain(held.iter().copied()) {
        if held.contains(key) && !columns.contains(&key) {
            columns.push(key);
        }
    }
    columns
}

fn table(
    site: &Applied,
    mail: &Mail<'_>,
    language: &str,
    people: &[Person],
) -> Result<String, Failure> {
    let fields = columns(site, people);
    let items = mail.items.iter().find(|(own, _)| *own == language).map(|(_, items)| items);
    let items = items.into_iter().flatten();
    let items: Vec<_> = items.map(|item| (format!("mail_{}", item.name), &item.text)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heads = BEFORE.iter().chain(&fields).map(|head| safe(head));
    let heads = heads.chain(["mail_from".to_owned()]);
    let heads = heads.chain(items.iter().map(|(head, _)| head.clone()));
    writer.write_record(heads.chain(["stop_url".to_owned()]))?;
    for Person { lead, fields: held, stop } in people {
        let since = lead.ground_since.map_or_else(String::new, moment);
        // An id may begin like a formula too.
        let id = lead.id.to_text();
        let before = [&id, &lead.form, &lead.origin, &lead.ground, &since];
        let before = before.into_iter().map(|cell| safe(cell)).chain([moment(lead.received_at)]);
        let own = fields.iter().map(|key| held.get(*key).map_or_else(String::new, |it| safe(it)));
        let after = std::iter::once(mail.from).chain(items.iter().map(|(_, text)| text.as_str()));
        let after = after.chain([stop.as_deref().unwrap_or("")]).map(safe);
        writer.write_record(before.chain(own).chain(after))?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure(error.to_string()))?;
    Ok(String::from_utf8(bytes)?)
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
