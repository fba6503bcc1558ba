//! What each section of the page says.

use consent_core::policy::Kind;
use maud::{Markup, Render, html};

use super::{
    super::{Purpose, Service},
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
                        (row(word("page_our_use"), self.speech.say(&purpose.usage)))
                        (row(word("page_their_use"), self.speech.say(&service.usage)))
                        (row(word("retention_label"), self.speech.exact_time(service.retention_days)))
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

    pub(super) fn controller(&self) -> Markup {
        let word = |name| self.speech.word(name);
        let controller = &self.file.controller;
        let contact = &controller.contact;
        html! {
            dl {
                (row(word("page_controller_name"), self.speech.say(&controller.name)))
                @if let Some(representative) = &controller.representative {
                    (row(word("page_representative"), self.speech.say(representative)))
                }
                (row(word("page_address"), self.speech.say(&controller.address)))
                (row(word("page_contact"), if contact.starts_with("https://") {
                    link(contact, contact)
                } else {
                    link(&format!("mailto:{contact}"), contact)
                }))
            }
        }
    }
}

fn row(label: &str, value: impl Render) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn link(address: &str, text: &str) -> Markup {
    html! { a href=(address) rel="noreferrer" { (text) } }
}
