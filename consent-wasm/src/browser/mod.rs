//! The shell between the pure parts and the page. Only here is the page touched, and nothing here
//! decides: it reads what a part has to know and does what the part answers.
//!
//! What the browser lacks is `None` or passed over; nothing here panics.

#[cfg(feature = "ui")]
mod banner;
mod cookie;
mod dom;
#[cfg(feature = "ui")]
mod frames;
#[cfg(feature = "ui")]
pub(crate) mod ui;

mod host;

pub use host::Host;
