//! What a person can be reached by, in the one form by which they are found again: the same address
//! or number is the same text, however it was typed.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::form::{Field, FieldKind, Form, Submission, email, spelling::seen, telephone};

/// What kind of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Telephone,
}

impl ContactKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Email, Self::Telephone];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Telephone => "telephone",
        }
    }
}

/// An address or a number of somebody, as it is looked up. It is shown by no `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    kind: ContactKind,
    value: String,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contact({}, …)", self.kind.as_str())
    }
}

impl Contact {
    /// The contact that a field of that kind holds; none where it holds no address and no number.
    #[must_use]
    pub fn of(kind: FieldKind, value: &str) -> Option<Self> {
        match kind {
            FieldKind::Email => Self::email(value),
            FieldKind::Telephone => Self::telephone(value),
            _ => None,
        }
    }

    /// An e-mail address as forms spell it, and case does not count. Before the `@` it might (RFC 5321, section
    /// 2.4), and no provider of note lets it; two spellings of one person's address must not be two people.
    #[must_use]
    pub fn email(value: &str) -> Option<Self> {
        let value = email::spelt(&email::spelt(&seen(value))?.to_lowercase())?;
        Some(Self { kind: ContactKind::Email, value })
    }

    /// A telephone number, as E.164 writes it.
    #[must_use]
    pub fn telephone(value: &str) -> Option<Self> {
        telephone::spelt(&seen(value)).map(|value| Self { kind: ContactKind::Telephone, value })
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The text that is looked up.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Every contact of what was sent by a form.
#[must_use]
pub fn contacts(form: &Form, sent: &Submission) -> Vec<Contact> {
    let of = |field: &Field| Contact::of(field.kind, sent.fields.get(field.key.as_str())?);
    form.fields.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_address_or_number_is_one_text_however_it_is_typed() {
        let email = |value| Contact::email(value).map(|contact| contact.value);
        let same = [
            "hanako@example.jp",
            " Hanako@EXAMPLE.jp\u{3000}",
            "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
            "\u{feff}hanako@\u{200b}example.jp\u{200e}",
        ];
        for spelling in same {
            assert_eq!(email(spelling).as_deref(), Some("hanako@example.jp"), "{spelling}");
        }
        let phone = |value| Contact::telephone(value).map(|contact| contact.value);
        for spelling in
            ["09012345678", "090-1234-5678", "０９０（１２３４）５６７８", "+81 90 1234 5678"]
        {
            assert_eq!(phone(spelling).as_deref(), Some("+819012345678"), "{spelling}");
        }
        assert_eq!((email("nobody"), phone("12-34")), (None, None));
    }

    #[test]
    fn debug_shows_nobody() {
        assert_eq!(
            alloc::format!("{:?}", Contact::email("a@b.example")),
            "Some(Contact(email, …))"
        );
    }

    proptest! {
        #[test]
        fn what_is_normalised_stays_as_it_is(value in any::<String>()) {
            for of in [Contact::email, Contact::telephone] {
                if let Some(contact) = of(&value) {
                    prop_assert_eq!(of(contact.value()).unwrap(), contact);
                }
            }
        }
    }
}
