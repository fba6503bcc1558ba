//! A decision at the moment it is made, and as it is handed from the part that asks to the part that
//! tells: on the same page, or by way of the next one.

use alloc::string::String;

use consent_core::{
    choices::Method,
    cookie::{ConsentCookie, bits_of, push_bits},
    ids::Uuid7,
    json::{Json, push_digits},
    text::number,
    time::Millis,
};

use crate::{
    asked::Asked,
    lines::{Lines, line},
    session::Id,
};

/// What the page knows when something is pressed, as the script hands it over: a line each for the bits
/// that are granted (empty before a decision), and then what a decision carries along: the time as the cookie
/// has it, the page, the visitor's number, the receipt, and random digits.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    text: &'a str,
}

impl<'a> Moment<'a> {
    /// Reads it. What cannot be read is nothing: no decision stands, and none can be made.
    #[must_use]
    pub const fn of(text: &'a str) -> Self {
        Self { text }
    }

    fn line(&self, number: usize) -> &'a str {
        line(self.text, number)
    }

    /// The bits that are granted.
    #[must_use]
    pub fn granted(&self) -> u128 {
        bits_of(self.line(0)).unwrap_or(0)
    }

    /// Whether the browser holds a visitor's number.
    #[must_use]
    pub fn has_visitor(&self) -> bool {
        !self.line(3).is_empty()
    }

    /// The consent cookie's value of a decision made now ([`consent_core::cookie`]).
    #[must_use]
    pub fn cookie(&self, asked: &Asked, bits: u128) -> String {
        let mut text = String::from(asked.revision());
        for part in [".", self.line(1), "."] {
            text.push_str(part);
        }
        push_bits(&mut text, bits);
        text
    }

    /// The decision as it is handed on ([`Decision::read`]).
    #[must_use]
    pub fn decision(&self, asked: &Asked, bits: u128, method: Method) -> String {
        let mut text = String::from(asked.revision());
        text.push('\n');
        push_bits(&mut text, bits);
        text.push('\n');
        text.push_str(method.as_str());
        for carried in Lines::of(self.text).skip(1) {
            text.push('\n');
            text.push_str(carried);
        }
        text
    }
}

/// A decision that has been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The revision that it was made under.
    pub revision: u32,
    /// Random bits of its id.
    pub random: [u8; 10],
    /// When.
    pub at: Millis,
    /// What is granted.
    pub bits: u128,
    /// By which act.
    pub method: Method,
    /// On which page.
    pub page: String,
    /// Under whose number it is told.
    pub visitor: Option<Id>,
    /// The receipt of what it replaces.
    pub previous: Option<Id>,
}

