//! Figures and events in files, read back by programs that are not ours.

use std::{fs, path::Path, process::Command};

use ashiato_tests::{
    Answer, Collector, Data, Visitor, collector::UNLIMITED, process::ashiato, python, wait_for,
};
use serde_json::{Value, json};

const PARQUET: &str = "application/vnd.apache.parquet";
const RANGE: [&str; 2] = ["2026-01-01", "2027-12-31"];

/// What a file holds.
fn read(kind: &str, path: &Path) -> Value {
    let mut read = Command::new(python::with_tools("api"));
    let output = read.arg(python::of_tests("api", "read.py")).arg(kind).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read_answer(data: &Data, kind: &str, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = data.path("answer");
    fs::write(&path, &answer.bytes).unwrap();
    read(kind, &path)
}

fn ask(collector: &Collector, path: &str, token: &str, accept: &str, body: &Value) -> Answer {
    let request = collector.request("POST", path);
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", accept);
    collector.send(request, body.to_string()).unwrap()
}

/// Titles that a table program would calculate, or a bad writer break at.
const TITLES: [&str; 6] =
    ["=1+1", "@SUM(A1)", "-2,\"3\"", "ひより\r\n道具店", "'=already", "plain"];

fn events(visitor: &Visitor) -> Vec<Value> {
    let event = |(at, title): (usize, &&str)| {
        let mut event = visitor.event("page_view");
        event["page"]["url"] = format!("https://shop.example/{at}").into();
        event["page"]["title"] = (*title).into();
        event["properties"] = json!({"n": at});
        event
    };
    TITLES.iter().enumerate().map(event).collect()
}

fn column(table: &Value, name: &str) -> Vec<Value> {
    let names = table["names"].as_array().unwrap();
    let at = names.iter().position(|own| own == name).unwrap();
    table["rows"].as_array().unwrap().iter().map(|row| row[at].clone()).collect()
}

fn texts(values: &[Value]) -> Vec<&str> {
    values.iter().map(|value| value.as_str().unwrap_or_default()).collect()
}

/// What a title is in a CSV: behind an apostrophe where it begins like a formula.
fn safe(title: &str) -> String {
    let formula = title.trim_start_matches('\'').starts_with(['=', '@', '-', '+']);
    if formula { format!("'{title}") } else { title.to_owned() }
}

#[test]
fn an_answer_is_the_same_in_json_csv_and_parquet_and_in_files_of_the_command_line() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(visitor.send(&collector, &events(&visitor)).expect(200)["stored"], TITLES.len());
    let token = data.token("shop", &["query"]);
    let mut asked = json!({
        "site": "shop", "metrics": ["page_views", "visitors"], "dimensions": ["title"],
        "date_range": RANGE, "compare": "previous_period",
    });
    let answer = collector.query(&token, &asked).expect(200);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), TITLES.len());
    let names = json!([
        "title",
        "page_views",
        "visitors",
        "previous_page_views",
        "previous_visitors",
        "consented_share"
    ]);

    let csv = ask(&collector, "/api/v1/query", &token, "text/csv", &asked);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    let name = "attachment; filename=\"shop-2026-01-01-2027-12-31.csv\"";
    assert_eq!(csv.header("content-disposition"), name);
    let table = read_answer(&data, "csv", &csv);
    assert_eq!(table["names"], names);
    let expected: Vec<_> =
        results.iter().map(|row| safe(row["dimensions"][0].as_str().unwrap())).collect();
    assert_eq!(texts(&column(&table, "title")), expected);
    assert_eq!(
        table["rows"][0].as_array().unwrap()[1..],
        json!(["1", "1", "0", "0", "1"]).as_array().unwrap()[..]
    );
    assert!(csv.body.ends_with("\r\n") && !csv.body.starts_with('\u{feff}'));

    let parquet = ask(&collector, "/api/v1/query", &token, PARQUET, &asked);
    assert_eq!(parquet.header("content-type"), PARQUET);
    let table = read_answer(&data, "parquet", &parquet);
    assert_eq!(table["names"], names);
    assert_eq!(table["types"], json!(["string", "int64", "int64", "int64", "int64", "double"]));
    assert_eq!(
        (&table["codec"], &table["said"]["ashiato.site"]),
        (&json!("SNAPPY"), &json!("shop"))
    );
    assert_eq!(table["said"]["ashiato.consented_share"], "1");
    let titles: Vec<_> = results.iter().map(|row| row["dimensions"][0].clone()).collect();
    assert_eq!(column(&table, "title"), titles);

    let range = ["--from", RANGE[0], "--to", RANGE[1], "--compare", "previous_period"];
    let command =
        ["query", "--site", "shop", "--metrics", "page_views,visitors", "--dimensions", "title"];
    for (format, by_api) in [("csv", &csv), ("parquet", &parquet)] {
        let path = data.path(&format!("file.{format}"));
        let file = path.display().to_string();
        data.run(&[&command[..], &range, &["--format", format, "--output", &file]].concat());
        assert_eq!(read(format, &path), read_answer(&data, format, by_api));
    }
    // Page by page where that is asked for; and no media type that is not there.
    asked["limit"] = 4.into();
    let first = ask(&collector, "/api/v1/query", &token, "text/csv", &asked);
    assert_eq!(first.header("ashiato-next"), "4");
    assert_eq!(read_answer(&data, "csv", &first)["rows"].as_array().unwrap().len(), 4);
    assert_eq!(
        ask(&collector, "/api/v1/query", &token, "text/html", &asked).problem(406),
        "not_acceptable"
    );
}

