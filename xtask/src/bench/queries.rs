//! Questions over ten million events, while others come in.

use std::path::Path;

use anyhow::Result;
use ashiato_postgres::Cluster;

use super::{Engine, Options, folder};
use crate::{install, process};

/// Events that are asked about, over ninety days.
const EVENTS: u32 = 10_000_000;
const QUICK: u32 = 100_000;

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
    let folder = folder(root, "queries")?;
    let file = || format!("sqlite:{}", folder.join("ashiato.sqlite").display());
    let events = options.events.unwrap_or(if options.quick { QUICK } else { EVENTS });
    let rounds = options.rounds.unwrap_or(if options.quick { 3 } else { 11 });
    println!("## Queries\n\n{name}.\n");
    process::run(
        std::process::Command::new(root.join("target/release/ashiato-load"))
            .args(["queries", "--database-url", &server.unwrap_or_else(file)])
            .args(["--events", &events.to_string(), "--rounds", &rounds.to_string()])
            .arg("--folder")
            .arg(&folder)
            .arg("--site")
            .arg(root.join("demo-site/shop.toml")),
    )?;
    println!();
    Ok(())
}
