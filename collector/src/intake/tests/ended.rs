//! Consents that end by themselves: by running out, or by a new revision of the policy.

use super::*;
use crate::{
    intake::sweep::{self, Piece, Swept},
    store::{
        conflict, ended,
        leads::read,
        locks::{self, Lock},
        questions::{self, Metric, Report},
        reports::{self, Holding, Timeline},
    },
};

/// Days that a consent of the shop holds.
const HOLDS: i64 = 180 * DAY;

const GRANTS: &str = "SELECT COUNT(*) FROM consent_grant";

impl Bench {
    /// Another one on the same database.
    async fn beside(&self) -> Self {
        let db = Database::at(&self.url).unwrap().reopen().await.unwrap();
        let (site, url) = (Arc::clone(&self.site), self.url.clone());
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        Self { db, keys, site, url, device: Device::Unknown, _folder: None, cluster: None }
    }

    /// One piece of a sweep.
    async fn sweep(&mut self, now: Millis) -> Swept {
        let leads = ended::outdated(&mut self.db, self.site.id, 10).await.unwrap();
        self.sweep_of(leads, now).await
    }

    async fn sweep_of(&mut self, leads: Vec<LeadId>, now: Millis) -> Swept {
        let mut tx = self.db.begin().await.unwrap();
        locks::take(&mut tx, Lock::Decisions).await.unwrap();
        let piece = Piece { site: self.site.id, leads };
        let swept = sweep::erase(&mut tx, &piece, now).await.unwrap();
        tx.commit().await.unwrap();
        swept
    }

    /// Events and visitors, as they are counted at `now`.
    async fn counted(&mut self, now: Millis) -> Vec<i64> {
        let report = Report {
            metrics: vec![Metric::Events, Metric::Visitors],
            dimensions: vec![],
            filters: vec![],
            days: (0, 1_000_000),
            limit: 1,
            offset: 0,
        };
        let zone = jiff::tz::TimeZone::UTC;
        let (db, site) = (&mut self.db, self.site.id);
        let answer = questions::run(db, site, (&report, &[]), None, (&zone, now)).await;
        answer.unwrap().unwrap().lines.unwrap().remove(0).1
    }

    /// Whether lead 1 is linked at `now`, by its timeline and in the listing.
    async fn linked(&mut self, now: Millis) -> bool {
        let holding = Holding { revision: self.site.policy.revision(), now };
        let (db, site) = (&mut self.db, self.site.id);
        let lead = LeadId::from_bytes([1; 16]);
        let timeline = reports::timeline(db, site, holding, lead).await.unwrap();
        let listed =
            read::listed::listed(db, site, holding, &read::listed::Which::default(), (10, 0))
                .await
                .unwrap();
        let listed = listed.iter().find(|listed| listed.id == lead).unwrap().linked_at.is_some();
        assert_eq!(listed, matches!(timeline, Timeline::Linked(..)));
        listed
    }

    /// A new revision of the policy.
    async fn revise(&mut self, now: Millis) {
        let mut file = self.site.file.clone();
        file.purposes[2].services[0].retention_days += 1;
        site_rows::apply(&mut self.db, &file.key.clone(), &file, &TESTING, now).await.unwrap();
        let sites = Sites::new(Arc::new(client()), "http://localhost:8080".into());
        sites.refresh(&Database::at(&self.url).unwrap().readers().await.unwrap()).await.unwrap();
        self.site = sites.get("shop").unwrap();
    }

