//! A field: what it holds, and whether a value is that.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{date, email, fault::FieldFault, kana, number, postal, spam, spelling, telephone, url};
use crate::ids::FieldKey;

/// What stands between several choices in one value.
pub const SEPARATOR: char = '\n';

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// An e-mail address.
    Email,
    /// A telephone number: as it is dialled in Japan, or with + and the country's code.
    Telephone,
    /// A Japanese postal code.
    PostalCode,
    /// How a name is read, in katakana.
    Kana,
    /// A number.
    Number,
    /// A day of the calendar.
    Date,
    /// The address of a web page.
    Url,
    /// One or several of fixed options.
    Choice,
    /// A box that is ticked or not.
    Checkbox,
}

impl FieldKind {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::LongText,
        Self::Email,
        Self::Telephone,
        Self::PostalCode,
        Self::Kana,
        Self::Number,
        Self::Date,
        Self::Url,
        Self::Choice,
        Self::Checkbox,
    ];

    /// Its name in site files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Email => "email",
            Self::Telephone => "telephone",
            Self::PostalCode => "postal_code",
            Self::Kana => "kana",
            Self::Number => "number",
            Self::Date => "date",
            Self::Url => "url",
            Self::Choice => "choice",
            Self::Checkbox => "checkbox",
        }
    }

    /// Whether `min` and `max` of such a field count its characters; of a number they bound its value.
    #[must_use]
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Email | Self::Kana | Self::Url)
    }

    /// Characters that such a field has at most, where its site says nothing.
    #[must_use]
    pub const fn usual_max(self) -> Option<i64> {
        match self {
            Self::LongText => Some(4_000),
            Self::Url => Some(2_000),
            Self::Text | Self::Email | Self::Kana => Some(254),
            _ => None,
        }
    }
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key: the control's `name`.
    pub key: FieldKey,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Characters, at least; of a number, its least value.
    pub min: Option<i64>,
    /// Characters, at most; of a number, its greatest value.
    pub max: Option<i64>,
    /// Whether several options may be chosen.
    pub multiple: bool,
    /// What there is to choose.
    pub options: Vec<String>,
}

impl Field {
    /// A field of that kind that may be left empty.
    #[must_use]
    pub const fn new(key: FieldKey, kind: FieldKind) -> Self {
        let max = kind.usual_max();
        Self { key, kind, required: false, min: None, max, multiple: false, options: Vec::new() }
    }

    /// Every fault that [`Field::accept`] may find with it.
    pub fn faults(&self) -> impl Iterator<Item = FieldFault> + '_ {
        let measured = self.kind.is_measured();
        let number = self.kind == FieldKind::Number;
        FieldFault::ALL.into_iter().filter(move |fault| match fault {
            FieldFault::Required => self.required,
            FieldFault::TooShort => measured && self.min.is_some(),
            FieldFault::TooLong => measured && self.max.is_some(),
            FieldFault::TooSmall => number && self.min.is_some(),
            FieldFault::TooLarge => number && self.max.is_some(),
            FieldFault::Choice => matches!(self.kind, FieldKind::Choice | FieldKind::Checkbox),
            FieldFault::TooManyLinks => matches!(self.kind, FieldKind::Text | FieldKind::LongText),
            FieldFault::Control => true,
            FieldFault::Unknown => false,
            own => own.as_str() == self.kind.as_str(),
        })
    }

    /// The value in its one spelling; empty where nothing was filled in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn accept(&self, value: &str) -> Result<String, FieldFault> {
        let value = spelling::seen(value);
        let value = if value.is_empty() { value } else { self.spelt(&value)? };
        if value.is_empty() {
            return if self.required { Err(FieldFault::Required) } else { Ok(value) };
        }
        if self.kind.is_measured() {
            let count = value.chars().map(|_| 1_i64).sum::<i64>();
            if self.max.is_some_and(|max| count > max) {
                return Err(FieldFault::TooLong);
            }
            if self.min.is_some_and(|min| count < min) {
                return Err(FieldFault::TooShort);
            }
        }
        Ok(value)
    }

    fn spelt(&self, value: &str) -> Result<String, FieldFault> {
        let breaks = |c| matches!(c, '\n' | '\t') && self.kind == FieldKind::LongText;
        let listed = |c| c == SEPARATOR && self.kind == FieldKind::Choice;
        if value.chars().any(|c| c.is_control() && !breaks(c) && !listed(c)) {
            return Err(FieldFault::Control);
        }
        match self.kind {
            FieldKind::Text => spam::few_links(spelling::line(value), false),
            FieldKind::LongText => spam::few_links(spelling::composed(value), true),
            FieldKind::Email => email::spelt(value).ok_or(FieldFault::Email),
            FieldKind::Telephone => telephone::spelt(value).ok_or(FieldFault::Telephone),
            FieldKind::PostalCode => postal::spelt(value).ok_or(FieldFault::PostalCode),
            FieldKind::Kana => kana::spelt(value).ok_or(FieldFault::Kana),
            FieldKind::Number => number::spelt(value, self.min, self.max),
            FieldKind::Date => date::spelt(value).ok_or(FieldFault::Date),
            FieldKind::Url => url::spelt(value).ok_or(FieldFault::Url),
            FieldKind::Choice => self.chosen(value).ok_or(FieldFault::Choice),
            FieldKind::Checkbox => match value {
                "true" => Ok("true".to_owned()),
                "false" => Ok(String::new()),
                _ => Err(FieldFault::Choice),
            },
        }
    }

    /// What was chosen, in the options' order.
    fn chosen(&self, value: &str) -> Option<String> {
        let is_option = |one: &str| self.options.iter().any(|option| option == one);
        let wanted = || value.split(SEPARATOR).filter(|one| !one.is_empty());
        if !wanted().all(is_option) || (!self.multiple && wanted().nth(1).is_some()) {
            return None;
        }
        let mut chosen = String::new();
        for option in self.options.iter().filter(|option| wanted().any(|one| one == *option)) {
            if !chosen.is_empty() {
                chosen.push(SEPARATOR);
            }
            chosen.push_str(option);
        }
        Some(chosen)
    }
}
