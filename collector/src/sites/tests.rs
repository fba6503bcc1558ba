//! Sites as they are put in force, one after another.

use super::*;
use crate::client::{Asset, CONFIG_MARK};
use crate::store::audit::Actor;

/// By whom the audit trail is told that tests do what they do.
const TESTING: Actor = Actor::Job("test");

const SHOP: &str = include_str!("../../../demo-site/shop.toml");

#[test]
fn a_day_begins_at_midnight_of_the_sites_own_clock() {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let noon = Millis(1_800_000_000_000); // 2027-01-15T08:00:00Z
    assert_eq!(day_in(&tokyo, noon), 20_833);
    assert_eq!(day_in(&tokyo, noon.plus(7 * 3_600_000 - 1)), 20_833);
    assert_eq!(day_in(&tokyo, noon.plus(7 * 3_600_000)), 20_834);
    assert_eq!(day_in(&berlin, noon.plus(15 * 3_600_000 - 1)), 20_833);
    assert_eq!(day_in(&berlin, noon.plus(15 * 3_600_000)), 20_834);
    assert_eq!(day_in(&TimeZone::UTC, Millis(-1)), -1);
}

#[tokio::test]
async fn a_loader_that_a_browser_kept_still_finds_its_parts_after_a_change() {
    let (_folder, mut db, readers, sites) = fresh("http://localhost:8080").await;
    let mut file = crate::site::parse(SHOP).unwrap();
    let mut names = Vec::new();
    for use_of_it in
        ["商品の動画を見るために使います。", "商品の動画をページで見るために使います。"]
    {
        file.purposes[1].usage.insert("ja".to_owned(), use_of_it.to_owned());
        store::apply(&mut db, &file.key.clone(), &file, &TESTING, Millis(1)).await.unwrap();
        sites.refresh(&readers).await.unwrap();
        let config = sites.get("shop").unwrap().scripts.loader().identity.clone();
        let config: consent_core::client::Config = serde_json::from_slice(&config).unwrap();
        names.push(config.assets["ui.ja"].clone());
    }
    let site = sites.get("shop").unwrap();
    assert_ne!(names[0], names[1]);
    assert!(names.iter().all(|name| site.scripts.part(name).is_some()));
    assert!(site.scripts.part("ui-ja.gone.js").is_none());
    assert!(site.scripts.is_asking(&names[1]) && !site.scripts.is_asking(&names[0]));
}

/// A database of its own, and the sites of a collector at that address.
pub(crate) async fn fresh(collector: &str) -> (tempfile::TempDir, Connection, Readers, Sites) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let database = crate::store::Database::at(&url).unwrap();
    let db = database.create().await.unwrap();
    let readers = database.readers().await.unwrap();
    let types = Arc::new(Asset::new("text/plain", Vec::new()));
    let (loader, ui) = (CONFIG_MARK.to_owned(), String::new());
    let client = Client { loader, ui, parts: BTreeMap::new(), types };
    (folder, db, readers, Sites::new(Arc::new(client), collector.into()))
}

/// Puts a site with these pages in force.
pub(crate) async fn apply(db: &mut Connection, key: &str, origins: &[&str]) {
    let mut file = crate::site::parse(SHOP).unwrap();
    file.key = key.parse().unwrap();
    file.origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    store::apply(db, &file.key.clone(), &file, &TESTING, Millis(1)).await.unwrap();
}

/// The domain that the loader's configuration names.
fn told(sites: &Sites, key: &str) -> Option<String> {
    let site = sites.get(key).unwrap();
    let loader = &site.scripts.loader().identity;
    serde_json::from_slice::<consent_core::client::Config>(loader).unwrap().domain
}

#[tokio::test]
async fn a_site_that_shares_its_domain_with_the_collector_has_its_cookies_there() {
    let (_folder, mut db, readers, sites) = fresh("https://consent.shop.example").await;
    apply(&mut db, "shop", &["https://shop.example", "https://www.shop.example"]).await;
    apply(&mut db, "elsewhere", &["https://elsewhere.example"]).await;
    sites.refresh(&readers).await.unwrap();
    assert_eq!(told(&sites, "shop").as_deref(), Some("shop.example"));
    assert_eq!(told(&sites, "elsewhere"), None);
    let shop = sites.get("shop").unwrap();
    let jar = Jar { domain: Some("shop.example"), secure: true };
    assert_eq!(shop.jar("https://www.shop.example"), Some(jar));
    assert_eq!(shop.jar("https://blog.shop.example"), None, "not one of its pages");
    assert_eq!(sites.get("elsewhere").unwrap().jar("https://elsewhere.example"), None);
    assert!(sites.may_send_credentials("https://shop.example"));
    assert!(!sites.may_send_credentials("https://blog.shop.example"));
    assert!(!sites.may_send_credentials("https://elsewhere.example"));
}

#[tokio::test]
async fn a_page_on_the_collectors_own_host_has_its_cookies_on_that_host_alone() {
    let (_folder, mut db, readers, sites) = fresh("http://localhost:8080").await;
    apply(&mut db, "shop", &["http://localhost:8081", "http://127.0.0.1:8081"]).await;
    sites.refresh(&readers).await.unwrap();
    let shop = sites.get("shop").unwrap();
    assert_eq!(told(&sites, "shop"), None);
    assert_eq!(shop.jar("http://localhost:8081"), Some(Jar { domain: None, secure: false }));
    assert_eq!(shop.jar("http://127.0.0.1:8081"), None);
}

#[tokio::test]
async fn two_sites_under_one_domain_keep_their_cookies_apart_whichever_came_first() {
    let (_folder, mut db, readers, sites) = fresh("https://consent.shop.example").await;
    apply(&mut db, "shop", &["https://www.shop.example"]).await;
    sites.refresh(&readers).await.unwrap();
    assert_eq!(told(&sites, "shop").as_deref(), Some("shop.example"));
    let edition = sites.get("shop").unwrap().edition;
    apply(&mut db, "blog", &["https://blog.shop.example"]).await;
    sites.refresh(&readers).await.unwrap();
    for (key, origin) in
        [("shop", "https://www.shop.example"), ("blog", "https://blog.shop.example")]
    {
        assert_eq!(told(&sites, key), None, "{key}");
        assert_eq!(sites.get(key).unwrap().jar(origin), None, "{key}");
        assert!(
            sites.may_send_credentials(origin),
            "{key}: a loader kept from before must be answered"
        );
    }
    let shop = sites.get("shop").unwrap();
    assert_eq!(shop.edition, edition, "its file is the same");
    // Once the other has moved away, the domain is the shop's own again.
    apply(&mut db, "blog", &["https://blog.example"]).await;
    sites.refresh(&readers).await.unwrap();
    assert_eq!(told(&sites, "shop").as_deref(), Some("shop.example"));
}

#[tokio::test]
async fn a_page_that_would_get_the_cookies_without_asking_for_them_keeps_them_away_too() {
    // The first needs no domain, being on the collector's own host; the second would take its cookies.
    let (_folder, mut db, readers, sites) = fresh("https://shop.example:8443").await;
    apply(&mut db, "shop", &["https://shop.example"]).await;
    apply(&mut db, "blog", &["https://blog.shop.example"]).await;
    sites.refresh(&readers).await.unwrap();
    assert_eq!(told(&sites, "blog"), None);
    let shop = sites.get("shop").unwrap();
    assert_eq!(shop.jar("https://shop.example"), Some(Jar { domain: None, secure: true }));
}
