//! Lead forms as a site's owner describes them.

use std::collections::BTreeMap;

use consent_core::{
    form::{Field, FieldKind, Form},
    ids::{FieldKey, FormKey},
};
use serde::{Deserialize, Serialize};

use super::Words;

/// A form that people send their details by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadForm {
    /// Its key.
    pub key: FormKey,
    /// Its name.
    pub name: Words,
    /// What the details are used for, as published before they are taken.
    #[serde(rename = "use")]
    pub usage: Words,
    /// Days that they are kept.
    pub retention_days: u32,
    /// Where its leads come from.
    #[serde(default, skip_serializing_if = "Source::is_form")]
    pub source: Source,
    /// Whether a field that only programs see is put into it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub honeypot: bool,
    /// Its fields.
    pub fields: Vec<FormField>,
    /// What people may agree to with it.
    #[serde(default)]
    pub agreements: Vec<Agreement>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_yes(value: &bool) -> bool {
    *value
}

/// Where the leads of a form come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// People fill it in themselves.
    #[default]
    Form,
    /// Staff copy business cards that they were handed.
    BusinessCard,
}

impl Source {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    const fn is_form(&self) -> bool {
        matches!(self, Self::Form)
    }
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// Its key: the control's `name`.
    pub key: FieldKey,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// Characters, at least; of a number, its least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Characters, at most; of a number, its greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Whether several options may be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
    /// What there is to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Opt>,
    /// Its name.
    pub name: Words,
    /// What is said of a fault in place of the built-in words, by its code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, Words>,
}

/// One of what there is to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opt {
    /// The control's `value`.
    pub value: String,
    /// Its name.
    pub name: Words,
}

/// Something that a person may agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its key: the checkbox's `name`.
    pub key: FieldKey,
    /// What it permits.
    #[serde(default, skip_serializing_if = "AgreementKind::is_other")]
    pub kind: AgreementKind,
    /// What is agreed to, as beside the checkbox.
    pub text: Words,
}

/// What an agreement permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// Advertising by e-mail.
    EmailMarketing,
    /// Advertising by telephone.
    TelephoneMarketing,
    /// Advertising by post.
    PostalMarketing,
    /// What its text says, and no advertising.
    #[default]
    Other,
}

impl AgreementKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    const fn is_other(&self) -> bool {
        matches!(self, Self::Other)
    }
}

impl LeadForm {
    /// The form, as far as the rules need it.
    #[must_use]
    pub fn core(&self) -> Form {
        Form {
            key: self.key.clone(),
            fields: self.fields.iter().map(FormField::core).collect(),
            agreements: self.agreements.iter().map(|agreement| agreement.key.clone()).collect(),
        }
    }

    /// A field by its key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.key.as_str() == key)
    }
}

impl FormField {
    /// The field, as far as the rules need it.
    #[must_use]
    pub fn core(&self) -> Field {
        Field {
            key: self.key.clone(),
            kind: self.kind,
            required: self.required,
            min: self.min,
            max: self.max.or(self.kind.usual_max()),
            multiple: self.multiple,
            options: self.options.iter().map(|option| option.value.clone()).collect(),
        }
    }
}
