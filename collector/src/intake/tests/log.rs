//! The consent log of real decisions: what it proves, and to whom.

use consent_core::{ids::from_base64url, receipt::Receipt};
use tlog_tiles::{Hash, check_record, check_tree};

use super::*;
use crate::{
    log::{
        record,
        tile::{self, Tile},
        tree,
    },
    transparency::{self, Expected, Report},
};

pub(super) const ORIGIN: &str = "consent.example/log";

impl Bench {
    /// Decisions of as many visitors, in one transaction: every third one a refusal. Their receipts.
    pub(super) async fn fill(&mut self, count: u16, now: Millis) -> Vec<String> {
        let mut receipts = Vec::new();
        let decide = |number: u16| {
            let mut request = if number.is_multiple_of(3) {
                request(1, Method::RejectAll, now, &[("analytics", false)])
            } else {
                request(1, Method::Custom, now, &[("analytics", true)])
            };
            let mut id = keys::random::<10>().unwrap();
            id[..2].copy_from_slice(&number.to_be_bytes());
            request.id = Uuid7::new(now, &id);
            self.decide_as(None, request)
        };
        let all: Vec<_> = (0..count).map(decide).collect();
        let mut tx = self.db.begin().await.unwrap();
        let mut log = Appender::default();
        let all: Vec<_> = all.iter().collect();
        for decided in consents::decide(&mut tx, &mut log, &self.keys, &all, now).await.unwrap() {
            receipts.extend(decided.unwrap().receipt.map(|(_, receipt)| receipt));
        }
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        receipts
    }

    pub(super) async fn found(&mut self) {
        let name = transparency::found(&mut self.db, None, ORIGIN).await.unwrap();
        assert_eq!(name, ORIGIN);
    }

    /// Signs the log as it stands.
    pub(super) async fn sign(&mut self, now: Millis) -> String {
        let mut tx = self.db.begin().await.unwrap();
        let note = transparency::sign(&mut tx, &self.keys, now).await.unwrap().note;
        tx.commit().await.unwrap();
        note
    }

    /// Its own key, and earlier checkpoints.
    pub(super) fn expected(&self, earlier: &[&str]) -> Expected {
        let verifier = self.keys.log_verifier(ORIGIN);
        let earlier = earlier.iter().map(|note| verifier.open(note).unwrap()).collect();
        Expected { verifier: Some(verifier), earlier }
    }

    pub(super) async fn verify(&mut self, earlier: &[&str]) -> Report {
        let expected = self.expected(earlier);
        let mut snapshot = self.db.snapshot().await.unwrap();
        transparency::verify(&mut snapshot, &expected).await.unwrap()
    }

    /// Does what only somebody with the database in their hands can do.
    pub(super) async fn run(&mut self, change: &str) {
        let change = self.spelled(change);
        self.db.raw(change).await.unwrap();
    }

    /// `BYTES` stands for 32 bytes, `BYTE` for one, as the engine writes them.
    pub(super) fn spelled(&self, change: &str) -> String {
        let bytes = |hex: &str| match &self.cluster {
            Some(_) => format!("'\\x{hex}'::bytea"),
            None => format!("x'{hex}'"),
        };
        change.replace("BYTES", &bytes(&"5a".repeat(32))).replace("BYTE", &bytes("5a"))
    }

    async fn size(&mut self) -> u64 {
        u64::try_from(self.count("SELECT size FROM log_head").await).unwrap()
    }
}

#[tokio::test]
async fn a_log_that_was_left_alone_is_good_at_every_size() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        assert!(bench.verify(&[]).await.is_good(), "an empty log is one too");
        let mut notes = vec![bench.sign(now).await];
        for (at, more) in [1, 1, 253, 1, 1, 255, 140].into_iter().enumerate() {
            let now = now.plus(i64::try_from(at).unwrap());
            bench.fill(more, now).await;
            notes.push(bench.sign(now).await);
        }
        assert_eq!(bench.size().await, 652);
        for note in &notes {
            let report = bench.verify(&[note]).await;
            assert!(report.is_good(), "{}", report.to_text());
            assert_eq!((report.decisions, report.checkpoints), (Some(652), 8));
            assert!(report.signatures);
        }
        assert_eq!(bench.count("SELECT COUNT(*) FROM log_tile").await, 2);
        let again = bench.sign(now).await;
        assert_eq!(Some(&again), notes.last(), "a log that stands still is signed once");
    }
}

