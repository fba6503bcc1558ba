//! What the collector's database holds.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

/// Bytes of the database, with the write-ahead log emptied into it.
pub(crate) async fn bytes(database: &Path) -> Result<u64> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(std::time::Duration::from_secs(30));
    let mut connection = options.connect().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let log = fs::metadata(log).map_or(0, |file| file.len());
    Ok(fs::metadata(database)?.len() + log)
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    metrics: Vec<u64>,
}

/// Events of the shop, as `ashiato query` counts them.
pub(crate) fn events(ashiato: &Path, database: &Path) -> Result<u64> {
    // Around today, whatever the time zones.
    let day = SignedDuration::from_hours(24);
    let text = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let now = Timestamp::now();
    let output = Command::new(ashiato)
        .args(["query", "--site", "shop", "--metrics", "events", "--dimensions", "", "--json"])
        .args(["--from", &text(now - day), "--to", &text(now + day)])
        .args(["--database-url", &format!("sqlite:{}", database.display())])
        .output()?;
    ensure!(
        output.status.success(),
        "`ashiato query` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Answer = serde_json::from_slice(&output.stdout).context("`ashiato query`")?;
    Ok(answer.results.iter().flat_map(|row| &row.metrics).sum())
}
