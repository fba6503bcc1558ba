//! Group commit: many requests, one transaction, each answered after the commit.
//!
//! One task owns the only connection that writes visitors' data. It takes what has queued up,
//! applies it in order in one transaction, commits, and only then answers. If one of the jobs
//! fails, nothing of the transaction is kept and each job is tried in one of its own, so that none
//! can spoil another. If the database itself fails (it is locked, its disk is full), no job would
//! fare better alone, and all are refused at once.
//!
//! A connection that has failed is not used again: SQLite may have ended its transaction by itself,
//! of which the connection's own count knows nothing.

use std::sync::Arc;

use consent_core::time::Millis;
use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot};

use super::{
    consents,
    events::{self, Ids},
    leads,
};
use crate::{
    clock,
    error::Problem,
    keys::Keys,
    sites::Site,
    store::{
        Connection, Database,
        tallies::{self, Kind},
    },
    transparency::{self, Appender, LogError},
};

/// Jobs that may wait; beyond them the answer is 503.
const QUEUE: usize = 4_096;
/// Jobs in one transaction, at most.
const GROUP: usize = 256;

type Answer<T> = oneshot::Sender<Result<T, Problem>>;

enum Job {
    Decide(Box<consents::Decide>, Answer<consents::Decided>),
    Store(events::Batch, Answer<events::Stored>),
    Lead(Box<leads::Sent>, Answer<leads::Taken>),
    Asked(Arc<Site>),
    Checkpoint(Answer<String>),
}

enum Outcome {
    Decided(Result<consents::Decided, Problem>),
    Stored(events::Stored),
    Lead(Result<leads::Taken, Problem>),
    Counted,
    Checkpoint(Result<String, Problem>),
}

/// The way to the writing task.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the task that writes to `database`, by `connection` as long as that holds. It ends
    /// when every `Writer` is dropped and what was queued is answered.
    #[must_use]
    pub fn start(
        database: Database,
        connection: Connection,
        keys: Arc<Keys>,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let tables = Tables { database, open: Some(connection) };
        let task = tokio::spawn(run(tables, keys, queue));
        (Self { jobs }, task)
    }

    /// Waits until the writing task has ended, which it does by itself only where it is broken.
    pub async fn ended(&self) {
        self.jobs.closed().await;
    }

    /// Records a decision.
    ///
    /// # Errors
    /// Where it cannot be taken, or the database does not answer.
    pub async fn decide(&self, decide: consents::Decide) -> Result<consents::Decided, Problem> {
        self.ask(|answer| Job::Decide(Box::new(decide), answer)).await
    }

    /// Stores what is permitted of a batch.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn store(&self, batch: events::Batch) -> Result<events::Stored, Problem> {
        self.ask(|answer| Job::Store(batch, answer)).await
    }

    /// Stores a lead, and its link where that is permitted.
    ///
    /// # Errors
    /// Where it cannot be taken, or the database does not answer.
    pub async fn lead(&self, sent: leads::Sent) -> Result<leads::Taken, Problem> {
        self.ask(|answer| Job::Lead(Box::new(sent), answer)).await
    }

    /// Counts that somebody is asked. A count that finds the queue full is lost.
    pub fn asked(&self, site: Arc<Site>) {
        if self.jobs.try_send(Job::Asked(site)).is_err() {
            tracing::debug!("a count was lost: the writer is busy");
        }
    }

    /// A signed checkpoint of the consent log as it stands, as a note.
    ///
    /// # Errors
    /// Where the log cannot be signed, or the database does not answer.
    pub async fn checkpoint(&self) -> Result<String, Problem> {
        self.ask(Job::Checkpoint).await
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(job(answer)).map_err(|_| Problem::busy())?;
        answered.await.map_err(|_| Problem::busy())?
    }
}

/// The database, and the connection to it while there is a good one.
struct Tables {
    database: Database,
    open: Option<Connection>,
}

/// Why jobs were not stored. Nothing of them was.
enum Failed {
    /// One of them; the others may do better without it.
    Job(sqlx::Error),
    /// The database, whatever is asked of it.
    Database(sqlx::Error),
}

async fn run(mut tables: Tables, keys: Arc<Keys>, mut queue: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        match tables.commit(&keys, &group).await {
            Ok(outcomes) => {
                for (job, outcome) in group.drain(..).zip(outcomes) {
                    answer(job, outcome);
                }
            }
            Err(Failed::Job(error)) if group.len() > 1 => {
                tracing::warn!(%error, jobs = group.len(), "a group was not stored");
                one_by_one(&mut tables, &keys, &mut group).await;
            }
            Err(Failed::Job(error) | Failed::Database(error)) => refuse(group.drain(..), &error),
        }
    }
    tables.close().await;
}

