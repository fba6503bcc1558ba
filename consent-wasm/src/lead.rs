//! A lead form's way to the collector: what is sent of it, and what the answer says.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString as _},
    vec::Vec,
};

use consent_core::{
    cookie::ConsentCookie,
    gate::permit,
    ids::{LeadId, VisitorId},
    lead::LeadLink,
    standing::Subject,
    time::Millis,
    wire::{LeadPage, LeadRequest},
};

use crate::settings::{Settings, Tree};

/// A named control of a form, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// `text`, `checkbox`, `select-one` and so on.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Whether it is ticked.
    pub checked: bool,
}

/// Whether the visitor may be tied to what they send: the gate's answer to the browser's own copy.
#[must_use]
pub fn may_link(settings: &Settings, cookie: Option<&ConsentCookie>, at: Millis) -> bool {
    let standing = cookie.map(|cookie| cookie.standing(&settings.policy, settings.consent_days));
    // The lead has no id before the collector makes one; the gate does not ask for it.
    let none = LeadId::from_bytes([0; 16]);
    let link = LeadLink::under(&settings.policy, Subject::ThisBrowser, none, at);
    match (link, standing) {
        (Some(link), Some(standing)) => permit(link, &standing, at).is_ok(),
        _ => false,
    }
}

/// The body of a form's submission from the page at `url`, cleaned. What is hidden, secret, a file or without a name stays in the page.
#[must_use]
pub fn payload(
    settings: &Settings,
    form: &str,
    visitor: Option<VisitorId>,
    url: &str,
    controls: Vec<Control>,
) -> String {
    let mut request = LeadRequest {
        site: settings.site.clone(),
        form: form.to_owned(),
        visitor,
        page: LeadPage { url: url.to_owned() },
        fields: alloc::collections::BTreeMap::new(),
        agreements: alloc::collections::BTreeMap::new(),
    };
    for control in controls {
        match control.kind.as_str() {
            _ if control.name.is_empty() => {}
            "hidden" | "password" | "file" | "submit" | "button" | "image" | "reset"
            | "fieldset" | "output" | "object" => {}
            "checkbox" => {
                request.agreements.insert(control.name, control.checked);
            }
            "radio" if !control.checked => {}
            _ => {
                request.fields.insert(control.name, control.value);
            }
        }
    }
    request.to_json()
}

/// What the collector says to a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Kept {
        /// The lead's id.
        lead: String,
        /// Whether it was tied to the visitor.
        linked: bool,
    },
    /// These fields have to be mended: a name, a code, and the collector's own words.
    Faults(Vec<(String, String, String)>),
    /// The session has run out.
    Renew,
    /// It cannot be kept, or not now: the form goes where it goes without us.
    PassedOver,
}

impl Outcome {
    /// Reads an answer. Faults that name a field that the site does not take are its owner's to
    /// mend: they never keep a visitor from sending a form.
    pub fn read(status: u16, body: &impl Tree) -> Self {
        match status {
            200..300 => Self::Kept {
                lead: body.text_of("lead").unwrap_or_default(),
                linked: body.member("linked").is_some_and(|linked| linked.flag()),
            },
            401 => Self::Renew,
            422 => {
                let text = |error: &_, name| Tree::text_of(error, name).unwrap_or_default();
                let errors = body.items_of("errors");
                let faults = errors.iter().map(|error| {
                    (text(error, "field"), text(error, "code"), text(error, "message"))
                });
                let faults: Vec<_> = faults.filter(|(_, code, _)| code != "unknown").collect();
                if faults.is_empty() { Self::PassedOver } else { Self::Faults(faults) }
            }
            _ => Self::PassedOver,
        }
    }
}

/// The words for a fault: the site's own for its code, or the collector's.
pub fn words(texts: Option<&impl Tree>, code: &str, message: &str) -> String {
    let own = texts.and_then(|texts| texts.member("faults")?.text_of(code));
    own.unwrap_or_else(|| message.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::tests::settings;

    const AT: Millis = Millis(1_800_000_000_000);

    fn control(name: &str, kind: &str, value: &str) -> Control {
        Control {
            name: name.to_owned(),
            kind: kind.to_owned(),
            value: value.to_owned(),
            checked: false,
        }
    }

    #[test]
    fn only_what_was_written_into_named_fields_is_sent() {
        let ticked = Control { checked: true, ..control("mail", "checkbox", "true") };
        let controls = vec![
            control("name", "text", "足跡 花子"),
            control("message", "textarea", "a\nb"),
            control("csrf", "hidden", "secret"),
            control("pass", "password", "secret"),
            control("", "text", "unnamed"),
            control("go", "submit", "1"),
            control("size", "radio", "small"),
            ticked,
            control("post", "checkbox", "true"),
        ];
        let body = payload(&settings(), "contact", None, "https://shop.example/contact", controls);
        let expected = json!({"site": "shop", "form": "contact", "visitor": null,
            "page": {"url": "https://shop.example/contact"},
            "fields": {"name": "足跡 花子", "message": "a\nb"}, "agreements": {"mail": true, "post": false}});
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn only_a_granted_link_ties_the_visitor_to_a_form() {
        let may = |bits| {
            let cookie = ConsentCookie { revision: 3, decided: AT, bits, receipt: None };
            may_link(&settings(), Some(&cookie), AT)
        };
        assert!(may(0b1000) && may(0b1111));
        assert!(!may(0b0111) && !may(0));
        assert!(!may_link(&settings(), None, AT));
    }

    #[test]
    fn answers_are_told_apart() {
        let kept = Outcome::read(201, &json!({"lead": "l1", "linked": true}));
        let lead = "l1".to_owned();
        assert_eq!(kept, Outcome::Kept { lead, linked: true });
        let faults = json!({"errors": [{"field": "email", "code": "email", "message": "m"},
            {"field": "card", "code": "unknown", "message": "u"}]});
        let email = ("email".to_owned(), "email".to_owned(), "m".to_owned());
        assert_eq!(Outcome::read(422, &faults), Outcome::Faults(vec![email]));
        assert_eq!(Outcome::read(401, &Value::Null), Outcome::Renew);
    }

    #[test]
    fn a_field_that_the_site_does_not_take_never_keeps_a_form_back() {
        let unknown = json!({"errors": [{"field": "card", "code": "unknown", "message": "u"}]});
        for (status, body) in
            [(422, unknown), (422, json!({})), (0, Value::Null), (500, Value::Null)]
        {
            assert_eq!(Outcome::read(status, &body), Outcome::PassedOver);
        }
    }

    #[test]
    fn a_fault_is_told_in_the_sites_words_where_it_has_some() {
        let texts = json!({"faults": {"email": "メールアドレスをご確認ください"}});
        assert_eq!(words(Some(&texts), "email", "m"), "メールアドレスをご確認ください");
        assert_eq!(words(Some(&texts), "required", "m"), "m");
        assert_eq!(words(None::<&Value>, "email", "m"), "m");
    }

    proptest! {
        #[test]
        fn no_answer_makes_reading_panic(status: u16, text in "\\PC{0,40}", number: f64) {
            for body in [json!(text), json!({"errors": text}), json!({"errors": [text, number, {"field": number}]})] {
                let _ = Outcome::read(status, &body);
            }
        }
    }
}
