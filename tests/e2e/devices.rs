//! Kinds of device: what is kept of a decision, where it is shown, and what is told by it.

mod few;

use ashiato_tests::{Answer, Collector, Data, Session, Visitor, collector::UNLIMITED};
use serde_json::{Value, json};

use crate::{
    analysis::{post, range},
    me,
    now::{marketer, row},
    subject::done,
};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
const TABLET: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const CONSOLE: &str = "Mozilla/5.0 (PlayStation; PlayStation 5/10.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15";

/// A decision that a browser sends which says that of itself.
fn decided(collector: &Collector, agent: &str, session: &Session, decision: &Value) -> Answer {
    let request = collector.request("POST", "/v1/consents").header("content-type", "text/plain");
    let request = request.header("origin", ashiato_tests::SHOP).header("user-agent", agent);
    collector.send(request, session.sign(decision)).unwrap()
}

/// Somebody who grants on that device, and sees pages.
fn visitor_on(collector: &Collector, agent: &str, pages: &[&str]) -> Visitor {
    let session = Session::open(collector, None);
    let decision = session.decision("custom", &["analytics", "lead_link"]);
    let answer = decided(collector, agent, &session, &decision).expect(201);
    let visitor = Visitor::answered(&session, &answer);
    visitor.sees(collector, pages);
    visitor
}

/// Three on telephones, two of whom see tea, two at computers, one at a game console.
fn come(collector: &Collector) {
    for pages in [&["/", "/tea"][..], &["/", "/tea"], &["/"]] {
        let _ = visitor_on(collector, IPHONE, pages);
    }
    for pages in [&["/", "/tea"][..], &["/"]] {
        let _ = visitor_on(collector, WINDOWS, pages);
    }
    let _ = visitor_on(collector, CONSOLE, &["/"]);
}

fn ask(collector: &Collector, token: &str, dimensions: &[&str], filters: &Value) -> Value {
    let question = json!({"site": "shop", "metrics": ["page_views", "visitors"], "dimensions": dimensions,
        "filters": filters, "date_range": range()});
    collector.query(token, &question).expect(200)
}

fn devices(data: &Data) -> Vec<String> {
    data.database().texts("SELECT device FROM decision ORDER BY log_index")
}

#[test]
fn of_what_a_browser_says_of_itself_the_kind_of_device_is_kept_and_nothing_else() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    for agent in [IPHONE, TABLET, WINDOWS, CONSOLE, "x"] {
        let _ = visitor_on(&collector, agent, &[]);
    }
    // A no has it too.
    let session = Session::open(&collector, None);
    let refused = session.decision("reject_all", &[]);
    assert_eq!(decided(&collector, IPHONE, &session, &refused).status, 201);
    // A hint says it where the user agent does not; and bytes that are no text are no reason to refuse.
    for (mobile, agent) in [("?1", &b"\xff\xfe"[..]), ("?0", b"\xff"), ("maybe", b"(iPad)")] {
        let session = Session::open(&collector, None);
        let body = session.sign(&session.decision("reject_all", &[]));
        let request =
            collector.request("POST", "/v1/consents").header("content-type", "text/plain");
        let request = request.header("origin", ashiato_tests::SHOP).header("user-agent", agent);
        let sent = collector.send(request.header("sec-ch-ua-mobile", mobile), body).unwrap();
        assert_eq!(sent.status, 201, "{sent:?}");
    }
    // The client has no word in it.
    let session = Session::open(&collector, None);
    let mut claims = session.decision("reject_all", &[]);
    claims["device"] = "tablet".into();
    let answer = decided(&collector, IPHONE, &session, &claims);
    assert_eq!(answer.problem(422), "content");
    assert_eq!(answer.json()["errors"][0]["field"], "device");
    let kept = ["phone", "tablet", "computer", "", "", "phone", "phone", "", "tablet"];
    assert_eq!(devices(&data), kept);
    for finer in ["iPhone", "Mozilla", "AppleWebKit", "PlayStation", "18_7"] {
        assert!(!data.holds(finer.as_bytes()), "{finer}");
    }
    assert!(data.run(&["log", "verify"]).contains("decisions as they were recorded"));
}

#[test]
fn a_device_that_is_changed_by_hand_is_found_by_whoever_verifies() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let _ = visitor_on(&collector, IPHONE, &[]);
    let _ = visitor_on(&collector, CONSOLE, &[]);
    drop(collector);
    let arguments = ["log", "verify", "--database-url"];
    let url = data.database_url();
    let verify = || ashiato_tests::process::ashiato(arguments.into_iter().chain([url.as_str()]));
    assert!(verify().status.success());
    for (leaf, kinds) in
        [(0, ["tablet", "computer", "", "phone"]), (1, ["phone", "tablet", "computer", ""])]
    {
        for (at, kind) in kinds.into_iter().enumerate() {
            data.database()
                .run(&format!("UPDATE decision SET device = '{kind}' WHERE log_index = {leaf}"));
            let said = verify();
            // The last one puts back what was recorded.
            assert_eq!(said.status.success(), at == 3, "{leaf} {kind:?}: {said:?}");
            assert!(at == 3 || said.out.contains(&format!("leaf {leaf} ")), "{said:?}");
        }
    }
}

