//! Retention, as the clock goes on: by the collectors themselves and by command, cut short, at once, and while visitors
//! come.

use std::process::{Command, Stdio};

use ashiato_postgres::Cluster;
use ashiato_tests::{
    Collector, Data, Visitor,
    clock::Clock,
    collector::UNLIMITED,
    data::shop_file,
    process::{Said, ashiato, eventually, program},
};
use serde_json::Value;

const DAY: i64 = 86_400;

/// Whether somebody disposes, on PostgreSQL.
const HELD: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 14 \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The shop keeps what it observes for 30 days.
fn short() -> String {
    let file =
        shop_file().replacen("retention_days = 395\ncookies", "retention_days = 30\ncookies", 1);
    assert_ne!(file, shop_file());
    file
}

fn start(data: &Data, clock: &Clock) -> Collector {
    let flags = [&["--public-url", "http://localhost:8080"], &UNLIMITED[..]].concat();
    Collector::start_in(data, &flags, &clock.environment())
}

/// The command by the test's clock.
fn command(data: &Data, clock: &Clock, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("ASHIATO_BIN", "ashiato"));
    command.args(arguments).args(["--database-url", &data.database_url()]);
    command.envs(clock.environment());
    command
}

fn run(data: &Data, clock: &Clock, arguments: &[&str]) -> String {
    let said = command(data, clock, arguments).output().unwrap();
    let said = Said {
        status: said.status,
        out: String::from_utf8(said.stdout).unwrap(),
        err: String::from_utf8(said.stderr).unwrap(),
    };
    assert!(said.status.success(), "{arguments:?}: {said:?}");
    said.out
}

/// Of the trail: kind, count and rule of each disposal.
fn told(data: &Data) -> Vec<(String, i64, String)> {
    let said = data.run(&["audit", "list", "--site", "shop", "--action", "retention", "--json"]);
    let one = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let (details, text) =
            (&entry["details"], |value: &Value| value.as_str().unwrap().to_owned());
        (text(&details["kind"]), details["count"].as_i64().unwrap(), text(&entry["object"]["id"]))
    };
    said.lines().map(one).collect()
}

/// Views of 40 days ago, under the grant of that visitor, who alone is there.
fn old_views(data: &Data, visitor: &Visitor, count: usize) {
    let mut database = data.database();
    let sqlite = data.is_sqlite();
    let at = visitor.session.now.0 - 40 * DAY * 1_000;
    let of_grant = "FROM consent_grant WHERE service = 'ashiato'";
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let ids: Vec<_> = chunk
            .iter()
            .map(|number| {
                format!("{:012x}70008000{number:012x}", at + i64::try_from(*number).unwrap())
            })
            .map(|id| if sqlite { format!("(X'{id}')") } else { format!("('\\x{id}'::bytea)") })
            .collect();
        let made = format!(
            "INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer) \
             SELECT site_id, made.column1, id, 'page_view', {at}, 0, '/', '', '', '' \
             FROM (VALUES {}) AS made, (SELECT site_id, id {of_grant} LIMIT 1) AS g",
            ids.join(", ")
        );
        database.run(&made);
    }
}

