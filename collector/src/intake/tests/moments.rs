//! What goes on now, and events with their properties: the same by copies and by rows.

use super::*;
use crate::store::{
    columns::copy::{self, Copier, Round},
    moments::{self, Recent},
    named::{self, Asked, Counted},
};

/// 2027-01-15, 17:00 in Tokyo.
const NOW: Millis = Millis(1_800_000_000_000);

impl Bench {
    async fn recent_and_counted(&mut self, now: Millis) -> (Recent, Counted) {
        let (site, today) = (self.site.id, self.site.day(now));
        let recent = moments::recent(&mut self.db, site, (today, now), None).await.unwrap();
        let offsets = [(Millis(0), 9 * 3_600_000)];
        let (days, name) = ((today - 1, today + 1), Some("add_to_cart"));
        let asked = Asked { days, offsets: &offsets, name, visitors: 5, whose: None };
        let counted = named::counted(&mut self.db, site, &asked, now).await.unwrap();
        (recent.unwrap().0, counted.unwrap().0)
    }
}

#[tokio::test]
async fn now_and_events_say_the_same_however_far_the_copies_are() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let before = NOW.plus(-DAY);
        let [first, second, gone, over] = [
            bench.visitor(1, &["analytics"], before).await,
            bench.visitor(2, &["analytics"], before).await,
            bench.visitor(3, &["analytics"], before).await,
            bench.visitor(4, &["analytics"], before).await,
        ];
        let minute = 60_000;
        let earlier = NOW.plus(-10 * minute);
        bench.send(over, &[(9, "page_view", NOW)], NOW).await;
        let id = bench.count("SELECT MAX(id) FROM visitor").await;
        let out = format!("UPDATE visitor SET expires = {} WHERE id = {id}", NOW.0);
        bench.db.raw(out).await.unwrap();
        bench.send(first, &[(1, "page_view", NOW.plus(-40 * minute))], NOW).await;
        bench.send(first, &[(2, "page_view", earlier), (3, "click", NOW)], NOW).await;
        bench.send(second, &[(4, "page_view", earlier)], NOW).await;
        bench.send(gone, &[(5, "page_view", NOW)], NOW).await;
        let written = |id: u8, told: &str| {
            let id = Uuid7::new(NOW, &[id; 10]);
            format!(
                r#"{{"id":"{id}","name":"add_to_cart","at":{},"page":{{"url":"http://localhost:8081/p"}},"properties":{told}}}"#,
                NOW.0
            )
        };
        let carts = [written(6, r#"{"item":"急須"}"#), written(7, r#"{"item":"急須"}"#)];
        bench.send_written(second, &carts, NOW).await;
        let none = request(8, Method::Withdraw, NOW, &[]);
        bench.decide(Some(gone), none, NOW).await.unwrap();

        let (recent, counted) = bench.recent_and_counted(NOW).await;
        assert_eq!((recent.visitors, recent.views, recent.viewers), (2, 2, 2));
        assert_eq!(recent.pages, [("/p".to_owned(), 2, 2)]);
        assert_eq!(recent.events, [("add_to_cart".to_owned(), 2, 1), ("click".to_owned(), 1, 1)]);
        assert_eq!(recent.minutes.keys().copied().collect::<Vec<_>>(), [0, 10]);
        assert_eq!(counted.names[0], ("page_view".to_owned(), 3, 2));
        assert_eq!(counted.hours, [(16, 3, 2)]);
        let [(text, 2, _)] = &counted.properties[..] else { panic!("{:?}", counted.properties) };
        assert_eq!(text, r#"{"item":"急須"}"#);

        let mut copier = Copier::new(Database::at(&bench.url).unwrap());
        while copier.round().await.unwrap() != Round::Done {}
        assert_eq!(bench.count("SELECT COUNT(*) FROM event_group").await, 0);
        assert_eq!(bench.recent_and_counted(NOW).await, (recent.clone(), counted.clone()));
        copy::anew(&mut bench.db, bench.site.id).await.unwrap();
        assert_eq!(bench.recent_and_counted(NOW).await, (recent, counted));
    }
}
