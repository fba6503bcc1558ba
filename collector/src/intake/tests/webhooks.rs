//! What webhooks are told, on both engines: by what is in the database, whoever put it there.

use consent_core::{
    form::Submission,
    lead::{Basis, Ground, Origin},
};
use serde_json::Value;

use super::*;
use crate::{
    keys::leads::Fields,
    store::{
        leads::{self as rows, Erasure},
        webhooks::{
            self as store, Webhook,
            deliveries::{self, Delivery, State},
        },
    },
    webhooks::{
        post::Answer,
        round::{self, Attempt, Became},
        told::{Event, Wants},
    },
};

mod attempts;

const TAKEN: Answer = Answer::Taken(204);
const ALL: [Event; 3] = [Event::Created, Event::Changed, Event::Linked];

fn fields(name: &str) -> Fields {
    [("name", name), ("email", "hanako@example.jp")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
}

fn lead_id(byte: u8) -> LeadId {
    LeadId::from_bytes([byte; 16])
}

impl Bench {
    async fn webhook(&mut self, byte: u8, wants: &[Event], with: &[&str]) -> Webhook {
        let webhook = Webhook {
            site: self.site.id,
            key: self.site.key.clone(),
            revision: 1,
            id: Uuid7::new(Millis(1), &[byte; 10]),
            url: "https://crm.example/in".to_owned(),
            wants: Wants::with_their_ends(wants),
            fields: with.iter().map(|field| (*field).to_owned()).collect(),
            salt: [byte; 16],
            before: None,
            created_at: Millis(1),
            failing_since: None,
            disabled: None,
        };
        store::insert(&mut self.db, &webhook).await.unwrap();
        webhook
    }

    /// A lead whose person may be contacted, or not yet.
    async fn import(&mut self, byte: u8, basis: Basis) {
        let now = clock::now();
        let sealed =
            self.keys.seal_lead(&self.site.key, lead_id(byte), 1, &fields("足跡 花子"), now);
        let lead = rows::Lead {
            id: lead_id(byte),
            request: &[byte; 32],
            origin: Origin::Import,
            form: "",
            basis,
            agreements: &[].into(),
            page: "",
            sealed: &sealed.unwrap(),
            digests: &[],
            now,
        };
        rows::insert(&mut self.db, self.site.id, &lead).await.unwrap();
    }

    async fn ground(&mut self, byte: u8, ground: &'static str, since: Option<i64>) {
        let change = "UPDATE lead SET ground = $1, ground_since = $2 WHERE id = $3";
        let change = sql(change).bind(ground).bind(since).bind(lead_id(byte).as_bytes().to_vec());
        assert_eq!(change.execute(&mut self.db).await.unwrap(), 1);
    }

    async fn erase_lead(&mut self, byte: u8) {
        let mut tx = self.db.begin().await.unwrap();
        let erased = rows::erase(&mut tx, self.site.id, lead_id(byte), clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(erased, Erasure::Erased);
    }

    async fn take_marks(&mut self, now: Millis) {
        while round::take_marks(&mut self.db, now).await.unwrap() > 0 {}
    }

    async fn begin(&mut self, webhook: &Webhook, now: Millis) -> Vec<Attempt> {
        let webhook = store::list(&mut self.db, None)
            .await
            .unwrap()
            .into_iter()
            .find(|it| it.id == webhook.id)
            .unwrap();
        round::begin(&mut self.db, &self.keys, &webhook, 10, now).await.unwrap()
    }

    async fn end(&mut self, attempt: &Attempt, answer: &Answer, now: Millis) -> Became {
        round::end(&mut self.db, (&attempt.webhook, attempt.id), answer, now).await.unwrap()
    }

    /// What a receiver hears that takes everything at once.
    async fn hears(&mut self, webhook: &Webhook, now: Millis) -> Vec<Value> {
        self.take_marks(now).await;
        let mut heard = Vec::new();
        loop {
            let attempts = self.begin(webhook, now).await;
            if attempts.is_empty() {
                return heard;
            }
            for attempt in attempts {
                heard.push(said(&attempt));
                self.end(&attempt, &TAKEN, now).await;
            }
        }
    }

    async fn delivery(&mut self, id: Uuid7) -> Delivery {
        deliveries::find(&mut self.db, self.site.id, id).await.unwrap().unwrap()
    }
}

fn said(attempt: &Attempt) -> Value {
    serde_json::from_slice(&attempt.message.as_ref().unwrap().body).unwrap()
}

fn kinds(heard: &[Value]) -> Vec<&str> {
    heard.iter().map(|said| said["type"].as_str().unwrap()).collect()
}

fn held() -> Basis {
    Basis::since(Ground::CardExchanged, Millis(5))
}

#[tokio::test]
async fn a_lead_is_told_of_when_it_may_be_used_and_with_the_fields_that_were_named() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.import(1, held()).await;
        let thin = bench.webhook(1, &ALL, &[]).await;
        let full = bench.webhook(2, &ALL, &["email"]).await;
        let now = clock::now();
        assert_eq!(
            bench.hears(&thin, now).await,
            [] as [Value; 0],
            "nothing of what was there before"
        );
        bench.import(2, Basis::pending(Ground::OptIn)).await;
        bench.import(3, held()).await;
        let heard = bench.hears(&thin, now).await;
        assert_eq!(kinds(&heard), ["lead.created"], "a locked lead shows in no webhook");
        let data = &heard[0]["data"];
        assert_eq!(data["lead"], lead_id(3).to_string());
        assert_eq!((&data["site"], &data["origin"]), (&"shop".into(), &"import".into()));
        assert_eq!(data["ground"], serde_json::json!({"kind": "card_exchanged", "since": 5}));
        assert!(data.get("fields").is_none());
        let heard = bench.hears(&full, now).await;
        let fields = &heard[0]["data"]["fields"];
        assert_eq!(*fields, serde_json::json!({"email": "hanako@example.jp"}));
        // Confirmed, it is news.
        bench.ground(2, "opt_in", Some(9)).await;
        assert_eq!(kinds(&bench.hears(&full, now).await), ["lead.created"]);
        assert_eq!(bench.hears(&full, now).await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn corrections_loss_of_ground_and_erasure_are_told_to_whom_the_lead_was_told() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &["name"]).await;
        let now = clock::now();
        bench.import(1, held()).await;
        bench.import(2, Basis::NONE).await;
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.created"]);
        let (site, key) = (bench.site.id, bench.site.key.clone());
        let sealed = bench.keys.seal_lead(&key, lead_id(1), 2, &fields("足跡 花"), now).unwrap();
        let mut tx = bench.db.begin().await.unwrap();
        let new = rows::Correction { seen: 1, sealed: &sealed, proofs: &[], digests: &[], now };
        assert!(rows::update(&mut tx, site, lead_id(1), &new).await.unwrap());
        tx.commit().await.unwrap();
        let heard = bench.hears(&webhook, now).await;
        assert_eq!(kinds(&heard), ["lead.changed"]);
        assert_eq!(heard[0]["data"]["fields"]["name"], "足跡 花");
        bench.ground(1, "opt_in", Some(9)).await;
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.changed"], "another ground");
        bench.ground(1, "none", None).await;
        let heard = bench.hears(&webhook, now).await;
        assert_eq!(kinds(&heard), ["lead.unsubscribed"]);
        assert_eq!(heard[0]["data"].as_object().unwrap().len(), 2, "ids alone: {heard:?}");
        bench.erase_lead(1).await;
        bench.erase_lead(2).await;
        let heard = bench.hears(&webhook, now).await;
        assert_eq!(kinds(&heard), ["lead.erased"], "and not of what was locked all the time");
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_told").await, 0);
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead_touched").await, 0);
    }
}