/// Gives each job a transaction of its own, as long as the database takes any.
async fn one_by_one(tables: &mut Tables, keys: &Keys, group: &mut Vec<Job>) {
    let mut jobs = group.drain(..);
    while let Some(job) = jobs.next() {
        match tables.commit(keys, std::slice::from_ref(&job)).await {
            Ok(mut outcomes) => {
                if let Some(outcome) = outcomes.pop() {
                    answer(job, outcome);
                }
            }
            Err(Failed::Job(error)) => refuse([job], &error),
            Err(Failed::Database(error)) => {
                refuse(std::iter::once(job).chain(jobs), &error);
                return;
            }
        }
    }
}

impl Tables {
    /// Applies jobs in one transaction. Jobs are left as they are, so that they can be tried again.
    async fn commit(&mut self, keys: &Keys, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
        let db = match &mut self.open {
            Some(db) => db,
            none => none.insert(self.database.reopen().await.map_err(Failed::Database)?),
        };
        let done = commit(db, keys, jobs).await;
        if done.is_err() {
            self.close().await;
        }
        done
    }

    async fn close(&mut self) {
        if let Some(db) = self.open.take()
            && let Err(error) = db.close().await
        {
            tracing::warn!(%error, "the database did not close");
        }
    }
}

async fn commit(db: &mut Connection, keys: &Keys, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
    for ids in [Ids::New, Ids::Mixed] {
        let mut tx = db.begin_with("BEGIN IMMEDIATE").await.map_err(Failed::Database)?;
        // Read once the database is this transaction's own: nothing recorded before it is later.
        let now = clock::now();
        let mut log = Appender::default();
        match apply(&mut tx, &mut log, keys, jobs, (ids, now)).await.map_err(Failed::Job)? {
            Some(mut outcomes) => {
                log.settle(&mut tx).await.map_err(Failed::Job)?;
                overtake(jobs, &mut outcomes);
                tx.commit().await.map_err(Failed::Database)?;
                return Ok(outcomes);
            }
            None => tx.rollback().await.map_err(Failed::Database)?,
        }
    }
    Err(Failed::Job(sqlx::Error::Protocol("no way to store the group was left".to_owned())))
}

/// Applies jobs in their order inside the caller's transaction. Answers nothing where `ids` proved
/// wrong.
async fn apply(
    db: &mut Connection,
    log: &mut Appender,
    keys: &Keys,
    jobs: &[Job],
    (ids, now): (Ids, Millis),
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
                outcomes
                    .push(Outcome::Decided(consents::decide(db, log, keys, decide, now).await?));
            }
            Job::Lead(sent, _) => {
                outcomes.push(Outcome::Lead(leads::take(db, sent, now).await?));
            }
            Job::Asked(site) => {
                tallies::add(db, site.id, site.day(now), (Kind::Asked, ""), 1).await?;
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
        }
        rest = others;
    }
    Ok(Some(outcomes))
}

fn overtake(jobs: &[Job], outcomes: &mut [Outcome]) {
    let pairs = jobs.iter().zip(outcomes);
    let decided = pairs.filter_map(|pair| match pair {
        (Job::Decide(decide, _), Outcome::Decided(Ok(decided))) => Some((&**decide, decided)),
        _ => None,
    });
    consents::overtake(decided);
}

/// Whoever asked may have gone; what was stored stays stored.
fn answer(job: Job, outcome: Outcome) {
    match (job, outcome) {
        (Job::Decide(_, to), Outcome::Decided(answer)) => drop(to.send(answer)),
        (Job::Store(_, to), Outcome::Stored(answer)) => drop(to.send(Ok(answer))),
        (Job::Lead(_, to), Outcome::Lead(answer)) => drop(to.send(answer)),
        (Job::Checkpoint(to), Outcome::Checkpoint(answer)) => drop(to.send(answer)),
        _ => {}
    }
}

fn refuse(jobs: impl IntoIterator<Item = Job>, error: &sqlx::Error) {
    let problem = Problem::unavailable(error);
    for job in jobs {
        match job {
            Job::Decide(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Store(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Lead(_, to) => drop(to.send(Err(problem.clone()))),
            Job::Checkpoint(to) => drop(to.send(Err(problem.clone()))),
            Job::Asked(_) => {}
        }
    }
}
