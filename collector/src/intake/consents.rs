//! Recording decisions: the log's leaf, the receipt, the grants, and the withdrawal of everything
//! that is no longer granted, in one transaction.

use std::{collections::HashSet, sync::Arc};

use consent_core::{
    ids::{ReceiptId, VisitorHash, VisitorId, base64url},
    policy::Slot,
    receipt::LogPlace,
    standing::{Standing, Subject},
    time::{DAY, DECISION_BACKDATING, Millis},
    wire::ConsentRequest,
};
use sha2::{Digest as _, Sha256};

use super::receipt;
use crate::{
    error::Problem,
    keys::Keys,
    log::{Hash, record},
    session::{self, Session},
    sites::Site,
    store::{
        Connection, VisitorRow,
        decisions::{self, Decision},
        grants,
        tallies::{self, Kind},
        visitors::{self, Times},
    },
    transparency::Appender,
};

/// A decision to record.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The site.
    pub site: Arc<Site>,
    /// The session that signed it.
    pub session: Session,
    /// The session's own string.
    pub session_text: String,
    /// As it was sent; its page is cleaned already.
    pub request: ConsentRequest,
    /// The collector's public address, without a slash at its end.
    pub public_url: Arc<str>,
    /// Random bits: the receipt's id, the log's salt, the new session.
    pub random: ([u8; 16], [u8; 32], [u8; 16]),
}

impl Decide {
    /// Whether something granted needs to know this visitor from others.
    #[must_use]
    pub fn needs_visitor(&self) -> bool {
        let choices = self.request.choices();
        let mut slots = self.site.policy.slots();
        slots.any(|slot| slot.needs_visitor && choices.grant(slot.purpose, slot.service))
    }
}

/// What became of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// The receipt; none for a first refusal.
    pub receipt: Option<(ReceiptId, String)>,
    /// A visitor made by this decision.
    pub visitor: Option<VisitorId>,
    /// A session that acts for the visitor, its key and its end.
    pub session: Option<(String, [u8; 32], Millis)>,
    /// Whether nothing is known to have been decided since: only then may the answer set cookies.
    pub in_force: bool,
    /// Whose it is, where a visitor is known.
    pub row: Option<VisitorRow>,
}

impl std::fmt::Debug for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the visitor nor the session's key is to be seen.
        f.debug_struct("Decided").field("receipt", &self.receipt).finish_non_exhaustive()
    }
}

/// Records a decision inside the caller's transaction.
///
/// # Errors
/// Where the database does not answer; a [`Problem`] where the decision cannot be taken, in which
/// case nothing was written.
pub async fn decide(
    db: &mut Connection,
    log: &mut Appender,
    keys: &Keys,
    decide: &Decide,
    now: Millis,
) -> sqlx::Result<Result<Decided, Problem>> {
    let Decide { site, request, .. } = decide;
    let session = mark(decide);
    if let Some(recorded) = decisions::find(db, site.id, request.id).await? {
        return if recorded.session == session && recorded.chose(&request.choices())? {
            Ok(Ok(again(keys, decide, &recorded, now)))
        } else {
            Ok(Err(Problem::field(
                "id",
                "used",
                "another decision of this id is recorded; make a new one",
            )))
        };
    }
    let before = match decide.session.visitor {
        None => None,
        Some(hash) => match visitors::find(db, site.id, &[hash]).await?.remove(&hash) {
            Some(visitor) => Some((hash, visitor)),
            None => {
                return Ok(Err(Problem::unauthorized(
                    "visitor_unknown",
                    "the visitor is not known here any more; forget the id and ask again",
                )));
            }
        },
    };
    let choices = request.choices();
    let granted: Vec<_> =
        site.policy.slots().filter(|slot| choices.grant(slot.purpose, slot.service)).collect();
    let outdated = request.revision != site.policy.revision();
    let refused = choices.refuse_everything() || granted.is_empty() || outdated;
    let needs_visitor = !refused && decide.needs_visitor();
    let mut decision = Decision {
        request,
        session: &session,
        visitor: None,
        edition: site.edition,
        now,
        receipt: None,
        salt: &decide.random.1,
        log_index: log.place(db).await?,
    };
    // A yes that was overtaken, by a later no of another tab perhaps, is no yes any more: but to what holds
    // anyhow, as where a page tells once more what it had no answer to.
    let overtaken = |last: &visitors::Visitor| {
        let holds = |slot: &Slot<'_>| last.standing.find(slot.purpose, slot.service).is_some();
        request.decided_at < last.times.decided && !granted.iter().all(holds)
    };
    if !refused && before.as_ref().is_some_and(|(_, last)| overtaken(last)) {
        return Ok(Err(Problem::field(
            "decided_at",
            "superseded",
            "the visitor has decided again since then",
        )));
    }
    if before.is_none() && request.previous.is_none() {
        count(db, site, if refused { &[] } else { &granted }, now).await?;
    }
    if refused && before.is_none() {
        let row = row_digest(site, &decision, None)?;
        log.append(db, &record::decision(decision.salt, None, &row)).await?;
        decisions::insert(db, site.id, &decision).await?;
        return Ok(Ok(Decided { in_force: true, ..Decided::default() }));
    }

    let receipt_id = ReceiptId::from_bytes(decide.random.0);
    let new = (before.is_none() && needs_visitor)
        .then(|| keys.new_visitor(&decide.session_text, request.id));
    let (row, hash, standing): (Option<VisitorRow>, Option<VisitorHash>, Standing) =
        match (&before, new) {
            (Some((hash, visitor)), _) => {
                (Some(visitor.row), Some(*hash), visitor.standing.clone())
            }
            (None, Some(id)) => {
                let hash = keys.visitor_hash(&site.key, id);
                let row = visitors::insert(db, site.id, hash).await?;
                (Some(row), Some(hash), Standing::none(Subject::Visitor(hash)))
            }
            (None, None) => (None, None, Standing::none(Subject::ThisBrowser)),
        };
    // From when it is granted is the page's word, believed for a few minutes only: what happened
    // between the click and this moment is then not lost, and a longer past cannot be claimed.
    // Nor does it reach beyond the visitor's last decision: what was not granted then stays so.
    let last = before.as_ref().map_or(Millis(0), |(_, visitor)| visitor.times.recorded);
    let since = request.decided_at.max(now.plus(-DECISION_BACKDATING)).max(last).min(now);
    let expires = now.plus(i64::from(site.file.consent_days) * DAY);
    let after = standing.decided(&site.policy, &choices, receipt_id, since, expires);

    let digest = row_digest(site, &Decision { receipt: Some((receipt_id, "")), ..decision }, hash)?;
    let facts = receipt::Facts {
        id: receipt_id,
        visitor: hash,
        before: &standing,
        after: &after,
        now,
        log: LogPlace {
            index: decision.log_index,
            salt: base64url(decision.salt),
            row: base64url(&digest),
        },
    };
    let payload = serde_json::to_string(&receipt::of(decide, &facts))
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let signed = keys.sign_receipt(&payload);
    log.append(db, &record::decision(decision.salt, Some(&signed), &digest)).await?;
    decision.visitor = row;
    decision.receipt = Some((receipt_id, &signed));
    decisions::insert(db, site.id, &decision).await?;
    if let Some(row) = row {
        grants::insert(db, site.id, row, &after).await?;
        let last = before.as_ref().map_or(Millis(0), |(_, visitor)| visitor.times.decided);
        let times = Times { decided: request.decided_at.max(last), recorded: now };
        visitors::set_standing(db, site.id, row, &after, times).await?;
        grants::withdraw_others(db, site.id, row, &after).await?;
    }
    Ok(Ok(Decided {
        receipt: Some((receipt_id, signed)),
        visitor: new,
        session: hash.filter(|_| needs_visitor).map(|hash| open(keys, decide, hash, now)),
        in_force: true,
        row,
    }))
}

