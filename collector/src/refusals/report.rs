//! What was refused in some days, for `ashiato refusals` and `GET /api/v1/refusals`.

use std::collections::BTreeMap;

use consent_core::time::{DAY, Millis, SECOND};
use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Reason, Text};
use crate::{
    error::Problem,
    openapi::shape,
    query::{date, days},
    sites::day_in,
    store::{Connection, SiteId, refusals},
};

/// Days that an answer by the hour may span.
const MAX_DAYS_BY_HOUR: i64 = 31;
/// Days of an answer for which none are named: today, and those before.
const USUAL_DAYS: i64 = 7;

/// How refusals are added up.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A row for each hour.
    Hour,
    /// A row for each day.
    #[default]
    Day,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// First and last day since 1970, in the site's time zone.
    days: (i64, i64),
    by: By,
    zone: TimeZone,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Refusals")]
pub struct Report {
    /// First and last day.
    #[schemars(schema_with = "shape::days")]
    pub date_range: (String, String),
    /// What was refused, in order of time.
    pub results: Vec<Row>,
    /// What each reason means, the most frequent first.
    pub reasons: Vec<Explained>,
}

/// Refusals of one time, reason and event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "RefusalRow")]
pub struct Row {
    /// The day, `YYYY-MM-DD`, or the hour's beginning, `YYYY-MM-DDTHH:MM:SS±HH:MM`, in the site's time
    /// zone.
    pub time: String,
    /// The reason's name.
    pub reason: String,
    /// The event's name, where the site file has it; empty for whole calls.
    pub event: String,
    /// How many.
    pub count: i64,
}

/// A reason with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RefusalReason")]
pub struct Explained {
    /// Its name.
    pub reason: String,
    /// How many, in all these days.
    pub count: i64,
    /// What it means, and what to do. Not there for a reason that a newer version counts.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

impl Question {
    /// A question about some days, or, where neither is named, about the last seven.
    ///
    /// # Errors
    /// 422 where the days cannot be read, or are too many.
    pub fn new(
        (from, to): (Option<String>, Option<String>),
        by: By,
        timezone: &str,
        now: Millis,
    ) -> Result<Self, Problem> {
        // A site file's time zone was checked when it was applied.
        let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
        let today = day_in(&zone, now);
        let last = to.unwrap_or_else(|| date(today));
        let first = match from {
            Some(first) => first,
            None => {
                let (last, _) = days(&(last.clone(), last.clone())).map_err(range)?;
                date(last - USUAL_DAYS + 1)
            }
        };
        let days = days(&(first, last)).map_err(range)?;
        if by == By::Hour && days.1 - days.0 >= MAX_DAYS_BY_HOUR {
            return Err(range(format!("by the hour, {MAX_DAYS_BY_HOUR} days at most")));
        }
        Ok(Self { days, by, zone })
    }

    /// The time of a row that is counted in `hour`.
    fn time(&self, hour: i64) -> Option<String> {
        let start = Millis(hour.saturating_mul(3_600 * SECOND));
        let day = day_in(&self.zone, start);
        if day < self.days.0 || day > self.days.1 {
            return None;
        }
        match self.by {
            By::Day => Some(date(day)),
            By::Hour => {
                let at = Timestamp::from_millisecond(start.0).ok()?;
                Some(at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
            }
        }
    }

    /// From the first hour to before the last: a day more on either side holds the days of any time
    /// zone.
    const fn hours(&self) -> (i64, i64) {
        let hours = DAY / (3_600 * SECOND);
        ((self.days.0 - 1) * hours, (self.days.1 + 2) * hours)
    }
}

fn range(message: String) -> Problem {
    Problem::field("from", "invalid", message)
}

/// Answers a question, with texts in Japanese or English.
///
/// # Errors
/// Where the database does not answer.
pub async fn ask(
    db: &mut Connection,
    site: SiteId,
    question: &Question,
    japanese: bool,
) -> sqlx::Result<Report> {
    let mut rows: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    let mut totals: BTreeMap<String, i64> = BTreeMap::new();
    for count in refusals::list(db, site, question.hours()).await? {
        if let Some(time) = question.time(count.hour) {
            *totals.entry(count.reason.clone()).or_default() += count.n;
            *rows.entry((time, count.reason, count.event)).or_default() += count.n;
        }
    }
    let row = |((time, reason, event), count)| Row { time, reason, event, count };
    let mut reasons: Vec<_> = totals
        .into_iter()
        .map(|(reason, count)| {
            let text = Reason::named(&reason).map(|reason| reason.text(japanese));
            Explained { reason, count, text }
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    Ok(Report {
        date_range: (date(question.days.0), date(question.days.1)),
        results: rows.into_iter().map(row).collect(),
        reasons,
    })
}

/// Whether what somebody reads, as in Accept-Language or `--language`, begins with Japanese.
#[must_use]
pub fn is_japanese(languages: &str) -> bool {
    let first = languages.split([',', ';']).next().unwrap_or("").trim();
    let primary = first.split(['-', '_', '.']).next().unwrap_or("");
    primary.eq_ignore_ascii_case("ja")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_795_521_600_000); // 2026-11-24T12:00:00Z

    fn question(from: &str, to: &str, by: By, zone: &str) -> Result<Question, Problem> {
        let day = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Question::new((day(from), day(to)), by, zone, NOON)
    }

    #[test]
    fn days_are_those_of_the_site_and_the_last_seven_unless_said() {
        let asked = question("", "", By::Day, "Asia/Tokyo").unwrap();
        assert_eq!(
            (date(asked.days.0), date(asked.days.1)),
            ("2026-11-18".into(), "2026-11-24".into())
        );
        let asked = question("2026-11-25", "2026-11-25", By::Hour, "Asia/Tokyo").unwrap();
        let first = NOON.seconds() / 3_600 + 3; // midnight in Tokyo
        assert_eq!(asked.time(first - 1), None);
        assert_eq!(asked.time(first).as_deref(), Some("2026-11-25T00:00:00+09:00"));
        assert_eq!(asked.time(first + 23).as_deref(), Some("2026-11-25T23:00:00+09:00"));
        assert_eq!(asked.time(first + 24), None);
        let (from, before) = asked.hours();
        assert!(from <= first && first + 24 <= before);
    }

    #[test]
    fn days_that_are_none_or_too_many_are_said() {
        for (from, to, by) in [
            ("2026-02-30", "", By::Day),
            ("2026-11-24", "2026-11-23", By::Day),
            ("", "yesterday", By::Day),
            ("2026-09-01", "2026-11-01", By::Hour),
        ] {
            let problem = question(from, to, by, "Asia/Tokyo").unwrap_err();
            assert_eq!(problem.status.as_u16(), 422, "{from} {to}");
        }
    }

    #[test]
    fn the_first_language_that_is_read_counts() {
        for text in ["ja", "ja-JP,ja;q=0.9,en;q=0.8", "JA", "ja_JP.UTF-8"] {
            assert!(is_japanese(text), "{text}");
        }
        for text in ["", "en,ja;q=0.5", "jam"] {
            assert!(!is_japanese(text), "{text}");
        }
    }
}
