//! Which days a page shows.

use consent_core::time::Millis;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::query;

/// Days that a page may span.
const MAX_DAYS: i64 = 366;

/// Which days are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Today, by the hour.
    Today,
    /// So many days up to today: 7, 30, 90.
    Last(i64),
    /// From a day to another, since 1970.
    Days(i64, i64),
}

/// What is wrong with days that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are no days.
    NoDays,
    /// The first lies after the last.
    Reversed,
    /// They are more than a year.
    TooMany,
}

impl Period {
    /// Those that are offered, in order.
    pub const OFFERED: [Self; 4] = [Self::Today, Self::Last(7), Self::Last(30), Self::Last(90)];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::OFFERED.into_iter().find(|period| period.name() == name)
    }

    /// From one day to another, as a form sends them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn between(from: &str, to: &str) -> Result<Self, Fault> {
        let day = |text: &str| {
            let one = query::days(&(text.to_owned(), text.to_owned()));
            one.map(|(day, _)| day).map_err(|_| Fault::NoDays)
        };
        let (first, last) = (day(from)?, day(to)?);
        if first > last {
            Err(Fault::Reversed)
        } else if last - first >= MAX_DAYS {
            Err(Fault::TooMany)
        } else {
            Ok(Self::Days(first, last))
        }
    }

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Last(7) => "7",
            Self::Last(90) => "90",
            Self::Last(_) => "30",
            Self::Days(..) => "days",
        }
    }

    /// First and last day, since 1970.
    #[must_use]
    pub const fn days(self, today: i64) -> (i64, i64) {
        match self {
            Self::Today => (today, today),
            Self::Last(days) => (today - days + 1, today),
            Self::Days(first, last) => (first, last),
        }
    }

    /// As many days, just before.
    #[must_use]
    pub const fn before(self, today: i64) -> (i64, i64) {
        let (first, last) = self.days(today);
        (first - (last - first + 1), first - 1)
    }
}

/// A day since 1970 as a date.
#[must_use]
pub fn date(day: i64) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(day.days()).unwrap_or(epoch)
}

/// When a day since 1970 begins in a time zone, in milliseconds since 1970.
#[must_use]
pub fn begins(day: i64, zone: &TimeZone) -> i64 {
    let zoned = zone.to_zoned(date(day).at(0, 0, 0, 0));
    zoned.map_or(day * 86_400_000, |zoned| zoned.timestamp().as_millisecond())
}

/// How many milliseconds a time zone is ahead of UTC on these days, and since when: the earliest first, which stands
/// for whatever was before.
#[must_use]
pub fn offsets(zone: &TimeZone, (first, last): (i64, i64)) -> Vec<(Millis, i64)> {
    let at = |day| Timestamp::from_millisecond(begins(day, zone)).unwrap_or_default();
    // What is counted on a day may have happened a little before or after it.
    let (from, until) = (at(first - 1), at(last + 2));
    let ahead = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * 1_000;
    let changes = zone.following(from).map(|change| change.timestamp());
    let changes = changes.take_while(|at| *at < until);
    let changes = changes.map(|at| (Millis(at.as_millisecond()), ahead(at)));
    std::iter::once((Millis(0), ahead(from))).chain(changes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_ahead_by_what_its_clocks_say_that_day() {
        let hour = 3_600_000;
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(offsets(&tokyo, (20_000, 20_365)), [(Millis(0), 9 * hour)]);
        let zone = TimeZone::get("America/New_York").unwrap();
        // 2026-03-08, at two in the night, is day 20520.
        let changed = Millis(begins(20_520, &zone) + 2 * hour);
        let days = (20_515, 20_525);
        assert_eq!(offsets(&zone, days), [(Millis(0), -5 * hour), (changed, -4 * hour)]);
        assert_eq!(offsets(&zone, (20_523, 20_525)), [(Millis(0), -4 * hour)]);
    }

    #[test]
    fn the_period_before_is_as_long_and_ends_the_day_before() {
        assert_eq!(Period::Last(7).days(100), (94, 100));
        assert_eq!(Period::Last(7).before(100), (87, 93));
        assert_eq!(Period::Today.before(100), (99, 99));
        assert_eq!(Period::Days(10, 12).before(100), (7, 9));
    }

    #[test]
    fn days_that_cannot_be_shown_say_why() {
        let fault = |from, to| Period::between(from, to).unwrap_err();
        assert_eq!(fault("2026-11-22", "2026-11-01"), Fault::Reversed);
        assert_eq!(fault("2026-02-30", "2026-03-01"), Fault::NoDays);
        assert_eq!(fault("1026-01-01", "2026-01-01"), Fault::TooMany);
        assert_eq!(Period::between("1970-01-02", "1970-01-03"), Ok(Period::Days(1, 2)));
    }

    #[test]
    fn a_day_begins_where_its_time_zone_says() {
        let zone = TimeZone::get("America/New_York").unwrap();
        // 2026-03-08 has 23 hours there, 2026-11-01 has 25.
        let hours = |day| (begins(day + 1, &zone) - begins(day, &zone)) / 3_600_000;
        assert_eq!([20_519, 20_520, 20_757, 20_758].map(hours), [24, 23, 24, 25]);
    }
}
