//! The names of what can be asked, and filters as they are written.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::MAX_COLUMNS;
use crate::{
    openapi::shape,
    store::questions::{Dimension, Filter, Metric},
};

/// Every metric's name.
pub const METRICS: [(&str, Metric); 5] = [
    ("visitors", Metric::Visitors),
    ("visits", Metric::Visits),
    ("page_views", Metric::PageViews),
    ("events", Metric::Events),
    ("engaged_ms", Metric::EngagedTime),
];

/// Every dimension's name but those of properties.
pub const DIMENSIONS: [(&str, Dimension); 12] = [
    ("time:hour", Dimension::Hour),
    ("time:day", Dimension::Day),
    ("time:week", Dimension::Week),
    ("time:month", Dimension::Month),
    ("page", Dimension::Page),
    ("title", Dimension::Title),
    ("referrer", Dimension::Referrer),
    ("event", Dimension::Event),
    ("purpose", Dimension::Purpose),
    ("service", Dimension::Service),
    ("language", Dimension::Language),
    ("device", Dimension::Device),
];

/// Before a property's name.
const PROPERTY: &str = "property:";
/// Characters of a property's name, at most.
const MAX_NAME: usize = 64;
/// Filters inside one another, at most.
const MAX_DEPTH: u32 = 5;
/// Values of one condition, at most.
const MAX_OF_ONE: usize = 100;
/// Values of all filters together, at most.
const MAX_VALUES: usize = 500;
/// Filters in a list, at most.
const MAX_LIST: usize = 20;

pub(super) fn metric(name: &str) -> Option<Metric> {
    METRICS.iter().find(|(known, _)| *known == name).map(|(_, metric)| *metric)
}

pub(crate) fn dimension(name: &str) -> Option<Dimension> {
    if let Some(property) = name.strip_prefix(PROPERTY) {
        let good = !property.is_empty()
            && property.chars().count() <= MAX_NAME
            && !property.chars().any(char::is_control);
        return good.then(|| Dimension::Property(property.to_owned()));
    }
    DIMENSIONS.iter().find(|(known, _)| *known == name).map(|(_, dimension)| dimension.clone())
}

pub(super) fn metrics() -> String {
    METRICS.map(|(name, _)| name).join(", ")
}

pub(crate) fn dimensions() -> String {
    format!("{}, {PROPERTY}NAME", DIMENSIONS.map(|(name, _)| name).join(", "))
}

/// The rows to pass over that a cursor names.
pub(super) fn offset(cursor: &str) -> Option<u32> {
    let plain = cursor.bytes().all(|byte| byte.is_ascii_digit()) && cursor.len() < 10;
    cursor.parse().ok().filter(|_| plain)
}

pub(super) fn metrics_schema(_: &mut SchemaGenerator) -> Schema {
    let names = METRICS.map(|(name, _)| name);
    let items = json!({ "type": "string", "enum": names });
    json_schema!({ "type": "array", "items": items, "minItems": 1, "maxItems": MAX_COLUMNS })
}

pub(crate) fn dimension_schema(times: bool) -> Value {
    let names = DIMENSIONS.iter().filter(|(_, own)| times || !own.is_time());
    let names: Vec<_> = names.map(|(name, _)| *name).collect();
    let property = format!("^{PROPERTY}[^\\u0000-\\u001f\\u007f-\\u009f]{{1,{MAX_NAME}}}$");
    json!({ "type": "string", "anyOf": [{ "enum": names }, { "pattern": property }] })
}

pub(super) fn dimensions_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": dimension_schema(true),
        "maxItems": MAX_COLUMNS,
        "uniqueItems": true,
    })
}

/// A list of filters; those inside others have a schema of their own for each depth.
pub(crate) fn filters_schema(generator: &mut SchemaGenerator) -> Schema {
    let mut inner = None;
    for depth in (1..=MAX_DEPTH).rev() {
        let name = if depth == 1 { "Filter".to_owned() } else { format!("Filter{depth}") };
        let schema = filter_schema(inner.as_ref());
        generator.definitions_mut().insert(name.clone(), schema);
        let path = &generator.settings().definitions_path;
        inner = Some(json!({ "$ref": format!("#{path}/{name}") }));
    }
    json_schema!({ "type": "array", "items": inner, "maxItems": MAX_LIST })
}

fn filter_schema(inner: Option<&Value>) -> Value {
    let list = |parts: Value, about: &str| {
        let length = parts.as_array().map_or(0, Vec::len);
        json!({
            "type": "array", "prefixItems": parts, "items": false,
            "minItems": length, "maxItems": length, "description": about,
        })
    };
    let values = |least: usize| {
        let text = json!({ "type": "string", "minLength": least, "pattern": shape::NO_NUL });
        json!({ "type": "array", "items": text, "minItems": 1, "maxItems": MAX_OF_ONE })
    };
    let is = json!([{ "enum": ["is", "is_not"] }, dimension_schema(false), values(0)]);
    let contains =
        json!([{ "enum": ["contains", "contains_not"] }, dimension_schema(false), values(1)]);
    let mut ways = vec![
        list(is, "It is, or is not, one of the values"),
        list(contains, "It contains, or does not contain, one of the values"),
    ];
    if let Some(inner) = inner {
        let filters =
            json!({ "type": "array", "items": inner, "minItems": 1, "maxItems": MAX_LIST });
        ways.push(list(json!([{ "enum": ["and", "or"] }, filters]), "All, or one, of these hold"));
        ways.push(list(json!([{ "const": "not" }, inner]), "This does not hold"));
    }
    json!({ "anyOf": ways })
}

