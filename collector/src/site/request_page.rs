//! The form by which people ask about their own data, and the pages that the links of its mail lead to. They stand
//! without scripts. Opening a link changes nothing; only its button does.

use maud::{Markup, html};

use super::{
    Law, SiteFile,
    texts::{Speech, fill},
};

/// The style sheet beside those of the policy page and of mail, served as `request.css`.
pub const REQUEST_STYLE: &str = include_str!("request.css");

/// What can be asked for, as requests name it.
pub const KINDS: [&str; 5] = ["export", "provision", "correct", "stop", "erase"];

/// The form as it was filled in, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestForm {
    /// What is asked for; not of [`KINDS`], none.
    pub kind: String,
    /// The address.
    pub email: String,
    /// What else was written.
    pub message: String,
    /// When it was opened, signed.
    pub began: String,
    /// What is wrong: with `kind`, `email` or `message`, or with the whole under an empty name.
    pub faults: Vec<(&'static str, String)>,
}

/// How a request stands, with days in the page's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPage<'a> {
    /// A mail goes to the address, if it is one.
    Sent,
    /// Asks to confirm what is asked for.
    Confirm {
        /// Of [`KINDS`].
        kind: &'a str,
    },
    /// It is in the queue.
    Received {
        /// Of [`KINDS`].
        kind: &'a str,
        /// Until when it is answered.
        due: &'a str,
        /// Since when, where that was earlier.
        since: Option<&'a str>,
    },
    /// It has been answered on that day.
    Answered {
        /// The day.
        date: &'a str,
    },
    /// The link has ended, or what it confirmed is gone.
    Expired,
    /// The link was not made here.
    Invalid,
    /// The site sends no mail, so that there is no form.
    None,
    /// Hands out what was asked for: which ways are still there, reading and downloading.
    Take {
        /// It can be read.
        read: bool,
        /// It can be downloaded.
        download: bool,
        /// The last day.
        until: &'a str,
    },
    /// That way was used, or the link has ended.
    Taken,
}

impl RequestPage<'_> {
    const fn heading(self) -> &'static str {
        match self {
            Self::Sent => "sent_heading",
            Self::Confirm { .. } => "confirm_heading",
            Self::Received { since: None, .. } => "received_heading",
            Self::Received { .. } => "known_heading",
            Self::Answered { .. } => "answered_heading",
            Self::Expired => "expired_heading",
            Self::Invalid => "invalid_heading",
            Self::None => "none_heading",
            Self::Take { .. } => "take_heading",
            Self::Taken => "taken_heading",
        }
    }
}

impl SiteFile {
    /// The form, beside its style sheets.
    #[must_use]
    pub fn request_form(&self, language: &str, form: &RequestForm) -> Markup {
        let speech = self.speech(language);
        let heading = speech.request("form_heading");
        let wrong = (!form.faults.is_empty()).then(|| speech.request("wrong_title"));
        let title = wrong.map_or_else(|| heading.to_owned(), |wrong| format!("{wrong}{heading}"));
        let body = html! {
            h1 { (heading) }
            (Form { file: self, speech, form }.markup())
        };
        self.card_page(&speech, (&title, ""), Some("request.css"), &body)
    }

    /// A page of a request: beside its style sheets, or one folder below them.
    #[must_use]
    pub fn request_page(&self, language: &str, folder: &str, page: RequestPage<'_>) -> Markup {
        let speech = self.speech(language);
        let heading = speech.request(page.heading());
        let body = html! {
            p.kind { (speech.request("title")) }
            h1 { (heading) }
            (self.request_said(&speech, page))
        };
        self.card_page(&speech, (heading, folder), Some("request.css"), &body)
    }

    /// The way to the form, for pages about a browser; nothing where the site sends no mail.
    pub(super) fn request_link(&self, speech: &Speech<'_>) -> Markup {
        html! {
            @if self.mail.is_some() {
                p { (speech.request("link_me")) }
                p.read {
                    a href={ "request?lang=" (speech.language()) } { (speech.request("link")) }
                }
            }
        }
    }

