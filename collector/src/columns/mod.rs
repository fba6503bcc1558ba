//! Events by their columns, as questions read them: pure, without a database.
//!
//! A question goes once through a [`Table`] and keeps what it has to know of each visitor in a `Vec` by the
//! visitor's number. What it finds out about a text it finds out once for each different one.

mod table;

pub use table::{Builder, Event, New, Table, Text, Wanted};