#[tokio::test]
async fn proofs_and_tiles_from_the_database_hold() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.fill(650, clock::now()).await;
        let db = &mut bench.db;
        let sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, 649, 650];
        let leaves = crate::store::log::hashes(db, 0, 0, 650).await.unwrap();
        for size in sizes {
            let root = transparency::root(db, size).await.unwrap();
            assert_eq!(root, tree::over(&leaves[..usize::try_from(size).unwrap()]));
            for index in [0, size / 2, size - 1] {
                let (leaf, proof) =
                    transparency::inclusion(db, index, size).await.unwrap().unwrap();
                assert_eq!(leaf, leaves[usize::try_from(index).unwrap()]);
                assert_eq!(proof.root, root);
                assert!(includes(&root, size, index, &leaf, &proof.path), "{index} of {size}");
            }
            for from in sizes.into_iter().filter(|from| *from <= size) {
                let before = transparency::root(db, from).await.unwrap();
                let proof = transparency::consistency(db, from, size).await.unwrap().unwrap();
                assert!(continues((from, &before), (size, &root), &proof.path), "{from} {size}");
            }
        }
        for tile in tile::all(650) {
            let hashes = transparency::tile(db, tile).await.unwrap().unwrap();
            assert_eq!(u64::try_from(hashes.len()).unwrap(), tile.width);
        }
        let over = |tile| Tile { width: 139, ..tile };
        for none in [
            over(Tile { level: 0, index: 2, width: 0 }),
            Tile { level: 0, index: 3, width: 1 },
            Tile { level: 1, index: 0, width: 3 },
            Tile { level: 63, index: u64::MAX, width: 256 },
        ] {
            assert_eq!(transparency::tile(db, none).await.unwrap(), None, "{none:?}");
        }
        assert_eq!(transparency::inclusion(db, 650, 650).await.unwrap(), None);
        assert_eq!(transparency::inclusion(db, 0, 651).await.unwrap(), None);
        assert_eq!(transparency::inclusion(db, 0, u64::MAX).await.unwrap(), None);
        assert_eq!(transparency::consistency(db, 0, 650).await.unwrap(), None);
        assert_eq!(transparency::consistency(db, 1, 651).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_leaf_that_completes_tiles_of_two_levels_stores_both_roots() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let mut tx = bench.db.begin().await.unwrap();
        let many: Vec<tree::Hash> =
            (0..65_535_u32).map(|number| tree::leaf(&number.to_be_bytes())).collect();
        crate::store::log::append(&mut tx, 0, &many).await.unwrap();
        crate::store::log::grow(&mut tx, 65_535).await.unwrap();
        for index in 0..255 {
            let below = crate::store::log::hashes(&mut tx, 0, index * 256, 256).await.unwrap();
            let root = tree::over(&below);
            crate::store::log::insert_tile(&mut tx, 1, index, &root).await.unwrap();
        }
        let mut log = Appender::default();
        log.append(&mut tx, &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let leaves = crate::store::log::hashes(&mut bench.db, 0, 0, 65_538).await.unwrap();
        let tile = Tile { level: 2, index: 0, width: 1 };
        let stored = transparency::tile(&mut bench.db, tile).await.unwrap();
        assert_eq!(stored, Some(vec![tree::over(&leaves[..65_536])]));
        let root = transparency::root(&mut bench.db, 65_538).await.unwrap();
        assert_eq!(root, tree::over(&leaves));
        for index in [0, 40_000, 65_535, 65_537] {
            let (leaf, proof) =
                transparency::inclusion(&mut bench.db, index, 65_538).await.unwrap().unwrap();
            assert!(includes(&root, 65_538, index, &leaf, &proof.path), "{index}");
        }
    }
}

/// Whether somebody else's code takes a proof that a leaf is in a tree.
fn includes(
    root: &tree::Hash,
    size: u64,
    index: u64,
    leaf: &tree::Hash,
    path: &[tree::Hash],
) -> bool {
    let path = theirs(path);
    check_record(&path, size, Hash(*root), index, Hash(*leaf)).is_ok()
}

/// And that a tree continues another one.
fn continues(from: (u64, &tree::Hash), to: (u64, &tree::Hash), path: &[tree::Hash]) -> bool {
    check_tree(&theirs(path), to.0, Hash(*to.1), from.0, Hash(*from.1)).is_ok()
}

fn theirs(path: &[tree::Hash]) -> Vec<Hash> {
    path.iter().map(|hash| Hash(*hash)).collect()
}

/// The leaf and place of a receipt, worked out by whoever holds it and from nothing else.
fn leaf_of(receipt: &str) -> (u64, tree::Hash) {
    let payload = receipt.split('.').nth(1).unwrap();
    let said: Receipt = serde_json::from_slice(&from_base64url(payload).unwrap()).unwrap();
    let row = from_base64url(&said.log.row).unwrap().try_into().unwrap();
    let salt = from_base64url(&said.log.salt).unwrap();
    (u64::try_from(said.log.index).unwrap(), record::decision(&salt, Some(receipt), &row))
}