    /// Sends a view as the writer would: where another connection was in its way, once more.
    async fn send_against_others(&mut self, batch: &Batch, now: Millis) -> events::Stored {
        loop {
            let mut tx = self.db.begin().await.unwrap();
            match events::store(&mut tx, &[batch], Ids::Mixed, now).await {
                Ok(stored) => {
                    tx.commit().await.unwrap();
                    return stored.unwrap().remove(0);
                }
                Err(error) => {
                    assert!(conflict(&error), "{error}");
                    tx.rollback().await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn what_rests_on_a_consent_that_has_run_out_counts_no_more_and_is_erased() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let start = clock::now();
        let visitor = bench.visitor(1, &["analytics", "lead_link"], start).await;
        bench.send(visitor, &[(1, "page_view", start), (2, "click", start)], start).await;
        assert!(bench.lead(1, Some(visitor), start).await.linked);
        let later = start.plus(DAY);
        let other = bench.visitor(2, &["analytics"], later).await;
        bench.send(other, &[(3, "page_view", later)], later).await;

        let end = start.plus(HOLDS);
        let before = end.plus(-1);
        assert_eq!(bench.counted(before).await, [3, 2]);
        assert!(bench.linked(before).await);
        assert_eq!(bench.sweep(before).await, Swept::default());
        assert_eq!(bench.counted(end).await, [1, 1], "it counts no more, though it is there");
        assert!(!bench.linked(end).await);
        assert_eq!(bench.count(EVENTS).await, 3);

        let swept = bench.sweep(end).await;
        assert_eq!(swept, Swept { consents: 1, events: 2, links: 1 });
        assert_eq!((bench.count(EVENTS).await, bench.count(LINKS).await), (1, 0));
        assert_eq!(bench.counted(end).await, [1, 1]);
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 1, "what was sent stays");
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 2, "so does the proof");
        assert_eq!(bench.sweep(end).await, Swept::default(), "once is enough");
        let late = bench.send(visitor, &[(4, "page_view", end)], end).await;
        assert_eq!(late.refused[0].2, Refusal::Expired);
    }
}

#[tokio::test]
async fn a_consent_renewed_just_before_its_end_keeps_its_history() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let start = clock::now();
        let visitor = bench.visitor(1, &["analytics", "lead_link"], start).await;
        bench.send(visitor, &[(1, "page_view", start)], start).await;
        bench.lead(1, Some(visitor), start).await;
        let end = start.plus(HOLDS);
        let again = [("analytics", true), ("lead_link", true)];
        let again = request(2, Method::Custom, end.plus(-1), &again);
        bench.decide(Some(visitor), again, end.plus(-1)).await.unwrap();
        assert_eq!(bench.sweep(end).await, Swept::default());
        assert_eq!(bench.counted(end).await, [1, 1]);
        assert!(bench.linked(end).await);
        let next = end.plus(-1).plus(HOLDS);
        assert_eq!(bench.sweep(next).await, Swept { consents: 1, events: 1, links: 1 });
        assert_eq!(bench.count(GRANTS).await, 0, "those of both receipts");
    }
}

#[tokio::test]
async fn a_consent_renewed_after_its_end_begins_anew_whether_or_not_it_was_swept() {
    for swept in [false, true] {
        for mut bench in benches().await {
            eprintln!("on {}, swept: {swept}", bench.url);
            let start = clock::now();
            let visitor = bench.visitor(1, &["analytics", "lead_link"], start).await;
            let end = start.plus(HOLDS);
            let before = end.plus(-1);
            bench.send(visitor, &[(1, "page_view", before)], before).await;
            bench.lead(1, Some(visitor), start).await;
            if swept {
                bench.sweep(end).await;
            }
            // Decided before the end by the page's clock, it comes after it.
            let again = [("analytics", true), ("lead_link", true)];
            let again = request(2, Method::Custom, before, &again);
            let now = end.plus(1_000);
            bench.decide(Some(visitor), again, now).await.unwrap();
            assert_eq!(bench.counted(now).await, [0, 0]);
            assert!(!bench.linked(now).await);
            assert_eq!((bench.count(EVENTS).await, bench.count(LINKS).await), (0, 0));
            let views = [(1, "page_view", before), (2, "click", now)];
            let sent = bench.send(visitor, &views, now).await;
            assert_eq!((sent.stored, sent.refused.len()), (1, 1), "nothing of before comes back");
            assert_eq!(bench.sweep(now).await, Swept::default());
            assert_eq!(bench.counted(now).await, [1, 1]);
        }
    }
}

#[tokio::test]
async fn a_new_revision_ends_storing_and_cuts_links_and_leaves_events_until_they_are_asked() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let start = clock::now();
        let visitor = bench.visitor(1, &["analytics", "lead_link"], start).await;
        let other = bench.visitor(2, &["analytics", "lead_link"], start).await;
        for (id, visitor) in [(1, visitor), (2, other)] {
            bench.send(visitor, &[(id, "page_view", start)], start).await;
            assert!(bench.lead(id, Some(visitor), start).await.linked);
        }
        assert_eq!(bench.sweep(start).await, Swept::default());
        let now = start.plus(1_000);
        bench.revise(now).await;
        let sent = bench.send(visitor, &[(3, "page_view", now)], now).await;
        assert_eq!(sent.refused[0].2, Refusal::Expired);
        assert!(!bench.lead(3, Some(visitor), now).await.linked);
        assert!(!bench.linked(now).await);
        assert_eq!(bench.counted(now).await, [2, 2]);

        // Who is asked before the sweep has come is linked from then on, and not backwards.
        let both = [("analytics", true), ("lead_link", true)];
        let renewed = |id, granted| ConsentRequest {
            revision: 2,
            ..request(id, Method::Custom, now, granted)
        };
        bench.decide(Some(visitor), renewed(3, &both), now).await.unwrap();
        assert!(!bench.linked(now).await);
        assert!(bench.lead(4, Some(visitor), now).await.linked);
        assert_eq!(bench.count(LINKS).await, 2, "a new one, and the other visitor's");
        assert_eq!(bench.sweep(now).await, Swept { links: 1, ..Swept::default() });
        assert_eq!(bench.sweep(now).await, Swept::default());
        assert_eq!(bench.counted(now).await, [2, 2]);

        // Whoever agrees no more takes their events along; whoever is never asked keeps them to the end.
        bench.decide(Some(visitor), renewed(4, &both[1..]), now).await.unwrap();
        assert_eq!(bench.counted(now).await, [1, 1]);
        let swept = bench.sweep(start.plus(HOLDS)).await;
        assert_eq!((swept.consents, swept.events), (1, 1));
    }
}

