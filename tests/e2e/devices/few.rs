//! Devices among the figures of consent, and where few stand behind them.

use ashiato_tests::{Answer, Collector, Data, Session, collector::UNLIMITED, data::shop_file};
use serde_json::json;

use super::{CONSOLE, IPHONE, TABLET, WINDOWS, ask, come, decided, visitor_on};
use crate::{now::marketer, setup::Person};

/// What the consent page says of a kind of device: asked, decided, accepted all, rejected all.
fn consent_row(page: &str, device: &str) -> Option<Vec<String>> {
    let card = page.split("<h2>Devices</h2>").nth(1)?.split("</section>").next()?;
    let row = card
        .split("<tr>")
        .find(|row| row.contains(&format!("<th class=\"whole\" scope=\"row\">{device}")))?;
    let cells = row.split("<td class=\"number\">").skip(1);
    Some(cells.map(|cell| cell.split('<').next().unwrap().to_owned()).collect())
}

/// A browser on that device fetches what asks.
fn is_asked(collector: &Collector, agent: &str) -> Answer {
    let loader = collector
        .send(collector.request("GET", "/s/shop/ashiato.js?alone").header("user-agent", agent), []);
    let loader = loader.unwrap().body;
    let part = loader.split("\"ui.ja\":\"").nth(1).unwrap().split('"').next().unwrap();
    let request = collector.request("GET", &format!("/s/shop/{part}")).header("user-agent", agent);
    collector.send(request, []).unwrap()
}

fn consent(ken: &Person<'_>) -> String {
    ken.get("/office/sites/shop/consent?period=7").body
}

#[test]
fn the_consent_page_says_how_many_were_asked_and_decided_on_which_device() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let ken = marketer(&data, &collector);
    for (agent, asked) in [(IPHONE, 4), (TABLET, 2), (WINDOWS, 1), (CONSOLE, 1)] {
        for _ in 0..asked {
            let part = is_asked(&collector, agent);
            assert_eq!(part.status, 200);
            let varies = part.header("vary").to_lowercase();
            assert!(!varies.contains("user-agent") && !varies.contains("sec-ch"), "{varies}");
        }
    }
    for (agent, method, granted) in [
        (IPHONE, "accept_all", &["functional", "analytics", "marketing", "lead_link"][..]),
        (IPHONE, "reject_all", &[]),
        (IPHONE, "custom", &["functional"]),
        (TABLET, "reject_all", &[]),
        (WINDOWS, "accept_all", &["functional", "analytics", "marketing", "lead_link"]),
    ] {
        let session = Session::open(&collector, None);
        let decision = session.decision(method, granted);
        assert_eq!(decided(&collector, agent, &session, &decision).status, 201);
    }
    let row = |page: &str, device: &str| consent_row(page, device).unwrap_or_default();
    ashiato_tests::wait_for("all who were asked are counted", || {
        (row(&consent(&ken), "Phone").first().map(String::as_str) == Some("4")).then_some(())
    });
    let page = consent(&ken);
    let start = |device: &str| row(&page, device)[..2].to_vec();
    assert_eq!(start("Phone"), ["4", "3"]);
    assert_eq!(start("Tablet"), ["2", "1"]);
    assert_eq!(start("Computer"), ["1", "1"]);
    assert_eq!(start("Not known"), ["1", "0"], "asked, and not decided yet");
    assert!(row(&page, "Phone")[2].starts_with("33.3%") && row(&page, "Phone")[3] == "33.3%");
    // The whole is the sum of them, here and by the API.
    let token = data.token("shop", &["query"]);
    let answer = ask(&collector, &token, &[], &json!([]));
    assert_eq!((&answer["meta"]["asked"], &answer["meta"]["decided"]), (&json!(8), &json!(5)));
    let ways = data.database().number("SELECT count(*) FROM tally WHERE kind = 'asked'");
    assert_eq!(ways, 4, "one count a device");
}

#[test]
fn what_few_did_on_a_device_is_told_nowhere() {
    let data = Data::new();
    data.apply(&format!("{}\n[statistics]\nsmallest_group = 3\n", shop_file()));
    let collector = Collector::start_with(&data, &UNLIMITED);
    come(&collector);
    for _ in 0..5 {
        let _ = visitor_on(&collector, TABLET, &["/"]);
    }
    let ken = marketer(&data, &collector);
    let page = ken.get("/office/sites/shop?period=7").body;
    let card = page.split("id=\"by-device\"").nth(1).unwrap().split("</section>").next().unwrap();
    // Two at computers and one at a console; the row with the fewest of the others goes with them.
    for (name, is_told) in
        [("Tablet", true), ("Phone", false), ("Computer", false), ("Not known", false)]
    {
        assert_eq!(card.contains(name), is_told, "{name}: {card}");
    }
    for few in ["device=computer", "device="] {
        let chosen = ken.get(&format!("/office/sites/shop?period=7&{few}")).body;
        assert!(chosen.contains("Fewer than 3 visitors match"), "{few}: {chosen}");
    }
    let page = consent(&ken);
    let told =
        ["Tablet", "Phone", "Computer", "Not known"].map(|it| consent_row(&page, it).is_some());
    assert_eq!(told, [true, false, false, false]);
    assert!(page.contains("fewer than 3 decisions"), "{page}");
    let token = data.token("shop", &["query"]);
    let by = ask(&collector, &token, &["device"], &json!([]));
    let told: Vec<_> =
        by["results"].as_array().unwrap().iter().map(|it| &it["dimensions"][0]).collect();
    assert!(!told.iter().any(|kind| *kind == "computer" || *kind == ""), "{by}");
    assert!(by["withheld"]["rows"].as_u64().unwrap() >= 2, "{by}");
    for filters in [json!([["is", "device", ["computer"]]]), json!([["is_not", "device", [""]]])] {
        let answer = ask(&collector, &token, &[], &filters);
        assert_eq!(answer["withheld"]["whole"], true, "{filters}: {answer}");
    }
}
