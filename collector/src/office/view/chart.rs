//! Charts as SVG without a style of their own: shapes are stretched to their place, words stand beside them.

use maud::{Markup, html};

/// A column of a chart.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands under it, where there is room.
    pub short: String,
    /// What is said of it.
    pub name: String,
    /// Its value.
    pub value: i64,
    /// The same in the period before; none where there is none.
    pub before: Option<i64>,
}

/// A chart by time. `shown` writes a value.
#[must_use]
pub fn by_time(
    columns: &[Column],
    about: &str,
    shown: impl Fn(i64) -> String,
    before: &str,
) -> Markup {
    let top = nice(
        columns.iter().flat_map(|it| [Some(it.value), it.before]).flatten().max().unwrap_or(0),
    );
    let height = |value: i64| percent(value, top);
    let width = columns.len() * 10;
    let line = columns.iter().enumerate().filter_map(|(at, column)| {
        Some(format!("{},{}", at * 10 + 5, complement(&height(column.before?))))
    });
    let line = line.collect::<Vec<_>>().join(" ");
    html! {
        div.chart {
            div.scale aria-hidden="true" { span { (shown(top)) } span { (shown(top / 2)) } span { (shown(0)) } }
            svg viewBox={ "0 0 " (width) " 100" } preserveAspectRatio="none" role="img" aria-label=(about) {
                g.grid { line x1="0" y1="0" x2=(width) y2="0" {} line x1="0" y1="50" x2=(width) y2="50" {}
                    line.base x1="0" y1="100" x2=(width) y2="100" {} }
                @for (at, column) in columns.iter().enumerate() {
                    g.column {
                        title { (column.name) ": " (shown(column.value))
                            @if let Some(value) = column.before { " (" (before) " " (shown(value)) ")" } }
                        rect.hit x=(at * 10) y="0" width="10" height="100" {}
                        rect.bar x={ (at * 10 + 1) ".6" } y=(complement(&height(column.value)))
                            width="6.8" height=(height(column.value)) {}
                    }
                }
                @if columns.len() > 1 && !line.is_empty() { polyline.before points=(line) {} }
            }
            div.times aria-hidden="true" {
                @for at in marked(columns.len()) { span { (columns[at].short) } }
            }
        }
    }
}

/// The columns whose names stand under them: the first, the last and a few at the same distance between, as many as
/// there is room for on a telephone.
fn marked(columns: usize) -> impl Iterator<Item = usize> {
    let last = columns.saturating_sub(1);
    let gaps = [5, 4, 3, 2]
        .into_iter()
        .find(|gaps| last.is_multiple_of(*gaps) && last >= *gaps)
        .unwrap_or(5);
    let gaps = gaps.min(last).max(1);
    (0..=gaps).map(move |at| (last * at + gaps / 2) / gaps).filter(move |at| *at < columns)
}

/// A bar that shows a part of a whole.
#[must_use]
pub fn bar(part: i64, whole: i64) -> Markup {
    html! {
        svg.part viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(percent(part, whole)) height="4" {}
        }
    }
}

/// The next number above that people count by.
fn nice(value: i64) -> i64 {
    let mut unit = 1;
    loop {
        for times in [2, 4, 6, 8, 10, 12, 16] {
            if unit * times >= value {
                return unit * times;
            }
        }
        if unit > i64::MAX / 200 {
            return value;
        }
        unit *= 10;
    }
}

/// A part in per cent, to two places.
fn percent(part: i64, whole: i64) -> String {
    let hundredths = i128::from(part.max(0)) * 10_000 / i128::from(whole.max(1));
    let hundredths = hundredths.min(10_000);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// What is missing to a hundred.
fn complement(percent: &str) -> String {
    let hundredths: i64 = percent.replace('.', "").parse().unwrap_or(0);
    let rest = 10_000 - hundredths;
    format!("{}.{:02}", rest / 100, rest % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_number_that_people_count_by() {
        assert_eq!(
            [0, 1, 3, 5, 7, 11, 13, 39, 100, 101, 170].map(nice),
            [2, 2, 4, 6, 8, 12, 16, 40, 100, 120, 200]
        );
    }

    #[test]
    fn the_first_and_the_last_column_are_named_and_some_between() {
        let of = |columns| marked(columns).collect::<Vec<_>>();
        assert_eq!(of(30), [0, 6, 12, 17, 23, 29]);
        assert_eq!(of(7), [0, 2, 4, 6]);
        assert_eq!((of(2), of(0)), (vec![0, 1], vec![]));
    }

    #[test]
    fn parts_are_drawn_to_two_places_and_within_the_whole() {
        assert_eq!(
            [(1, 3), (3, 3), (5, 3), (0, 0), (-1, 3)].map(|(a, b)| percent(a, b)),
            ["33.33", "100.00", "100.00", "0.00", "0.00"]
        );
        assert_eq!(["33.33", "100.00", "0.00"].map(complement), ["66.67", "0.00", "100.00"]);
    }
}
