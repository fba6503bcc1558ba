//! Disposing of what is kept no longer, by the rules of the site files ([`crate::site::retention`]).
//!
//! It goes in steps, each a short transaction that deletes and counts; between two of them others have their turn
//! for as long as the step took. One collector disposes at a time. When one rule of a site is through, or when a
//! collector goes on with what another left, the audit trail is told how many of what went by which rule: in the
//! transaction that takes the count away, so that each is told once, whoever dies.

use std::time::Instant;

use consent_core::{
    ids::LeadId,
    time::{DAY, Millis},
};
use serde_json::json;

use super::writer::Writer;
use crate::{
    error::Problem,
    site::retention::{Of, Rule, rules},
    store::{
        Connection, Database, Readers, SiteId,
        audit::{self, Actor, Entry},
        disposal::{self, Counted, Forms},
        leads, locks,
        locks::Lock,
        log as leaves, refusals, sites,
    },
    transparency::{self, Appender},
};

/// Events of a page that is looked through, and of a step.
const PAGE: u32 = 20_000;
const EVENTS: usize = 1_000;
/// Leads, links, decisions and visitors of a step.
const LEADS: u32 = 100;
const LINKS: u32 = 500;
const DECISIONS: u32 = 64;
const VISITORS: u32 = 256;
/// Places of the consent log that are looked through at once.
const PLACES: i64 = 10_000;
/// Hours of refusals in a step.
const HOURS: i64 = 24 * 30;

/// What is deleted in one step.
#[derive(Clone, Debug)]
pub enum What {
    /// Events of those ids.
    Events(Vec<[u8; 16]>),
    /// Links of those leads.
    Links(Vec<LeadId>),
    /// Leads.
    Leads(Vec<LeadId>),
    /// Decisions whose places in the log are in that run.
    Decisions(std::ops::Range<i64>),
    /// Visitors of those rows.
    Visitors(Vec<i64>),
    /// Counts of what was refused before that hour.
    Refusals(i64),
    /// Nothing: the trail is told of what has gone.
    Told,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The site.
    pub site: SiteId,
    /// What of it.
    pub what: What,
    /// By which rule.
    pub rule: Rule,
    /// What is older goes.
    pub before: Millis,
    /// Who does it.
    pub by: Actor,
}

impl Step {
    /// Whether it tells the trail, and so goes last in a transaction.
    #[must_use]
    pub const fn tells(&self) -> bool {
        matches!(self.what, What::Told)
    }

    /// Whether it needs the consent log to itself.
    #[must_use]
    pub const fn holds_the_log(&self) -> bool {
        matches!(self.what, What::Decisions(_))
    }
}

/// Takes a step inside the caller's transaction; how many went. Told goes last in a transaction: it holds the
/// site's trail.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(
    db: &mut Connection,
    log: &mut Appender,
    step: &Step,
    now: Millis,
) -> sqlx::Result<u64> {
    let Step { site, before, .. } = *step;
    let n = match &step.what {
        What::Events(ids) => disposal::delete_events(db, site, ids, before).await?,
        What::Links(leads) => disposal::cut(db, site, leads, before).await?,
        What::Leads(ids) => {
            let mut n = 0;
            for lead in ids {
                let erased = leads::erase(db, site, *lead, now).await?;
                n += u64::from(erased == leads::Erasure::Erased);
            }
            n
        }
        What::Decisions(places) => {
            let mut n = 0;
            log.hold(db).await?;
            for (id, _) in disposal::decisions(db, site, places.clone(), before, DECISIONS).await? {
                n += u64::from(transparency::erase(db, log, (site, id), now).await?);
            }
            n
        }
        What::Visitors(rows) => disposal::delete_visitors(db, site, rows, before).await?,
        What::Refusals(hour) => disposal::delete_refusals(db, site, *hour).await?,
        What::Told => return tell(db, site, &step.by, now).await.map(|()| 0),
    };
    if n > 0 {
        let kind = match &step.what {
            What::Visitors(_) => "visitors",
            _ => step.rule.of.kind(),
        };
        let counted = Counted {
            kind: kind.to_owned(),
            rule: step.rule.name.clone(),
            days: step.rule.days.into(),
            revision: step.rule.revision.into(),
            n: i64::try_from(n).unwrap_or(i64::MAX),
            since: now,
            until: before,
        };
        disposal::add(db, site, &counted).await?;
    }
    Ok(n)
}

