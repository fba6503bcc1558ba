//! Whether the collector can do its work, as a balancer asks it.

use ashiato_tests::{Answer, Collector, Data, Visitor, wait_for};

/// Asks until it is not ready, and answers what is missing.
fn missing(collector: &Collector) -> (String, Answer) {
    let answer = wait_for("not ready", || {
        Some(collector.get("/readyz")).filter(|answer| answer.status != 200)
    });
    assert_eq!(answer.problem(503), "not_ready");
    assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    (answer.json()["errors"][0]["field"].as_str().unwrap().to_owned(), answer)
}

fn wait_until_ready(collector: &Collector) {
    wait_for("ready", || (collector.get("/readyz").status == 200).then_some(()));
}

#[test]
fn a_database_that_takes_no_writes_is_not_ready_until_it_does_again() {
    let data = Data::new();
    let collector = Collector::start(&data);
    wait_until_ready(&collector);
    let mut other = data.database();
    other.lock();
    let (what, answer) = missing(&collector);
    assert_eq!(what, "database", "{answer:?}");
    assert_eq!(collector.get("/healthz").body, "ok\n", "the process itself is well");
    other.unlock();
    wait_until_ready(&collector);
}

#[test]
fn a_database_without_the_newest_migration_is_not_ready() {
    let data = Data::new();
    let collector = Collector::start(&data);
    wait_until_ready(&collector);
    let newest = "version = (SELECT MAX(version) FROM _sqlx_migrations)";
    let set = |success| format!("UPDATE _sqlx_migrations SET success = {success} WHERE {newest}");
    data.database().run(&set("FALSE"));
    let (what, answer) = missing(&collector);
    assert_eq!(what, "migrations", "{answer:?}");
    data.database().run(&set("TRUE"));
    wait_until_ready(&collector);
}

#[test]
fn before_it_stops_it_is_not_ready_and_answers_on() {
    let data = Data::new();
    let mut collector = Collector::start_with(&data, &["--stop-delay", "600"]);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    wait_until_ready(&collector);
    collector.tell_to_stop();
    assert_eq!(missing(&collector).0, "stopping");
    let answer = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    assert_eq!(answer["stored"], 1);
    // Told twice, it waits no longer.
    collector.stop();
    assert!(collector.log().contains("stopped"), "{}", collector.log());
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 1);
}

#[test]
fn however_many_ask_the_database_is_written_to_once_a_second() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let at = || data.database().number("SELECT COALESCE(MAX(at), 0) FROM probe");
    wait_until_ready(&collector);
    let first = at();
    let later = wait_for("another probe", || {
        assert_eq!(collector.get("/readyz").status, 200);
        Some(at()).filter(|later| *later != first)
    });
    assert!(later - first >= 1_000, "{first} {later}");
}
