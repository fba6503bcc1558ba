//! Attempts: made again, given up, shared.

use super::*;

#[tokio::test]
async fn what_was_not_taken_is_sent_again_by_the_same_id_and_at_last_given_up() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &[]).await;
        let mut now = clock::now();
        bench.import(1, held()).await;
        bench.take_marks(now).await;
        let mut ids = std::collections::BTreeSet::new();
        let mut became = Became::default();
        for attempt in 1..=10 {
            let attempts = bench.begin(&webhook, now).await;
            assert_eq!(attempts.len(), 1, "attempt {attempt}");
            ids.insert(attempts[0].id);
            assert!(bench.begin(&webhook, now).await.is_empty(), "it is under way");
            assert!(!became.dead);
            became = bench.end(&attempts[0], &Answer::Status(500, None), now).await;
            assert!(bench.begin(&webhook, now).await.is_empty(), "it has to wait");
            now = bench.delivery(attempts[0].id).await.next_at;
        }
        assert!(became.dead, "after ten");
        let dead = deliveries::list(&mut bench.db, bench.site.id, true, 10).await.unwrap();
        assert_eq!(
            dead.iter().map(|it| it.id).collect::<std::collections::BTreeSet<_>>(),
            ids,
            "one id"
        );
        assert_eq!((dead[0].attempts, dead[0].answer.as_str()), (10, "500"));
        let far = now.plus(100 * DAY);
        assert!(bench.begin(&webhook, far).await.is_empty());
        assert!(deliveries::again(&mut bench.db, bench.site.id, dead[0].id, far).await.unwrap());
        let heard = bench.hears(&webhook, far).await;
        assert_eq!(kinds(&heard), ["lead.created"]);
        assert!(!deliveries::again(&mut bench.db, bench.site.id, dead[0].id, far).await.unwrap());
        round::drop_old(&mut bench.db, far.plus(6 * DAY)).await.unwrap();
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_delivery").await, 1);
        round::drop_old(&mut bench.db, far.plus(8 * DAY)).await.unwrap();
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_delivery").await, 0);
    }
}

#[tokio::test]
async fn what_was_given_up_does_not_keep_the_end_of_a_lead_from_being_told() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &[]).await;
        let mut now = clock::now();
        bench.import(1, held()).await;
        bench.take_marks(now).await;
        for _ in 1..=10 {
            let attempts = bench.begin(&webhook, now).await;
            bench.end(&attempts[0], &Answer::Status(400, None), now).await;
            now = bench.delivery(attempts[0].id).await.next_at;
        }
        bench.erase_lead(1).await;
        assert_eq!(kinds(&bench.hears(&webhook, now).await), ["lead.erased"]);
        assert_eq!(bench.count("SELECT COUNT(*) FROM webhook_told").await, 0);
    }
}

#[tokio::test]
async fn an_attempt_of_who_died_is_made_again_when_its_time_is_over() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &[]).await;
        let now = clock::now();
        bench.import(1, held()).await;
        bench.take_marks(now).await;
        let lost = bench.begin(&webhook, now).await;
        assert!(bench.begin(&webhook, now.plus(round::LEASE - 1)).await.is_empty());
        let later = now.plus(round::LEASE);
        let again = bench.begin(&webhook, later).await;
        assert_eq!(again[0].id, lost[0].id);
        // Should the first have lived after all, either answer counts, once.
        bench.end(&lost[0], &TAKEN, later).await;
        bench.end(&again[0], &Answer::Late, later).await;
        assert_eq!(bench.delivery(lost[0].id).await.state, State::Delivered);
        assert_eq!(bench.hears(&webhook, later).await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn a_webhook_that_is_gone_or_fails_for_days_is_told_nothing_until_it_is_enabled() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &[]).await;
        let now = clock::now();
        bench.import(1, held()).await;
        bench.take_marks(now).await;
        let attempts = bench.begin(&webhook, now).await;
        assert!(bench.end(&attempts[0], &Answer::Gone, now).await.disabled);
        let listed = store::list(&mut bench.db, None).await.unwrap();
        assert_eq!(listed[0].disabled, Some((now, "gone".to_owned())));
        bench.import(2, held()).await;
        bench.take_marks(now).await;
        assert!(store::enable(&mut bench.db, bench.site.id, webhook.id, now).await.unwrap());
        let heard = bench.hears(&webhook, now).await;
        assert_eq!(kinds(&heard), ["lead.created", "lead.created"], "nothing was lost meanwhile");
        // Of failing for days: since the first failure after which nothing was taken.
        bench.import(3, held()).await;
        bench.take_marks(now).await;
        let mut at = now;
        for disabled in [false, false, true] {
            let attempts = bench.begin(&webhook, at).await;
            let became = bench.end(&attempts[0], &Answer::Late, at).await;
            assert_eq!(became.disabled, disabled);
            at = at.plus(round::FAILING / 2);
        }
        let listed = store::list(&mut bench.db, None).await.unwrap();
        assert_eq!(listed[0].disabled.as_ref().unwrap().1, "failing");
    }
}

/// Two take turns at what both see.
#[tokio::test]
async fn of_two_senders_each_message_is_sent_by_one() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let webhook = bench.webhook(1, &ALL, &[]).await;
        for byte in 1..=40 {
            bench.import(byte, held()).await;
        }
        let now = clock::now();
        let database = Database::at(&bench.url).unwrap();
        let (keys, webhook) = (&bench.keys, &webhook);
        let send = async || {
            let mut db = database.open().await.unwrap();
            let mut ids = Vec::new();
            while ids.len() < 40 {
                let marks = round::take_marks(&mut db, now).await.unwrap();
                let attempts = round::begin(&mut db, keys, webhook, 4, now).await.unwrap();
                if marks == 0 && attempts.is_empty() {
                    break;
                }
                for attempt in attempts {
                    round::end(&mut db, (webhook, attempt.id), &TAKEN, now).await.unwrap();
                    ids.push(attempt.id);
                }
            }
            ids
        };
        let (one, other) = tokio::join!(send(), send());
        let all: std::collections::BTreeSet<_> = one.iter().chain(&other).collect();
        assert_eq!((all.len(), one.len() + other.len()), (40, 40));
        let delivered = "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'delivered'";
        assert_eq!(bench.count(delivered).await, 40);
    }
}
