use proptest::prelude::*;

use super::*;
use crate::{columns::New, store::scores::table};

const DAY: i64 = 86_400_000;

#[test]
fn more_rows_than_can_be_told_apart_are_no_answer() {
    let view = |page| New { name: "page_view", page, ..New::default() };
    let table = table(&mut ["/", "/a", "/b", "/a"].map(view)).unwrap();
    let (metrics, dimensions) = (vec![Metric::Events], vec![Dimension::Page]);
    let report = Report { metrics, dimensions, filters: vec![], days: (0, 0), limit: 1, offset: 0 };
    let lines = |most| lines(&table, &report, None, (&TimeZone::UTC, most));
    assert!(lines(2).is_none());
    let first = (vec![Cell::Text("/a".to_owned())], vec![2]);
    assert_eq!(lines(3).unwrap()[0], first);
}

/// Visitor, minute, page, and whether it is a view.
type Act = (i64, i64, usize, bool);
const PAGES: [&str; 3] = ["/", "/a", "/b"];

fn made(acts: &[Act]) -> Table {
    let of = |&(visitor, minute, page, is_view): &Act| New {
        visitor,
        at: minute * 60_000,
        day: minute * 60_000 / DAY,
        name: if is_view { "page_view" } else { "click" },
        page: PAGES[page],
        ..New::default()
    };
    table(&mut acts.iter().map(of).collect::<Vec<_>>()).unwrap()
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec((0..6_i64, 0..3_000_i64, 0..3_usize, any::<bool>()), 0..60)
}

/// From which minute on what each visitor does counts, if ever.
fn since() -> impl Strategy<Value = Vec<Option<i64>>> {
    prop::collection::vec(prop::option::of(0..2_000_i64), 6)
}

fn members(table: &Table, since: &[Option<i64>]) -> Arc<Members> {
    let from = |visitor| {
        let row = usize::try_from(table.visitor_row(visitor).0).unwrap();
        since[row].map(|minute| minute * 60_000)
    };
    let visitors = 0..u32::try_from(table.visitors()).unwrap();
    Arc::new(Members::new(visitors.map(from).collect()))
}

proptest! {
    /// What is answered of a segment is what would be if nobody else had come, and its visitors not before they were in it;
    /// and who is left out of each row is whoever else is in it.
    #[test]
    fn a_segments_figures_are_those_of_its_visitors_alone(acts in acts(), since in since(), by in 0..3_usize, on_a in any::<bool>()) {
        let dimensions = [vec![], vec![Dimension::Page], vec![Dimension::Day, Dimension::Page]];
        let only = vec![Filter::Is(Dimension::Page, vec!["/a".to_owned()])];
        let filters = if on_a { only } else { Vec::new() };
        let own = [Metric::Events, Metric::Visitors, Metric::Visits, Metric::PageViews];
        let report = Report {
            metrics: own.to_vec(), dimensions: dimensions[by].clone(), filters, days: (0, 2), limit: 1_000, offset: 0,
        };
        let table = made(&acts);
        let members = members(&table, &since);
        let mut of = report.clone();
        of.filters.push(Filter::Theirs);
        of.metrics.push(Metric::Others);
        let at = (&TimeZone::UTC, 1_000);
        let told = lines(&table, &of, Some(&members), at).unwrap();
        let is_theirs = |act: &&Act| since[usize::try_from(act.0).unwrap()].is_some_and(|from| act.1 >= from);
        let alone: Vec<_> = acts.iter().filter(is_theirs).copied().collect();
        let rest: Vec<_> = acts.iter().filter(|act| !is_theirs(act)).copied().collect();
        let expected = lines(&made(&alone), &report, None, at).unwrap();
        let sums = |told: &[Line]| told.iter().map(|(cells, sums)| (cells.clone(), sums[..4].to_vec())).collect::<Vec<_>>();
        prop_assert_eq!(sums(&told), expected);
        let others = lines(&made(&rest), &report, None, at).unwrap();
        for (cells, sums) in &told {
            let other = others.iter().find(|(own, _)| own == cells).map_or(0, |(_, sums)| sums[1]);
            prop_assert_eq!(sums[4], other, "{:?}", cells);
        }
        let not = Filter::Not(Box::new(Filter::Theirs));
        let counts = visitors(&table, &[vec![Filter::Theirs], vec![not], vec![]], Some(&members));
        let distinct = |acts: &[Act]| {
            let mut all: Vec<_> = acts.iter().map(|act| act.0).collect();
            all.sort_unstable();
            all.dedup();
            i64::try_from(all.len()).unwrap()
        };
        prop_assert_eq!(counts, [distinct(&alone), distinct(&rest), distinct(&acts)]);
    }
}
