//! Whether an event is one of those that are asked for. Each different text is looked at once, however many events have it.

use std::sync::Arc;

use crate::columns::{Event, Members, Table, Text, Wanted};

use super::{Dimension, Filter};

/// The texts of a dimension: in which column they stand, and what is read from it.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A column as it is.
    Column(fn(&Event) -> Text),
    /// A property of what stands in the column of properties.
    Property(String),
}

impl Source {
    /// Of a dimension; a time has none.
    pub(crate) fn of(dimension: &Dimension) -> Option<Self> {
        Some(match dimension {
            Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => return None,
            Dimension::Page => Self::Column(|event| event.page),
            Dimension::Title => Self::Column(|event| event.title),
            Dimension::Referrer => Self::Column(|event| event.referrer),
            Dimension::Event => Self::Column(|event| event.name),
            Dimension::Purpose => Self::Column(|event| event.purpose),
            Dimension::Service => Self::Column(|event| event.service),
            Dimension::Language => Self::Column(|event| event.language),
            Dimension::Device => Self::Column(|event| event.device),
            Dimension::Property(name) => Self::Property(name.clone()),
        })
    }

    /// The text of an event that says it, or that it is read from.
    #[inline]
    pub(crate) fn text(&self, event: &Event) -> Text {
        match self {
            Self::Column(column) => column(event),
            Self::Property(_) => event.properties.unwrap_or(Text::EMPTY),
        }
    }

    /// What a text says of it.
    pub(crate) fn says(&self, text: &str) -> String {
        match self {
            Self::Column(_) => text.to_owned(),
            Self::Property(name) => property(text, name),
        }
    }
}

/// A property as text; nothing where there is none of that name.
fn property(properties: &str, name: &str) -> String {
    use serde_json::Value;
    let Ok(Value::Object(object)) = serde_json::from_str(properties) else { return String::new() };
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The value of a dimension of an event; nothing where it has none.
#[must_use]
pub fn value(dimension: &Dimension, event: &Event, table: &Table) -> String {
    let said = |source: Source| source.says(table.text(source.text(event)));
    Source::of(dimension).map_or_else(String::new, said)
}

/// The columns that a dimension stands in.
#[must_use]
pub const fn column(dimension: &Dimension) -> Wanted {
    match dimension {
        Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => Wanted::NONE,
        Dimension::Page => Wanted::PAGE,
        Dimension::Title => Wanted::TITLE,
        Dimension::Referrer => Wanted::REFERRER,
        Dimension::Event => Wanted::NAME,
        Dimension::Purpose => Wanted::PURPOSE,
        Dimension::Service => Wanted::SERVICE,
        Dimension::Language => Wanted::LANGUAGE,
        Dimension::Device => Wanted::DEVICE,
        Dimension::Property(_) => Wanted::PROPERTIES,
    }
}

/// The columns that filters look at.
#[must_use]
pub fn columns(filters: &[Filter]) -> Wanted {
    let of = |filter: &Filter| match filter {
        Filter::Is(dimension, _) | Filter::Contains(dimension, _) => column(dimension),
        Filter::And(parts) | Filter::Or(parts) => columns(parts),
        Filter::Not(part) => columns(std::slice::from_ref(part)),
        Filter::Theirs => Wanted::NONE,
    };
    filters.iter().map(of).fold(Wanted::NONE, |all, one| all | one)
}

/// Conditions on an event, all of which must hold; none: every event.
#[derive(Clone, Debug, Default)]
pub struct Matching(Vec<Test>);

#[derive(Clone, Debug)]
enum Test {
    Text(Judged),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Theirs(Arc<Members>),
}

/// A condition on one text of an event, and what was found of each text so far.
#[derive(Clone, Debug)]
struct Judged {
    source: Source,
    values: Vec<String>,
    /// Whether a part is enough.
    part: bool,
    found: Vec<Option<bool>>,
}

impl Matching {
    /// Of filters as they were read.
    #[must_use]
    pub fn of(filters: &[Filter]) -> Self {
        Self::among(filters, None)
    }

    /// The same where some visitors are asked about.
    #[must_use]
    pub fn among(filters: &[Filter], members: Option<&Arc<Members>>) -> Self {
        Self(filters.iter().map(|filter| Test::of(filter, members)).collect())
    }

    /// Whether the event is one of those.
    pub fn holds(&mut self, event: &Event, table: &Table) -> bool {
        self.0.iter_mut().all(|test| test.holds(event, table))
    }
}

impl Test {
    fn of(filter: &Filter, members: Option<&Arc<Members>>) -> Self {
        let all = |parts: &[Filter]| parts.iter().map(|part| Self::of(part, members)).collect();
        let judged = |dimension: &Dimension, values: &[String], part| {
            let of = |source| Judged { source, values: values.to_vec(), part, found: Vec::new() };
            // A time is no text, and is none of any.
            Source::of(dimension).map_or(Self::Any(Vec::new()), |source| Self::Text(of(source)))
        };
        match filter {
            Filter::Is(dimension, values) => judged(dimension, values, false),
            Filter::Contains(dimension, values) => judged(dimension, values, true),
            Filter::And(parts) => Self::All(all(parts)),
            Filter::Or(parts) => Self::Any(all(parts)),
            Filter::Not(part) => Self::Not(Box::new(Self::of(part, members))),
            // Of nothing at all everything holds.
            Filter::Theirs => members.map_or(Self::All(Vec::new()), |it| Self::Theirs(it.clone())),
        }
    }

    fn holds(&mut self, event: &Event, table: &Table) -> bool {
        match self {
            Self::Text(judged) => judged.holds(event, table),
            Self::All(tests) => tests.iter_mut().all(|test| test.holds(event, table)),
            Self::Any(tests) => tests.iter_mut().any(|test| test.holds(event, table)),
            Self::Not(test) => !test.holds(event, table),
            Self::Theirs(members) => members.have(event),
        }
    }
}

impl Judged {
    fn holds(&mut self, event: &Event, table: &Table) -> bool {
        let text = self.source.text(event);
        let at = text.index();
        if let Some(Some(found)) = self.found.get(at) {
            return *found;
        }
        let found = self.judge(&self.source.says(table.text(text)));
        if self.found.len() <= at {
            self.found.resize(table.texts().max(at + 1), None);
        }
        self.found[at] = Some(found);
        found
    }

    fn judge(&self, said: &str) -> bool {
        if self.part {
            self.values.iter().any(|value| said.contains(value.as_str()))
        } else {
            self.values.iter().any(|value| value == said)
        }
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
        assert_eq!(columns(&all), Wanted::PAGE | Wanted::TITLE | Wanted::PROPERTIES);
    }
}
