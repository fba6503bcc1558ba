//! Events as such, of visitors whose consent holds. No lead is in reach of it.
//!
//! Visitors have a number that is drawn anew for each export, so that no two exports can be laid side by side; who is
//! tied to a lead has none, so that no export says whose a lead's timeline is.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::{Cell, Column, Format, Kind, Table};
use crate::store::exports::Event;

const COLUMNS: [(&str, Kind); 10] = [
    ("at", Kind::Moment),
    ("event", Kind::Text),
    ("page", Kind::Text),
    ("query", Kind::Text),
    ("title", Kind::Text),
    ("referrer", Kind::Text),
    ("properties", Kind::Text),
    ("purpose", Kind::Text),
    ("service", Kind::Text),
    ("visitor", Kind::Text),
];

/// An export in the making.
#[derive(Debug)]
pub struct Export<W: Write + Send> {
    table: Table<W>,
    /// What visitors' numbers are drawn by; it goes with the export.
    secret: [u8; 32],
    rows: u64,
}

impl<W: Write + Send> Export<W> {
    /// Begins one. `secret` was drawn for it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(
        format: Format,
        secret: [u8; 32],
        told: &[(&str, String)],
        to: W,
    ) -> io::Result<Self> {
        let columns: Vec<Column> =
            COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        Ok(Self { table: Table::begin(format, &columns, told, to)?, secret, rows: 0 })
    }

    /// Adds events.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn add(&mut self, events: Vec<Event>) -> io::Result<()> {
        for event in events {
            let visitor = event.visitor.map_or(Cell::Empty, |visitor| {
                let digest =
                    Sha256::new().chain_update(self.secret).chain_update(visitor.0.to_be_bytes());
                let digest = digest.finalize();
                Cell::Text(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
            });
            let properties = event.properties.map_or(Cell::Empty, Cell::Text);
            let texts = [event.name, event.page, event.query, event.title, event.referrer];
            let after = [event.purpose, event.service].map(Cell::Text);
            let row = std::iter::once(Cell::Moment(event.at)).chain(texts.map(Cell::Text));
            let row = row.chain([properties]).chain(after).chain([visitor]);
            self.table.add(row.collect())?;
            self.rows += 1;
        }
        Ok(())
    }

    /// How many it has.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.table.finish()
    }
}
