//! `ashiato serve`.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};

use axum::serve::ListenerExt as _;
use tokio::{net::TcpListener, sync::oneshot};
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::{
    client::Client,
    config::Serve,
    intake::writer::Writer,
    keys::Keys,
    routes::{self, App},
    sites::Sites,
    store::{Database, Readers},
    transparency,
};

/// How soon an applied site file is in force.
const REFRESH: Duration = Duration::from_secs(1);
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
    let keys = Arc::new(Keys::open(&config.keys_file)?);
    let database = Database::at(&config.database.url)?;
    let mut writing = database.create().await?;
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
    let host = public_url.split_once("://").map_or(&*public_url, |(_, host)| host);
    transparency::found(&mut writing, config.log_origin.as_deref(), &format!("{host}/log")).await?;
    let sites = Sites::new(Arc::clone(&client), Arc::clone(&public_url));
    sites.refresh(&readers).await?;
    if sites.is_empty() {
        tracing::warn!("no site is in force yet; `ashiato site apply FILE` adds one");
    }

    let (writer, written) = Writer::start(database, writing, Arc::clone(&keys));
    let refreshing = tokio::spawn(keep_fresh(sites.clone(), readers.clone()));
    let app = App { keys, sites, writer, readers, client, public_url };
    // Answers are small and written whole: waiting to fill a packet only adds delay.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
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
    let serving = axum::serve(listener, routes::router(app)).with_graceful_shutdown(stop);
    tokio::select! {
        served = serving => served?,
        () = overdue(stopped) => {
            // What was answered is on disk, and these callers have been answered nothing.
            tracing::warn!("stopped while calls were open that never ended");
            return Ok(());
        }
    }
    refreshing.abort();
    // Every answer has been given; what the writer still holds are counts.
    written.await?;
    Ok(())
}

/// The end of the time that a stop may take.
async fn overdue(stopped: oneshot::Receiver<()>) {
    stopped.await.unwrap_or_default(); // dropping the other side is the message
    tokio::time::sleep(GRACE).await;
}

async fn keep_fresh(sites: Sites, readers: Readers) {
    let mut ticks = tokio::time::interval(REFRESH);
    loop {
        ticks.tick().await;
        if let Err(error) = sites.refresh(&readers).await {
            tracing::warn!(%error, "site files were not read again");
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
