//! Whether the process runs, whether it can do its work, and its figures.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use tokio::{sync::Mutex, time::timeout};

use super::App;
use crate::{
    error::{FieldError, Problem},
    intake::writer::Writer,
    metrics::{self, Metrics, Sizes},
    store::{self, Database, Readers},
};

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer holds: however many ask, the database is written to once in that time.
const HOLDS: Duration = Duration::from_secs(1);

/// Whether the collector can do its work.
#[derive(Debug, Default)]
pub struct Health {
    stopping: AtomicBool,
    last: Mutex<Option<(Instant, Result<(), Missing>)>>,
}

/// What is missing: its name, and what to do.
type Missing = (&'static str, String);

impl Health {
    /// From now on it is not ready: a balancer takes it out before it stops.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn check(&self, writer: &Writer) -> Result<(), Missing> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(("stopping", "the collector is being stopped; use another".to_owned()));
        }
        let mut last = self.last.lock().await;
        match &*last {
            Some((at, known)) if at.elapsed() < HOLDS => known.clone(),
            _ => {
                let known = probe(writer).await;
                *last = Some((Instant::now(), known.clone()));
                known
            }
        }
    }
}

/// The way that every decision takes: through the writer, to a committed row.
async fn probe(writer: &Writer) -> Result<(), Missing> {
    if !writer.is_alive() {
        return Err(("writer", "the writer has ended; start the collector anew".to_owned()));
    }
    let needed = store::newest_migration();
    match timeout(PATIENCE, writer.probe()).await {
        Ok(Ok(schema)) if schema >= needed => Ok(()),
        Ok(Ok(schema)) => Err((
            "migrations",
            format!(
                "the database is at migration {schema}, and {needed} is needed; start the collector anew on it"
            ),
        )),
        Ok(Err(_)) => Err((
            "database",
            "the database takes no writes; see the log for why, and whether its disk is full"
                .to_owned(),
        )),
        Err(_) => Err((
            "database",
            format!(
                "the database took no write in {} s; see whether it is locked or overloaded",
                PATIENCE.as_secs()
            ),
        )),
    }
}

/// `GET /healthz`: the process runs.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it can store what visitors send.
pub(super) async fn ready(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    match app.health.check(&app.writer).await {
        Ok(()) => Ok(([(header::CACHE_CONTROL, "no-store")], "ready\n")),
        Err((field, message)) => {
            let detail = format!("{field}: {message}");
            let error = FieldError { field: field.to_owned(), code: "missing", message };
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail);
            Err(Problem { errors: vec![error], retry_after: Some(5), ..problem })
        }
    }
}

/// What the figures are told of.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// What was counted.
    pub metrics: Metrics,
    /// Whose queue is measured.
    pub writer: Writer,
    /// The way to the log's size.
    pub readers: Readers,
    /// Whose size is measured.
    pub database: Database,
}

/// The routes of the listener for figures, which is not for browsers.
pub fn scraped(scrape: Scrape) -> Router {
    Router::new().route("/metrics", get(figures)).with_state(scrape)
}

/// `GET /metrics`.
async fn figures(State(scrape): State<Scrape>) -> impl IntoResponse {
    // While the database does not answer, the figures are needed most.
    let (log, size) = match timeout(PATIENCE, sizes(&scrape.readers)).await {
        Ok(Ok((log, size))) => {
            (u64::try_from(log).ok(), size.and_then(|size| size.try_into().ok()))
        }
        Ok(Err(_)) | Err(_) => (None, None),
    };
    let database = scrape.database.bytes().or(size);
    let sizes = Sizes { queue: scrape.writer.waiting(), log, database };
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], scrape.metrics.text(sizes))
}

/// Of the log in leaves, and of the database in bytes where its files do not say it.
async fn sizes(readers: &Readers) -> sqlx::Result<(i64, Option<i64>)> {
    let mut db = readers.acquire().await?;
    Ok((store::log::head(&mut db).await?.0, store::probe::size(&mut db).await?))
}
