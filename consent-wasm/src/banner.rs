//! What the visitor sees, piece by piece, and what touching a switch does to the others.
//!
//! A piece is a tag, its attributes and the name of its text; the page makes an element of it. Nothing
//! is ever parsed as markup, and no text passes through this module.

use alloc::string::String;

use consent_core::{
    choices::Method,
    json::push_digits,
    policy::{Kind, Purpose},
};

use crate::settings::Settings;

/// Where pieces are put.
pub trait Surface {
    /// Adds an element at the end of another, whose number 0 is everything we show; answers its number.
    /// `given` are its attributes, as `name=value` with `;` between; `text` is where its text is found
    /// among the texts, as `purposes.0.name`, or nothing. A `dd` gets its `dt` before it, with the
    /// text named after it, and is left out where there is nothing to say.
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32;
    /// Shows a layer that has all its pieces: as a dialog, or in the page.
    fn show(&self, layer: u32);
    /// Turns the switch of that number, from 0, on or off.
    fn turn(&self, switch: u32, on: bool);
}

/// The first layer: a region of the page, not in its way.
pub fn first_layer(on: &impl Surface) -> u32 {
    let given = "class=panel;role=region;popover=manual;aria-labelledby=asked";
    let panel = on.add(0, "section", given, "");
    let words = on.add(panel, "div", "class=words", "");
    on.add(words, "h2", "id=asked", "title");
    paragraph(on, words, "body");
    let row = on.add(panel, "div", "class=row", "");
    on.add(row, "button", "part=accept", "accept");
    on.add(row, "button", "part=reject", "reject");
    on.add(row, "button", "part=customise", "customise");
    on.show(panel);
    panel
}

/// The second layer: a dialog with a card for each purpose.
pub fn second_layer(on: &impl Surface, settings: &Settings, switches: Switches) -> u32 {
    let dialog = on.add(0, "dialog", "class=sheet;aria-labelledby=chosen", "");
    let head = on.add(dialog, "div", "class=head", "");
    on.add(head, "h2", "id=chosen", "preferences");
    on.add(head, "button", "part=close;aria-label=@close", "");
    let body = on.add(dialog, "div", "class=body", "");
    paragraph(on, body, "preferences_body");
    let mut path = String::from("purposes.");
    for (at, purpose) in (0_u64..).zip(settings.policy.purposes()) {
        within(&mut path, at, |path| card(on, body, path, purpose));
    }
    let row = on.add(dialog, "div", "class=row foot", "");
    on.add(row, "button", "part=save", "save");
    on.add(row, "button", "part=accept second", "accept");
    on.add(row, "button", "part=reject second", "reject");
    on.show(dialog);
    switches.show(on, settings);
    dialog
}

/// A paragraph with the link to the policy at its end.
fn paragraph(on: &impl Surface, parent: u32, text: &str) {
    let paragraph = on.add(parent, "p", "", text);
    on.add(paragraph, "a", "part=policy;target=_blank", "policy");
}

/// Calls `action` with the number and a point at the end of the path.
fn within(path: &mut String, number: u64, action: impl FnOnce(&mut String)) {
    let length = path.len();
    push_digits(path, number, 10);
    path.push('.');
    action(path);
    path.truncate(length);
}

/// Adds an element whose text lies at the end of the path.
fn named(on: &impl Surface, parent: u32, tag: &str, path: &mut String, name: &str) -> u32 {
    let length = path.len();
    path.push_str(name);
    let element = on.add(parent, tag, "", path);
    path.truncate(length);
    element
}

fn card(on: &impl Surface, body: u32, path: &mut String, purpose: &Purpose) {
    let asked = purpose.kind != Kind::Necessary;
    let key = purpose.key.as_str();
    let card = on.add(body, "section", "class=card", "");
    line(on, card, "h3", path, key, asked.then_some(""));
    if !asked {
        on.add(card, "span", "class=always", "always_on");
    }
    named(on, card, "p", path, "use");
    if purpose.services.is_empty() {
        return;
    }
    let details = on.add(card, "details", "", "");
    on.add(details, "summary", "", "details");
    let length = path.len();
    path.push_str("services.");
    for (at, service) in (0_u64..).zip(&purpose.services) {
        within(path, at, |path| {
            let of = on.add(details, "div", "class=service", "");
            let switched = asked && purpose.services.len() > 1;
            line(on, of, "h4", path, key, switched.then_some(service.key.as_str()));
            let facts = on.add(of, "dl", "", "");
            for fact in ["provider", "sends", "use", "retention", "cookies"] {
                let length = path.len();
                path.push_str(fact);
                on.add(facts, "dd", "", path);
                path.truncate(length);
            }
        });
    }
    path.truncate(length);
}

