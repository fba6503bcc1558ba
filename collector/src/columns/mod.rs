//! Events by their columns, as questions read them: pure, without a database.
//!
//! A site's day lies in parts (`part`), each a blob a column (`bytes`), so that a question reads the columns it
//! needs and nothing else. A question goes once through a [`Table`], one visitor after the other, so that what it has to
//! know of a visitor it can forget with the next; a large table in shards, one a core ([`Shard`]). What it finds out
//! about a text it finds out once for each different one.
//!
//! A table never has an event that a [`Mask`] hides: there is no other way from a blob to an event.

mod bytes;
mod members;
mod order;
mod part;
mod read;
mod run;
mod shards;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod visits;

pub use bytes::Damage;
pub use members::{Members, Others};
pub use order::Mask;
pub use part::{Column, PART, Part, parts};
pub use read::{Broken, Day, Stored};
pub use shards::Shard;
pub use table::{Event, New, Spot, Table, Text, Wanted};
pub use visits::{Distinct, Visits};
