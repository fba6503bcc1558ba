//! Leads, sealed: in the store and the writer, without HTTP.

use std::path::Path;

use anyhow::Result;
use ashiato_postgres::Cluster;

use super::{Engine, Options, folder};
use crate::{install, process};

/// Leads among which the others are looked for.
const LEADS: u32 = 1_000_000;
const QUICK: u32 = 2_000;

pub(super) fn run(root: &Path, options: &Options) -> Result<()> {
    process::run(process::cargo(root).args(["build", "--release", "--package", "ashiato-load"]))?;
    let chosen = |engine| options.engine.is_none_or(|chosen| chosen == engine);
    if chosen(Engine::Sqlite) {
        on(root, options, "SQLite, synchronous=FULL", None)?;
    }
    if chosen(Engine::Postgres) {
        install::for_postgres()?;
        let cluster = Cluster::start_in(&root.join("target/bench"))?;
        on(root, options, "PostgreSQL, synchronous_commit=on", Some(cluster.database()?))?;
    }
    Ok(())
}

fn on(root: &Path, options: &Options, name: &str, server: Option<String>) -> Result<()> {
    let folder = folder(root, "leads")?;
    let file = || format!("sqlite:{}", folder.join("ashiato.sqlite").display());
    let leads = options.leads.unwrap_or(if options.quick { QUICK } else { LEADS });
    println!("## Leads\n\n{name}.\n");
    process::run(
        std::process::Command::new(root.join("target/release/ashiato-load"))
            .args(["leads", "--database-url", &server.unwrap_or_else(file)])
            .args(["--leads", &leads.to_string()])
            .args(["--events", &leads.to_string()])
            .arg("--folder")
            .arg(&folder)
            .arg("--site")
            .arg(root.join("demo-site/shop.toml")),
    )?;
    println!();
    Ok(())
}
