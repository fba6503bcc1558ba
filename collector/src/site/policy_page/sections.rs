//! What each section of the page says.

use consent_core::policy::Kind;
use maud::{Markup, Render, html};

use super::{
    super::{Purpose, Service, Words, texts::fill},
    Page,
};

impl Page<'_> {
    /// What is sent, to whom, what for on both sides (Telecommunications Business Act, art. 27-12).
    pub(super) fn external(&self) -> Markup {
        let services: Vec<_> = self
            .file
            .purposes
            .iter()
            .flat_map(|purpose| purpose.services.iter().map(move |service| (purpose, service)))
            .filter(|(_, service)| service.external)
            .collect();
        let word = |name| self.speech.word(name);
        html! {
            @if services.is_empty() {
                p { (word("page_external_none")) }
            } @else {
                p { (word("page_external_intro")) }
            }
            @for (purpose, service) in services {
                article id={ "service-" (service.key) } {
                    h3 { (self.speech.say(&service.name)) " " (self.badge(purpose)) }
                    dl {
                        (row(word("page_recipient"), self.speech.provider(&service.provider)))
                        (row(word("sends_label"), self.speech.say(&service.sends)))
                        @let (ours, theirs) = uses(purpose, service);
                        (row(word("page_our_use"), self.speech.say(ours)))
                        (row(word("page_their_use"), self.speech.say(theirs)))
                        (row(word("retention_label"), self.speech.exact_time(service.retention_days)))
                        @if let Some(policy) = &service.provider.policy {
                            (row(word("page_their_policy"), self.link_to(policy, policy)))
                        }
                    }
                }
            }
        }
    }

    fn badge(&self, purpose: &Purpose) -> Markup {
        html! {
            @if purpose.kind == Kind::Necessary {
                span.badge.always { (self.speech.word("always_on")) }
            } @else {
                span.badge.asked { (self.speech.word("page_asked")) }
            }
        }
    }

    pub(super) fn purpose(&self, purpose: &Purpose) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            article id={ "purpose-" (purpose.key) } {
                h3 { (self.speech.say(&purpose.name)) " " (self.badge(purpose)) }
                p { (self.speech.say(&purpose.usage)) }
                @if let Some(days) = purpose.retention_days {
                    dl { (row(word("retention_label"), self.speech.exact_time(days))) }
                }
                @for service in &purpose.services {
                    div.service {
                        h4 { (self.speech.say(&service.name)) }
                        (self.service(service))
                    }
                }
            }
        }
    }

    fn service(&self, service: &Service) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            @if service.external {
                p {
                    a href={ "#service-" (service.key) } {
                        (self.speech.labelled(word("page_external_badge"), &self.speech.provider(&service.provider)))
                    }
                }
            } @else {
                dl {
                    (row(word("provider_label"), self.speech.provider(&service.provider)))
                    (row(word("sends_label"), self.speech.say(&service.sends)))
                    (row(word("use_label"), self.speech.say(&service.usage)))
                    (row(word("retention_label"), self.speech.exact_time(service.retention_days)))
                }
            }
        }
    }

    /// A table; its roles are written out, since the style sheet stacks it on a small screen.
    pub(super) fn cookies(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let services = self.file.purposes.iter().flat_map(|purpose| &purpose.services);
        html! {
            p { (word("page_cookies_intro")) }
            table role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for name in ["page_cookie_name", "use_label", "page_cookie_lifetime", "page_cookie_service"] {
                            th scope="col" role="columnheader" { (word(name)) }
                        }
                    }
                }
                tbody role="rowgroup" {
                    @for service in services {
                        @for kept in service.kept() {
                            tr role="row" {
                                th scope="row" role="rowheader" {
                                    code { (kept.name) } " " span.area { (word(kept.area.word())) }
                                }
                                td role="cell" data-label=(word("use_label")) { (self.speech.say(kept.usage)) }
                                td role="cell" data-label=(word("page_cookie_lifetime")) { (self.speech.exact_lifetime(kept.lifetime)) }
                                td role="cell" data-label=(word("page_cookie_service")) { (self.speech.say(&service.name)) }
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn forms(&self) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            @for form in &self.file.forms {
                article id={ "form-" (form.key) } {
                    h3 { (self.speech.say(&form.name)) }
                    dl {
                        (row(word("use_label"), self.speech.say(&form.usage)))
                        (row(word("page_fields"), html! {
                            ul.inline { @for field in &form.fields { li { (self.speech.say(&field.name)) } } }
                        }))
                        (row(word("retention_label"), self.speech.exact_time(form.retention_days)))
                    }
                }
            }
        }
    }

    pub(super) fn choice(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let time = self.speech.exact_time(self.file.consent_days);
        let named = [("reopen", word("reopen")), ("me", word("me"))];
        let records = fill(word("page_records_text"), &named);
        let change = fill(word("page_change_text"), &[("reopen", word("reopen")), ("time", &time)]);
        html! {
            article { h3 { (word("page_change")) } p { (change) } }
            article {
                h3 { (word("page_disable")) }
                p { (word("page_disable_text")) }
                dl {
                    @for (browser, kind, steps) in BROWSERS {
                        (row(&match kind {
                            Some(kind) => self.speech.bracketed(browser, kind),
                            None => browser.to_owned(),
                        }, word(steps)))
                    }
                }
            }
            article id="record" { h3 { (self.speech.record("heading")) } p { (self.speech.record("text")) } }
            article { h3 { (word("page_records")) } p { (records) } }
        }
    }

    pub(super) fn privacy_control(&self) -> Markup {
        let gpc = self.file.gpc();
        let refused = self.file.purposes.iter().filter(|purpose| gpc.contains(&purpose.key));
        let text =
            fill(self.speech.word("page_gpc_text"), &[("reopen", self.speech.word("reopen"))]);
        html! {
            article {
                p { (text) }
                ul {
                    @for purpose in refused {
                        li { a href={ "#purpose-" (purpose.key) } { (self.speech.say(&purpose.name)) } }
                    }
                }
            }
        }
    }

    pub(super) fn controller(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let controller = &self.file.controller;
        html! {
            dl {
                (row(word("page_controller_name"), self.speech.say(&controller.name)))
                @if let Some(representative) = &controller.representative {
                    (row(word("page_representative"), self.speech.say(representative)))
                }
                (row(word("page_address"), self.speech.say(&controller.address)))
                (row(word("page_contact"), self.contact(&controller.contact)))
                @if self.shown.current.mail.is_some() {
                    (row(self.speech.request("linked"), html! {
                        a href={ "request?lang=" (self.shown.language) } target=[self.elsewhere()] {
                            (self.speech.request("link"))
                        }
                    }))
                }
                @if let Some(office) = &controller.complaints {
                    (row(word("page_complaints"), html! {
                        (self.speech.say(&office.name)) br; (self.contact(&office.contact))
                    }))
                }
            }
        }
    }

    /// Every revision, the newest first: since when, what changed, and the way to read it.
    pub(super) fn history(&self) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            p { (word("page_history_intro")) }
            @for revision in &self.shown.history.revisions {
                @let number = revision.number.to_string();
                article {
                    h3 {
                        (fill(word("page_version"), &[("n", &number)]))
                        " " time datetime=(revision.since) { (self.speech.date(revision.since)) }
                        @if revision.number == self.shown.revision {
                            " " span.badge.asked { (word("page_shown")) }
                        }
                    }
                    @if let Some(changes) = revision.changes.get(self.shown.language) {
                        ul.changes { @for change in changes { li { (change) } } }
                    } @else if revision.number == 1 {
                        p { (word("page_first")) }
                    }
                    @if revision.number != self.shown.revision {
                        @let newer = self.shown.history.after(revision.number).is_some();
                        p.read {
                            a href=(self.link(newer.then_some(revision.number))) target=[self.elsewhere()] {
                                (fill(word("page_read"), &[("n", &number)]))
                            }
                        }
                    }
                }
            }
        }
    }

    fn contact(&self, contact: &str) -> Markup {
        if contact.starts_with("https://") {
            self.link_to(contact, contact)
        } else {
            self.link_to(&format!("mailto:{contact}"), contact)
        }
    }

    fn link_to(&self, address: &str, text: &str) -> Markup {
        html! { a href=(address) rel="noreferrer" target=[self.elsewhere()] { (text) } }
    }
}

/// Browsers, on which machine where there are two, and the word that says how.
const BROWSERS: [(&str, Option<&str>, &str); 5] = [
    ("Chrome", None, "page_chrome"),
    ("Safari", Some("iPhone, iPad"), "page_safari_phone"),
    ("Safari", Some("Mac"), "page_safari_mac"),
    ("Edge", None, "page_edge"),
    ("Firefox", None, "page_firefox"),
];

/// What a transmission is for, on the site's side and on the recipient's. A file from before there was a
/// place for both said ours with the purpose and theirs with the service.
fn uses<'a>(purpose: &'a Purpose, service: &'a Service) -> (&'a Words, &'a Words) {
    match &service.their_use {
        Some(theirs) => (&service.usage, theirs),
        None => (&purpose.usage, &service.usage),
    }
}

fn row(label: &str, value: impl Render) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}
