//! The cookie policy and external transmission notice, made of the site file and its history alone.
//!
//! Readable without scripts, printable, and without any inline style, so that it stands under the
//! strictest policy.
//!
//! A site may show it inside a page of its own. Embedded, it comes without the site's name, the choice of
//! language and the contents, and what leads elsewhere opens apart:
//!
//! ```html
//! <iframe src="https://COLLECTOR/s/SITE/policy?lang=en&embed=1" title="Cookie policy" width="100%" height="900"></iframe>
//! ```

mod sections;

use maud::{DOCTYPE, Markup, html};

use super::{
    SiteFile,
    history::{History, Revision},
    texts::{Speech, fill},
};

/// The page's style sheet, served beside it as `policy.css`.
pub const POLICY_STYLE: &str = include_str!("policy.css");

/// The page's sections: what they are linked by, and the word that heads them.
const SECTIONS: [(&str, &str); 8] = [
    ("external", "page_external"),
    ("purposes", "page_purposes"),
    ("cookies", "page_cookies"),
    ("forms", "page_forms"),
    ("choice", "page_choice"),
    ("gpc", "page_gpc"),
    ("controller", "page_controller"),
    ("history", "page_history"),
];

/// How the page is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// In this language, or the nearest that the file speaks.
    pub language: &'a str,
    /// Which revision the file is.
    pub revision: u32,
    /// All of them.
    pub history: &'a History,
    /// The file in force: the page offers the languages that the site speaks now.
    pub current: &'a SiteFile,
    /// Inside another page.
    pub embedded: bool,
    /// Its address without what follows the question mark, for those who read it on paper.
    pub address: &'a str,
}

impl SiteFile {
    /// The page. Its links lead to `policy` and `policy.css` beside it.
    #[must_use]
    pub fn policy_page(&self, shown: Shown<'_>) -> Markup {
        Page { file: self, speech: self.speech(shown.language), shown }.document()
    }
}

struct Page<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
    shown: Shown<'a>,
}

impl Page<'_> {
    fn document(&self) -> Markup {
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
                    // None, and no request for one.
                    link rel="icon" href="data:,";
                }
                body class=[self.shown.embedded.then_some("embedded")] {
                    @if !self.shown.embedded {
                        header {
                            p.site { (site) }
                            (self.languages())
                        }
                    }
                    main {
                        h1 { (title) }
                        (self.earlier())
                        p.intro { (fill(speech.word("page_intro"), &[("site", site)])) }
                        p.revision { (self.revision()) }
                        @if !self.shown.embedded { (self.contents()) }
                        @for (id, heading) in self.sections() {
                            section id=(id) {
                                h2 { (speech.word(heading)) }
                                (self.section(id))
                            }
                        }
                        p.printed {
                            (speech.labelled(speech.word("page_address_of"), &self.printed_address()))
                        }
                    }
                }
            }
        }
    }

    fn revision(&self) -> String {
        let number = self.shown.revision.to_string();
        // Of an earlier one the days have been said.
        let current = self.named().is_none();
        match self.shown.history.revision(self.shown.revision).filter(|_| current) {
            Some(revision) => {
                let date = self.speech.date(revision.since);
                fill(self.speech.word("page_revision"), &[("n", &number), ("date", &date)])
            }
            None => fill(self.speech.word("page_version"), &[("n", &number)]),
        }
    }

    /// Says that another version is in force, where it is.
    fn earlier(&self) -> Markup {
        let (history, shown) = (self.shown.history, self.shown.revision);
        let from_to: Option<(&Revision, &Revision)> =
            history.revision(shown).zip(history.after(shown));
        html! {
            @if let Some((this, next)) = from_to {
                p.earlier {
                    (fill(self.speech.word("page_earlier"), &[
                        ("from", &self.speech.date(this.since)),
                        ("to", &self.speech.date(next.since)),
                    ]))
                    " "
                    a href=(self.link(None)) target=[self.elsewhere()] {
                        (self.speech.word("page_newest"))
                    }
                }
            }
        }
    }

    /// The address of this page, or of another revision.
    fn link(&self, revision: Option<u32>) -> String {
        let language = self.shown.language;
        match revision {
            Some(number) => format!("policy?lang={language}&revision={number}"),
            None => format!("policy?lang={language}"),
        }
    }

    /// The revision that addresses have to name: none of the one in force.
    fn named(&self) -> Option<u32> {
        let shown = self.shown.revision;
        self.shown.history.after(shown).map(|_| shown)
    }

    fn printed_address(&self) -> String {
        let own = self.link(self.named());
        format!("{}{}", self.shown.address, own.strip_prefix("policy").unwrap_or_default())
    }

    /// Inside another page, what leads elsewhere opens apart.
    fn elsewhere(&self) -> Option<&'static str> {
        self.shown.embedded.then_some("_blank")
    }

    fn languages(&self) -> Markup {
        let own = self.shown.language;
        let revision = self.named().map(|number| format!("&revision={number}")).unwrap_or_default();
        html! {
            @if self.shown.current.languages.len() > 1 {
                nav aria-label=(self.speech.word("page_language")) {
                    ul {
                        @for language in &self.shown.current.languages {
                            li {
                                a href={ "policy?lang=" (language) (revision) } lang=(language)
                                    hreflang=(language) aria-current=[(language == own).then_some("page")] {
                                    (self.shown.current.speech(language).word("language_name"))
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
        let (forms, gpc) = (!self.file.forms.is_empty(), !self.file.gpc().is_empty());
        SECTIONS.into_iter().filter(move |(id, _)| match *id {
            "forms" => forms,
            "gpc" => gpc,
            _ => true,
        })
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
            "gpc" => self.privacy_control(),
            "history" => self.history(),
            _ => self.controller(),
        }
    }
}
