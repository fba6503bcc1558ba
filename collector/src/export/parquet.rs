//! Parquet: rows wait until a group of them is full, which is then written column by column.

use std::{
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::Type,
};

use super::{Cell, Column, Kind};

/// Rows of a group, and bytes that its cells take while they wait, at most. Writing it takes some times as much. A file
/// has 32,767 groups at most.
const ROWS: usize = 50_000;
const BYTES: usize = 8 << 20;

pub(super) struct Parquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    kinds: Vec<Kind>,
    /// What waits, by column.
    waiting: Vec<Vec<Cell>>,
    bytes: usize,
}

impl<W: Write + Send> std::fmt::Debug for Parquet<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parquet").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn begin(columns: &[Column], told: &[(&str, String)], to: W) -> io::Result<Self> {
        let fields: Result<_, _> =
            columns.iter().map(|column| field(column).map(Arc::new)).collect();
        let schema =
            Type::group_type_builder("ashiato").with_fields(fields.map_err(failed)?).build();
        let told =
            told.iter().map(|(key, value)| KeyValue::new(format!("ashiato.{key}"), value.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("ashiato ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(told.collect()))
            .build();
        let writer =
            SerializedFileWriter::new(to, Arc::new(schema.map_err(failed)?), Arc::new(properties));
        let kinds: Vec<_> = columns.iter().map(|(_, kind)| *kind).collect();
        let waiting = vec![Vec::new(); kinds.len()];
        Ok(Self { writer: writer.map_err(failed)?, kinds, waiting, bytes: 0 })
    }

    pub(super) fn add(&mut self, row: Vec<Cell>) -> io::Result<()> {
        for (column, cell) in self.waiting.iter_mut().zip(row) {
            let text = if let Cell::Text(text) = &cell { text.len() } else { 0 };
            self.bytes += size_of::<Cell>() + text;
            column.push(cell);
        }
        let rows = self.waiting.first().map_or(0, Vec::len);
        if rows >= ROWS || self.bytes >= BYTES { self.write() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.waiting.first().is_some_and(|column| !column.is_empty()) {
            self.write()?;
        }
        self.writer.close().map(drop).map_err(failed)
    }

    fn write(&mut self) -> io::Result<()> {
        self.bytes = 0;
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for (kind, cells) in self.kinds.iter().zip(&mut self.waiting) {
            let cells = std::mem::take(cells);
            let written = match kind {
                Kind::Text => column::<ByteArrayType, _>(&mut group, &cells, |cell| match cell {
                    Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                    _ => None,
                }),
                Kind::Number | Kind::Moment => {
                    column::<Int64Type, _>(&mut group, &cells, |cell| match cell {
                        Cell::Number(number) => Some(*number),
                        Cell::Moment(at) => Some(at.0),
                        _ => None,
                    })
                }
                Kind::Share => column::<DoubleType, _>(&mut group, &cells, |cell| match cell {
                    Cell::Share(share) => Some(*share),
                    _ => None,
                }),
            };
            written.map_err(failed)?;
        }
        group.close().map(drop).map_err(failed)
    }
}

/// Writes the next column: the values that are there, and of each row whether its is.
fn column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: &[Cell],
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let values: Vec<_> = cells.iter().map(value).collect();
    let there: Vec<_> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<_> = values.into_iter().flatten().collect();
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("there is no such column".to_owned()));
    };
    column.typed::<T>().write_batch(&values, Some(&there), None)?;
    column.close()
}

fn field((name, kind): &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Number => (Physical::INT64, None),
        Kind::Share => (Physical::DOUBLE, None),
        Kind::Moment => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => io::Error::other(cause),
        error => io::Error::other(error),
    }
}
