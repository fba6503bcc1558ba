//! `ashiato keys`.

use std::path::PathBuf;

use consent_core::time::{Millis, SECOND};
use jiff::Timestamp;

use super::Failure;
use crate::{
    clock, config,
    keys::{self, Listed, Purpose, State},
    mail::authentication::Txt,
    store::{Database, leads::wrapped},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Say which keys there are and how they stand; never a secret.
    List {
        #[command(flatten)]
        keys: At,
        /// Say too how many leads of this database rest on each lead key.
        #[arg(long = "database-url", env = "ASHIATO_DATABASE_URL")]
        database: Option<String>,
    },
    /// Add newer keys. Running collectors take them up within a second. What the keys before them
    /// signed verifies on: sessions until they end, receipts for good. What leads rest on opens on, and is
    /// exchanged by and by (`ashiato leads rewrap`).
    ///
    /// The visitor key is never exchanged: visitors are known by hashes that rest on it.
    Rotate {
        /// Which keys; all of these unless said otherwise.
        #[arg(value_enum)]
        which: Option<Exchanged>,
        /// The same, as it was written before.
        #[arg(long, value_enum, hide = true, conflicts_with = "which")]
        only: Option<Exchanged>,
        /// In how many seconds the new keys begin to sign: by then every collector must have the
        /// file.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=86_400))]
        after: u32,
        #[command(flatten)]
        keys: At,
    },
    /// Say what to publish in the DNS so that receivers can verify mail (DKIM). The first key is made here, or by a
    /// collector that is to send mail.
    Dkim(Dkim),
}

/// How the DKIM key is shown, or exchanged.
#[derive(Debug, clap::Args)]
pub(super) struct Dkim {
    /// Add a newer key. Its record has to be published before it signs.
    #[arg(long)]
    new: bool,
    /// In how many hours a newer key begins to sign: by then its record must be published.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u32).range(0..=720), requires = "new")]
    after: u32,
    /// The domain that mail comes from, to show the record's whole name.
    #[arg(long, default_value = "DOMAIN")]
    domain: String,
    #[command(flatten)]
    keys: At,
}

/// Where the keys are.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// The keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
}

/// A key that can be exchanged.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Exchanged {
    /// Sessions open now end within the hour as they would anyway.
    Session,
    /// Receipts of before verify by their own key, which stays published.
    Receipt,
    /// Running collectors wrap the keys of leads anew, until none rests on the key before.
    Lead,
}

pub(super) async fn run(act: &Act) -> Result<(), Failure> {
    let now = clock::now();
    match act {
        Act::List { keys, database } => {
            let listed = match config::keys_text() {
                Some(text) => keys::list(&text, config::KEYS, now)?,
                None => {
                    let place = keys.keys_file.display().to_string();
                    keys::list(&keys::read(&keys.keys_file)?, &place, now)?
                }
            };
            let rests = match database {
                Some(url) => {
                    let mut db = Database::at(url)?.readers().await?.acquire().await?;
                    Some(wrapped::counts(&mut db).await?)
                }
                None => None,
            };
            print(&listed, rests.as_deref());
        }
        Act::Rotate { which, only, after, keys } => {
            if config::keys_text().is_some() {
                return Err(fixed());
            }
            let purposes: &[Purpose] = match which.or(*only) {
                None => &[Purpose::Session, Purpose::Receipt, Purpose::Lead],
                Some(Exchanged::Session) => &[Purpose::Session],
                Some(Exchanged::Receipt) => &[Purpose::Receipt],
                Some(Exchanged::Lead) => &[Purpose::Lead],
            };
            let after = i64::from(*after) * SECOND;
            print(&keys::rotate(&keys.keys_file, purposes, now, after)?, None);
        }
        Act::Dkim(of) => dkim(of, now)?,
    }
    Ok(())
}

/// The keys cannot be changed where the environment gives them.
fn fixed() -> Failure {
    Failure(format!(
        "the keys are given in {name} and cannot be changed there\n  remedy: put its content into a file of mode 0600, run this without {name}, and give {name} the file's new content",
        name = config::KEYS
    ))
}

fn dkim(of: &Dkim, now: Millis) -> Result<(), Failure> {
    let path = &of.keys.keys_file;
    let text = match config::keys_text() {
        Some(_) if of.new => return Err(fixed()),
        Some(text) => text,
        None => {
            let after = i64::from(of.after) * 3_600 * SECOND;
            keys::dkim::make(path, !of.new, now, after)?;
            keys::read(path)?
        }
    };
    let keys = keys::dkim::published(&text, &path.display().to_string(), now)?;
    if keys.is_empty() {
        return Err(fixed());
    }
    for key in keys {
        let state = match key.signs {
            true => "signs mail".to_owned(),
            false if key.from > now => {
                format!("signs from {} on; publish it before", second(key.from))
            }
            false => "signed until now; leave it published for some days".to_owned(),
        };
        println!("; made {}, {state}", second(key.made));
        let name = format!("{}._domainkey.{}", key.selector, of.domain);
        println!("{}", Txt { name, value: key.record });
    }
    Ok(())
}

/// Prints the keys, and how many leads rest on each lead key where that is known; on a key that is not among
/// them too, since those leads cannot be read.
fn print(keys: &[Listed], rests: Option<&[(String, i64)]>) {
    let width = keys.iter().map(|key| key.id.len()).max().unwrap_or(0);
    println!("{:8}  {:width$}  {:20}  state", "purpose", "id", "made");
    for Listed { purpose, id, made, state } in keys {
        let made = made.map_or_else(|| "not recorded".to_owned(), second);
        let state = match (purpose, state) {
            (Purpose::Visitor, _) => "in use; never exchanged".to_owned(),
            (Purpose::Lead, state) => {
                let mut text = match state {
                    State::Waiting(from) => format!("wraps from {} on", second(*from)),
                    State::Signs => "wraps".to_owned(),
                    _ => "opens".to_owned(),
                };
                if let Some(rests) = rests {
                    let found = rests.iter().find(|(kek, _)| kek == id);
                    text.push_str(&resting(found.map_or(0, |(_, count)| *count)));
                }
                text
            }
            (_, State::Waiting(from)) => format!("signs from {} on", second(*from)),
            (_, State::Signs) => "signs".to_owned(),
            (_, State::VerifiesUntil(end)) => format!("verifies until {}", second(*end)),
            (_, State::Verifies) => "verifies".to_owned(),
            (_, State::Ended) => "ended; the next rotation drops it".to_owned(),
        };
        println!("{:8}  {id:width$}  {made:20}  {state}", purpose.as_str());
    }
    let known = |kek: &str| keys.iter().any(|key| key.purpose == Purpose::Lead && key.id == kek);
    for (kek, count) in rests.unwrap_or_default().iter().filter(|(kek, _)| !known(kek)) {
        let rests = resting(*count);
        println!("lead      {kek:width$}  {:20}  is not here{rests}, which cannot be read", "");
    }
}

fn resting(count: i64) -> String {
    match count {
        0 => "; no lead rests on it".to_owned(),
        1 => "; 1 lead rests on it".to_owned(),
        count => format!("; {count} leads rest on it"),
    }
}

/// A time, to the second.
fn second(at: Millis) -> String {
    Timestamp::from_second(at.seconds()).map_or_else(|_| at.0.to_string(), |time| time.to_string())
}
