//! What a receiver is to be told next: the difference between what it has been told of a lead and how the lead
//! stands. Pure: nothing here reads or sends.
//!
//! | event | is told |
//! |---|---|
//! | created | of a lead that may be used, to whom it is new, or was told that it may not be used |
//! | changed | of its correction, or another ground |
//! | linked | that it is tied to a visitor, as long as it is |
//! | unlinked | only to who may have heard of that link |
//! | unsubscribed | that the person may not be contacted any more: to who may have heard of the lead |
//! | erased | the same of a lead that is gone |
//!
//! An attempt that failed may have been heard all the same. What takes something back is therefore told after every
//! attempt, and what adds something is told again until it is certain.

use consent_core::time::Millis;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A lead may be used.
    Created,
    /// It was corrected, or rests on another ground.
    Changed,
    /// It is tied to a visitor.
    Linked,
    /// It is not any more.
    Unlinked,
    /// Its person may not be contacted any more.
    Unsubscribed,
    /// It is gone.
    Erased,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Changed,
        Self::Linked,
        Self::Unlinked,
        Self::Unsubscribed,
        Self::Erased,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "lead.created",
            Self::Changed => "lead.changed",
            Self::Linked => "lead.linked",
            Self::Unlinked => "lead.unlinked",
            Self::Unsubscribed => "lead.unsubscribed",
            Self::Erased => "lead.erased",
        }
    }

    /// The event of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// The events that a receiver asked for. What takes something back goes with what it takes back: a receiver that
/// hears of links hears of their end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants(Vec<Event>);

impl Wants {
    /// Those, and what takes them back.
    #[must_use]
    pub fn with_their_ends(asked: &[Event]) -> Self {
        let has = |event| asked.contains(&event);
        let wants = Event::ALL.into_iter().filter(|event| {
            has(*event)
                || match event {
                    Event::Unlinked => has(Event::Linked),
                    Event::Unsubscribed | Event::Erased => {
                        has(Event::Created) || has(Event::Changed) || has(Event::Linked)
                    }
                    _ => false,
                }
        });
        Self(wants.collect())
    }

    /// As they are stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What [`Wants::to_text`] wrote. Names of a later version are passed over.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(text.split(' ').filter_map(Event::named).collect())
    }

    /// Whether anything is told at all: what takes something back is told only to whom that was told.
    #[must_use]
    pub fn begin_somewhere(&self) -> bool {
        [Event::Created, Event::Changed, Event::Linked].into_iter().any(|event| self.has(event))
    }

    fn has(&self, event: Event) -> bool {
        self.0.contains(&event)
    }
}

/// What may be told of a lead that may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Counts corrections, from 1.
    pub version: i64,
    /// The ground's name.
    pub ground: String,
    /// Since when it holds.
    pub ground_since: Option<Millis>,
}

/// How a lead stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// Whether it is there.
    pub is_there: bool,
    /// What may be told of it; nothing where it is locked.
    pub facts: Option<Facts>,
    /// Since when it is tied to a visitor, as long as that holds.
    pub linked_at: Option<Millis>,
}

/// What a receiver takes a lead for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was told nothing of it.
    Silent,
    /// It may have heard that it may be used.
    Told,
    /// It has heard that it may not be used.
    Locked,
}

impl State {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Told => "told",
            Self::Locked => "locked",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Silent, Self::Told, Self::Locked].into_iter().find(|it| it.as_str() == name)
    }
}

/// What a receiver knows of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it takes it for.
    pub state: State,
    /// What it was told for certain: version 0 is nothing.
    pub facts: Facts,
    /// The link of which it may have heard, and whether that is certain.
    pub link: Option<(Millis, bool)>,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What.
    pub event: Event,
    /// Of [`Event::Created`] and [`Event::Changed`]: what is told.
    pub facts: Facts,
    /// Of [`Event::Linked`] and [`Event::Unlinked`]: which link.
    pub linked_at: Option<Millis>,
}

impl Message {
    fn of(event: Event) -> Self {
        Self { event, facts: Facts::default(), linked_at: None }
    }
}

