//! What goes on beside the calls, as long as the collector runs.

use std::{sync::Arc, time::Duration};

use consent_core::time::DAY;
use tokio::time::{MissedTickBehavior, timeout};

use crate::{
    clock,
    intake::{
        asking,
        disposal::{self, Disposal, Way},
        mail::Act,
        sealing::{self, SealingError},
        sweep,
        writer::Writer,
    },
    keys::Keys,
    mail::{Sender, Sent},
    refusals::Pending,
    site::retention::Rule,
    sites::Sites,
    store::{
        Database, Logged, Readers,
        audit::Actor,
        checkpoints::Checkpoints,
        columns::copy::{self, Round},
    },
    tls::{self, Acceptor},
};

/// How often it is seen to that the months to come have their place, and those long past none.
const MONTHS: Duration = Duration::from_secs(6 * 3_600);
/// How often SQLite's log is carried into its file.
const CHECKPOINTS: Duration = Duration::from_millis(250);
/// How soon an applied site file is in force, or a changed keys file.
const REFRESH: Duration = Duration::from_secs(1);
/// How soon keys of leads are wrapped anew after a rotation.
const REWRAP: Duration = Duration::from_secs(5);
/// How soon what rests on a consent that has ended is erased. Until then no query counts it.
const SWEEP: Duration = Duration::from_secs(60);
/// How often it is looked for what is kept no longer.
const DISPOSAL: Duration = Duration::from_secs(6 * 3_600);
/// How long a task waits for the database.
const PATIENCE: Duration = Duration::from_secs(60);
/// How soon mail is sent.
const MAIL: Duration = Duration::from_secs(1);
/// How long is waited where the mail server takes nothing.
const STUCK: Duration = Duration::from_secs(15);
/// How often records about mail are looked through.
const RECORDS: Duration = Duration::from_secs(3_600);
/// How soon events are copied by their columns, and what is gone is taken out of the copies. Until then questions read
/// the one from the rows, and leave out the other.
const COPIES: Duration = Duration::from_millis(500);
/// How soon refused calls are written.
const COUNT: Duration = Duration::from_secs(1);

/// Reads applied site files, and the keys file where it has changed.
pub(super) async fn keep_fresh(sites: Sites, readers: Readers, keys: Arc<Keys>) {
    let mut ticks = tokio::time::interval(REFRESH);
    loop {
        ticks.tick().await;
        in_time(sites.refresh(&readers), "site files were not read again").await;
        match keys.reload() {
            Ok(true) => tracing::info!("the keys file has changed and is in force"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the keys stay what they were"),
        }
    }
}

/// Erases what has ended by itself, the first time at once.
pub(super) async fn keep_swept(writer: Writer, readers: Readers) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(problem) = sweep::round(&writer, &readers, clock::now()).await {
            tracing::warn!(code = problem.code, "what has ended waits for the next round");
        }
    }
}

/// Disposes of what is kept no longer, the first time at once.
pub(super) async fn keep_disposing(database: Database, writer: Writer, readers: Readers) {
    let mut ticks = tokio::time::interval(DISPOSAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut gone = 0;
        let mut disposal = Disposal {
            readers: &readers,
            way: Way::Writer(&writer),
            by: Actor::Job("retention"),
            now: clock::now(),
            progress: |_: &str, _: &Rule, n: u64| gone = gone.max(n),
        };
        let done = disposal::alone(&database, disposal.all()).await;
        match done {
            Ok(Some(())) if gone > 0 => {
                tracing::info!("what was kept long enough is gone; the audit trail says how much");
            }
            Ok(Some(())) => {}
            Ok(None) => tracing::debug!("another collector disposes of what is kept no longer"),
            Err(problem) => {
                tracing::warn!(
                    code = problem.code,
                    "what is kept no longer waits for the next round"
                );
            }
        }
    }
}

/// Copies events by their columns for questions, and takes out of the copies what is gone.
pub(super) async fn keep_copying(database: Database) {
    let mut ticks = tokio::time::interval(COPIES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match timeout(PATIENCE, copy::round(&database)).await {
            Ok(Ok(Round::More)) => {
                ticks.reset_immediately();
                tokio::task::yield_now().await;
            }
            Ok(Ok(Round::Done | Round::Elsewhere)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Logged(&error), "events were not copied: the next round goes on");
            }
            Err(_) => {
                tracing::warn!("events were not copied: no answer in {} s", PATIENCE.as_secs())
            }
        }
    }
}

/// Waits for what the database is asked, but not for ever: a server that hangs breaks no connection.
async fn in_time(asked: impl Future<Output = sqlx::Result<()>>, failed: &str) {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = %Logged(&error), "{failed}"),
        Err(_) => tracing::warn!("{failed}: no answer in {} s", PATIENCE.as_secs()),
    }
}

