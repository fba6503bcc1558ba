//! `ashiato webhook`.

mod shown;

use std::path::PathBuf;

use consent_core::{
    ids::{LeadId, Uuid7},
    time::DAY,
};

use serde_json::{Value, json};

use self::shown::time;
use super::{Failure, applied, keys_there, who};
use crate::{
    clock, config,
    intake::approval::{self, Kind},
    keys::{self, Keys},
    store::{
        Connection, Database, SiteId, Transaction,
        audit::{self, Entry},
        sites::Applied,
        webhooks::{self, Webhook, deliveries},
    },
    webhooks::{
        address::{Address, Reach},
        payload,
        post::{Answer, Post},
        told::{Event, Wants},
    },
};

/// Webhooks of a site, at most: each is told of every lead.
const MOST: usize = 20;
/// How long two secrets sign after one was exchanged.
const OVERLAP_DAYS: u32 = 7;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Act {
    /// Tell another system what becomes of leads, from now on; prints the secret by which it knows that a message
    /// is from here, once.
    Add {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// Where to tell it, by https.
        #[arg(long = "url", value_name = "URL")]
        receiver: String,
        /// Of what: lead.created, lead.changed, lead.linked. What takes these back (lead.unlinked,
        /// lead.unsubscribed, lead.erased) goes with them.
        #[arg(long, required = true, value_delimiter = ',', value_parser = event)]
        events: Vec<Event>,
        /// Fields of the forms that are sent along, of leads that may be used; none unless named.
        #[arg(long, value_delimiter = ',')]
        fields: Vec<String>,
        /// What was approved in the back office, where the site file has fields that leave wait for a second person.
        #[arg(long, value_name = "REQUEST", allow_hyphen_values = true)]
        approved: Option<LeadId>,
        #[command(flatten)]
        with: With,
    },
    /// Say which webhooks a site has, and how they fare; never a secret.
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Remove a webhook with everything it was to be told.
    Remove {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        of: Of,
    },
    /// Give a webhook a new secret, and print it once; the one before signs too for some days.
    Rotate {
        #[command(flatten)]
        which: Which,
        /// For how many days the secret before signs too.
        #[arg(long, default_value_t = OVERLAP_DAYS, value_parser = clap::value_parser!(u32).range(0..=90))]
        overlap_days: u32,
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        with: With,
    },
    /// Send a ping, signed like everything else, and say what was answered.
    Test {
        #[command(flatten)]
        which: Which,
        /// The site's key.
        #[arg(long)]
        site: String,
        #[command(flatten)]
        with: With,
    },
    /// Tell a webhook again that was told nothing more, what happens and what happened meanwhile.
    Enable {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        of: Of,
    },
    /// Say what was told, and what came of it: the newest first.
    Deliveries {
        #[command(flatten)]
        of: Of,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Say what was given up.
    Dead {
        #[command(flatten)]
        of: Of,
    },
    /// Try again what was given up, or waits, at once.
    Retry {
        /// The delivery's id, as `dead` and `deliveries` show it; `all`: everything that was given up.
        id: String,
        #[command(flatten)]
        of: Of,
    },
}

/// Which webhook.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The webhook's id, as `list` shows it.
    webhook: String,
}

/// Of which site, where.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The site's key.
    #[arg(long)]
    site: String,
    #[command(flatten)]
    database: config::Database,
}

/// What is needed to sign and to send.
#[derive(Debug, clap::Args)]
pub(super) struct With {
    /// Let it be a private address, any port, and http: as the collector must be started too.
    #[arg(long, env = "ASHIATO_ALLOW_PRIVATE_WEBHOOKS")]
    allow_private_webhooks: bool,
    /// The collector's keys file.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    keys_file: PathBuf,
    #[command(flatten)]
    database: config::Database,
}

impl With {
    const fn reach(&self) -> Reach {
        if self.allow_private_webhooks { Reach::Private } else { Reach::Public }
    }
}

fn event(name: &str) -> Result<Event, String> {
    let all = Event::ALL.map(Event::as_str).join(", ");
    Event::named(name).ok_or_else(|| format!("no such event; they are {all}"))
}

