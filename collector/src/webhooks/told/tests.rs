use proptest::prelude::*;

use super::*;

const ALL: [Event; 3] = [Event::Created, Event::Changed, Event::Linked];

fn usable(version: i64) -> Now {
    let facts = Facts { version, ground: "opt_in".to_owned(), ground_since: Some(Millis(1)) };
    Now { is_there: true, facts: Some(facts), linked_at: None }
}

fn linked(version: i64, at: i64) -> Now {
    Now { linked_at: Some(Millis(at)), ..usable(version) }
}

const LOCKED: Now = Now { is_there: true, facts: None, linked_at: None };
const GONE: Now = Now { is_there: false, facts: None, linked_at: None };

/// What is told when everything is taken at once.
fn tell(told: &mut Option<Told>, now: &Now, wants: &Wants) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let (silently, message) = next(told.take(), now, wants);
        *told = silently;
        let Some(message) = message else { return events };
        *told = after(told.take(), &message);
        events.push(message.event);
        assert!(events.len() < 9, "{events:?}");
    }
}

#[test]
fn a_lead_is_told_of_from_its_ground_to_its_end() {
    use Event::*;
    let wants = Wants::with_their_ends(&ALL);
    let mut told = None;
    let relocked = Now { linked_at: Some(Millis(5)), ..LOCKED };
    for (now, expected) in [
        (LOCKED, vec![]),
        (usable(1), vec![Created]),
        (usable(1), vec![]),
        (linked(1, 5), vec![Linked]),
        (linked(2, 5), vec![Changed]),
        (linked(2, 9), vec![Unlinked, Linked]),
        (usable(2), vec![Unlinked]),
        (LOCKED, vec![Unsubscribed]),
        (LOCKED, vec![]),
        (relocked.clone(), vec![]),
        (linked(2, 5), vec![Created, Linked]),
        (relocked, vec![Unsubscribed]),
        (LOCKED, vec![Unlinked]),
        (GONE, vec![Erased]),
        (GONE, vec![]),
    ] {
        assert_eq!(tell(&mut told, &now, &wants), expected, "{now:?}");
    }
    assert_eq!(told, None, "and nothing is kept of it");
}

#[test]
fn of_what_was_never_told_the_end_is_not_told() {
    for asked in [&ALL[..], &[Event::Linked], &[Event::Changed]] {
        let wants = Wants::with_their_ends(asked);
        let mut told = None;
        for now in [LOCKED, Now { linked_at: Some(Millis(3)), ..LOCKED }, LOCKED, GONE] {
            assert_eq!(tell(&mut told, &now, &wants), []);
        }
        assert_eq!(told, None);
    }
    // Who hears of links alone does not hear the end of a lead that was never linked.
    let wants = Wants::with_their_ends(&[Event::Linked]);
    let mut told = None;
    for now in [usable(1), usable(2), LOCKED, GONE] {
        assert_eq!(tell(&mut told, &now, &wants), [], "{now:?}");
    }
    assert_eq!(told, None);
}

#[test]
fn who_hears_of_links_hears_of_their_end_asked_or_not() {
    let wants = Wants::with_their_ends(&[Event::Linked]);
    let names = "lead.linked lead.unlinked lead.unsubscribed lead.erased";
    assert_eq!(wants.to_text(), names);
    assert_eq!(Wants::of_text(names), wants);
    assert_eq!(Wants::of_text("lead.linked lead.of_tomorrow").to_text(), "lead.linked");
    assert!(wants.begin_somewhere() && !Wants::with_their_ends(&[Event::Erased]).begin_somewhere());
    let mut told = None;
    assert_eq!(tell(&mut told, &linked(1, 5), &wants), [Event::Linked]);
    assert_eq!(tell(&mut told, &usable(2), &wants), [Event::Unlinked]);
    assert_eq!(tell(&mut told, &GONE, &wants), [Event::Erased]);
}

#[test]
fn who_hears_of_corrections_alone_hears_the_first() {
    let wants = Wants::with_their_ends(&[Event::Changed]);
    let mut told = None;
    assert_eq!(tell(&mut told, &usable(1), &wants), []);
    assert_eq!(tell(&mut told, &usable(2), &wants), [Event::Changed]);
    let mut told = None;
    assert_eq!(tell(&mut told, &usable(2), &wants), [Event::Changed], "of a lead of before, too");
    assert_eq!(tell(&mut told, &LOCKED, &wants), [Event::Unsubscribed]);
    assert_eq!(tell(&mut told, &usable(3), &wants), [Event::Changed]);
}

#[test]
fn a_link_that_stands_again_before_its_end_was_acknowledged_is_told_anew() {
    let wants = Wants::with_their_ends(&ALL);
    let mut told = None;
    assert_eq!(tell(&mut told, &linked(1, 5), &wants), [Event::Created, Event::Linked]);
    let (silently, message) = next(told, &usable(1), &wants);
    let mut told = perhaps_after(silently, &message.unwrap());
    assert_eq!(tell(&mut told, &linked(1, 5), &wants), [Event::Linked]);
    let mut told = perhaps_after(told, &next(None, &usable(1), &wants).1.unwrap());
    assert_eq!(tell(&mut told, &usable(1), &wants), [Event::Unlinked, Event::Created]);
}

