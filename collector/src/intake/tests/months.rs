//! The months of the table of events, which PostgreSQL alone has.

use super::*;
use crate::store::partitions;

const BY_HAND: &str = "INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer) \
    SELECT site_id, $1, id, 'page_view', $2, 0, '/', '', '', '' FROM consent_grant \
    WHERE purpose = 'analytics' AND service = 'ashiato'";
const LIES: &str = "SELECT tableoid::regclass::text FROM event ORDER BY id";
const MONTHS: &str = "SELECT inhrelid::regclass::text FROM pg_inherits \
    WHERE inhparent = 'event'::regclass ORDER BY 1";

/// 15 January 2027.
const NOW: Millis = Millis(1_800_000_000_000);

impl Bench {
    async fn texts(&mut self, text: &'static str) -> Vec<String> {
        let rows: Vec<(String,)> = sql(text).all(&mut self.db).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }

    async fn event_made(&mut self, made: Millis, at: Millis) -> Uuid7 {
        let id = Uuid7::new(made, &[8; 10]);
        let done = sql(BY_HAND).bind(id.as_bytes()).bind(at.0).execute(&mut self.db).await.unwrap();
        assert_eq!(done, 1);
        id
    }
}

#[tokio::test]
async fn months_are_there_ahead_and_events_lie_in_theirs() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    partitions::ahead(&mut bench.db, NOW).await.unwrap();
    let months = bench.texts(MONTHS).await;
    for month in ["event_2026_12", "event_2027_01", "event_2027_02", "event_2027_03"] {
        assert!(months.iter().any(|have| have == month), "{month} in {months:?}");
    }
    let visitor = bench.visitor(1, &["analytics"], NOW).await;
    let stored = bench.send(visitor, &[(1, "page_view", NOW)], NOW).await;
    assert_eq!(stored.stored, 1);
    assert_eq!(bench.texts(LIES).await, ["event_2027_01"]);
}

#[tokio::test]
async fn what_came_before_its_month_was_made_moves_there_and_still_counts_once() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    partitions::ahead(&mut bench.db, NOW).await.unwrap();
    let visitor = bench.visitor(1, &["analytics"], NOW).await;
    // A browser's clock may be months ahead.
    let early = NOW.plus(100 * DAY);
    let id = bench.event_made(early, NOW).await;
    assert_eq!(bench.texts(LIES).await, ["event_other"]);
    partitions::ahead(&mut bench.db, early).await.unwrap();
    assert_eq!(bench.texts(LIES).await, ["event_2027_04"]);
    let entry = format!(
        r#"{{"id":"{id}","name":"page_view","at":{},"page":{{"url":"http://localhost:8081/"}}}}"#,
        NOW.0
    );
    let batch = Batch::read(Arc::clone(&bench.site), visitor, [entry.as_str()].into_iter());
    let again = events::store(&mut bench.db, &[&batch], Ids::Mixed, NOW).await.unwrap().unwrap();
    assert_eq!((again[0].stored, again[0].duplicate), (0, 1));
}

#[tokio::test]
async fn a_month_that_nobody_keeps_is_dropped_with_what_is_as_old() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let oldest = NOW.plus(-395 * DAY);
    let past = oldest.plus(-60 * DAY);
    for then in [past, oldest, NOW] {
        partitions::ahead(&mut bench.db, then).await.unwrap();
    }
    bench.visitor(1, &["analytics"], NOW).await;
    bench.event_made(past, past).await;
    bench.event_made(past.plus(1), NOW).await;
    bench.event_made(oldest, oldest).await;
    bench.event_made(NOW.plus(700 * DAY), past).await;
    bench.event_made(NOW, NOW).await;
    assert_eq!(bench.texts(LIES).await.len(), 5);
    partitions::drop_before(&mut bench.db, oldest, NOW).await.unwrap();
    let lies = bench.texts(LIES).await;
    assert_eq!(lies.len(), 3, "{lies:?}");
    assert_eq!(lies[0], "event_other", "it happened lately, whatever its clock said");
    assert_eq!(lies[2], "event_2027_01");
    let months = bench.texts(MONTHS).await;
    assert!(months.iter().all(|month| month.as_str() >= lies[1].as_str()), "{months:?}");
    partitions::drop_before(&mut bench.db, oldest, NOW).await.unwrap();
    assert_eq!(bench.texts(LIES).await, lies, "nothing more the second time");
    let told = bench.texts("SELECT details FROM audit WHERE action = 'retention.dispose'").await;
    let expected = format!(r#"{{"count":2,"kind":"events","until":{}}}"#, oldest.0);
    assert_eq!(told, [expected], "the trail is told once");
}
