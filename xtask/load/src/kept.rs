//! Erasing a person with much browsing, and disposing of old events while new ones come.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use ashiato::{
    clock,
    device::Device,
    intake::{
        consents::Decide,
        disposal::{self, Disposal, Way},
        events::Batch,
        leads::Filled,
        subject::{self, Desk, Kind},
        writer::Writer,
    },
    keys::{self, Keys},
    metrics::Metrics,
    session::Session,
    site::{Law, retention::Rule},
    sites::Site,
    store::{Database, audit::Actor, sites},
};
use consent_core::{
    choices::Method,
    contact::Contact,
    form::Submission,
    ids::{LeadId, Uuid7, VisitorHash},
    time::{DAY, Millis},
    wire::ConsentRequest,
};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

/// By whom the audit trail is told that this is done.
const BENCH: Actor = Actor::Job("bench");
/// Events of the person who is erased.
const BROWSING: u32 = 10_000;
/// Events of a batch, and batches under way.
const BATCH: u32 = 100;
const CALLERS: usize = 16;
/// How long new events come by themselves, for comparison.
const ALONE: Duration = Duration::from_secs(10);
/// Between two batches of the new ones: two thousand events a second.
const PACE: Duration = Duration::from_millis(50);
/// Days that the shop keeps its analytics.
const KEPT: i64 = 395;

/// A deployment without its HTTP.
pub(crate) struct Kept<'a> {
    pub(crate) database: &'a Database,
    pub(crate) keys: &'a Arc<Keys>,
    pub(crate) site: &'a Arc<Site>,
}