impl Decision {
    /// Reads what [`Moment::decision`] has written; `None` where it is nothing of the kind.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = Lines::of(text);
        let revision = u32::try_from(lines.number()?).ok()?;
        let bits = bits_of(lines.text())?;
        let method = method(lines.text())?;
        let at = Millis(number(lines.text(), 36)?);
        let page = lines.text().into();
        let visitor = lines.parse();
        let previous = lines.parse();
        let mut random = [0; 10];
        let digits = bits_of(lines.text())?.to_le_bytes();
        random.copy_from_slice(digits.get(..10)?);
        Some(Self { revision, random, at, bits, method, page, visitor, previous })
    }

    /// As [`read`](Self::read) has it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        push_digits(&mut text, u64::from(self.revision), 10);
        text.push('\n');
        push_bits(&mut text, self.bits);
        text.push('\n');
        text.push_str(self.method.as_str());
        text.push('\n');
        push_digits(&mut text, u64::try_from(self.at.0).unwrap_or(0), 36);
        for carried in
            [self.page.as_str(), text_of(self.visitor.as_ref()), text_of(self.previous.as_ref())]
        {
            text.push('\n');
            text.push_str(carried);
        }
        text.push('\n');
        let mut digits = [0; 16];
        for (digit, random) in digits.iter_mut().zip(self.random) {
            *digit = random;
        }
        push_bits(&mut text, u128::from_le_bytes(digits));
        text
    }

    /// The consent cookie's value of it; the receipt of a refusal is nowhere.
    #[must_use]
    pub fn to_cookie(&self, receipt: Option<&Id>) -> String {
        cookie_of(self.revision, self.at, self.bits, text_of(receipt))
    }

    /// Whether a consent cookie is of this decision, with its receipt or before it has one.
    #[must_use]
    pub fn is_in(&self, cookie: &str) -> bool {
        parts(cookie) == (self.at.0, self.bits)
    }

    /// What is told of it ([`consent_core::wire::ConsentRequest`]), its time by a clock that is so far ahead.
    #[must_use]
    pub fn to_json(&self, asked: &Asked, ahead: i64) -> String {
        Json::object(|json| {
            json.text("id", &self.id().to_text());
            json.text("site", asked.site());
            json.raw("revision", asked.revision());
            json.text("language", asked.language());
            json.text("page", &self.page);
            json.text("banner", asked.banner());
            json.text("method", self.method.as_str());
            json.number("decided_at", self.at.plus(ahead).0);
            json.maybe("previous", self.previous.as_ref().map(Id::as_str));
            let granted = |purpose: &str| self.bits & asked.bits_of(purpose, "") != 0;
            json.nested("purposes", |json| {
                for purpose in asked.purposes().filter(|purpose| purpose.is_asked) {
                    json.flag(purpose.key, granted(purpose.key));
                }
            });
            json.nested("services", |json| {
                asked.slots(&mut |slot, bit| {
                    if self.bits & bit == 0 && !slot.service.is_empty() && granted(slot.purpose) {
                        json.flag(slot.service, false);
                    }
                });
            });
        })
    }

    /// Whether it grants something beside what a decision before it, that the collector has confirmed, had granted: of
    /// what it says not all was said by hand this time.
    #[must_use]
    pub fn is_added(&self) -> bool {
        self.bits != 0 && self.previous.is_some() && self.method != Method::AcceptAll
    }

    /// Its id, the same however often and on whichever page it is told.
    #[must_use]
    pub fn id(&self) -> Uuid7 {
        Uuid7::new(self.at, &self.random)
    }
}

/// A consent cookie's value, with a receipt where there is one and something is granted.
#[must_use]
pub fn cookie_of(revision: u32, at: Millis, bits: u128, receipt: &str) -> String {
    let mut text = String::new();
    push_digits(&mut text, u64::from(revision), 10);
    text.push('.');
    push_digits(&mut text, u64::try_from(at.0).unwrap_or(0), 36);
    text.push('.');
    push_bits(&mut text, bits);
    if !receipt.is_empty() && bits != 0 {
        text.push('.');
        text.push_str(receipt);
    }
    text
}

/// When a consent cookie was decided, and its bits; 0 where it is none.
#[must_use]
pub fn parts(cookie: &str) -> (i64, u128) {
    read(cookie).map_or((0, 0), |own| (own.decided.0, own.bits))
}

/// A consent cookie.
#[must_use]
pub fn read(cookie: &str) -> Option<ConsentCookie> {
    cookie.parse().ok()
}

/// The text of an id; nothing where there is none.
#[must_use]
pub fn text_of(id: Option<&Id>) -> &str {
    id.map_or("", Id::as_str)
}

fn method(name: &str) -> Option<Method> {
    use Method::{AcceptAll, Custom, Gpc, RejectAll, Withdraw};
    let mut all = [AcceptAll, RejectAll, Custom, Withdraw, Gpc].into_iter();
    all.find(|method| method.as_str() == name)
}

#[cfg(test)]
mod tests {
    use consent_core::wire::ConsentRequest;
    use proptest::prelude::*;

    use super::*;
    use crate::asked::tests::{asked, policy};

    const MOMENT: &str = "f\nmywpiwzf\nhttps://shop.example/a\nBwcHBwcHBwcHBwcHBwcHBw\nCQkJCQkJCQkJCQkJCQkJCQ\n102030405060708090a";

