//! The receipt: the proof of a decision that the collector signs and the visitor keeps.
//!
//! Fields are named after ISO/IEC TS 27560:2023 where that has one. It holds no address of the
//! visitor's machine and no secret: `pii_principal_id` is the keyed hash by which one site knows
//! one browser.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    choices::Method,
    ids::{PurposeKey, ReceiptId, ServiceKey, SiteKey, Uuid7, VisitorHash},
    time::Millis,
};

/// The version of this form of receipt.
pub const SCHEMA_VERSION: &str = "ashiato-receipt-1";

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The receipt's id.
    pub record_id: ReceiptId,
    /// Who; null where nothing granted needs to know one visitor from another.
    pub pii_principal_id: Option<VisitorHash>,
    /// The site.
    pub site: SiteKey,
    /// The decision's id.
    pub decision_id: Uuid7,
    /// The receipt of the decision that this one replaces.
    pub previous: Option<ReceiptId>,
    /// The policy revision.
    pub revision: u32,
    /// The exact wording that was in force: SHA-256 of the site's texts and purposes, base64url.
    pub wording: String,
    /// Where the policy can be read.
    pub privacy_notice: String,
    /// The language it was shown in.
    pub language: String,
    /// The page it was decided on.
    pub page: String,
    /// The version of the banner.
    pub banner: String,
    /// By which act.
    pub collection_method: Method,
    /// When it was decided, by the page's clock.
    pub decided_at: Millis,
    /// When the collector recorded it, in milliseconds since 1970.
    pub event_time: Millis,
    /// How long it holds, in milliseconds.
    pub validity_duration: i64,
    /// Every purpose that was asked, granted or not.
    pub purposes: Vec<PurposeState>,
    /// Who is responsible.
    pub pii_controllers: Vec<Party>,
    /// How to take it back.
    pub withdrawal_method: String,
    /// Its place in the consent log.
    pub log: LogPlace,
}

/// One purpose in a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeState {
    /// The purpose.
    pub purpose: PurposeKey,
    /// Whether it was granted.
    pub event_state: EventState,
    /// Its services that were granted.
    pub services: Vec<ServiceKey>,
}

/// States of consent, named after the Data Privacy Vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventState {
    /// Granted.
    ConsentGiven,
    /// Not granted.
    ConsentRefused,
    /// Granted before and taken back.
    ConsentWithdrawn,
}

/// A controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its name.
    pub party_name: String,
    /// `controller`.
    pub party_role: String,
    /// How to reach it.
    pub party_contact: String,
}

/// A place in the consent log, and what it takes to work out the leaf there: that is the hash of a
/// commitment to the receipt's text, to `row` and to `salt`, without which it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// The leaf, from 0.
    pub index: i64,
    /// 32 random bytes, base64url.
    pub salt: String,
    /// The digest of everything that was recorded beside the receipt: 32 bytes, base64url.
    pub row: String,
}
