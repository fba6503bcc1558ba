//! Storing events: only those that the recorded consent permits now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use consent_core::{
    event::{Event, Observation},
    gate::{Refusal, permit},
    ids::{Uuid7, VisitorHash},
    page::Address,
    standing::{Standing, Subject},
    time::Millis,
};

use crate::{
    sites::Site,
    store::{
        Connection, SiteId, events as store,
        refusals::{self, Count},
        visitors,
    },
};

/// A batch as it was signed, each entry read or already refused.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The site.
    pub site: Arc<Site>,
    /// The visitor for whom the session was opened.
    pub visitor: VisitorHash,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// An entry of a batch.
pub type Entry = Result<Observation, (Option<Uuid7>, Refusal)>;

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Events stored now.
    pub stored: usize,
    /// Events stored before.
    pub duplicate: usize,
    /// Events refused: place, id, reason.
    pub refused: Vec<(usize, Option<Uuid7>, Refusal)>,
}

impl Batch {
    /// Entries are read one by one: a bad one does not take the others with it.
    #[must_use]
    pub fn read<'a>(
        site: Arc<Site>,
        visitor: VisitorHash,
        entries: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self { site, visitor, entries: entries.map(Observation::parse).collect() }
    }

    /// What of entry `observation` may be stored under `standing`.
    fn row<'a>(
        &'a self,
        observation: &'a Observation,
        standing: &Standing,
        now: Millis,
    ) -> Result<store::Row<'a>, Refusal> {
        let parameters = &self.site.file.url_parameters;
        let address = Address::parse(&observation.page.url).ok_or(Refusal::Malformed)?;
        if !self.site.file.allows_origin(address.origin) {
            return Err(Refusal::Malformed);
        }
        let event = Event::under(&self.site.policy, standing.subject(), observation)?;
        Ok(store::Row {
            event: permit(event, standing, now)?,
            site: self.site.id,
            day: self.site.day(observation.at),
            page: address.path,
            query: address.allowed_query(parameters),
            referrer: Address::parse(&observation.page.referrer)
                .map_or_else(String::new, |referrer| referrer.cleaned(parameters)),
        })
    }
}

/// What is known of the ids of a group's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Probably all new: the quick way, which gives up where it finds one that is not.
    New,
    /// Some were there before.
    Mixed,
}

/// Stores neighbouring batches inside the caller's transaction. The standing is read in that same
/// transaction, so that an event and a withdrawal cannot pass each other.
///
/// Nothing is answered where [`Ids::New`] proves wrong: the caller rolls back and says
/// [`Ids::Mixed`].
///
/// # Errors
/// Where the database does not answer.
pub async fn store(
    db: &mut Connection,
    batches: &[&Batch],
    ids: Ids,
    now: Millis,
) -> sqlx::Result<Option<Vec<Stored>>> {
    let known = look_up(db, batches).await?;
    let mut answers = vec![Stored::default(); batches.len()];
    let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.entries.len()).sum());
    let mut permitted = Vec::new();
    for (batch, answer) in batches.iter().zip(&mut answers) {
        let nobody = Standing::none(Subject::Visitor(batch.visitor));
        let standing = known.get(&(batch.site.id, batch.visitor)).unwrap_or(&nobody);
        for (index, entry) in batch.entries.iter().enumerate() {
            let row = match entry {
                Ok(observation) => batch
                    .row(observation, standing, now)
                    .map_err(|refusal| (Some(observation.id), refusal)),
                Err(refused) => Err(*refused),
            };
            match row {
                Ok(row) => permitted.push(row),
                Err((id, refusal)) => answer.refused.push((index, id, refusal)),
            }
        }
        answer.stored = permitted.len();
        rows.append(&mut permitted);
    }
    match ids {
        Ids::New => {
            if !store::insert_new(db, &rows).await? {
                return Ok(None);
            }
        }
        Ids::Mixed => {
            let mut new = store::insert(db, &rows).await?;
            let mut rows = rows.iter();
            for answer in &mut answers {
                let permitted = rows.by_ref().take(answer.stored);
                let stored = permitted
                    .filter(|row| new.remove(&(row.site, row.event.action().observation().id)));
                let stored = stored.count();
                answer.duplicate = answer.stored - stored;
                answer.stored = stored;
            }
        }
    }
    count_refusals(db, batches, &answers, now).await?;
    Ok(Some(answers))
}

/// Where the visitors of batches stand with what events are taken for.
async fn look_up(
    db: &mut Connection,
    batches: &[&Batch],
) -> sqlx::Result<BTreeMap<(SiteId, VisitorHash), Standing>> {
    // A site's file may have been replaced between two of them.
    let mut wanted: BTreeMap<SiteId, (Vec<&Arc<Site>>, Vec<VisitorHash>)> = BTreeMap::new();
    for batch in batches {
        let (editions, hashes) = wanted.entry(batch.site.id).or_default();
        if !editions.iter().any(|edition| Arc::ptr_eq(edition, &batch.site)) {
            editions.push(&batch.site);
        }
        hashes.push(batch.visitor);
    }
    let mut known = BTreeMap::new();
    for (id, (editions, mut hashes)) in wanted {
        hashes.sort_unstable();
        hashes.dedup();
        let purposes = editions.iter().flat_map(|edition| edition.policy.purposes());
        let services = purposes.flat_map(|purpose| &purpose.services);
        let services = services.filter(|service| !service.events.is_empty());
        let services: BTreeSet<_> = services.map(|service| service.key.as_str()).collect();
        let found = visitors::standings(db, id, &hashes, services).await?;
        known.extend(found.into_iter().map(|(hash, standing)| ((id, hash), standing)));
    }
    Ok(known)
}

/// Refusals are counted by reason and by the names that the configuration has: nothing that a
/// client made up is kept.
async fn count_refusals(
    db: &mut Connection,
    batches: &[&Batch],
    answers: &[Stored],
    now: Millis,
) -> sqlx::Result<()> {
    let mut counts: BTreeMap<(SiteId, Refusal, &str), i64> = BTreeMap::new();
    for (batch, answer) in batches.iter().zip(answers) {
        for (index, _, refusal) in &answer.refused {
            let name = match batch.entries.get(*index) {
                Some(Ok(observation)) if batch.site.policy.event(&observation.name).is_some() => {
                    observation.name.as_str()
                }
                _ => "",
            };
            *counts.entry((batch.site.id, *refusal, name)).or_default() += 1;
        }
    }
    let hour = refusals::hour(now);
    for ((site, refusal, name), n) in counts {
        let (reason, event) = (refusal.as_str().to_owned(), name.to_owned());
        refusals::add(db, site, &Count { hour, reason, event, n }).await?;
    }
    Ok(())
}
