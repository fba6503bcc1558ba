//! Whether an event is one of those that are asked for. Each text is judged once, however many events have it.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    columns::{Event, Table, Text, Wanted},
    store::questions::{Dimension, Filter},
};

/// Conditions on an event, all of which must hold; none: every event.
#[derive(Clone, Debug, Default)]
pub struct Matching(Vec<Test>);

#[derive(Clone, Debug)]
enum Test {
    Text(Judged),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// A condition on one text of an event, and what was found of each text so far.
#[derive(Clone, Debug)]
struct Judged {
    dimension: Dimension,
    values: Vec<String>,
    /// Whether a part is enough.
    part: bool,
    found: Vec<Option<bool>>,
    /// Of an event without properties.
    without: bool,
}

impl Matching {
    /// Of filters as they were read.
    #[must_use]
    pub fn of(filters: &[Filter]) -> Self {
        Self(filters.iter().map(test).collect())
    }

    /// Whether the event is one of those.
    pub fn holds(&mut self, event: &Event, texts: &Table) -> bool {
        self.0.iter_mut().all(|test| test.holds(event, texts))
    }
}

fn test(filter: &Filter) -> Test {
    let judged = |dimension: &Dimension, values: &[String], part| {
        let (dimension, values) = (dimension.clone(), values.to_vec());
        let mut judged = Judged { dimension, values, part, found: Vec::new(), without: false };
        judged.without = judged.judge("");
        Test::Text(judged)
    };
    match filter {
        Filter::Is(dimension, values) => judged(dimension, values, false),
        Filter::Contains(dimension, values) => judged(dimension, values, true),
        Filter::And(parts) => Test::All(parts.iter().map(test).collect()),
        Filter::Or(parts) => Test::Any(parts.iter().map(test).collect()),
        Filter::Not(part) => Test::Not(Box::new(test(part))),
    }
}

impl Test {
    fn holds(&mut self, event: &Event, texts: &Table) -> bool {
        match self {
            Self::Text(judged) => judged.holds(event, texts),
            Self::All(tests) => tests.iter_mut().all(|test| test.holds(event, texts)),
            Self::Any(tests) => tests.iter_mut().any(|test| test.holds(event, texts)),
            Self::Not(test) => !test.holds(event, texts),
        }
    }
}

impl Judged {
    fn holds(&mut self, event: &Event, texts: &Table) -> bool {
        let Some(text) = text_of(&self.dimension, event) else { return self.without };
        let at = text.index();
        if let Some(Some(found)) = self.found.get(at) {
            return *found;
        }
        let found = self.judge(&shown(&self.dimension, texts.text(text)));
        if self.found.len() <= at {
            self.found.resize(at + 1, None);
        }
        self.found[at] = Some(found);
        found
    }

    fn judge(&self, text: &str) -> bool {
        if self.part {
            self.values.iter().any(|value| text.contains(value.as_str()))
        } else {
            self.values.iter().any(|value| value == text)
        }
    }
}

/// The columns that filters look at.
#[must_use]
pub fn wanted(filters: &[Filter]) -> Wanted {
    filters.iter().fold(Wanted::NONE, |wanted, filter| {
        wanted
            | match filter {
                Filter::Is(dimension, _) | Filter::Contains(dimension, _) => column(dimension),
                Filter::And(parts) | Filter::Or(parts) => self::wanted(parts),
                Filter::Not(part) => self::wanted(std::slice::from_ref(part)),
            }
    })
}

/// The column that a dimension looks at.
#[must_use]
pub const fn column(dimension: &Dimension) -> Wanted {
    match dimension {
        Dimension::Page => Wanted::PAGE,
        Dimension::Title => Wanted::TITLE,
        Dimension::Referrer => Wanted::REFERRER,
        Dimension::Event => Wanted::NAME,
        Dimension::Purpose => Wanted::PURPOSE,
        Dimension::Service => Wanted::SERVICE,
        Dimension::Property(_) => Wanted::PROPERTIES,
        Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => Wanted::NONE,
    }
}

/// Which text of an event a dimension looks at; none where it has none.
const fn text_of(dimension: &Dimension, event: &Event) -> Option<Text> {
    match dimension {
        Dimension::Page => Some(event.page),
        Dimension::Title => Some(event.title),
        Dimension::Referrer => Some(event.referrer),
        Dimension::Event => Some(event.name),
        Dimension::Purpose => Some(event.purpose),
        Dimension::Service => Some(event.service),
        Dimension::Property(_) => event.properties,
        // Times go by the days that are asked for: no filter has one.
        Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => None,
    }
}

/// The value of a dimension, of the text that it looks at.
fn shown<'a>(dimension: &Dimension, text: &'a str) -> Cow<'a, str> {
    match dimension {
        Dimension::Property(name) => Cow::Owned(property(text, name)),
        _ => Cow::Borrowed(text),
    }
}

/// The value of a dimension of an event; empty where it has none.
#[must_use]
pub fn value<'a>(dimension: &Dimension, event: &Event, texts: &'a Table) -> Cow<'a, str> {
    text_of(dimension, event).map_or(Cow::Borrowed(""), |text| shown(dimension, texts.text(text)))
}

/// A property as text, as the database would write it.
fn property(properties: &str, name: &str) -> String {
    let Ok(Value::Object(mut all)) = serde_json::from_str(properties) else {
        return String::new();
    };
    match all.remove(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    #[test]
    fn properties_are_compared_as_text() {
        let properties = r#"{"plan":"pro","seats":3,"trial":true,"none":null}"#;
        let of = |name| property(properties, name);
        assert_eq!(["plan", "seats", "trial", "none", "x"].map(of), ["pro", "3", "true", "", ""]);
        assert_eq!(property("[1]", "plan"), "");
    }

    #[test]
    fn conditions_hold_within_one_another_and_are_found_again_for_a_text_that_came_before() {
        let properties = Some(r#"{"plan":"pro"}"#);
        let mut events = [
            New { at: 1, name: "page_view", page: "/a", ..New::default() },
            New { at: 2, name: "click", page: "/ab", properties, ..New::default() },
        ];
        let table = table(&mut events).unwrap();
        let page = || Filter::Contains(Dimension::Page, vec!["/a".to_owned()]);
        let plan = |value: &str| {
            Filter::Is(Dimension::Property("plan".to_owned()), vec![value.to_owned()])
        };
        let name = Filter::Is(Dimension::Event, vec!["click".to_owned(), "tap".to_owned()]);
        let cases = [
            (vec![], [true, true]),
            (vec![page()], [true, true]),
            (vec![page(), name.clone()], [false, true]),
            (vec![plan("")], [true, false]),
            (vec![Filter::Not(Box::new(plan("pro")))], [true, false]),
            (vec![Filter::Or(vec![plan(""), name.clone()])], [true, true]),
            (vec![Filter::And(vec![plan(""), name])], [false, false]),
        ];
        for (filters, expected) in cases {
            let mut matching = Matching::of(&filters);
            for _ in 0..2 {
                let found: Vec<_> =
                    table.events().map(|event| matching.holds(&event, &table)).collect();
                assert_eq!(found, expected, "{filters:?}");
            }
        }
    }

    #[test]
    fn every_column_that_is_looked_at_is_wanted() {
        let is = |dimension| Filter::Is(dimension, vec![String::new()]);
        let nested =
            Filter::Not(Box::new(Filter::Or(vec![is(Dimension::Page), is(Dimension::Title)])));
        let all = [nested, is(Dimension::Property("plan".to_owned()))];
        assert_eq!(wanted(&all), Wanted::PAGE | Wanted::TITLE | Wanted::PROPERTIES);
    }
}
