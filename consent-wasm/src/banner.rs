//! What the visitor sees, piece by piece, and what touching a switch does to the others.
//!
//! A piece is a tag, its attributes and the name of its text; the page makes an element of it. Nothing
//! is ever parsed as markup, and no text passes through this module.

use alloc::string::String;

use consent_core::{choices::Method, json::push_digits};

use crate::asked::{Asked, Purpose};

/// Where pieces are put.
pub trait Surface {
    /// Adds an element at the end of another, whose number 0 is the root; answers its number, counted from 1.
    /// `given` are its attributes, as `name=value` with `;` between; `text` is where its text is found
    /// among the texts, as `purposes.0.name`, or nothing. A `dd` is added for each entry that is found there,
    /// after one `dt` with the text that is named after it; nothing is where there is no entry.
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32;
    /// Shows what has been added, of which the first is the layer: as a dialog, or in the page. Answers by
    /// which number the page knows that.
    fn show(&self, is_dialog: bool) -> u32;
    /// Turns the switch of that number, from 0, on or off.
    fn turn(&self, switch: u32, on: bool);
}

/// The first layer: a region of the page, not in its way.
pub fn first_layer(on: &impl Surface, asked: &Asked) -> u32 {
    let given = "class=panel;role=region;popover=manual;aria-labelledby=asked";
    let panel = on.add(0, "section", given, "");
    let words = on.add(panel, "div", "class=words;tabindex=-1", "");
    on.add(words, "h2", "id=asked", "title");
    let news = on.add(words, "dl", "", "");
    on.add(news, "dd", "", "news");
    paragraph(on, words, "body");
    signal(on, words, asked);
    let row = on.add(panel, "div", "class=row", "");
    on.add(row, "button", "part=accept", "accept");
    on.add(row, "button", "part=reject", "reject");
    on.add(row, "button", "part=customise", "customise");
    on.show(false)
}

/// The second layer: a dialog with a card for each purpose.
pub fn second_layer(on: &impl Surface, asked: &Asked, switches: Switches) -> u32 {
    let dialog = on.add(0, "dialog", "class=sheet;aria-labelledby=chosen", "");
    let head = on.add(dialog, "div", "class=head", "");
    on.add(head, "h2", "id=chosen", "preferences");
    on.add(head, "button", "part=close;aria-label=@close", "");
    let body = on.add(dialog, "div", "class=body", "");
    let words = paragraph(on, body, "preferences_body");
    on.add(words, "a", "part=me;target=_blank;href=@me_url", "me");
    signal(on, body, asked);
    let mut path = String::from("purposes.");
    for (at, purpose) in (0_u64..).zip(asked.purposes()) {
        within(&mut path, at, |path| card(on, body, path, purpose, asked));
    }
    let row = on.add(dialog, "div", "class=row foot", "");
    on.add(row, "button", "part=save", "save");
    on.add(row, "button", "part=accept second", "accept");
    on.add(row, "button", "part=reject second", "reject");
    let shown = on.show(true);
    switches.show(on, asked);
    shown
}

/// A notice that what was withdrawn goes on in this page until it is loaded again.
pub fn notice(on: &impl Surface) -> u32 {
    let panel = on.add(0, "section", "class=panel;role=status;popover=manual", "");
    on.add(panel, "p", "", "reload");
    let row = on.add(panel, "div", "class=row", "");
    on.add(row, "button", "part=reload", "reload_button");
    on.add(row, "button", "part=dismiss second", "later");
    on.show(false)
}

/// Says that the browser's signal is honoured, where there is one.
fn signal(on: &impl Surface, parent: u32, asked: &Asked) {
    if asked.refused() != 0 {
        on.add(parent, "p", "class=signal", "gpc");
    }
}

