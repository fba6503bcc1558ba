//! Several collectors on one PostgreSQL, with nothing between them but the database: any of them may die, and
//! so may the database.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use ashiato_postgres::Cluster;
use ashiato_tests::{Collector, Data, Session, Visitor, collector::UNLIMITED};
use serde_json::Value;

const COLLECTORS: usize = 3;
const SENDERS: usize = 4;
/// Acknowledgements between one blow and the next.
const BETWEEN: usize = 60;

/// The collectors, each replaced when it has been killed.
struct Fleet(RwLock<Vec<Collector>>);

impl Fleet {
    fn on(data: &Data) -> Self {
        Self(RwLock::new(
            (0..COLLECTORS).map(|_| Collector::start_with(data, &UNLIMITED)).collect(),
        ))
    }

    /// Posts to one after another, from the one of that number on, until one takes it.
    fn post(&self, first: usize, path: &str, body: &str) -> Value {
        for number in first.. {
            let collectors = self.0.read().unwrap();
            let collector = &collectors[number % COLLECTORS];
            match collector.try_post(path, body) {
                Ok(answer) if answer.status < 300 => return answer.json(),
                // What cannot be taken now is asked to be sent again: nothing of it was kept.
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{answer:?}");
                    assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
                }
                Err(_) => {}
            }
        }
        unreachable!("there is always a next one")
    }

    /// What each says of the consent log now, kept in files: none of it may ever be taken back.
    fn checkpoints(&self, data: &Data, moment: usize) -> Vec<String> {
        let keep = |(number, collector): (usize, &Collector)| {
            // A writer that has not met its dead connection yet asks to come again.
            let note = until(|| {
                let note = collector.get("/v1/log/checkpoint");
                assert!([200, 503].contains(&note.status), "{note:?}");
                (note.status == 200).then_some(note)
            });
            let path = data.path(&format!("checkpoint-{moment}-{number}"));
            std::fs::write(&path, note.body).unwrap();
            path.display().to_string()
        };
        self.0.read().unwrap().iter().enumerate().map(keep).collect()
    }

    fn kill(&self, number: usize, data: &Data) {
        self.0.read().unwrap()[number].kill();
        self.0.write().unwrap()[number] = Collector::start_with(data, &UNLIMITED);
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Kept {
    batches: Vec<(String, Vec<String>)>,
    decisions: Vec<(String, Value)>,
}

/// Sends events and decisions until it is told to stop.
fn send(
    fleet: &Fleet,
    own: usize,
    visitor: &Visitor,
    kept: &Mutex<Kept>,
    told: &Sender<()>,
    stop: &AtomicBool,
) {
    let session = Session { ..visitor.session.clone() };
    for round in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let events: Vec<_> = (0..5).map(|_| visitor.event("page_view")).collect();
        let body = visitor.batch(&events);
        let answer = fleet.post(own + round, "/v1/events", &body);
        // An answer that was lost, and the batch sent again to another: it counts once.
        let (stored, duplicate) = (&answer["stored"], &answer["duplicate"]);
        assert_eq!(stored.as_u64().unwrap() + duplicate.as_u64().unwrap(), 5, "{answer}");
        let ids = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        kept.lock().unwrap().batches.push((body, ids));
        let decision = session.sign(&session.decision("custom", &["analytics"]));
        let answer = fleet.post(own + round + 1, "/v1/consents", &decision);
        assert!(answer["receipt"].is_string(), "{answer}");
        kept.lock().unwrap().decisions.push((decision, answer));
        // Nobody counts any more once the blows are over.
        let _ = told.send(());
    }
}

fn wait(told: &Receiver<()>) {
    for _ in 0..BETWEEN {
        told.recv_timeout(Duration::from_secs(120)).unwrap();
    }
}

