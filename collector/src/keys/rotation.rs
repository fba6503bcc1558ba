//! Exchanging keys, and showing how they stand.

use std::path::Path;

use consent_core::time::Millis;

use super::{
    KeysError, file, id_of,
    ring::{self, Entry, Purpose, State},
};

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it is for.
    pub purpose: Purpose,
    /// Its id: a receipt key's is the `kid` of receipts, a session key's stands in session strings.
    pub id: String,
    /// When it was made; none where that was not written down.
    pub made: Option<Millis>,
    /// How it stands.
    pub state: State,
}

/// The keys in a text, the content of a keys file, without their secrets; by purpose, oldest first.
///
/// # Errors
/// Where it is damaged.
pub fn list(text: &str, place: &str, now: Millis) -> Result<Vec<Listed>, KeysError> {
    Ok(listed(&file::parse(text, place)?, now))
}

/// Adds a new key for each of these purposes to the file at `path`. It signs `after` milliseconds
/// from now on. Session keys that have ended are dropped. Answers the keys as they then stand.
///
/// # Errors
/// Where the file is not there, open to others or damaged, or cannot be written.
pub fn rotate(
    path: &Path,
    purposes: &[Purpose],
    now: Millis,
    after: i64,
) -> Result<Vec<Listed>, KeysError> {
    // The file itself is replaced, not a link that leads to it.
    let path = path.canonicalize().map_err(file::failed("find", path))?;
    let _locked = file::lock(&path)?;
    let (text, name) = (file::read(&path)?, path.display().to_string());
    let (mut entries, mail) = (file::parse(&text, &name)?, file::parse_mail(&text, &name)?);
    let ended: Vec<_> =
        listed(&entries, now).into_iter().filter(|key| key.state == State::Ended).collect();
    entries.retain(|entry| !ended.iter().any(|key| key.id == id_of(entry)));
    for purpose in purposes {
        let same = entries.iter().filter(|entry| entry.purpose == purpose.as_str());
        // A clock that was set back makes no key that is older than the last.
        let last = same.map(|entry| entry.from).max().unwrap_or(Millis(0));
        entries.push(file::new(*purpose, now, now.plus(after).max(last.plus(1)))?);
    }
    entries.sort_by_key(|entry| entry.from);
    file::replace(&path, &entries, &mail)?;
    Ok(listed(&entries, now))
}

fn listed(entries: &[Entry], now: Millis) -> Vec<Listed> {
    let mut listed = Vec::new();
    for purpose in Purpose::ALL {
        let of: Vec<_> = entries.iter().filter(|entry| entry.purpose == purpose.as_str()).collect();
        let from: Vec<_> = of.iter().map(|entry| entry.from).collect();
        let states = ring::states(purpose, &from, now);
        listed.extend(of.into_iter().zip(states).map(|(entry, state)| Listed {
            purpose,
            id: id_of(entry),
            made: (entry.made > Millis(0)).then_some(entry.made),
            state,
        }));
    }
    listed
}
