//! What is measured, in which order. The two servers take turns in every round, so that whatever
//! else the machine does falls on both.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Result, ensure};
use consent_core::wire::EventsAnswer;
use hyper::{StatusCode, body::Bytes};

use crate::{
    link::Server,
    stored, table,
    visitors::Crowd,
    watch::Process,
    window::{Load, Window, measure},
};

/// Which servers, and how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The collector
    #[arg(long)]
    collector: String,
    /// Its process
    #[arg(long)]
    collector_pid: u32,
    /// The bare server
    #[arg(long)]
    bare: String,
    /// Its process
    #[arg(long)]
    bare_pid: u32,
    /// The address of the collector's database
    #[arg(long)]
    database_url: String,
    /// The process of the database's server, where it has one
    #[arg(long)]
    database_pid: Option<u32>,
    /// The collector's program
    #[arg(long)]
    ashiato: PathBuf,
    /// The shop's origin
    #[arg(long)]
    origin: String,
    /// Seconds of one window
    #[arg(long)]
    seconds: f64,
    /// Rounds
    #[arg(long)]
    rounds: usize,
}

/// Visitors who send.
const VISITORS: usize = 400;
/// Decisions signed for a second; more than are recorded.
const DECISIONS: u128 = 12_000;
/// Events in most batches.
const BATCH: usize = 10;
/// Events in the batches that are compared, and connections.
const SIZES: [usize; 3] = [BATCH, 1, 100];
const CONNECTIONS: [usize; 2] = [32, MANY];
const MANY: usize = 128;
/// Events a second that are signed for where nothing is known yet, and batches at most.
const GUESS: (usize, usize) = (300_000, 60_000);

/// One kind of load on both servers, by rounds.
pub(crate) struct Pair {
    /// Events in a batch.
    pub(crate) size: usize,
    pub(crate) connections: usize,
    /// Bare server, collector.
    pub(crate) rounds: Vec<(Window, Window)>,
}

/// Everything that was measured.
pub(crate) struct Outcome {
    pub(crate) pairs: Vec<Pair>,
    /// At half the rate that 128 connections reached.
    pub(crate) half: Window,
    /// A thousand connections.
    pub(crate) many: Window,
    pub(crate) decisions: Window,
    /// Events acknowledged; as many are stored.
    pub(crate) events: u64,
    /// Bytes that those events take on disk.
    pub(crate) bytes: u64,
    /// The collector's peak of memory in bytes: before the thousand connections, and with them.
    pub(crate) memory: (Option<f64>, Option<f64>),
}

/// Measures, checks the counts, prints tables.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let collector = Server::at(&options.collector, &options.origin)?;
    let mut bench = Bench {
        crowd: Crowd::gather(&collector, &options.origin, VISITORS).await?,
        collector,
        bare: Server::at(&options.bare, &options.origin)?,
        options,
        last: BTreeMap::new(),
        events: 0,
    };
    let outcome = bench.run().await?;
    table::print(&outcome);
    Ok(())
}

struct Bench<'a> {
    options: &'a Options,
    crowd: Crowd,
    collector: Server,
    bare: Server,
    /// The last window by the size of its batches.
    last: BTreeMap<usize, Window>,
    /// Events that the collector said it stored.
    events: u64,
}