#[test]
fn what_several_collectors_acknowledged_outlives_all_of_them_and_the_database() {
    let mut data = Data::empty_on(Cluster::start().unwrap()).with_sites();
    let fleet = Fleet::on(&data);
    let kept = Mutex::new(Kept::default());
    let stop = AtomicBool::new(false);
    let visitors: Vec<_> = (0..SENDERS)
        .map(|number| {
            Visitor::who_grants(&fleet.0.read().unwrap()[number % COLLECTORS], &["analytics"])
        })
        .collect();
    let (tell, told) = channel();
    let mut checkpoints = Vec::new();
    thread::scope(|scope| {
        for (own, visitor) in visitors.iter().enumerate() {
            let tell = tell.clone();
            let (fleet, kept, stop) = (&fleet, &kept, &stop);
            scope.spawn(move || send(fleet, own, visitor, kept, &tell, stop));
        }
        wait(&told);
        for number in 0..COLLECTORS {
            checkpoints.extend(fleet.checkpoints(&data, number));
            fleet.kill(number, &data);
            wait(&told);
            if number == 1 {
                data.server().unwrap().crash_and_restart().unwrap();
                wait(&told);
            }
        }
        checkpoints.extend(fleet.checkpoints(&data, COLLECTORS));
        stop.store(true, Ordering::SeqCst);
    });

    let kept = kept.into_inner().unwrap();
    let mut database = data.database();
    let in_hex = format!("SELECT {} FROM event", database.hex("id"));
    let stored: BTreeSet<String> = database.texts(&in_hex).into_iter().collect();
    let acknowledged: BTreeSet<String> =
        kept.batches.iter().flat_map(|(_, ids)| ids).map(|id| id.replace('-', "")).collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), acknowledged.len());
    assert_eq!(stored, acknowledged, "every event was acknowledged in the end, and is there once");
    assert_eq!(database.number("SELECT count(*) FROM event"), i64::try_from(stored.len()).unwrap());

    // Sent again, everything is known, to whichever collector.
    for (number, (body, _)) in kept.batches.iter().enumerate() {
        assert_eq!(fleet.post(number, "/v1/events", body)["duplicate"], 5);
    }
    for (number, (body, answer)) in kept.decisions.iter().enumerate() {
        assert_eq!(fleet.post(number, "/v1/consents", body)["receipt"], answer["receipt"]);
    }
    // The log has a place for each decision, and none twice.
    let decisions = i64::try_from(kept.decisions.len() + SENDERS).unwrap();
    assert_eq!(database.number("SELECT count(*) FROM decision"), decisions);
    assert_eq!(database.number("SELECT count(*) FROM log_leaf"), decisions);
    assert_eq!(database.number("SELECT max(idx) FROM log_leaf"), decisions - 1);
    let mut verify = vec!["log", "verify"];
    for checkpoint in &checkpoints {
        verify.extend(["--checkpoint", checkpoint]);
    }
    let verified = data.run(&verify);
    assert!(verified.contains(&format!("size {decisions}: good")), "{verified}");
    assert_eq!(database.number("SELECT count(DISTINCT log_index) FROM decision"), decisions);
}

#[test]
fn no_event_outlives_a_withdrawal_that_another_collector_took() {
    let data = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let fleet = Fleet::on(&data);
    let mut database = data.database();
    let refused = AtomicUsize::new(0);
    for round in 0..120 {
        let visitor = Visitor::who_grants(&fleet.0.read().unwrap()[0], &["analytics"]);
        let withdrawn = AtomicBool::new(false);
        thread::scope(|scope| {
            for own in 0..2 {
                let (fleet, visitor, withdrawn, refused) = (&fleet, &visitor, &withdrawn, &refused);
                scope.spawn(move || {
                    let mut last = false;
                    while !last {
                        last = withdrawn.load(Ordering::SeqCst);
                        let events: Vec<_> = (0..10).map(|_| visitor.event("page_view")).collect();
                        let answer = fleet.post(own, "/v1/events", &visitor.batch(&events));
                        let no = answer["refused"].as_array().unwrap().len();
                        refused.fetch_add(no, Ordering::SeqCst);
                    }
                });
            }
            let no = visitor.session.sign(&visitor.session.decision("withdraw", &[]));
            let _ = fleet.post(2, "/v1/consents", &no);
            withdrawn.store(true, Ordering::SeqCst);
        });
        assert_eq!(database.number("SELECT count(*) FROM event"), 0, "round {round}");
    }
    assert!(refused.load(Ordering::SeqCst) >= 120 * 10, "each round had those who came too late");
}

