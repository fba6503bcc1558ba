//! The keys file: TOML, mode 0600, replaced as a whole or not at all.
//!
//! Each key is a table `[[key]]` with `purpose`, `secret`, `made` and `signs_from`. A file of before
//! keys had dates has one line for each purpose, `session = "SECRET"`; it is read as it is and
//! written anew by the first rotation.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::Path,
};

use consent_core::{
    ids::{base64url, from_base64url},
    time::Millis,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    KeysError,
    dkim::MailKey,
    leads, random,
    ring::{Entry, Purpose},
};

const HEAD: &str = "\
# The keys of this Ashiato deployment. Keep a copy where the database's copies are not.
# `ashiato keys list` shows them without their secrets; `ashiato keys rotate` adds newer ones.
";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    key: Vec<Key>,
    #[serde(default)]
    dkim: Vec<Dkim>,
    /// The form of before: a purpose and its secret.
    #[serde(flatten)]
    undated: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    purpose: String,
    secret: String,
    made: Option<String>,
    signs_from: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dkim {
    selector: String,
    key: String,
    made: Option<String>,
    signs_from: Option<String>,
}

/// The text as TOML. What the parser would quote may be a secret: it is asked for the line only.
fn read_toml(text: &str, place: &str) -> Result<File, KeysError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
        damaged(place, format!("near line {line} it is not as it was written"))
    })
}

fn damaged(place: &str, reason: String) -> KeysError {
    KeysError::Damaged { place: place.to_owned(), reason }
}

fn millis(place: &str, name: &str, time: Option<String>) -> Result<Millis, KeysError> {
    match time.map(|time| time.parse::<Timestamp>()) {
        None => Ok(Millis(0)),
        Some(Ok(time)) => Ok(Millis(time.as_millisecond())),
        Some(Err(_)) => {
            Err(damaged(place, format!("{name} must be a time as in 2026-11-25T18:00:00Z")))
        }
    }
}

/// The keys in a file's text that mail is signed by, in the order in which they sign.
pub(super) fn parse_mail(text: &str, place: &str) -> Result<Vec<MailKey>, KeysError> {
    let key = |Dkim { selector, key, made, signs_from }| {
        let from = millis(place, "signs_from", signs_from.or_else(|| made.clone()))?;
        let made = millis(place, "made", made)?;
        Ok(MailKey { selector, pem: key.into(), made, from })
    };
    let mut keys: Vec<_> =
        read_toml(text, place)?.dkim.into_iter().map(key).collect::<Result<_, _>>()?;
    keys.sort_by_key(|key: &MailKey| key.from);
    Ok(keys)
}

/// The keys in a file's text, in the order in which they sign. `place` names it in errors.
pub(super) fn parse(text: &str, place: &str) -> Result<Vec<Entry>, KeysError> {
    let damaged = |reason: String| damaged(place, reason);
    let file = read_toml(text, place)?;
    let secret = |purpose: &str, secret: &str| {
        let bytes = from_base64url(secret).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| damaged(format!("{purpose} must be 32 bytes in base64url")))
    };
    let mut entries = Vec::new();
    for (purpose, text) in file.undated {
        let secret = secret(&purpose, &text)?;
        entries.push(Entry { purpose, secret, made: Millis(0), from: Millis(0) });
    }
    for key in file.key {
        let secret = secret(&key.purpose, &key.secret)?;
        let from = millis(place, "signs_from", key.signs_from.or_else(|| key.made.clone()))?;
        let made = millis(place, "made", key.made)?;
        entries.push(Entry { purpose: key.purpose, secret, made, from });
    }
    let of = |purpose: Purpose| move |entry: &&Entry| entry.purpose == purpose.as_str();
    if !entries.iter().any(|entry| of(Purpose::Lead)(&entry))
        && let Some(visitor) = entries.iter().find(of(Purpose::Visitor))
    {
        // Of before leads were sealed. Derived, so that copies of the file, and those who may not write to it,
        // agree; the next rotation writes it down.
        let (purpose, secret) = (Purpose::Lead.as_str().to_owned(), leads::first(&visitor.secret));
        entries.push(Entry { purpose, secret, made: Millis(0), from: Millis(0) });
    }
    entries.sort_by_key(|entry| entry.from);
    for purpose in Purpose::ALL {
        let found = entries.iter().filter(of(purpose)).count();
        match (purpose, found) {
            (_, 0) => {
                return Err(damaged(format!("it has no key of purpose {}", purpose.as_str())));
            }
            (Purpose::Visitor, 2..) => {
                return Err(damaged(
                    "it has two visitor keys, and visitors are known by one".to_owned(),
                ));
            }
            _ => {}
        }
    }
    Ok(entries)
}

