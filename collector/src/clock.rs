//! The collector's only clock. Everything else takes the time as an argument.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use consent_core::time::Millis;

/// The time now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Millis {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Millis(elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)))
}

/// How long the process has been running: it goes on evenly, whatever the clock is set to.
#[must_use]
pub fn uptime() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
