//! Lead forms, and what people send by them: one check for the page and the collector.
//!
//! A value is brought into one spelling first (`Field::accept`), then judged: people in Japan write in full
//! and half width, with and without hyphens, and mean the same. What is judged once in its one spelling is
//! judged the same again, so that page and collector never differ.

mod date;
mod domain;
pub(crate) mod email;
mod fault;
mod field;
mod kana;
mod number;
mod postal;
mod rule;
mod spam;
pub(crate) mod spelling;
pub(crate) mod telephone;
#[cfg(test)]
mod tests;
mod url;

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::ids::{FieldKey, FormKey};

pub use domain::to_ascii as domain_to_ascii;
pub use fault::FieldFault;
pub use field::{Field, FieldKind, SEPARATOR};
pub use spam::{LANGUAGE, RESERVED, Spam, TOOK, TRAP};

/// A form, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its key.
    pub key: FormKey,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The agreements a person may give with it: each a checkbox of its own.
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

impl Form {
    /// Checks what was sent and brings it into its one spelling. Fields that are left empty are left out.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn accept(&self, sent: &Submission) -> Result<Submission, Vec<(String, FieldFault)>> {
        let mut faults = Vec::new();
        let mut taken = Submission::default();
        for field in &self.fields {
            let value = sent.fields.get(field.key.as_str()).map_or("", String::as_str);
            match field.accept(value) {
                Ok(value) if value.is_empty() => {}
                Ok(value) => {
                    taken.fields.insert(field.key.as_str().to_owned(), value);
                }
                Err(fault) => faults.push((field.key.as_str().to_owned(), fault)),
            }
        }
        let known = |key: &String| self.field(key).is_some();
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

    /// The field of that key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key.as_str() == key)
    }
}
