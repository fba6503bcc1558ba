//! Leads: how fast they are sealed and written, found by their keyed hash, opened, wrapped anew and erased,
//! among as many as there are. By turns with the least that the writer can commit, and the least that the
//! database can answer.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use ashiato::{
    client::{Asset, Client},
    clock,
    intake::{
        leads::{Filled, Sent},
        sealing,
        writer::Writer,
    },
    keys::{self, Keys, Purpose},
    metrics::Metrics,
    site::SiteFile,
    sites::{Site, Sites},
    store::{
        Connection, Database,
        audit::Actor,
        checkpoints,
        leads::{self, Erasure, read},
        probe,
        reports::Holding,
        sites as rows,
    },
};
use consent_core::{contact::Contact, form::Submission, ids::LeadId, time::Millis};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::kept::Kept;

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
    /// Leads
    #[arg(long)]
    leads: u32,
    /// Events that are past their time
    #[arg(long)]
    events: u32,
}

/// By whom the audit trail is told that this is done.
const BENCH: Actor = Actor::Job("bench");
/// Callers at once.
const CALLERS: usize = 256;
/// Leads between two turns of what writing is compared with.
const TURN: u32 = 10_000;
/// Look-ups, and erasures.
const LOOKUPS: u32 = 5_000;
const ERASURES: u32 = 500;

/// A deployment without its HTTP.
struct Bench {
    database: Database,
    db: Connection,
    keys: Arc<Keys>,
    keys_file: std::path::PathBuf,
    site: Arc<Site>,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let mut bench = Bench::open(options).await?;
    let count = options.leads.max(1);
    println!(
        "{count} leads of a name, an address and a message of 200 characters; {CALLERS} callers at once.\n"
    );
    println!("| | a second | beside it | a second | ratio |\n|---|---:|---|---:|---:|");
    bench.write(count).await?;
    bench.rewrap(count).await?;
    println!(
        "\n| one after the other | median µs | 99 % µs | beside it | median µs |\n|---|---:|---:|---|---:|"
    );
    bench.look_up(count).await?;
    bench.erase(count).await?;
    let Bench { database, keys, site, .. } = &bench;
    Kept { database, keys, site }.run(options.events).await
}

impl Bench {
    async fn open(options: &Options) -> Result<Self> {
        let database = Database::at(&options.database_url)?;
        let mut db = database.create().await?;
        let text = std::fs::read_to_string(&options.site)?;
        let file: SiteFile =
            ashiato::site::parse(&text).map_err(|_| anyhow::anyhow!("the site file is not one"))?;
        rows::apply(&mut db, &file.key, &file, &BENCH, clock::now()).await?;
        let types = Arc::new(Asset::new("text/plain", vec![]));
        let client =
            Arc::new(Client { loader: String::new(), ui: String::new(), parts: [].into(), types });
        let sites = Sites::new(client, "http://localhost:8080".into());
        sites.refresh(&database.readers().await?).await?;
        let site = sites.get(file.key.as_str()).context("the site is in force")?;
        let keys_file = options.folder.join("keys");
        let keys = Arc::new(Keys::open(&keys_file, clock::now())?);
        Ok(Self { database, db, keys, keys_file, site })
    }

    fn filled(&self, number: u32) -> Result<Sent> {
        let fields = [
            ("name".to_owned(), format!("足跡 花子 {number}")),
            ("email".to_owned(), email(number)),
            ("message".to_owned(), "こんにちは。".repeat(200 / 6)),
        ];
        let filled = Filled {
            site: Arc::clone(&self.site),
            visitor: None,
            form: self.site.file.form(&"contact".parse()?).context("the shop has that form")?,
            submission: Submission { fields: fields.into(), ..Submission::default() },
            page: "https://shop.example/contact".to_owned(),
            signature: keys::random()?,
            id: id(number),
        };
        Ok(filled.seal(&self.keys, clock::now())?)
    }

    /// Through the writer, as calls come; by turns with writes of a row of no consequence.
    async fn write(&mut self, count: u32) -> Result<()> {
        let connection = self.database.reopen().await?;
        let (writer, mut tasks) =
            Writer::start(&self.database, connection, &self.keys, &Metrics::default());
        let (mut leads, mut least) = (Duration::ZERO, Duration::ZERO);
        let mut written = 0;
        while written < count {
            let turn = TURN.min(count - written);
            let start = Instant::now();
            at_once(written..written + turn, |number| {
                let (sent, writer) = (self.filled(number), writer.clone());
                async move {
                    let taken = writer.lead(sent?).await;
                    ensure!(taken.is_ok(), "a lead was not taken");
                    Ok(())
                }
            })
            .await?;
            leads += start.elapsed();
            let start = Instant::now();
            at_once(0..turn, |_| {
                let writer = writer.clone();
                async move {
                    ensure!(writer.probe().await.is_ok(), "nothing was written");
                    Ok(())
                }
            })
            .await?;
            least += start.elapsed();
            written += turn;
        }
        drop(writer);
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        let (leads, least) = (per_second(count, leads), per_second(count, least));
        println!(
            "| sealed and written | {leads:.0} | a row of no consequence | {least:.0} | {:.2} |",
            leads / least
        );
        Ok(())
    }

