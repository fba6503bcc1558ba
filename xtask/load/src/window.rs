//! One measuring window: some connections, each posting the next body as soon as its last one is
//! answered, or at the times of an even pace.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use hyper::{StatusCode, body::Bytes};
use tokio::task::spawn_local;

use crate::{
    link::{Link, Server},
    watch::Process,
};

/// What is posted, and what answer counts.
pub(crate) struct Load {
    pub(crate) server: Server,
    pub(crate) process: Process,
    /// The database's server, where it has one.
    pub(crate) database: Option<Process>,
    pub(crate) path: &'static str,
    pub(crate) bodies: Vec<Bytes>,
    /// Whether the bodies may be posted again and again; the window otherwise ends with them.
    pub(crate) again: bool,
    pub(crate) good: fn(StatusCode, &[u8]) -> bool,
    pub(crate) connections: usize,
    pub(crate) length: Duration,
    /// Requests a second, evenly spread; without it as many as are answered.
    pub(crate) pace: Option<f64>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Requests answered as they should be.
    pub(crate) good: u64,
    /// Requests answered otherwise.
    pub(crate) bad: u64,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Milliseconds within which half of the answers came.
    pub(crate) p50: f64,
    /// Milliseconds within which 99 of 100 came.
    pub(crate) p99: f64,
    /// Seconds of processor time that the server used.
    pub(crate) cpu: Option<f64>,
    /// Seconds of it that the database's own processes used.
    pub(crate) database: Option<f64>,
    /// Seconds of it that the load itself used.
    pub(crate) own: Option<f64>,
}

impl Window {
    /// Good answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.good as f64 / self.took.as_secs_f64()
    }

    /// How busy a processor core was with it: the server, the load. Where the load is near 1 and the
    /// server is not, the load was the limit.
    pub(crate) fn busy(&self) -> (Option<f64>, Option<f64>) {
        let share = |cpu: Option<f64>| cpu.map(|cpu| cpu / self.took.as_secs_f64());
        (share(self.cpu), share(self.own))
    }

    /// Microseconds of the server's processor time for a good answer.
    pub(crate) fn cpu_each(&self) -> Option<f64> {
        self.each(self.cpu?)
    }

    /// The same of the database's own processes.
    pub(crate) fn database_each(&self) -> Option<f64> {
        self.each(self.database?)
    }

    fn each(&self, seconds: f64) -> Option<f64> {
        (self.good > 0).then(|| seconds * 1e6 / self.good as f64)
    }
}

/// What the connections share.
struct Shared {
    load: Load,
    next: usize,
    good: u64,
    bad: u64,
    latency: Histogram<u64>,
}

impl Shared {
    /// The next body, with its number in the order of posting.
    fn take(&mut self) -> Option<(usize, Bytes)> {
        let bodies = &self.load.bodies;
        let at = if self.load.again { self.next % bodies.len().max(1) } else { self.next };
        let body = bodies.get(at)?.clone();
        self.next += 1;
        Some((self.next - 1, body))
    }
}

/// Runs a window.
pub(crate) async fn measure(load: Load) -> Result<Window> {
    let (process, database, connections) = (load.process, load.database, load.connections);
    let mut links = Vec::with_capacity(connections);
    for _ in 0..connections {
        links.push(Link::open(&load.server).await.context("the server takes no connection")?);
    }
    let latency = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    let shared = Rc::new(RefCell::new(Shared { load, next: 0, good: 0, bad: 0, latency }));
    let own = Process(std::process::id());
    let of_database = || database.and_then(Process::cpu_of_all);
    let before = (process.cpu(), own.cpu(), of_database());
    let start = Instant::now();
    let senders: Vec<_> =
        links.into_iter().map(|link| spawn_local(send(link, Rc::clone(&shared), start))).collect();
    for sender in senders {
        sender.await??;
    }
    let took = start.elapsed();
    let since = |before: Option<f64>, after: Option<f64>| Some(after? - before?);
    let (cpu, own) = (since(before.0, process.cpu()), since(before.1, own.cpu()));
    let database = since(before.2, of_database());
    let shared = shared.borrow();
    let milliseconds = |quantile| shared.latency.value_at_quantile(quantile) as f64 / 1e3;
    Ok(Window {
        good: shared.good,
        bad: shared.bad,
        took,
        p50: milliseconds(0.5),
        p99: milliseconds(0.99),
        cpu,
        database,
        own,
    })
}

/// One connection's part.
async fn send(mut link: Link, shared: Rc<RefCell<Shared>>, start: Instant) -> Result<()> {
    let (path, good, length, pace) = {
        let load = &shared.borrow().load;
        (load.path, load.good, load.length, load.pace)
    };
    while start.elapsed() < length {
        let Some((number, body)) = shared.borrow_mut().take() else { break };
        let begun = match pace {
            None => Instant::now(),
            Some(pace) => {
                let due = start + Duration::from_secs_f64(number as f64 / pace);
                wait_until(due).await
            }
        };
        let (status, answer) = link.post(path, body).await?;
        let took = u64::try_from(begun.elapsed().as_micros())?;
        let mut shared = shared.borrow_mut();
        shared.latency.saturating_record(took);
        if good(status, &answer) {
            shared.good += 1;
        } else {
            shared.bad += 1;
        }
    }
    Ok(())
}

/// From when a request's time counts: from when it was due where the connection was still busy then,
/// else from when the timer, which is a millisecond late at most, let it go.
async fn wait_until(due: Instant) -> Instant {
    if Instant::now() > due {
        return due;
    }
    tokio::time::sleep_until(due.into()).await;
    Instant::now()
}
