//! What somebody with the database in their hands may do to the log, and how it is found.

use super::*;

#[test]
fn a_row_that_is_changed_under_a_running_collector_is_found_from_inside_and_outside() {
    let data = Data::new();
    let collector = start(&data);
    for _ in 0..3 {
        let _ = Visitor::who_grants(&collector, &["analytics"]);
    }
    good(&verify(&collector, &[]), &["size 3: good"]);
    let changed = data.database().execute("UPDATE decision SET recorded_at = recorded_at - 1");
    assert_eq!(changed, Ok(3));
    let words = ["WRONG: leaf 0 does not stand for the decision", "leaf 2", "NOT good"];
    wrong(&log(&data, &["verify"]), &words);
    // From outside the leaves are seen alone.
    let changed =
        "UPDATE log_leaf SET hash = (SELECT hash FROM log_leaf WHERE idx = 0) WHERE idx = 1";
    assert_eq!(data.database().execute(changed), Ok(1));
    let words = ["the checkpoint of size 3 that is served has another root"];
    wrong(&verify(&collector, &[]), &words);
    // And nothing is signed over it any more.
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let mut answer = collector.get("/v1/log/checkpoint");
    while answer.status == 200 {
        answer = collector.get("/v1/log/checkpoint");
    }
    assert_eq!(answer.problem(503), "log_damaged");
    assert!(collector.log().contains("does not continue the checkpoint of size 3"));
}

#[test]
fn whatever_is_altered_dropped_moved_or_dated_back_is_found() {
    let data = Data::new();
    let collector = start(&data);
    for size in [6, 12] {
        decide(&collector);
        let _ = note(&collector, size);
    }
    let mut before = log(&data, &["verify"]);
    good(&before, &["size 12: good", "signatures verified"]);
    // One change after the other: each is found for itself.
    for (change, words) in [
        (
            "DELETE FROM decision WHERE log_index = 11; DELETE FROM log_leaf WHERE idx = 11; \
             UPDATE log_head SET size = 11",
            "size 12, signed at",
        ),
        ("UPDATE decision SET choices = '{}' WHERE log_index = 5", "leaf 5 does not stand for"),
        ("UPDATE decision SET page = 'https://a.b/' WHERE log_index = 2", "leaf 2 does not"),
        ("UPDATE decision SET method = 'accept_all' WHERE log_index = 1", "leaf 1 does not"),
        ("UPDATE decision SET recorded_at = recorded_at - 1 WHERE log_index = 4", "leaf 4 does"),
        ("UPDATE decision SET decided_at = decided_at - 1 WHERE log_index = 7", "leaf 7 does"),
        ("UPDATE decision SET receipt = 'e30.e30.e30' WHERE log_index = 0", "leaf 0 does not"),
        (
            "DELETE FROM consent_grant; UPDATE decision \
             SET receipt = NULL, receipt_id = NULL, visitor_id = NULL, page = '' WHERE log_index = 3",
            "leaf 3 does not",
        ),
        (
            "UPDATE log_leaf SET hash = (SELECT hash FROM log_leaf WHERE idx = 0) WHERE idx = 2",
            "has another root",
        ),
        (
            "UPDATE decision SET log_index = 17 - log_index WHERE log_index IN (8, 9)",
            "leaf 8 does not",
        ),
        ("DELETE FROM decision WHERE log_index = 6", "leaf 6 has no record"),
        (
            "UPDATE decision SET log_index = 0 WHERE log_index = 1",
            "leaf 0 is named by two decisions",
        ),
        (
            "DELETE FROM decision WHERE log_index = 10; DELETE FROM log_leaf WHERE idx = 10",
            "leaf 10 is missing",
        ),
        (
            "DELETE FROM decision WHERE log_index = 2; DELETE FROM log_leaf WHERE idx = 2",
            "leaf 2 is missing",
        ),
    ] {
        data.database().run(change);
        let after = log(&data, &["verify"]);
        wrong(&after, &[words, "NOT good"]);
        assert!(!before.out.contains(words), "{words} was there: {}", before.out);
        before = after;
    }
}

#[test]
fn a_log_that_was_written_anew_is_found_by_who_kept_a_checkpoint() {
    let data = Data::new();
    let collector = start(&data);
    decide(&collector);
    let kept = data.path("kept.txt").display().to_string();
    std::fs::write(&kept, note(&collector, 6)).unwrap();

    // Another history under the same keys: its own checkpoints are in good order.
    let again = Data::new();
    std::fs::copy(data.path("keys"), again.path("keys")).unwrap();
    let collector = start(&again);
    decide(&collector);
    let _ = note(&collector, 6);
    good(&log(&again, &["verify"]), &["size 6: good"]);
    let words = "the checkpoint of size 6 that was given has another root";
    wrong(&log(&again, &["verify", "--checkpoint", &kept]), &[words]);

    // A forged one is none.
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replacen("\n6\n", "\n5\n", 1)).unwrap();
    wrong(&log(&data, &["verify", "--checkpoint", &kept]), &["kept.txt", "does not verify"]);
}

/// Takes away everything of the decision at the end of a log of two.
const PUT_BACK: &str = "DELETE FROM consent_grant WHERE receipt_id IN \
        (SELECT receipt_id FROM decision WHERE log_index = 1); \
    DELETE FROM decision WHERE log_index = 1; \
    DELETE FROM visitor WHERE id NOT IN (SELECT visitor_id FROM decision); \
    DELETE FROM log_leaf WHERE idx = 1; DELETE FROM log_checkpoint WHERE size > 1; \
    UPDATE log_head SET size = 1";

#[test]
fn a_database_that_was_put_back_is_found_by_an_earlier_checkpoint() {
    let data = Data::new();
    let mut collector = start(&data);
    for _ in 0..2 {
        let _ = Visitor::who_grants(&collector, &["analytics"]);
    }
    let kept = data.path("kept.txt").display().to_string();
    std::fs::write(&kept, note(&collector, 2)).unwrap();
    collector.stop();
    data.database().run(PUT_BACK);

    let collector = start(&data);
    good(&log(&data, &["verify"]), &["size 1: good"]);
    let words =
        ["the checkpoint of size 2 that was given is larger than the log, which has size 1"];
    wrong(&log(&data, &["verify", "--checkpoint", &kept]), &words);
    wrong(&verify(&collector, &["--checkpoint", &kept]), &words);
    // As long as before again, but with something else in it.
    refuse(&collector);
    refuse(&collector);
    let _ = note(&collector, 3);
    let words = ["the checkpoint of size 2 that was given has another root"];
    wrong(&log(&data, &["verify", "--checkpoint", &kept]), &words);
    wrong(&verify(&collector, &["--checkpoint", &kept]), &words);
}
