//! `ashiato site`.

use std::path::Path;

use super::Failure;
use crate::{
    clock,
    site::{self, SiteFile},
    store::{Database, sites as store},
};

fn read(file: &Path) -> Result<SiteFile, Failure> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure(format!("cannot read the site file {name}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure(format!("{name}:{line}: the file is not UTF-8\n  remedy: save it as UTF-8"))
    })?;
    site::parse(&text).map_err(|complaints| {
        Failure(format!("{name} cannot be put in force\n{}", site::report(&name, &complaints)))
    })
}

pub(super) fn check(file: &Path) -> Result<(), Failure> {
    let site = read(file)?;
    println!(
        "{}: site {}, {} purposes, {} languages: good",
        file.display(),
        site.key,
        site.purposes.len(),
        site.languages.len()
    );
    Ok(())
}

pub(super) async fn apply(file: &Path, url: &str) -> Result<(), Failure> {
    let site = read(file)?;
    let mut db = Database::at(url)?.create().await?;
    let before = store::find(&mut db, site.key.as_str()).await?;
    let (outcome, revision) = store::apply(&mut db, &site.key, &site, clock::now()).await?;
    let said = match outcome {
        store::Outcome::Unchanged => "unchanged",
        store::Outcome::Changed => "changed; nobody is asked again",
        store::Outcome::Revised => "in force; visitors are asked",
    };
    println!("site {}, revision {revision}: {said}", site.key);
    if let Some(before) = before.filter(|_| outcome == store::Outcome::Revised) {
        for change in site.changes(&before.file) {
            println!("  {change}");
        }
    }
    Ok(())
}