pub(super) async fn run(act: Act) -> Result<(), Failure> {
    match act {
        Act::Add { site, receiver, events, fields, approved, with } => {
            add((&site, &receiver), &events, (&fields, approved), &with).await
        }
        Act::List { of } => shown::list(&of).await,
        Act::Remove { which, of } => {
            let (mut db, site) = open(&of.site, &of.database.url).await?;
            let found = one(&mut db, &site, &which).await?;
            let mut tx = db.begin().await?;
            webhooks::remove(&mut tx, site.id, found.id).await?;
            note(tx, site.id, "webhook.remove", found.id, json!({})).await?;
            println!("webhook {} is removed; what waited is not told", found.id.to_text());
            Ok(())
        }
        Act::Rotate { which, overlap_days, site, with } => {
            rotate(&which, overlap_days, &site, &with).await
        }
        Act::Test { which, site, with } => test(&which, &site, &with).await,
        Act::Enable { which, of } => {
            let (mut db, site) = open(&of.site, &of.database.url).await?;
            let found = one(&mut db, &site, &which).await?;
            let mut tx = db.begin().await?;
            webhooks::enable(&mut tx, site.id, found.id, clock::now()).await?;
            note(tx, site.id, "webhook.enable", found.id, json!({})).await?;
            println!(
                "webhook {} is told again what happens, and what has happened",
                found.id.to_text()
            );
            Ok(())
        }
        Act::Deliveries { of, limit } => shown::deliveries(&of, false, limit.into()).await,
        Act::Dead { of } => shown::deliveries(&of, true, i64::MAX).await,
        Act::Retry { id, of } => retry(&id, &of).await,
    }
}

async fn open(site: &str, url: &str) -> Result<(Connection, Applied), Failure> {
    let mut db = Database::at(url)?.open().await?;
    let site = applied(&mut db, site).await?;
    Ok((db, site))
}

async fn one(db: &mut Connection, site: &Applied, which: &Which) -> Result<Webhook, Failure> {
    let all = webhooks::list(db, Some(site.id)).await?;
    all.into_iter().find(|it| it.id.to_text() == which.webhook).ok_or_else(|| {
        Failure(format!(
            "the site {} has no webhook {:?}\n  remedy: `ashiato webhook list --site {}` shows their ids",
            site.file.key, which.webhook, site.file.key
        ))
    })
}

/// Ends a transaction with what it did in the audit trail.
async fn note(
    mut tx: Transaction<'_>,
    site: SiteId,
    action: &'static str,
    webhook: Uuid7,
    details: Value,
) -> Result<(), Failure> {
    let object = ("webhook", webhook.to_text());
    let entry = Entry { at: clock::now(), by: who(), action, object, details };
    audit::append(&mut tx, site, &entry).await?;
    Ok(tx.commit().await?)
}

async fn add(
    (site, url): (&str, &str),
    events: &[Event],
    (fields, approved): (&[String], Option<LeadId>),
    with: &With,
) -> Result<(), Failure> {
    let refused = |why| Failure(format!("the address is not taken: {why}"));
    let address = Address::parse(url, with.reach()).map_err(refused)?;
    let wants = Wants::with_their_ends(events);
    if !wants.begin_somewhere() {
        return Err(Failure(
            "what takes something back is told only to whom that was told\n  remedy: ask for lead.created, lead.changed or lead.linked too".to_owned(),
        ));
    }
    let keys = keys_there(&with.keys_file)?;
    let (mut db, site) = open(site, &with.database.url).await?;
    known(&site, fields)?;
    if webhooks::list(&mut db, Some(site.id)).await?.len() >= MOST {
        return Err(Failure(format!(
            "the site has {MOST} webhooks already\n  remedy: remove one (`ashiato webhook list`)"
        )));
    }
    let now = clock::now();
    let webhook = Webhook {
        site: site.id,
        key: site.file.key.clone(),
        revision: site.revision,
        id: Uuid7::new(now, &keys::random()?),
        url: url.to_owned(),
        wants,
        fields: fields.to_vec(),
        salt: keys::random()?,
        before: None,
        created_at: now,
        failing_since: None,
        disabled: None,
    };
    let mut tx = db.begin().await?;
    let mut details = json!({
        "host": address.host, "events": webhook.wants.to_text(), "fields": webhook.fields
    });
    // Without fields it says that there is a lead, and nothing of whose.
    if !fields.is_empty() {
        let (asked, of) = ((site.id, site.file.approval), (Kind::WebhookAdd, ""));
        if let Some(found) = approval::needed(&mut tx, asked, approved, of, now).await? {
            approval::take(&mut tx, site.id, found.id, of, now).await?;
            details["approval"] = found.id.to_text().into();
        }
    }
    webhooks::insert(&mut tx, &webhook).await?;
    note(tx, site.id, "webhook.add", webhook.id, details).await?;
    println!("webhook: {}", webhook.id.to_text());
    println!("address: {}", address.shown());
    println!("events: {}", webhook.wants.to_text());
    said_once(&keys, &webhook);
    Ok(())
}

