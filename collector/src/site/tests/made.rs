//! What is made of a site file: policy, configuration, texts, revisions.

use consent_core::{ids::EventName, policy::Kind};

use super::*;

/// A change that asks visitors again, with what is said of it.
const MATERIAL: [(&str, &str, &str); 15] = [
    (
        "days = 365, use = { ja = \"閲覧",
        "days = 30, use = { ja = \"閲覧",
        "service kazoeru: cookie kazoeru_id: lifetime changed from 365 to 30 days",
    ),
    ("name = \"kazoeru_id\"", "name = \"kz\"", "service kazoeru: cookie kazoeru_id removed"),
    ("\"add_to_cart\"", "\"add_to_cart\", \"search\"", "event search added"),
    (
        "retention_days = 90",
        "retention_days = 120",
        "service video: retention changed from 90 to 120 days",
    ),
    ("\"画面の大きさ", "\"機種と画面の大きさ", "service kazoeru: use changed"),
    (
        "見たページのURL、画面の大きさ",
        "見たページのURL、画面の大きさ、言語",
        "service kazoeru: what is sent changed",
    ),
    (
        "Kazoeru合同会社",
        "Kazoeru株式会社",
        "service kazoeru: provider changed from Kazoeru合同会社 to Kazoeru株式会社",
    ),
    (
        "name = { ja = \"株式会社ひより道具店\", en = \"Hiyori Home Goods K.K.\" }",
        "name = { ja = \"株式会社ひより道具店\", en = \"Hiyori K.K.\" }",
        "controller's name changed",
    ),
    (
        "Used to play product videos inside the page.",
        "Used to play product films inside the page.",
        "purpose functional: use changed",
    ),
    ("key = \"video\"", "key = \"film\"", "service film added"),
    ("consent_mode = [\"analytics_storage\"]", "", "service kazoeru: Consent Mode signals changed"),
    (
        "集計の仕組みに不具合がないかを調べるため",
        "集計の仕組みを作り直す資料にするため",
        "service kazoeru: their use changed",
    ),
    (
        "\"local:kazoeru_last\", days = 30",
        "\"local:kazoeru_last\", until_deleted = true",
        "service kazoeru: storage local:kazoeru_last: lifetime changed from 30 to until deleted",
    ),
    (
        "\"local:kazoeru_last\", days = 30",
        "\"session:kazoeru_last\"",
        "service kazoeru: storage session:kazoeru_last added",
    ),
    (
        "\"local:kazoeru_last\", days = 30",
        "\"local:kazoeru_last\", days = 60",
        "service kazoeru: storage local:kazoeru_last: lifetime changed from 30 to 60 days",
    ),
];

/// A change that asks nobody.
const IMMATERIAL: [(&str, &str); 13] = [
    ("http://localhost:8081", "https://shop.example"),
    ("layout = \"bar\"", "layout = \"box\""),
    ("version = \"default\"", "version = \"b\""),
    ("ja = \"利用状況の分析\"", "ja = \"分析\""),
    ("京都市中京区足跡町1-2", "京都市下京区足跡町3"),
    ("hosts = [\"localhost\"]", "hosts = [\"cdn.example\"]"),
    ("\"utm_source\", ", ""),
    ("max = 4000", "max = 2000"),
    ("corner = \"bottom_start\"", "corner = \"top_end\""),
    ("purposes = [\"marketing\"]", "purposes = [\"analytics\", \"marketing\"]"),
    ("wait_for_update = 500", "wait_for_update = 800"),
    ("granted = [\"security_storage\"]", "granted = [\"functionality_storage\"]"),
    ("https://soudan.example/form", "soudan@soudan.example"),
];

#[test]
fn the_shop_has_a_policy_with_its_events_and_its_link() {
    let shop = shop();
    let policy = shop.policy(3).unwrap();
    assert_eq!(policy.revision(), 3);
    let name: EventName = "campaign_visit".parse().unwrap();
    let (purpose, service) = policy.event(&name).unwrap();
    assert_eq!((purpose.key.as_str(), service.key.as_str()), ("marketing", "campaigns"));
    assert_eq!(policy.lead_link().unwrap().kind, Kind::LeadLink);
    assert_eq!(policy.slots().count(), 5);
}

#[test]
fn the_configuration_names_the_cookies_to_delete_and_no_others() {
    let assets = [("ui.js".to_owned(), "ui-1.js".to_owned())].into();
    let config = shop().config(3, assets);
    assert_eq!(config.revision, 3);
    assert_eq!(config.assets["ui.js"], "ui-1.js");
    assert_eq!(config.reopen["ja"], "Cookie設定");
    assert_eq!(config.reopen["en"], "Cookie settings");
    let cookies: Vec<_> = config.cookies.into_iter().collect();
    assert_eq!(cookies, [("kazoeru".to_owned(), vec!["kazoeru_id".to_owned()])]);
    // The client looks after ashiato_queue and ashiato_pending itself.
    let storage: Vec<_> = config.storage.into_iter().collect();
    assert_eq!(storage, [("kazoeru".to_owned(), vec!["local:kazoeru_last".to_owned()])]);
}

