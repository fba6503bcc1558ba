//! Weeks, months and hours of a site's time zone, as numbers.

use consent_core::time::{DAY, SECOND};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// 1970 began on a Thursday.
pub(super) const fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

const EPOCH: Date = Date::constant(1970, 1, 1);

pub(super) fn first_of_month(day: i64) -> i64 {
    let date = EPOCH.checked_add(jiff::Span::new().days(day.clamp(-1_000_000, 1_000_000)));
    date.map_or(day, |date| day + 1 - i64::from(date.day()))
}

/// From when on which offset holds in a zone, in milliseconds, over a range of days: the first holds before all.
pub(super) fn offsets(zone: &TimeZone, (first, last): (i64, i64)) -> Vec<(i64, i64)> {
    // A day before and after: no zone is further from UTC.
    let from = Timestamp::from_millisecond((first - 1) * DAY).unwrap_or(Timestamp::MIN);
    let to = Timestamp::from_millisecond((last + 2) * DAY).unwrap_or(Timestamp::MAX);
    let of = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * SECOND;
    let changes = zone.following(from).map(|change| change.timestamp());
    let changes = changes.take_while(|at| *at < to).map(|at| (at.as_millisecond(), of(at)));
    std::iter::once((i64::MIN, of(from))).chain(changes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The day of a date, since 1970.
    fn day(date: &str) -> i64 {
        i64::from(EPOCH.until(date.parse::<Date>().unwrap()).unwrap().get_days())
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first_day() {
        assert_eq!(monday(day("2026-11-26")), day("2026-11-23"));
        assert_eq!(monday(day("2026-11-23")), day("2026-11-23"));
        assert_eq!(monday(day("1970-01-01")), day("1969-12-29"));
        assert_eq!(first_of_month(day("2024-02-29")), day("2024-02-01"));
        assert_eq!(first_of_month(day("2026-11-01")), day("2026-11-01"));
    }

    #[test]
    fn an_offset_changes_where_the_clocks_are_moved() {
        let zone = |name| TimeZone::get(name).unwrap();
        let hour = 3_600 * SECOND;
        assert_eq!(offsets(&zone("Asia/Tokyo"), (20_000, 20_400)), [(i64::MIN, 9 * hour)]);
        let berlin = offsets(&zone("Europe/Berlin"), (day("2026-10-20"), day("2026-10-30")));
        let moved: Timestamp = "2026-10-25T01:00:00Z".parse().unwrap();
        assert_eq!(berlin, [(i64::MIN, 2 * hour), (moved.as_millisecond(), hour)]);
    }
}
