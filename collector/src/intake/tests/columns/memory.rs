//! What was just stored is copied from memory, as long as nothing of it can have gone.

use super::*;

impl Bench {
    /// Writes every title over, behind the store's back: copies that say so were made of rows.
    async fn titles_by_hand(&mut self) {
        self.db.raw("UPDATE event SET title = 'by hand'".to_owned()).await.unwrap();
    }

    /// Everything is copied: of rows that were read, or all of it from memory.
    async fn are_copied(&mut self, read: bool) {
        assert_eq!(self.count("SELECT COUNT(*) FROM event_group").await, 0);
        let now = NOW.plus(60_000);
        let copied = self.copied(now).await;
        assert_eq!(copied.len(), self.by_rows(now).await.len());
        assert!(!copied.is_empty());
        let by_hand = copied.iter().filter(|event| event.contains("by hand")).count();
        assert_eq!(by_hand, if read { copied.len() } else { 0 }, "{copied:#?}");
    }
}

/// By what a page's title says now, where the row was written over by hand since.
#[tokio::test]
async fn what_was_stored_just_now_is_copied_from_memory_unless_anything_has_gone_or_is_made_anew() {
    for (goes, anew) in [(false, false), (true, false), (false, true)] {
        for mut bench in benches().await {
            eprintln!("on {}", bench.url);
            let (_, mut copier) = bench.copier().await;
            let (mut dice, mut number) = (Dice(21), 0);
            let visitor = bench.visitor(1, &["analytics"], NOW).await;
            let other = bench.visitor(2, &["analytics"], NOW).await;
            bench.browse(&mut dice, other, NOW, &mut number).await;
            bench.browse(&mut dice, visitor, NOW, &mut number).await;
            if goes {
                bench.erased(other, NOW.plus(60_000)).await;
            }
            bench.titles_by_hand().await;
            if anew {
                copy::anew(&mut bench.db, bench.site.id).await.unwrap();
            }
            while copier.round().await.unwrap() != Round::Done {}
            bench.are_copied(goes || anew).await;
        }
    }
}

/// On PostgreSQL another collector may have seen to what is gone, and have taken it from the list.
#[tokio::test]
async fn what_was_stored_before_another_collector_made_the_copies_is_read_from_its_rows() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let (database, copier) = bench.copier().await;
    let (mut dice, mut number) = (Dice(25), 0);
    let visitor = bench.visitor(1, &["analytics"], NOW).await;
    for _ in 0..4 {
        bench.browse(&mut dice, visitor, NOW, &mut number).await;
    }
    drop(copier);
    bench.taken(visitor).await;
    bench.db.raw("DELETE FROM event_gone".to_owned()).await.unwrap();
    bench.titles_by_hand().await;
    let mut copier = Copier::new(database);
    while copier.round().await.unwrap() != Round::Done {}
    bench.are_copied(true).await;
}

/// More groups than are copied at once: the last is copied when what has gone from it is not on the list any more.
#[tokio::test]
async fn what_is_gone_before_it_was_copied_is_in_no_copy() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (_, mut copier) = bench.copier().await;
        let (mut dice, mut number) = (Dice(27), 0);
        let many = bench.visitor(1, &["analytics"], NOW).await;
        let last = bench.visitor(2, &["analytics"], NOW).await;
        // A group of nothing but events that no service takes is none.
        let groups = "SELECT COUNT(*) FROM event_group";
        while bench.count(groups).await < 1_000 {
            bench.browse(&mut dice, many, NOW, &mut number).await;
        }
        while bench.count(groups).await < 1_001 {
            bench.browse(&mut dice, last, NOW, &mut number).await;
        }
        bench.taken(last).await;
        bench.titles_by_hand().await;
        while copier.round().await.unwrap() != Round::Done {}
        bench.are_copied(true).await;
        assert_eq!(bench.db_sum().await, bench.count(EVENTS).await);
    }
}
