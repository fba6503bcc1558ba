//! Events, leads, and what rests on a grant.

use super::*;

#[tokio::test]
async fn an_event_needs_its_own_purpose() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let stored = bench
            .send(
                visitor,
                &[(1, "page_view", now), (2, "campaign_visit", now), (3, "made_up", now)],
                now,
            )
            .await;
        assert_eq!(stored.stored, 1);
        let reasons: Vec<_> =
            stored.refused.iter().map(|(index, _, reason)| (*index, *reason)).collect();
        assert_eq!(reasons, [(1, Refusal::NotGranted), (2, Refusal::UnknownEvent)]);
        let kept: (String, String) =
            sql("SELECT page, query FROM event").first(&mut bench.db).await.unwrap().unwrap();
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
}

#[tokio::test]
async fn an_event_counts_once_forever() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let twice = [(1, "page_view", now), (1, "page_view", now), (2, "page_view", now)];
        let stored = bench.send(visitor, &twice, now).await;
        assert_eq!((stored.stored, stored.duplicate), (2, 1));
        let again = bench.send(visitor, &twice, now).await;
        assert_eq!((again.stored, again.duplicate), (0, 3));
        assert_eq!(bench.count(EVENTS).await, 2);
    }
}

#[tokio::test]
async fn nobody_unknown_stores_anything() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let stored =
            bench.send(VisitorHash::from_bytes([7; 16]), &[(1, "page_view", now)], now).await;
        assert_eq!(stored.refused[0].2, Refusal::NotGranted);
        assert_eq!(bench.count(EVENTS).await, 0);
    }
}

#[tokio::test]
async fn withdrawing_a_purpose_erases_what_rested_on_it_and_nothing_else() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let all =
            [("functional", true), ("analytics", true), ("marketing", true), ("lead_link", true)];
        let decided =
            bench.decide(None, request(1, Method::AcceptAll, now, &all), now).await.unwrap();
        let visitor = bench.keys.visitor_hash(&bench.site.key, decided.visitor.unwrap());
        bench.send(visitor, &[(1, "page_view", now), (2, "campaign_visit", now)], now).await;
        assert!(bench.lead(1, Some(visitor), now).await.linked);
        // A renewed decision keeps what stays granted, and the events under the older receipt.
        let some = [("analytics", true), ("lead_link", true)];
        bench.decide(Some(visitor), request(2, Method::Custom, now, &some), now).await.unwrap();
        assert_eq!(bench.count("SELECT COUNT(*) FROM event WHERE name = 'page_view'").await, 1);
        assert_eq!((bench.count(EVENTS).await, bench.count(LINKS).await), (1, 1));
        let withdrawn =
            bench.decide(Some(visitor), request(3, Method::Withdraw, now, &[]), now).await.unwrap();
        assert!(withdrawn.receipt.is_some(), "a visitor's withdrawal gets a receipt");
        assert_eq!((withdrawn.visitor, withdrawn.session), (None, None));
        assert_eq!((bench.count(EVENTS).await, bench.count(LINKS).await), (0, 0));
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 1, "the lead itself stays");
        let late = bench.send(visitor, &[(3, "page_view", now)], now).await;
        assert_eq!(late.refused[0].2, Refusal::NotGranted);
    }
}

#[tokio::test]
async fn an_unlinked_lead_has_no_timeline_and_a_linked_one_begins_with_its_link() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let linker = bench.visitor(2, &["analytics", "lead_link"], now).await;
        assert!(!bench.lead(1, None, now).await.linked);
        assert!(!bench.lead(2, Some(visitor), now).await.linked, "analytics alone links nobody");
        bench.send(linker, &[(1, "page_view", now.plus(1))], now).await;
        let linked = bench.lead(3, Some(linker), now.plus(2)).await;
        assert!(linked.linked);
        assert_eq!(
            bench.lead(3, Some(linker), now.plus(3)).await,
            linked,
            "sent again, it counts once"
        );
        bench.send(visitor, &[(2, "page_view", now.plus(4))], now).await;
        bench.send(linker, &[(3, "page_view", now.plus(5))], now).await;
        let site = bench.site.id;
        let holding = reports::Holding { revision: 1, now };
        let mut timeline = async |id: u8| {
            reports::timeline(&mut bench.db, site, holding, LeadId::from_bytes([id; 16]))
                .await
                .unwrap()
        };
        assert_eq!(timeline(1).await, reports::Timeline::Unlinked);
        assert_eq!(timeline(2).await, reports::Timeline::Unlinked);
        assert_eq!(timeline(9).await, reports::Timeline::NoLead);
        let reports::Timeline::Linked(_, moments) = timeline(3).await else { panic!("linked") };
        assert_eq!(moments.iter().map(|moment| moment.at).collect::<Vec<_>>(), [now.plus(5)]);
    }
}

#[tokio::test]
async fn a_link_shows_nothing_once_its_consent_has_run_out_or_is_of_an_older_policy() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics", "lead_link"], now).await;
        assert!(bench.lead(1, Some(visitor), now).await.linked);
        let site = bench.site.id;
        let mut linked = async |revision, now| {
            let holding = reports::Holding { revision, now };
            let lead = LeadId::from_bytes([1; 16]);
            let timeline = reports::timeline(&mut bench.db, site, holding, lead).await.unwrap();
            let listed = read::listed::listed(
                &mut bench.db,
                site,
                holding,
                &read::listed::Which::default(),
                (10, 0),
            )
            .await
            .unwrap();
            assert_eq!(listed[0].linked_at.is_some(), timeline != reports::Timeline::Unlinked);
            listed[0].linked_at.is_some()
        };
        assert!(linked(1, now).await);
        assert!(!linked(1, now.plus(180 * DAY)).await);
        assert!(!linked(2, now).await);
    }
}