/// A heading, with its switch where it has one: one label, so that the whole line can be pressed.
fn line(
    on: &impl Surface,
    parent: u32,
    heading: &str,
    path: &mut String,
    purpose: &str,
    switch: Option<&str>,
) {
    let heading = on.add(parent, heading, "", "");
    let Some(service) = switch else {
        named(on, heading, "span", path, "name");
        return;
    };
    let label = on.add(heading, "label", "", "");
    named(on, label, "span", path, "name");
    let mut given = String::from("type=checkbox;role=switch;data-purpose=");
    given.push_str(purpose);
    if service.is_empty() {
        given.push_str(";part=toggle");
    } else {
        given.push_str(";part=service;data-service=");
        given.push_str(service);
    }
    on.add(label, "input", &given, "");
}

/// Where the name of a purpose, or of one of its services, stands among the texts; none where the site
/// has none such.
#[must_use]
pub fn name_of(settings: &Settings, purpose: &str, service: &str) -> Option<String> {
    let mut path = String::from("purposes.");
    let purposes = settings.policy.purposes();
    let at = purposes.iter().position(|own| own.key.as_str() == purpose)?;
    push_digits(&mut path, at as u64, 10);
    if !service.is_empty() {
        let mut services = purposes.get(at)?.services.iter();
        path.push_str(".services.");
        push_digits(&mut path, services.position(|own| own.key.as_str() == service)? as u64, 10);
    }
    path.push_str(".name");
    Some(path)
}

/// The switches, a bit for each in the policy's order. Nothing is on that the visitor did not turn
/// on: they start from the standing decision, or all off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    bits: u128,
}

impl Switches {
    /// The switches of a decision; of none, all off.
    #[must_use]
    pub const fn of(bits: u128) -> Self {
        Self { bits }
    }

    /// The bits that saving would decide.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.bits
    }

    /// Turns a purpose with all its services, or one service, on or off.
    pub fn turn(&mut self, settings: &Settings, purpose: &str, service: &str, on: bool) {
        let bits = settings.bits_of(purpose, service);
        self.bits = if on { self.bits | bits } else { self.bits & !bits };
    }

    /// Whether a purpose (any of its services) or a service is on.
    #[must_use]
    pub fn is_on(self, settings: &Settings, purpose: &str, service: &str) -> bool {
        self.bits & settings.bits_of(purpose, service) != 0
    }

    /// Turns every switch of the second layer, in the order in which they were added.
    pub fn show(self, on: &impl Surface, settings: &Settings) {
        let mut number = 0;
        for purpose in settings.policy.purposes() {
            if purpose.kind == Kind::Necessary {
                continue;
            }
            let key = purpose.key.as_str();
            on.turn(number, self.is_on(settings, key, ""));
            number += 1;
            if purpose.services.len() > 1 {
                for service in &purpose.services {
                    on.turn(number, self.is_on(settings, key, service.key.as_str()));
                    number += 1;
                }
            }
        }
    }
}

