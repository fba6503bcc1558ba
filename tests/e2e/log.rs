//! The consent log as outsiders meet it: served, proved, and verified by other people's tools.

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    collector::UNLIMITED,
    process::{Said, ashiato},
};
use consent_core::ids::from_base64url;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, check_record, check_tree, record_hash};

mod altered;

/// The log's name by the address that the tests' collectors are known by.
const ORIGIN: &str = "localhost:8080/log";

/// A first refusal: nothing comes back, but it is in the log.
fn refuse(collector: &Collector) {
    let session = Session::open(collector, None);
    let answer = collector.post("/v1/consents", session.sign(&session.decision("reject_all", &[])));
    assert_eq!(answer.expect(201)["receipt"], Value::Null);
}

/// One that signs as often as a test asks.
fn start(data: &Data) -> Collector {
    Collector::start_with(
        data,
        &[&["--public-url", "http://localhost:8080"], &UNLIMITED[..]].concat(),
    )
}

/// Decisions of all kinds, six in all: grants, refusals, a withdrawal.
fn decide(collector: &Collector) {
    let _ = Visitor::who_grants(collector, &["analytics"]);
    refuse(collector);
    let visitor = Visitor::who_grants(collector, &["analytics", "lead_link"]);
    let _ = visitor.decide(collector, "withdraw", &[]).expect(201);
    let _ = Visitor::who_grants(collector, &["analytics"]);
    refuse(collector);
}

/// What an address that is there answers.
fn bytes(collector: &Collector, path: &str) -> Vec<u8> {
    let answer = collector.get(path);
    assert_eq!(answer.status, 200, "{path}");
    answer.bytes
}

/// The checkpoint of that size, as it is served: a newer one is signed a second later at the soonest.
fn note(collector: &Collector, size: usize) -> String {
    loop {
        let answer = collector.get("/v1/log/checkpoint");
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.body.contains(&format!("\n{size}\n")) {
            return answer.body;
        }
    }
}

/// The same, verified by the key that is served.
fn checkpoint(collector: &Collector, size: usize) -> Checkpoint {
    let key = collector.get("/v1/log/key").body;
    let verifier = StandardVerifier::new(key.trim()).unwrap();
    let read = Note::from_bytes(note(collector, size).as_bytes()).unwrap();
    let (signed, _) = read.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!(signed.len(), 1);
    let checkpoint = Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    checkpoint
}

fn hash(value: &Value) -> Hash {
    Hash::parse_hash(value.as_str().unwrap()).unwrap()
}

/// A proof's path, and the rest of the answer.
fn proof(collector: &Collector, query: &str) -> (Vec<Hash>, Value) {
    let answer = collector.get(&format!("/v1/log/proof?{query}")).expect(200);
    (answer["path"].as_array().unwrap().iter().map(hash).collect(), answer)
}

/// The leaf of a receipt and its place, by `docs/log.md` and nothing else.
fn leaf_of(receipt: &str) -> (u64, Hash) {
    let payload = from_base64url(receipt.split('.').nth(1).unwrap()).unwrap();
    let log = &serde_json::from_slice::<Value>(&payload).unwrap()["log"];
    let salt = from_base64url(log["salt"].as_str().unwrap()).unwrap();
    assert_eq!(salt.len(), 32);
    let row = log["row"].as_str().unwrap();
    let entry = Sha256::digest([&salt[..], receipt.as_bytes(), b"\n", row.as_bytes()].concat());
    (log["index"].as_u64().unwrap(), record_hash(&entry))
}

/// `ashiato log` on that database with its keys.
fn log(data: &Data, act: &[&str]) -> Said {
    let (url, keys) = (data.database_url(), data.path("keys").display().to_string());
    let place = ["--database-url", url.as_str(), "--keys-file", keys.as_str()];
    ashiato(["log"].iter().chain(act).chain(&place))
}

/// `ashiato log verify` of what is served.
fn verify(collector: &Collector, more: &[&str]) -> Said {
    ashiato(["log", "verify", "--url", &collector.url("")].iter().chain(more))
}

