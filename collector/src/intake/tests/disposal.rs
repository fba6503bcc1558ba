//! What is kept no longer goes by its own rule, is told once, and nothing else goes with it.

use serde_json::{Value, json};

use super::*;
use crate::{
    intake::{
        disposal::{self, Disposal, Step, Way, What},
        sweep::{self, Piece},
    },
    site::retention::{Of, Rule},
    store::{
        SiteId,
        audit::{self, Search},
        leads as rows_of_leads, locks,
        locks::Lock,
    },
    transparency::{self, Expected, trail},
};

const BY_HAND: &str = "INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer) \
    SELECT site_id, $1, id, 'page_view', $2, 0, '/', '', '', '' FROM consent_grant WHERE service = $3";
const DECISIONS: &str = "SELECT COUNT(*) FROM decision";
const VISITORS: &str = "SELECT COUNT(*) FROM visitor";

impl Bench {
    /// Events of a service, one a second from `at` on, whose ids were made at `made`.
    async fn old(&mut self, service: &str, count: i64, (made, at): (Millis, Millis)) {
        let mut tx = self.db.begin().await.unwrap();
        for number in 0..count {
            let id = Uuid7::new(made.plus(number), &keys::random().unwrap());
            let insert = sql(BY_HAND).bind(id.as_bytes()).bind(at.0 + number * 1_000).bind(service);
            assert_eq!(insert.execute(&mut tx).await.unwrap(), 1);
        }
        tx.commit().await.unwrap();
    }

    async fn dispose(&mut self, now: Millis) {
        let database = Database::at(&self.url).unwrap();
        let readers = database.readers().await.unwrap();
        let mut own = database.reopen().await.unwrap();
        let (way, by) = (Way::Own(&mut own), TESTING);
        let progress = |_: &str, _: &Rule, _| {};
        let mut disposal = Disposal { readers: &readers, way, by, now, progress };
        disposal::alone(&database, disposal.all()).await.unwrap().unwrap();
    }

    /// What the trail was told of disposals: the kind, the rule, and how many.
    async fn told(&mut self) -> Vec<(String, String, i64)> {
        let search = Search { action: "retention".to_owned(), ..Search::everything() };
        let told = audit::list(&mut self.db, self.site.id, &search, 0, 100).await.unwrap();
        let one = |entry: audit::Recorded| {
            let details: Value = serde_json::from_str(&entry.details).unwrap();
            let kind = details["kind"].as_str().unwrap().to_owned();
            (kind, entry.object, details["count"].as_i64().unwrap())
        };
        let found = trail::verify(&mut self.db, self.site.id, &[]).await.unwrap();
        assert_eq!(found.wrong, [""; 0]);
        told.into_iter().map(one).collect()
    }

    async fn rule(&mut self, name: &str) -> (SiteId, Rule) {
        let (site, rules) = disposal::rules_of(&mut self.db, "shop").await.unwrap().unwrap();
        (site, rules.into_iter().find(|rule| rule.name == name).unwrap())
    }
}

fn told(all: &[(&str, &str, i64)]) -> Vec<(String, String, i64)> {
    all.iter().map(|(kind, rule, n)| ((*kind).to_owned(), (*rule).to_owned(), *n)).collect()
}

const ANALYTICS: &str = "purposes.analytics.services.ashiato";
const MARKETING: &str = "purposes.marketing.services.campaigns";
const PROOF: &str = "purposes.necessary.services.ashiato_consent";

#[tokio::test]
async fn events_go_by_the_rule_of_their_own_service_whatever_their_ids_say() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.visitor(1, &["analytics", "marketing"], now).await;
        let past = |days: i64| now.plus(-days * DAY);
        for (service, count, days) in [
            ("ashiato", 3, 396),
            ("ashiato", 2, 390),
            ("campaigns", 2_500, 181),
            ("campaigns", 1, 170),
            ("ashiato", 4, 0),
        ] {
            bench.old(service, count, (past(days), past(days))).await;
        }
        // Clocks that went wrong made these ids: a year ahead, and three years ago.
        bench.old("campaigns", 1, (past(-365), past(181))).await;
        bench.old("campaigns", 1, (past(1_000), past(1))).await;
        bench.dispose(now).await;
        assert_eq!(bench.count(EVENTS).await, 2 + 1 + 4 + 1);
        let expected = [("events", ANALYTICS, 3), ("events", MARKETING, 2_501)];
        assert_eq!(bench.told().await, told(&expected));
        bench.dispose(now).await;
        assert_eq!(bench.told().await.len(), 2, "what disposes of nothing tells nothing");
        assert_eq!(bench.count("SELECT COUNT(*) FROM disposal").await, 0);
    }
}

