//! What is observed of a page: it turns what the browser tells into events, and has them carried.
//!
//! Each event needs its own purpose: it is put together only after the gate has permitted it, and
//! nothing of what somebody writes into a field is ever read.

use alloc::string::String;

use consent_core::{
    cookie::ConsentCookie,
    ids::Uuid7,
    page::Address,
    standing::{Standing, Subject},
    time::Millis,
    wire::Outgoing,
};

use crate::{
    asked::Asked,
    lines::Lines,
    link::Link,
    queue::{Next, Now, Queue, properties::Properties},
    view::{Place, short},
};

/// Parameters by which advertisers name a click.
const CLICKS: &str = "gclid gbraid wbraid dclid fbclid msclkid yclid ttclid twclid li_fat_id";

/// What it calls of the browser. Nothing of it may call back at once.
pub trait Page {
    /// The page's address.
    fn address(&self) -> String;
    /// Its title.
    fn title(&self) -> String;
    /// Whether it can be seen: neither in the background nor being prepared.
    fn is_seen(&self) -> bool;
    /// Its clock.
    fn clock(&self) -> Millis;
    /// Fresh random bits.
    fn draw(&self) -> [u8; 10];
    /// The visitor's decision.
    fn decision(&self) -> Option<ConsentCookie>;
    /// The visitor's number; empty where there is none.
    fn visitor(&self) -> String;
    /// What an earlier page has left.
    fn left(&self) -> String;
    /// Leaves something for the next page; nothing where that is empty.
    fn leave(&self, text: &str);
    /// A part of a query as it was meant, without its escapes.
    fn plain(&self, text: &str) -> String;
    /// Wakes it under a number after so many milliseconds.
    fn pause(&self, number: u32, ms: i64);
    /// Has a batch sent, and its answer brought.
    fn send(&self, call: u32, visitor: &str);
    /// What the collector's clock is ahead, as far as is known.
    fn ahead(&self) -> i64;
    /// Sends at once what the browser carries after the page, and has its answer brought should the
    /// page still be there; whether it could.
    fn flush(&self, call: u32, payload: String, visitor: &str) -> bool;
}

/// What is observed.
#[derive(Debug)]
pub struct Watch {
    /// What the site asks for.
    pub asked: Asked,
    /// Where the visitor is.
    pub place: Place,
    queue: Queue,
    /// Whether the campaign that led here has been told.
    told: bool,
    /// The batch that was flushed last.
    flushed: u32,
}

impl Watch {
    /// Of a site, at a place.
    #[must_use]
    pub const fn new(asked: Asked, place: Place) -> Self {
        Self { asked, place, queue: Queue::new(), told: false, flushed: 0 }
    }

    /// Follows the visitor's decision: what it does not grant any more is forgotten, here and in what is
    /// left for the next page; what an earlier page has left is taken up.
    pub fn follow(&mut self, page: &impl Page) {
        let now = now(&self.asked, page);
        self.queue.follow(&now);
        if now.visitor.is_empty() {
            // Nothing is read where nothing is granted.
            page.leave("");
        } else if page.is_seen() {
            let left = page.left();
            if !left.is_empty() {
                page.leave("");
                self.queue.take_up(&left, &now);
            }
        }
        if now.permit("user_engagement", now.at).is_none() {
            self.place.forget();
        }
        self.view(page);
    }

    /// Counts the view, once, where it can be seen.
    pub fn view(&mut self, page: &impl Page) {
        let url = self.place.clean(&page.address());
        if url != self.place.url {
            self.looked(page);
            self.place.arrive(url);
        }
        self.place.title = short(page.title());
        if page.is_seen() {
            if !self.place.counted {
                self.place.counted = self.observe(page, "page_view", Properties::default());
            }
            if !self.told {
                self.campaign(page);
            }
        }
        self.turn(page);
    }

    /// The page came back from the back/forward cache: its view counts again.
    pub fn again(&mut self, page: &impl Page) {
        self.place.again();
        self.follow(page);
    }

    /// An event of that name, if the site takes it and its purpose is granted.
    pub fn record(&mut self, page: &impl Page, name: &str, properties: Properties) {
        self.view(page);
        self.observe(page, name, properties);
        self.turn(page);
    }

