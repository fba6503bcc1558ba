//! The intake against a real database file: decisions, events, leads, and what the tables
//! themselves refuse.

use std::sync::Arc;

use consent_core::{
    choices::Method,
    gate::Refusal,
    ids::{LeadId, Uuid7, VisitorHash},
    time::{DAY, Millis},
    wire::ConsentRequest,
};
use sqlx::Connection as _;

use super::{
    consents::{self, Decide, Decided},
    events::{self, Batch},
    leads::{self, Sent},
};
use crate::{
    client::Client,
    clock,
    error::Problem,
    keys::{self, Keys},
    session::Session,
    site,
    sites::{Site, Sites},
    store::{Connection, Database, reports, sites as site_rows},
};

const SHOP: &str = include_str!("../../../demo-site/shop.toml");

struct Bench {
    db: Connection,
    keys: Keys,
    site: Arc<Site>,
    folder: tempfile::TempDir,
}

fn client() -> Client {
    Client {
        loader: String::new(),
        parts: [].into(),
        types: Arc::new(crate::client::Asset::new("text/plain", vec![])),
    }
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let database = Database::at(&url).unwrap();
    let mut db = database.create().await.unwrap();
    let file = site::parse(SHOP).unwrap();
    site_rows::apply(&mut db, &file.key, &file, Millis(1))
        .await
        .unwrap();
    let sites = Sites::new(Arc::new(client()));
    sites
        .refresh(&database.readers().await.unwrap())
        .await
        .unwrap();
    let site = sites.get("shop").unwrap();
    Bench {
        db,
        keys: Keys::of([1; 32], [2; 32], [3; 32]),
        site,
        folder,
    }
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
        purposes: purposes
            .iter()
            .map(|(key, yes)| (key.parse().unwrap(), *yes))
            .collect(),
        services: [].into(),
    }
}

impl Bench {
    fn decide_as(&self, visitor: Option<VisitorHash>, request: ConsentRequest) -> Decide {
        let site = self.site.key.clone();
        let session = Session {
            site,
            expires: Millis(i64::MAX),
            visitor,
        };
        Decide {
            site: Arc::clone(&self.site),
            session_text: session.to_text(&[9; 16]),
            session,
            request,
            public_url: "http://localhost:8080".into(),
            random: (
                keys::random().unwrap(),
                keys::random().unwrap(),
                keys::random().unwrap(),
            ),
        }
    }

    async fn decide(
        &mut self,
        visitor: Option<VisitorHash>,
        request: ConsentRequest,
        now: Millis,
    ) -> Result<Decided, Problem> {
        consents::check(&self.site, &request, now)?;
        let decide = self.decide_as(visitor, request);
        let mut tx = self.db.begin().await.unwrap();
        let decided = consents::decide(&mut tx, &self.keys, &decide, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        decided
    }

    /// A visitor who granted these purposes.
    async fn visitor(&mut self, id: u8, purposes: &[&str], now: Millis) -> VisitorHash {
        let purposes: Vec<_> = purposes.iter().map(|key| (*key, true)).collect();
        let decided = self
            .decide(None, request(id, Method::Custom, now, &purposes), now)
            .await
            .unwrap();
        self.keys
            .visitor_hash(&self.site.key, decided.visitor.unwrap())
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
        let batch = Batch::read(
            Arc::clone(&self.site),
            visitor,
            entries.iter().map(String::as_str),
        );
        let mut tx = self.db.begin().await.unwrap();
        let mut stored = events::store(&mut tx, &[&batch], now).await.unwrap();
        tx.commit().await.unwrap();
        stored.remove(0)
    }

    async fn lead(&mut self, id: u8, visitor: Option<VisitorHash>, now: Millis) -> leads::Taken {
        let form = self.site.file.form(&"contact".parse().unwrap()).unwrap();
        let sent = Sent {
            site: Arc::clone(&self.site),
            visitor,
            form,
            submission: consent_core::form::Submission::default(),
            page: "http://localhost:8081/contact".to_owned(),
            signature: [id; 32],
            id: LeadId::from_bytes([id; 16]),
        };
        let mut tx = self.db.begin().await.unwrap();
        let taken = leads::take(&mut tx, &sent, now).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        taken
    }

    async fn count(&mut self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&mut self.db)
            .await
            .unwrap()
    }
}

const EVENTS: &str = "SELECT COUNT(*) FROM event";
const LINKS: &str = "SELECT COUNT(*) FROM lead_link";

