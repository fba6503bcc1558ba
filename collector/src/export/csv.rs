//! RFC 4180, in UTF-8 without a byte order mark: the names of the columns first, lines that end by CR LF.

use std::io::{self, Write};

use super::{Cell, Column, formula};

#[derive(Debug)]
pub(super) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub(super) fn begin(columns: &[Column], to: W) -> io::Result<Self> {
        let mut builder = csv::WriterBuilder::new();
        let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(to);
        writer.write_record(columns.iter().map(|(name, _)| formula::safe(name)))?;
        Ok(Self(writer))
    }

    pub(super) fn add(&mut self, row: &[Cell]) -> io::Result<()> {
        Ok(self.0.write_record(row.iter().map(written))?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => formula::safe(text),
        Cell::Number(number) => number.to_string(),
        Cell::Share(share) => share.to_string(),
        Cell::Moment(at) => jiff::Timestamp::from_millisecond(at.0)
            .map_or_else(|_| String::new(), |at| format!("{at:.3}")),
    }
}

/// Rows as they stand in such a file. The cells are safe already where they have to be.
///
/// # Errors
/// Where a row cannot be written.
pub fn rows<R, C>(rows: R) -> csv::Result<String>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut builder = csv::WriterBuilder::new();
    let builder = builder.flexible(true).terminator(csv::Terminator::CRLF);
    let mut writer = builder.from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