#[test]
fn what_is_past_its_time_goes_by_itself_and_what_is_not_stays() {
    let data = Data::empty();
    data.apply(&short());
    let clock = Clock::new(&data);
    let mut collector = start(&data, &clock);
    let visitor = Visitor::who_grants(&collector, &["analytics", "marketing", "lead_link"]);
    let events =
        [visitor.event("page_view"), visitor.event("click"), visitor.event("campaign_visit")];
    let _ = visitor.send(&collector, &events).expect(200);
    let _ = visitor.send_lead(&collector).expect(201);

    clock.set(29 * DAY);
    let plan = run(&data, &clock, &["retention", "plan", "--site", "shop"]);
    let analytics = "events, by purposes.analytics.services.ashiato: 30 days (revision 1)\n  \
                     held 2; due now 0, in 7 days 2, in 30 days 2\n  the oldest goes on ";
    assert!(plan.contains(analytics), "{plan}");
    assert!(plan.contains("leads, by forms.contact: 1095 days (revision 1)\n  held 1;"), "{plan}");
    collector.stop();
    clock.set(31 * DAY);
    let collector = start(&data, &clock);
    eventually("the events are gone", || {
        data.database().number("SELECT count(*) FROM event WHERE name <> 'campaign_visit'") == 0
    });
    eventually("the trail is told", || !told(&data).is_empty());
    let analytics = "purposes.analytics.services.ashiato".to_owned();
    assert_eq!(told(&data), [("events".to_owned(), 2, analytics)]);
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 1, "another purpose's");
    assert_eq!(data.database().number("SELECT count(*) FROM lead_link"), 1);
    // The consent stands, and what comes is taken.
    let later = visitor.later(&collector);
    let view = [later.event("page_view")];
    assert_eq!(later.send(&collector, &view).expect(200)["stored"], 1);
    drop(collector);

    // Three years later nothing is left of anybody but the places in the log.
    clock.set(1_500 * DAY);
    let mut collector = start(&data, &clock);
    eventually("the consent has ended", || {
        data.database().number("SELECT count(*) FROM visitor WHERE ended_at IS NULL") == 0
    });
    eventually("the lead is gone", || data.database().number("SELECT count(*) FROM lead") == 0);
    collector.stop();
    let json = run(&data, &clock, &["retention", "plan", "--site", "shop", "--json"]);
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 7, "{json}");
    assert!(lines.iter().all(|line| line["held"] == line["due"]), "all of it may go: {json}");
    // What the collector could not dispose of before the consent had ended.
    run(&data, &clock, &["retention", "run", "--site", "shop"]);
    let mut database = data.database();
    for table in ["event", "lead", "lead_link", "lead_key", "decision", "visitor", "disposal"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    database.check();
    let (keys, trail) = (data.path("keys").display().to_string(), told(&data));
    assert!(data.run(&["log", "verify", "--keys-file", &keys]).contains(": good"));
    assert!(data.run(&["audit", "verify", "--site", "shop"]).contains(": good"));
    let said = run(&data, &clock, &["retention", "run"]);
    assert!(said.contains("nothing is kept any more that is past its time"), "{said}");
    assert_eq!(told(&data), trail, "nothing more is told");
}

#[test]
fn a_run_that_is_killed_is_continued_and_every_event_is_told_of_once() {
    let data = Data::empty();
    data.apply(&short());
    let clock = Clock::new(&data);
    let collector = start(&data, &clock);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    const OLD: usize = 20_000;
    old_views(&data, &visitor, OLD);
    let events = || data.database().number("SELECT count(*) FROM event");
    for blow in 0..3 {
        let before = events();
        let mut run = command(&data, &clock, &["retention", "run"]);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("a step is done", || events() < before);
        let through = run.try_wait().unwrap();
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(through.is_none(), "it was through before it was killed");
        // What visitors send meanwhile is taken.
        let later = visitor.later(&collector);
        let stored = later.send(&collector, &[later.event("click")]).expect(200)["stored"].clone();
        assert_eq!(stored, 1, "after blow {blow}");
        eventually("nobody holds the lock any more", || {
            data.is_sqlite() || data.database().number(HELD) == 0
        });
    }
    run(&data, &clock, &["retention", "run"]);
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM event"), 3, "what came meanwhile");
    let all = told(&data);
    let sum: i64 = all.iter().map(|it| it.1).sum();
    assert_eq!(sum, i64::try_from(OLD).unwrap(), "{all:?}");
    assert!(all.len() > 1, "{all:?}");
    database.check();
    assert!(data.run(&["audit", "verify", "--site", "shop"]).contains(": good"));
}

#[test]
fn of_two_collectors_that_begin_at_once_each_event_is_told_of_once() {
    let data = Data::empty_on(Cluster::at_hand().unwrap());
    data.apply(&short());
    let clock = Clock::new(&data);
    let mut first = start(&data, &clock);
    let visitor = Visitor::who_grants(&first, &["analytics"]);
    first.stop();
    old_views(&data, &visitor, 8_000);
    let two = [start(&data, &clock), start(&data, &clock)];
    let mut sent = 0;
    eventually("all of it is gone and told", || {
        told(&data).iter().map(|it| it.1).sum::<i64>() == 8_000
    });
    for collector in &two {
        let later = visitor.later(collector);
        let stored = later.send(collector, &[later.event("click")]).expect(200)["stored"].clone();
        sent += stored.as_i64().unwrap();
    }
    assert_eq!(data.database().number("SELECT count(*) FROM event"), sent);
    assert_eq!(data.database().number("SELECT count(*) FROM disposal"), 0);
    assert!(data.run(&["audit", "verify", "--site", "shop"]).contains(": good"));
}

#[test]
fn a_site_or_a_database_that_is_not_there_is_named() {
    let data = Data::new();
    for act in ["plan", "run"] {
        let url = data.database_url();
        let said = ashiato(["retention", act, "--site", "shoop", "--database-url", &url]);
        assert!(!said.status.success() && said.err.contains("there is no site"), "{said:?}");
        let said =
            ashiato(["retention", act, "--site", "shop", "--database-url", "sqlite:/none/a.db"]);
        assert!(!said.status.success() && said.err.contains("remedy"), "{said:?}");
    }
}
