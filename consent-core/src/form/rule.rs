//! A field's rule as one text: what the collector hands to the page, which has no parser of JSON.

use alloc::string::String;

use super::field::{Field, FieldKind, SEPARATOR};
use crate::{ids::FieldKey, json::push_digits, text::number};

impl Field {
    /// The rule without the key: the kind, `1` where it must be filled in, the bounds and `1` where several
    /// may be chosen, a space between each, `*` for what is not bounded; then a line for each option.
    #[must_use]
    pub fn rule(&self) -> String {
        let mut rule = String::from(self.kind.as_str());
        let flag = |yes| if yes { " 1" } else { " 0" };
        rule.push_str(flag(self.required));
        for bound in [self.min, self.max] {
            rule.push(' ');
            match bound {
                Some(bound) => {
                    if bound < 0 {
                        rule.push('-');
                    }
                    push_digits(&mut rule, bound.unsigned_abs(), 10);
                }
                None => rule.push('*'),
            }
        }
        rule.push_str(flag(self.multiple));
        for option in &self.options {
            rule.push(SEPARATOR);
            rule.push_str(option);
        }
        rule
    }

    /// Reads what [`Field::rule`] wrote; `None` of any other text.
    #[must_use]
    pub fn of_rule(key: FieldKey, rule: &str) -> Option<Self> {
        let mut lines = rule.split(SEPARATOR);
        let mut words = lines.next()?.split(' ');
        let kind = words.next()?;
        let kind = FieldKind::ALL.into_iter().find(|own| own.as_str() == kind)?;
        let required = words.next()? == "1";
        let (min, max) = (bound(words.next()?)?, bound(words.next()?)?);
        let multiple = words.next()? == "1";
        let options = lines.map(String::from).collect();
        Some(Self { key, kind, required, min, max, multiple, options })
    }
}

fn bound(word: &str) -> Option<Option<i64>> {
    if word == "*" {
        return Some(None);
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    let value: i64 = number(digits, 10)?;
    Some(Some(if digits.len() < word.len() { -value } else { value }))
}