/// The record of a disposal: an entry of the trail for each kind of data and rule.
async fn tell(db: &mut Connection, site: SiteId, by: &Actor, now: Millis) -> sqlx::Result<()> {
    for counted in disposal::take(db, site).await? {
        let entry = Entry {
            at: now,
            by: by.clone(),
            action: "retention.dispose",
            object: ("rule", counted.rule),
            details: json!({
                "kind": counted.kind,
                "count": counted.n,
                "days": counted.days,
                "revision": counted.revision,
                "until": counted.until,
                "since": counted.since,
            }),
        };
        audit::append(db, site, &entry).await?;
    }
    Ok(())
}

/// By which way steps are taken.
#[derive(Debug)]
pub enum Way<'a> {
    /// The collector's writer.
    Writer(&'a Writer),
    /// A connection of one's own.
    Own(&'a mut Connection),
}

impl Way<'_> {
    async fn take(&mut self, step: Step, now: Millis) -> Result<u64, Problem> {
        match self {
            Self::Writer(writer) => writer.dispose(step).await,
            Self::Own(db) => {
                let mut tx = db.begin().await?;
                let mut log = Appender::default();
                let n = take(&mut tx, &mut log, &step, now).await?;
                log.settle(&mut tx).await?;
                tx.commit().await?;
                Ok(n)
            }
        }
    }
}

/// A disposal: the rules of every site, or of one, one after another.
#[derive(Debug)]
pub struct Disposal<'a, F> {
    /// Where it reads.
    pub readers: &'a Readers,
    /// How it deletes.
    pub way: Way<'a>,
    /// Who does it.
    pub by: Actor,
    /// As of when.
    pub now: Millis,
    /// Told after each step: the site's key, the rule, and how many have gone by it.
    pub progress: F,
}

/// Runs what only one collector does at a time; nothing where another does.
///
/// # Errors
/// Where the database does not answer.
pub async fn alone<T>(
    database: &Database,
    act: impl Future<Output = Result<T, Problem>>,
) -> Result<Option<T>, Problem> {
    // Its end, or its collector's, lets go of the lock.
    let mut held = database.reopen().await?;
    if !locks::try_hold(&mut held, Lock::Disposal).await? {
        return Ok(None);
    }
    let done = act.await;
    locks::let_go(&mut held, Lock::Disposal).await?;
    held.close().await?;
    done.map(Some)
}

/// The rules of a site.
///
/// # Errors
/// Where the database does not answer.
pub async fn rules_of(db: &mut Connection, key: &str) -> sqlx::Result<Option<(SiteId, Vec<Rule>)>> {
    let Some(applied) = sites::find(db, key).await? else { return Ok(None) };
    let past = sites::past(db, applied.id).await?;
    Ok(Some((applied.id, rules(&applied.file, applied.revision, &past))))
}