#[tokio::test]
async fn whoever_holds_a_receipt_can_find_it_in_the_log_even_when_its_record_is_erased() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        let receipts = bench.fill(300, now).await;
        let before = bench.sign(now).await;
        let ids: Vec<(Vec<u8>,)> =
            sql("SELECT id FROM decision ORDER BY log_index").all(&mut bench.db).await.unwrap();
        let later = now.plus(1);
        for (id,) in ids.iter().step_by(50) {
            let id = Uuid7::from_bytes(id.as_slice().try_into().unwrap()).unwrap();
            let mut tx = bench.db.begin().await.unwrap();
            let (mut log, decision) = (Appender::default(), (bench.site.id, id));
            assert!(transparency::erase(&mut tx, &mut log, decision, later).await.unwrap());
            assert!(!transparency::erase(&mut tx, &mut log, decision, later).await.unwrap());
            log.settle(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 294);
        assert_eq!(bench.size().await, 306, "an erasure is itself in the log");
        bench.sign(later).await;
        let report = bench.verify(&[&before]).await;
        assert!(report.is_good(), "{}", report.to_text());
        assert_eq!((report.decisions, report.erased), (Some(294), 6));
        assert!(
            report.to_text().contains("records erased, their leaves in place: 6"),
            "{}",
            report.to_text()
        );

        let root = transparency::root(&mut bench.db, 306).await.unwrap();
        for receipt in &receipts {
            let (index, leaf) = leaf_of(receipt);
            let proof =
                transparency::inclusion(&mut bench.db, index, 306).await.unwrap().unwrap().1;
            assert!(includes(&root, 306, index, &leaf, &proof.path), "{receipt}");
            let forged = format!("{receipt}A");
            let payload = leaf_of(receipt).0;
            let row = [0; 32];
            let wrong = record::decision(&[0; 32], Some(&forged), &row);
            assert!(!includes(&root, 306, payload, &wrong, &proof.path));
        }
    }
}

#[tokio::test]
async fn a_log_of_an_earlier_version_is_founded_and_then_verifies() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.fill(300, now).await;
        let receipts = "SELECT COUNT(*) FROM decision WHERE receipt IS NOT NULL";
        assert_eq!(bench.count(receipts).await, 200);
        // As they were: other leaves, and no roots over them.
        bench.run("UPDATE log_leaf SET hash = BYTES; DELETE FROM log_tile").await;
        assert!(!bench.verify(&[]).await.is_good());
        bench.found().await;
        bench.fill(300, now).await;
        bench.sign(now).await;
        let report = bench.verify(&[]).await;
        assert!(report.is_good(), "{}", report.to_text());
        assert_eq!(report.decisions, Some(600));
    }
}

#[tokio::test]
async fn a_log_has_one_name_for_good() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let name = |chosen, default| {
            let url = bench.url.clone();
            async move {
                let mut db = Database::at(&url).unwrap().open().await.unwrap();
                transparency::found(&mut db, chosen, default)
                    .await
                    .map_err(|error| error.to_string())
            }
        };
        let error = name(Some("a log"), "x").await.unwrap_err();
        assert!(error.contains("cannot name a log"), "{error}");
        assert_eq!(name(Some("first.example/log"), "x").await.unwrap(), "first.example/log");
        assert_eq!(name(None, "moved.example/log").await.unwrap(), "first.example/log");
        let error = name(Some("moved.example/log"), "x").await.unwrap_err();
        assert!(error.contains("leave --log-origin out"), "{error}");

        bench.sign(clock::now()).await;
        bench.run("UPDATE log_head SET origin = NULL").await;
        let error = transparency::found(&mut bench.db, None, "x").await.unwrap_err().to_string();
        assert!(error.contains("signed checkpoints but no name"), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_taken_leaves_no_gap_in_the_log() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let no = request(2, Method::Withdraw, now, &[("analytics", false)]);
        bench.decide(Some(visitor), no.clone(), now).await.unwrap();
        let late = request(3, Method::Custom, now.plus(-1_000), &[("analytics", true)]);
        let refused = bench.decide(Some(visitor), late, now).await.unwrap_err();
        assert_eq!(refused.errors[0].code, "superseded");
        bench.decide(Some(visitor), no, now).await.unwrap();
        assert_eq!(bench.size().await, 2, "nor is what is told twice in it twice");
        bench.visitor(4, &["analytics"], now).await;
        bench.sign(now).await;
        let report = bench.verify(&[]).await;
        assert!(report.is_good(), "{}", report.to_text());
        assert_eq!(report.size, 3);
    }
}
