//! `ashiato serve`.

use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    serve::{Listener, ListenerExt as _},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::server::TlsStream;

use super::{Failure, logs, tasks};
use crate::{
    client::Client,
    config::Serve,
    intake::writer::Writer,
    keys::Keys,
    metrics::Metrics,
    refusals::Pending,
    routes::{self, App, Health, Scrape},
    sites::Sites,
    store::Database,
    tls::Acceptor,
};

/// How long a stop waits for calls that are open.
const GRACE: Duration = Duration::from_secs(10);
/// Callers that may agree on keys at a time.
const HANDSHAKES: usize = 512;

pub(super) async fn run(config: Serve) -> Result<(), Failure> {
    logs::start(config.log_format)?;
    let client = Arc::new(Client::embedded()?);
    let keys = Arc::new(Keys::open(&config.keys_file)?);
    let acceptor = match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(Acceptor::open(certificate, key)?),
        _ => None,
    };
    let database = Database::at(&config.database.url)?;
    let writing = database.create().await?;
    let readers = database.readers().await?;
    let listener = listen(config.listen, "--listen").await?;
    let address = listener.local_addr()?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let public_url: Arc<str> =
        config.public_url.unwrap_or_else(|| format!("{scheme}://{address}")).into();
    let sites = Sites::new(Arc::clone(&client), Arc::clone(&public_url));
    sites.refresh(&readers).await?;
    if sites.is_empty() {
        tracing::warn!("no site is in force yet; `ashiato site apply FILE` adds one");
    }

    let metrics = Metrics::default();
    let (writer, written) =
        Writer::start(database.clone(), writing, Arc::clone(&keys), metrics.clone());
    let refusals = Pending::default();
    let mut beside = JoinSet::new();
    beside.spawn(tasks::keep_fresh(sites.clone(), readers.clone()));
    beside.spawn(tasks::keep_counting(refusals.clone(), writer.clone()));
    if let Some(acceptor) = acceptor.clone() {
        beside.spawn(tasks::keep_certificate(acceptor));
    }
    let figures = match config.metrics_listen {
        None => None,
        Some(address) => {
            let (metrics, writer, readers) = (metrics.clone(), writer.clone(), readers.clone());
            Some(figures(address, Scrape { metrics, writer, readers, database }).await?)
        }
    };
    let health = Arc::new(Health::default());
    let app = App {
        keys,
        sites,
        writer: writer.clone(),
        readers,
        client,
        public_url,
        metrics,
        refusals: refusals.clone(),
        health: Arc::clone(&health),
        tls: acceptor.is_some(),
    };
    println!("listening on {scheme}://{address}");
    std::io::stdout().flush()?;

    let watched = writer.clone();
    let stop = async move {
        tokio::select! {
            () = tasks::asked_to_stop() => {
                health.stop();
                leave(Duration::from_secs(config.stop_delay)).await;
            }
            // Without its writer a collector can only refuse: better that it is started anew.
            () = watched.ended() => tracing::error!("the writer has ended"),
        }
    };
    let router = routes::router(app);
    // Answers are small and written whole: waiting to fill a packet only adds delay.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let in_time = match acceptor {
        None => serve(listener, router, stop).await?,
        Some(acceptor) => {
            let handshakes = JoinSet::new();
            serve(Secure { listener, address, acceptor, handshakes }, router, stop).await?
        }
    };
    if !in_time {
        // What was answered is on disk, and these callers have been answered nothing.
        tracing::warn!("stopped while calls were open that never ended");
    }
    beside.shutdown().await;
    tasks::write_counts(&refusals, &writer).await;
    if let Some((until, ended)) = figures {
        drop(until);
        ended.await?;
    }
    drop(writer);
    if in_time {
        // Every answer has been given; what the writer still holds are counts.
        written.await?;
    }
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure(format!(
            "cannot listen on {address}: {error}\n  remedy: end what listens there, or choose another by {flag}"
        ))
    })
}

/// Answers Prometheus until what is returned first is dropped; then the task ends.
async fn figures(
    address: SocketAddr,
    scrape: Scrape,
) -> Result<(oneshot::Sender<()>, JoinHandle<()>), Failure> {
    let listener = listen(address, "--metrics-listen").await?;
    tracing::info!(address = %listener.local_addr()?, "figures are at /metrics");
    let (until, stopped) = oneshot::channel();
    let stop = async { stopped.await.unwrap_or_default() };
    let ended = tokio::spawn(async move {
        if let Err(error) = serve(listener, routes::scraped(scrape), stop).await {
            tracing::error!(%error, "figures are not answered any more");
        }
    });
    Ok((until, ended))
}

/// Answers calls until it is to stop and those that are open have ended; false where they do not in time.
async fn serve<L: Listener<Addr: std::fmt::Debug>>(
    listener: L,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<bool> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let stop = async move {
        stop.await;
        drop(stopping);
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(stop) => served.map(|()| true),
        () = overdue(stopped) => Ok(false),
    }
}

/// The end of the time that a stop may take.
async fn overdue(stopped: oneshot::Receiver<()>) {
    stopped.await.unwrap_or_default(); // dropping the other side is the message
    tokio::time::sleep(GRACE).await;
}

/// Answers on while a balancer finds out that it is to send nobody here any more. Who asks again does not
/// want to wait.
async fn leave(delay: Duration) {
    if delay.is_zero() {
        return;
    }
    tracing::info!(seconds = delay.as_secs(), "not ready any more; calls are answered until then");
    tokio::select! {
        () = tokio::time::sleep(delay) => {}
        () = tasks::asked_to_stop() => {}
    }
}

/// Connections that have agreed on keys. Several do so at a time, so that a slow caller holds up nobody.
struct Secure<L> {
    listener: L,
    address: SocketAddr,
    acceptor: Acceptor,
    handshakes: JoinSet<std::io::Result<(TlsStream<TcpStream>, SocketAddr)>>,
}

impl<L: Listener<Io = TcpStream, Addr = SocketAddr>> Listener for Secure<L> {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, from) = self.listener.accept(), if self.handshakes.len() < HANDSHAKES => {
                    let acceptor = self.acceptor.clone();
                    self.handshakes.spawn(async move { Ok((acceptor.accept(stream).await?, from)) });
                }
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(Ok(agreed)) => return agreed,
                    Ok(Err(error)) => tracing::debug!(%error, "no keys were agreed on"),
                    Err(error) => tracing::error!(%error, "a handshake broke off"),
                },
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
