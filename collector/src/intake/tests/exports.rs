//! Events that leave: those of the days that are asked for, as long as their consent holds, whether they are copied or not.

use super::*;
use crate::store::{
    columns::copy::{self, Copier, Round},
    ended,
    exports::{Event, Walk, Wanted},
    visitors,
};

/// 2027-01-15, 17:00 in Tokyo.
const NOW: Millis = Millis(1_800_000_000_000);
const TODAY: i64 = 20_833;

impl Bench {
    fn walk(&self, days: (i64, i64), names: &[&str]) -> Walk {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Walk::new(self.site.id, Wanted { days, names, of: None })
    }

    async fn next(&mut self, walk: &mut Walk, limit: u32, now: Millis) -> Option<Vec<Event>> {
        walk.next(&mut self.db, limit, now).await.unwrap()
    }

    async fn leave(&mut self, mut walk: Walk, limit: u32, now: Millis) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(events) = self.next(&mut walk, limit, now).await {
            assert!(events.len() <= limit as usize);
            all.extend(events);
        }
        all
    }

    async fn copy(&mut self) {
        let mut copier = Copier::new(Database::at(&self.url).unwrap());
        while copier.round().await.unwrap() != Round::Done {}
    }

    /// Two visitors over four days, ten events a day of each, by turns.
    async fn two_over_four_days(&mut self) -> [VisitorHash; 2] {
        let visitors = [
            self.visitor(1, &["analytics"], NOW).await,
            self.visitor(2, &["analytics"], NOW).await,
        ];
        let mut id = 0;
        for day in 0..4 {
            for turn in 0..10 {
                for visitor in visitors {
                    id += 1;
                    let at = NOW.plus(day * DAY + turn * 10_000 + i64::from(id % 2));
                    let name = if turn < 9 { "page_view" } else { "click" };
                    self.send(visitor, &[(id, name, at)], at).await;
                }
            }
        }
        visitors
    }
}

fn times(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.at.0).collect()
}

/// After those before, the rest is all that the second visitor did: theirs are the even moments.
fn rest_of_second(before: &[Event], after: &[Event]) {
    let seconds = before.iter().filter(|event| event.at.0 % 2 == 0).count();
    assert!(after.iter().all(|event| event.at.0 % 2 == 0), "{:?}", times(after));
    assert_eq!(after.len(), 40 - seconds);
}

#[tokio::test]
async fn events_leave_by_day_and_time_the_same_ones_however_far_the_copies_are() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.two_over_four_days().await;
        let now = NOW.plus(4 * DAY);
        let days = (TODAY + 1, TODAY + 2);
        let new = bench.leave(bench.walk(days, &[]), 7, now).await;
        assert_eq!(new.len(), 40);
        let sorted = times(&new);
        assert!(sorted.is_sorted(), "{sorted:?}");
        assert!(new.iter().all(|event| event.visitor.is_some() && event.page == "/p"));
        assert_eq!(new[0].query, "utm_source=y");
        bench.copy().await;
        assert_eq!(bench.leave(bench.walk(days, &[]), 1_000, now).await, new);
        let clicks = bench.leave(bench.walk(days, &["click", "zoom"]), 3, now).await;
        let expected: Vec<_> = new.iter().filter(|event| event.name == "click").cloned().collect();
        assert_eq!((clicks.len(), clicks), (4, expected));
        assert_eq!(bench.leave(bench.walk(days, &["zoom"]), 3, now).await, []);
        assert_eq!(bench.leave(bench.walk((0, TODAY - 1), &[]), 3, now).await, []);
        // While the copies are made, the rows say the same in their order.
        copy::anew(&mut bench.db, bench.site.id).await.unwrap();
        let by_rows = bench.leave(bench.walk(days, &[]), 7, now).await;
        assert_eq!(times(&by_rows), sorted);
        for event in &new {
            assert!(by_rows.contains(event), "{event:?}");
        }
    }
}

#[tokio::test]
async fn no_day_is_looked_at_that_is_not_asked_for() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.two_over_four_days().await;
        bench.copy().await;
        // Whoever read them would find them damaged, and go to the rows, of which there are none any more.
        bench
            .db
            .raw(
                "UPDATE event_column SET data = data || data WHERE part_id NOT IN \
                (SELECT id FROM event_part WHERE day = 20834)"
                    .to_owned(),
            )
            .await
            .unwrap();
        bench.db.raw("DELETE FROM event WHERE day <> 20834".to_owned()).await.unwrap();
        let now = NOW.plus(4 * DAY);
        let one = (TODAY + 1, TODAY + 1);
        assert_eq!(bench.leave(bench.walk(one, &[]), 100, now).await.len(), 20);
        let all = bench.leave(bench.walk((TODAY, TODAY), &[]), 100, now).await;
        assert_eq!(all, [], "the damage is seen where it is");
    }
}

#[tokio::test]
async fn what_is_withdrawn_after_its_day_was_read_does_not_leave() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let [first, _] = bench.two_over_four_days().await;
        bench.copy().await;
        let now = NOW.plus(4 * DAY);
        let mut walk = bench.walk((TODAY, TODAY + 3), &[]);
        let before = bench.next(&mut walk, 5, now).await.unwrap();
        assert_eq!(before.len(), 5);
        let none = request(9, Method::Withdraw, now, &[]);
        bench.decide(Some(first), none, now).await.unwrap();
        // The next grant may have the number of the one that is gone.
        let later = now.plus(1_000);
        let again = request(10, Method::Custom, later, &[("analytics", true)]);
        bench.decide(Some(first), again, later).await.unwrap();
        // And the copies may know nothing of it any more.
        bench.copy().await;
        let mut after = Vec::new();
        while let Some(events) = bench.next(&mut walk, 5, later).await {
            after.extend(events);
        }
        rest_of_second(&before, &after);
        // Whose consent runs out meanwhile is left out too.
        let mut walk = bench.walk((TODAY, TODAY + 3), &[]);
        assert_eq!(bench.next(&mut walk, 5, later).await.unwrap().len(), 5);
        let end = bench.count("SELECT MAX(expires) FROM visitor").await;
        assert_eq!(bench.next(&mut walk, 5, Millis(end)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_is_erased_after_its_day_was_read_does_not_leave_though_its_grant_stays() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let [first, _] = bench.two_over_four_days().await;
        bench.copy().await;
        let now = NOW.plus(4 * DAY);
        let mut walk = bench.walk((TODAY, TODAY + 3), &[]);
        let before = bench.next(&mut walk, 5, now).await.unwrap();
        let visitor =
            visitors::find(&mut bench.db, bench.site.id, &[first]).await.unwrap()[&first].row;
        let gone = ended::take_events(&mut bench.db, bench.site.id, visitor, 1_000).await.unwrap();
        assert_eq!((before.len(), gone), (5, 40));
        bench.copy().await;
        let after = bench.leave(walk, 5, now).await;
        rest_of_second(&before, &after);
    }
}
