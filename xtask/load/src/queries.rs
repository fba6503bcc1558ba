//! Questions over many events, while others come in: how long marketers wait for the overview, the top pages and what
//! else there is, and how long it takes until an erased visitor is in no copy any more.

mod asked;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ashiato::{
    intake::{events::Batch, writer::Writer},
    metrics::Metrics,
    sites::Site,
    store::{
        Database,
        columns::copy::{Copier, Round},
    },
};
use consent_core::ids::VisitorHash;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::MissedTickBehavior,
};

use crate::crowd::{Crowd, Made};
use asked::Bench;

/// How many, and where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The address of an empty database
    #[arg(long)]
    database_url: String,
    /// A folder for a keys file
    #[arg(long)]
    folder: std::path::PathBuf,
    /// The shop's site file
    #[arg(long)]
    site: std::path::PathBuf,
    /// Events, over ninety days
    #[arg(long)]
    events: u32,
    /// Times that each question is asked
    #[arg(long)]
    rounds: usize,
}

/// Events a second that come in meanwhile, and how many at once.
const RATE: u32 = 2_000;
const TOGETHER: u32 = 20;
/// How soon copies are made, as `ashiato serve` does it.
const COPIES: Duration = Duration::from_millis(500);

pub(crate) async fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let made = Crowd::gather(&options.database_url, &options.folder, &options.site, options.events)
        .await?
        .fill()
        .await?;
    let filled = start.elapsed();
    let start = Instant::now();
    let mut copier = Copier::new(made.database.clone());
    while copier.round().await? != Round::Done {}
    drop(copier); // its lock ends with its connection: another goes on
    println!(
        "{} events of {} visitors over 90 days, stored in {:.0} s and copied in {:.0} s; {RATE} events/s come in meanwhile.\n",
        options.events,
        made.visitors.len(),
        filled.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    let beside = Beside::start(&made).await?;
    let db = made.database.readers().await?.acquire().await?;
    let (writer, copied) = (beside.writer.clone(), beside.copied.clone());
    let mut bench = Bench { db, made, rounds: options.rounds, writer, copied };
    println!("| | median ms | slowest ms | must ms |\n|---|---:|---:|---:|");
    bench.ask().await?;
    let stored = beside.end().await?;
    println!("\n{stored:.0} events/s came in.");
    Ok(())
}

/// What goes on beside the questions.
struct Beside {
    stop: Arc<AtomicBool>,
    writer: Writer,
    /// What the writer does: it ends with them.
    _tasks: JoinSet<()>,
    sending: JoinHandle<Result<u32>>,
    copying: JoinHandle<Result<()>>,
    copied: watch::Receiver<()>,
    since: Instant,
}

impl Beside {
    async fn start(made: &Made) -> Result<Self> {
        let connection = made.database.reopen().await?;
        let (writer, tasks) =
            Writer::start(&made.database, connection, &made.keys, &Metrics::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (site, visitors) = (Arc::clone(&made.site), made.visitors.clone());
        let sending = tokio::spawn(send(writer.clone(), site, visitors, Arc::clone(&stop)));
        let (told, copied) = watch::channel(());
        let copying = tokio::spawn(keep_copying(made.database.clone(), Arc::clone(&stop), told));
        let since = Instant::now();
        Ok(Self { stop, writer, _tasks: tasks, sending, copying, copied, since })
    }

    /// Events a second that came in.
    async fn end(self) -> Result<f64> {
        self.stop.store(true, Ordering::Relaxed);
        self.copying.await??;
        let stored = self.sending.await??;
        Ok(f64::from(stored) / self.since.elapsed().as_secs_f64())
    }
}

async fn send(
    writer: Writer,
    site: Arc<Site>,
    visitors: Arc<Vec<VisitorHash>>,
    stop: Arc<AtomicBool>,
) -> Result<u32> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) * TOGETHER / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut stored = 0;
    let mut random = crate::crowd::Random::new(7);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let at = crate::visitors::now();
        let entries: Vec<_> = (0..TOGETHER).map(|_| crate::crowd::event(&mut random, at)).collect();
        let visitor = visitors[usize::try_from(random.below(visitors.len() as u64))?];
        let batch = Batch::read(Arc::clone(&site), visitor, entries.iter().map(String::as_str));
        let answer = writer.store(batch).await;
        let answer = answer.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        ensure!(answer.refused.is_empty(), "refused: {:?}", answer.refused.first());
        stored += u32::try_from(answer.stored)?;
    }
    Ok(stored)
}

/// Copies, and says so after every round.
async fn keep_copying(
    database: Database,
    stop: Arc<AtomicBool>,
    copied: watch::Sender<()>,
) -> Result<()> {
    let (mut ticks, mut copier) = (tokio::time::interval(COPIES), Copier::new(database));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        while copier.round().await? == Round::More {}
        copied.send_replace(());
    }
    Ok(())
}