/// Refuses fields that no form has: nothing would ever be sent of them.
fn known(site: &Applied, fields: &[String]) -> Result<(), Failure> {
    let forms = &site.file.forms;
    let all: std::collections::BTreeSet<&str> =
        forms.iter().flat_map(|form| &form.fields).map(|field| field.key.as_str()).collect();
    match fields.iter().find(|field| !all.contains(field.as_str())) {
        None => Ok(()),
        Some(field) => {
            let all = all.into_iter().collect::<Vec<_>>().join(", ");
            Err(Failure(format!(
                "no form of the site has a field {field:?}\n  remedy: use of {all}"
            )))
        }
    }
}

fn said_once(keys: &Keys, webhook: &Webhook) {
    let secret = keys.webhook_secret(&webhook.key, webhook.id, &webhook.salt);
    println!("secret, shown once: {}", secret.text().as_str());
}

async fn rotate(which: &Which, days: u32, site: &str, with: &With) -> Result<(), Failure> {
    let keys = keys_there(&with.keys_file)?;
    let (mut db, site) = open(site, &with.database.url).await?;
    let mut webhook = one(&mut db, &site, which).await?;
    webhook.salt = keys::random()?;
    let until = clock::now().plus(i64::from(days) * DAY);
    let mut tx = db.begin().await?;
    webhooks::rotate(&mut tx, site.id, webhook.id, &webhook.salt, until).await?;
    note(tx, site.id, "webhook.rotate", webhook.id, json!({ "until": until })).await?;
    said_once(&keys, &webhook);
    println!("the secret before signs too until {}", time(until));
    Ok(())
}

async fn test(which: &Which, site: &str, with: &With) -> Result<(), Failure> {
    let keys = keys_there(&with.keys_file)?;
    let (mut db, site) = open(site, &with.database.url).await?;
    let webhook = one(&mut db, &site, which).await?;
    let now = clock::now();
    let id = Uuid7::new(now, &keys::random()?);
    let message = payload::sign(&keys, &webhook, id, payload::ping(&webhook.key, now), now);
    let answer = Post::new(with.reach())?.send(&webhook.url, message).await;
    match answer {
        Answer::Taken(status) => {
            println!("the receiver answered {status}");
            Ok(())
        }
        other => Err(Failure(format!("the receiver did not take the ping: {}", other.shown()))),
    }
}

async fn retry(id: &str, of: &Of) -> Result<(), Failure> {
    let (mut db, site) = open(&of.site, &of.database.url).await?;
    let count = if id == "all" {
        let dead = deliveries::list(&mut db, site.id, true, i64::MAX).await?;
        let mut count = 0;
        for delivery in dead {
            count += u64::from(again(&mut db, site.id, delivery.id).await?);
        }
        count
    } else {
        let parsed: Uuid7 =
            id.parse().map_err(|error| Failure(format!("{id:?} is no delivery: {error}")))?;
        u64::from(again(&mut db, site.id, parsed).await?)
    };
    if count == 0 && id != "all" {
        return Err(Failure(format!(
            "there is no delivery {id} that waits or was given up\n  remedy: `ashiato webhook dead` and `ashiato webhook deliveries` show them"
        )));
    }
    println!("tried again at once: {count}");
    Ok(())
}

async fn again(db: &mut Connection, site: SiteId, id: Uuid7) -> Result<bool, Failure> {
    Ok(deliveries::again(db, site, id, clock::now()).await?)
}
