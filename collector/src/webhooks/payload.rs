//! What is sent: ids, what happened and when, and of a lead that may be used the fields that its receiver was set up
//! for.

use consent_core::{
    ids::{SiteKey, Uuid7},
    time::Millis,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    post::Signed,
    told::{Event, Message},
};
use crate::{
    keys::{Keys, leads::LeadKeyError},
    store::{
        leads::read::{Stored, Usable},
        webhooks::{Webhook, deliveries::Delivery},
    },
};

/// The type of the message by which a webhook is tried out.
const PING: &str = "webhook.ping";

/// The body that tells `delivery`. `lead` is the lead where it may be used: nothing but ids is told without it.
///
/// # Errors
/// Where the lead cannot be opened.
pub fn body(
    keys: &Keys,
    webhook: &Webhook,
    delivery: &Delivery,
    lead: Option<&Usable>,
) -> Result<Vec<u8>, LeadKeyError> {
    let Message { event, linked_at, .. } = &delivery.message;
    let mut data = Map::new();
    data.insert("site".to_owned(), webhook.key.as_str().into());
    data.insert("lead".to_owned(), json!(delivery.lead));
    match (event, lead) {
        (Event::Created | Event::Changed, Some(lead)) => {
            facts(keys, webhook, lead.lead(), &mut data)?;
        }
        (Event::Linked, Some(lead)) => {
            data.insert("linked_at".to_owned(), json!(linked_at));
            facts(keys, webhook, lead.lead(), &mut data)?;
        }
        _ => {}
    }
    Ok(message(event.as_str(), delivery.made_at, &data))
}

fn facts(
    keys: &Keys,
    webhook: &Webhook,
    lead: &Stored,
    data: &mut Map<String, Value>,
) -> Result<(), LeadKeyError> {
    data.insert("form".to_owned(), lead.form.as_str().into());
    data.insert("origin".to_owned(), lead.origin.as_str().into());
    data.insert("received_at".to_owned(), json!(lead.received_at));
    data.insert("version".to_owned(), lead.version.into());
    let ground = json!({ "kind": lead.ground, "since": lead.ground_since });
    data.insert("ground".to_owned(), ground);
    if webhook.fields.is_empty() {
        return Ok(());
    }
    let mut fields = keys.open_lead(&webhook.key, lead.id, &lead.sealed)?;
    fields.retain(|field, _| webhook.fields.contains(field));
    data.insert("fields".to_owned(), json!(fields));
    Ok(())
}

/// The body by which a webhook is tried out.
#[must_use]
pub fn ping(site: &SiteKey, now: Millis) -> Vec<u8> {
    let site = ("site".to_owned(), site.as_str().into());
    message(PING, now, &Map::from_iter([site]))
}

fn message(kind: &str, at: Millis, data: &Map<String, Value>) -> Vec<u8> {
    let at = Timestamp::from_millisecond(at.0).unwrap_or_default();
    let at = format!("{at:.3}");
    json!({ "type": kind, "timestamp": at, "data": data }).to_string().into_bytes()
}

/// Signs a body by the webhook's secret, and by the one before as long as that is to sign too.
#[must_use]
pub fn sign(keys: &Keys, webhook: &Webhook, id: Uuid7, body: Vec<u8>, now: Millis) -> Signed {
    let (id, seconds) = (id.to_text(), now.seconds());
    let before = webhook.before.as_ref().filter(|(_, until)| now < *until);
    let salts = std::iter::once(&webhook.salt).chain(before.map(|(salt, _)| salt));
    let sign = |salt| keys.webhook_secret(&webhook.key, webhook.id, salt).sign(&id, seconds, &body);
    let signatures = salts.map(sign).collect::<Vec<_>>().join(" ");
    Signed { id, seconds, signatures, body }
}