#[tokio::test]
async fn an_event_needs_its_own_purpose() {
    let mut bench = bench().await;
    let now = clock::now();
    let visitor = bench.visitor(1, &["analytics"], now).await;
    let stored = bench
        .send(
            visitor,
            &[
                (1, "page_view", now),
                (2, "campaign_visit", now),
                (3, "made_up", now),
            ],
            now,
        )
        .await;
    assert_eq!(stored.stored, 1);
    let reasons: Vec<_> = stored
        .refused
        .iter()
        .map(|(index, _, reason)| (*index, *reason))
        .collect();
    assert_eq!(
        reasons,
        [(1, Refusal::NotGranted), (2, Refusal::UnknownEvent)]
    );
    let kept: (String, String) = sqlx::query_as("SELECT page, query FROM event")
        .fetch_one(&mut bench.db)
        .await
        .unwrap();
    assert_eq!(
        kept,
        ("/p".to_owned(), "utm_source=y".to_owned()),
        "other parameters are dropped"
    );
    assert_eq!(
        bench
            .count(
                "SELECT n FROM refusal WHERE reason = 'not_granted' AND event = 'campaign_visit'"
            )
            .await,
        1
    );
    assert_eq!(
        bench
            .count("SELECT n FROM refusal WHERE reason = 'unknown_event' AND event = ''")
            .await,
        1
    );
}

#[tokio::test]
async fn an_event_counts_once_forever() {
    let mut bench = bench().await;
    let now = clock::now();
    let visitor = bench.visitor(1, &["analytics"], now).await;
    let twice = [
        (1, "page_view", now),
        (1, "page_view", now),
        (2, "page_view", now),
    ];
    let stored = bench.send(visitor, &twice, now).await;
    assert_eq!((stored.stored, stored.duplicate), (2, 1));
    let again = bench.send(visitor, &twice, now).await;
    assert_eq!((again.stored, again.duplicate), (0, 3));
    assert_eq!(bench.count(EVENTS).await, 2);
}

#[tokio::test]
async fn nobody_unknown_stores_anything() {
    let mut bench = bench().await;
    let now = clock::now();
    let stored = bench
        .send(
            VisitorHash::from_bytes([7; 16]),
            &[(1, "page_view", now)],
            now,
        )
        .await;
    assert_eq!(stored.refused[0].2, Refusal::NotGranted);
    assert_eq!(bench.count(EVENTS).await, 0);
}

#[tokio::test]
async fn a_first_refusal_is_counted_without_an_identifier() {
    let mut bench = bench().await;
    let now = clock::now();
    let refused = bench
        .decide(
            None,
            request(1, Method::RejectAll, now, &[("analytics", false)]),
            now,
        )
        .await;
    assert_eq!(refused, Ok(Decided::default()));
    assert_eq!(bench.count("SELECT COUNT(*) FROM visitor").await, 0);
    assert_eq!(
        bench
            .count("SELECT COUNT(*) FROM decision WHERE visitor_id IS NULL AND receipt_id IS NULL")
            .await,
        1
    );
    assert_eq!(
        bench
            .count("SELECT n FROM tally WHERE kind = 'decided'")
            .await,
        1
    );
    assert_eq!(
        bench
            .count("SELECT COUNT(*) FROM tally WHERE kind = 'granted'")
            .await,
        0
    );
    assert_eq!(bench.count("SELECT COUNT(*) FROM log_leaf").await, 1);
}

#[tokio::test]
async fn a_grant_that_tells_nobody_apart_makes_no_visitor() {
    let mut bench = bench().await;
    let now = clock::now();
    let decided = bench
        .decide(
            None,
            request(1, Method::Custom, now, &[("functional", true)]),
            now,
        )
        .await
        .unwrap();
    assert!(decided.receipt.is_some());
    assert_eq!((decided.visitor, decided.session), (None, None));
}