impl<F: FnMut(&str, &Rule, u64)> Disposal<'_, F> {
    /// Disposes of what every site keeps no longer.
    ///
    /// # Errors
    /// Where the database does not answer; the next one goes on.
    pub async fn all(&mut self) -> Result<(), Problem> {
        let keys = sites::list(&mut self.readers.acquire().await?).await?;
        for (key, _) in keys {
            self.site(&key).await?;
        }
        Ok(())
    }

    /// Disposes of what a site keeps no longer.
    ///
    /// # Errors
    /// Where the database does not answer; the next one goes on.
    pub async fn site(&mut self, key: &str) -> Result<(), Problem> {
        let found = rules_of(&mut self.readers.acquire().await?, key).await?;
        let Some((site, rules)) = found else { return Ok(()) };
        let Some(any) = rules.first() else { return Ok(()) };
        // What one that died had disposed of is told first.
        self.tell(site, any).await?;
        self.events(key, site, &rules).await?;
        for rule in &rules {
            let (mut all, before) = (0, self.before(rule));
            let mut from = 0;
            loop {
                let (what, next) = self.next(site, rule, before, from).await?;
                let Some(what) = what else { break };
                let n = self.step(site, what, rule, before).await?;
                all += n;
                (self.progress)(key, rule, all);
                match next {
                    Some(next) => from = next,
                    None if n == 0 => break, // somebody else has done it
                    None => {}
                }
            }
        }
        self.tell(site, any).await
    }

    fn before(&self, rule: &Rule) -> Millis {
        self.now.plus(-i64::from(rule.days) * DAY)
    }

    async fn tell(&mut self, site: SiteId, rule: &Rule) -> Result<(), Problem> {
        if disposal::open(&mut self.readers.acquire().await?, site).await? {
            self.step(site, What::Told, rule, self.now).await?;
        }
        Ok(())
    }

    /// Takes a step, and leaves others their turn.
    async fn step(
        &mut self,
        site: SiteId,
        what: What,
        rule: &Rule,
        before: Millis,
    ) -> Result<u64, Problem> {
        let start = Instant::now();
        let step = Step { site, what, rule: rule.clone(), before, by: self.by.clone() };
        let n = self.way.take(step, self.now).await?;
        tokio::time::sleep(start.elapsed()).await;
        Ok(n)
    }

    /// Walks through the events of a site by their ids.
    async fn events(&mut self, key: &str, site: SiteId, rules: &[Rule]) -> Result<(), Problem> {
        let own = rules.iter().filter(|rule| matches!(rule.of, Of::Events { .. }));
        let mut own: Vec<(&Rule, u64, Vec<[u8; 16]>)> =
            own.map(|rule| (rule, 0, Vec::new())).collect();
        let Some(youngest) = own.iter().map(|(rule, ..)| self.before(rule)).max() else {
            return Ok(());
        };
        let mut after = Some(Vec::new());
        while let Some(from) = after {
            let mut db = self.readers.acquire().await?;
            let (old, end) = disposal::events(&mut db, site, &from, PAGE, youngest).await?;
            drop(db);
            for (rule, _, ids) in &mut own {
                let before = self.before(rule);
                let Of::Events { purpose, service } = &rule.of else { continue };
                let its = old.iter().filter(|event| event.at < before);
                let its =
                    its.filter(|event| event.purpose == *purpose && event.service == *service);
                ids.extend(its.map(|event| event.id));
            }
            after = end;
            for (rule, all, ids) in &mut own {
                while ids.len() >= EVENTS || (after.is_none() && !ids.is_empty()) {
                    let some: Vec<_> = ids.drain(..EVENTS.min(ids.len())).collect();
                    let before = self.before(rule);
                    *all += self.step(site, What::Events(some), rule, before).await?;
                    (self.progress)(key, rule, *all);
                }
            }
        }
        Ok(())
    }

    /// What goes next by a rule, and from where the one after it is looked for; where there is no such place, from
    /// the same.
    async fn next(
        &self,
        site: SiteId,
        rule: &Rule,
        before: Millis,
        from: i64,
    ) -> Result<(Option<What>, Option<i64>), Problem> {
        let mut db = self.readers.acquire().await?;
        let db = &mut db;
        let some = |leads: Vec<LeadId>| (!leads.is_empty()).then_some(leads);
        Ok(match &rule.of {
            Of::Events { .. } => (None, None),
            Of::Links => {
                let links = disposal::links(db, site, before, LINKS).await?;
                (some(links).map(What::Links), None)
            }
            Of::Leads { form } => {
                let leads = disposal::leads(db, site, Forms::Of(form), before, LEADS).await?;
                (some(leads).map(What::Leads), None)
            }
            Of::OtherLeads { but } => {
                let leads = disposal::leads(db, site, Forms::But(but), before, LEADS).await?;
                (some(leads).map(What::Leads), None)
            }
            Of::Refusals => {
                let last = refusals::hour(before);
                let first = disposal::first_hour(db, site, last).await?;
                (first.map(|first| What::Refusals(last.min(first + HOURS))), None)
            }
            Of::Decisions => proof(db, site, before, from).await?,
        })
    }
}

/// The next decisions, and visitors when there are none: places in the log count from 0 up, visitors' rows from -1
/// down.
async fn proof(
    db: &mut Connection,
    site: SiteId,
    before: Millis,
    from: i64,
) -> sqlx::Result<(Option<What>, Option<i64>)> {
    let (size, _) = leaves::head(db).await?;
    let mut place = from;
    while (0..size).contains(&place) {
        let run = place..place + PLACES;
        let found = disposal::decisions(db, site, run.clone(), before, DECISIONS).await?;
        if let (Some((_, first)), Some((_, last))) = (found.first(), found.last()) {
            return Ok((Some(What::Decisions(*first..last + 1)), Some(last + 1)));
        }
        place = run.end;
    }
    let after = if from < 0 { -1 - from } else { 0 };
    let rows = disposal::visitors(db, site, after, before, VISITORS).await?;
    let next = rows.last().map(|last| -1 - last);
    Ok((next.map(|_| What::Visitors(rows)), next))
}
