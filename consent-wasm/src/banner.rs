//! What the visitor sees, piece by piece, and what touching a switch does to the others.
//!
//! A piece is a tag, its attributes and the name of its text; the page makes an element of it. Nothing
//! is ever parsed as markup, and no text passes through this module. What is the same on every site is written
//! into the script when the client is built, so that it is shown before the module is there.

use alloc::string::String;

use consent_core::{choices::Method, json::push_digits};

use crate::asked::{Asked, Purpose};

/// Elements to be made: pieces, a line each, of the number of the one that it stands under, its tag, what is given
/// and where its text is found, with tabs between. Numbers count from 1; 0 is what all of them are put under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    lines: String,
    count: u32,
}

impl Pieces {
    /// Adds an element at the end of another; answers its number. `given` are its attributes, as `name=value` with
    /// `;` between, where a value that begins with `@` is looked up among the texts; `text` is where its text is
    /// found among them, as `purposes.0.name`, or nothing. A `dd` is added for each entry that is found there,
    /// after one `dt` with the text that is named after it; nothing is where there is no entry.
    pub fn add(&mut self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
        if self.count > 0 {
            self.lines.push('\n');
        }
        push_digits(&mut self.lines, parent.into(), 10);
        for part in [tag, given, text] {
            self.lines.push('\t');
            self.lines.push_str(part);
        }
        self.count += 1;
        self.count
    }

    /// All of them, as the script reads them.
    #[must_use]
    pub fn into_lines(self) -> String {
        self.lines
    }
}

/// What is said to those who cannot see that the banner went.
#[must_use]
pub fn status() -> Pieces {
    let mut pieces = Pieces::default();
    pieces.add(0, "p", "class=unseen;role=status", "");
    pieces
}

/// The first layer: a region of the page, not in its way.
#[must_use]
pub fn first_layer() -> Pieces {
    let mut pieces = Pieces::default();
    let on = &mut pieces;
    let given = "class=panel;role=region;popover=manual;aria-labelledby=asked";
    let panel = on.add(0, "section", given, "");
    let words = on.add(panel, "div", "class=words;tabindex=-1", "");
    on.add(words, "h2", "id=asked", "title");
    let news = on.add(words, "dl", "", "");
    on.add(news, "dd", "", "news");
    paragraph(on, words, "body");
    signal(on, words);
    let row = on.add(panel, "div", "class=row", "");
    on.add(row, "button", "part=accept", "accept");
    on.add(row, "button", "part=reject", "reject");
    on.add(row, "button", "part=customise", "customise");
    pieces
}

/// The second layer: a dialog with a card for each purpose.
#[must_use]
pub fn second_layer(asked: &Asked) -> Pieces {
    let mut pieces = Pieces::default();
    let on = &mut pieces;
    let dialog = on.add(0, "dialog", "class=sheet;aria-labelledby=chosen", "");
    let head = on.add(dialog, "div", "class=head", "");
    on.add(head, "h2", "id=chosen", "preferences");
    on.add(head, "button", "part=close;aria-label=@close", "");
    let body = on.add(dialog, "div", "class=body", "");
    let words = paragraph(on, body, "preferences_body");
    on.add(words, "a", "part=me;target=_blank;href=@me_url", "me");
    signal(on, body);
    let mut path = String::from("purposes.");
    for (at, purpose) in (0_u64..).zip(asked.purposes()) {
        within(&mut path, at, |path| card(on, body, path, purpose, asked));
    }
    let row = on.add(dialog, "div", "class=row foot", "");
    on.add(row, "button", "part=save", "save");
    on.add(row, "button", "part=accept second", "accept");
    on.add(row, "button", "part=reject second", "reject");
    pieces
}

/// A notice that what was withdrawn goes on in this page until it is loaded again.
#[must_use]
pub fn notice() -> Pieces {
    let mut pieces = Pieces::default();
    let panel = pieces.add(0, "section", "class=panel;role=status;popover=manual", "");
    pieces.add(panel, "p", "", "reload");
    let row = pieces.add(panel, "div", "class=row", "");
    pieces.add(row, "button", "part=reload", "reload_button");
    pieces.add(row, "button", "part=dismiss second", "later");
    pieces
}

/// What is in the box that stands in place of a frame, under a root of its own: what it is, and the
/// button that lets it run.
#[must_use]
pub fn placeholder() -> Pieces {
    let mut pieces = Pieces::default();
    let given = "class=blocked;role=group;aria-labelledby=why;lang=@language;dir=@direction";
    let block = pieces.add(0, "div", given, "");
    pieces.add(block, "p", "id=why", "said");
    pieces.add(block, "button", "part=unblock;aria-describedby=why;value=@frame", "unblock");
    pieces
}

/// Says that the browser's signal is honoured; its text is empty where there is none.
fn signal(on: &mut Pieces, parent: u32) {
    on.add(parent, "p", "class=signal", "gpc");
}

