//! A visitor's own page: what is held about their browser, and what they may do about it. Readable without
//! scripts; everything that is done is done by a form of the page.

mod receipts;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};

use consent_core::{
    ids::{FormKey, PurposeKey, ServiceKey},
    time::Millis,
};

use super::{
    SiteFile,
    texts::{Speech, fill},
};

/// The page's style sheet beside [`super::POLICY_STYLE`], served beside it as `me.css`.
pub const OWN_STYLE: &str = include_str!("own_page.css");

/// How the page is shown.
#[derive(Clone, Copy, Debug)]
pub struct OwnShown<'a> {
    /// In this language, or the nearest that the file speaks.
    pub language: &'a str,
    /// In whose days times are told.
    pub zone: &'a TimeZone,
    /// What has just been done, or is wrong: the name of a word.
    pub said: Option<&'static str>,
}

/// What is held about a visitor.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The policy's revision, whose switches these are.
    pub revision: u32,
    /// Every switch of the policy, in its order.
    pub switches: Vec<Switch>,
    /// Until when the choice holds.
    pub until: Option<Millis>,
    /// A piece of the events, the newest first.
    pub events: Vec<HeldEvent>,
    /// How many events there are.
    pub total: u64,
    /// Which piece, from 0, and how many events one has.
    pub piece: (u32, u32),
    /// By which forms the visitor's leads came, and since when they are linked.
    pub links: Vec<(String, Millis)>,
    /// The decisions on record, the newest first.
    pub receipts: Vec<HeldReceipt>,
}

/// A switch of the policy.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Its purpose.
    pub purpose: PurposeKey,
    /// Its service, where the purpose has any.
    pub service: Option<ServiceKey>,
    /// Since when it is granted.
    pub since: Option<Millis>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct HeldEvent {
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// The page's path with what was kept of its parameters.
    pub page: String,
    /// The page's title.
    pub title: String,
    /// For which purpose.
    pub purpose: String,
}

/// A decision on record.
#[derive(Clone, Debug)]
pub struct HeldReceipt {
    /// When.
    pub at: Millis,
    /// By which act ([`consent_core::choices::Method`]).
    pub method: String,
    /// On which kind of device ([`crate::device::Device::as_str`]).
    pub device: String,
    /// Its leaf in the consent log.
    pub leaf: i64,
    /// Where the proof of that is.
    pub proof: String,
    /// The receipt, a compact JWS.
    pub receipt: String,
}

/// The name of a switch in a form: its purpose, and its service where it has one.
#[must_use]
pub fn switch_name(purpose: &PurposeKey, service: Option<&ServiceKey>) -> String {
    match service {
        Some(service) => format!("{purpose}/{service}"),
        None => purpose.to_string(),
    }
}

impl SiteFile {
    /// The page of a visitor of whom something is held; of none, how to come to it.
    #[must_use]
    pub fn own_page(&self, shown: OwnShown<'_>, held: Option<&Held>) -> Markup {
        Page { file: self, speech: self.speech(shown.language), shown }.document(held)
    }
}

struct Page<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
    shown: OwnShown<'a>,
}

