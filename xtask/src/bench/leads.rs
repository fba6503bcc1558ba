//! Leads, sealed: in the store and the writer, without HTTP; and lists of them by the command that reads them in.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use super::{Options, on_each};
use crate::process;

/// Leads among which the others are looked for.
const LEADS: u32 = 1_000_000;
/// Events that are past their time.
const EVENTS: u32 = 10_000_000;
/// Rows of the list that is read in.
const ROWS: u32 = 100_000;
/// As many of each where it is only to be seen that it runs.
const QUICK: u32 = 2_000;
/// The shop.
const SITE: &str = "demo-site/shop.toml";

pub(super) fn run(root: &Path, options: &Options) -> Result<()> {
    process::run(process::cargo(root).args([
        "build",
        "--release",
        "--package",
        "ashiato-load",
        "--package",
        "ashiato",
    ]))?;
    let quick = |all| if options.quick { QUICK } else { all };
    let leads = options.leads.unwrap_or_else(|| quick(LEADS));
    on_each(root, options, "Leads", |folder, database| {
        process::run(
            Command::new(root.join("target/release/ashiato-load"))
                .args(["leads", "--database-url", database])
                .args(["--leads", &leads.to_string()])
                .args(["--events", &quick(EVENTS).to_string()])
                .arg("--folder")
                .arg(folder)
                .arg("--site")
                .arg(root.join(SITE)),
        )?;
        import(root, folder, database, quick(ROWS))
    })
}

/// A list, as an operator reads it in: parsed, judged by the form, sealed, looked for among all leads, and committed.
fn import(root: &Path, folder: &Path, database: &str, rows: u32) -> Result<()> {
    let mut list = "お名前,メールアドレス,telephone,message\n".to_owned();
    for row in 0..rows {
        writeln!(list, "名刺 太郎 {row},taro{row}@list.example,,展示会でお話ししました。")?;
    }
    let file = folder.join("list.csv");
    fs::write(&file, list)?;
    let start = Instant::now();
    let told = Command::new(root.join("target/release/ashiato"))
        .args(["leads", "import"])
        .arg(&file)
        .args(["--site", "shop", "--form", "contact", "--ground", "card_exchanged"])
        .args(["--proof", "展示会 2026年11月 東京", "--database-url", database])
        .arg("--keys-file")
        .arg(folder.join("keys"))
        .stderr(Stdio::inherit())
        .output()
        .context("the list cannot be read in")?;
    let seconds = start.elapsed().as_secs_f64();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    ensure!(told.contains(&format!("{rows} added")), "the list was not taken: {told}");
    println!("\n| of a list of {rows} rows | a second |\n|---|---:|");
    println!("| read in by `ashiato leads import` | {:.0} |", f64::from(rows) / seconds);
    Ok(())
}