#[test]
fn decisions_of_one_visitor_that_come_to_several_collectors_follow_each_other() {
    let data = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let fleet = Fleet::on(&data);
    let mut database = data.database();
    for round in 0..20 {
        let visitor = Visitor::who_grants(&fleet.0.read().unwrap()[0], &["analytics"]);
        thread::scope(|scope| {
            for own in 0..COLLECTORS {
                let (fleet, visitor) = (&fleet, &visitor);
                scope.spawn(move || {
                    let purposes: [&[&str]; 3] = [&["analytics"], &[], &["analytics", "lead_link"]];
                    let decision = visitor.session.decision("custom", purposes[own]);
                    fleet.post(own, "/v1/consents", &visitor.session.sign(&decision));
                });
            }
        });
        // What is in force is the last receipt's, and no grant stands beside it that it does not hold.
        let beside = database.number(
            "SELECT count(*) FROM consent_grant g JOIN visitor v ON v.id = g.visitor_id \
             WHERE NOT EXISTS (SELECT 1 FROM consent_grant n WHERE n.visitor_id = v.id \
                AND n.receipt_id = v.receipt AND n.purpose = g.purpose AND n.service = g.service)",
        );
        assert_eq!(beside, 0, "round {round}");
    }
    let decisions = database.number("SELECT count(*) FROM decision");
    assert_eq!(database.number("SELECT max(idx) FROM log_leaf"), decisions - 1);
    assert!(data.run(&["log", "verify"]).contains(&format!("size {decisions}: good")));
}

/// A server that hangs says nothing: no connection breaks, and no statement fails.
#[test]
fn while_the_database_hangs_every_call_is_answered_and_afterwards_nothing_is_lost() {
    let mut data = Data::empty_on(Cluster::start().unwrap()).with_sites();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let session = Session { ..visitor.session.clone() };
    let events: Vec<_> = (0..5).map(|_| visitor.event("page_view")).collect();
    let batch = visitor.batch(&events);
    let decision = session.sign(&session.decision("custom", &["analytics"]));
    let known = serde_json::json!({ "site": "shop", "visitor": visitor.id }).to_string();
    let calls = [("/v1/events", &batch), ("/v1/consents", &decision), ("/v1/sessions", &known)];
    data.server().unwrap().freeze().unwrap();
    thread::scope(|scope| {
        for (path, body) in calls {
            let collector = &collector;
            scope.spawn(move || {
                let answer = collector.try_post(path, body.as_str()).unwrap();
                assert_eq!(answer.status, 503, "{path}: {answer:?}");
                assert!(!answer.header("retry-after").is_empty(), "{path}: {answer:?}");
                assert_eq!(collector.get("/healthz").status, 200);
            });
        }
    });
    assert_eq!(collector.get("/readyz").status, 503);
    data.server().unwrap().thaw().unwrap();
    let answer = until(|| {
        collector.try_post("/v1/events", batch.as_str()).ok().filter(|answer| answer.status == 200)
    });
    let answer = answer.json();
    let number = |name: &str| answer[name].as_u64().unwrap();
    assert_eq!(number("stored") + number("duplicate"), 5, "{answer}");
    until(|| {
        collector
            .try_post("/v1/consents", decision.as_str())
            .ok()
            .filter(|answer| answer.status == 201)
    });
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM event"), 5);
    assert_eq!(database.number("SELECT count(*) FROM decision"), 2);
}

/// Tries until there is something.
fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "nothing after a minute");
        thread::yield_now();
    }
}

