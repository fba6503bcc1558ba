//! What a visitor does by their own page: opening it once, and having everything erased.

use super::*;
use crate::intake::own::{self, CODE_LIFETIME, Code};

const CODES: &str = "SELECT COUNT(*) FROM own_page_code";
/// Every table that a visitor's row may be named in, or what is known of them.
const THEIRS: [&str; 5] = [
    EVENTS,
    "SELECT COUNT(*) FROM consent_grant",
    LINKS,
    "SELECT COUNT(*) FROM decision",
    "SELECT COUNT(*) FROM visitor",
];

impl Bench {
    async fn use_code(&mut self, signature: u8, now: Millis) -> bool {
        let code = Code::of(self.site.id, &[signature; 32]);
        let mut tx = self.db.begin().await.unwrap();
        let opened = own::open(&mut tx, code, now).await.unwrap();
        tx.commit().await.unwrap();
        opened
    }

    async fn erase_all(&mut self, visitor: VisitorHash, now: Millis) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let mut log = Appender::default();
        let whom = (self.site.id, visitor);
        let there = own::erase(&mut tx, &mut log, whom, now).await.unwrap();
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        there
    }

    async fn theirs(&mut self) -> [i64; 5] {
        let mut all = [0; 5];
        for (count, text) in all.iter_mut().zip(THEIRS) {
            *count = self.count(text).await;
        }
        all
    }
}

#[tokio::test]
async fn a_code_opens_once_and_is_forgotten_once_it_is_over() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        assert!(bench.use_code(1, now).await);
        assert!(!bench.use_code(1, now.plus(1)).await, "it has been used");
        assert!(bench.use_code(2, now).await, "another one has not");
        assert_eq!(bench.count(CODES).await, 2);
        // As long as a clock that is ahead could have it taken, it is known to have been used.
        let last = now.plus(2 * CODE_LIFETIME - 1);
        assert!(!bench.use_code(1, last).await);
        assert!(bench.use_code(3, last.plus(1)).await);
        assert_eq!(bench.count(CODES).await, 1, "the old ones are forgotten");
    }
}

#[tokio::test]
async fn an_erasure_leaves_no_row_of_the_visitor_and_touches_nobody_else() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let purposes = ["analytics", "marketing", "lead_link"];
        let other = bench.visitor(1, &purposes, now).await;
        bench.send(other, &[(1, "page_view", now)], now).await;
        assert!(bench.lead(1, Some(other), now).await.linked);
        let before = bench.theirs().await;
        let leaves = bench.count("SELECT COUNT(*) FROM log_leaf").await;

        let leaving = bench.visitor(2, &purposes, now).await;
        bench.send(leaving, &[(2, "page_view", now), (3, "page_view", now)], now).await;
        assert!(bench.lead(2, Some(leaving), now).await.linked);
        let more = request(3, Method::Custom, now.plus(1), &[("analytics", true)]);
        bench.decide(Some(leaving), more, now.plus(1)).await.unwrap();
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 3);

        assert!(bench.erase_all(leaving, now.plus(2)).await);
        assert_eq!(bench.theirs().await, before, "what rested on the other's grants is there");
        let after = bench.count("SELECT COUNT(*) FROM log_leaf").await;
        assert_eq!(after, leaves + 4, "two decisions, and that each was erased");
        assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 2, "a message was sent to keep");

        assert!(!bench.erase_all(leaving, now.plus(3)).await, "there is nothing any more");
        assert_eq!(bench.count("SELECT COUNT(*) FROM log_leaf").await, after);
        let sent = bench.send(leaving, &[(4, "page_view", now.plus(3))], now.plus(3)).await;
        assert_eq!((sent.stored, sent.refused.len()), (0, 1));
    }
}
