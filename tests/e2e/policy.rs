//! The cookie policy and the external transmission notice, made from the site file.

use ashiato_tests::{Collector, Data};

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