    fn request_said(&self, speech: &Speech<'_>, page: RequestPage<'_>) -> Markup {
        let site = speech.say(&self.name);
        let say = |name: &str| fill(speech.request(name), &[("site", site)]);
        let asked = |kind: &str| {
            html! { dl { dt { (speech.request("asked")) } dd { (speech.request_kind(kind).0) } } }
        };
        let button = |name: &str| {
            html! { button type="submit" name="act" value=(name) { (say(&format!("{name}_button"))) } }
        };
        match page {
            RequestPage::Sent => html! {
                p role="status" { (say("sent")) }
                p { (say("sent_next")) }
                p.note { (say("sent_none")) }
                (self.otherwise(speech))
            },
            RequestPage::Confirm { kind } => html! {
                (asked(kind))
                form method="post" { (button("confirm")) }
                p.note { (fill(speech.request("confirm_note"), &[("button", speech.request("confirm_button"))])) }
            },
            RequestPage::Received { kind, due, since } => html! {
                p role="status" {
                    @match since {
                        None => (fill(speech.request("received"), &[("date", due)])),
                        Some(since) => (fill(speech.request("known"), &[("since", since), ("date", due)])),
                    }
                }
                (asked(kind))
                (self.otherwise(speech))
            },
            RequestPage::Answered { date } => html! {
                p role="status" { (fill(speech.request("answered_on"), &[("date", date)])) }
                (self.otherwise(speech))
            },
            RequestPage::Expired => html! {
                p { (say("expired")) }
                p { a href={ "../request?lang=" (speech.language()) } { (say("again")) } }
                (self.otherwise(speech))
            },
            RequestPage::Invalid => html! { p { (say("invalid")) } (self.otherwise(speech)) },
            RequestPage::None => html! { p { (say("none")) } (self.otherwise(speech)) },
            RequestPage::Take { read, download, until } => html! {
                p { (fill(speech.request("take"), &[("date", until)])) }
                form.ways method="post" {
                    @if read { (button("read")) }
                    @if download { (button("download")) }
                }
                @if !read || !download { p.note { (say("take_used")) } }
            },
            RequestPage::Taken => html! { p { (say("taken")) } (self.otherwise(speech)) },
        }
    }

    /// Where else to ask.
    fn otherwise(&self, speech: &Speech<'_>) -> Markup {
        let contact = self.controller.contact.as_str();
        let address = match contact.starts_with("https://") {
            true => contact.to_owned(),
            false => format!("mailto:{contact}"),
        };
        html! {
            p.note {
                (speech.labelled(speech.request("otherwise"), ""))
                a href=(address) rel="noreferrer" { (contact) }
            }
        }
    }

    /// By when requests are answered, by the site's own rule.
    fn answered_within(&self, speech: &Speech<'_>) -> String {
        match self.rights.law {
            Law::Gdpr => speech.request("within_gdpr").to_owned(),
            Law::Appi => {
                let days = speech.time(self.rights.answer_days);
                fill(speech.request("within_appi"), &[("days", &days)])
            }
        }
    }
}

struct Form<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
    form: &'a RequestForm,
}

