//! `ashiato site`.

use std::path::Path;

use super::{Failure, who};
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

/// Checks a file; with a database, says what putting it in force would mean to the visitors of the site
/// there. Nothing is changed.
pub(super) async fn check(file: &Path, url: Option<&str>) -> Result<(), Failure> {
    let site = read(file)?;
    println!(
        "{}: site {}, {} purposes, {} languages: good",
        file.display(),
        site.key,
        site.purposes.len(),
        site.languages.len()
    );
    let before = match url {
        Some(url) => {
            let mut db = Database::at(url)?.readers().await?.acquire().await?;
            store::find(&mut db, site.key.as_str()).await?.map(|applied| applied.file)
        }
        None => None,
    };
    print!("{}", meaning(before.as_ref(), &site));
    Ok(())
}

pub(super) async fn apply(file: &Path, url: &str) -> Result<(), Failure> {
    let site = read(file)?;
    let mut db = Database::at(url)?.create().await?;
    let before = store::find(&mut db, site.key.as_str()).await?.map(|applied| applied.file);
    let (outcome, revision) = store::apply(&mut db, &site.key, &site, &who(), clock::now()).await?;
    let said = match outcome {
        store::Outcome::Unchanged => "unchanged",
        store::Outcome::Changed => "changed; nobody is asked again",
        store::Outcome::Revised => "in force; visitors are asked",
    };
    println!("site {}, revision {revision}: {said}", site.key);
    print!("{}", meaning(before.as_ref(), &site));
    Ok(())
}

/// What a file means to visitors, once it has taken the place of `before`: whether they are asked, and
/// what they are shown, in each language.
fn meaning(before: Option<&SiteFile>, site: &SiteFile) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    match before {
        Some(before) if before == site => line("nothing changes for visitors"),
        Some(before) if !site.asks_again(before) => line(if before.wording() == site.wording() {
            "visitors are not asked again, and read the same as before"
        } else {
            "visitors are not asked again; who is asked from now on, and the policy page, read the new texts"
        }),
        Some(before) => {
            for change in site.changes(before) {
                line(&format!("  {change}"));
            }
            line("everybody who has decided is asked again, and told:");
            for language in &site.languages {
                for change in site.changes_for_visitors(before, language) {
                    line(&format!("  {language}: {change}"));
                }
            }
        }
        None => {
            line("visitors are asked, and told:");
            for language in &site.languages {
                let texts = site.texts(language);
                line(&format!("  {language}: {}: {}", texts.title, texts.body));
            }
        }
    }
    text
}