#[test]
fn events_leave_with_their_consent_and_without_leads() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(visitor.send(&collector, &events(&visitor)).expect(200)["stored"], TITLES.len());
    let tied = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = tied.send_lead(&collector).expect(201)["lead"].as_str().unwrap().to_owned();
    assert_eq!(tied.send(&collector, &[tied.event("click")]).expect(200)["stored"], 1);
    let gone = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(gone.send(&collector, &[gone.event("page_view")]).expect(200)["stored"], 1);
    let ended = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(ended.send(&collector, &[ended.event("page_view")]).expect(200)["stored"], 1);
    assert_eq!(gone.decide(&collector, "withdraw", &[]).status, 201);
    let last = "SELECT MAX(id) FROM visitor WHERE ended_at IS NULL";
    data.database().run(&format!("UPDATE visitor SET expires = 1 WHERE id = ({last})"));

    let token = data.token("shop", &["export"]);
    let asked = json!({ "site": "shop", "date_range": RANGE });
    let of = |accept: &str, kind: &str| {
        read_answer(&data, kind, &ask(&collector, "/api/v1/export", &token, accept, &asked))
    };
    let (csv, parquet) = (of("*/*", "csv"), of(PARQUET, "parquet"));
    let names = json!([
        "at",
        "event",
        "page",
        "query",
        "title",
        "referrer",
        "properties",
        "purpose",
        "service",
        "visitor"
    ]);
    assert_eq!((&csv["names"], &parquet["names"]), (&names, &names));
    assert_eq!(parquet["types"][0], "timestamp[ms, tz=UTC]");
    // The two that withdrew or whose consent has run out are in neither.
    assert_eq!(csv["rows"].as_array().unwrap().len(), TITLES.len() + 1);
    let titles: Vec<_> = TITLES.iter().map(|title| safe(title)).collect();
    let shown = column(&csv, "title");
    assert!(titles.iter().all(|title| shown.contains(&json!(title))), "{shown:?}");
    let shown = column(&parquet, "title");
    assert!(TITLES.iter().all(|title| shown.contains(&json!(title))), "{shown:?}");
    assert!(column(&csv, "properties").contains(&json!("{\"n\":3}")));
    // One number for one visitor, another one each time, and none for who is tied to a lead.
    let visitors = |table: &Value| {
        let (names, numbers) = (column(table, "event"), column(table, "visitor"));
        let click = names.iter().position(|name| name == "click").unwrap();
        assert!([json!(""), Value::Null].contains(&numbers[click]), "{numbers:?}");
        let mut others: Vec<_> =
            texts(&numbers).into_iter().filter(|it| !it.is_empty()).map(str::to_owned).collect();
        others.dedup();
        assert_eq!(others.len(), 1, "{others:?}");
        others.remove(0)
    };
    assert_ne!(visitors(&csv), visitors(&parquet));
    for personal in ["hanako", "花子", &lead, &visitor.id, &tied.id] {
        assert!(!csv.to_string().contains(personal), "{personal}");
    }
    // By name; and by the command line.
    let clicks = json!({ "site": "shop", "date_range": RANGE, "events": ["click"] });
    let only = ask(&collector, "/api/v1/export", &token, "text/csv", &clicks);
    assert_eq!(read_answer(&data, "csv", &only)["rows"].as_array().unwrap().len(), 1);
    let path = data.path("events.parquet");
    let file = path.display().to_string();
    let command =
        ["export", "--site", "shop", "--from", RANGE[0], "--to", RANGE[1], "--format", "parquet"];
    data.run(&[&command[..], &["--output", &file]].concat());
    let by_command = read("parquet", &path);
    assert_eq!(column(&by_command, "title"), column(&parquet, "title"));

    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "event", "--json"]);
    let told: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends: Vec<_> = told.iter().filter(|entry| entry["action"] == "event.exported").collect();
    let begins = told.iter().filter(|entry| entry["action"] == "event.export").count();
    assert_eq!((begins, ends.len()), (4, 4), "{trail}");
    let rows = u64::try_from(TITLES.len()).unwrap() + 1;
    assert!(ends.iter().filter(|entry| entry["details"]["rows"] == rows).count() == 3, "{trail}");
}