impl Told {
    const NOTHING: Self = Self {
        state: State::Silent,
        facts: Facts { version: 0, ground: String::new(), ground_since: None },
        link: None,
    };
}

/// What a receiver knows that has taken `message`; nothing where it has nothing to do with the lead any more.
#[must_use]
pub fn after(told: Option<Told>, message: &Message) -> Option<Told> {
    let mut told = told.unwrap_or(Told::NOTHING);
    match message.event {
        Event::Created | Event::Changed => {
            told.state = State::Told;
            told.facts = message.facts.clone();
        }
        Event::Linked => {
            told.state = State::Told;
            told.link = message.linked_at.map(|at| (at, true));
        }
        Event::Unlinked => told.link = None,
        Event::Unsubscribed => told.state = State::Locked,
        Event::Erased => return None,
    }
    Some(told)
}

/// What a receiver may know to which `message` was sent, and that has not said that it took it.
#[must_use]
pub fn perhaps_after(told: Option<Told>, message: &Message) -> Option<Told> {
    let mut told = told.unwrap_or(Told::NOTHING);
    match message.event {
        Event::Created | Event::Changed => {
            if message.event == Event::Created {
                told.facts.version = 0; // it is told again as new
            } else {
                told.facts.ground.clear(); // whatever it is, it is told again
            }
            told.state = State::Told;
        }
        Event::Linked => {
            told.state = State::Told;
            told.link = message.linked_at.map(|at| (at, false));
        }
        // It may be the one or the other: should the lead be usable again, it is told as new, and until then that it is not.
        Event::Unsubscribed => told.facts.version = 0,
        // It is taken back until the receiver has said that it took that; should the same link stand again before, it
        // is told anew.
        Event::Unlinked => told.link = told.link.map(|(at, _)| (at, false)),
        Event::Erased => {}
    }
    Some(told)
}

/// What is to be told next, and what the receiver knows until it is: that may be more than before, where something
/// was passed over in silence.
#[must_use]
pub fn next(told: Option<Told>, now: &Now, wants: &Wants) -> (Option<Told>, Option<Message>) {
    let mut told = told;
    if !now.is_there && told.as_ref().is_some_and(|told| told.state == State::Silent) {
        return (None, None); // of whose beginning nothing was told, the end is not told either
    }
    while let Some(message) = difference(told.as_ref(), now, wants) {
        if wants.has(message.event) {
            return (told, Some(message));
        }
        told = in_silence(told, &message);
    }
    (told, None)
}

/// What a receiver counts as knowing that did not ask for such messages.
fn in_silence(told: Option<Told>, message: &Message) -> Option<Told> {
    let state = told.as_ref().map_or(State::Silent, |told| told.state);
    let mut passed = after(told, message)?;
    if matches!(message.event, Event::Created | Event::Changed) {
        passed.state = if state == State::Told { State::Told } else { State::Silent };
    }
    if message.event == Event::Created {
        // Its corrections so far are news.
        passed.facts.version = passed.facts.version.min(1);
    }
    Some(passed)
}

fn difference(told: Option<&Told>, now: &Now, wants: &Wants) -> Option<Message> {
    let nothing = Told::NOTHING;
    let known = told.unwrap_or(&nothing);
    if !now.is_there {
        return told.map(|_| Message::of(Event::Erased));
    }
    if now.facts.is_none() && known.state == State::Told {
        return Some(Message::of(Event::Unsubscribed));
    }
    if let Some((linked_at, _)) = known.link
        && now.linked_at != Some(linked_at)
    {
        return Some(Message { linked_at: Some(linked_at), ..Message::of(Event::Unlinked) });
    }
    let facts = now.facts.as_ref()?;
    if known.facts.version == 0 || known.state == State::Locked {
        return Some(Message { facts: facts.clone(), ..Message::of(Event::Created) });
    }
    if known.facts != *facts {
        return Some(Message { facts: facts.clone(), ..Message::of(Event::Changed) });
    }
    match (known.link, now.linked_at) {
        (None | Some((_, false)), Some(at)) if wants.has(Event::Linked) => {
            Some(Message { linked_at: Some(at), ..Message::of(Event::Linked) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
