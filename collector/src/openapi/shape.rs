//! The schemas of single values.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A regular expression of what has no NUL in it: PostgreSQL's texts have none.
pub const NO_NUL: &str = "^[^\\u0000]*$";
/// A regular expression of what has something to be seen in it, and no control character.
pub const PLAIN: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// A site's key.
#[must_use]
pub fn site() -> Schema {
    json_schema!({ "type": "string", "pattern": "^[a-z0-9-]{1,32}$", "examples": ["shop"] })
}

/// The same, for a field.
pub fn site_key(_: &mut SchemaGenerator) -> Schema {
    site()
}

/// A day.
#[must_use]
pub fn day() -> Schema {
    json_schema!({
        "type": "string",
        "format": "date",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "examples": ["2026-11-22"],
    })
}

/// First and last day.
pub fn days(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "prefixItems": [day(), day()],
        "items": false,
        "minItems": 2,
        "maxItems": 2,
    })
}

/// Milliseconds since 1970.
#[must_use]
pub fn moment() -> Schema {
    json_schema!({ "type": "integer", "format": "int64", "minimum": 0, "examples": [1_795_687_200_000_i64] })
}

/// The same, for a field.
pub fn millis(_: &mut SchemaGenerator) -> Schema {
    moment()
}

/// The same, or null.
pub fn maybe_millis(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "null"], "format": "int64", "minimum": 0 })
}

/// A lead's id.
#[must_use]
pub fn lead() -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$",
        "description": "128 bits, as base64url",
    })
}

/// The same, for a field.
pub fn lead_id(_: &mut SchemaGenerator) -> Schema {
    lead()
}

/// Ids of leads.
pub fn lead_ids(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": lead() })
}

const UUID7: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

/// A lead in an address: its id, or the UUIDv7 under which another system gave it.
#[must_use]
pub fn lead_or_uuid7() -> Schema {
    json_schema!({ "type": "string", "pattern": format!("^[A-Za-z0-9_-]{{21}}[AQgw]$|{UUID7}") })
}

/// A UUIDv7 (RFC 9562).
pub fn uuid7(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": UUID7 })
}

/// The same, or null.
pub fn maybe_uuid7(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "pattern": UUID7 })
}

/// Values by name, each a text.
pub fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
}
