//! The two languages of the back office.

use consent_core::time::Millis;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::device;

/// A language of the back office. Every text stands beside its twin, where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl Tongue {
    /// The language of that code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        match code.split('-').next()?.to_ascii_lowercase().as_str() {
            "ja" => Some(Self::Ja),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn say<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// A kind of device by its name ([`device::words`]).
    #[must_use]
    pub fn device(self, name: &str) -> &'static str {
        let (ja, en) = device::words(name);
        self.say(ja, en)
    }

    /// A whole number, with its thousands set off.
    #[must_use]
    pub fn number(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut text = String::from(if number < 0 { "−" } else { "" });
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }

    /// A part of a whole in per cent, to one place; a dash where there is no whole.
    #[must_use]
    pub fn share(self, part: i64, whole: i64) -> String {
        if whole <= 0 {
            return "–".to_owned();
        }
        let thousandths = (part.saturating_mul(1_000).saturating_add(whole / 2)) / whole;
        format!("{}.{}%", thousandths / 10, thousandths % 10)
    }

    /// A length of time given in milliseconds.
    #[must_use]
    pub fn length(self, ms: i64) -> String {
        let seconds = ms / 1_000;
        let (minutes, hours) = (seconds / 60, seconds / 3_600);
        match self {
            Self::Ja if hours > 0 => format!("{hours}時間{}分", minutes % 60),
            Self::Ja if minutes > 0 => format!("{minutes}分{}秒", seconds % 60),
            Self::Ja => format!("{seconds}秒"),
            Self::En if hours > 0 => format!("{hours} h {} min", minutes % 60),
            Self::En if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
            Self::En => format!("{seconds} s"),
        }
    }

    /// A day: `11月26日(木)`, `Thu 26 Nov`.
    #[must_use]
    pub fn day(self, date: Date) -> String {
        let weekday = date.weekday().to_monday_zero_offset();
        let place = usize::try_from(weekday).unwrap_or(0);
        match self {
            Self::Ja => {
                let weekday = ["月", "火", "水", "木", "金", "土", "日"][place];
                format!("{}月{}日（{weekday}）", date.month(), date.day())
            }
            Self::En => {
                let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][place];
                format!("{weekday} {} {}", date.day(), month(date))
            }
        }
    }

    /// A day, short: `11/26`, `26 Nov`.
    #[must_use]
    pub fn short_day(self, date: Date) -> String {
        match self {
            Self::Ja => format!("{}/{}", date.month(), date.day()),
            Self::En => format!("{} {}", date.day(), month(date)),
        }
    }

    /// A day with its year.
    #[must_use]
    pub fn whole_day(self, date: Date) -> String {
        match self {
            Self::Ja => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
            Self::En => format!("{} {} {}", date.day(), month(date), date.year()),
        }
    }

    /// A moment in a time zone, to the minute.
    #[must_use]
    pub fn moment(self, at: Millis, zone: &TimeZone) -> String {
        let Ok(at) = Timestamp::from_millisecond(at.0) else { return "–".to_owned() };
        let at = at.to_zoned(zone.clone());
        format!("{} {:02}:{:02}", self.whole_day(at.date()), at.hour(), at.minute())
    }
}

fn month(date: Date) -> &'static str {
    let names =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    names[usize::try_from(date.month() - 1).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_shares_and_lengths_are_written_as_people_read_them() {
        let en = Tongue::En;
        assert_eq!(
            [0, 12, 1_234, 1_234_567, -45_678].map(|it| en.number(it)),
            ["0", "12", "1,234", "1,234,567", "−45,678"]
        );
        assert_eq!(
            [(1, 3), (2, 3), (5, 5), (0, 7), (0, 0)].map(|(a, b)| en.share(a, b)),
            ["33.3%", "66.7%", "100.0%", "0.0%", "–"]
        );
        assert_eq!(
            [999, 61_000, 3_661_000].map(|ms| en.length(ms)),
            ["0 s", "1 min 1 s", "1 h 1 min"]
        );
        assert_eq!(
            [999, 61_000, 3_661_000].map(|ms| Tongue::Ja.length(ms)),
            ["0秒", "1分1秒", "1時間1分"]
        );
        let day = Date::constant(2026, 11, 26);
        assert_eq!(Tongue::Ja.day(day), "11月26日（木）");
        assert_eq!(en.day(day), "Thu 26 Nov");
    }
}
