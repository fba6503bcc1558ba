//! The rules of lead forms that look at more than one key.

use consent_core::form::{Field, FieldFault, FieldKind, RESERVED};

use super::{
    Agreement, AgreementKind, FormField, LeadForm,
    check::{Check, Seen},
};

/// Characters that a text field may be bounded by.
const LENGTHS: std::ops::RangeInclusive<i64> = 1..=10_000;

impl Check<'_> {
    pub(super) fn forms(&mut self) {
        let mut forms = Seen::default();
        for (at, form) in self.file.forms.iter().enumerate() {
            let path = format!("forms[{at}]");
            forms.see(self, "form", form.key.as_str(), &format!("{path}.key"));
            let what = format!("form `{}`, field or agreement", form.key);
            let mut keys = Seen::default();
            for (at, field) in form.fields.iter().enumerate() {
                let path = format!("{path}.fields[{at}]");
                keys.see(self, &what, field.key.as_str(), &format!("{path}.key"));
                let what = format!("form `{}`, field `{}`", form.key, field.key);
                if field.key.as_str().starts_with(RESERVED) {
                    self.complain(
                        &format!("{path}.key"),
                        format!("{what}: keys that begin with `{RESERVED}` are the client's own"),
                        "give it another key",
                    );
                }
                self.bounds(field, &what, &path);
                self.options(field, &what, &path);
                self.messages(field, &what, &path);
            }
            for (at, agreement) in form.agreements.iter().enumerate() {
                let path = format!("{path}.agreements[{at}]");
                keys.see(self, &what, agreement.key.as_str(), &format!("{path}.key"));
                self.permits(form, agreement, at, &format!("{path}.kind"));
            }
        }
    }

    fn bounds(&mut self, field: &FormField, what: &str, path: &str) {
        let measured = field.kind.is_measured();
        for (name, bound) in [("min", field.min), ("max", field.max)] {
            let Some(bound) = bound else { continue };
            let path = format!("{path}.{name}");
            if !measured && field.kind != FieldKind::Number {
                self.complain(
                    &path,
                    format!("{what}: `{name}` has no effect here"),
                    format!("leave it out: {} has a form of its own", field.kind.as_str()),
                );
            } else if measured && !LENGTHS.contains(&bound) {
                let (least, most) = (LENGTHS.start(), LENGTHS.end());
                self.complain(
                    &path,
                    format!("{what}: `{name}` is not between {least} and {most}"),
                    format!("write a whole number of characters from {least} to {most}"),
                );
            }
        }
        let core = field.core();
        if let (Some(min), Some(max)) = (core.min, core.max)
            && min > max
        {
            self.complain(
                &format!("{path}.min"),
                format!("{what}: `min` is {min}, more than `max`, which is {max}"),
                "exchange the two, or leave one out",
            );
        }
    }

    fn options(&mut self, field: &FormField, what: &str, path: &str) {
        let is_choice = field.kind == FieldKind::Choice;
        if is_choice && field.options.is_empty() {
            self.complain(
                path,
                format!("{what}: `options` is missing"),
                "add options = [{ value = \"…\", name = { … } }, …]: what there is to choose",
            );
        }
        for (name, given) in [("options", !field.options.is_empty()), ("multiple", field.multiple)]
        {
            if given && !is_choice {
                self.complain(
                    &format!("{path}.{name}"),
                    format!("{what}: `{name}` has no effect here"),
                    "write type = \"choice\", or leave it out",
                );
            }
        }
        let mut values = Seen::default();
        for (at, option) in field.options.iter().enumerate() {
            let path = format!("{path}.options[{at}].value");
            let value = &option.value;
            values.see(self, &format!("{what}, option"), value, &path);
            // As the page and the collector read it, apart from the others.
            let alone = Field { options: vec![value.clone()], ..field.core() };
            if is_choice && alone.accept(value).as_ref() != Ok(value) {
                self.complain(
                    &path,
                    format!("{what}: the option `{value}` cannot be chosen"),
                    "write it without spaces at its ends",
                );
            }
        }
    }

    fn messages(&mut self, field: &FormField, what: &str, path: &str) {
        let known = |code: &&String| FieldFault::ALL.iter().any(|fault| fault.as_str() == *code);
        for code in field.messages.keys().filter(known) {
            if !field.core().faults().any(|fault| fault.as_str() == code) {
                self.complain(
                    &format!("{path}.messages.{code}"),
                    format!("{what}: a message for `{code}`, which it is never refused for"),
                    "leave it out, or give the field what it would be refused for",
                );
            }
        }
    }

    /// What an agreement permits needs what it is done with, and is agreed to once.
    fn permits(&mut self, form: &LeadForm, agreement: &Agreement, at: usize, path: &str) {
        let what = format!("form `{}`, agreement `{}`", form.key, agreement.key);
        let needed = match agreement.kind {
            AgreementKind::EmailMarketing => FieldKind::Email,
            AgreementKind::TelephoneMarketing => FieldKind::Telephone,
            AgreementKind::PostalMarketing => FieldKind::PostalCode,
            AgreementKind::Other => return,
        };
        if !form.fields.iter().any(|field| field.kind == needed) {
            let needed = needed.as_str();
            self.complain(
                path,
                format!("{what}: the form has no field of type {needed} to do that with"),
                format!("add a field with type = \"{needed}\", or leave the agreement out"),
            );
        }
        if agreement.kind == AgreementKind::EmailMarketing && self.file.mail.is_none() {
            self.complain(
                path,
                format!("{what}: there is no [mail], so that nobody could confirm it"),
                "add [mail] with from, sender, address, complaints and confirm: until a person has confirmed \
                 by mail, advertising may not be sent (Act on Regulation of Specified Electronic Mail, art. 3)",
            );
        }
        if form.agreements[..at].iter().any(|other| other.kind == agreement.kind) {
            self.complain(
                path,
                format!("{what}: a second one of that kind"),
                "keep one checkbox for it: nobody can tell which of two counts",
            );
        }
    }
}
