//! What a page is asked to show, as its address says it, and the addresses of other choices.

use super::period::{self, Fault, Period};
use crate::store::dashboard::{Field, Sums};

/// Bytes of a condition's value, at most: a page's path is no longer.
const MAX_VALUE: usize = 2_048;

/// A figure that the chart shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Figure {
    /// Different visitors.
    #[default]
    Visitors,
    /// Page views.
    Views,
    /// Visits.
    Visits,
    /// How long a visit was looked at.
    Engaged,
    /// The part of visits that saw one page.
    Bounces,
}

impl Figure {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Visitors, Self::Visits, Self::Views, Self::Engaged, Self::Bounces];

    /// Its name in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitors => "visitors",
            Self::Views => "views",
            Self::Visits => "visits",
            Self::Engaged => "engaged",
            Self::Bounces => "bounces",
        }
    }

    /// Its value: a number, milliseconds a visit, or thousandths of the visits.
    #[must_use]
    pub const fn of(self, sums: &Sums) -> i64 {
        match self {
            Self::Visitors => sums.visitors,
            Self::Views => sums.views,
            Self::Visits => sums.visits,
            Self::Engaged if sums.visits > 0 => sums.engaged / sums.visits,
            Self::Bounces if sums.visits > 0 => sums.bounces * 1_000 / sums.visits,
            Self::Engaged | Self::Bounces => 0,
        }
    }
}

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The page's path.
    pub path: String,
    /// Which days.
    pub period: Period,
    /// Which figure by time.
    pub figure: Figure,
    /// Which visits.
    pub filters: Vec<(Field, String)>,
    /// Whose: a segment's name.
    pub segment: Option<String>,
    /// Why the days are not those that were asked for.
    pub fault: Option<Fault>,
}

impl Choice {
    /// What the parameters of an address ask for; what is unknown there changes nothing.
    #[must_use]
    pub fn read(path: String, given: &[(String, String)]) -> Self {
        let find = |name: &str| {
            given.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
        };
        let (mut period, mut fault) = (Period::Last(30), None);
        match find("period") {
            Some("days") => {
                match Period::between(find("from").unwrap_or(""), find("to").unwrap_or("")) {
                    Ok(days) => period = days,
                    Err(wrong) => fault = Some(wrong),
                }
            }
            Some(name) => period = Period::named(name).unwrap_or(period),
            None => {}
        }
        let figure = find("figure").unwrap_or_default();
        let figure = Figure::ALL.into_iter().find(|it| it.as_str() == figure).unwrap_or_default();
        let filters = Field::ALL.into_iter().filter_map(|field| {
            let value = find(field.as_str())?;
            (value.len() <= MAX_VALUE && !value.contains('\0')).then(|| (field, value.to_owned()))
        });
        // One that cannot be is not there either: it must not look as if everybody were meant.
        let segment = find("segment").filter(|name| !name.is_empty()).map(str::to_owned);
        Self { path, period, figure, filters: filters.collect(), segment, fault }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> String {
        let mut address = format!("{}?period={}", self.path, self.period.name());
        if let Period::Days(from, to) = self.period {
            address.push_str(&format!("&from={}&to={}", period::date(from), period::date(to)));
        }
        if self.figure != Figure::default() {
            address.push_str("&figure=");
            address.push_str(self.figure.as_str());
        }
        for (field, value) in &self.filters {
            address.push_str(&format!("&{}={}", field.as_str(), escaped(value)));
        }
        if let Some(name) = &self.segment {
            address.push_str(&format!("&segment={}", escaped(name)));
        }
        address
    }

    /// The address of the same in another period.
    #[must_use]
    pub fn in_period(&self, period: Period) -> String {
        Self { period, ..self.clone() }.address()
    }

    /// The address of the same with another figure.
    #[must_use]
    pub fn with_figure(&self, figure: Figure) -> String {
        Self { figure, ..self.clone() }.address()
    }

    /// The address of the same for visits of that value.
    #[must_use]
    pub fn only(&self, field: Field, value: &str) -> String {
        let mut same = self.clone();
        same.filters.retain(|(other, _)| *other != field);
        same.filters.push((field, value.to_owned()));
        same.filters.sort();
        same.address()
    }

    /// The address of the same of everybody.
    #[must_use]
    pub fn without_segment(&self) -> String {
        Self { segment: None, ..self.clone() }.address()
    }

    /// The address of the same without that condition.
    #[must_use]
    pub fn without(&self, field: Field) -> String {
        let mut same = self.clone();
        same.filters.retain(|(other, _)| *other != field);
        same.address()
    }
}

/// A value as it stands in an address (RFC 3986, section 2.1).
#[must_use]
pub fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Choice {
        let given: Vec<_> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Choice::read("/office/sites/shop".to_owned(), &given)
    }

    #[test]
    fn an_address_says_what_it_was_read_from() {
        let choice = read(&[
            ("period", "7"),
            ("page", "/茶?a&b"),
            ("event", "add_to_cart"),
            ("figure", "views"),
        ]);
        assert_eq!(
            choice.address(),
            "/office/sites/shop?period=7&figure=views&page=/%E8%8C%B6%3Fa%26b&event=add_to_cart"
        );
        assert_eq!(
            choice.without(Field::Page),
            "/office/sites/shop?period=7&figure=views&event=add_to_cart"
        );
        let segment = read(&[("period", "7"), ("page", "/"), ("segment", "買う人 & co")]);
        let kept = "&segment=%E8%B2%B7%E3%81%86%E4%BA%BA%20%26%20co";
        assert_eq!(
            segment.in_period(Period::Last(90)),
            format!("/office/sites/shop?period=90&page=/{kept}")
        );
        assert_eq!(segment.without(Field::Page), format!("/office/sites/shop?period=7{kept}"));
        assert_eq!(segment.without_segment(), "/office/sites/shop?period=7&page=/");
        assert_eq!(read(&[("segment", "")]).segment, None);
        let days = read(&[("period", "days"), ("from", "2026-11-01"), ("to", "2026-11-03")]);
        assert_eq!(days.address(), "/office/sites/shop?period=days&from=2026-11-01&to=2026-11-03");
    }

    #[test]
    fn what_cannot_be_shown_falls_back_and_says_so() {
        let choice = read(&[("period", "days"), ("from", "2026-11-03"), ("to", "2026-11-01")]);
        assert_eq!((choice.period, choice.fault), (Period::Last(30), Some(Fault::Reversed)));
        assert_eq!(read(&[("period", "always"), ("figure", "profit")]), read(&[]));
        assert!(read(&[("page", &"x".repeat(3_000)), ("entry", "a\0b")]).filters.is_empty());
    }
}
