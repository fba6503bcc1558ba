//! What the sender does in the database: it takes marks, has the next thing told, notes before each attempt that it is
//! made and afterwards what came of it.
//!
//! Every step is one transaction under one lock, so that collectors take turns and each sees what the others did. An
//! attempt belongs to whoever noted it until its time is over; after that it is made again, with the same id, by any.
//! So a collector may die at any moment: what it sent and did not note is sent twice, and nothing is lost.

use std::{collections::BTreeMap, time::Duration};

use consent_core::{
    ids::{LeadId, Uuid7},
    time::{DAY, Millis},
};
use serde_json::json;

use super::{
    payload,
    post::{Answer, PATIENCE, Signed},
    told::{self, Facts, Now},
};
use crate::{
    keys::{self, Keys, KeysError},
    store::{
        Connection, SiteId,
        audit::{self, Actor, Entry},
        leads::read::{self, Usable},
        locks::{self, Lock},
        reports::Holding,
        webhooks::{
            self, Webhook,
            deliveries::{self, Delivery, State},
            told as known,
        },
    },
};

/// Pauses between attempts, in seconds: ten attempts in a little over three days.
const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How long an attempt belongs to whoever noted it: twice as long as it may take.
pub const LEASE: i64 = 30_000;
const _: () = assert!(LEASE as u128 >= 2 * PATIENCE.as_millis());
/// A webhook to which nothing could be delivered for so long is told nothing more.
pub const FAILING: i64 = 5 * DAY;
/// How long it can be seen what was delivered.
pub const KEPT: i64 = 7 * DAY;
/// Marks of one transaction, at most.
const MARKS: i64 = 64;

/// Why a step cannot be done. It is done the next time.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The database does not answer.
    #[error("{}", crate::store::Logged(.0))]
    Database(#[from] sqlx::Error),
    /// The system gives no random numbers.
    #[error(transparent)]
    Random(#[from] KeysError),
}

/// How a lead stands, and the lead where it may be used.
async fn look(
    db: &mut Connection,
    webhook: &Webhook,
    lead: LeadId,
    now: Millis,
) -> sqlx::Result<(Now, Option<Usable>)> {
    let holding = Holding { revision: webhook.revision, now };
    if let Some(usable) = read::usable_one(db, webhook.site, holding, lead).await? {
        let stored = usable.lead();
        let facts = Facts {
            version: stored.version,
            ground: stored.ground.clone(),
            ground_since: stored.ground_since,
        };
        let stands = Now { is_there: true, facts: Some(facts), linked_at: stored.linked_at };
        return Ok((stands, Some(usable)));
    }
    let stored = read::one(db, webhook.site, holding, lead).await?;
    let linked_at = stored.as_ref().and_then(|stored| stored.linked_at);
    Ok((Now { is_there: stored.is_some(), facts: None, linked_at }, None))
}

/// Sees to it that what waits to be told of a lead is what is to be told next; that, unless it is under way, was given
/// up, or there is nothing.
async fn advance(
    db: &mut Connection,
    webhook: &Webhook,
    lead: LeadId,
    now: Millis,
) -> Result<Option<(Delivery, Option<Usable>)>, RoundError> {
    let (site, id) = (webhook.site, webhook.id);
    let open = deliveries::open(db, site, id, lead).await?;
    let is_under_way = |it: &Delivery| it.state == State::Sending && now < it.next_at;
    if open.as_ref().is_some_and(is_under_way) {
        return Ok(None);
    }
    let (stands, usable) = look(db, webhook, lead, now).await?;
    let before = known::find(db, site, id, lead).await?;
    let (mut told, mut message) = told::next(before.clone(), &stands, &webhook.wants);
    if let Some(open) = open {
        if message.as_ref() == Some(&open.message) {
            let is_dead = open.state == State::Dead;
            return Ok((!is_dead).then_some((open, usable)));
        }
        if open.attempts == 0 {
            deliveries::delete(db, site, open.id).await?;
        } else {
            let fared = (State::Overtaken, open.answer.as_str());
            deliveries::fared(db, site, open.id, fared, open.next_at, now).await?;
            let perhaps = told::perhaps_after(before.clone(), &open.message);
            (told, message) = told::next(perhaps, &stands, &webhook.wants);
        }
    }
    if told != before {
        known::set(db, site, id, lead, told.as_ref()).await?;
    }
    let Some(message) = message else { return Ok(None) };
    let made = Uuid7::new(now, &keys::random()?);
    deliveries::insert(db, site, (made, id, lead), &message, now).await?;
    let made = deliveries::find(db, site, made).await?;
    Ok(made.map(|made| (made, usable)))
}

/// Takes marks of touched leads, and has told what is to be told of them; how many there were.
///
/// # Errors
/// Where the database does not answer: nothing is taken then.
pub async fn take_marks(db: &mut Connection, now: Millis) -> Result<usize, RoundError> {
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Webhooks).await?;
    let touched = known::take_touched(&mut tx, MARKS).await?;
    let mut by_site: BTreeMap<SiteId, Vec<Webhook>> = BTreeMap::new();
    for webhook in webhooks::list(&mut tx, None).await? {
        by_site.entry(webhook.site).or_default().push(webhook);
    }
    for (site, lead) in &touched {
        for webhook in by_site.get(site).into_iter().flatten() {
            advance(&mut tx, webhook, LeadId::from_bytes(*lead), now).await?;
        }
    }
    tx.commit().await?;
    Ok(touched.len())
}