/// The digest of what is recorded of a decision beside its receipt.
fn row_digest(
    site: &Site,
    decision: &Decision<'_>,
    visitor: Option<VisitorHash>,
) -> sqlx::Result<Hash> {
    let request = decision.request;
    let row = record::Decision {
        index: decision.log_index,
        site: site.key.as_str(),
        id: base64url(request.id.as_bytes()),
        session: base64url(decision.session),
        visitor: visitor.map(|hash| base64url(hash.as_bytes())),
        receipt_id: decision.receipt.map(|(id, _)| base64url(id.as_bytes())),
        edition: decision.edition,
        site_file: &site.digest,
        method: request.method.as_str(),
        language: &request.language,
        page: &request.page,
        banner: &request.banner,
        decided_at: request.decided_at.0,
        recorded_at: decision.now.0,
        choices: &decisions::written(&request.choices())?,
    };
    row.digest(decision.salt).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// By what the session is known that recorded a decision, so that nobody else is answered again.
/// Two decisions of one session share nothing: a refusal stays apart from whoever agrees later.
fn mark(decide: &Decide) -> [u8; 32] {
    let Decide { session_text, request, .. } = decide;
    Sha256::new().chain_update(request.id.as_bytes()).chain_update(session_text).finalize().into()
}

/// The answer to a decision that is recorded already. A visitor and a session are given again only
/// to the session that made them and only while the decision is in force, so that replaying an old
/// yes gives nobody anything.
fn again(keys: &Keys, decide: &Decide, recorded: &decisions::Recorded, now: Millis) -> Decided {
    let receipt = recorded.receipt_id.zip(recorded.receipt.clone());
    // Of a decision without a visitor nobody knows what its browser has decided since.
    let in_force = recorded.in_force && recorded.visitor.is_some();
    let decided = Decided { receipt, in_force, row: recorded.visitor, ..Decided::default() };
    if !in_force || !decide.needs_visitor() {
        return decided;
    }
    let (visitor, hash) = match decide.session.visitor {
        Some(hash) => (None, hash),
        None => {
            let id = keys.new_visitor(&decide.session_text, decide.request.id);
            (Some(id), keys.visitor_hash(&decide.site.key, id))
        }
    };
    Decided { visitor, session: Some(open(keys, decide, hash, now)), ..decided }
}

/// Takes their force from decisions of a transaction that a later one in it replaces.
pub fn overtake<'a>(decided: impl DoubleEndedIterator<Item = (&'a Decide, &'a mut Decided)>) {
    let mut later = HashSet::new();
    for (decide, decided) in decided.rev() {
        if let Some(row) = decided.row {
            decided.in_force &= later.insert((decide.site.id, row));
        }
    }
}

fn open(
    keys: &Keys,
    decide: &Decide,
    hash: VisitorHash,
    now: Millis,
) -> (String, [u8; 32], Millis) {
    let expires = now.plus(session::LIFETIME);
    let session = Session { site: decide.site.key.clone(), expires, visitor: Some(hash) };
    let text = session.to_text(&decide.random.2);
    let key = keys.session_key(&text);
    (text, key, expires)
}

/// Counts a first decision and the switches that it granted, without an identifier.
async fn count(
    db: &mut Connection,
    site: &Site,
    granted: &[Slot<'_>],
    now: Millis,
) -> sqlx::Result<()> {
    let day = site.day(now);
    tallies::add(db, site.id, day, (Kind::Decided, ""), 1).await?;
    for slot in granted {
        let key = tallies::switch(slot.purpose, slot.service);
        tallies::add(db, site.id, day, (Kind::Granted, &key), 1).await?;
    }
    Ok(())
}