/// A paragraph with the link to the policy at its end.
fn paragraph(on: &impl Surface, parent: u32, text: &str) -> u32 {
    let paragraph = on.add(parent, "p", "", text);
    on.add(paragraph, "a", "part=policy;target=_blank;href=@policy_url", "policy");
    paragraph
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

fn card(on: &impl Surface, body: u32, path: &mut String, purpose: Purpose<'_>, asked: &Asked) {
    let card = on.add(body, "section", "class=card", "");
    line(on, card, "h3", path, purpose.key, purpose.is_asked.then_some(""));
    if !purpose.is_asked {
        on.add(card, "span", "class=always", "always_on");
    }
    if asked.is_refused(purpose.key) {
        on.add(card, "p", "class=signal", "gpc_off");
    }
    named(on, card, "p", path, "use");
    if purpose.services().next().is_none() {
        return;
    }
    let details = on.add(card, "details", "", "");
    on.add(details, "summary", "", "details");
    let length = path.len();
    path.push_str("services.");
    for (at, service) in (0_u64..).zip(purpose.services()) {
        within(path, at, |path| {
            let of = on.add(details, "div", "class=service", "");
            let switched = purpose.is_asked && purpose.is_divided();
            line(on, of, "h4", path, purpose.key, switched.then_some(service));
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

/// What is in the box that stands in place of a frame, under a root of its own: what it is, and the
/// button that lets it run.
pub fn placeholder(on: &impl Surface, what: &str) {
    let given = "class=blocked;role=group;aria-labelledby=why;lang=@language;dir=@direction";
    let block = on.add(0, "div", given, "");
    on.add(block, "p", "id=why", "said");
    let mut given = String::from("part=unblock;aria-describedby=why;value=");
    given.push_str(what);
    on.add(block, "button", &given, "unblock");
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
    pub fn turn(&mut self, asked: &Asked, purpose: &str, service: &str, on: bool) {
        let bits = asked.bits_of(purpose, service);
        self.bits = if on { self.bits | bits } else { self.bits & !bits };
    }

    /// Turns every switch of the second layer, in the order in which they were added: a purpose's is on
    /// where any of its services is.
    pub fn show(self, on: &impl Surface, asked: &Asked) {
        let mut number = 0;
        for purpose in asked.purposes().filter(|purpose| purpose.is_asked) {
            let mut turn = |service| {
                on.turn(number, self.bits & asked.bits_of(purpose.key, service) != 0);
                number += 1;
            };
            turn("");
            if purpose.is_divided() {
                purpose.services().for_each(turn);
            }
        }
    }
}

/// The method of a decision, by what was pressed and what it changes. Everything is granted but what
/// the browser `refused` by a signal: then it is that signal's.
#[must_use]
pub const fn method(everything: bool, refused: u128, before: u128, bits: u128) -> Method {
    if everything && refused != 0 {
        Method::Gpc
    } else if everything {
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
    use crate::asked::tests::{asked, asked_but};

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
        fn show(&self, _: bool) -> u32 {
            assert_eq!(self.pieces.borrow()[0].0, 0, "the layer is the first piece");
            1
        }
        fn turn(&self, switch: u32, on: bool) {
            let mut switches = self.switches.borrow_mut();
            assert_eq!(switches.len(), switch as usize);
            switches.push(on);
        }
    }

    #[test]
    fn a_placeholder_has_one_button_that_is_tied_to_what_it_lets_run() {
        let paper = Paper::default();
        placeholder(&paper, "functional video");
        let pieces = paper.pieces.borrow();
        assert_eq!(pieces[0].0, 0);
        assert!(pieces[1..].iter().all(|(parent, _)| *parent == 1));
        let buttons: Vec<_> = pieces.iter().filter(|(_, own)| own.starts_with("button")).collect();
        let whole = "button[part=unblock;aria-describedby=why;value=functional video]unblock";
        assert_eq!(buttons, [&(1, whole.to_owned())]);
        assert_eq!(pieces[1].1, "p[id=why]said");
    }

    #[test]
    fn the_three_choices_stand_side_by_side_and_differ_in_nothing_but_their_words() {
        let paper = Paper::default();
        first_layer(&paper, &asked());
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
        let (paper, asked) = (Paper::default(), asked());
        second_layer(&paper, &asked, Switches::of(0));
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
        let (paper, asked) = (Paper::default(), asked());
        second_layer(&paper, &asked, Switches::of(0b1001));
        assert_eq!(*paper.switches.borrow(), [true, true, false, false, true]);
    }

    #[test]
    fn a_purpose_turns_its_services_with_it() {
        let (asked, mut switches) = (asked(), Switches::of(0));
        let shown = |switches: Switches| {
            let paper = Paper::default();
            switches.show(&paper, &asked);
            paper.switches.take()
        };
        switches.turn(&asked, "analytics", "", true);
        assert_eq!(shown(switches), [true, true, true, false, false]);
        switches.turn(&asked, "analytics", "tag", false);
        assert_eq!(shown(switches), [true, true, false, false, false], "one service is still on");
        switches.turn(&asked, "analytics", "ashiato", false);
        assert_eq!(shown(switches), [false; 5]);
        assert_eq!(switches.bits(), 0);
    }

    #[test]
    fn what_was_pressed_names_the_method() {
        assert_eq!(method(true, 0, 0, 0b1111), Method::AcceptAll);
        assert_eq!(method(true, 0b11, 0, 0b1100), Method::Gpc, "everything but what is refused");
        assert_eq!(method(false, 0, 0, 0b1111), Method::Custom);
        assert_eq!(method(false, 0b11, 0, 0b1111), Method::Custom, "by hand, over the signal");
        assert_eq!(method(false, 0, 0, 0), Method::RejectAll);
        assert_eq!(method(false, 0, 0b1, 0), Method::Withdraw);
    }

    #[test]
    fn a_browsers_signal_is_said_to_be_honoured_in_both_layers_and_beside_its_purposes() {
        let said = |refused| {
            let (paper, asked) = (Paper::default(), asked_but(refused));
            second_layer(&paper, &asked, Switches::of(0));
            let first = Paper::default();
            first_layer(&first, &asked);
            let signal = |paper: &Paper, text: &str| {
                let piece = ["p[class=signal]", text].concat();
                paper.pieces.borrow().iter().filter(|(_, own)| *own == piece).count()
            };
            (signal(&first, "gpc"), signal(&paper, "gpc"), signal(&paper, "gpc_off"))
        };
        assert_eq!(said(""), (0, 0, 0));
        assert_eq!(said("analytics link "), (1, 1, 2));
    }

    proptest! {
        #[test]
        fn a_switch_never_touches_another_purpose(bits in 0_u128..16, on: bool) {
            let (asked, mut switches) = (asked(), Switches::of(bits));
            switches.turn(&asked, "video", "", on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
            switches.turn(&asked, "no_such", "", on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
        }
    }
}