#[test]
fn that_a_lead_may_not_be_used_is_told_until_it_is_taken_whatever_comes_between() {
    let wants = Wants::with_their_ends(&ALL);
    let mut told = None;
    assert_eq!(tell(&mut told, &linked(1, 5), &wants), [Event::Created, Event::Linked]);
    let (silently, message) = next(told, &LOCKED, &wants);
    assert_eq!(message.as_ref().map(|it| it.event), Some(Event::Unsubscribed));
    // Nobody has said that it was taken; then the lead may be used, and the end of its link is taken, and no more.
    let told = perhaps_after(silently, &message.unwrap());
    let (silently, message) = next(told, &usable(1), &wants);
    assert_eq!(message.as_ref().map(|it| it.event), Some(Event::Unlinked));
    let told = after(silently, &message.unwrap());
    assert_eq!(tell(&mut told.clone(), &LOCKED, &wants), [Event::Unsubscribed]);
    assert_eq!(tell(&mut told.clone(), &usable(1), &wants), [Event::Created]);
}

/// What a receiver believes of a lead.
#[derive(Debug, Default)]
struct Receiver {
    has_heard: bool,
    usable: Option<Facts>,
    link: Option<Millis>,
}

impl Receiver {
    fn hears(&mut self, message: &Message) {
        match message.event {
            Event::Created | Event::Changed => self.usable = Some(message.facts.clone()),
            Event::Linked => self.link = message.linked_at,
            Event::Unlinked => self.link = None,
            Event::Unsubscribed => self.usable = None,
            Event::Erased => *self = Self::default(),
        }
        self.has_heard = message.event != Event::Erased;
    }
}

fn states() -> impl Strategy<Value = Now> {
    let facts = (1..4_i64, prop_oneof![Just("opt_in"), Just("card_exchanged")]).prop_map(
        |(version, ground)| Facts { version, ground: ground.to_owned(), ground_since: None },
    );
    let link = proptest::option::of((1..4_i64).prop_map(Millis));
    (proptest::option::of(facts), link).prop_map(|(facts, linked_at)| Now {
        is_there: true,
        facts,
        linked_at,
    })
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Taken,
    HeardButNotSaid,
    Lost,
}

proptest! {
    /// Whatever happens to a lead between attempts, and whatever becomes of them: in the end the receiver knows how
    /// things stand, it heard of nothing that may not be told, and of no end of what it cannot have heard of.
    #[test]
    fn in_the_end_a_receiver_knows_how_things_stand(
        steps in proptest::collection::vec(
            (states(), proptest::collection::vec(
                prop_oneof![Just(Fate::Taken), Just(Fate::HeardButNotSaid), Just(Fate::Lost)], 0..4)),
            1..8),
        erased in any::<bool>(),
    ) {
        let wants = Wants::with_their_ends(&ALL);
        let mut receiver = Receiver::default();
        let mut told: Option<Told> = None;
        // What waits: it is sent until it is taken, or something else is to be told.
        let mut open: Option<(Message, bool)> = None;
        let mut sent_link = false;
        let last = if erased { GONE } else { steps.last().unwrap().0.clone() };
        let steps = steps.into_iter().chain([(last.clone(), vec![Fate::Taken; 12])]);
        for (now, fates) in steps {
            for fate in fates {
                let (silently, mut message) = next(told.clone(), &now, &wants);
                told = silently;
                if let Some((waiting, was_sent)) = open.take_if(|open| Some(&open.0) != message.as_ref())
                    && was_sent
                {
                    let perhaps = perhaps_after(told.take(), &waiting);
                    (told, message) = next(perhaps, &now, &wants);
                }
                let Some(message) = message else { continue };
                if matches!(message.event, Event::Created | Event::Changed | Event::Linked) {
                    prop_assert!(now.facts.is_some(), "{message:?}");
                }
                if message.event == Event::Linked {
                    prop_assert_eq!(message.linked_at, now.linked_at);
                    sent_link = true;
                }
                prop_assert!(sent_link || message.event != Event::Unlinked);
                if !matches!(fate, Fate::Lost) {
                    receiver.hears(&message);
                }
                if matches!(fate, Fate::Taken) {
                    told = after(told.take(), &message);
                    open = None;
                } else {
                    open = Some((message, true));
                }
            }
        }
        prop_assert_eq!(next(told.clone(), &last, &wants).1, None);
        prop_assert_eq!(&receiver.usable, &last.facts);
        let may_know = last.facts.is_some();
        if may_know || receiver.link.is_some() {
            prop_assert_eq!(receiver.link, last.linked_at);
        }
        if erased {
            prop_assert!(told.is_none() && !receiver.has_heard);
        }
    }
}
