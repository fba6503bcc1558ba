//! The consent log: what was recorded cannot be changed, dropped, moved or dated back without being found.

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    process::{Said, ashiato},
};
use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

/// Decisions of all kinds: grants, a withdrawal, refusals.
fn decide(collector: &Collector, count: usize) {
    for number in 0..count {
        match number % 3 {
            0 => drop(Visitor::who_grants(collector, &["analytics"])),
            1 => {
                let session = Session::open(collector, None);
                let no = session.sign(&session.decision("reject_all", &[]));
                let _ = collector.post("/v1/consents", no).expect(201);
            }
            _ => {
                let visitor = Visitor::who_grants(collector, &["analytics", "lead_link"]);
                let _ = visitor.decide(collector, "withdraw", &[]).expect(201);
            }
        }
    }
}

fn checkpoint(collector: &Collector) -> String {
    let answer = collector.get("/v1/log/checkpoint");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn verify(data: &Data, more: &[&str]) -> Said {
    let (url, keys) = (data.database_url(), data.path("keys").display().to_string());
    let given = ["log", "verify", "--database-url", &url, "--keys-file", &keys];
    ashiato(given.into_iter().chain(more.iter().copied()))
}

#[track_caller]
fn agrees(data: &Data, more: &[&str]) -> String {
    let said = verify(data, more);
    assert!(said.status.success(), "{said:?}");
    said.out
}

#[track_caller]
fn disagrees(data: &Data, more: &[&str], because: &str) {
    let said = verify(data, more);
    assert!(!said.status.success() && said.err.contains(because), "{because}: {said:?}");
}

fn hash(text: &serde_json::Value) -> [u8; 32] {
    Base64::decode_vec(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// RFC 9162, section 2.1.3.2, written once more and apart.
fn root_by(leaf: u64, size: u64, own: [u8; 32], proof: &[[u8; 32]]) -> [u8; 32] {
    let (mut place, mut last, mut root) = (leaf, size - 1, own);
    for other in proof {
        assert_ne!(last, 0, "the proof is too long");
        if place & 1 == 1 || place == last {
            root = node(other, &root);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            root = node(&root, other);
        }
        place >>= 1;
        last >>= 1;
    }
    assert_eq!(last, 0, "the proof is too short");
    root
}

#[test]
fn every_decision_can_be_proved_against_a_signed_checkpoint() {
    let data = Data::new();
    let collector = Collector::start(&data);
    decide(&collector, 9);
    let note = checkpoint(&collector);
    let lines: Vec<_> = note.lines().collect();
    assert_eq!((lines[0], lines[3]), ("localhost:8080/log", ""));
    let size: u64 = lines[1].parse().unwrap();
    assert_eq!(size, 12, "each decision has a leaf");
    assert!(lines[4].starts_with("\u{2014} localhost:8080/log "));

    // The signature, by the published key, as `signed-note` has it.
    let key = collector.get("/v1/log/key").body;
    let (name, rest) = key.trim().split_once('+').unwrap();
    let (id, public) = rest.split_once('+').unwrap();
    assert_eq!(name, lines[0]);
    let public = Base64::decode_vec(public).unwrap();
    assert_eq!(public[0], 1, "Ed25519");
    let signature = Base64::decode_vec(lines[4].rsplit(' ').next().unwrap()).unwrap();
    assert_eq!(signature[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>(), id);
    let public = ed25519_dalek::VerifyingKey::from_bytes(public[1..].try_into().unwrap()).unwrap();
    let signed = ed25519_dalek::Signature::from_slice(&signature[4..]).unwrap();
    let text = format!("{}\n", lines[..3].join("\n"));
    public.verify_strict(text.as_bytes(), &signed).unwrap();

    let root: [u8; 32] = Base64::decode_vec(lines[2]).unwrap().try_into().unwrap();
    let tile = collector.get(&format!("/v1/log/tile/0/000.p/{size}"));
    assert_eq!(tile.status, 200);
    assert_eq!(tile.bytes.len() as u64, 32 * size);
    for leaf in 0..size {
        let answer = collector.get(&format!("/v1/log/proof?leaf={leaf}&size={size}")).expect(200);
        let proof: Vec<_> = answer["proof"].as_array().unwrap().iter().map(hash).collect();
        assert_eq!(hash(&answer["root"]), root);
        let at = usize::try_from(leaf).unwrap() * 32;
        assert_eq!(hash(&answer["hash"]), tile.bytes[at..at + 32]);
        assert_eq!(root_by(leaf, size, hash(&answer["hash"]), &proof), root, "leaf {leaf}");
    }

    // Nothing that was signed is ever taken back.
    decide(&collector, 3);
    let told = agrees(&data, &[]);
    assert!(told.contains("16 decisions"), "{told}");
    // The next one is signed a second later at the soonest.
    while !checkpoint(&collector).contains("\n16\n") {}
    let answer = collector.get(&format!("/v1/log/proof?from={size}&to=16")).expect(200);
    assert_eq!(hash(&answer["old_root"]), root);
    let file = data.path("earlier");
    std::fs::write(&file, note).unwrap();
    let told = agrees(&data, &["--checkpoint", file.to_str().unwrap()]);
    assert!(told.contains("3 checkpoints are its beginnings"), "{told}");
}

#[test]
fn what_cannot_be_proved_is_refused_by_name() {
    let data = Data::new();
    let collector = Collector::start(&data);
    decide(&collector, 2);
    let _ = checkpoint(&collector);
    for (asked, field, code) in [
        ("leaf=2&size=2", "leaf", "beyond"),
        ("leaf=0&size=3", "size", "beyond"),
        ("from=2&to=1", "from", "beyond"),
        ("from=1&to=9", "to", "beyond"),
        ("leaf=1", "leaf", "malformed"),
        ("leaf=1&size=2&from=1&to=2", "leaf", "malformed"),
    ] {
        let problem = collector.get(&format!("/v1/log/proof?{asked}")).expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{asked}");
        assert_eq!(problem["errors"][0]["code"], code, "{asked}");
    }
    assert_eq!(collector.get("/v1/log/tile/0/000").status, 404, "it is not full");
    assert_eq!(collector.get("/v1/log/tile/0/0").status, 422);
}

#[test]
fn whatever_is_altered_dropped_moved_or_dated_back_is_found() {
    let erasing = "UPDATE decision SET salt = SALT, receipt = NULL, record = NULL, page = '' WHERE log_index = 3";
    for (change, because) in [
        ("UPDATE decision SET choices = '{}'", ""),
        (
            "UPDATE decision SET page = 'https://shop.example/other' WHERE log_index = 2",
            "leaf 2: its row says",
        ),
        ("UPDATE decision SET method = 'accept_all' WHERE log_index = 1", "leaf 1: its row says"),
        (
            "UPDATE decision SET recorded_at = recorded_at - 1 WHERE log_index = 4",
            "leaf 4: its row says",
        ),
        (
            "UPDATE decision SET decided_at = decided_at - 86400000 WHERE log_index = 1",
            "leaf 1: its row says",
        ),
        (
            "UPDATE decision SET record = replace(record, '\"event_time\":1', '\"event_time\":2')",
            "leaf 1: what is on record",
        ),
        (
            "UPDATE decision SET receipt = 'e30.e30.e30' WHERE log_index = 0",
            "leaf 0: what is on record",
        ),
        (
            "UPDATE log_leaf SET hash = (SELECT hash FROM log_leaf WHERE idx = 0) WHERE idx = 2",
            "another root",
        ),
        (
            "UPDATE decision SET log_index = 5 - log_index WHERE log_index IN (2, 3)",
            "leaf 2: what is on record",
        ),
        ("DELETE FROM decision WHERE log_index = 3", "leaf 3: its decision is missing"),
        ("UPDATE decision SET log_index = 0 WHERE log_index = 1", "leaf 0: two decisions claim it"),
        (
            "DELETE FROM decision WHERE log_index = 5; DELETE FROM log_leaf WHERE idx = 5",
            "some were dropped",
        ),
        (
            "DELETE FROM decision WHERE log_index = 2; DELETE FROM log_leaf WHERE idx = 2",
            "leaf 2: is missing",
        ),
        (erasing, "1 are erased"),
    ] {
        let data = Data::new();
        let collector = Collector::start(&data);
        decide(&collector, 3);
        decide(&collector, 2);
        let note = checkpoint(&collector);
        assert!(note.contains("\n6\n"), "{note}");
        agrees(&data, &[]);
        let mut database = data.database();
        let empty = if data.is_sqlite() { "x''" } else { "''::BYTEA" };
        for statement in change.replace("SALT", empty).split("; ") {
            database.execute(statement).unwrap();
        }
        drop(database);
        match because {
            // The choices are read from what was signed: the column is a convenience.
            "" => drop(agrees(&data, &[])),
            "1 are erased" => assert!(agrees(&data, &[]).contains(because)),
            because => disagrees(&data, &[], because),
        }
    }
}

#[test]
fn a_log_that_was_written_anew_is_found_by_who_kept_a_checkpoint() {
    let data = Data::new();
    let collector = Collector::start(&data);
    decide(&collector, 4);
    let kept = data.path("kept");
    std::fs::write(&kept, checkpoint(&collector)).unwrap();
    drop(collector);

    // Another history under the same keys: its own checkpoints are in good order.
    let again = Data::new();
    std::fs::copy(data.path("keys"), again.path("keys")).unwrap();
    let collector = Collector::start(&again);
    decide(&collector, 4);
    let _ = checkpoint(&collector);
    agrees(&again, &[]);
    disagrees(
        &again,
        &["--checkpoint", kept.to_str().unwrap()],
        "a given checkpoint of 5 leaves has another root",
    );

    // A forged one is none.
    let forged = data.path("forged");
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&forged, text.replacen("\n5\n", "\n4\n", 1)).unwrap();
    disagrees(
        &data,
        &["--checkpoint", forged.to_str().unwrap()],
        "its text was changed, or it was forged",
    );
}
