//! The pages that the links of a mail lead to: to confirm, and to stop. Opening one changes nothing, since scanners and
//! browsers that look ahead open every link of a mail; only its button does. They stand without scripts.

use maud::{DOCTYPE, Markup, html};

use super::{
    SiteFile,
    texts::{Speech, fill},
};

/// The style sheet beside that of the policy page, served as `mail.css`.
pub const MAIL_STYLE: &str = include_str!("mail.css");

/// What a page of mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPage<'a> {
    /// Asks for confirmation of what was ticked, which it quotes.
    Confirm {
        /// The text beside the checkbox.
        wording: &'a str,
    },
    /// It is confirmed.
    Confirmed,
    /// It was confirmed on that day.
    Known {
        /// The day, in the language.
        date: &'a str,
    },
    /// The link has ended.
    Expired,
    /// What was to be confirmed is erased.
    Gone,
    /// The person has said stop since.
    Ended,
    /// Asks whether mail is to be stopped.
    Stop,
    /// It is stopped.
    Stopped {
        /// A mail may still come that was being handed over.
        under_way: bool,
    },
    /// The link was not made here.
    Invalid {
        /// Whether it was to stop, not to confirm.
        stop: bool,
    },
}

impl MailPage<'_> {
    fn title(self) -> &'static str {
        match self {
            Self::Stop | Self::Stopped { .. } | Self::Invalid { stop: true } => "stop_title",
            _ => "confirm_title",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm_heading",
            Self::Confirmed => "confirmed_heading",
            Self::Known { .. } => "known_heading",
            Self::Expired => "expired_heading",
            Self::Gone => "gone_heading",
            Self::Ended => "ended_heading",
            Self::Stop => "stop_heading",
            Self::Stopped { .. } => "stopped_heading",
            Self::Invalid { .. } => "invalid_heading",
        }
    }
}

impl SiteFile {
    /// The page. Its links lead to this address in other languages, and to style sheets one folder up.
    #[must_use]
    pub fn mail_page(&self, language: &str, page: MailPage<'_>) -> Markup {
        let speech = self.speech(language);
        let heading = speech.mail(page.heading());
        let body = html! {
            p.kind { (speech.mail(page.title())) }
            h1 { (heading) }
            (self.said(&speech, page))
        };
        self.card_page(&speech, (heading, "../"), None, &body)
    }

    /// A page that is one card under the site's name, above who sends the site's mail. Its style sheets lie in `folder`.
    pub(super) fn card_page(
        &self,
        speech: &Speech<'_>,
        (heading, folder): (&str, &str),
        style: Option<&str>,
        body: &Markup,
    ) -> Markup {
        let site = speech.say(&self.name);
        html! {
            (DOCTYPE)
            html lang=(speech.language()) dir=(speech.direction()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (heading) " – " (site) }
                    @for sheet in ["policy.css", "mail.css"].into_iter().chain(style) {
                        link rel="stylesheet" href={ (folder) (sheet) };
                    }
                    // None, and no request for one.
                    link rel="icon" href="data:,";
                }
                body.mail {
                    header {
                        p.site { (site) }
                        (self.mail_languages(speech))
                    }
                    main {
                        div.card { (body) }
                        (self.mail_from(speech))
                    }
                }
            }
        }
    }

    /// What the page shows of itself where it asks for confirmation, as the record keeps it.
    #[must_use]
    pub fn confirmation_shown(&self, language: &str, wording: &str) -> String {
        let speech = self.speech(language);
        let confirm = self.mail.as_ref().map_or("", |mail| speech.say(&mail.confirm));
        let button = speech.mail("confirm_button");
        let note = fill(speech.mail("confirm_note"), &[("button", button)]);
        [speech.mail("confirm_heading"), wording, confirm, &note, button].join("\n")
    }

    fn said(&self, speech: &Speech<'_>, page: MailPage<'_>) -> Markup {
        let site = speech.say(&self.name);
        let say = |name: &str| fill(speech.mail(name), &[("site", site)]);
        let button = |name: &'static str, field: &'static str| {
            html! {
                form method="post" {
                    button type="submit" name=(field) value="1" { (speech.mail(name)) }
                }
            }
        };
        match page {
            MailPage::Confirm { wording } => {
                let word = speech.mail("confirm_button");
                let note = fill(speech.mail("confirm_note"), &[("button", word)]);
                html! {
                    dl {
                        dt { (speech.mail("ticked")) }
                        dd { (wording) }
                        @if let Some(mail) = &self.mail {
                            dt { (speech.mail("sent")) }
                            dd { (speech.say(&mail.confirm)) }
                        }
                    }
                    (button("confirm_button", "confirm"))
                    p.note { (note) }
                }
            }
            MailPage::Stop => html! {
                p { (say("stop_text")) }
                (button("stop_button", "stop"))
            },
            MailPage::Stopped { under_way } => html! {
                p role="status" { (say("stopped")) }
                @if under_way { p { (say("under_way")) } }
                p.note { (say("stopped_again")) }
            },
            MailPage::Confirmed => html! {
                p role="status" { (say("confirmed")) }
                p.note { (say("confirmed_stop")) }
            },
            MailPage::Known { date } => html! {
                p role="status" { (fill(speech.mail("known"), &[("date", date)])) }
                p.note { (say("confirmed_stop")) }
            },
            MailPage::Expired => html! { p { (say("expired")) } },
            MailPage::Gone => html! { p { (say("gone")) } },
            MailPage::Ended => html! { p { (say("ended")) } },
            MailPage::Invalid { .. } => html! { p { (say("invalid")) } },
        }
    }

    fn mail_from(&self, speech: &Speech<'_>) -> Markup {
        let items = self.mail_items(speech.language());
        html! {
            @if !items.is_empty() {
                footer {
                    @for (_, label, text) in items { p { (speech.labelled(label, &text)) } }
                }
            }
        }
    }

    fn mail_languages(&self, speech: &Speech<'_>) -> Markup {
        let own = speech.language();
        html! {
            @if self.languages.len() > 1 {
                nav aria-label=(speech.word("page_language")) {
                    ul {
                        @for language in &self.languages {
                            li {
                                a href={ "?lang=" (language) } lang=(language) hreflang=(language)
                                    aria-current=[(language == own).then_some("page")] {
                                    (self.speech(language).word("language_name"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
