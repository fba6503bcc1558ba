//! Erasing a person with much browsing, and disposing of old events while new ones come.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use ashiato::{
    clock,
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

    /// Sends events until there are so many, or until it is told to stop; how many.
    async fn send(
        &self,
        writer: &Writer,
        visitor: VisitorHash,
        count: u64,
        stop: &Arc<AtomicBool>,
    ) -> Result<u64> {
        let stored = Arc::new(AtomicU64::new(0));
        let mut calls = JoinSet::new();
        let mut sent = 0;
        while sent < count && !stop.load(Ordering::Relaxed) {
            if calls.len() == CALLERS
                && let Some(done) = calls.join_next().await
            {
                done?;
            }
            let (batch, writer, stored) =
                (self.batch(visitor)?, writer.clone(), Arc::clone(&stored));
            sent += u64::from(BATCH);
            calls.spawn(async move {
                if let Ok(answer) = writer.store(batch).await {
                    stored.fetch_add(u64::try_from(answer.stored).unwrap_or(0), Ordering::Relaxed);
                }
            });
        }
        while let Some(done) = calls.join_next().await {
            done?;
        }
        Ok(stored.load(Ordering::Relaxed))
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
        let never = Arc::new(AtomicBool::new(false));
        let stored = self.send(writer, visitor, BROWSING.into(), &never).await?;
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
        let never = Arc::new(AtomicBool::new(false));
        let stored = self.send(writer, old, events.into(), &never).await?;
        ensure!(stored >= u64::from(events), "{stored} of {events} events were taken");
        // As of a day on which those are past their time, and what comes from now on is not.
        let now = clock::now().plus(KEPT * DAY + 1);
        let stop = Arc::new(AtomicBool::new(false));
        let alone = async {
            tokio::time::sleep(ALONE).await;
            stop.store(true, Ordering::Relaxed);
        };
        let (comes, ()) = tokio::join!(self.send(writer, new, u64::MAX, &stop), alone);
        let by_itself = comes? as f64 / ALONE.as_secs_f64();

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
        let stop = Arc::new(AtomicBool::new(false));
        let start = Instant::now();
        let act = async {
            let done = disposal::alone(self.database, disposal.all()).await;
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            (done, took)
        };
        let ((done, took), comes) = tokio::join!(act, self.send(writer, new, u64::MAX, &stop));
        done.map_err(|problem| anyhow::anyhow!(problem.detail))?.context("nobody else disposes")?;
        let gone = gone.get("purposes.analytics.services.ashiato").copied().unwrap_or(0);
        ensure!(gone >= stored, "{gone} of {stored} went");
        let seconds = took.as_secs_f64();
        println!("\n| of {stored} events past their time | a second |\n|---|---:|");
        println!("| disposed of, while others come | {:.0} |", gone as f64 / seconds);
        println!("| taken meanwhile | {:.0} |", comes? as f64 / seconds);
        println!("| taken when nothing is disposed of | {by_itself:.0} |");
        Ok(())
    }
}
