//! The shell between the pure parts and the page. Only here is the page touched, and nothing here
//! decides: it reads what a part has to know and does what the part answers.
//!
//! What the browser lacks is `None` or passed over; nothing here panics.

#[cfg(feature = "act")]
pub(crate) mod act;
#[cfg(feature = "ui")]
mod banner;
mod dom;
#[cfg(feature = "act")]
mod forms;
mod host;
#[cfg(feature = "act")]
mod observe;
#[cfg(feature = "ui")]
pub(crate) mod ui;

pub use host::Host;