#[track_caller]
fn good(said: &Said, words: &[&str]) {
    assert!(said.status.success(), "{said:?}");
    for word in words {
        assert!(said.out.contains(word), "{word:?} in {}", said.out);
    }
}

#[track_caller]
fn wrong(said: &Said, words: &[&str]) {
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    for word in words {
        assert!(said.out.contains(word) || said.err.contains(word), "{word:?} in {said:?}");
    }
}

#[test]
fn a_receipts_holder_proves_by_other_tools_that_it_is_in_the_signed_log() {
    let data = Data::new();
    let collector = start(&data);
    assert_eq!(checkpoint(&collector, 0).size(), 0);
    let first = Visitor::who_grants(&collector, &["analytics"]);
    let before = checkpoint(&collector, 1);
    refuse(&collector);
    let receipts: Vec<_> = std::iter::once(first)
        .chain((0..4).map(|_| Visitor::who_grants(&collector, &["analytics", "lead_link"])))
        .map(|visitor| visitor.receipt)
        .collect();
    let now = checkpoint(&collector, 6);
    assert_eq!((before.size(), now.size()), (1, 6));

    let tile = bytes(&collector, "/v1/log/tile/0/000.p/6");
    let leaves: Vec<Hash> = tile.chunks(32).map(|bytes| Hash(bytes.try_into().unwrap())).collect();
    for receipt in &receipts {
        let (index, leaf) = leaf_of(receipt);
        assert_eq!(leaves[usize::try_from(index).unwrap()], leaf);
        let (path, answer) = proof(&collector, &format!("leaf={index}&size=6"));
        assert_eq!((hash(&answer["hash"]), hash(&answer["root"])), (leaf, *now.hash()));
        check_record(&path, 6, *now.hash(), index, leaf).unwrap();
        let forged = leaf_of(receipt).1.0.map(|byte| !byte);
        assert!(check_record(&path, 6, *now.hash(), index, Hash(forged)).is_err());
    }
    let (path, _) = proof(&collector, "from=1&to=6");
    check_tree(&path, 6, *now.hash(), 1, *before.hash()).unwrap();
}

#[test]
fn what_is_served_of_the_log_is_hashes_and_stays_as_it_is() {
    let data = Data::new();
    let collector = start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let (index, leaf) = leaf_of(&visitor.receipt);
    assert_eq!((index, bytes(&collector, "/v1/log/tile/0/000.p/1")), (0, leaf.0.to_vec()));
    let answer = collector.get("/v1/log/proof?leaf=0&size=1");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("cache-control").contains("immutable"), "{answer:?}");
    let once = collector.get("/v1/log/checkpoint");
    assert_eq!(once.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(once.header("cache-control"), "no-store");
    assert_eq!(collector.get("/v1/log/checkpoint").body, once.body, "signed once");
    assert_eq!(data.database().number("SELECT count(*) FROM log_checkpoint"), 1);
}

#[test]
fn what_the_log_does_not_have_is_refused() {
    let data = Data::new();
    let collector = start(&data);
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    for tile in
        ["0/000", "0/000.p/2", "1/000.p/1", "0/001.p/1", "0/0", "64/000", "entries/000", "x/y/z"]
    {
        let answer = collector.get(&format!("/v1/log/tile/{tile}"));
        assert_eq!(answer.problem(404), "not_found", "{tile}");
    }
    for query in [
        "",
        "leaf=0",
        "leaf=1&size=1",
        "leaf=0&size=2",
        "leaf=0&size=0",
        "leaf=-1&size=1",
        "leaf=0&size=18446744073709551615",
        "from=0&to=1",
        "from=1&to=2",
        "from=2&to=1",
        "leaf=0&size=1&from=1&to=1",
        "leaf=0&size=1&other=1",
        "leaf=x&size=1",
    ] {
        let answer = collector.get(&format!("/v1/log/proof?{query}"));
        assert_eq!(answer.problem(422), "content", "{query}");
    }
}

