//! Answers to questions as tables.

use std::io::{self, Write};

use super::{Cell, Column, Format, Kind, Table};
use crate::query::{Answer, Query, Row};

/// In the place of the values of rows that are not told.
const WITHHELD: &str = "(withheld)";

/// Writes an answer: a column for each dimension and metric, for each metric of the period before, and, in every row,
/// for how much of the traffic it stands. What is withheld is the last row.
///
/// # Errors
/// Where it cannot be written.
pub fn write(
    format: Format,
    query: &Query,
    answer: &Answer,
    to: impl Write + Send,
) -> io::Result<()> {
    let compares = query.compare.is_some();
    let columns = columns(query, compares);
    let share = |share: Option<f64>| share.map_or(Cell::Empty, Cell::Share);
    let meta = &answer.meta;
    let mut told = vec![
        ("site", query.site.clone()),
        ("date_range", format!("{}/{}", meta.date_range.0, meta.date_range.1)),
        ("asked", meta.asked.to_string()),
        ("decided", meta.decided.to_string()),
        ("consented_share", meta.consented_share.map_or_else(String::new, |it| it.to_string())),
    ];
    told.extend(query.segment.iter().map(|name| ("segment", name.clone())));
    let mut table = Table::begin(format, &columns, &told, to)?;
    let number = |sum: Option<i64>| sum.map_or(Cell::Empty, Cell::Number);
    let mut add = |values: Vec<Cell>, sums: Vec<Cell>, before: Vec<Cell>| {
        let before = if compares { before } else { Vec::new() };
        let row = values.into_iter().chain(sums).chain(before);
        table.add(row.chain([share(meta.consented_share)]).collect())
    };
    let nothing = || vec![Cell::Empty; query.metrics.len()];
    for Row { dimensions, metrics, previous } in &answer.results {
        let values = dimensions.iter().cloned().map(Cell::Text).collect();
        let sums = metrics.iter().copied().map(Cell::Number).collect();
        let before = previous.iter().flatten().flatten().copied().map(Cell::Number).collect();
        add(values, sums, if matches!(previous, Some(Some(_))) { before } else { nothing() })?;
    }
    if let Some(withheld) = &answer.withheld {
        let values = vec![Cell::Text(WITHHELD.to_owned()); query.dimensions.len()];
        add(values, withheld.metrics.iter().copied().map(number).collect(), nothing())?;
    }
    table.finish()
}

fn columns(query: &Query, compares: bool) -> Vec<Column> {
    let dimensions = query.dimensions.iter().map(|name| (name.clone(), Kind::Text));
    let metrics = query.metrics.iter().map(|name| (name.clone(), Kind::Number));
    let before = query.metrics.iter().filter(|_| compares);
    let before = before.map(|name| (format!("previous_{name}"), Kind::Number));
    let share = ("consented_share".to_owned(), Kind::Share);
    dimensions.chain(metrics).chain(before).chain([share]).collect()
}