    /// Every lead's key, under a new lead key.
    async fn rewrap(&mut self, count: u32) -> Result<()> {
        keys::rotate(&self.keys_file, &[Purpose::Lead], clock::now(), 0)?;
        self.keys.reload()?;
        let later = clock::now().plus(1_000);
        let start = Instant::now();
        let mut all = 0;
        loop {
            match sealing::rewrap_some(&mut self.db, &self.keys, &BENCH, later).await? {
                0 => break,
                some => all += some,
            }
        }
        ensure!(all == count as usize, "{all} of {count} keys were wrapped anew");
        println!("| wrapped anew | {:.0} | | | |", per_second(count, start.elapsed()));
        Ok(())
    }

    /// From an address to what its person wrote.
    async fn look_up(&mut self, count: u32) -> Result<()> {
        let (mut found, mut least) = (histogram()?, histogram()?);
        let holding = Holding { revision: 1, now: clock::now() };
        for turn in 0..LOOKUPS {
            let number = spread(turn, count);
            let start = Instant::now();
            let contact = Contact::email(&email(number)).context("an address")?;
            let digest = (contact.kind(), self.keys.lead_digest(&self.site.key, &contact));
            let ids = read::of_person(&mut self.db, self.site.id, digest).await?;
            ensure!(ids == [id(number)], "the lead is not found");
            let lead = read::one(&mut self.db, self.site.id, holding, ids[0]).await?;
            let lead = lead.context("the lead is there")?;
            let fields = self.keys.open_lead(&self.site.key, lead.id, &lead.sealed)?;
            found.record(micros(start))?;
            ensure!(fields["email"] == email(number), "another lead was opened");
            let start = Instant::now();
            probe::schema(&mut self.db).await?;
            least.record(micros(start))?;
        }
        row("found, read and opened", &found, "a number of one row", &least);
        Ok(())
    }

    /// Each by itself, to the end: committed, and out of the log.
    async fn erase(&mut self, count: u32) -> Result<()> {
        let (mut erased, mut least) = (histogram()?, histogram()?);
        let erasures = ERASURES.min(count);
        for number in 0..erasures {
            // Neighbours in time lie apart in the tables.
            let lead = id(number * (count / erasures).max(1));
            let start = Instant::now();
            let mut tx = self.db.begin().await?;
            let erasure = leads::erase(&mut tx, self.site.id, lead, clock::now()).await?;
            tx.commit().await?;
            ensure!(checkpoints::forget(&mut self.db).await?, "the log was not emptied");
            erased.record(micros(start))?;
            ensure!(erasure == Erasure::Erased, "the lead was not there");
            let start = Instant::now();
            let mut tx = self.db.begin().await?;
            probe::write(&mut tx, Millis(i64::from(number))).await?;
            tx.commit().await?;
            least.record(micros(start))?;
        }
        row("erased", &erased, "a row of no consequence", &least);
        Ok(())
    }
}

/// Runs an act for each number, as many at once as there are callers.
async fn at_once<F: Future<Output = Result<()>> + Send + 'static>(
    numbers: std::ops::Range<u32>,
    act: impl Fn(u32) -> F,
) -> Result<()> {
    let mut calls = JoinSet::new();
    for number in numbers {
        if calls.len() == CALLERS
            && let Some(done) = calls.join_next().await
        {
            done??;
        }
        calls.spawn(act(number));
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    Ok(())
}

fn email(number: u32) -> String {
    format!("hanako{number}@mail{}.example", number % 97)
}

/// The id of the lead of that number: spread over all ids, as random ones are.
fn id(number: u32) -> LeadId {
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    LeadId::from_bytes(mixed.to_be_bytes())
}

/// Numbers below `count`, in no order.
fn spread(turn: u32, count: u32) -> u32 {
    u32::try_from(u64::from(turn) * 2_654_435_761 % u64::from(count)).unwrap_or(0)
}

fn per_second(count: u32, time: Duration) -> f64 {
    f64::from(count) / time.as_secs_f64()
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
}

fn row(what: &str, of: &Histogram<u64>, beside: &str, least: &Histogram<u64>) {
    let (median, late) = (of.value_at_quantile(0.5), of.value_at_quantile(0.99));
    println!("| {what} | {median} | {late} | {beside} | {} |", least.value_at_quantile(0.5));
}
