//! Reads what an analysis looks at and works it out, beside what else the collector does: on a thread of its own, few at
//! a time, and no longer than somebody waits.

use std::collections::{BTreeMap, HashMap};

use consent_core::ids::{LeadId, SiteKey};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::spawn_blocking,
};

use super::{
    Patience, Stopped, asked, cohorts, funnel, kept,
    paths::{self, Paths},
    score::{self, Score},
    segment::{Definition, Facts, Segment, members},
    withheld::{Withheld, few},
};
use crate::{
    columns::{Event, Members, Table, Wanted},
    error::Problem,
    keys::Keys,
    query::{self, Meta},
    site::SiteFile,
    store::{
        Connection, SiteId, VisitorRow, columns,
        leads::read::{self, Search},
        reports::Holding,
        scores,
        segments::{self, Linked},
    },
};

/// Analyses that are worked out at once: each may hold many visitors in memory.
static ROOM: Semaphore = Semaphore::const_new(2);
/// Linked leads that a segment may look at, at most.
const MAX_LEADS: u32 = 100_000;
/// Events of one lead that its score looks at, at most.
const MAX_DONE: i64 = 100_000;
/// Leads that are opened at once.
const PAGE: u32 = 500;

/// Room for one analysis. Who waits for it holds no connection to the database.
#[derive(Debug)]
pub struct Room {
    _permit: SemaphorePermit<'static>,
}

/// Waits for room.
///
/// # Errors
/// 503 where there will be none.
pub async fn room() -> Result<Room, Problem> {
    ROOM.acquire().await.map(|permit| Room { _permit: permit }).map_err(|_| Problem::busy())
}

/// The site that is asked about.
#[derive(Debug)]
pub struct Asker<'a> {
    /// Room to work it out.
    pub room: Room,
    /// Its row.
    pub site: SiteId,
    /// Its key.
    pub key: &'a SiteKey,
    /// Its file.
    pub file: &'a SiteFile,
    /// Which consents hold.
    pub holding: Holding,
    /// Today, in days since 1970 in the site's time zone.
    pub today: i64,
    /// What opens leads; none where nobody may see what people wrote.
    pub keys: Option<&'a Keys>,
}

