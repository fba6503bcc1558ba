//! What an analysis page is asked for, as its address says it: forms send it there, so that a page can be passed on.

use serde_json::{Value, json};

use super::{
    choice::escaped,
    period::{self, Fault, Period},
};
use crate::{
    analysis::{
        asked::{Which, cohorts, funnel, paths},
        segment::{Definition, Did, OfLead},
    },
    device,
};

/// Rows of conditions that a form has, at most.
pub const MAX_ROWS: usize = 10;
/// Bytes of a value, at most: a page's path is no longer.
const MAX_VALUE: usize = 2_048;

/// What kind of condition a row of a form is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The page's path is the value.
    #[default]
    Page,
    /// The page's path contains the value.
    Contains,
    /// The event's name is the value.
    Event,
    /// It was on a device of that kind.
    Device,
    /// `NAME=VALUE`: the event has a property of that value.
    Property,
}

impl Kind {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Page, Self::Contains, Self::Event, Self::Device, Self::Property];

    /// Its name in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Contains => "contains",
            Self::Event => "event",
            Self::Device => "device",
            Self::Property => "property",
        }
    }

    /// The filters that a row says.
    #[must_use]
    pub fn filters(self, value: &str) -> Vec<Value> {
        let viewed = json!(["is", "event", ["page_view"]]);
        match self {
            Self::Page => vec![viewed, json!(["is", "page", [value]])],
            Self::Contains => vec![viewed, json!(["contains", "page", [value]])],
            Self::Event => vec![json!(["is", "event", [value]])],
            Self::Device => vec![json!(["is", "device", [device::named(value)]])],
            Self::Property => {
                let (name, value) = value.split_once('=').unwrap_or((value, ""));
                let dimension = format!("property:{}", name.trim());
                vec![json!(["is", dimension, [value.trim()]])]
            }
        }
    }
}

/// A row of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// What kind of condition it is.
    pub kind: Kind,
    /// Its value; empty: the row says nothing.
    pub value: String,
    /// Whether it is not to hold.
    pub not: bool,
    /// How often, at least.
    pub times: u32,
    /// In so many days up to today; 0: in the days that are asked for.
    pub days: u32,
}

/// What a page is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The page's path.
    pub path: String,
    /// Which days.
    pub period: Period,
    /// Why the days are not those that were asked for.
    pub fault: Option<Fault>,
    given: Vec<(String, String)>,
}

impl Asked {
    /// Of the parameters of an address.
    #[must_use]
    pub fn read(path: String, given: Vec<(String, String)>) -> Self {
        let mut given = given;
        given.retain(|(_, value)| value.len() <= MAX_VALUE && !value.contains('\0'));
        let mut asked = Self { path, period: Period::Last(30), fault: None, given };
        match asked.get("period") {
            "days" => match Period::between(asked.get("from"), asked.get("to")) {
                Ok(days) => asked.period = days,
                Err(fault) => asked.fault = Some(fault),
            },
            name => asked.period = Period::named(name).unwrap_or(asked.period),
        }
        asked
    }

    /// A parameter; empty where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.given.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// Every parameter but those of the days.
    pub fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = |name: &str| ["period", "from", "to"].contains(&name);
        let others = self.given.iter().filter(move |(name, value)| !own(name) && !value.is_empty());
        others.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Its address with another period.
    #[must_use]
    pub fn in_period(&self, period: Period) -> String {
        let mut address = format!("{}?period={}", self.path, period.name());
        for (name, value) in self.others() {
            address.push_str(&format!("&{}={}", escaped(name), escaped(value)));
        }
        address
    }

    /// First and last day as people write them.
    #[must_use]
    pub fn range(&self, today: i64) -> (String, String) {
        let (first, last) = self.period.days(today);
        (period::date(first).to_string(), period::date(last).to_string())
    }

    /// The segment that is chosen.
    #[must_use]
    pub fn segment(&self) -> Option<String> {
        Some(self.get("segment").to_owned()).filter(|name| !name.is_empty())
    }

    /// A number, where it is one.
    #[must_use]
    pub fn number(&self, name: &str, usual: u32) -> u32 {
        self.get(name).parse().unwrap_or(usual)
    }

    /// The row of that number, from 1.
    #[must_use]
    pub fn row(&self, name: &str) -> Row {
        let of = |part: &str| self.get(&format!("{part}{name}"));
        Row {
            kind: Kind::ALL.into_iter().find(|kind| kind.as_str() == of("k")).unwrap_or_default(),
            value: of("v").trim().to_owned(),
            not: of("d") == "not",
            times: of("n").parse().unwrap_or(1),
            days: of("t").parse().unwrap_or(0),
        }
    }

