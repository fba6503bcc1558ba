//! What is written: the kinds of jobs, what each does inside a transaction, and its answer.

use std::sync::Arc;

use consent_core::time::Millis;
use tokio::sync::oneshot;

use crate::{
    error::Problem,
    intake::{
        consents,
        events::{self, Ids},
        leads,
    },
    keys::Keys,
    log::stored,
    metrics::Metrics,
    sites::Site,
    store::{
        Connection, SiteId, probe,
        refusals::{self, Count},
        tallies::{self, Kind},
    },
};

/// Where an answer goes.
pub(super) type Answer<T> = oneshot::Sender<Result<T, Problem>>;

/// What waits to be written.
pub(super) enum Job {
    Decide(Box<consents::Decide>, Answer<consents::Decided>),
    Store(events::Batch, Answer<events::Stored>),
    Lead(Box<leads::Sent>, Answer<leads::Taken>),
    Asked(Arc<Site>),
    Checkpoint(Arc<str>, Answer<String>),
    Refused(Vec<(SiteId, Count)>, Answer<()>),
    Probe(Answer<i64>),
}

/// What became of it.
pub(super) enum Outcome {
    Decided(Result<consents::Decided, Problem>),
    Stored(events::Stored),
    Lead(Result<leads::Taken, Problem>),
    Counted,
    Checkpoint(String),
    Probed(i64),
}

/// Applies jobs in their order inside the caller's transaction. Answers nothing where `ids` proved
/// wrong.
pub(super) async fn apply(
    db: &mut Connection,
    keys: &Keys,
    jobs: &[Job],
    ids: Ids,
    now: Millis,
) -> sqlx::Result<Option<Vec<Outcome>>> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut rest = jobs;
    while let [first, others @ ..] = rest {
        match first {
            Job::Store(..) => {
                // Neighbouring batches go in together: one look-up and one insert for all.
                let run: Vec<_> = rest
                    .iter()
                    .map_while(|job| match job {
                        Job::Store(batch, _) => Some(batch),
                        _ => None,
                    })
                    .collect();
                rest = rest.get(run.len()..).unwrap_or_default();
                let Some(stored) = events::store(db, &run, ids, now).await? else {
                    return Ok(None);
                };
                outcomes.extend(stored.into_iter().map(Outcome::Stored));
                continue;
            }
            Job::Decide(decide, _) => {
                outcomes.push(Outcome::Decided(consents::decide(db, keys, decide, now).await?));
            }
            Job::Lead(sent, _) => {
                outcomes.push(Outcome::Lead(leads::take(db, sent, now).await?));
            }
            Job::Asked(site) => {
                tallies::add(db, site.id, site.day(now), (Kind::Asked, ""), 1).await?;
                outcomes.push(Outcome::Counted);
            }
            Job::Checkpoint(origin, _) => {
                let note = stored::checkpoint(db, keys, origin, now).await?;
                outcomes.push(Outcome::Checkpoint(note));
            }
            Job::Refused(counts, _) => {
                for (site, count) in counts {
                    refusals::add(db, *site, count).await?;
                }
                outcomes.push(Outcome::Counted);
            }
            Job::Probe(_) => {
                probe::write(db, now).await?;
                outcomes.push(Outcome::Probed(probe::schema(db).await?));
            }
        }
        rest = others;
    }
    Ok(Some(outcomes))
}

pub(super) fn overtake(jobs: &[Job], outcomes: &mut [Outcome]) {
    let pairs = jobs.iter().zip(outcomes);
    let decided = pairs.filter_map(|pair| match pair {
        (Job::Decide(decide, _), Outcome::Decided(Ok(decided))) => Some((&**decide, decided)),
        _ => None,
    });
    consents::overtake(decided);
}

/// Whoever asked may have gone; what was stored stays stored.
pub(super) fn answer(metrics: &Metrics, job: Job, outcome: Outcome) {
    match (job, outcome) {
        (Job::Decide(decide, to), Outcome::Decided(answer)) => {
            if answer.is_ok() {
                metrics.decided(decide.request.method);
            }
            drop(to.send(answer));
        }
        (Job::Store(_, to), Outcome::Stored(answer)) => {
            metrics.events(answer.stored, answer.duplicate);
            for (_, _, refusal) in &answer.refused {
                metrics.event_refused((*refusal).into());
            }
            drop(to.send(Ok(answer)));
        }
        (Job::Lead(_, to), Outcome::Lead(answer)) => {
            if answer.is_ok() {
                metrics.lead();
            }
            drop(to.send(answer));
        }
        (Job::Checkpoint(_, to), Outcome::Checkpoint(note)) => drop(to.send(Ok(note))),
        (Job::Refused(_, to), Outcome::Counted) => drop(to.send(Ok(()))),
        (Job::Probe(to), Outcome::Probed(schema)) => drop(to.send(Ok(schema))),
        _ => {}
    }
}

pub(super) fn refuse(jobs: impl IntoIterator<Item = Job>, error: &sqlx::Error) {
    let problem = Problem::unavailable(error);
    for job in jobs {
        match job {
            Job::Decide(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Store(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Lead(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Checkpoint(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Refused(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Probe(to) => drop(to.send(Err(problem.clone()))),
            Job::Asked(_) => {}
        }
    }
}
