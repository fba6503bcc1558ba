//! Mail about requests: that asks to confirm one, that says it was received, and what was done. Nothing that was
//! written into the form stands in it, nor anything that is held about anybody.

use maud::{Markup, html};

use super::{
    SiteFile,
    letter::{BUTTON, Letter, card},
    texts::{Speech, fill},
};

/// What a mail tells; days are in its language.
#[derive(Clone, Copy, Debug)]
pub enum RequestTold<'a> {
    /// Asks to confirm.
    Confirm {
        /// The address of the page that does.
        link: &'a str,
        /// The last day on which it works.
        until: &'a str,
    },
    /// It was received.
    Received {
        /// By when it is answered.
        due: &'a str,
    },
    /// What is handed out by a link.
    Handed {
        /// The address of the page.
        link: &'a str,
        /// The last day on which it works.
        until: &'a str,
    },
    /// It was done.
    Done,
    /// Nothing is held.
    Unknown,
    /// It was not followed, for a reason of the queue's.
    Refused(&'a str),
}

/// A mail's parts, in their order.
enum Part<'a> {
    /// A paragraph.
    Said(String),
    /// What was asked for.
    Asked,
    /// The word of a button, and its address.
    Link(&'static str, &'a str),
}

impl SiteFile {
    /// The mail about a request of that kind; none where the file has no `[mail]`.
    #[must_use]
    pub fn request_letter(
        &self,
        language: &str,
        kind: &str,
        told: RequestTold<'_>,
    ) -> Option<Letter> {
        self.mail.as_ref()?;
        let speech = self.speech(language);
        Some(Writing { file: self, speech, kind, told }.letter())
    }
}

struct Writing<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
    kind: &'a str,
    told: RequestTold<'a>,
}

impl<'a> Writing<'a> {
    fn letter(&self) -> Letter {
        let name = match self.told {
            RequestTold::Confirm { .. } => "confirm",
            RequestTold::Received { .. } => "received",
            _ => "done",
        };
        let site = self.speech.say(&self.file.name);
        let subject = fill(self.speech.request(&format!("{name}_subject")), &[("site", site)]);
        let title = self.speech.request(&format!("{name}_title"));
        let parts = self.parts();
        let html = self.html(&subject, title, &parts).into_string();
        Letter { text: self.text(&parts), html, subject }
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let site = self.speech.say(&self.file.name);
        let button = self.speech.request("confirm_button");
        let said = |name: &str, date: &str| {
            let values = [("site", site), ("button", button), ("date", date)];
            Part::Said(fill(self.speech.request(name), &values))
        };
        let done = || vec![said("done_text", ""), Part::Asked];
        let own = format!("done_{}", self.kind);
        match self.told {
            RequestTold::Confirm { link, until } => vec![
                said("confirm_why", ""),
                Part::Asked,
                said("confirm_how", ""),
                Part::Link("confirm_open", link),
                said("confirm_until", until),
                said("not_you", ""),
            ],
            RequestTold::Received { due } => vec![said("received_text", due), Part::Asked],
            RequestTold::Handed { link, until } => {
                let more = [said(&own, until), Part::Link("done_open", link)];
                done().into_iter().chain(more).collect()
            }
            RequestTold::Done => done().into_iter().chain([said(&own, "")]).collect(),
            RequestTold::Unknown => done().into_iter().chain([said("unknown", "")]).collect(),
            RequestTold::Refused(reason) => {
                let more = [said(&format!("refused_{reason}"), ""), said("objection", "")];
                done().into_iter().chain(more).collect()
            }
        }
    }

    fn asked(&self) -> (&'static str, &'static str) {
        (self.speech.request("asked"), self.speech.request_kind(self.kind).0)
    }

    fn from(&self) -> Vec<String> {
        let contact = &self.file.controller.contact;
        let mut lines = vec![self.speech.labelled(self.speech.request("otherwise"), contact)];
        let items = self.file.mail_items(self.speech.language());
        lines.extend(items.iter().map(|(_, label, text)| self.speech.labelled(label, text)));
        lines
    }

    fn text(&self, parts: &[Part<'_>]) -> String {
        let (label, asked) = self.asked();
        let label = self.speech.labelled(label, "");
        let part = |part: &Part<'_>| match part {
            Part::Said(text) => text.clone(),
            Part::Asked => format!("{}\n{asked}", label.trim_end()),
            Part::Link(_, address) => (*address).to_owned(),
        };
        let mut all: Vec<_> = parts.iter().map(part).collect();
        all.push(format!("--\n{}", self.from().join("\n")));
        all.join("\n\n") + "\n"
    }

    fn html(&self, subject: &str, title: &str, parts: &[Part<'_>]) -> Markup {
        let (label, asked) = self.asked();
        let content = html! {
            h1 { (title) }
            @for part in parts {
                @match part {
                    Part::Said(text) => p { (text) },
                    Part::Asked => div class="quote" { b { (label) } (asked) },
                    Part::Link(word, address) => {
                        p { a href=(address) style=(BUTTON) { (self.speech.request(word)) } }
                    }
                }
            }
        };
        card((self.speech.mail_language(), subject), &content, &self.from())
    }
}
