//! Tables that leave in a file: CSV (RFC 4180) and Parquet, written piece by piece, so that as much is held as one piece
//! takes, however long the table is.

pub mod csv;
pub mod events;
pub mod formula;
mod parquet;
pub mod sums;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use consent_core::time::Millis;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values in UTF-8. No cell is taken for a formula.
    Csv,
    /// Apache Parquet, compressed by Snappy.
    Parquet,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The ending of a file's name, and what the audit trail calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What a column holds. Any cell of it may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// A part of a whole, from 0 to 1.
    Share,
    /// A time, in milliseconds; written as RFC 3339 in CSV.
    Moment,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A part of a whole.
    Share(f64),
    /// A time.
    Moment(Millis),
}

/// A column: its name, and what it holds.
pub type Column = (String, Kind);

/// What is written.
#[derive(Debug)]
pub struct Table<W: Write + Send>(Way<W>);

#[derive(Debug)]
enum Way<W: Write + Send> {
    Csv(Box<csv::Csv<W>>),
    Parquet(Box<parquet::Parquet<W>>),
}

impl<W: Write + Send> Table<W> {
    /// Begins a table with these columns. `told` is said of the whole where the format has a place for it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(
        format: Format,
        columns: &[Column],
        told: &[(&str, String)],
        to: W,
    ) -> io::Result<Self> {
        let way = match format {
            Format::Csv => Way::Csv(Box::new(csv::Csv::begin(columns, to)?)),
            Format::Parquet => Way::Parquet(Box::new(parquet::Parquet::begin(columns, told, to)?)),
        };
        Ok(Self(way))
    }

    /// Adds a row, with a cell for each column.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&mut self, row: Vec<Cell>) -> io::Result<()> {
        match &mut self.0 {
            Way::Csv(csv) => csv.add(&row),
            Way::Parquet(parquet) => parquet.add(row),
        }
    }

    /// Ends it: without this it is not whole, and what was written cannot be taken for it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Way::Csv(csv) => csv.finish(),
            Way::Parquet(parquet) => parquet.finish(),
        }
    }
}

/// What a table is written to that is sent on bit by bit.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    /// What was written since it was last asked.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