impl Bench<'_> {
    async fn run(&mut self) -> Result<Outcome> {
        let decisions = self.decisions().await?;
        let empty = stored::bytes(&self.options.database_url).await?;
        self.both(BATCH, 32).await?; // to warm up
        let of_size =
            |size| CONNECTIONS.map(|connections| Pair { size, connections, rounds: Vec::new() });
        let mut pairs: Vec<_> = SIZES.into_iter().flat_map(of_size).collect();
        for _ in 0..self.options.rounds {
            for pair in &mut pairs {
                pair.rounds.push(self.both(pair.size, pair.connections).await?);
            }
        }
        let usual = pairs.iter().find(|pair| (pair.size, pair.connections) == (BATCH, MANY));
        let peak = usual.and_then(|pair| pair.rounds.last());
        let half = peak.map(|(_, collector)| collector.rate() / 2.0);
        let half = self.collector(BATCH, MANY, half).await?;
        let process = Process(self.options.collector_pid);
        let before = process.peak_memory();
        let many = self.collector(BATCH, 1_000, None).await?;
        let memory = (before, process.peak_memory());
        self.all_are_stored()?;
        let full = stored::bytes(&self.options.database_url).await?;
        let (events, bytes) = (self.events, full.saturating_sub(empty));
        Ok(Outcome { pairs, half, many, decisions, events, bytes, memory })
    }

    /// What was acknowledged can be counted in the database, no more and no less.
    fn all_are_stored(&self) -> Result<()> {
        let found = stored::events(&self.options.ashiato, &self.options.database_url)?;
        ensure!(
            found == self.events,
            "{} events were acknowledged, {found} are stored",
            self.events
        );
        Ok(())
    }

    async fn both(&mut self, size: usize, connections: usize) -> Result<(Window, Window)> {
        let bare = self.bare(size, connections).await?;
        Ok((bare, self.collector(size, connections, None).await?))
    }

    async fn bare(&mut self, size: usize, connections: usize) -> Result<Window> {
        measure(Load {
            server: self.bare.clone(),
            process: Process(self.options.bare_pid),
            database: None,
            path: "/v1/events",
            bodies: self.crowd.batches(1_000, size),
            again: true,
            good: |status, _| status == StatusCode::NO_CONTENT,
            connections,
            length: self.length(),
            pace: None,
        })
        .await
    }

    async fn collector(
        &mut self,
        size: usize,
        connections: usize,
        pace: Option<f64>,
    ) -> Result<Window> {
        let bodies = self.crowd.batches(self.needed(size), size);
        let mut load = self.collecting("/v1/events", bodies, all_stored);
        load.connections = connections;
        load.pace = pace;
        let window = measure(load).await?;
        ensure!(window.bad == 0, "{} batches were not stored whole", window.bad);
        self.events += window.good * u64::try_from(size)?;
        if pace.is_none() {
            self.last.insert(size, window.clone());
        }
        Ok(window)
    }

    async fn decisions(&mut self) -> Result<Window> {
        let count = usize::try_from(DECISIONS * self.length().as_millis() / 1_000)?;
        let bodies = self.crowd.decisions(count);
        let load =
            self.collecting("/v1/consents", bodies, |status, _| status == StatusCode::CREATED);
        let window = measure(load).await?;
        ensure!(window.bad == 0, "{} decisions were not recorded", window.bad);
        Ok(window)
    }

    fn collecting(
        &self,
        path: &'static str,
        bodies: Vec<Bytes>,
        good: fn(StatusCode, &[u8]) -> bool,
    ) -> Load {
        Load {
            server: self.collector.clone(),
            process: Process(self.options.collector_pid),
            database: self.options.database_pid.map(Process),
            path,
            bodies,
            again: false,
            good,
            connections: 32,
            length: self.length(),
            pace: None,
        }
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.options.seconds)
    }

    /// Batches to sign for a window: half as many again as in the last one like it.
    fn needed(&self, size: usize) -> usize {
        let milliseconds = self.length().as_millis();
        let (events, batches) = GUESS;
        let guess =
            u128::try_from((events / size).min(batches)).unwrap_or(0) * milliseconds / 1_000;
        let known = self.last.get(&size).map(|window| {
            u128::from(window.good) * milliseconds * 3 / 2 / window.took.as_millis().max(1)
        });
        usize::try_from(known.unwrap_or(guess)).unwrap_or(0).max(1_000)
    }
}

/// Whether an answer says that every event of the batch was stored, and was new. How many those are
/// is checked by the count at the end.
fn all_stored(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::OK
        && serde_json::from_slice::<EventsAnswer>(body).is_ok_and(|answer| {
            answer.stored > 0 && answer.duplicate == 0 && answer.refused.is_empty()
        })
}
