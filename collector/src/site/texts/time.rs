//! Days in words.

use super::Speech;

/// The mean month of the Gregorian calendar, in hundredths of a day.
const MONTH: u32 = 3044;

impl Speech<'_> {
    /// Days as people say them: `395` is 13 months, `1095` is 3 years, `180` about 6 months.
    pub(crate) fn time(&self, days: u32) -> String {
        if days < 60 {
            return self.count(days, "day", "days");
        }
        let hundredths = days.saturating_mul(100);
        let months = (hundredths + MONTH / 2) / MONTH;
        let text = if months % 12 == 0 {
            self.count(months / 12, "year", "years")
        } else {
            self.count(months, "month", "months")
        };
        // A year or month more or less has its own length by a day or two, and that is exact.
        let exact = if months % 12 == 0 {
            let years = months / 12;
            (years * 365..=years * 365 + years.div_ceil(4)).contains(&days)
        } else {
            hundredths.abs_diff(months * MONTH) <= 160
        };
        if exact {
            text
        } else {
            self.word("about").replace("{time}", &text)
        }
    }

    fn count(&self, n: u32, one: &str, many: &str) -> String {
        if n == 1 {
            self.word(one).to_owned()
        } else {
            self.word(many).replace("{n}", &n.to_string())
        }
    }
}
