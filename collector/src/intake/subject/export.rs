//! Everything that is held about a person, as JSON.

use consent_core::{
    ids::LeadId,
    time::{DAY, Millis},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Desk, SubjectError};
use crate::{
    site::SiteFile,
    store::{
        Connection, SiteId,
        audit::{self, Search},
        leads::read::{self, Stored},
        subjects,
    },
};

/// Entries of the trail that are read at once.
const PAGE: i64 = 1_000;

/// What is held about the person of those leads.
pub(super) async fn held(
    desk: &Desk<'_>,
    db: &mut Connection,
    leads: &[LeadId],
) -> Result<Value, SubjectError> {
    let (site, file) = (desk.site.id, &desk.site.file);
    let mut all = Vec::new();
    for lead in leads {
        let Some(stored) = read::one(db, site, desk.holding(), *lead).await? else { continue };
        let mut shown = shown(desk, file, &stored)?;
        if stored.linked_at.is_some() {
            shown["browsing"] = browsing(db, site, file, *lead).await?;
        }
        all.push(shown);
    }
    Ok(json!({
        "site": file.key,
        "name": file.name,
        "controller": {
            "name": file.controller.name,
            "address": file.controller.address,
            "contact": file.controller.contact,
        },
        "made_at": moment(desk.now),
        "leads": all,
        "shown_to": shown_to(db, site, leads).await?,
    }))
}

/// Of what is held, to whom it was given: who receives what of the browsing that is tied to a lead, and who was shown
/// or given any of it.
pub(super) fn provision(held: Value) -> Value {
    let mut held = held;
    for lead in held["leads"].as_array_mut().into_iter().flatten() {
        let recipients = lead["browsing"]["recipients"].take();
        *lead = json!({
            "lead": lead["lead"],
            "form": lead["form"],
            "received_at": lead["received_at"],
            "recipients": recipients.as_array().cloned().unwrap_or_default(),
        });
    }
    held
}

fn moment(at: Millis) -> Value {
    Timestamp::from_millisecond(at.0).map_or(Value::Null, |at| at.to_string().into())
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn shown(desk: &Desk<'_>, file: &SiteFile, stored: &Stored) -> Result<Value, SubjectError> {
    let fields = desk.keys.open_lead(&file.key, stored.id, &stored.sealed)?;
    let form = file.forms.iter().find(|form| form.key.as_str() == stored.form);
    let days = form.map_or(file.retention.leads_days, |form| form.retention_days);
    Ok(json!({
        "lead": stored.id,
        "origin": stored.origin,
        "form": stored.form,
        "use": form.map(|form| &form.usage),
        "received_at": moment(stored.received_at),
        "kept_until": moment(stored.received_at.plus(i64::from(days) * DAY)),
        "page": stored.page,
        "corrections": stored.version - 1,
        "fields": fields,
        "agreements": parsed(&stored.agreements),
        "ground": stored.ground,
        "ground_since": stored.ground_since.map(moment),
        "linked_at": stored.linked_at.map(moment),
    }))
}

/// What is tied to a lead: the visitor's decisions with their receipts, what was observed since the link, and who else
/// receives it from the visitor's browser.
async fn browsing(
    db: &mut Connection,
    site: SiteId,
    file: &SiteFile,
    lead: LeadId,
) -> sqlx::Result<Value> {
    let Some((visitor, since)) = subjects::visitor(db, site, lead).await? else {
        return Ok(Value::Null);
    };
    let decisions = subjects::decisions(db, site, visitor).await?;
    let decisions = decisions.iter().map(|it| {
        json!({
            "decided_at": moment(it.decided_at),
            "method": it.method,
            "language": it.language,
            "page": it.page,
            "device": it.device,
            "choices": parsed(&it.choices),
            "place_in_log": it.log_index,
            "receipt": it.receipt,
        })
    });
    let decisions: Vec<_> = decisions.collect();
    let events = subjects::events(db, site, visitor, since).await?;
    let events = events.iter().map(|it| {
        json!({
            "id": it.id,
            "at": moment(it.at),
            "name": it.name,
            "purpose": it.purpose,
            "page": it.page.0,
            "query": it.page.1,
            "title": it.title,
            "referrer": it.referrer,
            "properties": it.properties.as_deref().map(parsed),
        })
    });
    let events: Vec<_> = events.collect();
    let mut recipients = Vec::new();
    for (purpose, service) in subjects::granted(db, site, visitor).await? {
        let purpose = file.purposes.iter().find(|it| it.key.as_str() == purpose);
        let service =
            purpose.and_then(|it| it.services.iter().find(|it| it.key.as_str() == service));
        if let Some(service) = service.filter(|service| service.external) {
            recipients.push(json!({
                "service": service.name,
                "recipient": service.provider.name,
                "country": service.provider.country,
                "sends": service.sends,
                "use": service.their_use,
            }));
        }
    }
    Ok(json!({ "decisions": decisions, "recipients": recipients, "events": events }))
}

/// Who was shown or given any of the leads, and when, as the audit trail has it.
async fn shown_to(db: &mut Connection, site: SiteId, leads: &[LeadId]) -> sqlx::Result<Vec<Value>> {
    let ids: Vec<_> = leads.iter().map(LeadId::to_text).collect();
    let mut found = Vec::new();
    let mut next = 0;
    loop {
        let page = audit::list(db, site, &Search::everything(), next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        next = last.seq + 1;
        for entry in &page {
            let details = parsed(&entry.details);
            let among = details["leads"].as_array().is_some_and(|of| {
                of.iter().filter_map(Value::as_str).any(|of| ids.iter().any(|id| id == of))
            });
            if among || ids.contains(&entry.object) {
                let by = format!("{} {}", entry.actor_kind, entry.actor);
                let at = moment(Millis(entry.at));
                found.push(json!({ "at": at, "action": entry.action, "by": by.trim() }));
            }
        }
    }
}