/// What a distributed PostgreSQL asks of a table that is spread by site: every key and unique index has the
/// site in it, and every foreign key goes to the same site. The tables that are the same everywhere are named
/// in docs/scaling.md.
#[test]
fn every_key_of_a_table_that_is_spread_by_site_has_the_site_in_it() {
    let data = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let mut database = data.database();
    let everywhere: Vec<_> = "site token account account_role account_link account_session account_log_in account_delay \
        account_totp account_recovery account_waiting account_refused account_passkey account_answered account_identity account_sign_on account_draft \
        probe log_leaf log_tile log_head log_checkpoint log_erasure _sqlx_migrations"
        .split(' ')
        .collect();
    let keys = database.texts(
        "SELECT t.relname || ' ' || i.relname || ' ' || string_agg(a.attname, ',' ORDER BY k.place) \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (number, place) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number \
         WHERE x.indisunique AND NOT t.relispartition AND t.relnamespace = 'public'::regnamespace \
         GROUP BY t.relname, i.relname ORDER BY 1",
    );
    let mut spread = BTreeMap::new();
    for key in &keys {
        let parts: Vec<_> = key.split(' ').collect();
        if !everywhere.contains(&parts[0]) {
            *spread.entry(parts[0]).or_insert(0) += 1;
            assert!(parts[2].split(',').any(|column| column == "site_id"), "{key}");
        }
    }
    let mut tables: BTreeSet<String> = database.rows().into_keys().collect();
    tables.retain(|table| !everywhere.contains(&&**table));
    assert_eq!(tables, spread.into_keys().map(str::to_owned).collect(), "each has a key");
    let foreign = database.texts(
        "SELECT DISTINCT t.relname || ' ' || f.relname || ' ' || pg_get_constraintdef(c.oid) \
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid \
         WHERE c.contype = 'f' AND NOT t.relispartition AND NOT f.relispartition",
    );
    assert!(foreign.len() >= 8, "{foreign:?}");
    // What is to be said about each to a distributed PostgreSQL stands where its owner reads it.
    let told = include_str!("../../docs/scaling.md");
    let tables = database.rows().into_keys().filter(|table| !table.starts_with("event_"));
    for table in tables.filter(|table| table != "_sqlx_migrations") {
        assert!(told.contains(&format!("'{table}'")), "docs/scaling.md says nothing of {table}");
    }
    // A trigger has to be allowed there, and looks at its own row alone, but for those that mark a lead.
    let triggers = database.texts(
        "SELECT g.tgname || ' ' || pg_get_functiondef(g.tgfoid) FROM pg_trigger g \
         JOIN pg_class t ON t.oid = g.tgrelid \
         WHERE NOT g.tgisinternal AND NOT t.relispartition ORDER BY 1",
    );
    let names: Vec<_> = triggers.iter().filter_map(|trigger| trigger.split(' ').next()).collect();
    let allowed = [
        "a_grant_is_gone_from_the_copies",
        "audit_is_not_changed",
        "audit_is_not_deleted",
        "consent_grant_stays_as_it_is",
        "event_keeps_its_grant",
        "lead_is_marked",
        "lead_is_marked_when_linked",
        "lead_link_keeps_its_grant",
        "lead_stays_who_it_is",
    ];
    assert_eq!(names, allowed);
    for trigger in &triggers {
        let name = trigger.split(' ').next().unwrap();
        assert!(told.contains(&format!("`{name}`")), "docs/scaling.md says nothing of {name}");
        if name.starts_with("lead_is_marked") || name == "a_grant_is_gone_from_the_copies" {
            continue; // it adds a row of the same site
        }
        for statement in ["SELECT", "INSERT", "DELETE", "PERFORM", "EXECUTE"] {
            assert!(!trigger.contains(statement), "{trigger}");
        }
    }
    for key in foreign {
        let target = key.split(' ').nth(1).unwrap();
        assert!(everywhere.contains(&target) || key.contains("FOREIGN KEY (site_id,"), "{key}");
    }
}

#[test]
fn both_engines_have_the_same_tables() {
    let postgres = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let sqlite = Data::empty_on_sqlite().with_sites();
    let of_postgres = postgres.database().texts(
        "SELECT t.relname || ' ' || a.attname || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END \
         FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND t.relkind IN ('r', 'p') \
         AND NOT t.relispartition AND t.relnamespace = 'public'::regnamespace \
         AND t.relname NOT LIKE '\\_sqlx%'",
    );
    let of_sqlite = sqlite.database().texts(
        "SELECT t.name || ' ' || c.name || CASE WHEN c.\"notnull\" OR c.pk THEN ' not null' ELSE '' END \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    let sorted = |columns: Vec<String>| columns.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(of_postgres), sorted(of_sqlite));
}