/// An attempt that was noted, and is to be made.
pub struct Attempt {
    /// Whom.
    pub webhook: Webhook,
    /// The delivery's id.
    pub id: Uuid7,
    /// What is sent, or that it could not be opened.
    pub message: Option<Signed>,
}

/// Notes attempts of a webhook that are to be made now, `room` at most.
///
/// # Errors
/// Where the database does not answer: none is to be made then.
pub async fn begin(
    db: &mut Connection,
    keys: &Keys,
    webhook: &Webhook,
    room: usize,
    now: Millis,
) -> Result<Vec<Attempt>, RoundError> {
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Webhooks).await?;
    let mut attempts = Vec::new();
    for lead in deliveries::due(&mut tx, webhook.site, webhook.id, now, room).await? {
        let Some((delivery, usable)) = advance(&mut tx, webhook, lead, now).await? else {
            continue;
        };
        if delivery.next_at > now {
            continue;
        }
        if may_not_again(&delivery) {
            // Whoever made the last attempt died of it.
            let fared = (State::Dead, "no result is known");
            deliveries::fared(&mut tx, webhook.site, delivery.id, fared, now, now).await?;
            continue;
        }
        deliveries::send(&mut tx, webhook.site, delivery.id, now.plus(LEASE)).await?;
        let message = match payload::body(keys, webhook, &delivery, usable.as_ref()) {
            Ok(body) => Some(payload::sign(keys, webhook, delivery.id, body, now)),
            Err(error) => {
                tracing::error!(%error, "a lead cannot be read");
                None
            }
        };
        attempts.push(Attempt { webhook: webhook.clone(), id: delivery.id, message });
    }
    tx.commit().await?;
    Ok(attempts)
}

fn may_not_again(delivery: &Delivery) -> bool {
    usize::try_from(delivery.tries).is_ok_and(|tries| tries > PAUSES.len())
}

/// What became of a webhook by an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Became {
    /// The delivery was given up.
    pub dead: bool,
    /// The webhook is told nothing more.
    pub disabled: bool,
}