#[tokio::test]
async fn a_sweep_goes_through_the_writer_piece_by_piece_until_nothing_is_left() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let start = clock::now().plus(-HOLDS - DAY);
        for id in 1..=70 {
            let visitor = bench.visitor(id, &["analytics", "lead_link"], start).await;
            bench.lead(id, Some(visitor), start).await;
            let views = if id % 35 == 0 { 1_100 } else { 1 };
            let views: Vec<_> = (0..views).map(|at| (id, "page_view", start.plus(at))).collect();
            bench.send(visitor, &views, start).await;
        }
        assert_eq!(bench.count(EVENTS).await, 2_268);
        let writer = bench.writer("SELECT 1").await;
        let readers = Database::at(&bench.url).unwrap().readers().await.unwrap();
        sweep::round(&writer, &readers, clock::now()).await.unwrap();
        for left in [EVENTS, LINKS, GRANTS] {
            assert_eq!(bench.count(left).await, 0, "{left}");
        }
        assert_eq!(bench.count("SELECT COUNT(*) FROM visitor WHERE ended_at IS NULL").await, 0);
    }
}

#[tokio::test]
async fn a_sweep_and_a_renewal_at_the_same_moment_leave_one_or_the_other() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let mut other = bench.beside().await;
        let mut kept = 0;
        for round in 0..100 {
            let id = u8::try_from(round).unwrap();
            let start = clock::now();
            let visitor = bench.visitor(id, &["analytics"], start).await;
            bench.send(visitor, &[(id, "page_view", start)], start).await;
            let end = start.plus(HOLDS);
            let just_before = end.plus(-1);
            let again = request(200 - id, Method::Custom, just_before, &[("analytics", true)]);
            let renewal = bench.decide(Some(visitor), again, just_before);
            let sweep = other.sweep_of(Vec::new(), end);
            // Who is asked first begins first, most of the time.
            let (renewed, swept) = if round % 2 == 0 {
                tokio::join!(renewal, sweep)
            } else {
                let (swept, renewed) = tokio::join!(sweep, renewal);
                (renewed, swept)
            };
            renewed.unwrap();
            let events = bench.count(EVENTS).await;
            assert_eq!(events, 1 - i64::try_from(swept.events).unwrap(), "round {round}");
            kept += events;
            let sent = bench.send(visitor, &[(id, "click", end)], end).await;
            assert_eq!(sent.stored, 1, "round {round}: the renewed consent holds");
            assert_eq!(bench.counted(end).await, [events + 1, 1], "round {round}");
            let no = request(100 + id, Method::Withdraw, end, &[]);
            bench.decide(Some(visitor), no, end).await.unwrap();
            assert_eq!(bench.count(GRANTS).await, 0, "round {round}");
        }
        eprintln!("renewed in time: {kept} of 100");
    }
}

#[tokio::test]
async fn no_event_outlives_the_sweep_that_it_came_at_the_same_moment_with() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let mut other = bench.beside().await;
        let mut stored = 0;
        for round in 0..100 {
            let id = u8::try_from(round).unwrap();
            let start = clock::now();
            let visitor = bench.visitor(id, &["analytics"], start).await;
            let end = start.plus(HOLDS);
            let just_before = end.plus(-1);
            let event = format!(
                r#"{{"id":"{}","name":"page_view","at":{},"page":{{"url":"http://localhost:8081/"}}}}"#,
                Uuid7::new(just_before, &[id; 10]),
                just_before.0
            );
            let batch =
                Batch::read(Arc::clone(&bench.site), visitor, std::iter::once(event.as_str()));
            let sending = bench.send_against_others(&batch, just_before);
            let sweep = other.sweep_of(Vec::new(), end);
            let (sent, swept) = if round % 2 == 0 {
                tokio::join!(sending, sweep)
            } else {
                let (swept, sent) = tokio::join!(sweep, sending);
                (sent, swept)
            };
            stored += sent.stored;
            assert_eq!(swept.consents, 1, "round {round}");
            assert_eq!(sent.stored + sent.refused.len(), 1, "round {round}");
            for left in [EVENTS, GRANTS] {
                assert_eq!(bench.count(left).await, 0, "round {round}: {left}");
            }
        }
        eprintln!("stored before the sweep: {stored} of 100");
    }
}