#[test]
fn the_log_is_verified_in_the_database_and_by_what_is_served() {
    let data = Data::new();
    let mut collector = start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let kept = data.path("kept.txt").display().to_string();
    let said = log(&data, &["checkpoint"]);
    good(&said, &["localhost:8080/log\n1\n"]);
    std::fs::write(&kept, &said.out).unwrap();
    assert_eq!(said.out, note(&collector, 1));
    let key = log(&data, &["key"]).out;
    assert_eq!(key, collector.get("/v1/log/key").body);

    let _ = visitor.decide(&collector, "withdraw", &[]).expect(201);
    refuse(&collector);
    let _ = note(&collector, 3);
    let words = ["size 3: good", "recorded: 3", "earlier checkpoint of size 1"];
    good(&log(&data, &["verify", "--checkpoint", &kept]), &words);
    let more = ["--key", key.trim(), "--checkpoint", &kept];
    good(&verify(&collector, &more), &["size 3: good", "signatures verified", "of size 1"]);
    good(&verify(&collector, &[]), &["size 3: good"]);
    let without_key = data.run(&["log", "verify"]);
    assert!(without_key.contains("NOT verified: give"), "{without_key}");

    // The same name and size from somebody else's keys.
    let other = Data::new();
    let stranger = start(&other);
    let _ = Visitor::who_grants(&stranger, &["analytics"]);
    wrong(&verify(&stranger, &["--key", key.trim()]), &["is not signed by localhost:8080/log"]);
    wrong(&verify(&stranger, &["--checkpoint", &kept]), &["not signed by"]);

    collector.stop();
    wrong(&verify(&collector, &[]), &["cannot be fetched"]);
    let missing = ["log", "key", "--keys-file", "no", "--database-url", &data.database_url()];
    wrong(&ashiato(missing), &["there is no keys file no", "remedy"]);
    assert!(!std::path::Path::new("no").exists(), "a verifier makes no keys");
}

#[test]
fn a_decision_is_erased_by_a_command_with_all_that_rests_on_it_and_the_log_verifies() {
    let data = Data::new();
    let collector = start(&data);
    let kept = Visitor::who_grants(&collector, &["analytics"]);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    for somebody in [&kept, &visitor] {
        let _ = somebody.send(&collector, &[somebody.event("page_view")]).expect(200);
    }
    assert_eq!(visitor.send_lead(&collector).expect(201)["linked"], true);
    let mut database = data.database();
    let id = format!("SELECT {} FROM decision WHERE log_index = 1", database.hex("id"));
    let id = database.texts(&id).remove(0);
    let id = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
    let before = data.path("before.txt").display().to_string();
    std::fs::write(&before, note(&collector, 2)).unwrap();

    let said = data.run(&["log", "erase", "--site", "shop", "--decision", &id]);
    assert!(said.contains(&id), "{said}");
    for (table, rows) in [("decision", 1), ("event", 1), ("lead_link", 0), ("lead", 1)] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let words =
        ["size 3: good", "recorded: 1", "leaves in place: 1", "earlier checkpoint of size 2"];
    good(&log(&data, &["verify", "--checkpoint", &before]), &words);
    // The collector goes on from there.
    refuse(&collector);
    let _ = note(&collector, 4);
    let url = data.database_url();
    let again = ["log", "erase", "--site", "shop", "--decision", &id, "--database-url", &url];
    wrong(&ashiato(again), &["site shop has no decision"]);
    let nobodys = ["log", "erase", "--site", "nobodys", "--decision", &id, "--database-url", &url];
    wrong(&ashiato(nobodys), &["there is no site", "remedy"]);
}

#[test]
fn a_log_of_many_tiles_is_served_and_verified() {
    let data = Data::new();
    let collector = start(&data);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..150).for_each(|_| refuse(&collector)));
        }
    });
    let _ = note(&collector, 600);
    good(&verify(&collector, &[]), &["size 600: good"]);
    good(&log(&data, &["verify"]), &["recorded: 600"]);
    let checkpoint = checkpoint(&collector, 600);
    let (path, answer) = proof(&collector, "leaf=300&size=600");
    check_record(&path, 600, *checkpoint.hash(), 300, hash(&answer["hash"])).unwrap();
    let full = bytes(&collector, "/v1/log/tile/0/000");
    assert_eq!(full.len(), 256 * 32);
    assert_eq!(bytes(&collector, "/v1/log/tile/1/000.p/2").len(), 64);
}
