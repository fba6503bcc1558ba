//! What the end-to-end tests share: a real collector on a real database, and a client that speaks
//! the wire without the browser.
//!
//! Nothing here is a double. Every collector has a folder of its own, listens on a port of its own
//! and is ended by its own process id when its value is dropped. Helpers panic with what the
//! collector said, because a test cannot go on without them.

#[cfg(target_os = "linux")]
pub mod clock;
pub mod collector;
pub mod data;
pub mod database;
pub mod http;
pub mod mail;
pub mod process;
pub mod python;
pub mod session;
pub mod visitor;

pub use collector::Collector;
pub use data::Data;
pub use http::Answer;
pub use session::Session;
pub use visitor::Visitor;

/// Looks again and again until what is waited for is there.
///
/// # Panics
/// Where it is not in half a minute.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    while start.elapsed() < std::time::Duration::from_secs(30) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::yield_now();
    }
    process::panic_with(&format!("this was waited for in vain: {what}"))
}

/// The origin of the site `shop`.
pub const SHOP: &str = "https://shop.example";
/// The origin of the site `other`, on the same collector.
pub const OTHER: &str = "https://other.example";