/// How many are in a segment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SegmentSize")]
pub struct Size {
    /// Visitors in it who did anything in the days asked for; null where that is withheld.
    pub visitors: Option<i64>,
    /// All who did; null where that is withheld.
    pub of: Option<i64>,
    /// That something is not told, since too few visitors are in the segment, or out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

impl Asker<'_> {
    /// A funnel.
    ///
    /// # Errors
    /// 422 where it cannot be answered, or the database does not answer.
    pub async fn funnel(
        &self,
        db: &mut Connection,
        asked: &asked::funnel::Asked,
        of: Option<&Definition>,
    ) -> Result<asked::funnel::Answer, Problem> {
        let question = asked.question()?;
        let entering = question.funnel.days;
        let of = self.of(db, of, entering).await?;
        let mut funnel = question.funnel.clone();
        let work = move |reading: &Reading<'_>, patience: &Patience| {
            let own = funnel::run(&mut funnel, reading.events(), reading.table, patience)?;
            let groups: Vec<_> = own.groups.iter().map(|(name, _)| name.clone()).collect();
            let all = reading
                .all()
                .map(|all| funnel::like(&mut funnel, all, reading.table, patience, &groups));
            Ok((own, all.transpose()?))
        };
        let (own, all) =
            self.work(db, (question.days(self.today), question.wanted), of, work).await?;
        let meta = self.meta(db, entering).await?;
        Ok(question.answer((own, all.as_ref()), self.smallest(), meta))
    }

    /// The return of cohorts.
    ///
    /// # Errors
    /// 422 where it cannot be answered, or the database does not answer.
    pub async fn cohorts(
        &self,
        db: &mut Connection,
        asked: &asked::cohorts::Asked,
        of: Option<&Definition>,
    ) -> Result<asked::cohorts::Answer, Problem> {
        let question = asked.question(self.today)?;
        let coming = question.cohorts.days;
        let of = self.of(db, of, coming).await?;
        let mut cohorts = question.cohorts.clone();
        let work = move |reading: &Reading<'_>, patience: &Patience| {
            let own = cohorts::run(&mut cohorts, reading.events(), reading.table, patience)?;
            let all =
                reading.all().map(|all| cohorts::run(&mut cohorts, all, reading.table, patience));
            Ok((own, all.transpose()?))
        };
        let (own, all) = self.work(db, (question.days(), question.wanted), of, work).await?;
        let meta = self.meta(db, coming).await?;
        Ok(question.answer((own, all.as_deref()), self.smallest(), meta))
    }

    /// Paths.
    ///
    /// # Errors
    /// 422 where they cannot be answered, or the database does not answer.
    pub async fn paths(
        &self,
        db: &mut Connection,
        asked: &asked::paths::Asked,
        of: Option<&Definition>,
    ) -> Result<asked::paths::Answer, Problem> {
        let question = asked.question()?;
        let days = question.days;
        let of = self.of(db, of, days).await?;
        let mut paths = Paths { smallest: self.smallest(), ..question.paths.clone() };
        let work = move |reading: &Reading<'_>, patience: &Patience| {
            let own = paths::run(&mut paths, reading.events(), reading.table, patience)?;
            let all = reading
                .all()
                .map(|all| paths::like(&mut paths, all, reading.table, patience, &own));
            let all = all.transpose()?;
            Ok((own, all))
        };
        let (own, all) = self.work(db, (days, question.wanted), of, work).await?;
        let meta = self.meta(db, days).await?;
        Ok(question.answer((own, all.as_ref()), self.smallest(), meta))
    }

    /// How many of those who did anything in some days are in a segment.
    ///
    /// # Errors
    /// 422 where it cannot be answered, or the database does not answer.
    pub async fn size(
        &self,
        db: &mut Connection,
        date_range: &(String, String),
        of: &Definition,
    ) -> Result<Size, Problem> {
        let mut faults = asked::Faults::default();
        let days = faults.days("date_range", date_range);
        faults.none()?;
        let of = self.of(db, Some(of), days).await?;
        let count = |events: &mut dyn Iterator<Item = Event>, visitors: usize| {
            let mut seen = vec![false; visitors];
            events.for_each(|event| seen[super::place(event.visitor)] = true);
            i64::try_from(seen.into_iter().filter(|seen| *seen).count()).unwrap_or(i64::MAX)
        };
        let work = move |reading: &Reading<'_>, _: &Patience| {
            let visitors = reading.table.visitors();
            let own = count(&mut reading.events(), visitors);
            Ok((own, count(&mut reading.of(None), visitors)))
        };
        let (own, all) = self.work(db, (days, Wanted::NONE), of, work).await?;
        let smallest = self.smallest();
        let visitors = Some(own).filter(|own| !few(*own, smallest) && !few(all - own, smallest));
        let of = Some(all).filter(|all| !few(*all, smallest));
        let withheld = Withheld::of(smallest, [visitors.is_some(), of.is_some()]);
        Ok(Size { visitors, of, withheld, meta: self.meta(db, days).await? })
    }

    /// Visitors that have to stand behind whatever is told.
    fn smallest(&self) -> i64 {
        self.file.statistics.smallest_group.into()
    }

    /// The scores of the leads that are linked and may be used, the highest first; so many at most.
    ///
    /// # Errors
    /// 422 where it is too much, or the database does not answer.
    pub async fn scores(
        &self,
        db: &mut Connection,
        limit: usize,
    ) -> Result<Vec<(LeadId, Score)>, Problem> {
        let (mut rules, wanted) = kept::rules(db, self.site, self.today).await?;
        let leads = self.linked(db).await?;
        if rules.is_empty() || leads.is_empty() {
            return Ok(Vec::new());
        }
        let days = score::days(&rules, self.today);
        let work = move |reading: &Reading<'_>, patience: &Patience| {
            score::run(&mut rules, &leads, reading.table, patience)
        };
        let mut scores = self.work(db, (days, wanted), None, work).await?;
        scores.retain(|(_, score)| !score.reasons.is_empty());
        scores.sort_by(|(a, of_a), (b, of_b)| of_b.score.cmp(&of_a.score).then_with(|| a.cmp(b)));
        scores.truncate(limit);
        Ok(scores)
    }

    /// The score of a lead that is linked to that visitor since then.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn score(&self, db: &mut Connection, lead: Linked) -> Result<Score, Problem> {
        let (mut rules, _) = kept::rules(db, self.site, self.today).await?;
        let days = score::days(&rules, self.today);
        let table = scores::done(db, self.site, lead.lead, days, MAX_DONE).await?;
        let scores = score::run(&mut rules, &[lead], &table, &Patience::default())?;
        Ok(scores.into_iter().next().map(|(_, score)| score).unwrap_or_default())
    }

    /// The lead of that id, where it is linked and may be used.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn linked_lead(
        &self,
        db: &mut Connection,
        lead: LeadId,
    ) -> Result<Option<Linked>, Problem> {
        Ok(segments::linked_lead(db, self.site, self.holding, lead).await?)
    }

    /// Leads that are linked and may be used.
    ///
    /// # Errors
    /// 422 where they are too many, or the database does not answer.
    pub async fn linked(&self, db: &mut Connection) -> Result<Vec<Linked>, Problem> {
        let linked = segments::linked(db, self.site, self.holding, MAX_LEADS).await?;
        if linked.len() > usize::try_from(MAX_LEADS).unwrap_or(usize::MAX) {
            return Err(Stopped::TooMuch.into());
        }
        Ok(linked)
    }

    async fn meta(&self, db: &mut Connection, days: (i64, i64)) -> sqlx::Result<Meta> {
        query::meta(db, self.site, self.file, days).await
    }

    /// The segment, with what is known of linked leads as far as it looks at them.
    async fn of(
        &self,
        db: &mut Connection,
        definition: Option<&Definition>,
        days: (i64, i64),
    ) -> Result<Option<Of>, Problem> {
        let Some(definition) = definition else { return Ok(None) };
        let mut faults = asked::Faults::default();
        let segment = definition.segment(self.file, (self.today, days), &mut faults);
        faults.none()?;
        let leads = if segment.leads { self.leads(db, &segment).await? } else { HashMap::new() };
        Ok(Some(Of { segment, leads }))
    }

    pub(super) async fn leads(
        &self,
        db: &mut Connection,
        segment: &Segment,
    ) -> Result<HashMap<VisitorRow, Vec<Facts>>, Problem> {
        let linked = self.linked(db).await?;
        let mut fields = if segment.fields { self.fields(db).await? } else { HashMap::new() };
        let mut leads: HashMap<_, Vec<_>> = HashMap::new();
        for it in linked {
            let fields = fields.remove(it.lead.as_bytes()).unwrap_or_default();
            let facts = Facts { form: it.form, origin: it.origin, since: it.since.0, fields };
            leads.entry(it.visitor).or_default().push(facts);
        }
        Ok(leads)
    }

    /// What was filled in in linked leads.
    async fn fields(
        &self,
        db: &mut Connection,
    ) -> Result<HashMap<[u8; 16], BTreeMap<String, String>>, Problem> {
        let Some(keys) = self.keys else {
            return Err(Problem::forbidden("scope", "the segment looks at what people wrote"));
        };
        let mut fields = HashMap::new();
        let mut search = Search::default();
        loop {
            let page = read::usable(db, self.site, self.holding, &search, PAGE).await?;
            let Some(last) = page.last() else { return Ok(fields) };
            search.after = Some(search.place(last.lead()));
            for lead in page.iter().map(read::Usable::lead).filter(|it| it.linked_at.is_some()) {
                // One that does not open is as if nothing had been filled in: the log says why.
                match keys.open_lead(self.key, lead.id, &lead.sealed) {
                    Ok(opened) => {
                        fields.insert(*lead.id.as_bytes(), opened);
                    }
                    Err(error) => tracing::error!(%error, "a lead cannot be read"),
                }
            }
        }
    }

    /// Reads the events of those days, and has a thread of its own work on those that are asked about.
    async fn work<T: Send + 'static>(
        &self,
        db: &mut Connection,
        (days, wanted): ((i64, i64), Wanted),
        of: Option<Of>,
        work: impl FnOnce(&Reading<'_>, &Patience) -> Result<T, Stopped> + Send + 'static,
    ) -> Result<T, Problem> {
        let more = of.as_ref().and_then(|of| of.segment.days()).unwrap_or(days);
        let read = (days.0.min(more.0), days.1.max(more.1));
        let wanted = wanted | of.as_ref().map_or(Wanted::NONE, |of| of.segment.wanted);
        let table = columns::read(db, self.site, read, wanted, self.holding.now).await?;
        let (patience, protects) = (Patience::default(), self.smallest() > 1);
        let _waiting = patience.waiting();
        let done = spawn_blocking(move || {
            let members = of.map(|of| members(&of.segment, &table, &of.leads, &patience));
            let members = members.transpose()?;
            let reading = Reading { table: &table, days, members: members.as_ref(), protects };
            work(&reading, &patience)
        });
        let done = done.await.map_err(|error| {
            tracing::error!(%error, "an analysis ended before it was done");
            Problem::busy()
        })?;
        Ok(done?)
    }
}

struct Of {
    segment: Segment,
    leads: HashMap<VisitorRow, Vec<Facts>>,
}

/// A table, and which of its events are asked about.
struct Reading<'a> {
    table: &'a Table,
    days: (i64, i64),
    members: Option<&'a Members>,
    /// Whether small groups are.
    protects: bool,
}

impl Reading<'_> {
    /// Those of the segment's visitors, or of all.
    fn events(&self) -> impl Iterator<Item = Event> {
        self.of(self.members)
    }

    /// Those of all visitors, where it makes a difference whom the segment leaves out.
    fn all(&self) -> Option<impl Iterator<Item = Event>> {
        (self.protects && self.members.is_some()).then(|| self.of(None))
    }

    fn of<'b>(&'b self, members: Option<&'b Members>) -> impl Iterator<Item = Event> + 'b {
        let days = self.days;
        self.table.events().filter(move |event| {
            (days.0..=days.1).contains(&event.day)
                && members.is_none_or(|members| members.have(event))
        })
    }
}