#[test]
fn a_database_of_before_there_were_devices_verifies_and_tells_of_none() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let before = visitor_on(&collector, CONSOLE, &["/", "/tea"]);
    let _ = data.run(&["copies", "rebuild", "--site", "shop"]);
    let token = data.token("shop", &["query"]);
    // Once it has been copied, and is not only in the rows.
    ashiato_tests::wait_for("events are copied", || {
        (data.database().number("SELECT count(*) FROM event_part") > 0).then_some(())
    });
    drop(collector);
    // As the migration before left it.
    let mut database = data.database();
    database.run("ALTER TABLE decision DROP COLUMN device");
    database.run("DELETE FROM event_column WHERE name = 'device'");
    database.run("DELETE FROM _sqlx_migrations WHERE version >= 34");
    drop(database);
    let collector = Collector::start_with(&data, &UNLIMITED);
    assert_eq!(devices(&data), [""]);
    assert!(data.run(&["log", "verify"]).contains("decisions as they were recorded: 1"));
    let answer = ask(&collector, &token, &["device"], &json!([]));
    assert_eq!(answer["results"], json!([{"dimensions": [""], "metrics": [2, 1]}]));
    // What the same visitor does from then on is of the decision that holds; a new one says it.
    let session = before.later(&collector).session;
    let anew = session.decision("custom", &["analytics"]);
    let answer = decided(&collector, IPHONE, &session, &anew).expect(201);
    let after = Visitor { session: session.continued(&answer), ..before };
    let _ = after.send(&collector, &[after.event("page_view")]).expect(200);
    let answer = ask(&collector, &token, &["device"], &json!([]));
    let expected = json!([
        {"dimensions": [""], "metrics": [2, 1]},
        {"dimensions": ["phone"], "metrics": [1, 1]},
    ]);
    assert_eq!(answer["results"], expected);
    assert!(data.run(&["log", "verify"]).contains("decisions as they were recorded: 2"));
}

#[test]
fn questions_are_asked_by_device_over_http_by_the_command_line_and_of_a_segment() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    come(&collector);
    let token = data.token("shop", &["query"]);
    let by = ask(&collector, &token, &["device"], &json!([]));
    let expected = json!([
        {"dimensions": ["phone"], "metrics": [5, 3]},
        {"dimensions": ["computer"], "metrics": [3, 2]},
        {"dimensions": [""], "metrics": [1, 1]},
    ]);
    assert_eq!(by["results"], expected);
    let of_tea = json!([["is", "page", ["/tea"]], ["is_not", "device", ["computer"]]]);
    let answer = ask(&collector, &token, &["device", "language"], &of_tea);
    assert_eq!(answer["results"], json!([{"dimensions": ["phone", "ja"], "metrics": [2, 2]}]));
    let [from, to] = [0, 1].map(|at| range()[at].clone());
    let command =
        ["query", "--site", "shop", "--dimensions", "device", "--from", &from, "--to", &to];
    let table = data.run(&command);
    assert!(table.contains("phone") && table.contains("computer"), "{table}");
    let narrowed = [&command[..], &["--filter", "device=phone"]].concat();
    let table = data.run(&narrowed);
    assert!(table.contains("phone") && !table.contains("computer"), "{table}");

    let definition = json!({"did": {"filters": [["is", "device", ["phone"]]]}});
    let body = json!({"site": "shop", "name": "on the way", "definition": definition});
    let _ = post(&collector, &token, "/api/v1/segments", &body).expect(201);
    let question = json!({"site": "shop", "metrics": ["visitors"], "dimensions": ["page"],
        "segment": "on the way", "date_range": range()});
    let answer = collector.query(&token, &question).expect(200);
    let expected = json!([
        {"dimensions": ["/"], "metrics": [3]},
        {"dimensions": ["/tea"], "metrics": [2]},
    ]);
    assert_eq!(answer["results"], expected);
    let step = |page: &str| json!({"name": page, "filters": [["is", "page", [page]]]});
    let funnel = json!({"site": "shop", "steps": [step("/"), step("/tea")], "window_minutes": 60,
        "breakdown": "device", "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/funnel", &funnel).expect(200);
    let groups = answer["groups"].as_array().unwrap();
    let first = |value: &str| {
        let group = groups.iter().find(|group| group["value"] == value);
        group.unwrap()["steps"][0]["visitors"].clone()
    };
    assert_eq!(["phone", "computer", ""].map(first), [3, 2, 1].map(Value::from), "{answer}");
    let wrong = json!({"site": "shop", "metrics": ["events"], "dimensions": ["devices"],
        "date_range": range()});
    let wrong = collector.query(&token, &wrong);
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("language, device, property:NAME"), "{}", wrong.body);
}

