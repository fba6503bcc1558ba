//! What `ashiato webhook` shows.

use consent_core::{ids::base64url, time::Millis};

use super::{Failure, Of, open};
use crate::{
    store::webhooks::{self, deliveries},
    webhooks::address::{Address, Reach},
};

/// Webhooks of a site and how they fare, without their paths and secrets.
pub(super) async fn list(of: &Of) -> Result<(), Failure> {
    let (mut db, site) = open(&of.site, &of.database.url).await?;
    let all = webhooks::list(&mut db, Some(site.id)).await?;
    if all.is_empty() {
        println!("the site {} has no webhook", site.file.key);
    }
    for webhook in all {
        let address = Address::parse(&webhook.url, Reach::Private);
        let address = address.map_or_else(|_| "?".to_owned(), |address| address.shown());
        println!("{}  {address}", webhook.id.to_text());
        println!("  events: {}", webhook.wants.to_text());
        let fields = webhook.fields.join(" ");
        println!("  fields: {}", if fields.is_empty() { "none" } else { &fields });
        let fares = match (&webhook.disabled, webhook.failing_since) {
            (Some((at, why)), _) => {
                let why = if why == "gone" {
                    "it answered 410"
                } else {
                    "nothing could be delivered for days"
                };
                format!(
                    "told nothing since {}: {why}; `ashiato webhook enable` tells it again",
                    time(*at)
                )
            }
            (None, Some(since)) => format!("failing since {}", time(since)),
            (None, None) => "well".to_owned(),
        };
        println!("  {fares}");
        if let Some((_, until)) = webhook.before {
            println!("  the secret before signs too until {}", time(until));
        }
    }
    Ok(())
}

/// Deliveries of a site, the newest first: all, or those that were given up.
pub(super) async fn deliveries(of: &Of, only_dead: bool, limit: i64) -> Result<(), Failure> {
    let (mut db, site) = open(&of.site, &of.database.url).await?;
    for delivery in deliveries::list(&mut db, site.id, only_dead, limit).await? {
        let answer = if delivery.answer.is_empty() { "not sent yet" } else { &delivery.answer };
        let next = match delivery.state {
            deliveries::State::Waiting => format!(", next {}", time(delivery.next_at)),
            _ => String::new(),
        };
        println!(
            "{}  {}  lead {}  {}, attempts {}{next}: {answer}",
            delivery.id.to_text(),
            delivery.message.event.as_str(),
            base64url(delivery.lead.as_bytes()),
            delivery.state.as_str(),
            delivery.attempts,
        );
    }
    Ok(())
}

/// A time to the second.
pub(super) fn time(at: Millis) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
