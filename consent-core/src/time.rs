//! Points in time and the clock rules of the wire.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// One second, in milliseconds.
pub const SECOND: i64 = 1_000;
/// One day, in milliseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// How far a signed body's `iat` may be from the collector's clock, either way.
pub const SIGNATURE_TOLERANCE: i64 = 300 * SECOND;
/// Events older than this are refused.
pub const EVENT_MAX_AGE: i64 = 2 * DAY;
/// How far an event may lie ahead of the clock that judges it: several collectors' clocks differ
/// by a little, and a page corrects its own by one of them.
pub const CLOCK_SKEW: i64 = 5 * SECOND;
/// How far back a decision's own time is believed when it says from when on a purpose is granted.
pub const DECISION_BACKDATING: i64 = SIGNATURE_TOLERANCE;
/// The longest a browser keeps a cookie (draft-ietf-httpbis-rfc6265bis, section 5.5).
pub const COOKIE_MAX_DAYS: u32 = 400;

impl Millis {
    /// This time and `ms` milliseconds more; far ends are clamped.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Milliseconds from `earlier` to this time; negative where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