#[test]
fn the_overview_tells_of_devices_and_narrows_down_to_one() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    come(&collector);
    let ken = marketer(&data, &collector);
    let page = ken.get("/office/sites/shop?period=7").body;
    for (name, visits) in [("Phone", "3"), ("Computer", "2"), ("Not known", "1")] {
        assert_eq!(row(&page, "Devices", name), [visits, visits], "{name}");
    }
    assert!(!page.contains("Tablet"), "nobody came on one");
    let tile = |page: &str| {
        let rest = page.split_once("<span class=\"value\">").unwrap().1;
        rest.split('<').next().unwrap().to_owned()
    };
    for (value, visitors) in [("phone", "3"), ("computer", "2"), ("", "1"), ("tablet", "0")] {
        let address = format!("/office/sites/shop?period=7&device={value}");
        assert!(value == "tablet" || page.contains(&address.replace('&', "&amp;")), "{address}");
        let chosen = ken.get(&address).body;
        assert_eq!(tile(&chosen), visitors, "{value}");
        assert!(chosen.contains("(remove)"), "{value}");
    }
    let chosen = ken.get("/office/sites/shop?period=7&device=phone").body;
    assert_eq!(row(&chosen, "Pages", "/tea"), ["2", "2"]);
    // The form of segments takes it by what it is called.
    let kept = "/office/sites/shop/analysis/segments?period=7&k1=device&v1=Phone&d1=did&n1=1";
    let segment = ken.get(kept).body;
    assert!(segment.contains("<strong>3</strong>"), "{segment}");
    let funnel =
        "/office/sites/shop/analysis?period=7&k1=page&v1=/&k2=page&v2=/tea&window=60&by=device";
    let funnel = ken.get(funnel).body;
    for name in ["<h2>Phone</h2>", "<h2>Computer</h2>", "<h2>Not known</h2>"] {
        assert!(funnel.contains(name), "{name} in {funnel}");
    }
}

#[test]
fn visitors_read_that_it_is_recorded_and_what_is_held_of_theirs() {
    let data = Data::new();
    let collector = Collector::start(&data);
    for (language, said) in [
        ("ja", "端末の種類（スマートフォン、タブレット、パソコン"),
        ("en", "on which kind of device it was made"),
    ] {
        let policy = collector.get(&format!("/s/shop/policy?lang={language}")).body;
        assert!(policy.contains(said), "{language}");
    }
    let visitor = visitor_on(&collector, IPHONE, &["/"]);
    assert_eq!(visitor.send_lead(&collector).status, 201);
    let cookie = me::opened(&collector, &visitor);
    let page = me::shown(&collector, &cookie).body;
    assert!(page.contains("Kind of device: Phone"), "{page}");
    let japanese = collector.request("GET", "/s/shop/me?lang=ja").header("cookie", &cookie);
    let japanese = collector.send(japanese, []).unwrap().body;
    assert!(japanese.contains("端末の種類：スマートフォン"), "{japanese}");
    let file = me::act(&collector, "download", &cookie, &[]).json();
    assert_eq!(file["receipts"][0]["device"], "phone");
    // What is decided there is of the device it is decided on.
    let _ =
        me::act(&collector, "choice", &cookie, &[("revision", "1"), ("analytics/ashiato", "yes")]);
    let mut kept = devices(&data);
    assert_eq!((kept.remove(0), kept.len()), ("phone".to_owned(), 1));
    assert_eq!(kept, [""], "this client says nothing of itself");

    let export = |more: &[&str]| {
        done(&data, &[&["export", "--email", "hanako@example.jp"], more].concat(), "")
    };
    let other = visitor_on(&collector, TABLET, &["/"]);
    assert_eq!(other.send_lead(&collector).status, 201);
    let held: Value = serde_json::from_str(&export(&[])).unwrap();
    let of = |lead: &Value| lead["browsing"]["decisions"][0]["device"].clone();
    let told: Vec<_> = held["leads"].as_array().unwrap().iter().map(of).collect();
    assert!(told.contains(&json!("tablet")), "{held}");
    let html = export(&["--format", "html", "--language", "ja"]);
    assert!(html.contains("<dt>端末の種類</dt><dd>タブレット</dd>"), "{html}");
}
