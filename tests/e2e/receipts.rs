//! Receipts, verified with the published keys alone.

use ashiato_tests::{Collector, Data, Visitor};
use consent_core::ids::from_base64url;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use serde_json::Value;

/// The payload of a compact JWS whose signature verifies by a published key.
fn verified(collector: &Collector, receipt: &str) -> Value {
    let parts: Vec<_> = receipt.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        unreachable!("a compact JWS has three parts: {receipt}")
    };
    let json = |part| serde_json::from_slice::<Value>(&from_base64url(part).unwrap()).unwrap();
    let header_json = json(header);
    let keys = collector.get("/.well-known/jwks.json").expect(200);
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header_json["kid"]);
    let key = key.unwrap_or_else(|| unreachable!("{header_json} names no key of {keys}"));
    assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()));
    let public = from_base64url(key["x"].as_str().unwrap()).unwrap().try_into().unwrap();
    let signature = Signature::from_slice(&from_base64url(signature).unwrap()).unwrap();
    let signed = format!("{header}.{payload}");
    VerifyingKey::from_bytes(&public).unwrap().verify(signed.as_bytes(), &signature).unwrap();
    json(payload)
}

#[test]
fn a_receipt_verifies_and_says_who_when_where_to_what_and_how() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let receipt = verified(&collector, &visitor.receipt);
    assert_eq!(receipt["record_id"], visitor.receipt_id);
    assert_eq!(receipt["site"], "shop");
    assert_eq!(receipt["revision"], 1);
    assert_eq!(receipt["language"], "ja");
    assert_eq!(receipt["page"], "https://shop.example/");
    assert_eq!(receipt["banner"], "default");
    assert_eq!(receipt["collection_method"], "custom");
    assert_eq!(receipt["log"]["index"], 0);
    assert!(receipt["pii_principal_id"].is_string());
    assert_ne!(receipt["pii_principal_id"], visitor.id, "the receipt holds no secret");
    assert!(receipt["wording"].is_string());
    let state = |name: &str| {
        let purposes = receipt["purposes"].as_array().unwrap();
        let purpose = purposes.iter().find(|purpose| purpose["purpose"] == name);
        purpose.unwrap()["event_state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("analytics"), "ConsentGiven");
    assert_eq!(state("lead_link"), "ConsentGiven");
    assert_eq!(state("marketing"), "ConsentRefused");
}

#[test]
fn a_withdrawals_receipt_names_what_it_replaces_whatever_the_client_says() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let answer = visitor.decide(&collector, "withdraw", &[]).expect(201);
    let receipt = verified(&collector, answer["receipt"].as_str().unwrap());
    assert_eq!(receipt["previous"], visitor.receipt_id);
    assert_eq!(receipt["collection_method"], "withdraw");
    assert_eq!(receipt["log"]["index"], 1);
    let purposes = receipt["purposes"].as_array().unwrap();
    let analytics = purposes.iter().find(|purpose| purpose["purpose"] == "analytics").unwrap();
    assert_eq!(analytics["event_state"], "ConsentWithdrawn");
}

#[test]
fn the_keys_outlive_the_process() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    collector.stop();
    let next = Collector::start(&data);
    let receipt = verified(&next, &visitor.receipt);
    assert_eq!(receipt["record_id"], visitor.receipt_id);
}

#[cfg(unix)]
#[test]
fn the_keys_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let data = Data::new();
    let _collector = Collector::start(&data);
    let mode = std::fs::metadata(data.path("keys")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