#[test]
fn events_need_a_scope_of_their_own_and_days_that_are_some() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let asked = json!({ "site": "shop", "date_range": RANGE });
    let all = data.token("shop", &["query", "leads", "leads:write", "operate"]);
    assert_eq!(ask(&collector, "/api/v1/export", &all, "*/*", &asked).problem(403), "scope");
    let other = data.token("other", &["export"]);
    assert_eq!(ask(&collector, "/api/v1/export", &other, "*/*", &asked).problem(403), "site");
    let token = data.token("shop", &["export"]);
    assert_eq!(
        ask(
            &collector,
            "/api/v1/query",
            &token,
            "*/*",
            &json!({
        "site": "shop", "metrics": ["events"], "date_range": RANGE})
        )
        .problem(403),
        "scope"
    );
    for (range, events, field) in [
        (json!(["2026-02-01", "2026-01-01"]), json!([]), "date_range"),
        (json!(["1026-01-01", "2026-01-01"]), json!([]), "date_range"),
        (json!(RANGE), json!(["Click!"]), "events[0]"),
    ] {
        let asked = json!({ "site": "shop", "date_range": range, "events": events });
        let answer = ask(&collector, "/api/v1/export", &token, "*/*", &asked);
        assert_eq!(answer.problem(422), "content");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(
        ask(&collector, "/api/v1/export", &token, "image/png", &asked).problem(406),
        "not_acceptable"
    );
    assert_eq!(
        data.run(&["audit", "list", "--site", "shop", "--action", "event"]),
        "",
        "nothing left"
    );
    // Nobody's events are a table without rows.
    let none = ask(&collector, "/api/v1/export", &token, PARQUET, &asked);
    assert_eq!(read_answer(&data, "parquet", &none)["rows"], json!([]));
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let data = Data::new();
    let url = data.database_url();
    let path = data.path("there.csv");
    fs::write(&path, "mine").unwrap();
    let export = |site: &str, file: &Path| {
        let file = file.display().to_string();
        ashiato([
            "export",
            "--site",
            site,
            "--from",
            RANGE[0],
            "--to",
            RANGE[1],
            "--output",
            &file,
            "--database-url",
            &url,
        ])
    };
    let said = export("shop", &path);
    assert!(!said.status.success() && said.err.contains("remedy: name a new file"), "{said:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert!(!export("nobody", &data.path("new.csv")).status.success());
    let said = export("shop", &data.path("no-folder/new.csv"));
    assert!(!said.status.success(), "{said:?}");
    // A question that cannot be answered leaves no file, nor a part of one.
    let file = data.path("new.csv").display().to_string();
    let said = ashiato([
        "query",
        "--site",
        "shop",
        "--from",
        RANGE[1],
        "--to",
        RANGE[0],
        "--format",
        "csv",
        "--output",
        &file,
        "--database-url",
        &url,
    ]);
    assert!(!said.status.success() && said.err.contains("date_range"), "{said:?}");
    let left: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("new.csv") || name.contains(".part"))
        .collect();
    assert_eq!(left, [] as [&str; 0]);
    assert!(export("shop", &data.path("new.csv")).status.success());
    let table = read("csv", &data.path("new.csv"));
    assert_eq!(table["rows"], json!([]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data.path("new.csv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_long_export_takes_no_more_memory_than_a_part_of_it() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let mut event = visitor.event("page_view");
    // Half a kibibyte each, so that all of it would be some 50 MB.
    event["properties"] = json!({ "a": "x".repeat(400) });
    assert_eq!(visitor.send(&collector, &[event]).expect(200)["stored"], 1);
    let mut database = data.database();
    let hex = if data.is_sqlite() {
        "CAST(printf('%016d', n) AS BLOB)"
    } else {
        "decode(lpad(to_hex(n), 32, '0'), 'hex')"
    };
    let numbers = if data.is_sqlite() {
        "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 101000)"
    } else {
        "WITH s (n) AS (SELECT generate_series(1, 101000))"
    };
    database.run(&format!(
        "{numbers} INSERT INTO event (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) \
         SELECT e.site_id, {hex}, e.grant_id, e.name, e.at, e.day, '/' || CAST(s.n AS TEXT), e.query, e.title, e.referrer, e.properties \
         FROM event e, s"
    ));
    // Whoever writes behind the collector's back has to say so.
    let _ = data.run(&["copies", "rebuild", "--site", "shop"]);
    wait_for("the copies, of which an export reads a day at a time", || {
        (database.number("SELECT COUNT(*) FROM event_uncopied") == 0).then_some(())
    });
    let token = data.token("shop", &["export", "query"]);
    let asked = json!({ "site": "shop", "date_range": RANGE });
    // As many pages as events: more rows than are put together at once, in a file or beside the period before.
    let mut pages = json!({
        "site": "shop", "metrics": ["page_views"], "dimensions": ["page"], "date_range": RANGE,
    });
    let too_many = |answer: Answer| {
        assert_eq!(answer.problem(422), "content");
        let error = &answer.json()["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("dimensions"), &json!("too_many_rows"))
        );
    };
    too_many(ask(&collector, "/api/v1/query", &token, "text/csv", &pages));
    let page = ask(&collector, "/api/v1/query", &token, "*/*", &pages).expect(200);
    assert_eq!((page["results"].as_array().unwrap().len(), &page["next"]), (100, &json!("100")));
    pages["compare"] = "previous_period".into();
    pages["date_range"] = json!(["2027-01-01", "2027-12-31"]);
    too_many(ask(&collector, "/api/v1/query", &token, "*/*", &pages));
    let before = collector.peak_memory();
    let csv = ask(&collector, "/api/v1/export", &token, "text/csv", &asked);
    assert_eq!(csv.body.lines().count(), 101_002);
    let grown = |most: u64| {
        if let (Some(before), Some(after)) = (before, collector.peak_memory()) {
            assert!(after < before + most * 1024, "{before} KiB, then {after} KiB");
        }
    };
    grown(24);
    let parquet = ask(&collector, "/api/v1/export", &token, PARQUET, &asked);
    let rows = read_answer(&data, "rows", &parquet);
    assert_eq!(rows[0], 101_001);
    assert!(rows[1].as_i64() > Some(5), "it was written group by group: {rows}");
    // A group of rows is held as rows, by columns, and as it is written.
    grown(80);
}
