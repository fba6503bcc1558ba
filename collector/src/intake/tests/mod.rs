//! The intake against a real database file: decisions, events, leads, and what the tables
//! themselves refuse.

mod audit;
mod columns;
mod crm;
mod decisions;
mod disposal;
mod ended;
mod events_and_leads;
mod exports;
mod gate;
mod ground;
mod log;
mod log_tampering;
mod mail;
mod moments;
mod months;
mod own;
mod queries;
mod sealed;

mod webhooks;
mod writer;

use std::sync::Arc;

use ashiato_postgres::Cluster;
use consent_core::{
    choices::Method,
    gate::Refusal,
    ids::{LeadId, Uuid7, VisitorHash},
    time::{DAY, Millis},
    wire::ConsentRequest,
};

use super::{
    check,
    consents::{self, Decide, Decided},
    events::{self, Batch, Ids},
    leads::{self, Filled, Sent},
};
use crate::{
    client::Client,
    clock,
    device::Device,
    error::Problem,
    keys::{self, Keys},
    session::Session,
    site,
    sites::{Site, Sites},
    store::{
        Connection, Database, audit::Actor, leads::read, reports, sites as site_rows,
        statement::sql,
    },
    transparency::Appender,
};

/// By whom the audit trail is told that tests do what they do.
const TESTING: Actor = Actor::Job("test");

const SHOP: &str = include_str!("../../../../demo-site/shop.toml");

struct Bench {
    db: Connection,
    keys: Keys,
    site: Arc<Site>,
    url: String,
    /// On which decisions are made.
    device: Device,
    _folder: Option<tempfile::TempDir>,
    cluster: Option<Cluster>,
}

fn client() -> Client {
    Client {
        loader: String::new(),
        ui: String::new(),
        parts: [].into(),
        types: Arc::new(crate::client::Asset::new("text/plain", vec![])),
    }
}

/// One on each engine. On which it failed stands in what a failing test prints.
async fn benches() -> [Bench; 2] {
    [on_sqlite().await, on_postgres(Cluster::at_hand().unwrap()).await]
}

async fn on_sqlite() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    Bench { _folder: Some(folder), ..bench(url).await }
}

async fn on_postgres(cluster: Cluster) -> Bench {
    let url = cluster.database().unwrap();
    Bench { cluster: Some(cluster), ..bench(url).await }
}

async fn bench(url: String) -> Bench {
    let database = Database::at(&url).unwrap();
    let mut db = database.create().await.unwrap();
    let file = site::parse(SHOP).unwrap();
    site_rows::apply(&mut db, &file.key, &file, &TESTING, Millis(1)).await.unwrap();
    let sites = Sites::new(Arc::new(client()), "http://localhost:8080".into());
    sites.refresh(&database.readers().await.unwrap()).await.unwrap();
    let site = sites.get("shop").unwrap();
    let keys = Keys::of([1; 32], [2; 32], [3; 32]);
    Bench { db, keys, site, url, device: Device::Computer, _folder: None, cluster: None }
}

fn request(id: u8, method: Method, at: Millis, purposes: &[(&str, bool)]) -> ConsentRequest {
    ConsentRequest {
        id: Uuid7::new(at, &[id; 10]),
        site: "shop".to_owned(),
        revision: 1,
        language: "ja".to_owned(),
        page: "http://localhost:8081/".to_owned(),
        banner: "default".to_owned(),
        method,
        decided_at: at,
        previous: None,
        purposes: purposes.iter().map(|(key, yes)| (key.parse().unwrap(), *yes)).collect(),
        services: [].into(),
    }
}

impl Bench {
    fn decide_as(&self, visitor: Option<VisitorHash>, request: ConsentRequest) -> Decide {
        let site = self.site.key.clone();
        let session = Session { site, expires: Millis(i64::MAX), visitor };
        Decide {
            site: Arc::clone(&self.site),
            session_text: session.to_text("key", &[9; 16]),
            session,
            request,
            device: self.device,
            public_url: "http://localhost:8080".into(),
            random: (keys::random().unwrap(), keys::random().unwrap(), keys::random().unwrap()),
        }
    }

    async fn decide(
        &mut self,
        visitor: Option<VisitorHash>,
        request: ConsentRequest,
        now: Millis,
    ) -> Result<Decided, Problem> {
        check::decision(&self.site, &request, now)?;
        let decide = self.decide_as(visitor, request);
        let mut tx = self.db.begin().await.unwrap();
        let mut log = Appender::default();
        let mut decided =
            consents::decide(&mut tx, &mut log, &self.keys, &[&decide], now).await.unwrap();
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        decided.remove(0)
    }

    /// A visitor who granted these purposes.
    async fn visitor(&mut self, id: u8, purposes: &[&str], now: Millis) -> VisitorHash {
        let purposes: Vec<_> = purposes.iter().map(|key| (*key, true)).collect();
        let decided =
            self.decide(None, request(id, Method::Custom, now, &purposes), now).await.unwrap();
        self.keys.visitor_hash(&self.site.key, decided.visitor.unwrap())
    }

    async fn send(
        &mut self,
        visitor: VisitorHash,
        events: &[(u8, &str, Millis)],
        now: Millis,
    ) -> events::Stored {
        let entries: Vec<_> = events
            .iter()
            .map(|(id, name, at)| {
                let id = Uuid7::new(*at, &[*id; 10]);
                format!(
                    r#"{{"id":"{id}","name":"{name}","at":{},"page":{{"url":"http://localhost:8081/p?email=x&utm_source=y"}}}}"#,
                    at.0
                )
            })
            .collect();
        self.send_written(visitor, &entries, now).await
    }

    /// Sends events as they are written on the wire.
    async fn send_written(
        &mut self,
        visitor: VisitorHash,
        entries: &[String],
        now: Millis,
    ) -> events::Stored {
        let batch =
            Batch::read(Arc::clone(&self.site), visitor, entries.iter().map(String::as_str));
        for ids in [Ids::New, Ids::Mixed] {
            let mut tx = self.db.begin().await.unwrap();
            if let Some(mut stored) = events::store(&mut tx, &[&batch], ids, now).await.unwrap() {
                tx.commit().await.unwrap();
                return stored.remove(0);
            }
            tx.rollback().await.unwrap();
        }
        panic!("mixed ids are always taken")
    }

    fn filled(&self, id: u8, visitor: Option<VisitorHash>) -> Filled {
        Filled {
            site: Arc::clone(&self.site),
            visitor,
            form: self.site.file.lead_form(&"contact".parse().unwrap()).unwrap().clone(),
            language: "ja".to_owned(),
            submission: consent_core::form::Submission::default(),
            page: "http://localhost:8081/contact".to_owned(),
            signature: [id; 32],
            id: LeadId::from_bytes([id; 16]),
        }
    }

    fn sent(&self, id: u8, visitor: Option<VisitorHash>) -> Sent {
        self.filled(id, visitor).seal(&self.keys, clock::now()).unwrap()
    }

    async fn lead(&mut self, id: u8, visitor: Option<VisitorHash>, now: Millis) -> leads::Taken {
        let sent = self.sent(id, visitor);
        let mut tx = self.db.begin().await.unwrap();
        let taken = leads::take(&mut tx, &sent, now).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        taken
    }

    async fn count(&mut self, text: &'static str) -> i64 {
        sql(text).one(&mut self.db).await.unwrap()
    }
}

const EVENTS: &str = "SELECT COUNT(*) FROM event";
const LINKS: &str = "SELECT COUNT(*) FROM lead_link";
