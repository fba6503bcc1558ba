//! Days in words.

use jiff::civil::Date;

use super::Speech;
use crate::site::kept::Lifetime;

/// The mean month of the Gregorian calendar, in hundredths of a day.
const MONTH: u32 = 3044;

impl Speech<'_> {
    /// Days as people say them: `395` is 13 months, `1095` is 3 years, `180` about 6 months.
    pub(crate) fn time(&self, days: u32) -> String {
        match words(days) {
            Words::Days => self.count(days, "day", "days"),
            Words::Calendar(months, true) => self.calendar(months),
            Words::Calendar(months, false) => {
                let text = self.calendar(months);
                self.word("about").replace("{time}", &text)
            }
        }
    }

    /// The same, with the number of days where the words are only about right.
    pub(crate) fn exact_time(&self, days: u32) -> String {
        let text = self.time(days);
        match words(days) {
            Words::Calendar(_, false) => self.bracketed(&text, &self.count(days, "day", "days")),
            _ => text,
        }
    }

    /// How long something is kept in the browser.
    pub(crate) fn lifetime(&self, lifetime: Lifetime) -> String {
        match lifetime {
            Lifetime::Days(days) => self.time(days),
            Lifetime::UntilClosed => self.word("until_closed").to_owned(),
            Lifetime::UntilDeleted => self.word("until_deleted").to_owned(),
        }
    }

    /// The same, with the number of days where the words are only about right.
    pub(crate) fn exact_lifetime(&self, lifetime: Lifetime) -> String {
        match lifetime {
            Lifetime::Days(days) => self.exact_time(days),
            other => self.lifetime(other),
        }
    }

    /// A date as people write it; in figures where the language is not one of the built-in ones.
    pub(crate) fn date(&self, date: Date) -> String {
        if self.is("ja") {
            format!("{}年{}月{}日", date.year(), date.month(), date.day())
        } else if self.is("en") {
            date.strftime("%-d %B %Y").to_string()
        } else if self.direction() == "rtl" {
            // Figures would be read from the right otherwise, the day first.
            format!("\u{2066}{date}\u{2069}")
        } else {
            date.to_string()
        }
    }

    fn calendar(&self, months: u32) -> String {
        if months.is_multiple_of(12) {
            self.count(months / 12, "year", "years")
        } else {
            self.count(months, "month", "months")
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

/// How a number of days is said.
enum Words {
    /// As it is.
    Days,
    /// In months or years, and whether that is what it comes to.
    Calendar(u32, bool),
}

fn words(days: u32) -> Words {
    if days < 60 {
        return Words::Days;
    }
    // A month or year has its own length by a day or two.
    let years = days / 365;
    if years > 0 && days <= years * 365 + years.div_ceil(4) {
        return Words::Calendar(years * 12, true);
    }
    if years >= 5 {
        return Words::Calendar((days + 182) / 365 * 12, false);
    }
    let months = (days * 100 + MONTH / 2) / MONTH;
    let exact = (days * 100).abs_diff(months * MONTH) <= 160;
    Words::Calendar(months, exact && !months.is_multiple_of(12))
}

#[cfg(test)]
mod tests {
    use crate::site::tests::shop;

    #[test]
    fn days_are_said_as_people_say_them() {
        let shop = shop();
        for (days, japanese, english) in [
            (1, "1日", "1 day"),
            (30, "30日", "30 days"),
            (90, "3か月", "3 months"),
            (180, "約6か月", "about 6 months"),
            (183, "6か月", "6 months"),
            (365, "1年", "1 year"),
            (366, "1年", "1 year"),
            (395, "13か月", "13 months"),
            (400, "約13か月", "about 13 months"),
            (730, "2年", "2 years"),
            (1095, "3年", "3 years"),
            (1100, "約3年", "about 3 years"),
            (1900, "約5年", "about 5 years"),
            (36_500, "100年", "100 years"),
        ] {
            assert_eq!(shop.speech("ja").time(days), japanese, "{days}");
            assert_eq!(shop.speech("en").time(days), english, "{days}");
        }
    }

    #[test]
    fn what_is_about_right_is_given_in_days_too() {
        let shop = shop();
        assert_eq!(shop.speech("ja").exact_time(180), "約6か月（180日）");
        assert_eq!(shop.speech("en").exact_time(180), "about 6 months (180 days)");
        assert_eq!(shop.speech("en").exact_time(365), "1 year");
    }
}
