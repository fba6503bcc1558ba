//! Lead forms, and what people send by them: one check for the page and the collector.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::ids::{FieldKey, FormKey};

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
    /// A telephone number.
    Telephone,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its key: the control's `name`.
    pub key: FieldKey,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Whether it may be left empty.
    #[serde(default)]
    pub required: bool,
    /// Characters, at most.
    #[serde(default = "default_max")]
    pub max: usize,
}

const fn default_max() -> usize {
    254
}

/// A form, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its key.
    pub key: FormKey,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The agreements a person may give with it: each a checkbox of its own.
    #[serde(default)]
    pub agreements: Vec<FieldKey>,
}

/// What somebody sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// By field.
    pub fields: BTreeMap<String, String>,
    /// By agreement; what is not named was not given.
    #[serde(default)]
    pub agreements: BTreeMap<String, bool>,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldFault {
    /// It must be filled in.
    Required,
    /// It has more characters than it may.
    TooLong,
    /// It is no e-mail address.
    Email,
    /// It is no telephone number.
    Telephone,
    /// It has line breaks or other control characters.
    Control,
    /// The form has no such field or agreement.
    Unknown,
}

impl FieldFault {
    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "too_long",
            Self::Email => "email",
            Self::Telephone => "telephone",
            Self::Control => "control",
            Self::Unknown => "unknown",
        }
    }
}

impl Form {
    /// Checks and trims what was sent. Fields that are left empty are left out.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn accept(&self, sent: &Submission) -> Result<Submission, Vec<(String, FieldFault)>> {
        let mut faults = Vec::new();
        let mut taken = Submission::default();
        for field in &self.fields {
            let value = sent.fields.get(field.key.as_str()).map_or("", String::as_str);
            match field.accept(value) {
                Ok("") => {}
                Ok(value) => {
                    taken.fields.insert(field.key.as_str().to_owned(), value.to_owned());
                }
                Err(fault) => faults.push((field.key.as_str().to_owned(), fault)),
            }
        }
        let known = |key: &String| self.fields.iter().any(|field| field.key.as_str() == key);
        for key in sent.fields.keys().filter(|key| !known(key)) {
            faults.push((key.clone(), FieldFault::Unknown));
        }
        for (key, yes) in &sent.agreements {
            if self.agreements.iter().any(|agreement| agreement.as_str() == key) {
                taken.agreements.insert(key.clone(), *yes);
            } else {
                faults.push((key.clone(), FieldFault::Unknown));
            }
        }
        if faults.is_empty() { Ok(taken) } else { Err(faults) }
    }
}

impl Field {
    /// The value without white space around it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn accept<'a>(&self, value: &'a str) -> Result<&'a str, FieldFault> {
        let value = value.trim();
        if value.is_empty() {
            return if self.required { Err(FieldFault::Required) } else { Ok(value) };
        }
        if value.chars().count() > self.max {
            return Err(FieldFault::TooLong);
        }
        let breaks = self.kind == FieldKind::LongText;
        if value.chars().any(|c| c.is_control() && !(breaks && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(FieldFault::Control);
        }
        match self.kind {
            FieldKind::Email if !is_email(value) => Err(FieldFault::Email),
            FieldKind::Telephone if !is_telephone(value) => Err(FieldFault::Telephone),
            _ => Ok(value),
        }
    }
}

/// One `@`, something on both sides, a domain of two labels or more: what can be known without
/// sending to it (RFC 5321, section 4.1.2, without quoted strings and address literals).
fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let forbidden =
        |c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>' | ',' | ';' | '"' | '(' | ')');
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (1..=64).contains(&local.len())
        && !local.contains(forbidden)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn is_telephone(value: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let digits = value.chars().filter(|c| digit(*c)).count();
    (6..=15).contains(&digits)
        && value.chars().all(|c| digit(c) || matches!(c, '+' | '-' | '(' | ')' | ' ' | '\u{3000}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form() -> Form {
        let field = |key: &str, kind, required| Field {
            key: key.parse().unwrap(),
            kind,
            required,
            max: 20,
        };
        Form {
            key: "contact".parse().unwrap(),
            fields: vec![
                field("name", FieldKind::Text, true),
                field("email", FieldKind::Email, true),
                field("phone", FieldKind::Telephone, false),
                field("message", FieldKind::LongText, false),
            ],
            agreements: vec!["mail".parse().unwrap()],
        }
    }

    fn sent(fields: &[(&str, &str)], agreements: &[(&str, bool)]) -> Submission {
        Submission {
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            agreements: agreements.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
        }
    }

    #[test]
    fn a_good_form_is_trimmed_and_its_empty_fields_left_out() {
        let sent = sent(
            &[
                ("name", " 足跡 花子\u{3000}"),
                ("email", "a@b.example"),
                ("phone", ""),
                ("message", "a\nb"),
            ],
            &[("mail", true)],
        );
        let taken = form().accept(&sent).unwrap();
        assert_eq!(taken.fields["name"], "足跡 花子");
        assert!(!taken.fields.contains_key("phone"));
        assert!(taken.agreements["mail"]);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let sent = sent(
            &[
                ("name", "a\u{0}b"),
                ("email", "nobody"),
                ("phone", "abc"),
                ("card", "4111"),
                ("message", &"x".repeat(21)),
            ],
            &[("all", true)],
        );
        let mut faults = form().accept(&sent).unwrap_err();
        faults.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [
            ("all", FieldFault::Unknown),
            ("card", FieldFault::Unknown),
            ("email", FieldFault::Email),
            ("message", FieldFault::TooLong),
            ("name", FieldFault::Control),
            ("phone", FieldFault::Telephone),
        ];
        assert_eq!(faults, expected.map(|(key, fault)| (key.to_owned(), fault)));
    }

    #[test]
    fn addresses_that_can_be_written_to_are_taken_and_others_not() {
        for good in ["a@b.example", "a.b+c@d-e.example", "花子@例え.テスト", "x@a.b.c.example"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a b@c.example",
            "a@b..example",
            "a@-b.example",
            ".a@b.example",
            "a@b@c.example",
            "<a@b.example>",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_field_panic(value in any::<String>()) {
            for field in form().fields {
                if let Ok(taken) = field.accept(&value) {
                    prop_assert!(taken.chars().count() <= field.max);
                    prop_assert_eq!(taken, value.trim());
                }
            }
        }
    }
}
