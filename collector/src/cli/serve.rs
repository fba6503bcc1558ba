//! `ashiato serve`.

use std::{io::Write as _, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

use super::{Failure, limits, logs, mail, tasks, user};
use crate::{
    client::Client,
    clock,
    config::{self, Serve, Synchronous},
    intake::{sealing, writer::Writer},
    keys::Keys,
    mail::Sender as MailSender,
    metrics::Metrics,
    office::{self, desk::Desk, password},
    refusals::Pending,
    routes::{self, App, Health, Parts, Scrape, listen},
    sites::Sites,
    store::{Database, checkpoints::Checkpoints},
    tls::Acceptor,
    transparency,
    webhooks::{address::Reach, post::Post, sender::Sender},
};

/// What a server waits for before it takes no more calls.
type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long a stop waits for calls that are open.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(config: Serve) -> Result<(), Failure> {
    logs::start(config.log_format)?;
    let client = Arc::new(Client::embedded()?);
    let keys = Arc::new(match config::keys_text() {
        Some(text) => Keys::parse(&text, config::KEYS)?,
        None => Keys::open(&config.keys_file, clock::now())?,
    });
    let acceptor = match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(Acceptor::open(certificate, key)?),
        _ => None,
    };
    let database = Database::at(&config.database.url)?.synchronous(config.sqlite_synchronous);
    if config.sqlite_synchronous == Synchronous::Normal {
        tracing::warn!(
            "synchronous=NORMAL: what was acknowledged last may be lost when the power fails"
        );
    }
    let mut writing = database.create().await?;
    let readers = database.readers().await?;
    let listener = bind(config.listen, "--listen").await?;
    let address = listener.local_addr()?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let public_url: Arc<str> =
        config.public_url.unwrap_or_else(|| format!("{scheme}://{address}")).into();
    let host = public_url.split_once("://").map_or(&*public_url, |(_, host)| host);
    transparency::found(&mut writing, config.log_origin.as_deref(), &format!("{host}/log")).await?;
    let sites = Sites::new(Arc::clone(&client), Arc::clone(&public_url));
    sites.refresh(&readers).await?;
    if sites.is_empty() {
        tracing::warn!("no site is in force yet; `ashiato site apply FILE` adds one");
    }

    let sealed = sealing::seal_all(&mut writing, &keys, &sites, clock::now()).await?;
    if sealed > 0 {
        tracing::info!(leads = sealed, "leads of a version that did not seal them are sealed");
    }

    let metrics = Metrics::default();
    let (writer, mut written) = Writer::start(&database, writing, &keys, &metrics);
    let refusals = Pending::default();
    let desk = Desk::new(database.clone());
    let mut beside = JoinSet::new();
    beside.spawn(tasks::keep_fresh(sites.clone(), readers.clone(), Arc::clone(&keys)));
    beside.spawn(tasks::turn_months(database.clone(), sites.clone()));
    if let Some(checkpoints) = Checkpoints::of(&database) {
        beside.spawn(tasks::carry(checkpoints));
    }
    beside.spawn(tasks::keep_rewrapping(database.clone(), Arc::clone(&keys)));
    beside.spawn(tasks::keep_swept(writer.clone(), readers.clone()));
    beside.spawn(tasks::keep_mail_swept(writer.clone(), sites.clone()));
    let has_mail = sites.all().iter().any(|site| site.file.mail.is_some());
    match mail::transport(&config.mail)? {
        Some(transport) => {
            mail::key(&keys, &config.keys_file, clock::now())?;
            if !public_url.starts_with("https://") {
                tracing::warn!(
                    "the public address is not encrypted: mail offers no unsubscribing by one click"
                );
            }
            let (sites, keys, writer) = (sites.clone(), Arc::clone(&keys), writer.clone());
            let (readers, public_url) = (readers.clone(), Arc::clone(&public_url));
            let sender = MailSender { transport, sites, keys, writer, readers, public_url };
            beside.spawn(tasks::keep_mailing(sender));
        }
        None if has_mail => tracing::warn!(
            "mail waits: --smtp-url names the server that sends it, --mail-dir a folder to try it out"
        ),
        None => {}
    }
    let reach = if config.allow_private_webhooks { Reach::Private } else { Reach::Public };
    let post = Post::new(reach)?;
    let sender = (database.clone(), readers.clone(), Arc::clone(&keys), metrics.clone());
    beside.spawn(Sender::new(sender.0, sender.1, sender.2, sender.3, post).run());
    beside.spawn(tasks::keep_disposing(database.clone(), writer.clone(), readers.clone()));
    beside.spawn(tasks::keep_copying(database.clone()));
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
    let first =
        user::first_link(&desk, &readers).await?.map(|token| office::link_url(&public_url, &token));
    beside.spawn(async { password::prepare().await.unwrap_or_default() });
    let health = Arc::new(Health::default());
    let bounds = limits::bounds(&config.limits);
    let (limits, proxies) = limits::of_calls(&config.limits);
    let app = App::new(Parts {
        keys,
        sites,
        writer: writer.clone(),
        readers,
        desk,
        client,
        limits,
        proxies,
        public_url,
        metrics,
        refusals: refusals.clone(),
        health: Arc::clone(&health),
        tls: acceptor.is_some(),
    });
    let asked_to_stop = tasks::asked_to_stop();
    println!("listening on {scheme}://{address}");
    if let Some(link) = first {
        // For whoever starts it: the log has nobody's secret.
        println!("back office: {link}");
    }
    std::io::stdout().flush()?;

    let watched = writer.clone();
    let stop = async move {
        tokio::select! {
            () = asked_to_stop => {
                health.stop();
                leave(Duration::from_secs(config.stop_delay)).await;
            }
            // Without its writer a collector can only refuse: better that it is started anew.
            () = watched.ended() => tracing::error!("the writer has ended"),
        }
    };
    let router = routes::router(app);
    let in_time = match acceptor {
        None => {
            let plain = |stream| std::future::ready(Ok(stream));
            in_time(stop, |stop| listen::serve(listener, bounds, router, plain, stop)).await
        }
        Some(acceptor) => {
            let secure = move |stream| {
                let acceptor = acceptor.clone();
                async move { acceptor.accept(stream).await }
            };
            in_time(stop, |stop| listen::serve(listener, bounds, router, secure, stop)).await
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
        // Every answer has been given; what the writer still holds are counts, and what becomes of a mail that
        // is being handed over. A mail server that hangs is not waited for: its mail is tried again.
        let all = async {
            while let Some(ended) = written.join_next().await {
                ended?;
            }
            Ok::<_, Failure>(())
        };
        match tokio::time::timeout(GRACE, all).await {
            Ok(ended) => ended?,
            Err(_) => tracing::warn!("stopped while a mail was being handed over"),
        }
    }
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
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
    let listener = bind(address, "--metrics-listen").await?;
    tracing::info!(address = %listener.local_addr()?, "figures are at /metrics");
    let (until, stopped) = oneshot::channel();
    let stop = async { stopped.await.unwrap_or_default() };
    let ended = tokio::spawn(async move {
        in_time(stop, |stop| async move {
            let served =
                axum::serve(listener, routes::scraped(scrape)).with_graceful_shutdown(stop);
            if let Err(error) = served.await {
                tracing::error!(%error, "figures are not answered any more");
            }
        })
        .await;
    });
    Ok((until, ended))
}

/// Has calls answered until `stop`, and until those that are open have ended; false where they do not in time.
async fn in_time<F: Future<Output = ()>>(
    stop: impl Future<Output = ()> + Send + 'static,
    serve: impl FnOnce(Stop) -> F,
) -> bool {
    let (stopping, stopped) = oneshot::channel::<()>();
    let stop: Stop = Box::pin(async move {
        stop.await;
        drop(stopping);
    });
    tokio::select! {
        () = serve(stop) => true,
        () = overdue(stopped) => false,
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
