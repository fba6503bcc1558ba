//! Group commit: many requests, one transaction, each answered after the commit.
//!
//! One task owns the only connection that writes visitors' data. It takes what has queued up,
//! applies it in order in one transaction, commits, and only then answers. If one of the jobs
//! fails, nothing of the transaction is kept and each job is tried in one of its own, so that none
//! can spoil another.

use std::sync::Arc;

use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot};

use super::{consents, events, leads};
use crate::{
    clock,
    error::Problem,
    keys::Keys,
    sites::Site,
    store::{
        Connection,
        tallies::{self, Kind},
    },
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
}

enum Outcome {
    Decided(Result<consents::Decided, Problem>),
    Stored(events::Stored),
    Lead(Result<leads::Taken, Problem>),
    Counted,
}

/// The way to the writing task.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the task that writes by `connection`. It ends when every `Writer` is dropped and
    /// what was queued is answered.
    #[must_use]
    pub fn start(connection: Connection, keys: Arc<Keys>) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(connection, keys, queue));
        (Self { jobs }, task)
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

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(job(answer)).map_err(|_| Problem::busy())?;
        answered.await.map_err(|_| Problem::busy())?
    }
}

async fn run(mut db: Connection, keys: Arc<Keys>, mut queue: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        match commit(&mut db, &keys, &group).await {
            Ok(outcomes) => {
                for (job, outcome) in group.drain(..).zip(outcomes) {
                    answer(job, outcome);
                }
            }
            Err(error) => {
                tracing::warn!(%error, jobs = group.len(), "a group was not stored");
                for job in group.drain(..) {
                    match commit(&mut db, &keys, std::slice::from_ref(&job)).await {
                        Ok(mut outcomes) => {
                            if let Some(outcome) = outcomes.pop() {
                                answer(job, outcome);
                            }
                        }
                        Err(error) => refuse(job, &error),
                    }
                }
            }
        }
    }
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "the database did not close");
    }
}

/// Applies jobs in their order in one transaction. Jobs are left as they are, so that they can be
/// tried again.
async fn commit(db: &mut Connection, keys: &Keys, jobs: &[Job]) -> sqlx::Result<Vec<Outcome>> {
    let now = clock::now();
    let mut tx = db.begin_with("BEGIN IMMEDIATE").await?;
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
                outcomes.extend(
                    events::store(&mut tx, &run, now).await?.into_iter().map(Outcome::Stored),
                );
                continue;
            }
            Job::Decide(decide, _) => {
                outcomes
                    .push(Outcome::Decided(consents::decide(&mut tx, keys, decide, now).await?));
            }
            Job::Lead(sent, _) => {
                outcomes.push(Outcome::Lead(leads::take(&mut tx, sent, now).await?));
            }
            Job::Asked(site) => {
                tallies::add(&mut tx, site.id, site.day(now), (Kind::Asked, ""), 1).await?;
                outcomes.push(Outcome::Counted);
            }
        }
        rest = others;
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// Whoever asked may have gone; what was stored stays stored.
fn answer(job: Job, outcome: Outcome) {
    match (job, outcome) {
        (Job::Decide(_, to), Outcome::Decided(answer)) => drop(to.send(answer)),
        (Job::Store(_, to), Outcome::Stored(answer)) => drop(to.send(Ok(answer))),
        (Job::Lead(_, to), Outcome::Lead(answer)) => drop(to.send(answer)),
        _ => {}
    }
}

fn refuse(job: Job, error: &sqlx::Error) {
    let problem = Problem::unavailable(error);
    match job {
        Job::Decide(_, to) => drop(to.send(Err(problem))),
        Job::Store(_, to) => drop(to.send(Err(problem))),
        Job::Lead(_, to) => drop(to.send(Err(problem))),
        Job::Asked(_) => {}
    }
}