#[tokio::test]
async fn a_link_is_told_and_its_end_by_a_withdrawal_too() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let links = bench.webhook(1, &[Event::Linked], &[]).await;
        let news = bench.webhook(2, &[Event::Created], &[]).await;
        let now = clock::now();
        let visitor = bench.visitor(1, &["lead_link"], now).await;
        assert!(bench.lead(1, Some(visitor), now).await.linked);
        assert_eq!(bench.hears(&links, now).await, [] as [Value; 0], "it is locked");
        bench.ground(1, "opt_in", Some(9)).await;
        assert_eq!(kinds(&bench.hears(&links, now).await), ["lead.linked"]);
        assert_eq!(kinds(&bench.hears(&news, now).await), ["lead.created"]);
        // The withdrawal deletes the grant, and the database the link with it.
        let withdrawal = request(2, Method::Withdraw, now.plus(1), &[]);
        bench.decide(Some(visitor), withdrawal, now.plus(1)).await.unwrap();
        assert_eq!(bench.count(LINKS).await, 0);
        assert_eq!(kinds(&bench.hears(&links, now).await), ["lead.unlinked"]);
        assert_eq!(bench.hears(&news, now).await, [] as [Value; 0], "who was told of no link");
    }
}

#[tokio::test]
async fn what_ends_while_it_waits_is_not_told_and_what_may_have_been_heard_is_taken_back() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &["email"]).await;
        let now = clock::now();
        // Never sent: nothing is told, and nothing to be taken back.
        bench.import(1, held()).await;
        bench.take_marks(now).await;
        bench.ground(1, "none", None).await;
        assert!(
            bench.begin(&webhook, now).await.is_empty(),
            "the marks of the loss are not even taken"
        );
        bench.import(2, held()).await;
        bench.take_marks(now).await;
        bench.erase_lead(2).await;
        assert_eq!(bench.hears(&webhook, now).await, [] as [Value; 0]);
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_delivery").await, 0);
        // Sent, and perhaps heard.
        bench.import(3, held()).await;
        bench.take_marks(now).await;
        let attempts = bench.begin(&webhook, now).await;
        bench.erase_lead(3).await;
        bench.take_marks(now).await;
        assert!(bench.begin(&webhook, now).await.is_empty(), "one thing at a time of a lead");
        bench.end(&attempts[0], &Answer::Late, now).await;
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.erased"]);
        assert_eq!(bench.delivery(attempts[0].id).await.state, State::Overtaken);
        // The same of a link that is cut while nobody answers.
        bench.import(4, held()).await;
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.created"]);
        let visitor = bench.visitor(1, &["lead_link"], now).await;
        let grant: i64 = bench.count("SELECT MAX(id) FROM consent_grant").await;
        let link =
            "INSERT INTO lead_link (site_id, lead_id, grant_id, linked_at) VALUES ($1, $2, $3, 7)";
        let link = sql(link).bind(bench.site.id.0).bind(lead_id(4).as_bytes().to_vec()).bind(grant);
        link.execute(&mut bench.db).await.unwrap();
        bench.take_marks(now).await;
        let attempts = bench.begin(&webhook, now).await;
        assert_eq!(said(&attempts[0])["type"], "lead.linked");
        bench.end(&attempts[0], &Answer::Status(500, None), now).await;
        bench
            .decide(Some(visitor), request(2, Method::Withdraw, now.plus(1), &[]), now.plus(1))
            .await
            .unwrap();
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.unlinked"]);
    }
}

#[tokio::test]
async fn nothing_is_marked_where_nobody_is_told_and_nothing_of_a_person_is_queued() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.import(1, held()).await;
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead_touched").await, 0);
        let webhook = bench.webhook(1, &ALL, &["name", "email"]).await;
        bench.import(2, held()).await;
        let filled = Filled {
            submission: Submission { fields: fields("足跡 花子"), ..Default::default() },
            ..bench.filled(3, None)
        };
        let sent = filled.seal(&bench.keys, clock::now()).unwrap();
        leads::take(&mut bench.db, &sent, clock::now()).await.unwrap().unwrap();
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead_touched").await, 2);
        bench.take_marks(clock::now()).await;
        let rows = "SELECT url || events || fields || COALESCE((SELECT MAX(event || ground || answer) \
            FROM webhook_delivery), '') || COALESCE((SELECT MAX(ground || state) FROM webhook_told), '') \
            FROM webhook";
        let held: String = sql(rows).one(&mut bench.db).await.unwrap();
        assert!(!held.contains("hanako") && !held.contains("花子"), "{held}");
        assert!(store::remove(&mut bench.db, bench.site.id, webhook.id).await.unwrap());
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_delivery").await, 0);
    }
}