/// The method of a decision, by what was pressed and what it changes.
#[must_use]
pub const fn method(everything: bool, before: u128, bits: u128) -> Method {
    if everything {
        Method::AcceptAll
    } else if bits != 0 {
        Method::Custom
    } else if before != 0 {
        Method::Withdraw
    } else {
        Method::RejectAll
    }
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::settings::tests::settings;

    /// Writes down what it is given.
    #[derive(Default)]
    struct Paper {
        pieces: RefCell<Vec<(u32, String)>>,
        switches: RefCell<Vec<bool>>,
    }

    impl Paper {
        fn has(&self, piece: &str) -> bool {
            self.pieces.borrow().iter().any(|(_, own)| own == piece)
        }
    }

    impl Surface for Paper {
        fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
            let mut pieces = self.pieces.borrow_mut();
            pieces.push((parent, [tag, "[", given, "]", text].concat()));
            u32::try_from(pieces.len()).unwrap()
        }
        fn show(&self, layer: u32) {
            assert_eq!(layer, 1, "the layer is the first piece");
        }
        fn turn(&self, switch: u32, on: bool) {
            let mut switches = self.switches.borrow_mut();
            assert_eq!(switches.len(), switch as usize);
            switches.push(on);
        }
    }

    #[test]
    fn what_a_frame_is_marked_with_is_called_by_its_name() {
        let settings = settings();
        let purpose =
            settings.policy.purposes().iter().position(|own| own.services.len() > 1).unwrap();
        let own = &settings.policy.purposes()[purpose];
        let name = |service| name_of(&settings, own.key.as_str(), service);
        assert_eq!(name(""), Some(format!("purposes.{purpose}.name")));
        let service = own.services[1].key.as_str();
        assert_eq!(name(service), Some(format!("purposes.{purpose}.services.1.name")));
        assert_eq!(name("unheard_of"), None);
        assert_eq!(name_of(&settings, "unheard_of", ""), None);
    }

    #[test]
    fn the_three_choices_stand_side_by_side_and_differ_in_nothing_but_their_words() {
        let paper = Paper::default();
        first_layer(&paper);
        let pieces = paper.pieces.borrow();
        let buttons: Vec<_> =
            pieces.iter().filter(|(_, piece)| piece.starts_with("button")).collect();
        assert_eq!(buttons.len(), 3);
        assert!(buttons.iter().all(|(parent, _)| *parent == buttons[0].0));
        for (part, (_, piece)) in ["accept", "reject", "customise"].into_iter().zip(buttons) {
            assert_eq!(*piece, ["button[part=", part, "]", part].concat());
        }
    }

    #[test]
    fn every_purpose_has_a_card_and_every_one_that_is_asked_a_switch_that_is_off() {
        let (paper, settings) = (Paper::default(), settings());
        second_layer(&paper, &settings, Switches::of(0));
        let switch = "input[type=checkbox;role=switch;data-purpose=";
        for key in ["analytics", "video", "link"] {
            assert!(paper.has(&[switch, key, ";part=toggle]"].concat()), "{key}");
        }
        assert!(!paper.has(&[switch, "necessary;part=toggle]"].concat()));
        assert!(paper.has("span[class=always]always_on"));
        assert!(paper.has("span[]purposes.3.name"));
        assert!(paper.has(&[switch, "analytics;part=service;data-service=tag]"].concat()));
        assert!(paper.has("dd[]purposes.1.services.1.cookies"));
        assert_eq!(*paper.switches.borrow(), [false; 5]);
    }

    #[test]
    fn the_standing_choice_is_what_the_switches_show() {
        let (paper, settings) = (Paper::default(), settings());
        second_layer(&paper, &settings, Switches::of(0b1001));
        assert_eq!(*paper.switches.borrow(), [true, true, false, false, true]);
    }

    #[test]
    fn a_purpose_turns_its_services_with_it() {
        let settings = settings();
        let mut switches = Switches::of(0);
        switches.turn(&settings, "analytics", "", true);
        assert!(switches.is_on(&settings, "analytics", "tag"));
        switches.turn(&settings, "analytics", "tag", false);
        assert!(switches.is_on(&settings, "analytics", ""), "one service is still on");
        switches.turn(&settings, "analytics", "ashiato", false);
        assert!(!switches.is_on(&settings, "analytics", ""));
        assert_eq!(switches.bits(), 0);
    }

    #[test]
    fn what_was_pressed_names_the_method() {
        assert_eq!(method(true, 0, 0b1111), Method::AcceptAll);
        assert_eq!(method(false, 0, 0b1111), Method::Custom);
        assert_eq!(method(false, 0, 0), Method::RejectAll);
        assert_eq!(method(false, 0b1, 0), Method::Withdraw);
    }

    proptest! {
        #[test]
        fn a_switch_never_touches_another_purpose(bits in 0_u128..16, on: bool) {
            let settings = settings();
            let mut switches = Switches::of(bits);
            switches.turn(&settings, "video", "", on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
            switches.turn(&settings, "no_such", "", on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
        }
    }
}