#[test]
fn a_form_is_what_its_file_says() {
    let shop = shop();
    let form = shop.form(&"contact".parse().unwrap()).unwrap();
    let fields: Vec<_> = form.fields.iter().map(|field| (field.key.as_str(), field.max)).collect();
    assert_eq!(
        fields,
        [
            ("name", Some(100)),
            ("name_kana", Some(100)),
            ("company", Some(100)),
            ("email", Some(254)),
            ("telephone", None),
            ("postal_code", None),
            ("topic", None),
            ("message", Some(4000)),
        ]
    );
    assert_eq!(form.agreements[0].as_str(), "email_marketing");
    assert!(shop.form(&"other".parse().unwrap()).is_none());
}

#[test]
fn only_the_sites_own_origins_are_allowed() {
    let shop = shop();
    assert!(shop.allows_origin("http://localhost:8081"));
    for other in ["http://localhost:8082", "http://localhost", "https://localhost:8081", "null", ""]
    {
        assert!(!shop.allows_origin(other), "{other}");
    }
}

#[test]
fn a_file_survives_its_json() {
    let shop = shop();
    let json = serde_json::to_string(&shop).unwrap();
    assert_eq!(serde_json::from_str::<SiteFile>(&json).unwrap(), shop);
}

#[test]
fn settings_left_out_have_their_usual_values() {
    let text = changed("consent_days = 180", "# ").replacen(
        "[banner]\nversion = \"default\"\nlayout = \"bar\"",
        "",
        1,
    );
    let text = ["theme = \"auto\"", "corner = \"bottom_start\"", "control = \"floating\""]
        .into_iter()
        .fold(text, |text, line| text.replacen(line, "", 1));
    let shop = parse(&text).unwrap();
    assert_eq!((shop.consent_days, shop.banner.version.as_str()), (180, "default"));
}

#[test]
fn what_a_decision_is_about_makes_a_new_revision_and_says_so() {
    let old = shop();
    for (from, to, said) in MATERIAL {
        let new = shop_with(from, to);
        let changes = new.changes(&old);
        assert!(changes.iter().any(|change| change == said), "{said}: {changes:?}");
        assert!(new.asks_again(&old), "{said}");
        assert_ne!(new.material(), old.material(), "{said}");
    }
}

#[test]
fn what_no_decision_is_about_makes_none() {
    let old = shop();
    for (from, to) in IMMATERIAL {
        let new = shop_with(from, to);
        assert_eq!(new.changes(&old), Vec::<String>::new(), "{to}");
        assert_eq!(new.material(), old.material(), "{to}");
    }
}

#[test]
fn a_service_that_goes_is_said_in_one_line() {
    let old = shop();
    let start = SHOP.find("[[purposes.services]]\nkey = \"kazoeru\"").unwrap();
    let end = SHOP.find("[[purposes]]\nkey = \"marketing\"").unwrap();
    let new = parse(&format!("{}{}", &SHOP[..start], &SHOP[end..])).unwrap();
    assert_eq!(new.changes(&old), ["service kazoeru removed"]);
    assert_eq!(old.changes(&new), ["service kazoeru added"]);
}

#[test]
fn another_order_of_the_switches_is_a_new_revision() {
    let old = shop();
    let mut new = shop();
    new.purposes.swap(1, 2);
    assert_eq!(new.changes(&old), ["order of purposes and services changed"]);
    assert_ne!(new.material(), old.material());
}

#[test]
fn a_further_language_alone_asks_nobody_again() {
    let old = shop();
    let mut new = shop();
    new.languages = vec!["ja".to_owned()];
    assert!(!new.asks_again(&old) && !old.asks_again(&new));
    new.languages = vec!["fr".to_owned()];
    assert!(new.asks_again(&old));
}

#[test]
fn the_wording_follows_what_is_shown_and_nothing_else() {
    let wording = shop().wording();
    assert_eq!(wording.len(), 43);
    for (from, to) in [
        ("ja = \"利用状況の分析\"", "ja = \"分析\""),
        ("京都市中京区足跡町1-2", "京都市下京区足跡町3"),
        ("retention_days = 90", "retention_days = 120"),
        ("theme = \"auto\"", "theme = \"auto\"\ntext.en.accept = \"Yes to all\""),
        ("purposes = [\"marketing\"]", "purposes = [\"analytics\"]"),
        ("https://soudan.example/form", "soudan@soudan.example"),
        ("en = \"The day of your last visit\"", "en = \"When you were here last\""),
    ] {
        assert_ne!(shop_with(from, to).wording(), wording, "{to}");
    }
    for (from, to) in [
        ("http://localhost:8081", "https://shop.example"),
        ("layout = \"bar\"", "layout = \"box\""),
        ("Asia/Tokyo", "Europe/Berlin"),
    ] {
        assert_eq!(shop_with(from, to).wording(), wording, "{to}");
    }
}
