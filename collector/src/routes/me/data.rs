//! What is held about a visitor, read for their page and for the file that they take with them.

use consent_core::{ids::VisitorHash, time::Millis};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    site::{Held, HeldEvent, HeldReceipt, Switch},
    sites::Site,
    store::{Readers, held, log, visitors},
};

/// Decisions that are shown, at most: who has made more takes them all in the file.
const DECISIONS: u32 = 100;
/// Events that are read at once for the file.
const AT_ONCE: u32 = 5_000;

/// What the page shows; nothing of a visitor who is not known.
pub(super) async fn held(
    readers: &Readers,
    site: &Site,
    visitor: VisitorHash,
    (piece, size): (u32, u32),
) -> sqlx::Result<Option<Held>> {
    let db = &mut readers.acquire().await?;
    let found = visitors::find(db, site.id, &[visitor]).await?;
    let Some(found) = found.get(&visitor) else { return Ok(None) };
    let row = found.row;
    let (size_of_log, _) = log::head(db).await?;
    let switches = site.policy.slots().map(|slot| Switch {
        purpose: slot.purpose.clone(),
        service: slot.service.cloned(),
        since: found.standing.find(slot.purpose, slot.service).map(|grant| grant.since),
    });
    let events = held::events(db, site.id, row, (size, piece.saturating_mul(size))).await?;
    let decisions = held::decisions(db, site.id, row, DECISIONS).await?;
    Ok(Some(Held {
        revision: site.policy.revision(),
        switches: switches.collect(),
        until: Some(found.standing.expires()).filter(|_| !found.standing.grants().is_empty()),
        events: events.into_iter().map(event).collect(),
        total: held::count(db, site.id, row).await?,
        piece: (piece, size),
        links: held::links(db, site.id, row)
            .await?
            .into_iter()
            .map(|link| (link.form, link.since))
            .collect(),
        receipts: decisions.into_iter().map(|own| receipt(own, size_of_log)).collect(),
    }))
}

fn event(event: held::Event) -> HeldEvent {
    let held::Event { at, name, page, query, title, purpose, .. } = event;
    let page = if query.is_empty() { page } else { format!("{page}?{query}") };
    HeldEvent { at, name, page, title, purpose }
}

fn receipt(own: held::Decision, size: i64) -> HeldReceipt {
    let leaf = own.log_index;
    HeldReceipt {
        at: own.recorded_at,
        method: own.method,
        device: own.device,
        leaf,
        proof: format!("/v1/log/proof?leaf={leaf}&size={size}"),
        receipt: own.receipt,
    }
}

/// Everything that is held, as the visitor takes it with them. Times are milliseconds since 1970.
#[derive(Serialize)]
pub(super) struct File {
    site: String,
    exported_at: Millis,
    consent: Consent,
    receipts: Vec<Receipt>,
    events: Vec<Event>,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Consent {
    revision: u32,
    expires: Millis,
    grants: Vec<Grant>,
}

#[derive(Serialize)]
struct Grant {
    purpose: String,
    service: Option<String>,
    since: Millis,
}

#[derive(Serialize)]
struct Receipt {
    decision: String,
    receipt_id: String,
    recorded_at: Millis,
    method: String,
    language: String,
    page: String,
    device: String,
    choices: Option<Box<RawValue>>,
    log_index: i64,
    receipt: String,
}

#[derive(Serialize)]
struct Event {
    id: String,
    at: Millis,
    name: String,
    page: String,
    query: String,
    title: String,
    referrer: String,
    properties: Option<Box<RawValue>>,
    purpose: String,
    service: String,
}

#[derive(Serialize)]
struct Link {
    lead: String,
    form: String,
    linked_at: Millis,
}

/// The file; nothing of a visitor who is not known.
pub(super) async fn file(
    readers: &Readers,
    site: &Site,
    visitor: VisitorHash,
    now: Millis,
) -> sqlx::Result<Option<File>> {
    let db = &mut readers.acquire().await?;
    let found = visitors::find(db, site.id, &[visitor]).await?;
    let Some(found) = found.get(&visitor) else { return Ok(None) };
    let mut events: Vec<held::Event> = Vec::new();
    loop {
        let next = (events.last(), AT_ONCE);
        let more = held::earlier_events(db, site.id, found.row, next).await?;
        let last = more.len() < AT_ONCE as usize;
        events.extend(more);
        if last {
            break;
        }
    }
    let grants = found.standing.grants().iter().map(|grant| Grant {
        purpose: grant.purpose.to_string(),
        service: grant.service.as_ref().map(ToString::to_string),
        since: grant.since,
    });
    let decisions = held::decisions(db, site.id, found.row, u32::MAX).await?;
    let links = held::links(db, site.id, found.row).await?;
    Ok(Some(File {
        site: site.key.to_string(),
        exported_at: now,
        consent: Consent {
            revision: found.standing.revision(),
            expires: found.standing.expires(),
            grants: grants.collect(),
        },
        receipts: decisions.into_iter().map(proof).collect(),
        events: events.into_iter().map(whole).collect(),
        links: links
            .into_iter()
            .map(|link| Link { lead: link.lead.to_text(), form: link.form, linked_at: link.since })
            .collect(),
    }))
}

fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok()
}

fn proof(own: held::Decision) -> Receipt {
    Receipt {
        decision: own.id.to_text(),
        receipt_id: own.receipt_id.to_text(),
        recorded_at: own.recorded_at,
        method: own.method,
        language: own.language,
        page: own.page,
        device: own.device,
        choices: raw(own.choices),
        log_index: own.log_index,
        receipt: own.receipt,
    }
}

fn whole(event: held::Event) -> Event {
    let held::Event { id, at, name, page, query, title, referrer, properties, purpose, service } =
        event;
    Event {
        id: id.to_text(),
        at,
        name,
        page,
        query,
        title,
        referrer,
        properties: properties.and_then(raw),
        purpose,
        service,
    }
}
