//! Group commit: many requests, one transaction, each answered after the commit.
//!
//! A task owns a connection that writes visitors' data. It takes what has queued up, applies it in
//! order in one transaction, commits, and only then answers. On SQLite there is one such task; on
//! PostgreSQL another one takes the next group while the first waits for the disk. If one of the jobs
//! fails, nothing of the transaction is kept and each job is tried in one of its own, so that none
//! can spoil another. If the database itself fails (it is locked, its disk is full), no job would
//! fare better alone, and all are refused at once.
//!
//! A connection that has failed is not used again: SQLite may have ended its transaction by itself,
//! of which the connection's own count knows nothing.

mod jobs;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use consent_core::ids::VisitorHash;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use self::jobs::{Answer, Job, Outcome, answer, apply, overtake, refuse};
use super::{
    asking, consents, crm,
    disposal::Step,
    events::{self, Ids},
    leads, mail, own,
    sweep::{Piece, Swept},
};
use crate::{
    clock,
    device::Device,
    error::Problem,
    keys::Keys,
    metrics::Metrics,
    sites::Site,
    store::{
        Connection, Database, Logged, SiteId,
        audit::{Actor, Entry},
        conflict,
        locks::{self, Lock},
        of_its_own,
        refusals::Count,
    },
    transparency::Appender,
};

/// Jobs that may wait; beyond them the answer is 503.
const QUEUE: usize = 4_096;
/// Jobs in one transaction, at most.
const GROUP: usize = 256;

/// How long a group may take, the opening of a connection included: twice what the database lets a statement wait
/// for a lock. A server that hangs, or a network that swallows everything, says nothing of its own.
const GROUP_TIME: Duration = Duration::from_secs(10);
/// How long a caller waits, at most, for whatever the database is asked.
pub const ANSWER_TIME: Duration = Duration::from_secs(12);

/// The way to the writing task.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the tasks that write to `database`, the first by `connection` as long as that holds. They end
    /// when every `Writer` is dropped and what was queued is answered.
    #[must_use]
    pub fn start(
        database: &Database,
        connection: Connection,
        keys: &Arc<Keys>,
        metrics: &Metrics,
    ) -> (Self, JoinSet<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let mut tasks = JoinSet::new();
        let mut first = Some(connection);
        for _ in 0..database.writers() {
            let (database, metrics) = (database.clone(), metrics.clone());
            let tables = Tables { database, open: first.take(), metrics };
            tasks.spawn(run(tables, Arc::clone(keys), Arc::clone(&queue)));
        }
        (Self { jobs }, tasks)
    }

    /// Waits until the writing tasks have ended, which they do by themselves only where they are broken.
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

    /// Does something about mail.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mail(&self, act: mail::Act) -> Result<mail::Done, Problem> {
        self.ask(|answer| Job::Mail(Box::new(act), answer)).await
    }

    /// Does something about a request that came by the form.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn asking(&self, act: asking::Act) -> Result<asking::Done, Problem> {
        self.ask(|answer| Job::Asking(Box::new(act), answer)).await
    }

    /// Does with leads what another system asks for.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn crm(&self, act: crm::Act, by: Actor) -> Result<crm::Done, Problem> {
        self.ask(|answer| Job::Crm((act, by), answer)).await
    }

    /// Uses up what opens a visitor's own page; whether it had not been used before.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn open(&self, code: own::Code) -> Result<bool, Problem> {
        self.ask(|answer| Job::Open(code, answer)).await
    }

    /// Erases everything that is held about a visitor; whether there was anything.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing is erased.
    pub async fn erase(&self, site: SiteId, visitor: VisitorHash) -> Result<bool, Problem> {
        self.ask(|answer| Job::Erase((site, visitor), answer)).await
    }

    /// Counts that somebody is asked, on that kind of device. A count that finds the queue full is lost.
    pub fn asked(&self, site: Arc<Site>, device: Device) {
        if self.jobs.try_send(Job::Asked(site, device)).is_err() {
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

    /// Erases a piece of what has ended by itself.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing is erased.
    pub async fn sweep(&self, piece: Piece) -> Result<Swept, Problem> {
        self.ask(|answer| Job::Sweep(piece, answer)).await
    }

    /// Takes a step of a disposal; how many went.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing goes, or it is counted.
    pub async fn dispose(&self, step: Step) -> Result<u64, Problem> {
        self.ask(|answer| Job::Dispose(Box::new(step), answer)).await
    }

    /// Counts refused calls.
    ///
    /// # Errors
    /// Where the database does not answer; then none is counted.
    pub async fn refused(&self, counts: Vec<(SiteId, Count)>) -> Result<(), Problem> {
        self.ask(|answer| Job::Refused(counts, answer)).await
    }

    /// Tells a site's audit trail of something.
    ///
    /// # Errors
    /// Where the database does not answer; then it may not have been told.
    pub async fn audit(&self, site: SiteId, entry: Entry) -> Result<(), Problem> {
        self.ask(|answer| Job::Audit(site, Box::new(entry), answer)).await
    }

    /// Writes something of no consequence, and answers the newest migration of the database.
    ///
    /// # Errors
    /// Where the database takes no writes.
    pub async fn probe(&self) -> Result<i64, Problem> {
        self.ask(Job::Probe).await
    }

    /// Jobs that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Whether the writing task is there.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.jobs.is_closed()
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(job(answer)).map_err(|_| Problem::busy())?;
        match timeout(ANSWER_TIME, answered).await {
            Ok(answered) => answered.map_err(|_| Problem::unanswered())?,
            Err(_) => Err(Problem::unanswered()),
        }
    }
}

