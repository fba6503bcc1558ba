//! Recording decisions: the log's leaf, the receipt, the grants, and the withdrawal of everything
//! that is no longer granted, in one transaction.

mod page;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use consent_core::{
    ids::{ReceiptId, Uuid7, VisitorHash, VisitorId, base64url},
    policy::Slot,
    receipt::LogPlace,
    standing::{Standing, Subject},
    time::{DAY, DECISION_BACKDATING, Millis},
    wire::ConsentRequest,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use self::page::{Before, Page, Whose};
use super::receipt;
use crate::{
    device::Device,
    error::Problem,
    keys::Keys,
    log::{Hash, record},
    session::{self, Session},
    sites::Site,
    store::{
        Connection, SiteId, VisitorRow,
        decisions::{self, Decision, Recorded},
        visitors::{self, Times, Visitor},
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
    /// On which kind of device.
    pub device: Device,
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

/// Records decisions inside the caller's transaction, in their order. Those that have nothing to do with each
/// other take their places in the log at once, and are written by few statements, however many they are.
///
/// # Errors
/// Where the database does not answer; a [`Problem`] for a decision that cannot be taken, of which
/// nothing is written.
pub async fn decide(
    db: &mut Connection,
    log: &mut Appender,
    keys: &Keys,
    decides: &[&Decide],
    now: Millis,
) -> sqlx::Result<Vec<Result<Decided, Problem>>> {
    let mut answers = Vec::with_capacity(decides.len());
    let mut rest = decides;
    while !rest.is_empty() {
        let (together, later) = rest.split_at(apart(rest));
        rest = later;
        let mut page = Page::at(log.hold(db).await?);
        let known = Known::by(db, together).await?;
        let first = answers.len();
        for decide in together {
            answers.push(judge(&mut page, &known, keys, decide, now)?);
        }
        let rows = page.write(db, log).await?;
        for (decide, answer) in together.iter().zip(answers.iter_mut().skip(first)) {
            if let Ok(decided) = answer
                && let Some(visitor) = decided.visitor
                && decided.row.is_none()
            {
                let hash = keys.visitor_hash(&decide.site.key, visitor);
                decided.row = rows.get(&(decide.site.id, hash)).copied();
            }
        }
    }
    Ok(answers)
}

/// How many decisions, from the first on, share neither an id nor a visitor: what becomes of each does not
/// depend on the others.
fn apart(decides: &[&Decide]) -> usize {
    let (mut ids, mut visitors) = (HashSet::new(), HashSet::new());
    let is_apart = |decide: &&&Decide| {
        let site = decide.site.id;
        ids.insert((site, decide.request.id))
            && decide.session.visitor.is_none_or(|visitor| visitors.insert((site, visitor)))
    };
    decides.iter().take_while(is_apart).count()
}

/// What is recorded of those who decide.
#[derive(Default)]
struct Known {
    decisions: HashMap<(SiteId, Uuid7), Recorded>,
    visitors: HashMap<(SiteId, VisitorHash), Visitor>,
}

impl Known {
    async fn by(db: &mut Connection, decides: &[&Decide]) -> sqlx::Result<Self> {
        let mut asked: BTreeMap<SiteId, (Vec<Uuid7>, Vec<VisitorHash>)> = BTreeMap::new();
        for decide in decides {
            let (ids, visitors) = asked.entry(decide.site.id).or_default();
            ids.push(decide.request.id);
            visitors.extend(decide.session.visitor);
        }
        let mut known = Self::default();
        for (site, (ids, visitors)) in asked {
            let found = decisions::find(db, site, &ids).await?;
            known.decisions.extend(found.into_iter().map(|(id, found)| ((site, id), found)));
            let found = visitors::find(db, site, &visitors).await?;
            known.visitors.extend(found.into_iter().map(|(hash, found)| ((site, hash), found)));
        }
        Ok(known)
    }
}

/// What becomes of a decision; what is taken of it is put down on the page.
fn judge<'a>(
    page: &mut Page<'a>,
    known: &Known,
    keys: &Keys,
    decide: &'a Decide,
    now: Millis,
) -> sqlx::Result<Result<Decided, Problem>> {
    let Decide { site, request, .. } = decide;
    let (session, choices) = (mark(decide), request.choices());
    let written = decisions::written(&choices)?;
    if let Some(recorded) = known.decisions.get(&(site.id, request.id)) {
        return if bool::from(recorded.session.ct_eq(session.as_slice()))
            && recorded.choices == written
        {
            Ok(Ok(again(keys, decide, recorded, now)))
        } else {
            let detail = "another decision of this id is recorded; make a new one";
            Ok(Err(Problem::field("id", "used", detail)))
        };
    }
    let before = match decide.session.visitor {
        None => None,
        Some(hash) => match known.visitors.get(&(site.id, hash)) {
            Some(visitor) => Some((hash, visitor)),
            None => {
                return Ok(Err(Problem::unauthorized(
                    "visitor_unknown",
                    "the visitor is not known here any more; forget the id and ask again",
                )));
            }
        },
    };
    let granted: Vec<_> =
        site.policy.slots().filter(|slot| choices.grant(slot.purpose, slot.service)).collect();
    let outdated = request.revision != site.policy.revision();
    let refused = choices.refuse_everything() || granted.is_empty() || outdated;
    let needs_visitor = !refused && decide.needs_visitor();
    // A yes that was overtaken, by a later no of another tab perhaps, is no yes any more: but to what holds
    // anyhow, as where a page tells once more what it had no answer to.
    let overtaken = |last: &Visitor| {
        let holds = |slot: &Slot<'_>| last.standing.find(slot.purpose, slot.service).is_some();
        request.decided_at < last.times.decided && !granted.iter().all(holds)
    };
    if !refused && before.is_some_and(|(_, last)| overtaken(last)) {
        let detail = "the visitor has decided again since then";
        return Ok(Err(Problem::field("decided_at", "superseded", detail)));
    }
    if before.is_none() && request.previous.is_none() {
        page.count(site, if refused { &[] } else { &granted }, now);
    }
    let decision = Decision {
        site: site.id,
        request,
        session,
        visitor: None,
        edition: site.edition,
        now,
        device: decide.device,
        choices: written,
        receipt: None,
        salt: &decide.random.1,
        log_index: page.next(),
    };
    if refused && before.is_none() {
        let row = digest(site, &decision, None, None)?;
        page.put(record::decision(decision.salt, None, &row), decision, None);
        return Ok(Ok(Decided { in_force: true, ..Decided::default() }));
    }

    let receipt_id = ReceiptId::from_bytes(decide.random.0);
    let new = (before.is_none() && needs_visitor)
        .then(|| keys.new_visitor(&decide.session_text, request.id));
    let hash = match (before, new) {
        (Some((hash, _)), _) => Some(hash),
        (None, new) => new.map(|id| keys.visitor_hash(&site.key, id)),
    };
    let standing = match (before, hash) {
        (Some((_, visitor)), _) => visitor.standing.clone(),
        (None, Some(hash)) => Standing::none(Subject::Visitor(hash)),
        (None, None) => Standing::none(Subject::ThisBrowser),
    };
    // From when it is granted is the page's word, believed for a few minutes only: what happened
    // between the click and this moment is then not lost, and a longer past cannot be claimed.
    // Nor does it reach beyond the visitor's last decision, or the end of it: what was not granted then
    // stays so.
    let none = Times { decided: Millis(0), recorded: Millis(0) };
    let last = before.map_or(none, |(_, visitor)| visitor.times);
    let backdated = request.decided_at.max(now.plus(-DECISION_BACKDATING));
    let ended = Before::of(&standing, site.policy.revision(), now);
    let end = if ended == Before::RunOut { standing.expires() } else { Millis(0) };
    let since = backdated.max(last.recorded).max(end).min(now);
    let expires = now.plus(i64::from(site.file.consent_days) * DAY);
    let after = standing.decided(&site.policy, &choices, receipt_id, since, expires);

    let row = digest(site, &decision, Some(receipt_id), hash)?;
    let facts = receipt::Facts {
        id: receipt_id,
        visitor: hash,
        before: &standing,
        after: &after,
        now,
        log: LogPlace {
            index: decision.log_index,
            salt: base64url(decision.salt),
            row: base64url(&row),
        },
    };
    let payload = serde_json::to_string(&receipt::of(decide, &facts))
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let signed = keys.sign_receipt(&payload, now);
    let leaf = record::decision(decision.salt, Some(&signed), &row);
    let whose = hash.map(|hash| Whose {
        hash,
        row: before.map(|(_, visitor)| visitor.row),
        before: ended,
        standing: after,
        lead_link: site.policy.lead_link().map(|purpose| &purpose.key),
        times: Times { decided: request.decided_at.max(last.decided), recorded: now },
    });
    let receipt = Some((receipt_id, signed.clone()));
    page.put(leaf, Decision { receipt, ..decision }, whose);
    Ok(Ok(Decided {
        receipt: Some((receipt_id, signed)),
        visitor: new,
        session: hash.filter(|_| needs_visitor).map(|hash| open(keys, decide, hash, now)),
        in_force: true,
        row: before.map(|(_, visitor)| visitor.row),
    }))
}

/// The digest of what is recorded of a decision beside its receipt.
fn digest(
    site: &Site,
    decision: &Decision<'_>,
    receipt: Option<ReceiptId>,
    visitor: Option<VisitorHash>,
) -> sqlx::Result<Hash> {
    let request = decision.request;
    let row = record::Decision {
        index: decision.log_index,
        site: site.key.as_str(),
        id: base64url(request.id.as_bytes()),
        session: base64url(&decision.session),
        visitor: visitor.map(|hash| base64url(hash.as_bytes())),
        receipt_id: receipt.map(|id| base64url(id.as_bytes())),
        edition: decision.edition,
        site_file: &site.digest,
        method: request.method.as_str(),
        language: &request.language,
        page: &request.page,
        banner: &request.banner,
        decided_at: request.decided_at.0,
        recorded_at: decision.now.0,
        choices: &decision.choices,
        device: decision.device.as_str(),
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
fn again(keys: &Keys, decide: &Decide, recorded: &Recorded, now: Millis) -> Decided {
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
    let (text, key) = keys.open_session(&session, &decide.random.2, now);
    (text, key, expires)
}
