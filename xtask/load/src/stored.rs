//! What the collector's database holds.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, sqlite::SqliteConnectOptions};

/// Bytes of the database, with the write-ahead log emptied into it.
pub(crate) async fn bytes(url: &str) -> Result<u64> {
    let Some(file) = url.strip_prefix("sqlite:") else { return of_server(url).await };
    let options =
        SqliteConnectOptions::new().filename(file).busy_timeout(std::time::Duration::from_secs(30));
    let mut connection = options.connect().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    let log = fs::metadata(format!("{file}-wal")).map_or(0, |log| log.len());
    Ok(fs::metadata(file)?.len() + log)
}

async fn of_server(url: &str) -> Result<u64> {
    let mut connection = PgConnection::connect(url).await?;
    let size = sqlx::query_scalar("SELECT pg_database_size(current_database())");
    let size: i64 = size.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(size.try_into()?)
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
pub(crate) fn events(ashiato: &Path, url: &str) -> Result<u64> {
    // Around today, whatever the time zones.
    let day = SignedDuration::from_hours(24);
    let text = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let now = Timestamp::now();
    let output = Command::new(ashiato)
        .args(["query", "--site", "shop", "--metrics", "events", "--dimensions", "", "--json"])
        .args(["--from", &text(now - day), "--to", &text(now + day)])
        .args(["--database-url", url])
        .output()?;
    ensure!(
        output.status.success(),
        "`ashiato query` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Answer = serde_json::from_slice(&output.stdout).context("`ashiato query`")?;
    Ok(answer.results.iter().flat_map(|row| &row.metrics).sum())
}