impl Page<'_> {
    fn word(&self, name: &str) -> &str {
        self.speech.word(name)
    }

    fn document(&self, held: Option<&Held>) -> Markup {
        let site = self.speech.say(&self.file.name);
        let title = self.word("me_title");
        html! {
            (DOCTYPE)
            html lang=(self.speech.language()) dir=(self.speech.direction()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (title) " – " (site) }
                    link rel="stylesheet" href="policy.css";
                    link rel="stylesheet" href="me.css";
                    link rel="icon" href="data:,";
                }
                body {
                    header {
                        p.site { (site) }
                        (self.languages())
                    }
                    main {
                        h1 { (title) }
                        @if let Some(said) = self.shown.said {
                            p.said role="status" { (self.said(said)) }
                        }
                        @match held {
                            Some(held) => (self.held(held, site)),
                            None => (self.nothing(site)),
                        }
                    }
                }
            }
        }
    }

    fn said(&self, name: &str) -> String {
        fill(self.word(name), &[("reopen", self.word("reopen")), ("me", self.word("me"))])
    }

    fn languages(&self) -> Markup {
        let own = self.shown.language;
        html! {
            @if self.file.languages.len() > 1 {
                nav aria-label=(self.word("page_language")) {
                    ul {
                        @for language in &self.file.languages {
                            li {
                                a href={ "me?lang=" (language) } lang=(language) hreflang=(language)
                                    aria-current=[(language == own).then_some("page")] {
                                    (self.file.speech(language).word("language_name"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Nobody is known by this page: what that means, and how to come to it.
    fn nothing(&self, site: &str) -> Markup {
        html! {
            p.intro { (fill(self.word("me_nothing"), &[("site", site)])) }
            p.intro { (self.said("me_how")) }
            p.read { a href={ "policy?lang=" (self.shown.language) } { (self.word("policy")) } }
            (self.file.request_link(&self.speech))
        }
    }

    fn held(&self, held: &Held, site: &str) -> Markup {
        let word = |name| self.word(name);
        html! {
            p.intro { (fill(word("me_intro"), &[("site", site)])) }
            p.revision { (word("me_minutes")) }
            section id="choice" { h2 { (word("me_choice")) } (self.choice(held)) }
            section id="events" { h2 { (word("me_events")) } (self.events(held)) }
            section id="links" { h2 { (word("me_links")) } (self.links(held)) }
            section id="receipts" { h2 { (word("me_receipts")) } (self.receipts(held)) }
            section id="acts" { h2 { (word("me_acts")) } (self.acts()) }
        }
    }

    fn choice(&self, held: &Held) -> Markup {
        html! {
            @if let Some(until) = held.until {
                p { (fill(self.word("me_until"), &[("date", &self.speech.date(self.local(until).date()))])) }
            }
            form.choice method="post" action={ "me/choice?lang=" (self.shown.language) } {
                @for purpose in &self.file.purposes {
                    @let of: Vec<_> = held.switches.iter().filter(|own| own.purpose == purpose.key).collect();
                    @if let Some(first) = of.first() {
                        @if first.service.is_some() && of.len() > 1 {
                            fieldset {
                                legend { (self.speech.say(&purpose.name)) }
                                p { (self.speech.say(&purpose.usage)) }
                                @for switch in of {
                                    @let service = purpose.services.iter().find(|own| Some(&own.key) == switch.service.as_ref());
                                    (self.switch(switch, service.map_or("", |own| self.speech.say(&own.name)), None))
                                }
                            }
                        } @else {
                            (self.switch(first, self.speech.say(&purpose.name), Some(self.speech.say(&purpose.usage))))
                        }
                    }
                }
                input type="hidden" name="revision" value=(held.revision);
                button type="submit" { (self.word("save")) }
            }
        }
    }

    fn switch(&self, switch: &Switch, name: &str, usage: Option<&str>) -> Markup {
        let key = switch_name(&switch.purpose, switch.service.as_ref());
        html! {
            label.switch {
                input type="checkbox" name=(key) value="yes" checked[switch.since.is_some()];
                span {
                    strong { (name) }
                    @if let Some(since) = switch.since {
                        " " small { (fill(self.word("me_since"), &[("date", &self.time(since))])) }
                    }
                    @if let Some(usage) = usage { br; (usage) }
                }
            }
        }
    }

    fn events(&self, held: &Held) -> Markup {
        let (piece, size) = held.piece;
        let columns = ["me_time", "me_event", "me_page", "me_purpose"];
        html! {
            @if held.total == 0 {
                p { (self.word("me_none")) }
            } @else {
                p {
                    (fill(self.word("me_count"), &[("n", &held.total.to_string())])) " "
                    a href={ "policy?lang=" (self.shown.language) "#purposes" } { (self.word("me_kept")) }
                }
                table role="table" {
                    thead role="rowgroup" {
                        tr role="row" { @for name in columns { th scope="col" role="columnheader" { (self.word(name)) } } }
                    }
                    tbody role="rowgroup" {
                        @for event in &held.events {
                            tr role="row" {
                                th scope="row" role="rowheader" { (self.time(event.at)) }
                                td role="cell" data-label=(self.word("me_event")) { (self.event(&event.name)) }
                                td role="cell" data-label=(self.word("me_page")) {
                                    span { code { (event.page) } @if !event.title.is_empty() { span.area { (event.title) } } }
                                }
                                td role="cell" data-label=(self.word("me_purpose")) { (self.purpose(&event.purpose)) }
                            }
                        }
                    }
                }
                nav.pieces aria-label=(self.word("me_events")) {
                    @if piece > 0 { a href=(self.piece(piece - 1)) rel="prev" { (self.word("me_newer")) } }
                    @if u64::from(piece + 1) * u64::from(size) < held.total {
                        a href=(self.piece(piece + 1)) rel="next" { (self.word("me_older")) }
                    }
                }
            }
        }
    }

    fn piece(&self, number: u32) -> String {
        format!("me?lang={}&piece={number}#events", self.shown.language)
    }

    fn links(&self, held: &Held) -> Markup {
        html! {
            @if held.links.is_empty() {
                p { (self.word("me_links_none")) }
            } @else {
                p { (self.word("me_links_text")) }
                ul {
                    @for (form, since) in &held.links {
                        li { (self.form(form)) " " small { (fill(self.word("me_since"), &[("date", &self.time(*since))])) } }
                    }
                }
            }
        }
    }

    fn acts(&self) -> Markup {
        let act = |name: &str| format!("me/{name}?lang={}", self.shown.language);
        html! {
            article {
                h3 { (self.word("me_download")) }
                p { (self.word("me_download_text")) }
                form method="post" action=(act("download")) { button type="submit" { (self.word("me_download_button")) } }
            }
            article {
                h3 { (self.word("me_withdraw")) }
                p { (self.word("me_withdraw_text")) }
                form method="post" action=(act("withdraw")) { button type="submit" { (self.word("me_withdraw")) } }
            }
            article {
                h3 { (self.word("me_erase")) }
                p { (self.word("me_erase_text")) }
                form method="post" action=(act("erase")) {
                    label.switch {
                        input type="checkbox" name="sure" value="yes" required;
                        span { (self.word("me_sure")) }
                    }
                    button.grave type="submit" { (self.word("me_erase")) }
                }
            }
            @if self.file.mail.is_some() {
                article { h3 { (self.speech.request("linked")) } (self.file.request_link(&self.speech)) }
            }
        }
    }

    /// What the page calls an event; its own name where it is one of the site's.
    fn event<'a>(&'a self, name: &'a str) -> &'a str {
        const KNOWN: [(&str, &str); 9] = [
            ("page_view", "me_page_view"),
            ("click", "me_click"),
            ("scroll", "me_scroll"),
            ("user_engagement", "me_user_engagement"),
            ("outbound_click", "me_outbound_click"),
            ("file_download", "me_file_download"),
            ("form_start", "me_form_start"),
            ("form_submit", "me_form_submit"),
            ("campaign_visit", "me_campaign_visit"),
        ];
        KNOWN.iter().find(|(known, _)| *known == name).map_or(name, |(_, word)| self.word(word))
    }

    fn purpose<'a>(&'a self, key: &'a str) -> &'a str {
        let purpose = self.file.purposes.iter().find(|own| own.key.as_str() == key);
        purpose.map_or(key, |own| self.speech.say(&own.name))
    }

    fn form<'a>(&'a self, key: &'a str) -> &'a str {
        let form = key.parse::<FormKey>().ok().and_then(|key| self.file.lead_form(&key));
        form.map_or(key, |own| self.speech.say(&own.name))
    }

    fn local(&self, at: Millis) -> DateTime {
        let at = Timestamp::from_millisecond(at.0).unwrap_or_default();
        at.to_zoned(self.shown.zone.clone()).datetime()
    }

    fn time(&self, at: Millis) -> String {
        let local = self.local(at);
        format!("{} {:02}:{:02}", self.speech.date(local.date()), local.hour(), local.minute())
    }
}
