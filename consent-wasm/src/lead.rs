//! A lead form's way to the collector: what is sent of it, and what the answer says.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::ConsentCookie, gate::permit, ids::LeadId, json::Json, lead::LeadLink,
    standing::Subject, time::Millis,
};

use crate::{asked::Asked, lines::Lines};

/// Whether the visitor may be tied to what they send: the gate's answer to the browser's own copy.
#[must_use]
pub fn may_link(asked: &Asked, cookie: Option<&ConsentCookie>, at: Millis) -> bool {
    let standing = cookie.map(|cookie| cookie.standing(asked, asked.consent_days()));
    // The lead has no id before the collector makes one; the gate does not ask for it.
    let none = LeadId::from_bytes([0; 16]);
    let link = LeadLink::under(asked, Subject::ThisBrowser, none, at);
    match (link, standing) {
        (Some(link), Some(standing)) => permit(link, &standing, at).is_ok(),
        _ => false,
    }
}

/// Types of controls whose values stay in the page, with blanks between; the empty one among them.
const PRIVATE: &str = "hidden password file submit button image reset fieldset output ";

/// What is sent of a form: a [`consent_core::wire::LeadRequest`] without the maps, which are 10 kB of
/// code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The site's key.
    pub site: String,
    /// The form's key.
    pub form: String,
    /// The visitor, where lead linking is granted; empty where it is not.
    pub visitor: String,
    /// The page's address, cleaned.
    pub url: String,
    /// What is in it.
    pub entries: Vec<Entry>,
}

/// Something that a form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    value: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Written into a field.
    Field,
    /// A box that was ticked or not: the value is `true` or `false`.
    Agreement,
    /// What the page knows about its user, and the form leaves out.
    Known,
}

impl Sent {
    /// Takes what was written into a control. What is hidden, secret, a file or without a name stays in
    /// the page.
    pub fn fill(&mut self, name: &str, kind: &str, checked: bool, value: &str) {
        if name.is_empty() || Lines::words(PRIVATE).any(|own| own == kind) {
            return;
        }
        if kind == "checkbox" {
            self.push(name, if checked { "true" } else { "false" }, Kind::Agreement);
        } else if kind != "radio" || checked {
            self.push(name, value, Kind::Field);
        }
    }

    /// Adds what the page knows about its user, where the form leaves it out: what the form has is what
    /// its sender wrote.
    pub fn add(&mut self, name: &str, value: &str) {
        if !self.entries.iter().any(|own| own.name == name && own.kind != Kind::Known) {
            self.push(name, value, Kind::Known);
        }
    }

    fn push(&mut self, name: &str, value: &str, kind: Kind) {
        self.entries.push(Entry { name: name.into(), value: value.into(), kind });
    }

    /// Takes out what the page knows and the collector finds fault with: the site does not ask for it,
    /// or not so. Whether it was that, so that the rest can be sent.
    pub fn forget(&mut self, field: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|own| own.kind != Kind::Known || own.name != field);
        self.entries.len() < before
    }

    /// As it is signed. Of several fields with one name the last counts, as in a map.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::object(|json| {
            json.text("site", &self.site);
            json.text("form", &self.form);
            json.maybe("visitor", Some(&*self.visitor).filter(|own| !own.is_empty()));
            json.nested("page", |json| json.text("url", &self.url));
            json.nested("fields", |json| {
                for own in self.entries.iter().filter(|own| own.kind != Kind::Agreement) {
                    json.text(&own.name, &own.value);
                }
            });
            json.nested("agreements", |json| {
                for own in self.entries.iter().filter(|own| own.kind == Kind::Agreement) {
                    json.raw(&own.name, &own.value);
                }
            });
        })
    }
}

/// What becomes of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing for now: it is sent again, or has gone on already.
    Waits = 0,
    /// It cannot be kept, or not now: it goes where it goes without us.
    PassedOver = 1,
    /// It is kept, and goes on.
    Kept = 2,
    /// Some fields have to be mended.
    Faulty = 3,
}

/// A form on its way.
#[derive(Debug)]
pub struct Sending {
    /// Its number.
    pub number: u32,
    /// What is sent of it.
    pub sent: Sent,
    /// Whether something was left out that the page knows.
    again: bool,
    /// Whether a field has to be mended.
    faulty: bool,
    /// Whether the form has gone on or is back with its visitor, by whichever way came first.
    done: bool,
}

impl Sending {
    /// It begins.
    #[must_use]
    pub const fn new(number: u32, sent: Sent) -> Self {
        Self { number, sent, again: false, faulty: false, done: false }
    }

