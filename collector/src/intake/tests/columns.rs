//! Copies say what the rows say: whatever was stored, withdrawn, erased or disposed of, and whatever came in between.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::{
    columns::{Table, Wanted},
    intake::{
        own,
        sweep::{self, Piece},
    },
    store::{
        SiteId, columns,
        columns::copy::{self, Copier, Round},
        disposal, ended,
        locks::{self, Lock},
        partitions, visitors,
    },
};

mod memory;

/// 15 January 2027.
const NOW: Millis = Millis(1_800_000_000_000);
const ALWAYS: (i64, i64) = (0, 1_000_000);

/// What a table says, event by event.
fn told(table: &Table) -> Vec<String> {
    let text = |text| table.text(text);
    let one = |event: crate::columns::Event| {
        format!(
            "{} {} {:?} {} {} {} {} {} {} {} {} {} {} {} {:?}",
            event.day,
            event.at,
            table.visitor_row(event.visitor),
            text(event.name),
            text(event.page),
            text(event.query),
            text(event.title),
            text(event.referrer),
            event.properties.map_or("none", text),
            text(event.purpose),
            text(event.service),
            text(event.language),
            text(event.device),
            event.engaged,
            event.campaign.map(text),
        )
    };
    table.events().map(one).collect()
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

impl Bench {
    async fn copied(&mut self, now: Millis) -> Vec<String> {
        let site = self.site.id;
        told(&columns::read(&mut self.db, site, ALWAYS, Wanted::ALL, now).await.unwrap())
    }

    async fn by_rows(&mut self, now: Millis) -> Vec<String> {
        told(&columns::by_rows(&mut self.db, self.site.id, ALWAYS, Wanted::ALL, now).await)
    }

    async fn copy_all(&mut self) {
        let mut copier = Copier::new(Database::at(&self.url).unwrap());
        while copier.round().await.unwrap() != Round::Done {}
    }

    /// The database of a process that stores and copies, and whoever copies: what it has just stored is in its memory.
    async fn copier(&mut self) -> (Database, Copier) {
        let database = Database::at(&self.url).unwrap();
        self.db = database.open().await.unwrap();
        let mut copier = Copier::new(database.clone());
        assert_eq!(copier.round().await.unwrap(), Round::Done);
        (database, copier)
    }

    /// Events of a visitor, a second apart and more.
    async fn browse(
        &mut self,
        dice: &mut Dice,
        visitor: VisitorHash,
        from: Millis,
        number: &mut i64,
    ) {
        let mut entries = Vec::new();
        for _ in 0..=dice.below(6) {
            *number += 1;
            let at = from.plus(1_000 * *number);
            let id = Uuid7::new(at, &keys::random().unwrap());
            let (name, properties) = match dice.below(4) {
                0 => ("user_engagement", r#"{"engaged_ms":4000}"#),
                1 => ("campaign_visit", r#"{"source":"letter","campaign":"春"}"#),
                2 => ("click", r#"{"n":1}"#),
                _ => ("page_view", "{}"),
            };
            let page = dice.below(30);
            entries.push(format!(
                r#"{{"id":"{id}","name":"{name}","at":{},"page":{{"url":"http://localhost:8081/{page}",
                "title":"頁{page}","referrer":"https://example.com/{page}"}},"properties":{properties}}}"#,
                at.0
            ));
        }
        let stored = self.send_written(visitor, &entries, from.plus(1_000 * *number)).await;
        assert!(stored.refused.iter().all(|(_, _, why)| *why != Refusal::Malformed), "{stored:?}");
    }

    async fn erased(&mut self, visitor: VisitorHash, now: Millis) {
        let mut tx = self.db.begin().await.unwrap();
        let mut log = Appender::default();
        own::erase(&mut tx, &mut log, (self.site.id, visitor), now).await.unwrap();
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn taken(&mut self, visitor: VisitorHash) {
        let site = self.site.id;
        let found = visitors::find(&mut self.db, site, &[visitor]).await.unwrap();
        let Some(found) = found.get(&visitor) else { return };
        ended::take_events(&mut self.db, site, found.row, 5).await.unwrap();
    }

    async fn disposed(&mut self, before: Millis) {
        let site = self.site.id;
        let (old, _) = disposal::events(&mut self.db, site, &[], 100_000, before).await.unwrap();
        // Not all of them, as the rules of two services would have it.
        let ids: Vec<_> = old.iter().filter(|old| old.at.0 % 2 == 0).map(|old| old.id).collect();
        if !ids.is_empty() {
            let mut tx = self.db.begin().await.unwrap();
            disposal::delete_events(&mut tx, site, &ids, before).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn sweep_once(&mut self, now: Millis) {
        let mut tx = self.db.begin().await.unwrap();
        locks::take(&mut tx, Lock::Decisions).await.unwrap();
        sweep::erase(&mut tx, &Piece { site: self.site.id, leads: vec![] }, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A history of so many acts, and after each the copies say what the rows say.
    async fn history(&mut self, seed: u64, acts: usize) {
        let mut dice = Dice(seed);
        let (mut now, mut number, mut people) = (NOW, 0, Vec::new());
        let (_, mut copier) = self.copier().await;
        for act in 0..acts {
            let whom = usize::try_from(dice.below(people.len().max(1) as u64)).unwrap();
            let id = u8::try_from(act % 250).unwrap();
            let kind = dice.below(16);
            let devices = [Device::Phone, Device::Tablet, Device::Computer, Device::Unknown];
            self.device = devices[act % 4];
            match (kind, people.get(whom).copied()) {
                (0..=1, _) | (_, None) => people.push(self.visitor(id, &["analytics"], now).await),
                (2..=7, Some(visitor)) => self.browse(&mut dice, visitor, now, &mut number).await,
                (8, Some(visitor)) => {
                    let none = request(id, Method::Withdraw, now, &[]);
                    self.decide(Some(visitor), none, now).await.unwrap();
                }
                (9, Some(visitor)) => {
                    self.erased(visitor, now).await;
                    people.swap_remove(whom);
                }
                (10, Some(visitor)) => self.taken(visitor).await,
                (11, _) => self.disposed(now.plus(-(dice.below(3) as i64) * DAY)).await,
                (12, _) => now = now.plus(DAY / 3),
                (13, _) if dice.below(6) == 0 => now = now.plus(90 * DAY),
                (13, _) => self.sweep_once(now).await,
                (_, _) => {
                    copier.round().await.unwrap();
                }
            }
            now = now.plus(10_000);
            assert_eq!(
                self.copied(now).await,
                self.by_rows(now).await,
                "seed {seed}, act {act}, {kind}"
            );
        }
        while copier.round().await.unwrap() != Round::Done {}
        assert_eq!(self.count("SELECT COUNT(*) FROM event_group").await, 0);
        assert_eq!(self.count("SELECT COUNT(*) FROM event_gone").await, 0);
        let left = self.count(EVENTS).await;
        let copied = self.db_sum().await;
        assert_eq!(copied, left, "what is gone is gone from the copies");
        assert_eq!(self.copied(now).await, self.by_rows(now).await, "seed {seed}");
    }

    async fn db_sum(&mut self) -> i64 {
        self.count("SELECT CAST(COALESCE(SUM(events), 0) AS BIGINT) FROM event_part").await
    }
}

#[tokio::test]
async fn copies_say_what_the_rows_say_after_every_act_of_any_history() {
    for seed in [3, 77, 1_234, 98_765] {
        on_sqlite().await.history(seed, 120).await;
    }
    for seed in [5, 77, 4_242] {
        on_postgres(Cluster::at_hand().unwrap()).await.history(seed, 90).await;
    }
}

#[tokio::test]
async fn a_database_that_has_events_already_is_copied_and_answers_meanwhile() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (mut dice, mut number) = (Dice(9), 0);
        let visitor = bench.visitor(1, &["analytics"], NOW).await;
        for _ in 0..10 {
            bench.browse(&mut dice, visitor, NOW, &mut number).await;
        }
        // As the migration leaves it.
        bench.db.raw("DELETE FROM event_group".to_owned()).await.unwrap();
        copy::anew(&mut bench.db, bench.site.id).await.unwrap();
        let later = NOW.plus(DAY);
        bench.browse(&mut dice, visitor, later, &mut number).await;
        let all = bench.by_rows(later).await;
        assert!(all.len() > 20);
        assert_eq!(bench.copied(later).await, all);
        bench.copy_all().await;
        assert_eq!(bench.copied(later).await, all);
        assert_eq!(usize::try_from(bench.db_sum().await).unwrap(), all.len());
        assert_eq!(bench.count("SELECT COUNT(*) FROM event_uncopied").await, 0);
    }
}

#[tokio::test]
async fn small_parts_of_a_day_are_brought_together() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (mut dice, mut number) = (Dice(11), 0);
        let mut people = Vec::new();
        for id in 0..4 {
            people.push(bench.visitor(id, &["analytics"], NOW).await);
        }
        for turn in 0..40 {
            bench.browse(&mut dice, people[turn % 4], NOW, &mut number).await;
            bench.copy_all().await;
            let parts = bench.count("SELECT COUNT(*) FROM event_part").await;
            assert!(parts <= 8, "{parts} parts of one day");
        }
        assert_eq!(bench.copied(NOW).await, bench.by_rows(NOW).await);
        let all = bench.count(EVENTS).await;
        assert_eq!(bench.db_sum().await, all);
    }
}

/// Copies of before there was a device have no column of it: they say that it is not known, and go on saying so where they
/// are brought together with newer ones.
#[tokio::test]
async fn copies_without_a_device_are_read_and_brought_together_with_those_that_have_one() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (mut dice, mut number) = (Dice(23), 0);
        bench.device = Device::Unknown;
        let before = bench.visitor(1, &["analytics"], NOW).await;
        bench.device = Device::Phone;
        let after = bench.visitor(2, &["analytics"], NOW).await;
        bench.browse(&mut dice, before, NOW, &mut number).await;
        bench.copy_all().await;
        bench.db.raw("DELETE FROM event_column WHERE name = 'device'".to_owned()).await.unwrap();
        assert_eq!(bench.copied(NOW).await, bench.by_rows(NOW).await);
        let parts = "SELECT MAX(id) FROM event_part";
        let first = bench.count(parts).await;
        for _ in 0..9 {
            bench.browse(&mut dice, after, NOW, &mut number).await;
            bench.copy_all().await;
            assert_eq!(bench.copied(NOW).await, bench.by_rows(NOW).await);
        }
        assert!(bench.count(parts).await > first + 9, "some were brought together");
        let columns = "SELECT COUNT(*) FROM event_column WHERE name = 'device'";
        let all = bench.count("SELECT COUNT(*) FROM event_part").await;
        assert_eq!(bench.count(columns).await, all, "those that are made have the column");
        assert!(bench.copied(NOW).await.iter().any(|event| event.contains(" phone ")));
    }
}

