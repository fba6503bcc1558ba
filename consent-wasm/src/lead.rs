//! A lead form's way to the collector: what is sent of it, and what the answer says.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String};

use consent_core::{
    cookie::ConsentCookie,
    gate::permit,
    ids::{LeadId, VisitorId},
    lead::LeadLink,
    standing::Subject,
    time::Millis,
    wire::{LeadPage, LeadRequest},
};

use crate::{lines::Lines, settings::Settings};

/// What stands between the values that a form's script hands over: the one character that no value
/// can hold.
pub const MARK: u8 = 0;

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

/// The body of a form's submission from the page at `url`, cleaned. Of each control there are a name,
/// a type, whether it is ticked, and a value. What is hidden, secret, a file or without a name stays
/// in the page.
#[must_use]
pub fn payload(
    settings: &Settings,
    form: &str,
    visitor: Option<VisitorId>,
    url: &str,
    mut controls: Lines<'_>,
) -> String {
    let mut request = LeadRequest {
        site: settings.site.clone(),
        form: form.to_owned(),
        visitor,
        page: LeadPage { url: url.to_owned() },
        fields: BTreeMap::new(),
        agreements: BTreeMap::new(),
    };
    while let (Some(name), Some(kind), Some(checked), Some(value)) =
        (controls.next(), controls.next(), controls.next(), controls.next())
    {
        let checked = checked == "true";
        match kind {
            _ if name.is_empty() => {}
            "hidden" | "password" | "file" | "submit" | "button" | "image" | "reset"
            | "fieldset" | "output" | "undefined" => {}
            "checkbox" => {
                request.agreements.insert(name.to_owned(), checked);
            }
            "radio" if !checked => {}
            _ => {
                request.fields.insert(name.to_owned(), value.to_owned());
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
    /// These fields have to be mended: lines of a name, a code, and the collector's own words.
    Faults(String),
    /// The session has run out.
    Renew,
    /// It cannot be kept, or not now: the form goes where it goes without us.
    PassedOver,
}

impl Outcome {
    /// Reads an answer: the lead's id and whether it is linked; of one that is refused, a field, a
    /// code and a message for each fault. Faults that name a field that the site does not take are
    /// its owner's to mend: they never keep a visitor from sending a form.
    #[must_use]
    pub fn read(status: u16, text: &str) -> Self {
        let mut lines = Lines::of(text);
        match status {
            200..300 => Self::Kept { lead: lines.text().into(), linked: lines.text() == "true" },
            401 => Self::Renew,
            422 => {
                let mut faults = String::new();
                while let (Some(field), Some(code), Some(message)) =
                    (lines.next(), lines.next(), lines.next())
                {
                    if code != "unknown" {
                        for part in [field, code, message] {
                            faults.push_str(part);
                            faults.push('\n');
                        }
                    }
                }
                if faults.is_empty() { Self::PassedOver } else { Self::Faults(faults) }
            }
            _ => Self::PassedOver,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::tests::settings;

    const AT: Millis = Millis(1_800_000_000_000);

    #[test]
    fn only_what_was_written_into_named_fields_is_sent() {
        let controls = [
            ["name", "text", "false", "足跡 花子"],
            ["message", "textarea", "false", "a\nb"],
            ["csrf", "hidden", "false", "secret"],
            ["pass", "password", "false", "secret"],
            ["", "text", "false", "unnamed"],
            ["go", "submit", "false", "1"],
            ["size", "radio", "false", "small"],
            ["mail", "checkbox", "true", "true"],
            ["post", "checkbox", "false", "true"],
        ];
        let controls = controls.map(|control| control.join("\0")).join("\0");
        let controls = Lines::split(&controls, MARK);
        let page = "https://shop.example/contact";
        let body = payload(&settings(), "contact", None, page, controls);
        let expected = json!({"site": "shop", "form": "contact", "visitor": null,
            "page": {"url": page}, "fields": {"name": "足跡 花子", "message": "a\nb"},
            "agreements": {"mail": true, "post": false}});
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
        let lead = String::from("l1");
        assert_eq!(Outcome::read(201, "l1\ntrue"), Outcome::Kept { lead, linked: true });
        let faults = "email\nemail\nm\ncard\nunknown\nu";
        assert_eq!(Outcome::read(422, faults), Outcome::Faults("email\nemail\nm\n".to_owned()));
        assert_eq!(Outcome::read(401, ""), Outcome::Renew);
    }

    #[test]
    fn a_field_that_the_site_does_not_take_never_keeps_a_form_back() {
        for (status, text) in [(422, "card\nunknown\nu"), (422, ""), (0, ""), (500, "")] {
            assert_eq!(Outcome::read(status, text), Outcome::PassedOver);
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_reading_panic(status: u16, text in any::<String>()) {
            let _ = Outcome::read(status, &text);
        }
    }
}
