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
    analysis::answer::{self, Asker},
    intake::{events::Batch, writer::Writer},
    metrics::Metrics,
    query::{self, Query},
    sites::Site,
    store::{
        Connection, Database, SiteId,
        columns::copy::{self, Copier, Round},
        dashboard::{self, Asked},
        probe,
        reports::{self, Holding, Timeline},
    },
};
use consent_core::{
    ids::VisitorHash,
    time::{DAY, Millis},
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::MissedTickBehavior,
};

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

struct Bench {
    made: Made,
    db: Connection,
    rounds: usize,
    writer: Writer,
    /// Changes with every round of copying.
    copied: watch::Receiver<()>,
}

impl Bench {
    async fn ask(&mut self) -> Result<()> {
        let (site, now) = (self.made.site.id, crate::visitors::now());
        let today = self.made.site.day(now);
        let month = (today - 29, today);
        self.overview(site, month, now).await?;
        let top = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 30 days", top, month, Some(300)).await?;
        let daily = r#""metrics":["visitors","visits","page_views"],"dimensions":["time:day"]"#;
        self.question("visitors and visits a day, 30 days", daily, month, Some(300)).await?;
        let filtered = r#""metrics":["visitors","visits","engaged_ms"],"dimensions":["referrer"],
            "filters":[["contains","page",["/products/1"]],["is_not","event",["click"]]]"#;
        self.question("referrers, with filters, 30 days", filtered, month, None).await?;
        let all = r#""metrics":["visitors","page_views"],"dimensions":["page"],"limit":100"#;
        self.question("top pages with visitors, 90 days", all, (today - 89, today), None).await?;
        self.funnel(month).await?;
        self.cohorts((today - 55, today - 1)).await?;
        self.timeline().await?;
        let least =
            self.times(async |bench| Ok(probe::schema(&mut bench.db).await.map(drop)?)).await?;
        row("(a number of one row)", &least, None);
        self.erase().await
    }

    async fn overview(&mut self, site: SiteId, days: (i64, i64), now: Millis) -> Result<()> {
        let hosts = ["localhost:8081".to_owned()];
        let asked = Asked { days, by_hour_from: None, own_hosts: &hosts, filters: &[], rows: 10 };
        let times = self
            .times(async |bench| {
                let shown = dashboard::overview(&mut bench.db, site, &asked, now).await?;
                ensure!(shown.total.visits > 0, "nothing is shown");
                Ok(())
            })
            .await?;
        row("overview, 30 days", &times, Some(300));
        Ok(())
    }

    async fn question(
        &mut self,
        what: &str,
        asked: &str,
        days: (i64, i64),
        must: Option<u32>,
    ) -> Result<()> {
        let question = read::<Query>(asked, days)?.question();
        let question = question.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let times = self
            .times(async |bench| {
                let site = Arc::clone(&bench.made.site);
                let now = crate::visitors::now();
                let answer = query::run(&mut bench.db, site.id, &site.file, &question, now).await?;
                ensure!(!answer.results.is_empty(), "nothing is answered");
                Ok(())
            })
            .await?;
        row(what, &times, must);
        Ok(())
    }

    async fn funnel(&mut self, days: (i64, i64)) -> Result<()> {
        let steps = r#""window_minutes":129600,"breakdown":"referrer","steps":[
            {"name":"seen","filters":[["is","event",["page_view"]],["contains","page",["/products/1"]]]},
            {"name":"kept","filters":[["is","event",["add_to_cart"]]]},
            {"name":"read","filters":[["is","event",["user_engagement"]]]}]"#;
        let asked = read(steps, days)?;
        let times = self
            .times(async |bench| {
                let site = Arc::clone(&bench.made.site);
                let answer = asker(&site).await?.funnel(&mut bench.db, &asked, None).await;
                let answer = answer.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
                ensure!(answer.groups.is_some(), "nobody is in the funnel");
                Ok(())
            })
            .await?;
        row("funnel of three steps, 30 days and 90 to end it", &times, Some(2_500));
        Ok(())
    }

    async fn cohorts(&mut self, days: (i64, i64)) -> Result<()> {
        let asked = read(r#""unit":"week","periods":8"#, days)?;
        let times = self
            .times(async |bench| {
                let site = Arc::clone(&bench.made.site);
                let answer = asker(&site).await?.cohorts(&mut bench.db, &asked, None).await;
                let answer = answer.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
                ensure!(!answer.cohorts.is_empty(), "nobody came");
                Ok(())
            })
            .await?;
        row("cohorts by week, eight weeks", &times, Some(2_500));
        Ok(())
    }

    async fn timeline(&mut self) -> Result<()> {
        let times = self
            .times(async |bench| {
                let (site, lead) = (Arc::clone(&bench.made.site), bench.made.lead);
                let shown = reports::timeline(&mut bench.db, site.id, holding(&site), lead).await?;
                let seen = matches!(shown, Timeline::Linked(_, moments) if !moments.is_empty());
                ensure!(seen, "nothing is known of the lead");
                Ok(())
            })
            .await?;
        row(&format!("timeline of a lead with {LARGE} events"), &times, Some(20));
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
        let start = Instant::now();
        let erased = self.writer.erase(self.made.site.id, self.made.large).await;
        ensure!(matches!(erased, Ok(true)), "the visitor was not there");
        row(&format!("a visitor of {LARGE} events erased"), &[start.elapsed()], None);
        while !copy::is_clean(&mut self.db, self.made.site.id).await? {
            self.copied.changed().await?;
        }
        row("the same, and in no copy any more", &[start.elapsed()], Some(2_000));
        Ok(())
    }
}

fn holding(site: &Site) -> Holding {
    Holding { revision: site.policy.revision(), now: crate::visitors::now() }
}

async fn asker(site: &Site) -> Result<Asker<'_>> {
    let room = answer::room().await.map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    let (file, key, holding) = (&site.file, &site.key, holding(site));
    let today = site.day(holding.now);
    Ok(Asker { room, site: site.id, key, file, holding, today, keys: None })
}

/// A question about the shop and these days, as the API takes it.
fn read<T: DeserializeOwned>(asked: &str, days: (i64, i64)) -> Result<T> {
    let date = |day: i64| {
        let then = jiff::Timestamp::from_millisecond(day * DAY);
        then.map(|then| then.strftime("%Y-%m-%d").to_string())
    };
    let (from, to) = (date(days.0)?, date(days.1)?);
    let text = format!(r#"{{"site":"shop",{asked},"date_range":["{from}","{to}"]}}"#);
    Ok(serde_json::from_str(&text)?)
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
