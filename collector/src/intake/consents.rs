//! Recording decisions: the log's leaf, the receipt, the grants, and the withdrawal of everything
//! that is no longer granted, in one transaction.

use std::{collections::BTreeSet, sync::Arc};

use consent_core::{
    choices::Method,
    ids::{ReceiptId, VisitorHash, VisitorId},
    policy::{Contradiction, Kind as PurposeKind},
    receipt::{EventState, LogPlace, Party, PurposeState, Receipt, SCHEMA_VERSION},
    standing::{Standing, Subject},
    time::{CLOCK_SKEW, DAY, DECISION_BACKDATING, EVENT_MAX_AGE, Millis},
    wire::ConsentRequest,
};
use sha2::{Digest as _, Sha256};

use crate::{
    error::Problem,
    keys::Keys,
    log,
    session::{self, Session},
    sites::Site,
    store::{
        Connection, VisitorRow,
        decisions::{self, Decision},
        grants, log as leaves,
        tallies::{self, Kind},
        visitors,
    },
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

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// The receipt; none for a first refusal.
    pub receipt: Option<(ReceiptId, String)>,
    /// A visitor made by this decision.
    pub visitor: Option<VisitorId>,
    /// A session that acts for the visitor, its key and its end.
    pub session: Option<(String, [u8; 32], Millis)>,
}

/// Checks what can be checked without the database.
///
/// # Errors
/// 422, by field.
pub fn check(site: &Site, request: &ConsentRequest, now: Millis) -> Result<(), Problem> {
    let choices = request.choices();
    if request.decided_at > now.plus(CLOCK_SKEW) {
        return Err(Problem::field(
            "decided_at",
            "future",
            "the decision lies in the future",
        ));
    }
    let banned =
        |text: &str, max| text.is_empty() || text.len() > max || text.chars().any(char::is_control);
    for (field, text) in [("language", &request.language), ("banner", &request.banner)] {
        if banned(text, 64) {
            return Err(Problem::field(
                field,
                "invalid",
                "1 to 64 bytes without control characters",
            ));
        }
    }
    if choices.refuse_everything() {
        // A no is always taken, whatever revision was shown and however late it comes.
        return match request.method {
            Method::AcceptAll => Err(contradiction(&Contradiction::Method(Method::AcceptAll))),
            _ => Ok(()),
        };
    }
    if request.revision != site.policy.revision() {
        return Err(Problem::field(
            "revision",
            "outdated",
            format!(
                "the policy is at revision {}; show it and ask again",
                site.policy.revision()
            ),
        ));
    }
    if request.decided_at < now.plus(-EVENT_MAX_AGE) {
        return Err(Problem::field(
            "decided_at",
            "too_old",
            "the decision is older than 48 hours",
        ));
    }
    site.policy
        .check(request.method, &choices)
        .map_err(|flaw| contradiction(&flaw))
}

fn contradiction(flaw: &Contradiction) -> Problem {
    match flaw {
        Contradiction::UnknownPurpose(key) => Problem::field(
            &format!("purposes.{key}"),
            "unknown_purpose",
            "the site has no such purpose",
        ),
        Contradiction::UnknownService(key) => Problem::field(
            &format!("services.{key}"),
            "unknown_service",
            "the site has no such service",
        ),
        Contradiction::NotAsked(key) => Problem::field(
            &format!("purposes.{key}"),
            "not_asked",
            "a necessary purpose is not asked and cannot be refused",
        ),
        Contradiction::Method(method) => Problem::field(
            "method",
            "contradiction",
            format!(
                "{} does not fit these purposes and services",
                method.as_str()
            ),
        ),
    }
}

/// Records a decision inside the caller's transaction.
///
/// # Errors
/// Where the database does not answer; a [`Problem`] where the decision cannot be taken, in which
/// case nothing was written.
pub async fn decide(
    db: &mut Connection,
    keys: &Keys,
    decide: &Decide,
    now: Millis,
) -> sqlx::Result<Result<Decided, Problem>> {
    let Decide { site, request, .. } = decide;
    let session_hash = Sha256::digest(&decide.session_text);
    if let Some(recorded) = decisions::find(db, site.id, request.id).await? {
        return Ok(again(keys, decide, &recorded, &session_hash, now));
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
    let granted: Vec<_> = site
        .policy
        .slots()
        .filter(|slot| choices.grant(slot.purpose, slot.service))
        .collect();
    let outdated = request.revision != site.policy.revision();
    let refused = choices.refuse_everything() || granted.is_empty() || outdated;
    let needs_visitor = !refused && granted.iter().any(|slot| slot.needs_visitor);
    let mut decision = Decision {
        request,
        session: &session_hash,
        visitor: None,
        edition: site.edition,
        now,
        receipt: None,
        salt: &decide.random.1,
        log_index: leaves::next(db).await?,
    };
    if before.is_none() {
        let purposes = granted
            .iter()
            .filter(|_| !refused)
            .map(|slot| slot.purpose.as_str());
        count(db, site, purposes.collect(), now).await?;
    }
    if refused && before.is_none() {
        let record = request.to_json();
        leaves::append(
            db,
            decision.log_index,
            &log::leaf(&decide.random.1, record.as_bytes()),
        )
        .await?;
        decisions::insert(db, site.id, &decision).await?;
        return Ok(Ok(Decided::default()));
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
                let row = visitors::insert(db, site.id, hash, now).await?;
                (
                    Some(row),
                    Some(hash),
                    Standing::none(Subject::Visitor(hash)),
                )
            }
            (None, None) => (None, None, Standing::none(Subject::ThisBrowser)),
        };
    // From when it is granted is the page's word, believed for a few minutes only: what happened
    // between the click and this moment is then not lost, and a longer past cannot be claimed.
    let since = request
        .decided_at
        .max(now.plus(-DECISION_BACKDATING))
        .min(now);
    let expires = now.plus(i64::from(site.file.consent_days) * DAY);
    let after = standing.decided(&site.policy, &choices, receipt_id, since, expires);

    let receipt = receipt(
        decide,
        receipt_id,
        hash,
        &standing,
        &after,
        now,
        decision.log_index,
    );
    let payload =
        serde_json::to_string(&receipt).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    leaves::append(
        db,
        decision.log_index,
        &log::leaf(&decide.random.1, payload.as_bytes()),
    )
    .await?;
    let signed = keys.sign_receipt(&payload);
    decision.visitor = row;
    decision.receipt = Some((receipt_id, &signed));
    decisions::insert(db, site.id, &decision).await?;
    if let Some(row) = row {
        grants::insert(db, site.id, row, &after).await?;
        visitors::set_standing(db, site.id, row, &after).await?;
        grants::withdraw_others(db, site.id, row, &after).await?;
    }
    Ok(Ok(Decided {
        receipt: Some((receipt_id, signed)),
        visitor: new,
        session: hash
            .filter(|_| needs_visitor)
            .map(|hash| open(keys, decide, hash, now)),
    }))
}