/// The database, and the connection to it while there is a good one.
struct Tables {
    database: Database,
    open: Option<Connection>,
    metrics: Metrics,
}

/// Why jobs were not stored, as far as is known: a commit whose answer was lost may have been made.
enum Failed {
    /// One of them; the others may do better without it.
    Job(sqlx::Error),
    /// The database, whatever is asked of it.
    Database(sqlx::Error),
}

async fn run(mut tables: Tables, keys: Arc<Keys>, queue: Arc<Mutex<mpsc::Receiver<Job>>>) {
    let mut group = Vec::with_capacity(GROUP);
    // Who waits for the queue holds it; who has a group lets the next one have it.
    while queue.lock().await.recv_many(&mut group, GROUP).await > 0 {
        match tables.commit(&keys, &group).await {
            Ok(outcomes) => {
                for (job, outcome) in group.drain(..).zip(outcomes) {
                    answer(&tables.metrics, job, outcome);
                }
            }
            Err(Failed::Job(error)) if group.len() > 1 => {
                tracing::warn!(error = %Logged(&error), jobs = group.len(), "a group was not stored");
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
                    answer(&tables.metrics, job, outcome);
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
        let start = Instant::now();
        let Ok(done) = timeout(GROUP_TIME, self.try_commit(keys, jobs)).await else {
            // To close it in order would be to wait for the same server.
            self.open = None;
            let seconds = GROUP_TIME.as_secs();
            let message = format!("the database has not answered in {seconds} s");
            return Err(Failed::Database(sqlx::Error::Protocol(message)));
        };
        match &done {
            Ok(_) => self.metrics.committed(jobs.len(), start.elapsed()),
            Err(_) => self.close().await,
        }
        done
    }

    async fn try_commit(&mut self, keys: &Keys, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
        let db = match &mut self.open {
            Some(db) => db,
            none => none.insert(self.database.reopen().await.map_err(Failed::Database)?),
        };
        commit(db, keys, jobs).await
    }

    /// Ends the connection in order, as far as the database still answers.
    async fn close(&mut self) {
        let Some(db) = self.open.take() else { return };
        match timeout(GROUP_TIME, db.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %Logged(&error), "the database did not close"),
            Err(_) => tracing::warn!("the database did not close in time"),
        }
    }
}

/// Times that a group is tried while other collectors are in its way.
const TRIES: u32 = 4;

async fn commit(db: &mut Connection, keys: &Keys, jobs: &[Job]) -> Result<Vec<Outcome>, Failed> {
    let mut ids = Ids::New;
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(db, keys, jobs, ids).await {
            Ok(Some(outcomes)) => return Ok(outcomes),
            Ok(None) if ids == Ids::New => ids = Ids::Mixed,
            Ok(None) => {
                let message = "no way to store the group was left";
                return Err(Failed::Job(sqlx::Error::Protocol(message.to_owned())));
            }
            // Another collector was in the way: a grant that was just withdrawn, a decision that came to both.
            // What it has done is seen the next time.
            Err(Failed::Job(error)) if tries < TRIES && conflict(&error) => {
                tracing::debug!(error = %Logged(&error), jobs = jobs.len(), "a group is tried again");
            }
            Err(failed) => return Err(failed),
        }
    }
}

/// Applies jobs in one transaction and commits it. Answers nothing where `ids` proved wrong.
async fn attempt(
    db: &mut Connection,
    keys: &Keys,
    jobs: &[Job],
    ids: Ids,
) -> Result<Option<Vec<Outcome>>, Failed> {
    let mut tx = db.begin().await.map_err(Failed::Database)?;
    // Of this attempt alone: what is not committed has taken no place.
    let mut log = Appender::default();
    if jobs.iter().any(Job::holds_the_log) {
        log.hold(&mut tx).await.map_err(Failed::Database)?;
    }
    if jobs.iter().any(Job::meets_persons) {
        locks::take(&mut tx, Lock::Persons).await.map_err(Failed::Database)?;
    }
    // Read once the database is this transaction's own: nothing recorded before it is later.
    let now = clock::now();
    match apply(&mut tx, &mut log, keys, jobs, (ids, now)).await {
        Ok(Some(mut outcomes)) => {
            overtake(jobs, &mut outcomes);
            tx.commit().await.map_err(Failed::Database)?;
            Ok(Some(outcomes))
        }
        Ok(None) => tx.rollback().await.map(|()| None).map_err(Failed::Database),
        Err(error) => {
            // Where even that fails the connection is of no use, and is given up.
            let _ = tx.rollback().await;
            Err(if of_its_own(&error) { Failed::Job(error) } else { Failed::Database(error) })
        }
    }
}
