//! What other parts have to say to the collector, signed: sessions are opened when they are needed,
//! used while they last, and renewed once where the collector does not know them any more.
//!
//! A session of one visitor signs nothing for another, or for nobody.

use alloc::{string::String, vec::Vec};

use consent_core::{
    json::Json,
    jws::sign,
    time::{Millis, SECOND},
};

use crate::session::{Answer, Id, Session};

/// A session is not used any more this close to its end, in milliseconds.
const MARGIN: i64 = 30 * SECOND;
const SESSIONS: &str = "/v1/sessions";

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    number: u32,
    /// Where; nowhere only opens a session.
    path: &'static str,
    payload: String,
    visitor: Option<Id>,
    /// Whether its session is on its way, and not the call itself.
    opening: bool,
    renewed: bool,
}

impl Call {
    /// A call of that number.
    #[must_use]
    pub const fn new(
        number: u32,
        path: &'static str,
        payload: String,
        visitor: Option<Id>,
    ) -> Self {
        Self { number, path, payload, visitor, opening: false, renewed: false }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Post a body to a path, and bring the answer under the call's number.
    Post(u32, &'static str, String),
    /// The call's last answer was its answer.
    End(u32),
}

/// Signs.
#[derive(Debug)]
pub struct Signer {
    site: String,
    held: Option<(Option<Id>, Session)>,
    calls: Vec<Call>,
}

impl Signer {
    /// For a site.
    #[must_use]
    pub const fn new(site: String) -> Self {
        Self { site, held: None, calls: Vec::new() }
    }

    /// Goes on with a session that somebody else has opened.
    pub fn hold(&mut self, visitor: Option<Id>, session: Session) {
        self.held = Some((visitor, session));
    }

    /// Opens another session for what is said next, whose answer tells what has been decided meanwhile.
    pub fn renew(&mut self) {
        self.held = None;
    }

    /// What the collector's clock is ahead of the page's, once it is known.
    #[must_use]
    pub fn ahead(&self) -> Option<i64> {
        self.held.as_ref().map(|(_, session)| session.ahead)
    }

    /// Takes a call.
    pub fn submit(&mut self, call: Call, now: Millis) -> Effect {
        let effect = self.forward(&call, now);
        let opening = effect.is_none();
        let effect = effect.unwrap_or_else(|| {
            let request = Json::object(|json| {
                json.text("site", &self.site);
                json.maybe("visitor", call.visitor.as_ref().map(Id::as_str));
            });
            Effect::Post(call.number, SESSIONS, request)
        });
        if matches!(effect, Effect::Post(..)) {
            self.calls.push(Call { opening, ..call });
        }
        effect
    }

    /// Takes a call where it can be signed without asking for a session first.
    pub fn at_once(&mut self, call: Call, now: Millis) -> Option<Effect> {
        let effect = self.forward(&call, now)?;
        self.calls.push(call);
        Some(effect)
    }

    /// The signed call, where there is a session for it.
    fn forward(&self, call: &Call, now: Millis) -> Option<Effect> {
        let (visitor, session) = self.held.as_ref()?;
        let at = now.plus(session.ahead);
        if *visitor != call.visitor || at.plus(MARGIN) >= session.expires {
            return None;
        }
        if call.path.is_empty() {
            return Some(Effect::End(call.number));
        }
        let body = sign(&session.key, &session.id, at, &call.payload);
        Some(Effect::Post(call.number, call.path, body))
    }

    /// The collector answered.
    pub fn answered(&mut self, number: u32, answer: Answer<'_>, now: Millis) -> Effect {
        let end = Effect::End(number);
        let Some(at) = self.calls.iter().position(|call| call.number == number) else {
            return end;
        };
        let mut call = self.calls.swap_remove(at);
        if call.opening {
            let Some(session) = answer.session(now, 0) else {
                return end;
            };
            self.hold(call.visitor.clone(), session);
            call.opening = false;
            return match self.forward(&call, now) {
                Some(post @ Effect::Post(..)) => {
                    self.calls.push(call);
                    post
                }
                // Nothing to say, or a session that ends as it begins.
                _ => end,
            };
        }
        if answer.status == 401 && !call.renewed {
            self.held = None;
            call.renewed = true;
            return self.submit(call, now);
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use consent_core::jws::Signed;

    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const VISITOR: &str = "BwcHBwcHBwcHBwcHBwcHBw";

    fn answered(signer: &mut Signer, number: u32, status: u16, life: i64) -> Effect {
        let (key, expires, now) = ("A".repeat(43), NOW.0 + life, NOW.0 + 250);
        let text = format!("s1\n{key}\n{expires}\n{now}\n3\n\n");
        signer.answered(number, Answer { status, text: &text }, NOW)
    }

    fn call(number: u32, path: &'static str, visitor: Option<&str>) -> Call {
        Call::new(number, path, "{}".to_owned(), visitor.map(|visitor| visitor.parse().unwrap()))
    }

    fn ready() -> Signer {
        let mut signer = Signer::new("shop".to_owned());
        signer.submit(call(1, "", Some(VISITOR)), NOW);
        assert_eq!(answered(&mut signer, 1, 200, 600_000), Effect::End(1));
        signer
    }

    fn path(effect: &Effect) -> &str {
        match effect {
            Effect::Post(_, path, _) => path,
            Effect::End(_) => "end",
        }
    }

    #[test]
    fn a_session_is_opened_once_and_signs_what_follows() {
        let mut signer = Signer::new("shop".to_owned());
        assert_eq!(signer.ahead(), None);
        let opening = signer.submit(call(1, "/v1/events", Some(VISITOR)), NOW);
        let request = format!(r#"{{"site":"shop","visitor":"{VISITOR}"}}"#);
        assert_eq!(opening, Effect::Post(1, SESSIONS, request));
        let Effect::Post(1, to, body) = answered(&mut signer, 1, 200, 600_000) else {
            panic!("the call itself follows");
        };
        assert_eq!(to, "/v1/events");
        assert_eq!(Signed::parse(&body).unwrap().verify(&[0; 32]).unwrap(), "{}");
        assert_eq!(answered(&mut signer, 1, 200, 0), Effect::End(1));
        assert_eq!(path(&signer.submit(call(2, "/v1/events", Some(VISITOR)), NOW)), "/v1/events");
        assert_eq!(signer.ahead(), Some(250));
    }

    #[test]
    fn a_session_signs_for_its_own_visitor_only_and_not_when_it_is_about_to_end() {
        let mut signer = ready();
        assert_eq!(path(&signer.submit(call(2, "/v1/leads", None), NOW)), SESSIONS);
        let mut signer = ready();
        let late = NOW.plus(600_000 - MARGIN);
        assert_eq!(path(&signer.submit(call(3, "/v1/events", Some(VISITOR)), late)), SESSIONS);
        assert_eq!(signer.at_once(call(4, "/v1/events", Some(VISITOR)), late), None);
    }

    #[test]
    fn a_session_that_is_not_known_any_more_is_renewed_once() {
        let mut signer = ready();
        signer.submit(call(2, "/v1/events", Some(VISITOR)), NOW);
        assert_eq!(path(&answered(&mut signer, 2, 401, 0)), SESSIONS);
        assert_eq!(path(&answered(&mut signer, 2, 200, 600_000)), "/v1/events");
        assert_eq!(answered(&mut signer, 2, 401, 0), Effect::End(2));
    }

    #[test]
    fn without_a_session_a_call_ends_with_what_was_answered() {
        let mut signer = Signer::new("shop".to_owned());
        assert_eq!(signer.at_once(call(1, "/v1/events", None), NOW), None);
        signer.submit(call(1, "/v1/events", None), NOW);
        assert_eq!(signer.answered(1, Answer::default(), NOW), Effect::End(1));
        signer.submit(call(2, "/v1/events", None), NOW);
        assert_eq!(answered(&mut signer, 2, 200, 0), Effect::End(2), "it ends as it begins");
        assert_eq!(answered(&mut signer, 2, 200, 0), Effect::End(2), "once");
    }

    #[test]
    fn the_last_moment_of_a_page_needs_a_session_at_hand() {
        let mut signer = ready();
        let effect = signer.at_once(call(2, "/v1/events", Some(VISITOR)), NOW);
        assert_eq!(path(&effect.unwrap()), "/v1/events");
    }
}
