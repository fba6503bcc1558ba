//! `ashiato serve`.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::oneshot, time::MissedTickBehavior};
use tracing_subscriber::EnvFilter;

use super::{Failure, limits};
use crate::{
    client::Client,
    clock,
    config::{self, Serve, Synchronous},
    intake::writer::Writer,
    keys::Keys,
    routes::{self, App, listen},
    sites::Sites,
    store::{Database, Readers, checkpoints::Checkpoints},
};

/// How soon an applied site file is in force, or a changed keys file.
const REFRESH: Duration = Duration::from_secs(1);
/// How often it is seen to that the months to come have their place.
const AHEAD: Duration = Duration::from_secs(6 * 3_600);
/// How often SQLite's log is carried into its file.
const CHECKPOINTS: Duration = Duration::from_millis(250);
/// How long a stop waits for calls that are open.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(config: Serve) -> Result<(), Failure> {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_env("ASHIATO_LOG").unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let client = Arc::new(Client::embedded()?);
    let keys = Arc::new(match config::keys_text() {
        Some(text) => Keys::parse(&text, config::KEYS)?,
        None => Keys::open(&config.keys_file, clock::now())?,
    });
    let database = Database::at(&config.database.url)?.synchronous(config.sqlite_synchronous);
    if config.sqlite_synchronous == Synchronous::Normal {
        tracing::warn!(
            "synchronous=NORMAL: what was acknowledged last may be lost when the power fails"
        );
    }
    let writing = database.create().await?;
    let readers = database.readers().await?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure(format!(
            "cannot listen on {}: {error}\n  remedy: end what listens there, or choose another by --listen",
            config.listen
        ))
    })?;
    let address = listener.local_addr()?;
    let public_url: Arc<str> =
        config.public_url.unwrap_or_else(|| format!("http://{address}")).into();
    let sites = Sites::new(Arc::clone(&client), Arc::clone(&public_url));
    sites.refresh(&readers).await?;
    if sites.is_empty() {
        tracing::warn!("no site is in force yet; `ashiato site apply FILE` adds one");
    }

    let months = tokio::spawn(keep_months_ahead(database.clone()));
    let checkpoints = Checkpoints::of(&database).map(|all| tokio::spawn(carry(all)));
    let (writer, mut written) = Writer::start(&database, writing, &keys);
    let refreshing = tokio::spawn(keep_fresh(sites.clone(), readers.clone(), Arc::clone(&keys)));
    let bounds = limits::bounds(&config.limits);
    let (limits, proxies) = limits::of_calls(&config.limits);
    let app = App { keys, sites, writer, readers, client, limits, proxies, public_url };
    println!("listening on http://{address}");
    std::io::stdout().flush()?;
    let (stopping, stopped) = oneshot::channel();
    let watched = app.writer.clone();
    let stop = async move {
        tokio::select! {
            () = asked_to_stop() => {}
            // Without its writer a collector can only refuse: better that it is started anew.
            () = watched.ended() => tracing::error!("the writer has ended"),
        }
        drop(stopping);
    };
    let plain = |stream| std::future::ready(Ok(stream));
    let serving = listen::serve(listener, bounds, routes::router(app), plain, stop);
    tokio::select! {
        () = serving => {}
        () = overdue(stopped) => {
            // What was answered is on disk, and these callers have been answered nothing.
            tracing::warn!("stopped while calls were open that never ended");
            return Ok(());
        }
    }
    refreshing.abort();
    months.abort();
    if let Some(checkpoints) = checkpoints {
        checkpoints.abort();
    }
    // Every answer has been given; what the writer still holds are counts.
    while let Some(ended) = written.join_next().await {
        ended?;
    }
    Ok(())
}

/// The end of the time that a stop may take.
async fn overdue(stopped: oneshot::Receiver<()>) {
    stopped.await.unwrap_or_default(); // dropping the other side is the message
    tokio::time::sleep(GRACE).await;
}

async fn keep_fresh(sites: Sites, readers: Readers, keys: Arc<Keys>) {
    let mut ticks = tokio::time::interval(REFRESH);
    loop {
        ticks.tick().await;
        if let Err(error) = sites.refresh(&readers).await {
            tracing::warn!(%error, "site files were not read again");
        }
        match keys.reload() {
            Ok(true) => tracing::info!("the keys file has changed and is in force"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the keys stay what they were"),
        }
    }
}

/// Keeps SQLite's log short.
async fn carry(mut checkpoints: Checkpoints) {
    let mut ticks = tokio::time::interval(CHECKPOINTS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = checkpoints.take().await {
            tracing::warn!(%error, "the database's log was not carried into its file");
        }
    }
}

/// Makes room for the months to come, long before they begin.
async fn keep_months_ahead(database: Database) {
    let mut ticks = tokio::time::interval(AHEAD);
    // The first tick comes at once, and opening the database has done it.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if let Err(error) = database.make_months().await {
            tracing::warn!(%error, "no room was made for the months to come");
        }
    }
}

/// Ctrl-C, or SIGTERM.
async fn asked_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
