//! Conditions on events, each looked at once for every different text.

use crate::columns::{Event, Table, Text, Wanted};

use super::{Dimension, Filter};

/// The texts of a dimension: in which column they stand, and what is read from it.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A column as it is.
    Column(fn(&Event) -> Text),
    /// A property of what stands in the column of properties.
    Property(String),
}

impl Source {
    /// Of a dimension; a time has none.
    pub(super) fn of(dimension: &Dimension) -> Option<Self> {
        Some(match dimension {
            Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => return None,
            Dimension::Page => Self::Column(|event| event.page),
            Dimension::Title => Self::Column(|event| event.title),
            Dimension::Referrer => Self::Column(|event| event.referrer),
            Dimension::Event => Self::Column(|event| event.name),
            Dimension::Purpose => Self::Column(|event| event.purpose),
            Dimension::Service => Self::Column(|event| event.service),
            Dimension::Property(name) => Self::Property(name.clone()),
        })
    }

    /// The text of an event that says it, or that it is read from.
    #[inline]
    pub(super) fn text(&self, event: &Event) -> Text {
        match self {
            Self::Column(column) => column(event),
            Self::Property(_) => event.properties.unwrap_or(Text::EMPTY),
        }
    }

    /// What a text says of it.
    pub(super) fn says(&self, text: &str) -> String {
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

/// The columns that a dimension stands in.
pub(super) fn wanted(dimension: &Dimension) -> Wanted {
    match dimension {
        Dimension::Hour | Dimension::Day | Dimension::Week | Dimension::Month => Wanted::NONE,
        Dimension::Page => Wanted::PAGE,
        Dimension::Title => Wanted::TITLE,
        Dimension::Referrer => Wanted::REFERRER,
        Dimension::Event => Wanted::NAME,
        Dimension::Purpose => Wanted::PURPOSE,
        Dimension::Service => Wanted::SERVICE,
        Dimension::Property(_) => Wanted::PROPERTIES,
    }
}

/// The columns that a filter looks at.
pub(super) fn columns(filter: &Filter) -> Wanted {
    match filter {
        Filter::Is(dimension, _) | Filter::Contains(dimension, _) => wanted(dimension),
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().map(columns).fold(Wanted::NONE, |all, one| all | one)
        }
        Filter::Not(part) => columns(part),
    }
}

/// A filter on a table's events.
pub(super) enum Test<'f> {
    /// On a text: what is found out of each is kept.
    Text {
        source: Source,
        known: Vec<Option<bool>>,
        holds: Box<dyn Fn(&str) -> bool + 'f>,
    },
    All(Vec<Test<'f>>),
    Any(Vec<Test<'f>>),
    Not(Box<Test<'f>>),
}

impl<'f> Test<'f> {
    pub(super) fn all(filters: &'f [Filter], texts: usize) -> Self {
        Self::All(filters.iter().map(|filter| Self::of(filter, texts)).collect())
    }

    fn of(filter: &'f Filter, texts: usize) -> Self {
        let text = |dimension: &Dimension, holds: Box<dyn Fn(&str) -> bool + 'f>| {
            match Source::of(dimension) {
                Some(source) => Self::Text { source, known: vec![None; texts], holds },
                // A time is no text, and is none of any.
                None => Self::Any(Vec::new()),
            }
        };
        match filter {
            Filter::Is(dimension, values) => {
                text(dimension, Box::new(|said| values.iter().any(|value| value == said)))
            }
            Filter::Contains(dimension, values) => {
                text(dimension, Box::new(|said| values.iter().any(|value| said.contains(&**value))))
            }
            Filter::And(parts) => Self::all(parts, texts),
            Filter::Or(parts) => {
                Self::Any(parts.iter().map(|part| Self::of(part, texts)).collect())
            }
            Filter::Not(part) => Self::Not(Box::new(Self::of(part, texts))),
        }
    }

    /// Whether it holds for an event.
    pub(super) fn holds(&mut self, table: &Table, event: &Event) -> bool {
        match self {
            Self::Text { source, known, holds } => {
                let text = source.text(event);
                let Some(known) = known.get_mut(text.index()) else { return false };
                *known.get_or_insert_with(|| holds(&source.says(table.text(text))))
            }
            Self::All(parts) => parts.iter_mut().all(|part| part.holds(table, event)),
            Self::Any(parts) => parts.iter_mut().any(|part| part.holds(table, event)),
            Self::Not(part) => !part.holds(table, event),
        }
    }
}
