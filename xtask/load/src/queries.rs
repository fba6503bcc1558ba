//! Questions over many events, while others come in: how long marketers wait for the overview, the top pages and what
//! else there is, and how long it takes until an erased visitor is in no copy any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ashiato::{
    analysis::{
        answer::{self, Asker},
        chosen::Chosen,
        segment::Definition,
    },
    intake::{events::Batch, writer::Writer},
    keys::Keys,
    metrics::Metrics,
    query::{self, Query, WhoseIn},
    site::SiteFile,
    sites::Site,
    store::{
        Connection, Database, SiteId,
        columns::copy::{self, Copier, Round},
        dashboard::{self, Asked},
        probe,
        reports::Holding,
    },
};
use consent_core::{
    ids::VisitorHash,
    time::{DAY, Millis},
};
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use crate::crowd::{Crowd, LARGE, Made};

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
    let mut bench = Bench { db, made, rounds: options.rounds, copied: beside.copied.clone() };
    println!("| | median ms | slowest ms | must ms |\n|---|---:|---:|---:|");
    bench.ask().await?;
    let stored = beside.end().await?;
    println!("\n{stored:.0} events/s came in.");
    Ok(())
}

/// What goes on beside the questions.
struct Beside {
    stop: Arc<AtomicBool>,
    sending: JoinHandle<Result<u32>>,
    copying: JoinHandle<Result<()>>,
    copied: watch::Receiver<()>,
    since: Instant,
}