#[tokio::test]
async fn withdrawing_a_purpose_erases_what_rested_on_it_and_nothing_else() {
    let mut bench = bench().await;
    let now = clock::now();
    let all = [
        ("functional", true),
        ("analytics", true),
        ("marketing", true),
        ("lead_link", true),
    ];
    let decided = bench
        .decide(None, request(1, Method::AcceptAll, now, &all), now)
        .await
        .unwrap();
    let visitor = bench
        .keys
        .visitor_hash(&bench.site.key, decided.visitor.unwrap());
    bench
        .send(
            visitor,
            &[(1, "page_view", now), (2, "campaign_visit", now)],
            now,
        )
        .await;
    assert!(bench.lead(1, Some(visitor), now).await.linked);
    // A renewed decision keeps what stays granted, and the events under the older receipt.
    let some = [("analytics", true), ("lead_link", true)];
    bench
        .decide(Some(visitor), request(2, Method::Custom, now, &some), now)
        .await
        .unwrap();
    assert_eq!(
        bench
            .count("SELECT COUNT(*) FROM event WHERE name = 'page_view'")
            .await,
        1
    );
    assert_eq!(
        (bench.count(EVENTS).await, bench.count(LINKS).await),
        (1, 1)
    );
    let withdrawn = bench
        .decide(Some(visitor), request(3, Method::Withdraw, now, &[]), now)
        .await
        .unwrap();
    assert!(
        withdrawn.receipt.is_some(),
        "a visitor's withdrawal gets a receipt"
    );
    assert_eq!((withdrawn.visitor, withdrawn.session), (None, None));
    assert_eq!(
        (bench.count(EVENTS).await, bench.count(LINKS).await),
        (0, 0)
    );
    assert_eq!(
        bench.count("SELECT COUNT(*) FROM lead").await,
        1,
        "the lead itself stays"
    );
    let late = bench.send(visitor, &[(3, "page_view", now)], now).await;
    assert_eq!(late.refused[0].2, Refusal::NotGranted);
}

#[tokio::test]
async fn a_withdrawal_is_taken_under_any_revision_and_however_late() {
    let mut bench = bench().await;
    let now = clock::now();
    let visitor = bench.visitor(1, &["analytics"], now).await;
    bench.send(visitor, &[(1, "page_view", now)], now).await;
    let mut late = request(
        2,
        Method::Withdraw,
        now.plus(-30 * DAY),
        &[("gone_since", false)],
    );
    late.revision = 0;
    bench.decide(Some(visitor), late, now).await.unwrap();
    assert_eq!(bench.count(EVENTS).await, 0);
}

#[tokio::test]
async fn a_decision_sent_again_is_answered_again_and_counts_once() {
    let mut bench = bench().await;
    let now = clock::now();
    let yes = request(1, Method::Custom, now, &[("analytics", true)]);
    let first = bench.decide(None, yes.clone(), now).await.unwrap();
    let again = bench.decide(None, yes.clone(), now).await.unwrap();
    assert_eq!(
        (&again.receipt, again.visitor),
        (&first.receipt, first.visitor)
    );
    assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 1);
    assert_eq!(bench.count("SELECT COUNT(*) FROM visitor").await, 1);
    // Once something newer is in force, the old yes gives nobody a visitor or a session.
    let visitor = bench
        .keys
        .visitor_hash(&bench.site.key, first.visitor.unwrap());
    bench
        .decide(Some(visitor), request(2, Method::Withdraw, now, &[]), now)
        .await
        .unwrap();
    let replayed = bench.decide(None, yes.clone(), now).await.unwrap();
    assert_eq!((replayed.visitor, replayed.session), (None, None));
    assert_eq!(bench.count("SELECT COUNT(*) FROM consent_grant").await, 0);
    let other_session = bench.decide(Some(visitor), yes, now).await.unwrap_err();
    assert_eq!(other_session.errors[0].code, "used");
}

#[tokio::test]
async fn a_decision_must_be_of_now_and_of_what_is_asked_now() {
    let mut bench = bench().await;
    let now = clock::now();
    let mut fault = async |request: ConsentRequest| {
        let problem = bench.decide(None, request, now).await.unwrap_err();
        (problem.errors[0].field.clone(), problem.errors[0].code)
    };
    let yes = |at| request(1, Method::Custom, at, &[("analytics", true)]);
    let outdated = ConsentRequest {
        revision: 2,
        ..yes(now)
    };
    assert_eq!(fault(outdated).await, ("revision".to_owned(), "outdated"));
    assert_eq!(
        fault(yes(now.plus(60_000))).await,
        ("decided_at".to_owned(), "future")
    );
    assert_eq!(
        fault(yes(now.plus(-3 * DAY))).await,
        ("decided_at".to_owned(), "too_old")
    );
    let unknown = request(1, Method::Custom, now, &[("ads", true)]);
    assert_eq!(
        fault(unknown).await,
        ("purposes.ads".to_owned(), "unknown_purpose")
    );
    let not_all = request(1, Method::AcceptAll, now, &[("analytics", true)]);
    assert_eq!(fault(not_all).await, ("method".to_owned(), "contradiction"));
    assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 0);
}