    /// The same, of what happened before. Why it cannot be taken, for who can mend it.
    ///
    /// # Errors
    /// The limit that its properties do not keep.
    pub fn track(
        &mut self,
        page: &impl Page,
        name: &str,
        properties: Properties,
        at: Millis,
    ) -> Result<(), &'static str> {
        let properties = properties.written()?;
        self.view(page);
        self.observe_at(page, name, &properties, at);
        self.turn(page);
        Ok(())
    }

    /// From now on somebody looks at the page, or nobody does.
    pub fn look(&mut self, page: &impl Page, looking: bool) {
        self.place.look(looking, page.clock());
    }

    /// The page has been read to so many per cent.
    pub fn read(&mut self, page: &impl Page, percent: f64) {
        while let Some(depth) = self.place.depth(percent) {
            let mut properties = Properties::default();
            properties.number("percent", i64::from(depth));
            if !self.observe(page, "scroll", properties) {
                return;
            }
            self.place.deeper();
        }
        self.turn(page);
    }

    /// A link was pressed; `download` where the page says that it leads to a file.
    pub fn press(&mut self, page: &impl Page, href: &str, download: bool) {
        let Some(to) = Address::parse(href) else { return };
        let address = page.address();
        let own = Address::parse(&address).map_or("", |own| own.host());
        let Link { host, file } = Link::of(&to, own, download);
        if let Some(host) = host {
            self.pressed(page, "outbound_click", href, "host", host);
        }
        if let Some(file) = file {
            self.pressed(page, "file_download", href, "extension", &file);
        }
    }

    fn pressed(&mut self, page: &impl Page, name: &str, href: &str, what: &str, value: &str) {
        let mut properties = Properties::default();
        properties.text("url", &self.place.clean(href));
        properties.text(what, value);
        self.record(page, name, properties);
    }

    /// The page is hidden, or goes away (`all`): what can be sent is sent, the rest left for the next.
    pub fn left(&mut self, page: &impl Page, all: bool) {
        self.view(page);
        self.looked(page);
        let now = now(&self.asked, page);
        let call = self.queue.leave(&now);
        if call != 0 {
            let payload = self.queue.batch(self.asked.site(), call, page.ahead());
            if page.flush(call, payload, &now.visitor) {
                self.flushed = call;
            } else {
                self.queue.back(call);
            }
        }
        if all && self.flushed != 0 {
            // The browser has it: nobody will be there to hear what becomes of it.
            self.queue.answered(self.flushed, 200, 0);
        }
        if self.queue.has_more(all) {
            page.leave(&self.queue.leave_behind(&page.left(), all, &now));
        }
    }

    /// A pause is over, or the browser is online again (0).
    pub fn woke(&mut self, page: &impl Page, number: u32) {
        let now = now(&self.asked, page);
        if let Next::Send(call) = self.queue.woke(number, &now) {
            page.send(call, &now.visitor);
        }
    }

    /// A batch as it is signed; empty where there is nothing to be sent any more.
    #[must_use]
    pub fn batch(&self, call: u32, ahead: i64) -> String {
        self.queue.batch(self.asked.site(), call, ahead)
    }

    /// The collector has answered to a batch.
    pub fn answered(&mut self, page: &impl Page, call: u32, status: u32, wait: u32) {
        self.queue.answered(call, status, wait);
        self.turn(page);
    }

    fn turn(&mut self, page: &impl Page) {
        if self.queue.is_full() {
            self.woke(page, 0);
        }
        let [random, ..] = page.draw();
        if let Next::Pause(number, ms) = self.queue.next(random) {
            page.pause(number, ms);
        }
    }

    /// Tells how long the view was looked at.
    fn looked(&mut self, page: &impl Page) {
        if let Some(ms) = self.place.looked(page.clock())
            && !self.place.url.is_empty()
        {
            let mut properties = Properties::default();
            properties.number("engaged_ms", ms);
            self.observe(page, "user_engagement", properties);
        }
    }

    /// Tells what the address says of the campaign that led here.
    fn campaign(&mut self, page: &impl Page) {
        let mut properties = Properties::default();
        if let Some(url) = Address::parse(&self.place.url) {
            for (_, name, value) in url.parameters() {
                let utm = name.strip_prefix("utm_");
                if !value.is_empty()
                    && (utm.is_some() || Lines::words(CLICKS).any(|own| own == name))
                {
                    properties.text(utm.unwrap_or(name), &short(page.plain(value)));
                }
            }
        }
        self.told = properties.is_empty() || self.observe(page, "campaign_visit", properties);
    }

    fn observe(&mut self, page: &impl Page, name: &str, properties: Properties) -> bool {
        let properties = properties.written().unwrap_or_default();
        self.observe_at(page, name, &properties, page.clock())
    }

    /// Takes an event along where the gate permits it; whether it did.
    fn observe_at(&mut self, page: &impl Page, name: &str, properties: &str, at: Millis) -> bool {
        let now = now(&self.asked, page);
        let seen = now.permit(name, at);
        if let Some(seen) = &seen {
            let outgoing = Outgoing {
                id: Uuid7::new(at, &page.draw()),
                name,
                url: &self.place.url,
                title: &self.place.title,
                referrer: &self.place.referrer,
                properties,
            };
            self.queue.push(seen, outgoing.undated());
        }
        seen.is_some()
    }
}

/// What is known now.
fn now<'a>(asked: &'a Asked, page: &impl Page) -> Now<'a> {
    let standing = page.decision().map_or(Standing::none(Subject::ThisBrowser), |own| {
        own.standing(asked, asked.consent_days())
    });
    Now { at: page.clock(), visitor: page.visitor(), asked, standing }
}

#[cfg(test)]
mod tests;
