//! Questions over ten million events, while others come in.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{Options, on_each};
use crate::process;

/// Events that are asked about, over ninety days.
const EVENTS: u32 = 10_000_000;
const QUICK: u32 = 100_000;

pub(super) fn run(root: &Path, options: &Options) -> Result<()> {
    process::run(process::cargo(root).args(["build", "--release", "--package", "ashiato-load"]))?;
    let events = options.events.unwrap_or(if options.quick { QUICK } else { EVENTS });
    let rounds = options.rounds.unwrap_or(if options.quick { 3 } else { 11 });
    on_each(root, options, "Queries", |folder, database| {
        process::run(
            Command::new(root.join("target/release/ashiato-load"))
                .args(["queries", "--database-url", database])
                .args(["--events", &events.to_string(), "--rounds", &rounds.to_string()])
                .arg("--folder")
                .arg(folder)
                .arg("--site")
                .arg(root.join("demo-site/shop.toml")),
        )
    })
}