/// Notes what came of an attempt.
///
/// # Errors
/// Where the database does not answer: it is to be noted again.
pub async fn end(
    db: &mut Connection,
    (webhook, id): (&Webhook, Uuid7),
    answer: &Answer,
    now: Millis,
) -> Result<Became, RoundError> {
    let mut became = Became::default();
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Webhooks).await?;
    let site = webhook.site;
    let delivery = deliveries::find(&mut tx, site, id).await?;
    let Some(delivery) = delivery.filter(|it| matches!(it.state, State::Waiting | State::Sending))
    else {
        return Ok(became); // removed, or somebody else's meanwhile
    };
    let shown = answer.shown();
    let is_taken = matches!(answer, Answer::Taken(_));
    if is_taken {
        let before = known::find(&mut tx, site, webhook.id, delivery.lead).await?;
        let told = told::after(before, &delivery.message);
        known::set(&mut tx, site, webhook.id, delivery.lead, told.as_ref()).await?;
        let fared = (State::Delivered, shown.as_str());
        deliveries::fared(&mut tx, site, id, fared, now, now).await?;
    } else if may_not_again(&delivery) {
        became.dead = true;
        deliveries::fared(&mut tx, site, id, (State::Dead, &shown), now, now).await?;
    } else {
        let next_at = now.plus(pause(delivery.tries, answer, u16::from_be_bytes(keys::random()?)));
        deliveries::fared(&mut tx, site, id, (State::Waiting, &shown), next_at, now).await?;
    }
    webhooks::fared(&mut tx, site, webhook.id, is_taken, now).await?;
    became.disabled = match answer {
        Answer::Taken(_) => false,
        Answer::Gone => webhooks::disable(&mut tx, site, webhook.id, "gone", None, now).await?,
        _ => {
            let since = Some(now.plus(-FAILING));
            webhooks::disable(&mut tx, site, webhook.id, "failing", since, now).await?
        }
    };
    advance(&mut tx, webhook, delivery.lead, now).await?;
    if became.disabled {
        let entry = Entry {
            at: now,
            by: Actor::Job("webhooks"),
            action: "webhook.disable",
            object: ("webhook", webhook.id.to_text()),
            details: json!({ "answer": shown }),
        };
        audit::append(&mut tx, site, &entry).await?;
    }
    tx.commit().await?;
    Ok(became)
}

/// Milliseconds until the next attempt: as long as the receiver asks for, if that is longer, and up to a fifth more, so
/// that not all come back at once.
fn pause(tries: i64, answer: &Answer, random: u16) -> i64 {
    let place = usize::try_from(tries - 1).unwrap_or(0).min(PAUSES.len() - 1);
    let asked = match answer {
        Answer::Status(429 | 503, Some(asked)) => *asked,
        _ => Duration::ZERO,
    };
    let asked = i64::try_from(asked.as_millis()).unwrap_or(0);
    let pause = (PAUSES[place] * 1_000).max(asked);
    pause + pause / 5 * i64::from(random) / i64::from(u16::MAX)
}

/// Drops what was delivered long ago.
///
/// # Errors
/// Where the database does not answer.
pub async fn drop_old(db: &mut Connection, now: Millis) -> sqlx::Result<()> {
    let sites: std::collections::BTreeSet<_> =
        webhooks::list(db, None).await?.iter().map(|webhook| webhook.site).collect();
    for site in sites {
        deliveries::drop_before(db, site, now.plus(-KEPT)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_made_over_days_and_never_all_at_once() {
        let late = Answer::Late;
        let least: i64 = (1..=9).map(|tries| pause(tries, &late, 0)).sum();
        assert!(least > 3 * DAY && least < 4 * DAY, "{least}");
        assert_eq!(pause(1, &late, 0), 5_000);
        assert_eq!(pause(1, &late, u16::MAX), 6_000);
        assert!(pause(2, &late, 9_000) > pause(2, &late, 3_000));
        assert_eq!(pause(40, &late, 0), 86_400_000);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_but_for_none_that_is_shorter() {
        let asks = |seconds| Answer::Status(503, Some(Duration::from_secs(seconds)));
        assert_eq!(pause(1, &asks(60), 0), 60_000);
        assert_eq!(pause(2, &asks(1), 0), 300_000);
        assert_eq!(pause(1, &Answer::Status(500, Some(Duration::from_secs(60))), 0), 5_000);
    }
}