    #[test]
    fn a_decision_is_read_as_it_was_made() {
        let moment = Moment::of(MOMENT);
        assert_eq!((moment.granted(), moment.has_visitor()), (15, true));
        let cookie: ConsentCookie = moment.cookie(&asked(), 5).parse().unwrap();
        assert_eq!((cookie.revision, cookie.bits, cookie.receipt), (3, 5, None));
        assert_eq!(cookie.decided, Millis(1_800_000_000_123));
        let text = moment.decision(&asked(), 5, Method::Custom);
        let decision = Decision::read(&text).unwrap();
        assert_eq!((decision.revision, decision.bits, decision.method), (3, 5, Method::Custom));
        assert_eq!(
            (decision.at, &*decision.page),
            (Millis(1_800_000_000_123), "https://shop.example/a")
        );
        assert_eq!(decision.visitor, "BwcHBwcHBwcHBwcHBwcHBw".parse().ok());
        assert_eq!(decision.previous, "CQkJCQkJCQkJCQkJCQkJCQ".parse().ok());
        assert_eq!(decision.to_text(), text, "the next page tells the same");
    }

    #[test]
    fn a_first_visit_carries_nobodys_number() {
        let moment = Moment::of("\nmywpiwzf\nhttps://shop.example/a\n\n\n0a");
        assert_eq!((moment.granted(), moment.has_visitor()), (0, false));
        let decision = Decision::read(&moment.decision(&asked(), 0, Method::RejectAll)).unwrap();
        assert_eq!((decision.visitor, decision.previous), (None, None));
    }

    #[test]
    fn what_is_told_is_what_the_collector_reads() {
        let decision =
            Decision::read(&Moment::of(MOMENT).decision(&asked(), 5, Method::Custom)).unwrap();
        let request: ConsentRequest =
            serde_json::from_str(&decision.to_json(&asked(), 250)).unwrap();
        assert_eq!((request.id, request.decided_at), (decision.id(), Millis(1_800_000_000_373)));
        assert_eq!((&*request.site, request.revision, &*request.language), ("shop", 3, "ja"));
        assert_eq!((&*request.page, &*request.banner), ("https://shop.example/a", "default"));
        assert_eq!(request.method, Method::Custom);
        let previous = request.previous.map(|receipt| receipt.to_text());
        assert_eq!(previous.as_deref(), decision.previous.as_ref().map(Id::as_str));
        let choices = request.choices();
        let purposes: Vec<_> =
            choices.purposes.iter().map(|(key, yes)| (key.as_str(), *yes)).collect();
        assert_eq!(purposes, [("analytics", true), ("link", false), ("video", true)]);
        let services: Vec<_> =
            choices.services.iter().map(|(key, yes)| (key.as_str(), *yes)).collect();
        assert_eq!(services, [("tag", false)]);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in any::<String>()) {
            let _ = Moment::of(&text).decision(&asked(), 1, Method::Custom);
            let _ = Decision::read(&text);
        }

        #[test]
        fn what_is_written_is_read(random: [u8; 10], bits: u128, at in 0_i64..1 << 52) {
            let read = Decision::read(&Moment::of(MOMENT).decision(&asked(), 5, Method::Gpc)).unwrap();
            let decision = Decision { random, bits, at: Millis(at), ..read };
            prop_assert_eq!(Decision::read(&decision.to_text()), Some(decision));
        }

        #[test]
        fn the_bits_say_to_the_collector_what_they_say_in_the_page(bits in 0_u128..16) {
            let text = Moment::of(MOMENT).decision(&asked(), bits, Method::Custom);
            let decision = Decision::read(&text).unwrap();
            let request: ConsentRequest =
                serde_json::from_str(&decision.to_json(&asked(), 0)).unwrap();
            let cookie = ConsentCookie { revision: 3, decided: decision.at, bits, receipt: None };
            prop_assert_eq!(request.choices(), cookie.choices(&policy()));
        }

        #[test]
        fn every_line_may_be_anything(line in 0_usize..7, text in "\\PC{0,40}") {
            let made = Moment::of(MOMENT).decision(&asked(), 5, Method::Custom);
            let mut lines: Vec<&str> = made.split('\n').collect();
            lines[line] = &text;
            let _ = Decision::read(&lines.join("\n"));
        }
    }
}