impl Kept<'_> {
    pub(crate) async fn run(&self, events: u32) -> Result<()> {
        let connection = self.database.reopen().await?;
        let (writer, mut tasks) =
            Writer::start(self.database, connection, self.keys, &Metrics::default());
        self.erase(&writer).await?;
        self.dispose(&writer, events).await?;
        drop(writer);
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        Ok(())
    }

    /// Somebody who agrees to analytics and to the lead link.
    async fn visitor(&self, writer: &Writer) -> Result<VisitorHash> {
        let now = clock::now();
        let session =
            Session { site: self.site.key.clone(), expires: Millis(i64::MAX), visitor: None };
        let purposes = [("analytics", true), ("lead_link", true)];
        let purposes = purposes.into_iter().map(|(key, yes)| Ok((key.parse()?, yes)));
        let request = ConsentRequest {
            id: Uuid7::new(now, &keys::random()?),
            site: self.site.key.to_string(),
            revision: self.site.policy.revision(),
            language: "ja".to_owned(),
            page: "https://shop.example/".to_owned(),
            banner: "default".to_owned(),
            method: Method::Custom,
            decided_at: now,
            previous: None,
            purposes: purposes.collect::<Result<BTreeMap<_, _>>>()?,
            services: BTreeMap::new(),
        };
        let decide = Decide {
            site: Arc::clone(self.site),
            session_text: session.to_text("bench", &keys::random()?),
            session,
            request,
            device: Device::Computer,
            public_url: "https://consent.example".into(),
            random: (keys::random()?, keys::random()?, keys::random()?),
        };
        let decided = writer.decide(decide).await.map_err(|it| anyhow::anyhow!(it.detail))?;
        Ok(self.keys.visitor_hash(&self.site.key, decided.visitor.context("a visitor")?))
    }

    fn batch(&self, visitor: VisitorHash) -> Result<Batch> {
        let now = clock::now();
        let event = |_| {
            let id = Uuid7::new(now, &keys::random()?);
            Ok(format!(
                r#"{{"id":"{id}","name":"page_view","at":{},"page":{{"url":"http://localhost:8081/items/teapot","title":"急須","referrer":""}},"properties":{{}}}}"#,
                now.0
            ))
        };
        let events = (0..BATCH).map(event).collect::<Result<Vec<_>>>()?;
        Ok(Batch::read(Arc::clone(self.site), visitor, events.iter().map(String::as_str)))
    }

    /// Sends so many events, as fast as they are taken; how many were.
    async fn fill(&self, writer: &Writer, visitor: VisitorHash, count: u32) -> Result<u64> {
        let mut calls = JoinSet::new();
        let (mut sent, mut stored) = (0, 0);
        while sent < count || !calls.is_empty() {
            if sent >= count || calls.len() == CALLERS {
                stored += calls.join_next().await.transpose()?.unwrap_or(0);
                continue;
            }
            let (batch, writer) = (self.batch(visitor)?, writer.clone());
            sent += BATCH;
            calls.spawn(async move {
                let answer = writer.store(batch).await;
                answer.map_or(0, |answer| u64::try_from(answer.stored).unwrap_or(0))
            });
        }
        Ok(stored)
    }

    /// Sends events at a steady pace until it is told to stop; how long after it was due each batch was committed, in
    /// microseconds.
    async fn trickle(
        &self,
        writer: &Writer,
        visitor: VisitorHash,
        stop: &AtomicBool,
    ) -> Result<Histogram<u64>> {
        let mut took = Histogram::new_with_bounds(1, 60_000_000, 3)?;
        let mut calls = JoinSet::new();
        let mut due = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep_until(due.into()).await;
            let (batch, writer) = (self.batch(visitor)?, writer.clone());
            calls.spawn(async move { (writer.store(batch).await.is_ok(), due.elapsed()) });
            due += PACE;
            while let Some(done) = calls.try_join_next() {
                record(&mut took, done?)?;
            }
        }
        while let Some(done) = calls.join_next().await {
            record(&mut took, done?)?;
        }
        Ok(took)
    }

    async fn erase(&self, writer: &Writer) -> Result<()> {
        let visitor = self.visitor(writer).await?;
        let email = "hanako.much@example.jp";
        let filled = Filled {
            site: Arc::clone(self.site),
            visitor: Some(visitor),
            form: self
                .site
                .file
                .lead_form(&"contact".parse()?)
                .context("the shop has that form")?
                .clone(),
            language: "ja".to_owned(),
            submission: Submission {
                fields: [("email".to_owned(), email.to_owned())].into(),
                ..Submission::default()
            },
            page: "https://shop.example/contact".to_owned(),
            signature: keys::random()?,
            id: LeadId::from_bytes(keys::random()?),
        };
        let lead = writer.lead(filled.seal(self.keys, clock::now())?).await;
        ensure!(lead.is_ok_and(|lead| lead.linked), "the lead is not linked");
        let stored = self.fill(writer, visitor, BROWSING).await?;
        ensure!(stored == u64::from(BROWSING), "{stored} of {BROWSING} events were taken");
        let mut db = self.database.reopen().await?;
        let site = sites::find(&mut db, self.site.key.as_str()).await?.context("the site")?;
        let now = clock::now();
        let start = Instant::now();
        let asked = (Kind::Erase, Law::Gdpr, now);
        let request = subject::receive(&mut db, &site, asked, (&BENCH, now)).await?;
        let desk = Desk { site: &site, keys: self.keys, by: &BENCH, now };
        let contact = Contact::email(email).context("an address")?;
        let leads = desk.find(&mut db, &contact).await?;
        let (erased, events) = desk.erase(&mut db, request.id, &leads).await?;
        let took = start.elapsed();
        ensure!(erased == 1 && events == stored, "{erased} leads and {events} of {stored} events");
        db.close().await?;
        println!("\n| a person with {events} events | ms |\n|---|---:|");
        println!("| found, and erased with them, by request | {} |", took.as_millis());
        Ok(())
    }

    async fn dispose(&self, writer: &Writer, events: u32) -> Result<()> {
        let (old, new) = (self.visitor(writer).await?, self.visitor(writer).await?);
        let stored = self.fill(writer, old, events).await?;
        ensure!(stored >= u64::from(events), "{stored} of {events} events were taken");
        // As of a day on which those are past their time, and what comes from now on is not.
        let now = clock::now().plus(KEPT * DAY + 1);
        let stop = AtomicBool::new(false);
        let alone = async {
            tokio::time::sleep(ALONE).await;
            stop.store(true, Ordering::Relaxed);
        };
        let (by_itself, ()) = tokio::join!(self.trickle(writer, new, &stop), alone);

        let readers = self.database.readers().await?;
        let mut gone = BTreeMap::new();
        let mut disposal = Disposal {
            readers: &readers,
            way: Way::Writer(writer),
            by: BENCH,
            now,
            progress: |_: &str, rule: &Rule, n: u64| {
                gone.insert(rule.name.clone(), n);
            },
        };
        let stop = AtomicBool::new(false);
        let start = Instant::now();
        let act = async {
            let done = disposal::alone(self.database, disposal.all()).await;
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            (done, took)
        };
        let ((done, took), meanwhile) = tokio::join!(act, self.trickle(writer, new, &stop));
        done.map_err(|problem| anyhow::anyhow!(problem.detail))?.context("nobody else disposes")?;
        let gone = gone.get("purposes.analytics.services.ashiato").copied().unwrap_or(0);
        ensure!(gone >= stored, "{gone} of {stored} went");
        println!("\n| of {stored} events past their time | a second |\n|---|---:|");
        println!(
            "| disposed of, while 2,000 a second come | {:.0} |",
            gone as f64 / took.as_secs_f64()
        );
        println!("\n| 2,000 events a second, committed | median ms | 99 % ms |\n|---|---:|---:|");
        for (when, took) in [("by themselves", by_itself?), ("during that", meanwhile?)] {
            let ms = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
            println!("| {when} | {:.1} | {:.1} |", ms(0.5), ms(0.99));
        }
        Ok(())
    }
}

/// Notes how long a batch took, which must have been taken.
fn record(took: &mut Histogram<u64>, (taken, time): (bool, Duration)) -> Result<()> {
    ensure!(taken, "a batch was not taken");
    took.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX).clamp(1, 60_000_000))?;
    Ok(())
}