/// The answer to a decision that is recorded already. A visitor and a session are given again only
/// to the session that made them and only while the decision is in force, so that replaying an old
/// yes gives nobody anything.
fn again(
    keys: &Keys,
    decide: &Decide,
    recorded: &decisions::Recorded,
    session_hash: &[u8],
    now: Millis,
) -> Result<Decided, Problem> {
    if recorded.session != session_hash {
        return Err(Problem::field(
            "id",
            "used",
            "another session has recorded a decision of this id; make a new one",
        ));
    }
    let receipt = recorded.receipt_id.zip(recorded.receipt.clone());
    if recorded.visitor.is_none()
        || !recorded.in_force
        || decide.request.choices().refuse_everything()
    {
        return Ok(Decided {
            receipt,
            ..Decided::default()
        });
    }
    let (visitor, hash) = match decide.session.visitor {
        Some(hash) => (None, hash),
        None => {
            let id = keys.new_visitor(&decide.session_text, decide.request.id);
            (Some(id), keys.visitor_hash(&decide.site.key, id))
        }
    };
    Ok(Decided {
        receipt,
        visitor,
        session: Some(open(keys, decide, hash, now)),
    })
}

fn open(
    keys: &Keys,
    decide: &Decide,
    hash: VisitorHash,
    now: Millis,
) -> (String, [u8; 32], Millis) {
    let expires = now.plus(session::LIFETIME);
    let session = Session {
        site: decide.site.key.clone(),
        expires,
        visitor: Some(hash),
    };
    let text = session.to_text(&decide.random.2);
    let key = keys.session_key(&text);
    (text, key, expires)
}

/// Counts a first decision and what it granted, without an identifier.
async fn count(
    db: &mut Connection,
    site: &Site,
    granted: BTreeSet<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    let day = site.day(now);
    tallies::add(db, site.id, day, (Kind::Decided, ""), 1).await?;
    for purpose in granted {
        tallies::add(db, site.id, day, (Kind::Granted, purpose), 1).await?;
    }
    Ok(())
}

fn receipt(
    decide: &Decide,
    id: ReceiptId,
    visitor: Option<VisitorHash>,
    before: &Standing,
    after: &Standing,
    now: Millis,
    log_index: i64,
) -> Receipt {
    let Decide {
        site,
        request,
        public_url,
        ..
    } = decide;
    let controller = &site.file.controller;
    let name = controller
        .name
        .get(&request.language)
        .or_else(|| controller.name.values().next());
    let asked = site
        .policy
        .purposes()
        .iter()
        .filter(|purpose| purpose.kind != PurposeKind::Necessary);
    let purposes = asked
        .map(|purpose| {
            let of = |standing: &Standing| -> Vec<_> {
                let grants = standing.grants().iter();
                grants
                    .filter(|grant| grant.purpose == purpose.key)
                    .cloned()
                    .collect()
            };
            let granted = of(after);
            let event_state = match (granted.is_empty(), of(before).is_empty()) {
                (false, _) => EventState::ConsentGiven,
                (true, true) => EventState::ConsentRefused,
                (true, false) => EventState::ConsentWithdrawn,
            };
            let services = granted
                .into_iter()
                .filter_map(|grant| grant.service)
                .collect();
            PurposeState {
                purpose: purpose.key.clone(),
                event_state,
                services,
            }
        })
        .collect();
    Receipt {
        schema_version: SCHEMA_VERSION.to_owned(),
        record_id: id,
        pii_principal_id: visitor,
        site: site.key.clone(),
        decision_id: request.id,
        previous: request.previous,
        revision: site.policy.revision(),
        wording: site.wording.clone(),
        privacy_notice: format!("{public_url}/s/{}/policy", site.key),
        language: request.language.clone(),
        page: request.page.clone(),
        banner: request.banner.clone(),
        collection_method: request.method,
        decided_at: request.decided_at,
        event_time: now,
        validity_duration: after.expires().since(now),
        purposes,
        pii_controllers: vec![Party {
            party_name: name.cloned().unwrap_or_default(),
            party_role: "controller".to_owned(),
            party_contact: controller.contact.clone(),
        }],
        withdrawal_method: format!("{public_url}/s/{}/policy", site.key),
        log: LogPlace { index: log_index },
    }
}
