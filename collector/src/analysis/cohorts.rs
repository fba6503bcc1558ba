//! The return of cohorts: of those who first came in one week, how many came again in the next, and the one after.

use jiff::{ToSpan as _, civil::Date};

use super::{Patience, Stopped, each, place};
use crate::{
    columns::{Event, Table},
    store::questions::filters::Matching,
};

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A day.
    Day,
    /// A week, from its Monday.
    Week,
    /// A month.
    Month,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }

    /// The number of the period in which a day since 1970 lies: each is one more than the one before.
    #[must_use]
    pub fn period(self, day: i64) -> i64 {
        match self {
            Self::Day => day,
            // 1970 began on a Thursday.
            Self::Week => (day + 3).div_euclid(7),
            Self::Month => {
                let date = date(day);
                i64::from(date.year()) * 12 + i64::from(date.month()) - 1
            }
        }
    }

    /// The first day of a period.
    #[must_use]
    pub fn begins(self, period: i64) -> i64 {
        match self {
            Self::Day => period,
            Self::Week => period * 7 - 3,
            Self::Month => {
                let year = i16::try_from(period.div_euclid(12)).unwrap_or(0);
                let month = i8::try_from(period.rem_euclid(12) + 1).unwrap_or(1);
                let first = Date::new(year, month, 1).unwrap_or(EPOCH);
                EPOCH.until(first).map_or(0, |span| i64::from(span.get_days()))
            }
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn date(day: i64) -> Date {
    EPOCH.checked_add(day.clamp(-700_000, 2_000_000).days()).unwrap_or(EPOCH)
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Cohorts {
    /// What makes one of a cohort, when first done.
    pub first: Matching,
    /// What counts as having come again.
    pub again: Matching,
    /// How long a period is.
    pub unit: Unit,
    /// Periods after the first.
    pub periods: i64,
    /// First and last day on which somebody may first have come.
    pub days: (i64, i64),
    /// The last day of which there is anything to know.
    pub today: i64,
}

/// A cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// The first day of its period.
    pub start: i64,
    /// Those in it.
    pub visitors: i64,
    /// Of them, who came again in each period after; none where it has not begun.
    pub again: Vec<Option<i64>>,
    /// Periods after it that are over.
    pub over: i64,
}

/// Who has not come at all.
const UNSEEN: i64 = i64::MIN;
/// Who first came on another day than those asked for.
const OTHER: i64 = i64::MIN + 1;

impl Cohorts {
    /// The last day of which an event may count.
    #[must_use]
    pub fn until(&self) -> i64 {
        let last = self.unit.begins(self.unit.period(self.days.1) + self.periods + 1) - 1;
        last.min(self.today)
    }
}

/// Answers it: a row for each period in which a day asked for lies. Who did what makes one of a cohort on a day before
/// those asked for is in none, as far as the events reach back.
///
/// # Errors
/// Where nobody waits any more.
pub fn run(
    asked: &mut Cohorts,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
) -> Result<Vec<Cohort>, Stopped> {
    let (first, last) = (asked.unit.period(asked.days.0), asked.unit.period(asked.days.1));
    let now = asked.unit.period(asked.today);
    let is_over = asked.unit.begins(now + 1) - 1 == asked.today;
    let cohort = |period: i64| Cohort {
        start: asked.unit.begins(period),
        visitors: 0,
        again: (1..=asked.periods).map(|after| (period + after <= now).then_some(0)).collect(),
        over: (now - period - i64::from(!is_over)).clamp(0, asked.periods),
    };
    let mut cohorts: Vec<_> = (first..=last).map(cohort).collect();
    // By visitor: the period of the first, and the last that was counted.
    let mut seen = vec![(UNSEEN, UNSEEN); texts.visitors()];
    // The same day comes many times in a row.
    let (mut day, mut period) = (i64::MIN, 0);
    each(events, patience, |event| {
        if event.day != day {
            (day, period) = (event.day, asked.unit.period(event.day));
        }
        let (of, counted) = &mut seen[place(event.visitor)];
        if *of == UNSEEN {
            if asked.first.holds(&event, texts) {
                let within = (asked.days.0..=asked.days.1).contains(&day);
                (*of, *counted) = if within { (period, period) } else { (OTHER, OTHER) };
                if let Some(cohort) = usize::try_from(period - first)
                    .ok()
                    .and_then(|at| cohorts.get_mut(at))
                    .filter(|_| within)
                {
                    cohort.visitors += 1;
                }
            }
        } else if *of != OTHER && period > *counted && asked.again.holds(&event, texts) {
            *counted = period;
            let after = usize::try_from(period - *of - 1).ok();
            let cohort = usize::try_from(*of - first).ok().and_then(|at| cohorts.get_mut(at));
            if let Some(Some(n)) =
                cohort.zip(after).and_then(|(cohort, after)| cohort.again.get_mut(after))
            {
                *n += 1;
            }
        }
        Ok(())
    })?;
    Ok(cohorts)
}

/// Of those whose period is over in all: how many they were and how many came again, by the period after; of cells that
/// are known.
#[must_use]
pub fn over_all(cohorts: &[Cohort], periods: i64) -> Vec<(i64, i64)> {
    (1..=periods)
        .map(|after| {
            let over = cohorts.iter().filter(|cohort| cohort.over >= after);
            let at = usize::try_from(after - 1).unwrap_or(usize::MAX);
            let known = over.filter_map(|it| Some((it.visitors, it.again.get(at).copied()??)));
            known.fold((0, 0), |(all, again), (visitors, n)| (all + visitors, again + n))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        analysis::made::{PAGES, acts, views},
        store::questions::{Dimension, Filter},
    };

    fn page(at: usize) -> Matching {
        Matching::of(&[Filter::Is(Dimension::Page, vec![PAGES[at].to_owned()])])
    }

    fn asked(asked: &mut Cohorts, done: &[(u32, i64, usize)]) -> Vec<Cohort> {
        let table = views(done);
        run(asked, table.events(), &table, &Patience::default()).unwrap()
    }

    #[test]
    fn periods_follow_one_another_without_gap() {
        for unit in Unit::ALL {
            for day in 18_000..21_000 {
                let period = unit.period(day);
                assert!(
                    unit.begins(period) <= day && day < unit.begins(period + 1),
                    "{unit:?} {day}"
                );
            }
        }
        assert_eq!(Unit::Week.begins(Unit::Week.period(20_783)), 20_780); // Thursday 26 and Monday 23 November 2026
        assert_eq!(Unit::Month.begins(Unit::Month.period(20_783)), 20_758);
    }

    #[test]
    fn who_first_came_before_is_in_no_cohort_and_what_has_not_begun_is_not_known() {
        let any = Matching::default;
        let mut days = Cohorts {
            first: any(),
            again: any(),
            unit: Unit::Day,
            periods: 3,
            days: (1, 2),
            today: 4,
        };
        let done = [
            (0, 500, 0),
            (0, 1_100, 0),
            (1, 1_100, 0),
            (1, 2_500, 0),
            (1, 2_600, 0),
            (2, 2_700, 0),
            (1, 4_000, 0),
            (2, 4_100, 0),
            (3, 3_000, 0),
        ];
        let cohorts = asked(&mut days, &done);
        let row = |start, visitors, again: [Option<i64>; 3], over| Cohort {
            start,
            visitors,
            again: again.to_vec(),
            over,
        };
        assert_eq!(
            cohorts,
            [row(1, 1, [Some(1), Some(0), Some(1)], 3), row(2, 1, [Some(0), Some(1), None], 2)]
        );
        assert_eq!(over_all(&cohorts, 3), [(2, 1), (2, 1), (1, 1)]);
    }

    proptest! {
        /// Against each cohort's visitors looked at one by one.
        #[test]
        fn it_agrees_with_a_plain_re_computation(
            done in acts(5, 30_000, 3),
            unit in prop_oneof![Just(Unit::Day), Just(Unit::Week), Just(Unit::Month)],
            periods in 1..5_i64,
            first in 0..15_i64,
            length in 0..10_i64,
        ) {
            let days = (first, first + length);
            let mut question = Cohorts { first: page(0), again: page(1), unit, periods, days, today: 29 };
            let until = question.until();
            let cohorts = asked(&mut question, &done.iter().copied().filter(|it| it.1 / 1_000 <= until).collect::<Vec<_>>());
            let first_of = |visitor: u32| done.iter().filter(|it| it.0 == visitor && it.2 == 0).map(|it| it.1).min();
            for cohort in &cohorts {
                let period = unit.period(cohort.start);
                let own: Vec<_> = (0..5).filter(|visitor| first_of(*visitor).is_some_and(|at| {
                    let day = at / 1_000;
                    (days.0..=days.1).contains(&day) && unit.period(day) == period
                })).collect();
                prop_assert_eq!(cohort.visitors, i64::try_from(own.len()).unwrap());
                for (at, n) in cohort.again.iter().enumerate() {
                    let later = period + 1 + i64::try_from(at).unwrap();
                    let came = own.iter().filter(|visitor| done.iter().any(|it| {
                        it.0 == **visitor && it.2 == 1 && unit.period(it.1 / 1_000) == later
                    })).count();
                    let expected = (unit.begins(later) <= 29).then(|| i64::try_from(came).unwrap());
                    prop_assert_eq!(*n, expected);
                }
            }
        }
    }
}
