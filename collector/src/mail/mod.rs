//! Sending mail: one person, one address, one mail at a time, signed (DKIM), by an SMTP server or into a folder.
//!
//! No address, name or token is logged, nor what a mail server says, since it likes to repeat addresses: of
//! that only the number.

pub mod authentication;
mod message;
mod notices;
mod sender;
mod transport;

pub use sender::{Sender, Sent};
pub use transport::{Transport, TransportError};
