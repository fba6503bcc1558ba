//! What scripts hand over: values one a line, because a line costs a module a few bytes to read and an
//! object some hundred.

use core::str::FromStr;

use consent_core::text::{next_part, number};

/// Lines to be read one after another. What is missing is empty.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    rest: Option<&'a str>,
    mark: u8,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    #[must_use]
    pub const fn of(text: &'a str) -> Self {
        Self::split(text, b'\n')
    }

    /// The words of a line.
    #[must_use]
    pub const fn words(line: &'a str) -> Self {
        Self::split(line, b' ')
    }

    /// What stands between marks.
    #[must_use]
    pub const fn split(text: &'a str, mark: u8) -> Self {
        Self { rest: Some(text), mark }
    }

    /// The next line; empty where there is none.
    pub fn text(&mut self) -> &'a str {
        self.next().unwrap_or("")
    }

    /// The next line as a whole number.
    pub fn number(&mut self) -> Option<i64> {
        let text = self.text();
        let digits = text.strip_prefix("-").unwrap_or(text);
        let value = number(digits, 10)?;
        Some(if digits.len() < text.len() { -value } else { value })
    }

    /// Everything that has not been read.
    #[must_use]
    pub const fn rest(&self) -> Option<&'a str> {
        self.rest
    }

    /// The next line as what it should be.
    pub fn parse<T: FromStr>(&mut self) -> Option<T> {
        self.text().parse().ok()
    }
}

/// The line of that number; empty where there is none.
#[must_use]
pub fn line(text: &str, number: usize) -> &str {
    Lines::of(text).nth(number).unwrap_or("")
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        next_part(&mut self.rest, self.mark)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_empty() {
        let mut lines = Lines::of("a\n\n7");
        assert_eq!(
            (lines.text(), lines.text(), lines.number(), lines.text()),
            ("a", "", Some(7), "")
        );
        assert_eq!(lines.number(), None);
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "-?[0-9a]{0,21}") {
            prop_assert_eq!(Lines::of(&text).number(), text.parse::<i64>().ok().filter(|n| *n != i64::MIN));
        }

        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a-zé\\n]{0,20}") {
            prop_assert_eq!(Lines::of(&text).collect::<Vec<_>>(), text.split('\n').collect::<Vec<_>>());
        }
    }
}
