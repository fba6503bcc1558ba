//! `ashiato keys`.

use std::path::PathBuf;

use consent_core::time::{Millis, SECOND};
use jiff::Timestamp;

use super::Failure;
use crate::{
    clock, config,
    keys::{self, Listed, Purpose, State},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Say which keys there are and how they stand; never a secret.
    List {
        #[command(flatten)]
        keys: At,
    },
    /// Add newer keys. Running collectors take them up within a second. What the keys before them
    /// signed verifies on: sessions until they end, receipts for good.
    ///
    /// The visitor key is never exchanged: visitors are known by hashes that rest on it.
    Rotate {
        /// Which keys; both unless said otherwise.
        #[arg(long, value_enum)]
        only: Option<Exchanged>,
        /// In how many seconds the new keys begin to sign: by then every collector must have the
        /// file.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=86_400))]
        after: u32,
        #[command(flatten)]
        keys: At,
    },
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
}

pub(super) fn run(act: &Act) -> Result<(), Failure> {
    let now = clock::now();
    match act {
        Act::List { keys } => {
            let listed = match config::keys_text() {
                Some(text) => keys::list(&text, config::KEYS, now)?,
                None => {
                    let place = keys.keys_file.display().to_string();
                    keys::list(&keys::read(&keys.keys_file)?, &place, now)?
                }
            };
            print(&listed);
        }
        Act::Rotate { only, after, keys } => {
            if config::keys_text().is_some() {
                return Err(Failure(format!(
                    "the keys are given in {name} and cannot be changed there\n  remedy: put its content into a file of mode 0600, run this without {name}, and give {name} the file's new content",
                    name = config::KEYS
                )));
            }
            let purposes: &[Purpose] = match only {
                None => &[Purpose::Session, Purpose::Receipt],
                Some(Exchanged::Session) => &[Purpose::Session],
                Some(Exchanged::Receipt) => &[Purpose::Receipt],
            };
            print(&keys::rotate(&keys.keys_file, purposes, now, i64::from(*after) * SECOND)?);
        }
    }
    Ok(())
}

fn print(keys: &[Listed]) {
    let width = keys.iter().map(|key| key.id.len()).max().unwrap_or(0);
    println!("{:8}  {:width$}  {:20}  state", "purpose", "id", "made");
    for Listed { purpose, id, made, state } in keys {
        let made = made.map_or_else(|| "not recorded".to_owned(), second);
        let state = match (purpose, state) {
            (Purpose::Visitor, _) => "in use; never exchanged".to_owned(),
            (_, State::Waiting(from)) => format!("signs from {} on", second(*from)),
            (_, State::Signs) => "signs".to_owned(),
            (_, State::VerifiesUntil(end)) => format!("verifies until {}", second(*end)),
            (_, State::Verifies) => "verifies".to_owned(),
            (_, State::Ended) => "ended; the next rotation drops it".to_owned(),
        };
        println!("{:8}  {id:width$}  {made:20}  {state}", purpose.as_str());
    }
}

/// A time, to the second.
fn second(at: Millis) -> String {
    Timestamp::from_second(at.seconds()).map_or_else(|_| at.0.to_string(), |time| time.to_string())
}