impl Form<'_> {
    fn word(&self, name: &str) -> &'static str {
        self.speech.request(name)
    }

    fn fault(&self, field: &str) -> Option<&str> {
        let found = self.form.faults.iter().find(|(name, _)| *name == field);
        found.map(|(_, text)| text.as_str())
    }

    /// By what a control is described: its hint, and what is wrong with it.
    fn described(&self, field: &str, hint: &str) -> String {
        match self.fault(field) {
            Some(_) => format!("{field}-fault {hint}"),
            None => hint.to_owned(),
        }
    }

    fn wrong(&self, field: &str) -> Markup {
        html! { @if let Some(text) = self.fault(field) { p.fault id={ (field) "-fault" } { (text) } } }
    }

    fn markup(&self) -> Markup {
        let site = self.speech.say(&self.file.name);
        html! {
            p { (fill(self.word("intro"), &[("site", site)])) }
            @if !self.form.faults.is_empty() {
                p.alert role="alert" { (self.fault("").unwrap_or(self.word("wrong"))) }
            }
            form.ask method="post" action={ "request?lang=" (self.speech.language()) } novalidate {
                (self.kinds())
                (self.email())
                (self.message())
                div.trap aria-hidden="true" {
                    label { (self.speech.word("form_trap"))
                        input name="ashiato_trap" tabindex="-1" autocomplete="off";
                    }
                }
                input type="hidden" name="began" value=(self.form.began);
                p.note { (self.word("use")) }
                button type="submit" { (self.word("send")) }
            }
            (self.file.otherwise(&self.speech))
        }
    }

    fn kinds(&self) -> Markup {
        html! {
            fieldset aria-describedby=(self.described("kind", "kind-hint")) {
                legend { (self.word("kind")) }
                (self.wrong("kind"))
                @for kind in KINDS {
                    @let (name, text) = self.speech.request_kind(kind);
                    label.choice {
                        input type="radio" name="kind" value=(kind) required checked[self.form.kind == kind]
                            aria-describedby=(format!("{kind}-text"));
                        span { strong { (name) } span id=(format!("{kind}-text")) { (text) } }
                    }
                }
                p.hint id="kind-hint" { (self.file.answered_within(&self.speech)) }
            }
        }
    }

    fn email(&self) -> Markup {
        let wrong = self.fault("email").map(|_| "true");
        html! {
            div.field {
                label for="email" { (self.word("email")) }
                p.hint id="email-hint" { (self.word("email_hint")) }
                (self.wrong("email"))
                input id="email" name="email" type="email" inputmode="email" autocomplete="email" required
                    value=(self.form.email) aria-invalid=[wrong]
                    aria-describedby=(self.described("email", "email-hint"));
            }
        }
    }

    fn message(&self) -> Markup {
        let wrong = self.fault("message").map(|_| "true");
        html! {
            div.field {
                label for="message" { (self.word("message")) }
                p.hint id="message-hint" { (self.word("message_hint")) }
                (self.wrong("message"))
                // The first line break of what a text area holds is dropped.
                textarea id="message" name="message" rows="5" aria-invalid=[wrong]
                    aria-describedby=(self.described("message", "message-hint")) { "\n" (self.form.message) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_says_by_when_it_is_answered_under_the_law_of_the_site() {
        let text = include_str!("../../../demo-site/shop.toml");
        let says = |rights: &str, words: [&str; 2]| {
            let text = text.replace("[mail]", &format!("{rights}\n[mail]"));
            let file = crate::site::parse(&text).expect("it is sound");
            for (language, words) in ["ja", "en"].into_iter().zip(words) {
                let form = file.request_form(language, &RequestForm::default()).into_string();
                assert!(form.contains(words), "{words}: {form}");
            }
        };
        says("", ["14日以内にお答えします", "within 14 days"]);
        says("[rights]\nanswer_days = 10", ["10日以内", "within 10 days"]);
        says("[rights]\nlaw = \"gdpr\"", ["1か月以内にお答えします（GDPR", "within one month"]);
    }

    #[test]
    fn what_was_typed_is_text_and_each_fault_belongs_to_its_field() {
        let text = include_str!("../../../demo-site/shop.toml");
        let file = crate::site::parse(text).expect("it is sound");
        let form = RequestForm {
            kind: "correct".to_owned(),
            email: "\"><script>".to_owned(),
            message: "\n</textarea><b>".to_owned(),
            faults: vec![("email", "wrong".to_owned())],
            ..RequestForm::default()
        };
        let page = file.request_form("en", &form).into_string();
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("\n\n&lt;/textarea&gt;"), "no line break of it is lost: {page}");
        assert!(page.contains("id=\"email-fault\"") && !page.contains("message-fault"), "{page}");
        assert!(page.contains("aria-describedby=\"email-fault email-hint\""), "{page}");
    }
}
