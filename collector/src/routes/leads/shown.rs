//! Leads as they are answered.

use std::collections::BTreeMap;

use consent_core::{ids::LeadId, time::Millis};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use crate::{
    intake::handout::Mail,
    keys::leads::Fields,
    openapi::shape,
    store::leads::{calls::Made, read::Stored},
};

/// A lead.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Lead<'a> {
    /// Its id.
    #[schemars(schema_with = "shape::lead_id")]
    id: LeadId,
    /// The form by which it came, or nothing.
    form: &'a str,
    /// Where it came from.
    #[schemars(schema_with = "origin")]
    origin: &'a str,
    /// What was filled in, by the keys of the form's fields; null in pages where the lead is locked and came by no form.
    fields: Option<&'a Fields>,
    /// What was agreed to beside that.
    #[schemars(with = "Option<BTreeMap<String, bool>>")]
    agreements: Value,
    /// The page.
    page: &'a str,
    /// When it came.
    #[schemars(schema_with = "shape::millis")]
    received_at: Millis,
    /// When it last changed.
    #[schemars(schema_with = "shape::millis")]
    changed_at: Millis,
    /// Counts changes, from 1: the entity tag that `If-Match` takes.
    #[schemars(range(min = 1))]
    version: i64,
    /// Whether it is tied to a visitor, by a consent that holds.
    linked: bool,
    /// Since when.
    #[schemars(schema_with = "shape::maybe_millis")]
    linked_at: Option<Millis>,
    /// On what ground its person may be contacted.
    #[schemars(schema_with = "ground")]
    ground: &'a str,
    /// Since when; null where the lead is locked.
    #[schemars(schema_with = "shape::maybe_millis")]
    ground_since: Option<Millis>,
    /// Whether its person may not be contacted.
    locked: bool,
    /// The link by which its person stops mail (RFC 8058), with `usable=true`; null where it has no e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_url: Option<Option<String>>,
}

impl<'a> Lead<'a> {
    /// A lead, with what was filled in where that is opened. The bearer of the token has been seen to have the scope
    /// for it.
    pub(super) fn of(lead: &'a Stored, fields: Option<&'a Fields>) -> Self {
        Self {
            id: lead.id,
            form: &lead.form,
            origin: &lead.origin,
            fields,
            agreements: serde_json::from_str(&lead.agreements).unwrap_or(Value::Null),
            page: &lead.page,
            received_at: lead.received_at,
            changed_at: lead.changed_at,
            version: lead.version,
            linked: lead.linked_at.is_some(),
            linked_at: lead.linked_at,
            ground: &lead.ground,
            ground_since: lead.ground_since,
            locked: lead.ground_since.is_none(),
            stop_url: None,
        }
    }
}

fn origin(_: &mut SchemaGenerator) -> Schema {
    let names = consent_core::lead::Origin::ALL.map(consent_core::lead::Origin::as_str);
    json_schema!({ "enum": names })
}

fn ground(_: &mut SchemaGenerator) -> Schema {
    let names = consent_core::lead::Ground::ALL.map(consent_core::lead::Ground::as_str);
    json_schema!({ "enum": names })
}

/// A page of leads.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Leads")]
pub(super) struct Page<'a> {
    /// The leads of this page.
    pub(super) results: Vec<Lead<'a>>,
    /// What to send as `after` for more; null where there is no more.
    pub(super) next: Option<String>,
    /// What to give as `changed_since` the next time: what changes from now on is not missed.
    #[schemars(schema_with = "shape::millis")]
    pub(super) as_of: Millis,
    /// What a mail to them must show, with `usable=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mail: Option<Mail<'a>>,
}

/// What came of giving or changing a lead.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LeadOutcome")]
pub(super) struct Outcome {
    /// The lead.
    #[schemars(schema_with = "shape::lead_id")]
    id: LeadId,
    /// Whether it was there before.
    #[schemars(schema_with = "outcome")]
    outcome: &'static str,
    /// Its version now.
    #[schemars(range(min = 1))]
    version: i64,
    /// Whether it is locked, since its person has said stop to mail.
    locked: bool,
}

impl From<&Made> for Outcome {
    fn from(made: &Made) -> Self {
        let outcome = if made.updated { "updated" } else { "added" };
        Self { id: made.lead, outcome, version: made.version, locked: made.locked }
    }
}

fn outcome(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["added", "updated"] })
}
