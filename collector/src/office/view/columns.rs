//! The columns of the overview's chart.

use consent_core::time::Millis;

use super::{
    chart::Column,
    overview::{Data, Visits},
    withheld,
};
use crate::{
    office::{period, tongue::Tongue},
    query::withheld::dashboard::Hidden,
    store::dashboard::Overview,
};

/// By hour of one day, or by day.
pub(super) fn columns(t: Tongue, data: &Data<'_>, visits: &Visits) -> Vec<Column> {
    let figure = data.choice.figure;
    let (first, last) = data.choice.period.days(data.today);
    let known = visits.before.total.visits > 0;
    let now = (&visits.now, &visits.hidden);
    let earlier = (&visits.before, &visits.hidden_before);
    let value = |(overview, hidden): (&Overview, &Hidden), time: i64| {
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
                let before = known.then(|| value(earlier, hour));
                Column { short: name.clone(), name, value: value(now, hour), before }
            })
            .collect();
    }
    let length = last - first + 1;
    (first..=last)
        .map(|day| Column {
            short: t.short_day(period::date(day)),
            name: t.day(period::date(day)),
            value: value(now, day),
            before: known.then(|| value(earlier, day - length)),
        })
        .collect()
}
