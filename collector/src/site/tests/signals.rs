//! What the browser is told of Global Privacy Control and of Google Consent Mode.

use std::collections::BTreeMap;

use consent_core::client::ConsentMode;
use serde_json::{Value, json};

use super::*;

fn mode(file: &SiteFile) -> ConsentMode {
    file.config(1, BTreeMap::new()).consent_mode.unwrap()
}

fn defaults(file: &SiteFile) -> Vec<Value> {
    mode(file).defaults.into_iter().map(Value::Object).collect()
}

#[test]
fn the_configuration_names_the_purposes_that_a_signal_refuses() {
    let gpc = |file: &SiteFile| {
        let keys = file.config(1, BTreeMap::new()).gpc;
        keys.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(gpc(&shop()), ["marketing"]);
    let more = "purposes = [\"analytics\", \"lead_link\"]";
    assert_eq!(gpc(&shop_with("purposes = [\"marketing\"]", more)), ["analytics", "lead_link"]);
    assert!(gpc(&shop_with("[gpc]\npurposes = [\"marketing\"]", "")).is_empty());
}

#[test]
fn everything_is_denied_by_default_but_what_a_region_may_have() {
    let everywhere = json!({
        "ad_storage": "denied", "ad_user_data": "denied", "ad_personalization": "denied",
        "analytics_storage": "denied", "functionality_storage": "denied",
        "personalization_storage": "denied", "security_storage": "denied", "wait_for_update": 500,
    });
    let region = json!({
        "region": ["JP", "US-CA"], "security_storage": "granted", "wait_for_update": 500,
    });
    assert_eq!(defaults(&shop()), [everywhere, region]);
}

#[test]
fn a_region_may_wait_longer_and_otherwise_waits_as_long_as_all() {
    let text = changed("wait_for_update = 500", "wait_for_update = 900").replacen(
        "granted = [\"security_storage\"]",
        "granted = [\"security_storage\"]\n\n[[consent_mode.regions]]\nregions = [\"DE\"]\n\
         wait_for_update = 2000",
        1,
    );
    let waits: Vec<_> = defaults(&parse(&text).unwrap())
        .iter()
        .map(|default| default["wait_for_update"].as_u64().unwrap())
        .collect();
    assert_eq!(waits, [900, 900, 2000]);
}

#[test]
fn what_a_necessary_service_signals_is_granted_and_not_asked() {
    let shop = shop_with(
        "retention_days = 1095\ncookies",
        "retention_days = 1095\nconsent_mode = [\"functionality_storage\"]\ncookies",
    );
    assert_eq!(defaults(&shop)[0]["functionality_storage"], "granted");
    assert_eq!(defaults(&shop)[0]["analytics_storage"], "denied");
    assert!(!mode(&shop).signals.contains_key("ashiato_consent"));
}

#[test]
fn each_service_turns_on_its_own_signals() {
    let signals: Vec<_> = mode(&shop()).signals.into_iter().collect();
    let own = |key: &str, signals: &[&str]| {
        (key.to_owned(), signals.iter().map(|signal| (*signal).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(
        signals,
        [own("campaigns", &["ad_storage", "ad_user_data"]), own("kazoeru", &["analytics_storage"])]
    );
}

#[test]
fn only_what_is_on_is_set() {
    let set = |from: &str, to: &str| mode(&shop_with(from, to)).set.into_iter().collect::<Vec<_>>();
    let on = |name: &str| (name.to_owned(), true);
    let (redaction, passthrough) = (on("ads_data_redaction"), on("url_passthrough"));
    assert_eq!(mode(&shop()).set, [redaction.clone()].into());
    assert_eq!(set("url_passthrough = false", "url_passthrough = true"), [redaction, passthrough]);
    assert_eq!(set("ads_data_redaction = true", "ads_data_redaction = false"), []);
}

#[test]
fn without_a_table_of_its_own_consent_mode_has_its_usual_defaults() {
    let start = SHOP.find("[consent_mode]").unwrap();
    let end = SHOP[start..].find("[[purposes]]").unwrap() + start;
    let text = format!("{}{}", &SHOP[..start], &SHOP[end..]);
    let shop = parse(&text).unwrap();
    let defaults = defaults(&shop);
    assert_eq!(defaults.len(), 1);
    assert_eq!(defaults[0]["wait_for_update"], 500);
    assert!(mode(&shop).set.is_empty());

    // Where no service has a signal, pages are told nothing, and a table would have no effect.
    let text = text.replacen("consent_mode = [\"analytics_storage\"]\n", "", 1).replacen(
        "consent_mode = [\"ad_storage\", \"ad_user_data\"]\n",
        "",
        1,
    );
    assert_eq!(parse(&text).unwrap().config(1, BTreeMap::new()).consent_mode, None);
    let complaints = parse(&text.replacen("[gpc]", "[consent_mode]\n[gpc]", 1)).unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert_eq!(complaints[0].message.en, "consent_mode: no service has a signal");
    assert!(complaints[0].remedy.en.contains("leave this table out"));
}