/// A paragraph with the link to the policy at its end.
fn paragraph(on: &mut Pieces, parent: u32, text: &str) -> u32 {
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
fn named(on: &mut Pieces, parent: u32, tag: &str, path: &mut String, name: &str) -> u32 {
    let length = path.len();
    path.push_str(name);
    let element = on.add(parent, tag, "", path);
    path.truncate(length);
    element
}

fn card(on: &mut Pieces, body: u32, path: &mut String, purpose: Purpose<'_>, asked: &Asked) {
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
    on: &mut Pieces,
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

    /// Tells every switch of the second layer, in the order in which they were added, whether it is on: a purpose's is
    /// where any of its services is.
    pub fn show(self, asked: &Asked, mut turn: impl FnMut(bool)) {
        for purpose in asked.purposes().filter(|purpose| purpose.is_asked) {
            let mut turn = |service| turn(self.bits & asked.bits_of(purpose.key, service) != 0);
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
    use proptest::prelude::*;

    use super::*;
    use crate::asked::tests::{asked, asked_but};

    /// Each as its parent's number and `tag[given]text`.
    fn read(pieces: Pieces) -> Vec<(u32, String)> {
        let read = |line: &str| {
            let parts: Vec<_> = line.split('\t').collect();
            let [parent, tag, given, text] = parts[..] else { panic!("{line}") };
            (parent.parse().unwrap(), [tag, "[", given, "]", text].concat())
        };
        let pieces: Vec<_> = pieces.into_lines().split('\n').map(read).collect();
        let above = pieces.iter().map(|(parent, _)| *parent).zip(1..);
        assert!(
            above.clone().all(|(parent, own)| parent < own),
            "each stands under an earlier one"
        );
        assert_eq!(above.filter(|(parent, _)| *parent == 0).count(), 1, "one is the layer");
        pieces
    }

    fn shown(switches: Switches, asked: &Asked) -> Vec<bool> {
        let mut shown = Vec::new();
        switches.show(asked, |on| shown.push(on));
        shown
    }

    #[test]
    fn a_placeholder_has_one_button_that_is_tied_to_what_it_lets_run() {
        let pieces = read(placeholder());
        assert!(pieces[1..].iter().all(|(parent, _)| *parent == 1));
        let buttons: Vec<_> = pieces.iter().filter(|(_, own)| own.starts_with("button")).collect();
        let whole = "button[part=unblock;aria-describedby=why;value=@frame]unblock";
        assert_eq!(buttons, [&(1, whole.to_owned())]);
        assert_eq!(pieces[1].1, "p[id=why]said");
    }

    #[test]
    fn the_three_choices_stand_side_by_side_and_differ_in_nothing_but_their_words() {
        let pieces = read(first_layer());
        let buttons: Vec<_> =
            pieces.iter().filter(|(_, piece)| piece.starts_with("button")).collect();
        assert_eq!(buttons.len(), 3);
        assert!(buttons.iter().all(|(parent, _)| *parent == buttons[0].0));
        for (part, (_, piece)) in ["accept", "reject", "customise"].into_iter().zip(buttons) {
            assert_eq!(*piece, ["button[part=", part, "]", part].concat());
        }
    }

    #[test]
    fn what_is_said_without_being_seen_and_what_can_be_closed_stand_by_themselves() {
        assert_eq!(read(status()), [(0, "p[class=unseen;role=status]".to_owned())]);
        let buttons = read(notice()).into_iter().filter(|(_, piece)| piece.starts_with("button"));
        assert_eq!(buttons.count(), 2);
    }

    #[test]
    fn every_purpose_has_a_card_and_every_one_that_is_asked_a_switch_that_is_off() {
        let asked = asked();
        let pieces = read(second_layer(&asked));
        let has = |piece: &str| pieces.iter().any(|(_, own)| own == piece);
        let switch = "input[type=checkbox;role=switch;data-purpose=";
        for key in ["analytics", "video", "link"] {
            assert!(has(&[switch, key, ";part=toggle]"].concat()), "{key}");
        }
        assert!(!has(&[switch, "necessary;part=toggle]"].concat()));
        assert!(has("span[class=always]always_on"));
        assert!(has("span[]purposes.3.name"));
        assert!(has(&[switch, "analytics;part=service;data-service=tag]"].concat()));
        assert!(has("dd[]purposes.1.services.1.cookies"));
        assert_eq!(shown(Switches::of(0), &asked), [false; 5]);
        let switches = pieces.iter().filter(|(_, piece)| piece.starts_with("input")).count();
        assert_eq!(switches, 5, "as many as are told whether they are on");
    }

    #[test]
    fn the_standing_choice_is_what_the_switches_show() {
        assert_eq!(shown(Switches::of(0b1001), &asked()), [true, true, false, false, true]);
    }

    #[test]
    fn a_purpose_turns_its_services_with_it() {
        let (asked, mut switches) = (asked(), Switches::of(0));
        switches.turn(&asked, "analytics", "", true);
        assert_eq!(shown(switches, &asked), [true, true, true, false, false]);
        switches.turn(&asked, "analytics", "tag", false);
        let one = [true, true, false, false, false];
        assert_eq!(shown(switches, &asked), one, "one service is still on");
        switches.turn(&asked, "analytics", "ashiato", false);
        assert_eq!(shown(switches, &asked), [false; 5]);
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
        let count = |pieces, text: &str| {
            let piece = ["p[class=signal]", text].concat();
            read(pieces).iter().filter(|(_, own)| *own == piece).count()
        };
        assert_eq!(count(first_layer(), "gpc"), 1);
        for (refused, marked) in [("", 0), ("analytics link ", 2)] {
            let asked = asked_but(refused);
            assert_eq!(count(second_layer(&asked), "gpc"), 1);
            assert_eq!(count(second_layer(&asked), "gpc_off"), marked);
        }
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