#[tokio::test]
async fn a_damaged_copy_is_not_read_and_is_made_anew() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (mut dice, mut number) = (Dice(13), 0);
        let visitor = bench.visitor(1, &["analytics"], NOW).await;
        bench.browse(&mut dice, visitor, NOW, &mut number).await;
        bench.copy_all().await;
        let all = bench.by_rows(NOW).await;
        let half = if bench.cluster.is_none() {
            "CAST(substr(data, 1, 9) AS BLOB)"
        } else {
            "substr(data, 1, 9)"
        };
        bench
            .db
            .raw(format!("UPDATE event_column SET data = {half} WHERE name = 'page'"))
            .await
            .unwrap();
        assert_eq!(bench.copied(NOW).await, all, "the rows answer");
        bench.copy_all().await;
        let broken = "SELECT COUNT(*) FROM event_column WHERE name = 'page' AND length(data) < 10";
        assert_eq!(bench.count(broken).await, 0);
        assert_eq!(bench.copied(NOW).await, all);
    }
}

#[tokio::test]
async fn several_collectors_copy_while_others_store_and_withdraw() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    // The first stores too, and has in memory what it stored; the lock goes from one to the other and back.
    let own = Database::at(&bench.url).unwrap();
    bench.db = own.open().await.unwrap();
    let mut visitors = Vec::new();
    for id in 0..8 {
        visitors.push(bench.visitor(id, &["analytics"], NOW).await);
    }
    let (done, over) = tokio::sync::watch::channel(false);
    let held: Arc<[AtomicU32; 2]> = Arc::default();
    let copying = |place: usize, database: Database| {
        let (held, over) = (Arc::clone(&held), over.clone());
        async move {
            while !*over.borrow() {
                let mut copier = Copier::new(database.clone());
                for _ in 0..20 {
                    let holds = copier.round().await.unwrap() != Round::Elsewhere;
                    held[place].fetch_add(u32::from(holds), Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        }
    };
    let first = tokio::spawn(copying(0, own));
    let second = tokio::spawn(copying(1, Database::at(&bench.url).unwrap()));
    let (mut dice, mut number) = (Dice(17), 0);
    for turn in 0..60_u8 {
        let visitor = visitors[usize::from(turn) % visitors.len()];
        bench.browse(&mut dice, visitor, NOW, &mut number).await;
        if turn % 15 == 7 {
            let none = request(100 + turn, Method::Withdraw, NOW, &[]);
            bench.decide(Some(visitor), none, NOW).await.unwrap();
        }
        // Two snapshots: nothing is written between them, and a copy is no change to what is answered.
        assert_eq!(bench.copied(NOW).await, bench.by_rows(NOW).await, "turn {turn}");
    }
    while held.iter().any(|rounds| rounds.load(Ordering::Relaxed) == 0) {
        tokio::task::yield_now().await;
    }
    done.send(true).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    bench.copy_all().await;
    assert_eq!(bench.copied(NOW).await, bench.by_rows(NOW).await);
    let all = bench.count(EVENTS).await;
    assert!(all > 0);
    assert_eq!(bench.db_sum().await, all);
}

#[tokio::test]
async fn a_month_that_is_dropped_is_gone_from_the_copies() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let past = NOW.plus(-400 * DAY);
    for then in [past, NOW] {
        partitions::ahead(&mut bench.db, then).await.unwrap();
    }
    let (mut dice, mut number) = (Dice(19), 0);
    let visitor = bench.visitor(1, &["analytics"], past).await;
    bench.browse(&mut dice, visitor, past, &mut number).await;
    bench.copy_all().await;
    let site: SiteId = bench.site.id;
    let count = async |bench: &mut Bench| {
        let wanted = Wanted::NONE;
        columns::read(&mut bench.db, site, ALWAYS, wanted, past).await.unwrap().events().count()
    };
    assert!(count(&mut bench).await > 0);
    partitions::drop_before(&mut bench.db, NOW.plus(-300 * DAY), NOW).await.unwrap();
    assert_eq!((bench.count(EVENTS).await, count(&mut bench).await), (0, 0));
    assert_eq!(bench.count("SELECT COUNT(*) FROM event_part").await, 1, "it lies there still");
    bench.copy_all().await;
    assert_eq!(bench.count("SELECT COUNT(*) FROM event_part").await, 0);
}
