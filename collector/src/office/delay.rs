//! How long the next try to log in has to wait.

use consent_core::time::SECOND;

/// Tries without a wait.
const FREE: i64 = 3;
/// The longest wait.
const LONGEST: i64 = 900 * SECOND;

/// The wait after so many tries that failed, in milliseconds: none after the first three, then twice as long each
/// time, a quarter of an hour at most.
#[must_use]
pub fn after(failures: i64) -> i64 {
    match failures.saturating_sub(FREE) {
        ..=0 => 0,
        doublings @ 1..=9 => SECOND << doublings,
        _ => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_begins_after_three_tries_and_doubles_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| after(failures) / SECOND;
        assert_eq!([0, 1, 2, 3].map(seconds), [0; 4]);
        assert_eq!([4, 5, 6, 7].map(seconds), [2, 4, 8, 16]);
        assert_eq!([12, 13, 15, 16, 1_000, i64::MAX].map(seconds), [512, 900, 900, 900, 900, 900]);
        assert_eq!(seconds(-1), 0);
    }
}