    /// The rows that say something.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let rows = (1..=MAX_ROWS).map(|at| self.row(&at.to_string()));
        rows.filter(|row| !row.value.is_empty()).collect()
    }

    /// The funnel.
    #[must_use]
    pub fn funnel(&self, site: &str, today: i64) -> funnel::Asked {
        let step = |row: Row| funnel::Step {
            name: row.value.chars().filter(|c| !c.is_control()).take(64).collect(),
            filters: row.kind.filters(&row.value),
        };
        let breakdown = Some(self.get("by").to_owned()).filter(|by| !by.is_empty());
        funnel::Asked {
            site: site.to_owned(),
            steps: self.rows().into_iter().map(step).collect(),
            window_minutes: self.number("window", 10_080),
            breakdown,
            limit: 10,
            segment: self.segment(),
            date_range: self.range(today),
        }
    }

    /// The cohorts.
    #[must_use]
    pub fn cohorts(&self, site: &str, today: i64) -> cohorts::Asked {
        let which = |name: &str| {
            let row = self.row(name);
            let filters = if row.value.is_empty() { vec![] } else { row.kind.filters(&row.value) };
            Which { filters }
        };
        let unit = Some(self.get("unit")).filter(|unit| !unit.is_empty()).unwrap_or("week");
        cohorts::Asked {
            site: site.to_owned(),
            unit: unit.to_owned(),
            periods: self.number("periods", 8),
            first: which("first"),
            again: which("again"),
            segment: self.segment(),
            date_range: self.range(today),
        }
    }

    /// The paths.
    #[must_use]
    pub fn paths(&self, site: &str, today: i64) -> paths::Asked {
        let row = self.row("1");
        let filters = if row.value.is_empty() { vec![] } else { row.kind.filters(&row.value) };
        let or = |name: &str, usual: &str| {
            Some(self.get(name)).filter(|it| !it.is_empty()).unwrap_or(usual).to_owned()
        };
        paths::Asked {
            site: site.to_owned(),
            from: Which { filters },
            direction: or("direction", "after"),
            by: or("by", "page"),
            depth: self.number("depth", 3),
            width: 5,
            segment: self.segment(),
            date_range: self.range(today),
        }
    }

    /// The segment that the rows describe; none where they say nothing.
    #[must_use]
    pub fn definition(&self) -> Option<Definition> {
        let mut parts: Vec<_> = self
            .rows()
            .into_iter()
            .map(|row| {
                let did = Did {
                    filters: row.kind.filters(&row.value),
                    at_least: row.times,
                    in_last_days: (row.days > 0).then_some(row.days),
                    date_range: None,
                };
                if row.not { Definition::DidNot(did) } else { Definition::Did(did) }
            })
            .collect();
        match self.get("lead").split_once(':') {
            None if self.get("lead") == "any" => {
                parts.push(Definition::Lead(OfLead { field: None, is: None, filled: None }));
            }
            Some(("form", form)) => parts.push(Definition::Lead(OfLead {
                field: Some("form".to_owned()),
                is: Some(vec![form.to_owned()]),
                filled: None,
            })),
            _ => {}
        }
        if parts.is_empty() {
            return None;
        }
        Some(if self.get("match") == "any" {
            Definition::Any(parts)
        } else {
            Definition::All(parts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(given: &[(&str, &str)]) -> Asked {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Asked::read("/office/sites/shop/analysis".to_owned(), given.collect())
    }

    #[test]
    fn a_form_says_a_funnel_and_its_address_keeps_it_in_another_period() {
        let asked = asked(&[
            ("period", "7"),
            ("k1", "page"),
            ("v1", "/"),
            ("k2", "event"),
            ("v2", " add_to_cart "),
            ("k3", "page"),
            ("v3", ""),
            ("k4", "property"),
            ("v4", "plan = pro"),
            ("window", "60"),
            ("by", ""),
            ("segment", "買う人"),
        ]);
        let funnel = asked.funnel("shop", 20_783);
        let filters: Vec<_> =
            funnel.steps.iter().map(|step| Value::from(step.filters.clone())).collect();
        assert_eq!(
            filters,
            [
                json!([["is", "event", ["page_view"]], ["is", "page", ["/"]]]),
                json!([["is", "event", ["add_to_cart"]]]),
                json!([["is", "property:plan", ["pro"]]]),
            ]
        );
        assert_eq!(
            (funnel.window_minutes, funnel.breakdown, funnel.segment.as_deref()),
            (60, None, Some("買う人"))
        );
        assert_eq!(funnel.date_range, ("2026-11-20".to_owned(), "2026-11-26".to_owned()));
        assert!(asked.in_period(Period::Last(90)).starts_with(
            "/office/sites/shop/analysis?period=90&k1=page&v1=/&k2=event&v2=%20add_to_cart%20&"
        ));
    }

    #[test]
    fn a_form_says_a_segment_and_an_empty_one_says_none() {
        assert_eq!(asked(&[("v1", " ")]).definition(), None);
        let definition = asked(&[
            ("k1", "event"),
            ("v1", "purchase"),
            ("n1", "2"),
            ("t1", "30"),
            ("d2", "not"),
            ("v2", "/"),
            ("k3", "device"),
            ("v3", "スマートフォン"),
            ("lead", "form:contact"),
            ("match", "all"),
        ])
        .definition();
        assert_eq!(
            serde_json::to_value(definition.unwrap()).unwrap(),
            json!({"all": [
                {"did": {"filters": [["is", "event", ["purchase"]]], "at_least": 2, "in_last_days": 30}},
                {"did_not": {"filters": [["is", "event", ["page_view"]], ["is", "page", ["/"]]]}},
                {"did": {"filters": [["is", "device", ["phone"]]]}},
                {"lead": {"field": "form", "is": ["contact"]}},
            ]})
        );
    }
}