impl Beside {
    async fn start(made: &Made) -> Result<Self> {
        let connection = made.database.reopen().await?;
        let (writer, _tasks) =
            Writer::start(&made.database, connection, &made.keys, &Metrics::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (site, visitors) = (Arc::clone(&made.site), made.visitors.clone());
        let sending = tokio::spawn(send(writer, site, visitors, Arc::clone(&stop)));
        let (told, copied) = watch::channel(());
        let copying = tokio::spawn(keep_copying(made.database.clone(), Arc::clone(&stop), told));
        Ok(Self { stop, sending, copying, copied, since: Instant::now() })
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
        stored += answer.map_or(0, |answer| u32::try_from(answer.stored).unwrap_or(0));
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

struct Bench {
    made: Made,
    db: Connection,
    rounds: usize,
    /// Changes with every round of copying.
    copied: watch::Receiver<()>,
}

impl Bench {
    async fn ask(&mut self) -> Result<()> {
        let (site, now) = (self.made.site.id, crate::visitors::now());
        let today = self.made.site.day(now);
        let month = (today - 29, today);
        self.overview("overview, 30 days", (site, month, now), None, Some(300)).await?;
        let top = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 30 days", top, month, Some(300)).await?;
        let daily = r#""metrics":["visitors","visits","page_views"],"dimensions":["time:day"]"#;
        self.question("visitors and visits a day, 30 days", daily, month, Some(300)).await?;
        let filtered = r#""metrics":["visitors","visits","engaged_ms"],"dimensions":["referrer"],
            "filters":[["contains","page",["/products/1"]],["is_not","event",["click"]]]"#;
        self.question("referrers, with filters, 30 days", filtered, month, None).await?;
        let all = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 90 days", all, (today - 89, today), None).await?;
        self.of_a_segment(month, top).await?;
        let least =
            self.times(async |bench| Ok(probe::schema(&mut bench.db).await.map(drop)?)).await?;
        row("(a number of one row)", &least, None);
        self.erase().await
    }

    /// Of those who saw some products twice in 90 days and have not clicked in 30: as it is, and where small groups are
    /// protected, so that what it leaves out is counted as well.
    async fn of_a_segment(&mut self, month: (i64, i64), top: &str) -> Result<()> {
        let definition: Definition = serde_json::from_str(SEGMENT)?;
        for smallest in [1, 10] {
            let mut file = self.made.site.file.clone();
            file.statistics.smallest_group = smallest;
            let protected = if smallest > 1 { ", small groups protected" } else { "" };
            let what = format!("top pages of a segment, 30 days{protected}");
            let question = read(top, month)?;
            let times = self
                .times(async |bench| {
                    let chosen = bench.chosen(&file, &definition).await?;
                    let whose = |days| chosen.whose(days);
                    let (site, now) = (bench.made.site.id, crate::visitors::now());
                    let of = (&question, Some(&whose as &WhoseIn<'_>));
                    let answer = query::run(&mut bench.db, site, &file, of, now).await?;
                    ensure!(!answer.results.is_empty(), "nothing is answered");
                    Ok(())
                })
                .await?;
            row(&what, &times, Some(2_500));
            let what = format!("overview of a segment, 30 days{protected}");
            let of = (self.made.site.id, month, crate::visitors::now());
            self.overview(&what, of, Some((&file, &definition)), Some(2_500)).await?;
        }
        Ok(())
    }

    async fn chosen<'f>(
        &mut self,
        file: &'f SiteFile,
        definition: &Definition,
    ) -> Result<Chosen<'f>> {
        let (site, now) = (&self.made.site, crate::visitors::now());
        let asker = Asker {
            room: answer::room().await.map_err(|problem| anyhow::anyhow!("{}", problem.code))?,
            site: site.id,
            key: &file.key,
            file,
            holding: Holding { revision: site.policy.revision(), now },
            today: site.day(now),
            keys: None,
        };
        let chosen = asker.chosen(&mut self.db, definition.clone()).await;
        chosen.map_err(|problem| anyhow::anyhow!("{}", problem.code))
    }

    async fn overview(
        &mut self,
        what: &str,
        (site, days, now): (SiteId, (i64, i64), Millis),
        of: Option<(&SiteFile, &Definition)>,
        must: Option<u32>,
    ) -> Result<()> {
        let hosts = ["localhost:8081".to_owned()];
        let times = self
            .times(async |bench| {
                let chosen = match of {
                    Some((file, definition)) => Some(bench.chosen(file, definition).await?),
                    None => None,
                };
                let whose = chosen.as_ref().map(|chosen| chosen.whose(days));
                let asked = Asked {
                    days,
                    by_hour_from: None,
                    own_hosts: &hosts,
                    filters: &[],
                    rows: 10,
                    whose: whose.as_ref(),
                    beside: of.is_some_and(|(file, _)| file.statistics.smallest_group > 1),
                };
                let shown = dashboard::overview(&mut bench.db, site, &asked, now).await?;
                ensure!(shown.is_some_and(|(shown, _)| shown.total.visits > 0), "nothing is shown");
                Ok(())
            })
            .await?;
        row(what, &times, must);
        Ok(())
    }

    async fn question(
        &mut self,
        what: &str,
        asked: &str,
        days: (i64, i64),
        must: Option<u32>,
    ) -> Result<()> {
        let question = read(asked, days)?;
        let times = self
            .times(async |bench| {
                let (site, now) = (Arc::clone(&bench.made.site), crate::visitors::now());
                let of = (&question, None);
                let answer = query::run(&mut bench.db, site.id, &site.file, of, now).await?;
                ensure!(!answer.results.is_empty(), "nothing is answered");
                Ok(())
            })
            .await?;
        row(what, &times, must);
        Ok(())
    }

    async fn times(
        &mut self,
        mut act: impl AsyncFnMut(&mut Self) -> Result<()>,
    ) -> Result<Vec<Duration>> {
        act(self).await?; // warm
        let mut times = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds.max(1) {
            let start = Instant::now();
            act(self).await?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    }

    /// A visitor of many events: until the rows are gone, and until no copy has any of it.
    async fn erase(&mut self) -> Result<()> {
        let connection = self.made.database.reopen().await?;
        let keys: &Arc<Keys> = &self.made.keys;
        let (writer, _tasks) =
            Writer::start(&self.made.database, connection, keys, &Metrics::default());
        let start = Instant::now();
        let erased = writer.erase(self.made.site.id, self.made.large).await;
        ensure!(matches!(erased, Ok(true)), "the visitor was not there");
        row(&format!("a visitor of {LARGE} events erased"), &[start.elapsed()], None);
        while !copy::is_clean(&mut self.db, self.made.site.id).await? {
            self.copied.changed().await?;
        }
        row("the same, and in no copy any more", &[start.elapsed()], Some(2_000));
        Ok(())
    }
}

/// Who saw some products twice in 90 days and has not clicked in 30.
const SEGMENT: &str = r#"{"all":[
    {"did":{"filters":[["contains","page",["/products/1"]]],"at_least":2,"in_last_days":90}},
    {"did_not":{"filters":[["is","event",["click"]]],"in_last_days":30}}]}"#;

/// A question about the shop, without its days.
fn read(asked: &str, days: (i64, i64)) -> Result<query::Question> {
    let date = |day: i64| {
        let then = jiff::Timestamp::from_millisecond(day * DAY);
        then.map(|then| then.strftime("%Y-%m-%d").to_string())
    };
    let (from, to) = (date(days.0)?, date(days.1)?);
    let text = format!(r#"{{"site":"shop",{asked},"date_range":["{from}","{to}"]}}"#);
    let question = serde_json::from_str::<Query>(&text)?.question();
    question.map_err(|problem| anyhow::anyhow!("{}", problem.code))
}

fn row(what: &str, times: &[Duration], must: Option<u32>) {
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    let must = must.map_or_else(String::new, |must| must.to_string());
    println!(
        "| {what} | {:.1} | {:.1} | {must} |",
        ms(times.get(times.len() / 2)),
        ms(times.last())
    );
}
