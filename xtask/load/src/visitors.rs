//! Visitors who said yes, and what their pages send. Everything is signed ahead of a window, so that
//! the load costs the sender as little as possible while the server is measured.

use anyhow::{Context as _, Result, ensure};
use consent_core::{
    choices::Method,
    ids::{PurposeKey, Uuid7, VisitorId, from_base64url},
    jws,
    time::Millis,
    wire::{
        ConsentAnswer, ConsentRequest, Outgoing, SessionAnswer, SessionRequest, dated, events_json,
    },
};
use hyper::{StatusCode, body::Bytes};

use crate::link::{Link, Server};

/// The demo shop's purposes that can be granted (`demo-site/shop.toml`).
const PURPOSES: [&str; 4] = ["functional", "analytics", "marketing", "lead_link"];
const SITE: &str = "shop";
/// Pages that visitors go round.
const PAGES: usize = 40;

/// The time now.
pub(crate) fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

/// A session and its key.
#[derive(Clone, Debug)]
struct Session {
    text: String,
    key: [u8; 32],
}

impl Session {
    fn of(text: &str, key: &str) -> Result<Self> {
        let key = from_base64url(key).and_then(|key| key.try_into().ok());
        Ok(Self { text: text.to_owned(), key: key.context("a session's key is 32 bytes")? })
    }

    fn sign(&self, payload: &str) -> Bytes {
        jws::sign(&self.key, &self.text, now(), payload).into()
    }
}

/// Who sends.
#[derive(Debug)]
pub(crate) struct Crowd {
    origin: String,
    revision: u32,
    anonymous: Vec<Session>,
    visitors: Vec<(VisitorId, Session)>,
    random: Random,
}

impl Crowd {
    /// Opens a session and accepts all, `size` times.
    pub(crate) async fn gather(server: &Server, origin: &str, size: usize) -> Result<Self> {
        let mut link = Link::open(server).await?;
        let mut crowd = Self {
            origin: origin.to_owned(),
            revision: 0,
            anonymous: Vec::with_capacity(size),
            visitors: Vec::with_capacity(size),
            random: Random::new()?,
        };
        for _ in 0..size {
            let request = SessionRequest { site: SITE.to_owned(), visitor: None };
            let (status, body) = link.post("/v1/sessions", request.to_json().into()).await?;
            ensure!(status == StatusCode::OK, "no session: {}", String::from_utf8_lossy(&body));
            let answer: SessionAnswer = serde_json::from_slice(&body)?;
            crowd.revision = answer.revision;
            let session = Session::of(&answer.session, &answer.key)?;
            let decision = session.sign(&crowd.decision().to_json());
            let (status, body) = link.post("/v1/consents", decision).await?;
            ensure!(
                status == StatusCode::CREATED,
                "no decision: {}",
                String::from_utf8_lossy(&body)
            );
            let answer: ConsentAnswer = serde_json::from_slice(&body)?;
            let visitor = answer.visitor.context("accepting all makes a visitor")?;
            let (text, key) = answer.session.zip(answer.key).context("and opens a session")?;
            crowd.anonymous.push(session);
            crowd.visitors.push((visitor, Session::of(&text, &key)?));
        }
        Ok(crowd)
    }

    /// Signed decisions to accept all, each of another visitor.
    pub(crate) fn decisions(&mut self, count: usize) -> Vec<Bytes> {
        let sessions = self.anonymous.clone();
        let around = sessions.iter().cycle().take(count);
        around.map(|session| session.sign(&self.decision().to_json())).collect()
    }

    /// Signed batches of `size` events each, visitors by turns.
    pub(crate) fn batches(&mut self, count: usize, size: usize) -> Vec<Bytes> {
        let mut batches = Vec::with_capacity(count);
        for at in 0..count {
            let events: Vec<_> = (0..size).map(|step| self.event(at + step)).collect();
            if let Some((visitor, session)) = self.visitors.get(at % self.visitors.len().max(1)) {
                let events = events.iter().map(String::as_str);
                batches.push(session.sign(&events_json(SITE, &visitor.to_text(), events)));
            }
        }
        batches
    }

    fn decision(&mut self) -> ConsentRequest {
        let purposes = PURPOSES.iter().filter_map(|key| key.parse::<PurposeKey>().ok());
        ConsentRequest {
            id: self.random.id(),
            site: SITE.to_owned(),
            revision: self.revision,
            language: "ja".to_owned(),
            page: format!("{}/", self.origin),
            banner: "default".to_owned(),
            method: Method::AcceptAll,
            decided_at: now(),
            previous: None,
            purposes: purposes.map(|key| (key, true)).collect(),
            services: [].into(),
        }
    }

    /// About 250 bytes: views mostly, some clicks and goods put into the cart.
    fn event(&mut self, at: usize) -> String {
        let (origin, page) = (&self.origin, at % PAGES);
        let (name, properties) = match at % 10 {
            3 | 7 => ("click", r#"{"target":"menu"}"#),
            9 => ("add_to_cart", r#"{"item":"chazutsu","quantity":1}"#),
            _ => ("page_view", ""),
        };
        let outgoing = Outgoing {
            id: self.random.id(),
            name,
            url: &format!("{origin}/products/{page}?utm_source=newsletter"),
            title: &format!("桜皮の茶筒 {page} | ひより道具店"),
            referrer: &format!("{origin}/products"),
            properties,
        };
        dated(&outgoing.undated(), now())
    }
}

/// Numbers that do not repeat (`SplitMix64`), from a random start: ids need no more here, and the
/// system's generator would cost more than the signature.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new() -> Result<Self> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)?;
        Ok(Self(u64::from_le_bytes(seed)))
    }

    fn next(&mut self) -> [u8; 8] {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    }

    fn id(&mut self) -> Uuid7 {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next());
        random[8..].copy_from_slice(&self.next()[..2]);
        Uuid7::new(now(), &random)
    }
}
