//! The task that tells: a few connections to each webhook at a time, so that a receiver that hangs holds up nobody
//! else. Every collector runs it; they share the work by what they note in the database.

use std::{collections::HashMap, sync::Arc, time::Duration};

use consent_core::ids::Uuid7;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    post::{Answer, Post},
    round::{self, Attempt, RoundError},
};
use crate::{
    clock,
    keys::Keys,
    metrics::Metrics,
    store::{
        Connection, Database, Readers,
        webhooks::{self, Webhook, told},
    },
};

/// How soon it is seen that there is something to tell.
const TICK: Duration = Duration::from_millis(500);
/// Messages under way to one webhook, of one collector.
const AT_ONCE: usize = 4;
/// Transactions in which marks are taken before something is sent: after an import there are many.
const BATCHES: usize = 16;
/// How long the database is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked for what was delivered long ago.
const TIDY: Duration = Duration::from_secs(3_600);

/// Attempts that have ended, and are to be noted.
type Ended = (Webhook, Uuid7, Answer);

/// What tells.
pub struct Sender {
    database: Database,
    readers: Readers,
    keys: Arc<Keys>,
    metrics: Metrics,
    post: Post,
    writing: Option<Connection>,
    under_way: JoinSet<Ended>,
    counts: HashMap<Uuid7, usize>,
    ended: Vec<Ended>,
    tidied: Option<Instant>,
}

impl Sender {
    /// One that has told nothing yet.
    #[must_use]
    pub fn new(
        database: Database,
        readers: Readers,
        keys: Arc<Keys>,
        metrics: Metrics,
        post: Post,
    ) -> Self {
        Self {
            database,
            readers,
            keys,
            metrics,
            post,
            writing: None,
            under_way: JoinSet::new(),
            counts: HashMap::new(),
            ended: Vec::new(),
            tidied: None,
        }
    }

    /// Tells, for ever. What is under way when this is dropped is sent again by whoever comes next.
    pub async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                Some(ended) = self.under_way.join_next() => self.note(ended),
            }
            while let Some(ended) = self.under_way.try_join_next() {
                self.note(ended);
            }
            let failed = match timeout(PATIENCE, self.round()).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer in {} s", PATIENCE.as_secs()),
            };
            tracing::warn!(error = failed, "webhooks wait for the database");
            self.writing = None;
            ticks.reset();
            ticks.tick().await;
        }
    }

    fn note(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        match ended {
            Ok(ended) => self.ended.push(ended),
            // Its attempt is over by time.
            Err(error) => tracing::error!(%error, "a webhook was not sent"),
        }
    }

    async fn round(&mut self) -> Result<(), RoundError> {
        if self.ended.is_empty() && !webhooks::any(&mut self.readers.acquire().await?).await? {
            return Ok(());
        }
        let mut db = match self.writing.take() {
            Some(db) => db,
            None => self.database.reopen().await?,
        };
        while let Some((webhook, id, answer)) = self.ended.last() {
            let became = round::end(&mut db, (webhook, *id), answer, clock::now()).await?;
            self.metrics.webhook(answer.outcome());
            said(webhook, answer, became);
            if let Some(count) = self.counts.get_mut(&webhook.id) {
                *count = count.saturating_sub(1);
            }
            self.ended.pop();
        }
        for _ in 0..BATCHES {
            if !told::any_touched(&mut db).await? {
                break;
            }
            round::take_marks(&mut db, clock::now()).await?;
        }
        for webhook in webhooks::list(&mut db, None).await? {
            let room = AT_ONCE.saturating_sub(self.counts.get(&webhook.id).copied().unwrap_or(0));
            if webhook.disabled.is_none() && room > 0 {
                self.begin(&mut db, &webhook, room).await?;
            }
        }
        if self.tidied.is_none_or(|at| at.elapsed() > TIDY) {
            round::drop_old(&mut db, clock::now()).await?;
            self.tidied = Some(Instant::now());
        }
        self.writing = Some(db);
        Ok(())
    }

    async fn begin(
        &mut self,
        db: &mut Connection,
        webhook: &Webhook,
        room: usize,
    ) -> Result<(), RoundError> {
        let now = clock::now();
        // Who only looks does not keep others from writing.
        if webhooks::deliveries::due(db, webhook.site, webhook.id, now, 1).await?.is_empty() {
            return Ok(());
        }
        for attempt in round::begin(db, &self.keys, webhook, room, now).await? {
            *self.counts.entry(webhook.id).or_default() += 1;
            let Attempt { webhook, id, message } = attempt;
            let post = self.post.clone();
            self.under_way.spawn(async move {
                let answer = match message {
                    Some(message) => post.send(&webhook.url, message).await,
                    None => Answer::Sealed,
                };
                (webhook, id, answer)
            });
        }
        Ok(())
    }
}

/// Says what went wrong, without the address: its path may be a secret.
fn said(webhook: &Webhook, answer: &Answer, became: round::Became) {
    let (id, answer) = (webhook.id.to_text(), answer.shown());
    if became.dead {
        tracing::warn!(
            webhook = id,
            answer,
            "a webhook's message was given up: `ashiato webhook dead`"
        );
    }
    if became.disabled {
        tracing::warn!(
            webhook = id,
            answer,
            "a webhook is told nothing more: `ashiato webhook list`"
        );
    }
}