/// Keeps SQLite's log short.
pub(super) async fn carry(mut checkpoints: Checkpoints) {
    let mut ticks = tokio::time::interval(CHECKPOINTS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = checkpoints.take().await {
            tracing::warn!(error = %Logged(&error), "the database's log was not carried into its file");
        }
    }
}

/// Makes room for the months to come, long before they begin, and drops those that no site keeps any more.
pub(super) async fn turn_months(database: Database, sites: Sites) {
    let mut ticks = tokio::time::interval(MONTHS);
    loop {
        ticks.tick().await;
        let kept = sites.events_are_kept();
        let oldest = kept.map(|days| clock::now().plus(-i64::from(days) * DAY));
        let failed = "the months were not turned: none made ahead, none dropped";
        in_time(database.turn_months(oldest), failed).await;
    }
}

/// Wraps the keys of leads anew after a rotation, a step at a time, until none rests on an earlier key.
pub(super) async fn keep_rewrapping(database: Database, keys: Arc<Keys>) {
    let mut ticks = tokio::time::interval(REWRAP);
    let mut count = 0;
    loop {
        ticks.tick().await;
        // Where there is no earlier key there is nothing to ask the database.
        if keys.earlier_lead_keys(clock::now()).is_empty() {
            continue;
        }
        match rewrap(&database, &keys).await {
            Ok(0) if count == 0 => {}
            Ok(0) => {
                tracing::info!(leads = count, "no lead rests on an earlier key any more");
                count = 0;
            }
            Ok(some) => {
                count += some;
                ticks.reset_immediately();
                tokio::task::yield_now().await;
            }
            Err(error) => tracing::warn!(%error, "keys of leads were not wrapped anew"),
        }
    }
}

async fn rewrap(database: &Database, keys: &Keys) -> Result<usize, SealingError> {
    let mut db = database.reopen().await?;
    let some = sealing::rewrap_some(&mut db, keys, &Actor::Job("rewrap"), clock::now()).await?;
    db.close().await?;
    Ok(some)
}

/// Sends mail, and lets old records go.
pub(super) async fn keep_mailing(sender: Sender) {
    let mut ticks = tokio::time::interval(MAIL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match sender.round().await {
            Ok(Sent::All) => {}
            Ok(Sent::Stuck) => tokio::time::sleep(STUCK).await,
            Err(problem) => tracing::warn!(code = problem.code, "mail waits for the next round"),
        }
    }
}

/// Lets records about mail go whose time is over, and requests that were not confirmed, or are answered.
pub(super) async fn keep_mail_swept(writer: Writer, sites: Sites) {
    let mut ticks = tokio::time::interval(RECORDS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for site in sites.all() {
            if let Err(problem) = writer.asking(asking::Act::Sweep(site.id)).await {
                tracing::warn!(code = problem.code, "old requests wait for the next round");
            }
            let Some(mail) = &site.file.mail else { continue };
            if let Err(problem) = writer.mail(Act::Sweep(site.id, mail.record_days)).await {
                tracing::warn!(
                    code = problem.code,
                    "old records about mail wait for the next round"
                );
            }
        }
    }
}

/// Writes the counts of refused calls.
pub(super) async fn keep_counting(refusals: Pending, writer: Writer) {
    let mut ticks = tokio::time::interval(COUNT);
    loop {
        ticks.tick().await;
        write_counts(&refusals, &writer).await;
    }
}

/// Writes the counts of refused calls, once. What cannot be written waits for the next time.
pub(super) async fn write_counts(refusals: &Pending, writer: &Writer) {
    let counts = refusals.take();
    if !counts.is_empty() && writer.refused(counts.clone()).await.is_err() {
        refusals.put_back(&counts);
    }
}

/// Reads the certificate again each minute, and when told to by SIGHUP.
pub(super) async fn keep_certificate(acceptor: Acceptor) {
    #[cfg(unix)]
    let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
    loop {
        let pause = tokio::time::sleep(tls::REFRESH);
        #[cfg(unix)]
        tokio::select! {
            () = pause => {}
            () = hung_up(told.as_mut()) => {}
        }
        #[cfg(not(unix))]
        pause.await;
        match acceptor.reload() {
            Ok(true) => tracing::info!("the certificate was read again and is in force"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the certificate before stays in force"),
        }
    }
}

#[cfg(unix)]
async fn hung_up(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Ctrl-C, or SIGTERM, from the moment on that this is called: who has been told that the collector listens may
/// stop it at once.
pub(super) fn asked_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate()].map(signal)
    };
    async move {
        #[cfg(unix)]
        if let [Ok(mut interrupted), Ok(mut terminated)] = signals {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
