//! What goes on now, events with their properties, the hours, and how versions of the banner and withdrawals look.

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED};
use serde_json::json;

use super::setup::Person;

const ALL: [&str; 2] = ["analytics", "marketing"];

/// The numbers of the row that begins with that name, in the part of the page under that heading.
pub(crate) fn row(page: &str, heading: &str, name: &str) -> Vec<String> {
    let part = page.split_once(&format!(">{heading}</h2>")).map(|(_, rest)| rest);
    let part = part.unwrap_or_else(|| unreachable!("no {heading:?} in {page}"));
    let part = part.split("</section>").next().unwrap();
    let rows = part.split("<tr>").filter(|row| row.contains(&format!(">{name}<")));
    let row = rows.last().unwrap_or_else(|| unreachable!("no {name:?} in {part}"));
    row.split("<td class=\"number\">")
        .skip(1)
        .map(|it| it.split('<').next().unwrap().to_owned())
        .collect()
}

pub(crate) fn marketer<'c>(data: &Data, collector: &'c Collector) -> Person<'c> {
    let given = ["user", "add", "--email", "ken@shop.example", "--role", "marketer"];
    Person::by_link(collector, &data.run(&[&given[..], &["--site", "shop"]].concat()), "")
}

#[test]
fn the_last_half_hour_and_events_are_those_of_consents_that_hold() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let [first, second, gone, early] =
        [0; 4].map(|_| Visitor::who_grants(&collector, &["analytics"]));
    let on = |visitor: &Visitor, name: &str, path: &str| {
        let mut event = visitor.event(name);
        event["page"]["url"] = json!(format!("https://shop.example{path}"));
        event
    };
    let cart = |item: &str, size: i64| {
        let mut event = on(&first, "add_to_cart", "/products");
        event["properties"] = json!({ "item": item, "size": size });
        event
    };
    let views = [
        on(&first, "page_view", "/"),
        on(&first, "page_view", "/"),
        on(&first, "page_view", "/products"),
    ];
    for (visitor, events) in [
        (
            &first,
            views
                .into_iter()
                .chain([cart("急須", 1), cart("急須", 2), cart("湯のみ", 1)])
                .collect(),
        ),
        (&second, vec![on(&second, "page_view", "/products")]),
        (&gone, vec![on(&gone, "page_view", "/gone")]),
        (&early, vec![on(&early, "page_view", "/early")]),
    ] {
        assert_eq!(visitor.send(&collector, &events).expect(200)["stored"], events.len());
    }
    let mut database = data.database();
    data.change_events("UPDATE event SET at = at - 1860000 WHERE page LIKE '%/early'");
    database.run(
        "UPDATE visitor SET expires = 1 WHERE id IN (SELECT g.visitor_id FROM consent_grant g \
         JOIN event e ON e.grant_id = g.id WHERE e.page LIKE '%/gone')",
    );
    let ken = marketer(&data, &collector);
    let now = ken.get("/office/sites/shop/now");
    assert_eq!((now.status, now.header("refresh")), (200, "30"));
    assert_eq!(ken.get("/office/sites/shop/now?paused=1").header("refresh"), "");
    let page = now.body;
    assert!(
        page.contains("<dd class=\"value\">2</dd>") && page.contains("<dd class=\"value\">4</dd>"),
        "{page}"
    );
    assert_eq!(row(&page, "Pages", "/"), ["2", "1"]);
    assert_eq!(row(&page, "Pages", "/products"), ["2", "2"]);
    assert_eq!(row(&page, "Events", "add_to_cart"), ["3", "1"]);
    assert!(!page.contains("/gone") && !page.contains("/early"), "{page}");

    let page = ken.get("/office/sites/shop/events?period=7").body;
    assert_eq!(row(&page, "Events", "page_view"), ["5", "3"]);
    let hours = page.split(":59</th><td class=\"number\">").skip(1);
    let hours = hours.map(|it| it.split('<').next().unwrap().parse::<i64>().unwrap());
    assert_eq!(hours.sum::<i64>(), 5);
    let page = ken.get("/office/sites/shop/events?period=7&name=add_to_cart").body;
    for (value, times) in [("急須", "2"), ("湯のみ", "1"), ("1", "2"), ("2", "1")] {
        let cell = format!("<th scope=\"row\">{value}<svg");
        let rest = page.split_once(&cell).unwrap_or_else(|| unreachable!("{value} in {page}")).1;
        assert!(rest.contains(&format!("<td class=\"number\">{times}</td>")), "{value}");
        assert_eq!(
            rest.split("<td class=\"number\">").nth(1).unwrap().split('<').next(),
            Some(times)
        );
    }
    assert!(ken.get("/office/sites/shop/events?name=no_such").body.contains("Nothing was told"));
    assert_eq!(ken.get("/office/sites/other/now").status, 404);
}

#[test]
fn versions_pages_and_withdrawals_are_told_with_what_they_are_worth() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitors = [0; 6].map(|_| Visitor::who_grants(&collector, &ALL));
    let mut database = data.database();
    // Of four with one version one accepts all, of two with the other both do, on a page of their own.
    let ids =
        database.texts("SELECT CAST(visitor_id AS TEXT) FROM decision ORDER BY recorded_at, id");
    let set = |database: &mut ashiato_tests::database::Database, ids: &[String], what: &str| {
        database
            .run(&format!("UPDATE decision SET {what} WHERE visitor_id IN ({})", ids.join(",")));
    };
    set(
        &mut database,
        &ids,
        "method = 'reject_all', banner = 'plain', page = '/a', recorded_at = recorded_at - 7200000",
    );
    set(&mut database, &ids[..1], "method = 'accept_all'");
    set(&mut database, &ids[4..], "method = 'accept_all', banner = 'short', page = '/b'");
    let answer = visitors[0].later(&collector).decide(&collector, "withdraw", &[]);
    assert!(answer.status < 300, "{answer:?}");
    let ken = marketer(&data, &collector);
    let page = ken.get("/office/sites/shop/consent?period=7").body;
    let said = row(&page, "Banner versions against one another", "short");
    assert_eq!(said[..2], ["2", "100.0%"], "{said:?}");
    assert!(said[2].starts_with("+75.0"), "{said:?}");
    assert!(page.contains("“plain” (25.0%)") && page.contains("may be chance"), "{page}");
    assert_eq!(row(&page, "Pages", "/a"), ["4", "25.0%", "75.0%"]);
    assert_eq!(row(&page, "Pages", "/b"), ["2", "100.0%", "0.0%"]);
    assert_eq!(row(&page, "Withdrawn how soon", "within a day"), ["1", "100.0%"]);
    assert_eq!(row(&page, "Withdrawn how soon", "within an hour"), ["0", "0.0%"]);
}