    /// The collector finds fault with a field; whether its visitor has to mend it. What the site does
    /// not take is its owner's to mend: that never keeps a visitor from sending a form.
    pub fn fault(&mut self, field: &str, code: &str) -> bool {
        if self.sent.forget(field) {
            self.again = true;
            return false;
        }
        let faulty = code != "unknown";
        self.faulty |= faulty;
        faulty
    }

    /// The collector has answered, after its faults; status 0 where it has not in time. Where this is
    /// `Waits` and the form is not done, it is to be sent again.
    pub fn answered(&mut self, status: u32) -> Outcome {
        let (again, faulty) = (core::mem::take(&mut self.again), core::mem::take(&mut self.faulty));
        if self.done || (again && status != 0) {
            return Outcome::Waits;
        }
        self.done = true;
        match status {
            200..300 => Outcome::Kept,
            422 if faulty => Outcome::Faulty,
            _ => Outcome::PassedOver,
        }
    }

    /// Whether it has gone on, or is back with its visitor.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }
}

#[cfg(test)]
mod tests {
    use consent_core::wire::LeadRequest;

    use super::*;
    use crate::asked::tests::asked;

    const AT: Millis = Millis(1_800_000_000_000);

    fn sent(controls: &[(&str, &str, bool, &str)]) -> Sent {
        let mut sent = Sent {
            site: "shop".to_owned(),
            form: "contact".to_owned(),
            visitor: String::new(),
            url: "https://shop.example/contact".to_owned(),
            entries: Vec::new(),
        };
        for (name, kind, checked, value) in controls {
            sent.fill(name, kind, *checked, value);
        }
        sent
    }

    fn known(sent: &Sent) -> Vec<&str> {
        let known = sent.entries.iter().filter(|own| own.kind == Kind::Known);
        known.map(|own| own.name.as_str()).collect()
    }

    #[test]
    fn only_what_was_written_into_named_fields_is_sent() {
        let request = sent(&[
            ("name", "text", false, "足跡 花子"),
            ("message", "textarea", false, "a\nb"),
            ("csrf", "hidden", false, "secret"),
            ("pass", "password", false, "secret"),
            ("", "text", false, "unnamed"),
            ("go", "submit", false, "1"),
            ("size", "radio", false, "small"),
            ("mail", "checkbox", true, "true"),
            ("post", "checkbox", false, "true"),
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
        let mut sent = sent(&[("name", "text", false, "")]);
        for (name, value) in [("name", "Taro"), ("company", "Ashi"), ("plan", "pro")] {
            sent.add(name, value);
        }
        assert_eq!(known(&sent), ["company", "plan"], "not over a field");
        assert!(sent.forget("plan") && !sent.forget("name"));
        assert!(!sent.forget("plan"), "once");
        let read: LeadRequest = serde_json::from_str(&sent.to_json()).unwrap();
        assert!(read.fields.into_iter().eq([pair("company", "Ashi"), pair("name", "")]));
    }

    #[test]
    fn only_a_granted_link_ties_the_visitor_to_a_form() {
        let may = |bits| {
            let cookie = ConsentCookie { revision: 3, decided: AT, bits, receipt: None };
            may_link(&asked(), Some(&cookie), AT)
        };
        assert!(may(0b1000) && may(0b1111));
        assert!(!may(0b0111) && !may(0));
        assert!(!may_link(&asked(), None, AT));
    }

    fn sending() -> Sending {
        Sending::new(1, sent(&[("email", "text", false, "x")]))
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(sending().answered(201), Outcome::Kept);
        let mut faulty = sending();
        assert!(faulty.fault("email", "email") && !faulty.fault("card", "unknown"));
        assert_eq!(faulty.answered(422), Outcome::Faulty);
        for status in [0, 401, 403, 404, 422, 500] {
            assert_eq!(sending().answered(status), Outcome::PassedOver, "{status}");
        }
    }

    #[test]
    fn a_form_goes_one_way_only() {
        let mut late = sending();
        assert_eq!(late.answered(0), Outcome::PassedOver);
        assert_eq!(late.answered(201), Outcome::Waits);
        assert!(late.is_done());
    }

    #[test]
    fn what_the_page_knows_and_the_site_does_not_take_is_left_out_of_a_second_try() {
        let mut sending = sending();
        sending.sent.add("plan", "pro");
        assert!(!sending.fault("plan", "too_long"));
        assert_eq!(sending.answered(422), Outcome::Waits);
        assert!(!sending.is_done() && known(&sending.sent).is_empty());
        assert_eq!(sending.answered(201), Outcome::Kept);
    }

    #[test]
    fn a_field_that_the_site_does_not_take_never_keeps_a_form_back() {
        let mut sending = sending();
        assert!(!sending.fault("card", "unknown"));
        assert_eq!(sending.answered(422), Outcome::PassedOver);
    }
}
