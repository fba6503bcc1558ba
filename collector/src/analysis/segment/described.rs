//! A segment's definition as `/api/openapi.json` describes it: with a schema of its own for each depth.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{Definition, Did, FIELD, MAX_CONDITIONS, MAX_DEPTH, MAX_OF_ONE, OfLead};
use crate::{analysis::asked::MAX_DAYS, openapi::shape};

/// The name of its schema.
pub const NAME: &str = "Segment";

impl JsonSchema for Definition {
    fn schema_name() -> Cow<'static, str> {
        NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let path = generator.settings().definitions_path.clone();
        let (did, lead) = (generator.subschema_for::<Did>(), generator.subschema_for::<OfLead>());
        let mut inner = ways(None, &did, &lead);
        for depth in (1..=MAX_DEPTH).rev() {
            let name = format!("{NAME}{}", depth + 1);
            let reference = json!({ "$ref": format!("#{path}/{name}") });
            generator.definitions_mut().insert(name, inner);
            inner = ways(Some(&reference), &did, &lead);
        }
        let about = format!(
            "What holds of a segment's visitors: {MAX_CONDITIONS} conditions at most. What people wrote freely into a \
             form is no condition but by whether they did."
        );
        json_schema!({ "description": about, "anyOf": inner["anyOf"] })
    }
}

fn ways(inner: Option<&Value>, did: &Schema, lead: &Schema) -> Value {
    let way = |name: &str, about: &str, of: &Value| {
        json!({
            "type": "object", "description": about, "properties": { name: of }, "required": [name],
            "additionalProperties": false,
        })
    };
    let (did, lead) = (did.clone().to_value(), lead.clone().to_value());
    let mut ways = vec![
        way("did", "They did it", &did),
        way("did_not", "They did not, or not as often", &did),
        way("lead", "A lead is linked to them of which this holds", &lead),
    ];
    if let Some(inner) = inner {
        let parts =
            json!({ "type": "array", "items": inner, "minItems": 1, "maxItems": MAX_CONDITIONS });
        ways.push(way("all", "All of these hold", &parts));
        ways.push(way("any", "At least one of these holds", &parts));
    }
    json!({ "anyOf": ways })
}

impl JsonSchema for OfLead {
    fn schema_name() -> Cow<'static, str> {
        "LeadCondition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let values = json!({
            "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": MAX_OF_ONE,
        });
        let none = json!({ "type": "null" });
        let own = json!({ "type": "string", "pattern": format!("^{FIELD}") });
        let way = |about: &str, field: &Value, is: &Value, filled: &Value, required: &[&str]| {
            json!({
                "type": "object", "description": about, "required": required, "additionalProperties": false,
                "properties": { "field": field, "is": is, "filled": filled },
            })
        };
        let form = json!({ "type": "string", "enum": ["form", "origin"] });
        let filled = json!({ "type": "boolean" });
        let chosen = format!("One of these was chosen in the form's field: `{FIELD}KEY`");
        json_schema!({ "anyOf": [
            way("There is one", &none, &none, &none, &[]),
            way("It came by one of these forms, or from one of these places", &form, &values, &none, &["field", "is"]),
            way(&chosen, &own, &values, &none, &["field", "is"]),
            way("The form's field was filled in, or was not", &own, &none, &filled, &["field", "filled"]),
        ] })
    }
}

/// Days up to today, or null.
pub(super) fn last_days(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "null"], "minimum": 1, "maximum": MAX_DAYS })
}

/// First and last day, or null.
pub(super) fn maybe_days(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [shape::days(generator), { "type": "null" }] })
}
