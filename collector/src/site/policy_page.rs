//! The cookie policy and external transmission notice, made of the site file alone.
//!
//! Readable without scripts, printable, and without any inline style, so that it stands under the
//! strictest policy.

mod sections;

use maud::{DOCTYPE, Markup, html};

use super::{SiteFile, texts::Speech};

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
}
