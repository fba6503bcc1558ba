//! What is written: the kinds of jobs, what each does inside a transaction, and its answer.

use std::{borrow::Cow, sync::Arc};

use consent_core::{ids::VisitorHash, time::Millis};
use tokio::sync::oneshot;

use crate::{
    device::Device,
    error::Problem,
    intake::{
        asking, consents, crm,
        disposal::{self, Step},
        events::{self, Ids},
        leads, mail, own,
        sweep::{self, Piece, Swept},
    },
    keys::Keys,
    metrics::Metrics,
    sites::Site,
    store::{
        Connection, SiteId,
        audit::{self, Actor, Entry},
        probe,
        refusals::{self, Count},
        tallies::{self, Kind},
    },
    transparency::{self, Appender, LogError},
};

/// Where an answer goes.
pub(super) type Answer<T> = oneshot::Sender<Result<T, Problem>>;

/// What waits to be written.
pub(super) enum Job {
    Decide(Box<consents::Decide>, Answer<consents::Decided>),
    Store(events::Batch, Answer<events::Stored>),
    Lead(Box<leads::Sent>, Answer<leads::Taken>),
    Mail(Box<mail::Act>, Answer<mail::Done>),
    Asking(Box<asking::Act>, Answer<asking::Done>),
    Crm((crm::Act, Actor), Answer<crm::Done>),
    Open(own::Code, Answer<bool>),
    Erase((SiteId, VisitorHash), Answer<bool>),
    Asked(Arc<Site>, Device),
    Checkpoint(Answer<String>),
    Sweep(Piece, Answer<Swept>),
    Dispose(Box<Step>, Answer<u64>),
    Refused(Vec<(SiteId, Count)>, Answer<()>),
    Probe(Answer<i64>),
    Audit(SiteId, Box<Entry>, Answer<()>),
}

impl Job {
    /// Whether it needs the log to itself, under whose lock standings change too.
    pub(super) const fn holds_the_log(&self) -> bool {
        match self {
            Self::Decide(..) | Self::Erase(..) | Self::Checkpoint(_) | Self::Sweep(..) => true,
            Self::Dispose(step, _) => step.holds_the_log(),
            _ => false,
        }
    }

    /// Whether it asks who is a lead, or who has said stop, or writes that down: of two at once the later one sees the other.
    pub(super) const fn meets_persons(&self) -> bool {
        match self {
            Self::Crm(..) => true,
            Self::Lead(sent, _) => sent.is_about_mail(),
            Self::Mail(act, _) => {
                matches!(**act, mail::Act::Stop { .. } | mail::Act::Confirm { .. })
            }
            _ => false,
        }
    }
}

/// What became of it.
pub(super) enum Outcome {
    Decided(Result<consents::Decided, Problem>),
    Stored(events::Stored),
    Lead(Result<leads::Taken, Problem>),
    Mail(mail::Done),
    Asking(asking::Done),
    Crm(crm::Done),
    Done(bool),
    Counted,
    Checkpoint(Result<String, Problem>),
    Swept(Swept),
    Disposed(u64),
    Probed(i64),
}

