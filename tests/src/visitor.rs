//! A visitor who has granted something.

use serde_json::{Value, json};

use crate::{Answer, Collector, Session};

/// A visitor as their browser knows them: the id of the cookie, and a session that acts for it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The visitor id.
    pub id: String,
    /// A session that acts for the visitor.
    pub session: Session,
    /// The id of the receipt of the first decision.
    pub receipt_id: String,
    /// The receipt itself.
    pub receipt: String,
}

impl Visitor {
    /// Somebody who comes and grants these purposes.
    ///
    /// # Panics
    /// Where the collector does not take the decision.
    #[must_use]
    pub fn who_grants(collector: &Collector, purposes: &[&str]) -> Self {
        let session = Session::open(collector, None);
        let decision = session.decision("custom", purposes);
        let answer = collector.post("/v1/consents", session.sign(&decision)).expect(201);
        Self::answered(&session, &answer)
    }

    /// Who has granted something in that session, by the answer to it.
    #[must_use]
    pub fn answered(session: &Session, answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("visitor"),
            receipt_id: text("receipt_id"),
            receipt: text("receipt"),
            session: session.continued(answer),
        }
    }

    /// The same visitor on a later page: a new session, and a later time.
    #[must_use]
    pub fn later(&self, collector: &Collector) -> Self {
        Self { session: Session::open(collector, Some(&self.id)), ..self.clone() }
    }

    /// Decides anew.
    pub fn decide(&self, collector: &Collector, method: &str, purposes: &[&str]) -> Answer {
        let decision = self.session.decision(method, purposes);
        collector.post("/v1/consents", self.session.sign(&decision))
    }

    /// An event that happens now on the shop's front page.
    #[must_use]
    pub fn event(&self, name: &str) -> Value {
        json!({
            "id": self.session.fresh_id(),
            "name": name,
            "at": self.session.now,
            "page": {"url": "https://shop.example/", "title": "ひより道具店", "referrer": ""},
            "properties": {},
        })
    }

    /// Sees pages of the shop, a second apart.
    ///
    /// # Panics
    /// Where the collector does not store each.
    pub fn sees(&self, collector: &Collector, pages: &[&str]) {
        let view = |(page, at): (&&str, i64)| {
            let mut event = self.event("page_view");
            event["at"] = self.session.now.plus(at * 1_000).0.into();
            event["page"]["url"] = format!("https://shop.example{page}").into();
            event
        };
        let events: Vec<_> = pages.iter().zip(0..).map(view).collect();
        assert_eq!(self.send(collector, &events).expect(200)["stored"], events.len());
    }

    /// A batch of these events, signed.
    #[must_use]
    pub fn batch(&self, events: &[Value]) -> String {
        let payload = json!({"site": "shop", "visitor": self.id, "events": events});
        self.session.sign(&payload)
    }

    /// Sends events.
    pub fn send(&self, collector: &Collector, events: &[Value]) -> Answer {
        collector.post("/v1/events", self.batch(events))
    }

    /// Sends the contact form.
    pub fn send_lead(&self, collector: &Collector) -> Answer {
        let lead = self.session.lead(Some(&self.id));
        collector.post("/v1/leads", self.session.sign(&lead))
    }
}