#[tokio::test]
async fn the_record_says_under_which_rule_of_which_revision_and_until_when() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.visitor(1, &["marketing"], now).await;
        let at = now.plus(-200 * DAY);
        bench.old("campaigns", 1, (at, at)).await;
        bench.dispose(now).await;
        let search = Search { action: "retention.dispose".to_owned(), ..Search::everything() };
        let entry =
            audit::list(&mut bench.db, bench.site.id, &search, 0, 1).await.unwrap().remove(0);
        let details: Value = serde_json::from_str(&entry.details).unwrap();
        let until = now.plus(-180 * DAY);
        let expected = json!({"kind": "events", "count": 1, "days": 180, "revision": 1,
            "until": until, "since": now});
        assert_eq!(details, expected);
        assert_eq!((entry.actor_kind.as_str(), entry.object.as_str()), ("job", MARKETING));
    }
}

#[tokio::test]
async fn what_one_that_died_disposed_of_is_told_once_by_the_next() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.visitor(1, &["marketing"], now).await;
        let at = now.plus(-200 * DAY);
        bench.old("campaigns", 30, (at, at)).await;
        let ids: Vec<(Vec<u8>,)> =
            sql("SELECT id FROM event ORDER BY id").all(&mut bench.db).await.unwrap();
        let ids: Vec<[u8; 16]> = ids.into_iter().map(|(id,)| id.try_into().unwrap()).collect();
        let (site, rule) = bench.rule(MARKETING).await;
        let before = now.plus(-180 * DAY);
        for (some, ends) in [(&ids[..10], true), (&ids[10..20], false)] {
            let what = What::Events(some.to_vec());
            let step = Step { site, what, rule: rule.clone(), before, by: TESTING };
            let mut tx = bench.db.begin().await.unwrap();
            let n = disposal::take(&mut tx, &mut Appender::default(), &step, now).await.unwrap();
            assert_eq!(n, 10);
            // It dies before the second one is committed.
            if ends { tx.commit().await.unwrap() } else { tx.rollback().await.unwrap() }
        }
        assert_eq!(bench.count(EVENTS).await, 20);
        assert_eq!(bench.told().await, []);
        bench.dispose(now).await;
        assert_eq!(
            bench.told().await,
            told(&[("events", MARKETING, 10), ("events", MARKETING, 20)])
        );
    }
}

#[tokio::test]
async fn leads_go_by_their_forms_rule_with_keys_and_links() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["lead_link"], now).await;
        let past = |days: i64| now.plus(-days * DAY);
        for (id, days) in [(1, 1_096), (2, 1_094), (3, 1_200)] {
            let visitor = (id < 3).then_some(visitor);
            assert_eq!(bench.lead(id, visitor, now).await.linked, id < 3);
            let form = if id == 3 { "gone" } else { "contact" };
            let lead = LeadId::from_bytes([id; 16]);
            let update = "UPDATE lead SET received_at = $1, form = $2 WHERE id = $3";
            let update = sql(update).bind(past(days).0).bind(form).bind(lead.as_bytes());
            assert_eq!(update.execute(&mut bench.db).await.unwrap(), 1);
        }
        let linked = sql("UPDATE lead_link SET linked_at = $1").bind(past(396).0);
        linked.execute(&mut bench.db).await.unwrap();
        assert_eq!(bench.count(LINKS).await, 2);
        bench.dispose(now).await;
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 1);
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead_key").await, 1);
        assert_eq!(bench.count(LINKS).await, 0, "links go after 395 days");
        let expected = [
            ("leads", "forms.contact", 1),
            ("leads", "retention.leads_days", 1),
            ("links", "purposes.lead_link", 2),
        ];
        assert_eq!(bench.told().await, told(&expected));
        let known = rows_of_leads::find(&mut bench.db, bench.site.id, &[1; 32]).await.unwrap();
        assert!(known.is_some(), "sent again it does not come back");
    }
}

