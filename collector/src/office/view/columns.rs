//! The columns of the overview's chart.

use consent_core::time::Millis;

use super::{chart::Column, overview::Data, withheld};
use crate::{
    office::{choice::Figure, period, tongue::Tongue},
    store::dashboard::Overview,
};

/// By hour of one day, or by day.
pub(super) fn columns(t: Tongue, data: &Data<'_>, figure: Figure) -> Vec<Column> {
    let (first, last) = data.choice.period.days(data.today);
    let known = data.before.total.visits > 0;
    let value = |overview: &Overview, time: i64| {
        let is_now = std::ptr::eq(overview, data.now);
        let hidden = if is_now { data.hidden } else { data.hidden_before };
        if hidden.times.contains(&time) {
            return withheld::FIGURE;
        }
        let found = overview.times.binary_search_by_key(&time, |(time, _)| *time);
        found.map_or(0, |at| figure.of(&overview.times[at].1))
    };
    if first == last {
        let (begins, ends) =
            (period::begins(first, data.zone), period::begins(first + 1, data.zone));
        return (0..(ends - begins) / 3_600_000)
            .map(|hour| {
                let at = Millis(begins + hour * 3_600_000);
                let name = t.moment(at, data.zone);
                let name = name.rsplit(' ').next().unwrap_or("").to_owned();
                let before = known.then(|| value(data.before, hour));
                Column { short: name.clone(), name, value: value(data.now, hour), before }
            })
            .collect();
    }
    let length = last - first + 1;
    (first..=last)
        .map(|day| Column {
            short: t.short_day(period::date(day)),
            name: t.day(period::date(day)),
            value: value(data.now, day),
            before: known.then(|| value(data.before, day - length)),
        })
        .collect()
}
