//! What lead forms say: of themselves before they are sent, and of a field with a fault.

use std::collections::BTreeMap;

use consent_core::{
    client::{FormText, FormTexts},
    form::{Field, FieldFault, FieldKind, Spam},
};

use super::{Speech, fill};
use crate::site::{FormField, LeadForm, SiteFile};

impl SiteFile {
    /// What its lead forms are checked by and say, in a language.
    #[must_use]
    pub fn form_texts(&self, language: &str) -> FormTexts {
        let speech = self.speech(language);
        let form = |form: &LeadForm| {
            let field = |field: &FormField| {
                let core = field.core();
                let faults = core
                    .faults()
                    .map(|fault| (fault.as_str().to_owned(), of_field(&speech, field, fault)));
                (field.key.clone(), (core.rule(), faults.collect()))
            };
            let text = FormText {
                purpose: self.purpose_of(form, &speech),
                fields: form.fields.iter().map(field).collect(),
                trap: form.honeypot.then(|| speech.word("form_trap").to_owned()),
                agreements: form.agreements.iter().map(|own| own.key.clone()).collect(),
            };
            (form.key.clone(), text)
        };
        FormTexts {
            policy: speech.word("form_policy").to_owned(),
            policy_url: format!("/s/{}/policy?lang={}#forms", self.key, speech.language()),
            spam: Spam::ALL.map(|spam| (spam.as_str().to_owned(), of_spam(&speech, spam))).into(),
            forms: self.forms.iter().map(form).collect::<BTreeMap<_, _>>(),
        }
    }

    /// What a form's details are used for and by whom (APPI art. 21(2), art. 32(1)).
    fn purpose_of(&self, form: &LeadForm, speech: &Speech<'_>) -> String {
        let controller = speech.say(&self.controller.name);
        let controller = speech.labelled(speech.word("form_controller"), controller);
        let usage = speech.bracketed(speech.say(&form.usage), &controller);
        speech.labelled(speech.word("form_purpose"), &usage)
    }

    /// What is said of a form that is taken for a program's.
    #[must_use]
    pub fn spam(&self, language: &str, spam: Spam) -> String {
        of_spam(&self.speech(language), spam)
    }

    /// What is said of a fault of a field, which the form may not have at all.
    #[must_use]
    pub fn fault(&self, language: &str, form: &LeadForm, field: &str, fault: FieldFault) -> String {
        let speech = self.speech(language);
        match form.field(field) {
            Some(field) => of_field(&speech, field, fault),
            None => speech.word("fault_unknown").to_owned(),
        }
    }
}

impl SiteFile {
    /// A built-in word about requests for one's own data.
    #[must_use]
    pub fn request_word(&self, language: &str, name: &str) -> String {
        self.speech(language).request(name).to_owned()
    }

    /// What is said of a fault of a field in the form for such requests.
    #[must_use]
    pub fn request_fault(
        &self,
        language: &str,
        name: &str,
        field: &Field,
        fault: FieldFault,
    ) -> String {
        let speech = self.speech(language);
        let count = field.max.map(|max| max.to_string()).unwrap_or_default();
        let word = speech.word(&format!("fault_{}", fault.as_str()));
        fill(word, &[("name", speech.request(name)), ("n", &count)])
    }
}

fn of_spam(speech: &Speech<'_>, spam: Spam) -> String {
    speech.word(&format!("form_spam_{}", spam.as_str())).to_owned()
}

fn of_field(speech: &Speech<'_>, field: &FormField, fault: FieldFault) -> String {
    if let Some(own) = field.messages.get(fault.as_str()) {
        return speech.say(own).to_owned();
    }
    let core = field.core();
    let bound = match fault {
        FieldFault::TooShort | FieldFault::TooSmall => core.min,
        _ => core.max,
    };
    let word = match (fault, field.kind) {
        (FieldFault::Required, FieldKind::Choice) => "fault_required_choice".to_owned(),
        (FieldFault::Required, FieldKind::Checkbox) => "fault_required_checkbox".to_owned(),
        _ => format!("fault_{}", fault.as_str()),
    };
    let count = bound.map(|bound| bound.to_string()).unwrap_or_default();
    fill(speech.word(&word), &[("name", speech.say(&field.name)), ("n", &count)])
}