pub(super) fn compare_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["previous_period", null] })
}

pub(super) fn after_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "pattern": "^[0-9]{1,9}$" })
}

/// What is told of a fault: the field, a code, and the message.
type Fault<'a> = &'a mut dyn FnMut(String, &'static str, String);

/// Reads filters, all of which must hold; what is wrong with each is told by its place.
pub(crate) fn filters(
    given: &[Value],
    fault: &mut impl FnMut(String, &'static str, String),
) -> Vec<Filter> {
    let mut reading = Reading { fault, values: 0 };
    let filters = reading.list("filters", given, 1);
    if reading.values > MAX_VALUES {
        let message = format!("{MAX_VALUES} values at most in all filters");
        (reading.fault)("filters".to_owned(), "count", message);
    }
    filters
}

struct Reading<'a> {
    fault: Fault<'a>,
    values: usize,
}

impl Reading<'_> {
    fn wrong(&mut self, place: &str, message: impl Into<String>) {
        (self.fault)(place.to_owned(), "invalid", message.into());
    }

    fn list(&mut self, place: &str, given: &[Value], depth: u32) -> Vec<Filter> {
        if given.len() > MAX_LIST {
            let message = format!("{MAX_LIST} filters at most in one list");
            (self.fault)(place.to_owned(), "count", message);
            return Vec::new();
        }
        let read = |(at, filter)| self.filter(&format!("{place}[{at}]"), filter, depth);
        given.iter().enumerate().filter_map(read).collect()
    }

    fn filter(&mut self, place: &str, given: &Value, depth: u32) -> Option<Filter> {
        if depth > MAX_DEPTH {
            self.wrong(place, format!("filters stand {MAX_DEPTH} deep at most"));
            return None;
        }
        let parts = given.as_array().map(Vec::as_slice).unwrap_or_default();
        let (operator, rest) = match parts.split_first() {
            Some((Value::String(operator), rest)) => (operator.as_str(), rest),
            _ => {
                self.wrong(place, "a filter is a list that begins with its operator");
                return None;
            }
        };
        match (operator, rest) {
            ("and" | "or", [Value::Array(inner)]) if !inner.is_empty() => {
                let inner = self.list(&format!("{place}[1]"), inner, depth + 1);
                Some(if operator == "and" { Filter::And(inner) } else { Filter::Or(inner) })
            }
            ("and" | "or", _) => {
                self.wrong(place, format!("write [{operator:?}, [FILTER, …]]"));
                None
            }
            ("not", [inner]) => {
                let inner = self.filter(&format!("{place}[1]"), inner, depth + 1)?;
                Some(Filter::Not(Box::new(inner)))
            }
            ("not", _) => {
                self.wrong(place, "write [\"not\", FILTER]");
                None
            }
            ("is" | "is_not" | "contains" | "contains_not", [name, Value::Array(values)]) => {
                self.condition(place, operator, name, values)
            }
            ("is" | "is_not" | "contains" | "contains_not", _) => {
                self.wrong(place, format!("write [{operator:?}, DIMENSION, [VALUE, …]]"));
                None
            }
            _ => {
                let known = "is, is_not, contains, contains_not, and, or, not";
                self.wrong(place, format!("{operator:?} is not one of {known}"));
                None
            }
        }
    }

    fn condition(
        &mut self,
        place: &str,
        operator: &str,
        name: &Value,
        values: &[Value],
    ) -> Option<Filter> {
        let found = name.as_str().and_then(dimension).filter(|found| !found.is_time());
        let Some(found) = found else {
            let known = DIMENSIONS.iter().filter(|(_, dimension)| !dimension.is_time());
            let known: Vec<_> = known.map(|(name, _)| *name).collect();
            let known = known.join(", ");
            self.wrong(
                place,
                format!("{name} is not one of {known}, {PROPERTY}NAME; times go by date_range"),
            );
            return None;
        };
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        let Some(texts) = texts.filter(|texts| (1..=MAX_OF_ONE).contains(&texts.len())) else {
            self.wrong(place, format!("1 to {MAX_OF_ONE} values, each a text"));
            return None;
        };
        if texts.iter().any(|text| text.contains('\0')) {
            self.wrong(place, "no event has a NUL in a text");
            return None;
        }
        self.values += texts.len();
        let filter = if operator.starts_with("is") {
            Filter::Is(found, texts)
        } else if texts.iter().any(String::is_empty) {
            self.wrong(place, "everything contains an empty text");
            return None;
        } else {
            Filter::Contains(found, texts)
        };
        Some(if operator.ends_with("_not") { Filter::Not(Box::new(filter)) } else { filter })
    }
}
