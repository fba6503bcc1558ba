//! The cookie policy and the external transmission notice, made from the site file.

use ashiato_tests::{Collector, Data, OTHER, SHOP};

#[test]
fn the_policy_names_every_service_recipient_cookie_and_period_in_both_languages() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let ja = collector.get("/s/shop/policy?lang=ja");
    let en = collector.get("/s/shop/policy?lang=en");
    for page in [&ja, &en] {
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        for name in ["ashiato_consent", "ashiato_visitor", "kazoeru_id", "Nagare Video", "Kazoeru"]
        {
            assert!(page.body.contains(name), "{name} in {}", page.body);
        }
    }
    assert!(ja.body.contains("<html lang=\"ja\""));
    assert!(ja.body.contains("IPアドレス") && ja.body.contains("株式会社ひより道具店"));
    assert!(ja.body.contains("13か月") && en.body.contains("13 months"));
    assert!(en.body.contains("<html lang=\"en\""));
    assert!(en.body.contains("IP address") && en.body.contains("Hiyori Home Goods K.K."));
    assert!(!en.body.contains("お名前"), "English is complete");
}

#[test]
fn the_policy_answers_in_the_browsers_language_unless_asked_for_another() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let language = |query: &str, accept: &str| {
        let path = format!("/s/shop/policy{query}");
        let request = collector.request("GET", &path).header("accept-language", accept);
        let page = collector.send(request, []).unwrap();
        page.body.split("lang=\"").nth(1).unwrap()[..2].to_owned()
    };
    assert_eq!(language("", "en-GB,en;q=0.9"), "en");
    assert_eq!(language("", "ja"), "ja");
    assert_eq!(language("", "fr"), "ja", "the site's first language is its default");
    assert_eq!(language("?lang=en", "ja"), "en");
    assert_eq!(language("?lang=%3Cscript%3E", "ja"), "ja");
}

#[test]
fn the_policy_runs_no_script() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let page = collector.get("/s/shop/policy");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(!page.body.contains("<script"));
}

#[test]
fn only_the_sites_own_pages_may_frame_the_policy_and_only_when_embedded() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let rules = |path: &str| collector.get(path).header("content-security-policy").to_owned();
    assert!(rules("/s/shop/policy").ends_with("; frame-ancestors 'none'"));
    assert!(rules("/s/shop/policy?embed=0").ends_with("; frame-ancestors 'none'"));
    let embedded = rules("/s/shop/policy?lang=en&embed=1");
    assert!(embedded.ends_with(&format!("; frame-ancestors {SHOP}")), "{embedded}");
    assert!(embedded.starts_with("default-src 'none'; style-src 'self'"));
    assert_eq!(collector.get("/s/shop/policy?embed=yes").status, 422);
}

#[test]
fn what_each_revision_changed_is_listed_and_earlier_ones_stay_readable() {
    let data = Data::new();
    let shop = ashiato_tests::data::shop_file();
    data.apply(&shop.replacen("retention_days = 90", "retention_days = 120", 1));
    // No new revision, and what is read of this one.
    let shown = shop.replacen("retention_days = 90", "retention_days = 120", 1).replacen(
        "en = \"Kazoeru tag\"",
        "en = \"Hakaru tag\"",
        1,
    );
    data.apply(&shown);
    data.apply(&shown.replacen(
        "name = \"kazoeru_id\", days = 365",
        "name = \"kazoeru_id\", days = 30",
        1,
    ));

    for _ in 0..2 {
        // What is told does not hang on which collector saw the changes come.
        let collector = Collector::start(&data);
        let page = collector.get("/s/shop/policy?lang=en").body;
        for said in [
            "Version 3, in force since",
            "kazoeru_id (cookie) now lasts 30 days (before: 1 year).",
            "Data of “Video player” is now kept for about 4 months (before: 3 months).",
            "First version.",
            "href=\"policy?lang=en&amp;revision=2\"",
        ] {
            assert!(page.contains(said), "{said} in {page}");
        }
        let ja = collector.get("/s/shop/policy?lang=ja").body;
        assert!(ja.contains("kazoeru_id（Cookie）の有効期間が「1年」から「30日」に変わりました。"));

        let second = collector.get("/s/shop/policy?lang=en&revision=2").body;
        assert!(second.contains("<dd>about 4 months (120 days)</dd>"), "{second}");
        assert!(second.contains("Hakaru tag") && second.contains("This is an earlier version."));
        let first = collector.get("/s/shop/policy?lang=ja&revision=1").body;
        assert!(first.contains("<dd>3か月</dd>") && first.contains("これは以前の版です。"));
        assert_eq!(collector.get("/s/shop/policy?lang=en&revision=3").body, page);
    }
}