/// The text of a file with these keys.
pub(super) fn text(entries: &[Entry], mail: &[MailKey]) -> String {
    let mut text = HEAD.to_owned();
    let times = |text: &mut String, made: Millis, from: Millis| {
        for (name, time) in [("made", made), ("signs_from", from)] {
            if let Ok(time) = Timestamp::from_millisecond(time.0)
                && time != Timestamp::UNIX_EPOCH
            {
                text.push_str(&format!("{name} = \"{time}\"\n"));
            }
        }
    };
    for Entry { purpose, secret, made, from } in entries {
        let secret = base64url(secret);
        text.push_str(&format!("\n[[key]]\npurpose = {purpose:?}\nsecret = \"{secret}\"\n"));
        times(&mut text, *made, *from);
    }
    for MailKey { selector, pem, made, from } in mail {
        let pem = pem.trim_end();
        text.push_str(&format!(
            "\n[[dkim]]\nselector = {selector:?}\nkey = \"\"\"\n{pem}\n\"\"\"\n"
        ));
        times(&mut text, *made, *from);
    }
    text
}

/// A key that is made now.
pub(super) fn new(purpose: Purpose, now: Millis, from: Millis) -> Result<Entry, KeysError> {
    let purpose = purpose.as_str().to_owned();
    Ok(Entry { purpose, secret: random::<32>()?, made: now, from })
}

/// A file's text, if nobody but its owner can read it.
pub(super) fn read(path: &Path) -> Result<String, KeysError> {
    check_mode(path)?;
    fs::read_to_string(path).map_err(failed("read", path))
}

/// By what it is seen that a file has changed.
pub(super) type Stamp = (std::time::SystemTime, u64, u64);

/// The stamp of a file as it is now.
pub(super) fn stamp(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let inode = 0;
    Ok((found.modified()?, found.len(), inode))
}

/// Makes the file with a key for each purpose, unless it is there already.
pub(super) fn create(path: &Path, now: Millis) -> Result<(), KeysError> {
    let entries: Result<Vec<_>, _> =
        Purpose::ALL.into_iter().map(|purpose| new(purpose, now, now)).collect();
    // Written beside it and linked into place: whoever sees the file sees all of it, and of several
    // collectors that start at once one makes it.
    write(path, &text(&entries?, &[]), |beside| match fs::hard_link(beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(beside),
    })
    .map_err(failed("make", path))
}

/// Puts other keys in the file's place, for its owner as before.
pub(super) fn replace(path: &Path, entries: &[Entry], mail: &[MailKey]) -> Result<(), KeysError> {
    write(path, &text(entries, mail), |beside| {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, chown};
            let (old, new) = (fs::metadata(path)?, fs::metadata(beside)?);
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                chown(beside, Some(old.uid()), Some(old.gid()))?;
            }
        }
        fs::rename(beside, path)
    })
    .map_err(failed("write", path))
}

/// Writes a file of mode 0600 beside `path`, has it put `in_place`, and makes that last.
fn write(
    path: &Path,
    text: &str,
    in_place: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", base64url(&random::<6>().map_err(io::Error::other)?)));
    let beside = Path::new(&beside);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(beside)?;
    let done = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| in_place(beside));
    if done.is_err() {
        fs::remove_file(beside)?;
    }
    done.and_then(|()| sync_folder(path))
}

/// Waits until nobody else changes the file, and keeps others from it until the value is dropped.
pub(super) fn lock(path: &Path) -> Result<fs::File, KeysError> {
    loop {
        let file = fs::File::open(path).map_err(failed("open", path))?;
        file.lock().map_err(failed("lock", path))?;
        // Whoever held the lock may have put another file in its place.
        let (held, named) = (file.metadata(), fs::metadata(path));
        let same = |held: &fs::Metadata, named: &fs::Metadata| {
            #[cfg(unix)]
            {
                use std::os::unix::fs::MetadataExt as _;
                held.ino() == named.ino()
            }
            #[cfg(not(unix))]
            {
                held.len() == named.len()
            }
        };
        let (held, named) =
            (held.map_err(failed("look at", path))?, named.map_err(failed("look at", path))?);
        if same(&held, &named) {
            return Ok(file);
        }
    }
}

/// The error of an act on the file.
pub(super) fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeysError {
    let path = path.display().to_string();
    move |source| KeysError::File { act, path, source }
}

/// Makes the name last as the content does.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), KeysError> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = fs::metadata(path).map_err(failed("look at", path))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeysError::Open { path: path.display().to_string(), mode })
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), KeysError> {
    Ok(())
}
