//! What a leaf stands for.
//!
//! | leaf | its entry |
//! |---|---|
//! | a decision | SHA-256 of the salt, the receipt's text (nothing for a first refusal), a line feed, and the row's digest in base64url |
//! | an erasure | SHA-256 of its JSON |
//!
//! A row's digest is SHA-256 of the salt and the row's JSON. The row has everything that is recorded
//! of a decision beside the receipt, and a receipt repeats salt and digest, so that whoever holds one
//! can work out its leaf; to everybody else the leaf says nothing.

use consent_core::ids::base64url;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::tree::{self, Hash};

/// Everything that is recorded of a decision, beside its receipt. The order of the fields and the
/// tag belong to the form; another form needs another tag.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "record", rename = "ashiato-decision-1")]
pub struct Decision<'a> {
    /// Its place in the log.
    pub index: i64,
    /// The site's key.
    pub site: &'a str,
    /// The decision's id, base64url like the ones below.
    pub id: String,
    /// The mark of the session that sent it.
    pub session: String,
    /// The hash by which the site knows the visitor, where it knows one.
    pub visitor: Option<String>,
    /// The receipt's id.
    pub receipt_id: Option<String>,
    /// The edition of the site file.
    pub edition: i64,
    /// SHA-256 of that site file as it is stored.
    pub site_file: &'a str,
    /// By which act.
    pub method: &'a str,
    /// The language it was shown in.
    pub language: &'a str,
    /// The page.
    pub page: &'a str,
    /// The version of the banner.
    pub banner: &'a str,
    /// When it was decided, by the page's clock.
    pub decided_at: i64,
    /// When it was recorded, by the collector's.
    pub recorded_at: i64,
    /// What was chosen, as it is stored.
    pub choices: &'a str,
    /// The kind of device. One of which it is not known is written as before there was any.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub device: &'a str,
}

impl Decision<'_> {
    /// The row's digest.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn digest(&self, salt: &[u8]) -> serde_json::Result<Hash> {
        let json = serde_json::to_vec(self)?;
        Ok(Sha256::new().chain_update(salt).chain_update(json).finalize().into())
    }
}

/// The leaf of a decision.
#[must_use]
pub fn decision(salt: &[u8], receipt: Option<&str>, row: &Hash) -> Hash {
    let commitment = Sha256::new()
        .chain_update(salt)
        .chain_update(receipt.unwrap_or(""))
        .chain_update("\n")
        .chain_update(base64url(row));
    tree::leaf(&commitment.finalize())
}

/// An erasure: the record of an earlier leaf is gone, and is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its own place in the log.
    pub index: i64,
    /// The leaf whose record was erased.
    pub erased: i64,
    /// When.
    pub at: i64,
}

impl Erasure {
    /// Its leaf. There is nothing of anybody in it, so that it needs no salt.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let Self { index, erased, at } = self;
        let json = format!(
            r#"{{"record":"ashiato-erasure-1","index":{index},"erased":{erased},"erased_at":{at}}}"#
        );
        tree::leaf(&Sha256::digest(json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank() -> Decision<'static> {
        Decision {
            index: 0,
            site: "",
            id: String::new(),
            session: String::new(),
            visitor: None,
            receipt_id: None,
            edition: 0,
            site_file: "",
            method: "",
            language: "",
            page: "",
            banner: "",
            decided_at: 0,
            recorded_at: 0,
            choices: "",
            device: "",
        }
    }

    #[test]
    fn a_leaf_is_worked_out_as_the_documentation_says() {
        let salt = [7; 32];
        let row = Decision { index: 3, site: "shop", ..blank() };
        let digest = row.digest(&salt).unwrap();
        let json = serde_json::to_string(&row).unwrap();
        assert!(json.starts_with(r#"{"record":"ashiato-decision-1","index":3,"site":"shop""#));
        assert_eq!(digest, <Hash>::from(Sha256::digest([&salt[..], json.as_bytes()].concat())));
        let text = format!("a.b.c\n{}", base64url(&digest));
        let entry = Sha256::digest([&salt[..], text.as_bytes()].concat());
        let leaf = Sha256::digest([&[0][..], &entry].concat());
        assert_eq!(decision(&salt, Some("a.b.c"), &digest), <Hash>::from(leaf));
    }

    #[test]
    fn a_record_without_a_device_is_written_as_before_there_was_any() {
        let json = |row: &Decision<'_>| serde_json::to_string(row).unwrap();
        let without = json(&blank());
        assert!(without.ends_with(r#""recorded_at":0,"choices":""}"#), "{without}");
        let with = json(&Decision { device: "phone", ..blank() });
        assert_eq!(with, without.replace('}', r#","device":"phone"}"#));
    }

    #[test]
    fn every_part_of_a_record_changes_its_leaf() {
        let leaf = |salt: u8, receipt: Option<&str>, row: &Decision<'_>| {
            decision(&[salt; 32], receipt, &row.digest(&[salt; 32]).unwrap())
        };
        let blank = blank();
        let all = [
            leaf(1, None, &blank),
            leaf(2, None, &blank),
            leaf(1, Some("x"), &blank),
            leaf(1, None, &Decision { index: 1, ..blank.clone() }),
            leaf(1, None, &Decision { site: "x", ..blank.clone() }),
            leaf(1, None, &Decision { id: "x".into(), ..blank.clone() }),
            leaf(1, None, &Decision { session: "x".into(), ..blank.clone() }),
            leaf(1, None, &Decision { visitor: Some("x".into()), ..blank.clone() }),
            leaf(1, None, &Decision { receipt_id: Some("x".into()), ..blank.clone() }),
            leaf(1, None, &Decision { edition: 1, ..blank.clone() }),
            leaf(1, None, &Decision { site_file: "x", ..blank.clone() }),
            leaf(1, None, &Decision { method: "x", ..blank.clone() }),
            leaf(1, None, &Decision { language: "x", ..blank.clone() }),
            leaf(1, None, &Decision { page: "x", ..blank.clone() }),
            leaf(1, None, &Decision { banner: "x", ..blank.clone() }),
            leaf(1, None, &Decision { decided_at: 1, ..blank.clone() }),
            leaf(1, None, &Decision { recorded_at: 1, ..blank.clone() }),
            leaf(1, None, &Decision { choices: "x", ..blank.clone() }),
            leaf(1, None, &Decision { device: "x", ..blank.clone() }),
            leaf(1, None, &Decision { device: "y", ..blank }),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