/// Applies jobs in their order inside the caller's transaction. Answers nothing where `ids` proved
/// wrong.
pub(super) async fn apply(
    db: &mut Connection,
    log: &mut Appender,
    keys: &Keys,
    jobs: &[Job],
    (ids, now): (Ids, Millis),
) -> sqlx::Result<Option<Vec<Outcome>>> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut rest = jobs;
    let (mut told, mut records) = (Vec::new(), Vec::new());
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
            Job::Decide(..) => {
                // Likewise decisions.
                let run: Vec<_> = rest
                    .iter()
                    .map_while(|job| match job {
                        Job::Decide(decide, _) => Some(&**decide),
                        _ => None,
                    })
                    .collect();
                rest = rest.get(run.len()..).unwrap_or_default();
                let decided = consents::decide(db, log, keys, &run, now).await?;
                outcomes.extend(decided.into_iter().map(Outcome::Decided));
                continue;
            }
            Job::Lead(sent, _) => {
                outcomes.push(Outcome::Lead(leads::take(db, sent, now).await?));
            }
            Job::Mail(act, _) => {
                outcomes.push(Outcome::Mail(mail::act(db, act, now).await?));
            }
            Job::Asking(act, _) => {
                let (done, tell) = asking::act(db, act, now).await?;
                told.extend(tell.map(|(site, entry)| (site, Cow::Owned(entry))));
                outcomes.push(Outcome::Asking(done));
            }
            Job::Crm((act, by), _) => {
                let (done, entry) = crm::act(db, (act, by), now).await?;
                told.extend(entry.map(|(site, entry)| (site, Cow::Owned(entry))));
                outcomes.push(Outcome::Crm(done));
            }
            Job::Open(code, _) => outcomes.push(Outcome::Done(own::open(db, *code, now).await?)),
            Job::Erase(whom, _) => {
                let erased = own::erase(db, log, *whom, now).await?;
                if erased {
                    told.push((whom.0, Cow::Owned(own::erased(now))));
                }
                outcomes.push(Outcome::Done(erased));
            }
            Job::Asked(site, device) => {
                let detail = device.as_str().to_owned();
                let asked = (site.id, site.day(now), Kind::Asked, detail);
                tallies::add(db, &[(asked, 1)].into()).await?;
                outcomes.push(Outcome::Counted);
            }
            Job::Checkpoint(_) => {
                log.settle(db).await?;
                let signed = match transparency::sign(db, keys, now).await {
                    Err(LogError::Database(error)) => return Err(error),
                    signed => signed.map(|signed| signed.note).map_err(Problem::from),
                };
                outcomes.push(Outcome::Checkpoint(signed));
            }
            Job::Sweep(piece, _) => {
                outcomes.push(Outcome::Swept(sweep::erase(db, piece, now).await?));
            }
            Job::Dispose(step, _) if step.tells() => {
                records.push(&**step);
                outcomes.push(Outcome::Disposed(0));
            }
            Job::Dispose(step, _) => {
                outcomes.push(Outcome::Disposed(disposal::take(db, log, step, now).await?));
            }
            Job::Refused(counts, _) => {
                for (site, count) in counts {
                    refusals::add(db, *site, count).await?;
                }
                outcomes.push(Outcome::Counted);
            }
            Job::Audit(site, entry, _) => {
                told.push((*site, Cow::Borrowed(&**entry)));
                outcomes.push(Outcome::Counted);
            }
            Job::Probe(_) => {
                probe::write(db, now).await?;
                outcomes.push(Outcome::Probed(probe::schema(db).await?));
            }
        }
        rest = others;
    }
    // Last of all, and site after site: who appends to a trail holds it, and waits for nobody then.
    told.sort_by_key(|(site, _)| *site);
    for (site, entry) in told {
        audit::append(db, site, &entry).await?;
    }
    for step in records {
        disposal::take(db, log, step, now).await?;
    }
    log.settle(db).await?;
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
        (Job::Mail(_, to), Outcome::Mail(done)) => drop(to.send(Ok(done))),
        (Job::Asking(_, to), Outcome::Asking(done)) => drop(to.send(Ok(done))),
        (Job::Crm(_, to), Outcome::Crm(done)) => drop(to.send(Ok(done))),
        (Job::Open(_, to) | Job::Erase(_, to), Outcome::Done(done)) => drop(to.send(Ok(done))),
        (Job::Checkpoint(to), Outcome::Checkpoint(note)) => drop(to.send(note)),
        (Job::Sweep(_, to), Outcome::Swept(swept)) => {
            metrics.swept(swept.consents, swept.events, swept.links);
            drop(to.send(Ok(swept)));
        }
        (Job::Dispose(_, to), Outcome::Disposed(n)) => drop(to.send(Ok(n))),
        (Job::Refused(_, to) | Job::Audit(_, _, to), Outcome::Counted) => drop(to.send(Ok(()))),
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
            Job::Mail(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Asking(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Crm(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Open(_, to) | Job::Erase(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Checkpoint(to) => drop(to.send(Err(problem.clone()))),
            Job::Sweep(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Dispose(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Refused(_, to) | Job::Audit(_, _, to) => drop(to.send(Err(problem.clone()))),
            Job::Probe(to) => drop(to.send(Err(problem.clone()))),
            Job::Asked(..) => {}
        }
    }
}
