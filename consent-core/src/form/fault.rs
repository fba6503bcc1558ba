//! What may be wrong with a field.

use serde::{Deserialize, Serialize};

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldFault {
    /// It must be filled in.
    Required,
    /// It has fewer characters than it must.
    TooShort,
    /// It has more characters than it may.
    TooLong,
    /// It is less than it must be.
    TooSmall,
    /// It is more than it may be.
    TooLarge,
    /// It is no e-mail address.
    Email,
    /// It is no telephone number.
    Telephone,
    /// It is no Japanese postal code.
    PostalCode,
    /// It is no reading of a name.
    Kana,
    /// It is no number.
    Number,
    /// It is no day of the calendar.
    Date,
    /// It is no address of a web page.
    Url,
    /// It is none of what there is to choose.
    Choice,
    /// It has more addresses of pages than people write.
    TooManyLinks,
    /// It has line breaks or other control characters.
    Control,
    /// The form has no such field or agreement.
    Unknown,
}

impl FieldFault {
    /// Every one.
    pub const ALL: [Self; 16] = [
        Self::Required,
        Self::TooShort,
        Self::TooLong,
        Self::TooSmall,
        Self::TooLarge,
        Self::Email,
        Self::Telephone,
        Self::PostalCode,
        Self::Kana,
        Self::Number,
        Self::Date,
        Self::Url,
        Self::Choice,
        Self::TooManyLinks,
        Self::Control,
        Self::Unknown,
    ];

    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::Email => "email",
            Self::Telephone => "telephone",
            Self::PostalCode => "postal_code",
            Self::Kana => "kana",
            Self::Number => "number",
            Self::Date => "date",
            Self::Url => "url",
            Self::Choice => "choice",
            Self::TooManyLinks => "too_many_links",
            Self::Control => "control",
            Self::Unknown => "unknown",
        }
    }
}