#[test]
fn a_revision_that_there_is_not_is_not_found() {
    let data = Data::new();
    let collector = Collector::start(&data);
    for number in ["0", "2", "4294967295"] {
        let answer = collector.get(&format!("/s/shop/policy?revision={number}"));
        assert_eq!(answer.status, 404, "{number}");
        assert!(answer.body.contains("unknown_revision"), "{}", answer.body);
    }
    assert_eq!(collector.get("/s/shop/policy?revision=first").status, 422);
}

#[test]
fn who_is_asked_again_is_told_what_changed() {
    let data = Data::new();
    let shop = ashiato_tests::data::shop_file();
    data.apply(&shop.replacen("retention_days = 90", "retention_days = 120", 1));
    let collector = Collector::start(&data);
    let loader = collector.get("/s/shop/ashiato.js").body;
    for (language, line) in [
        ("ja", "「動画プレーヤー」の保存期間が3か月から約4か月に変わりました。"),
        ("en", "Data of “Video player” is now kept for about 4 months (before: 3 months)."),
    ] {
        let mark = format!("\"text.{language}\":\"");
        let name = loader.split_once(&mark).unwrap().1.split('"').next().unwrap();
        let texts: serde_json::Value =
            serde_json::from_str(&collector.get(&format!("/s/shop/{name}")).body).unwrap();
        assert_eq!(texts["changes"], serde_json::json!([{ "revision": 2, "lines": [line] }]));
    }
}

#[test]
fn a_global_privacy_control_is_honoured_where_a_site_says_so() {
    let data = Data::new();
    let shop = ashiato_tests::data::shop_file();
    let without = shop.replacen("[gpc]\npurposes = [\"marketing\"]\n", "", 1);
    let other = without.replacen("key = \"shop\"", "key = \"other\"", 1);
    data.apply(&other.replace(SHOP, OTHER));
    let collector = Collector::start(&data);
    for path in ["/.well-known/gpc.json", "/s/shop/gpc.json"] {
        let answer = collector.get(path);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let support: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(support["gpc"], true);
        let day = support["lastUpdate"].as_str().unwrap();
        let page = collector.get("/s/shop/policy").body;
        assert!(page.contains(&format!("datetime=\"{day}\"")), "the day it was applied: {day}");
    }
    assert_eq!(collector.get("/s/other/gpc.json").body, "{\"gpc\":false}");
    assert_eq!(collector.get("/s/none/gpc.json").status, 404);
    let section = "追跡拒否（GPC）への対応";
    assert!(collector.get("/s/shop/policy?lang=ja").body.contains(section));
    assert!(!collector.get("/s/other/policy?lang=ja").body.contains(section));

    let data = Data::empty();
    data.apply(&without);
    let collector = Collector::start(&data);
    assert_eq!(collector.get("/.well-known/gpc.json").body, "{\"gpc\":false}");
}

#[test]
fn what_a_site_keeps_besides_cookies_is_listed_with_where_and_how_long() {
    let data = Data::new();
    let collector = Collector::start(&data);
    for (language, area, lifetime) in
        [("ja", "ローカルストレージ", "30日"), ("en", "local storage", "30 days")]
    {
        let page = collector.get(&format!("/s/shop/policy?lang={language}")).body;
        let row = page.split("<code>kazoeru_last</code>").nth(1).unwrap();
        let row = row.split("</tr>").next().unwrap();
        assert!(row.contains(area) && row.contains(lifetime), "{row}");
    }
}

#[test]
fn texts_of_the_site_file_are_text_in_the_page() {
    let data = Data::new();
    let shop = ashiato_tests::data::shop_file();
    data.apply(&shop.replacen("en = \"Kazoeru tag\"", "en = \"Kazoeru 1 < 2 & \\\"so on\\\"\"", 1));
    let collector = Collector::start(&data);
    let page = collector.get("/s/shop/policy?lang=en");
    assert!(page.body.contains("Kazoeru 1 &lt; 2 &amp; "), "{}", page.body);
}

#[test]
fn an_applied_site_file_is_in_force_without_a_restart() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let shop = ashiato_tests::data::shop_file();
    data.apply(&shop.replacen("en = \"Kazoeru tag\"", "en = \"Hakaru tag\"", 1));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !collector.get("/s/shop/policy?lang=en").body.contains("Hakaru tag") {
        assert!(std::time::Instant::now() < deadline, "{}", collector.log());
    }
}
