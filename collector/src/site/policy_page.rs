//! The cookie policy and external transmission notice, made of the site file alone.
//!
//! Readable without scripts, printable, and without any inline style, so that it stands under the
//! strictest policy.

use consent_core::policy::Kind;
use maud::{DOCTYPE, Markup, html};

use super::{Purpose, Service, SiteFile, texts::Speech};

/// The page's style sheet, served beside it as `policy.css`.
pub const POLICY_STYLE: &str = include_str!("policy.css");

/// The page's sections: what they are linked by, and the word that heads them.
const SECTIONS: [(&str, &str); 6] = [
    ("external", "page_external"),
    ("purposes", "page_purposes"),
    ("cookies", "page_cookies"),
    ("forms", "page_forms"),
    ("choice", "page_choice"),
    ("controller", "page_controller"),
];

impl SiteFile {
    /// The page in a language, or the nearest that the site speaks. Its links lead to `policy`,
    /// `policy.css` and `me` beside it.
    #[must_use]
    pub fn policy_page(&self, language: &str, revision: u32) -> Markup {
        let page = Page { file: self, speech: self.speech(language) };
        page.document(revision)
    }
}

struct Page<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
}

impl Page<'_> {
    fn document(&self, revision: u32) -> Markup {
        let speech = &self.speech;
        let site = speech.say(&self.file.name);
        let title = speech.word("page_title");
        html! {
            (DOCTYPE)
            html lang=(speech.language()) dir=(speech.direction()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " – " (site) }
                    link rel="stylesheet" href="policy.css";
                }
                body {
                    header {
                        p.site { (site) }
                        (self.languages())
                    }
                    main {
                        h1 { (title) }
                        p.intro { (speech.word("page_intro").replace("{site}", site)) }
                        p.revision {
                            (speech.word("page_revision").replace("{n}", &revision.to_string()))
                        }
                        (self.contents())
                        @for (id, heading) in self.sections() {
                            section id=(id) {
                                h2 { (speech.word(heading)) }
                                (self.section(id))
                            }
                        }
                    }
                }
            }
        }
    }

    fn languages(&self) -> Markup {
        let own = self.speech.language();
        html! {
            @if self.file.languages.len() > 1 {
                nav aria-label=(self.speech.word("page_language")) {
                    ul {
                        @for language in &self.file.languages {
                            li {
                                a href={ "policy?lang=" (language) } lang=(language)
                                    hreflang=(language) aria-current=[(language == own).then_some("page")] {
                                    (self.file.speech(language).word("language_name"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The sections that have something to say.
    fn sections(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let forms = !self.file.forms.is_empty();
        SECTIONS.into_iter().filter(move |(id, _)| *id != "forms" || forms)
    }

    fn contents(&self) -> Markup {
        html! {
            nav.contents aria-label=(self.speech.word("page_contents")) {
                ul {
                    @for (id, heading) in self.sections() {
                        li { a href={ "#" (id) } { (self.speech.word(heading)) } }
                    }
                }
            }
        }
    }

    fn section(&self, id: &str) -> Markup {
        match id {
            "external" => self.external(),
            "purposes" => html! {
                @for purpose in &self.file.purposes { (self.purpose(purpose)) }
            },
            "cookies" => self.cookies(),
            "forms" => self.forms(),
            "choice" => self.choice(),
            _ => self.controller(),
        }
    }

    /// What is sent, to whom, what for on both sides (Telecommunications Business Act, art. 27-12).
    fn external(&self) -> Markup {
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
                        (row(word("page_recipient"), html! { (self.speech.provider(&service.provider)) }))
                        (row(word("sends_label"), html! { (self.speech.say(&service.sends)) }))
                        (row(word("page_our_use"), html! { (self.speech.say(&purpose.usage)) }))
                        (row(word("page_their_use"), html! { (self.speech.say(&service.usage)) }))
                        (row(word("retention_label"), html! { (self.speech.exact_time(service.retention_days)) }))
                        @if let Some(policy) = &service.provider.policy {
                            (row(word("page_their_policy"), link(policy, policy)))
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

    fn purpose(&self, purpose: &Purpose) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            article id={ "purpose-" (purpose.key) } {
                h3 { (self.speech.say(&purpose.name)) " " (self.badge(purpose)) }
                p { (self.speech.say(&purpose.usage)) }
                @if let Some(days) = purpose.retention_days {
                    dl { (row(word("retention_label"), html! { (self.speech.exact_time(days)) })) }
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
                    (row(word("provider_label"), html! { (self.speech.provider(&service.provider)) }))
                    (row(word("sends_label"), html! { (self.speech.say(&service.sends)) }))
                    (row(word("use_label"), html! { (self.speech.say(&service.usage)) }))
                    (row(word("retention_label"), html! { (self.speech.exact_time(service.retention_days)) }))
                }
            }
        }
    }

    /// A table; its roles are written out, since the style sheet stacks it on a small screen.
    fn cookies(&self) -> Markup {
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
                        @for cookie in &service.cookies {
                            tr role="row" {
                                th scope="row" role="rowheader" { code { (cookie.name) } }
                                td role="cell" data-label=(word("use_label")) { (self.speech.say(&cookie.usage)) }
                                td role="cell" data-label=(word("page_cookie_lifetime")) { (self.speech.exact_time(cookie.days)) }
                                td role="cell" data-label=(word("page_cookie_service")) { (self.speech.say(&service.name)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn forms(&self) -> Markup {
        let word = |name| self.speech.word(name);
        html! {
            @for form in &self.file.forms {
                article id={ "form-" (form.key) } {
                    h3 { (self.speech.say(&form.name)) }
                    dl {
                        (row(word("use_label"), html! { (self.speech.say(&form.usage)) }))
                        (row(word("page_fields"), html! {
                            ul.inline { @for field in &form.fields { li { (self.speech.say(&field.name)) } } }
                        }))
                        (row(word("retention_label"), html! { (self.speech.exact_time(form.retention_days)) }))
                    }
                }
            }
        }
    }

    fn choice(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let change = word("page_change_text")
            .replace("{reopen}", word("reopen"))
            .replace("{time}", &self.speech.exact_time(self.file.consent_days));
        html! {
            article { h3 { (word("page_change")) } p { (change) } }
            article { h3 { (word("page_disable")) } p { (word("page_disable_text")) } }
            article {
                h3 { (word("page_records")) }
                p { (word("page_records_text")) }
                p { a href={ "me?lang=" (self.speech.language()) } { (word("page_records_link")) } }
            }
        }
    }

    fn controller(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let controller = &self.file.controller;
        let contact = &controller.contact;
        html! {
            dl {
                (row(word("page_controller_name"), html! { (self.speech.say(&controller.name)) }))
                @if let Some(representative) = &controller.representative {
                    (row(word("page_representative"), html! { (self.speech.say(representative)) }))
                }
                (row(word("page_address"), html! { (self.speech.say(&controller.address)) }))
                (row(word("page_contact"), if contact.starts_with("https://") {
                    link(contact, contact)
                } else {
                    link(&format!("mailto:{contact}"), contact)
                }))
            }
        }
    }
}

fn row(label: &str, value: Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn link(address: &str, text: &str) -> Markup {
    html! { a href=(address) rel="noreferrer" { (text) } }
}