#[tokio::test]
async fn a_decision_cannot_reach_into_the_past() {
    let mut bench = bench().await;
    let now = clock::now();
    let decided = bench
        .decide(
            None,
            request(1, Method::Custom, now.plus(-DAY), &[("analytics", true)]),
            now,
        )
        .await
        .unwrap();
    let visitor = bench
        .keys
        .visitor_hash(&bench.site.key, decided.visitor.unwrap());
    let early = now.plus(-3_600_000);
    let stored = bench
        .send(
            visitor,
            &[(1, "page_view", early), (2, "page_view", now)],
            now,
        )
        .await;
    assert_eq!(
        (stored.stored, stored.refused[0].2),
        (1, Refusal::NotGranted)
    );
}

#[tokio::test]
async fn an_unlinked_lead_has_no_timeline_and_a_linked_one_begins_with_its_link() {
    let mut bench = bench().await;
    let now = clock::now();
    let visitor = bench.visitor(1, &["analytics"], now).await;
    let linker = bench.visitor(2, &["analytics", "lead_link"], now).await;
    assert!(!bench.lead(1, None, now).await.linked);
    assert!(
        !bench.lead(2, Some(visitor), now).await.linked,
        "analytics alone links nobody"
    );
    bench
        .send(linker, &[(1, "page_view", now.plus(1))], now)
        .await;
    let linked = bench.lead(3, Some(linker), now.plus(2)).await;
    assert!(linked.linked);
    assert_eq!(
        bench.lead(3, Some(linker), now.plus(3)).await,
        linked,
        "sent again, it counts once"
    );
    bench
        .send(visitor, &[(2, "page_view", now.plus(4))], now)
        .await;
    bench
        .send(linker, &[(3, "page_view", now.plus(5))], now)
        .await;
    let site = bench.site.id;
    let mut timeline = async |id: u8| {
        reports::timeline(&mut bench.db, site, LeadId::from_bytes([id; 16]))
            .await
            .unwrap()
    };
    assert_eq!(timeline(1).await, reports::Timeline::Unlinked);
    assert_eq!(timeline(2).await, reports::Timeline::Unlinked);
    assert_eq!(timeline(9).await, reports::Timeline::NoLead);
    let reports::Timeline::Linked(_, moments) = timeline(3).await else {
        panic!("linked")
    };
    assert_eq!(
        moments.iter().map(|moment| moment.at).collect::<Vec<_>>(),
        [now.plus(5)]
    );
}

/// Whoever writes the SQL: without a grant there is no event and no link.
#[tokio::test]
async fn the_tables_refuse_rows_without_a_grant() {
    let mut bench = bench().await;
    let now = clock::now();
    bench.visitor(1, &["analytics"], now).await;
    bench.lead(1, None, now).await;
    let event = "INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer) \
        VALUES (1, x'00', 999, 'page_view', 0, 0, '/', '', '', '')";
    let link = "INSERT INTO lead_link (site_id, lead_id, grant_id, linked_at) \
        SELECT site_id, id, 999, 0 FROM lead";
    let elsewhere = "INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer) \
        SELECT 2, x'00', id, 'page_view', 0, 0, '/', '', '', '' FROM consent_grant LIMIT 1";
    for sql in [event, link, elsewhere] {
        let error = sqlx::query(sql)
            .execute(&mut bench.db)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("FOREIGN KEY"), "{error}");
    }
}

#[tokio::test]
async fn a_material_change_is_a_revision_and_ends_older_grants() {
    let mut bench = bench().await;
    let now = clock::now();
    let visitor = bench.visitor(1, &["analytics"], now).await;
    let mut file = bench.site.file.clone();
    let same = site_rows::apply(&mut bench.db, &file.key.clone(), &file, now)
        .await
        .unwrap();
    assert_eq!(same, (site_rows::Outcome::Unchanged, 1));
    file.origins.push("https://shop.example".to_owned());
    let look = site_rows::apply(&mut bench.db, &file.key.clone(), &file, now)
        .await
        .unwrap();
    assert_eq!(look, (site_rows::Outcome::Changed, 1));
    file.purposes[2].services[0].retention_days += 1;
    let material = site_rows::apply(&mut bench.db, &file.key.clone(), &file, now)
        .await
        .unwrap();
    assert_eq!(material, (site_rows::Outcome::Revised, 2));
    let folder = bench.folder.path().join("a.db");
    let database = Database::at(&format!("sqlite:{}", folder.display())).unwrap();
    let sites = Sites::new(Arc::new(client()));
    sites
        .refresh(&database.readers().await.unwrap())
        .await
        .unwrap();
    bench.site = sites.get("shop").unwrap();
    let stored = bench.send(visitor, &[(1, "page_view", now)], now).await;
    assert_eq!(stored.refused[0].2, Refusal::Expired);
}