#[tokio::test]
async fn proof_of_consent_is_kept_as_long_as_something_rests_on_it_and_its_time_after() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let start = clock::now();
        let names = "UPDATE log_head SET origin = 'consent.example/log'";
        bench.db.raw(names.to_owned()).await.unwrap();
        // A first refusal; a visitor who never comes again; one who decides anew each 100 days, and agrees to
        // nothing once.
        let no = request(1, Method::RejectAll, start, &[]);
        bench.decide(None, no, start).await.unwrap();
        bench.visitor(2, &["analytics"], start).await;
        let stays = bench.visitor(3, &["analytics"], start).await;
        bench.send(stays, &[(3, "page_view", start)], start).await;
        let mut next = 100;
        for (days, decisions, visitors) in
            [(182, 4, 2), (1_094, 13, 2), (1_096, 12, 2), (1_276, 12, 1), (1_500, 11, 1)]
        {
            while next < days {
                let at = start.plus(next * DAY);
                let id = 10 + u8::try_from(next / 100).unwrap();
                let again = request(id, Method::Custom, at, &[("analytics", next != 400)]);
                bench.decide(Some(stays), again, at).await.unwrap();
                next += 100;
            }
            let at = start.plus(days * DAY);
            // The consent of the one who never comes again has ended at 180 days.
            let piece = Piece { site: bench.site.id, leads: vec![] };
            let mut tx = bench.db.begin().await.unwrap();
            locks::take(&mut tx, Lock::Decisions).await.unwrap();
            sweep::erase(&mut tx, &piece, at).await.unwrap();
            tx.commit().await.unwrap();
            bench.dispose(at).await;
            let left = (bench.count(DECISIONS).await, bench.count(VISITORS).await);
            assert_eq!(left, (decisions, visitors), "after {days} days");
        }
        let all = bench.told().await;
        let of = |kind: &str| all.iter().filter(|it| it.0 == kind).map(|it| it.2).sum::<i64>();
        assert_eq!((of("decisions"), of("visitors")), (6, 1), "{all:?}");
        assert!(all.iter().all(|it| it.1 == PROOF));
        let report = transparency::verify(&mut bench.db, &Expected::default()).await.unwrap();
        assert!(report.is_good(), "{}", report.to_text());
    }
}

#[tokio::test]
async fn counts_of_what_was_refused_go_by_the_sites_own_rule() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let hours = now.0 / 3_600_000;
        for days in [1, 394, 396, 1_500] {
            let text = format!("INSERT INTO refusal VALUES (1, {}, 'x', '', 1)", hours - days * 24);
            bench.db.raw(text).await.unwrap();
        }
        bench.dispose(now).await;
        assert_eq!(bench.count("SELECT COUNT(*) FROM refusal").await, 2);
        assert_eq!(bench.told().await, told(&[("refusals", "retention.refusals_days", 2)]));
    }
}

#[tokio::test]
async fn only_one_disposes_at_a_time_and_its_end_lets_the_next_begin() {
    let bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let database = Database::at(&bench.url).unwrap();
    let mut first = database.reopen().await.unwrap();
    assert!(locks::try_hold(&mut first, Lock::Disposal).await.unwrap());
    let never = async { panic!("another one disposes") };
    let done: Option<()> = disposal::alone(&database, never).await.unwrap();
    assert!(done.is_none());
    drop(first); // as when it is killed
    let mut tries = 0;
    while disposal::alone(&database, async { Ok(()) }).await.unwrap().is_none() {
        tries += 1;
        assert!(tries < 1_000);
    }
}

#[tokio::test]
async fn while_it_goes_through_the_writer_events_are_taken_as_before() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics", "marketing"], now).await;
        let at = now.plus(-200 * DAY);
        bench.old("campaigns", 5_000, (at, at)).await;
        let writer = bench.writer("SELECT 1").await;
        let database = Database::at(&bench.url).unwrap();
        let readers = database.readers().await.unwrap();
        let (way, by) = (Way::Writer(&writer), TESTING);
        let progress = |_: &str, _: &Rule, _| {};
        let mut disposal = Disposal { readers: &readers, way, by, now, progress };
        let done = std::cell::Cell::new(false);
        let dispose = async {
            disposal.all().await.unwrap();
            done.set(true);
        };
        let ingest = async {
            let mut stored = 0;
            for number in 0_i64.. {
                let event = format!(
                    r#"{{"id":"{}","name":"page_view","at":{},"page":{{"url":"http://localhost:8081/"}}}}"#,
                    Uuid7::new(now.plus(number), &[7; 10]),
                    now.0
                );
                let one = std::iter::once(event.as_str());
                let batch = Batch::read(Arc::clone(&bench.site), visitor, one);
                stored += writer.store(batch).await.unwrap().stored;
                if done.get() {
                    break;
                }
            }
            i64::try_from(stored).unwrap()
        };
        let ((), stored) = tokio::join!(dispose, ingest);
        assert!(stored > 5, "{stored} were stored meanwhile");
        assert_eq!(bench.count(EVENTS).await, stored);
        assert_eq!(bench.told().await, told(&[("events", MARKETING, 5_000)]));
        assert!(matches!(bench.rule(MARKETING).await.1.of, Of::Events { .. }));
    }
}
