//! A lead form's way to the collector: what is sent of it, and what the answer says.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::ConsentCookie,
    gate::permit,
    ids::{LeadId, VisitorId},
    json::Json,
    lead::LeadLink,
    standing::Subject,
    time::Millis,
};

use crate::settings::Settings;

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

/// A control of a form, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// Its type, as the page's own code would be told it.
    pub kind: String,
    /// Whether it is ticked.
    pub checked: bool,
    /// Its value.
    pub value: String,
}

/// What is sent of a form: a [`consent_core::wire::LeadRequest`] without the maps, which are 10 kB of
/// code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The site's key.
    pub site: String,
    /// The form's key.
    pub form: String,
    /// The visitor, where lead linking is granted.
    pub visitor: Option<VisitorId>,
    /// The page's address, cleaned.
    pub url: String,
    /// What was filled in.
    pub fields: Vec<(String, String)>,
    /// What was agreed to, or not.
    pub agreements: Vec<(String, bool)>,
    /// What the page knows about its user, and the form leaves out.
    pub known: Vec<(String, String)>,
}

impl Sent {
    /// Takes what was written into the controls. What is hidden, secret, a file or without a name stays
    /// in the page.
    pub fn fill(&mut self, controls: Vec<Control>) {
        for Control { name, kind, checked, value } in controls {
            match &*kind {
                _ if name.is_empty() => {}
                "hidden" | "password" | "file" | "submit" | "button" | "image" | "reset"
                | "fieldset" | "output" | "" => {}
                "checkbox" => self.agreements.push((name, checked)),
                "radio" if !checked => {}
                _ => self.fields.push((name, value)),
            }
        }
    }

    /// Adds what the page knows about its user, where the form leaves it out: what the form has is what
    /// its sender wrote.
    pub fn add(&mut self, mut known: Vec<(String, String)>) {
        known.retain(|(name, _)| {
            !self.fields.iter().any(|(own, _)| own == name)
                && !self.agreements.iter().any(|(own, _)| own == name)
        });
        self.known = known;
    }

    /// Takes out what the page knows and the collector finds fault with: the site does not ask for it,
    /// or not so. Whether there was any such, so that the rest can be sent.
    pub fn forget(&mut self, faults: &[Fault]) -> bool {
        let before = self.known.len();
        self.known.retain(|(name, _)| !faults.iter().any(|fault| fault.field == *name));
        self.known.len() < before
    }

    /// As it is signed. Of several fields with one name the last counts, as in a map.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::object(|json| {
            json.text("site", &self.site);
            json.text("form", &self.form);
            json.maybe("visitor", self.visitor.map(|visitor| visitor.to_text()).as_deref());
            json.nested("page", |json| json.text("url", &self.url));
            json.nested("fields", |json| {
                for (name, value) in self.fields.iter().chain(&self.known) {
                    json.text(name, value);
                }
            });
            json.nested("agreements", |json| {
                for (name, yes) in &self.agreements {
                    json.flag(name, *yes);
                }
            });
        })
    }
}

/// What has to be mended of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub field: String,
    /// What is wrong with it, for the site's own words.
    pub code: String,
    /// The same in the collector's words.
    pub message: String,
}

/// What the collector says to a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Kept,
    /// These fields have to be mended.
    Faults(Vec<Fault>),
    /// The session has run out.
    Renew,
    /// It cannot be kept, or not now: the form goes where it goes without us.
    PassedOver,
}

impl Outcome {
    /// Reads an answer. Faults that name a field that the site does not take are its owner's to mend:
    /// they never keep a visitor from sending a form.
    #[must_use]
    pub fn read(status: u16, mut faults: Vec<Fault>) -> Self {
        faults.retain(|fault| fault.code != "unknown");
        match status {
            200..300 => Self::Kept,
            401 => Self::Renew,
            422 if !faults.is_empty() => Self::Faults(faults),
            _ => Self::PassedOver,
        }
    }
}

#[cfg(test)]
mod tests {
    use consent_core::wire::LeadRequest;

    use super::*;
    use crate::settings::tests::settings;

    const AT: Millis = Millis(1_800_000_000_000);

    fn control(name: &str, kind: &str, checked: bool, value: &str) -> Control {
        Control { name: name.to_owned(), kind: kind.to_owned(), checked, value: value.to_owned() }
    }

    fn sent(controls: Vec<Control>) -> Sent {
        let mut sent = Sent {
            site: "shop".to_owned(),
            form: "contact".to_owned(),
            visitor: None,
            url: "https://shop.example/contact".to_owned(),
            fields: Vec::new(),
            agreements: Vec::new(),
            known: Vec::new(),
        };
        sent.fill(controls);
        sent
    }

    fn fault(field: &str, code: &str) -> Fault {
        Fault { field: field.to_owned(), code: code.to_owned(), message: "m".to_owned() }
    }

    #[test]
    fn only_what_was_written_into_named_fields_is_sent() {
        let request = sent(vec![
            control("name", "text", false, "足跡 花子"),
            control("message", "textarea", false, "a\nb"),
            control("csrf", "hidden", false, "secret"),
            control("pass", "password", false, "secret"),
            control("", "text", false, "unnamed"),
            control("go", "submit", false, "1"),
            control("size", "radio", false, "small"),
            control("mail", "checkbox", true, "true"),
            control("post", "checkbox", false, "true"),
        ]);
        let read: LeadRequest = serde_json::from_str(&request.to_json()).unwrap();
        let fields = [("message", "a\nb"), ("name", "足跡 花子")];
        assert!(read.fields.iter().map(|(name, value)| (&**name, &**value)).eq(fields));
        assert!(
            read.agreements.into_iter().eq([("mail".to_owned(), true), ("post".to_owned(), false)])
        );
        assert_eq!((&*read.site, &*read.form, read.visitor), ("shop", "contact", None));
        assert_eq!(read.page.url, "https://shop.example/contact");
    }

    #[test]
    fn what_the_page_knows_is_added_where_the_form_leaves_it_out() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut sent = sent(vec![control("name", "text", false, "")]);
        sent.add(vec![pair("name", "Taro"), pair("company", "Ashi"), pair("plan", "pro")]);
        assert_eq!(sent.known, [pair("company", "Ashi"), pair("plan", "pro")], "not over a field");
        let faults = [fault("plan", "unknown"), fault("name", "required")];
        assert!(sent.forget(&faults));
        assert!(!sent.forget(&faults), "once");
        let read: LeadRequest = serde_json::from_str(&sent.to_json()).unwrap();
        assert!(read.fields.into_iter().eq([pair("company", "Ashi"), pair("name", "")]));
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
        assert_eq!(Outcome::read(201, vec![]), Outcome::Kept);
        let faults = vec![fault("email", "email"), fault("card", "unknown")];
        assert_eq!(Outcome::read(422, faults), Outcome::Faults(vec![fault("email", "email")]));
        assert_eq!(Outcome::read(401, vec![]), Outcome::Renew);
    }

    #[test]
    fn a_field_that_the_site_does_not_take_never_keeps_a_form_back() {
        for status in [422, 0, 500] {
            assert_eq!(Outcome::read(status, vec![fault("card", "unknown")]), Outcome::PassedOver);
        }
    }
}
