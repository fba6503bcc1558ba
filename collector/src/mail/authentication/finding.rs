//! What is said about a domain's mail, in sentences.

use std::fmt;

use super::Question;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Which hosts may send.
    Spf,
    /// By which key mail is signed.
    Dkim,
    /// What becomes of mail that is neither.
    Dmarc,
}

impl About {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
        }
    }
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should.
    Right,
    /// Something to know, and nothing wrong.
    Note,
    /// Something is wrong.
    Wrong,
    /// It could not be told.
    Untold,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Note => "note",
            Self::Wrong => "wrong",
            Self::Untold => "untold",
        }
    }
}

/// A TXT record; shown as a line of a zone file (RFC 1035, section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txt {
    /// Its name, without a dot at its end.
    pub name: String,
    /// What it says.
    pub value: String,
}

impl fmt::Display for Txt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A string of a record has 255 bytes at most (RFC 1035, section 3.3.14); several are read as one.
        write!(f, "{}. 3600 IN TXT (", self.name)?;
        for part in self.value.as_bytes().chunks(250) {
            let text = String::from_utf8_lossy(part).replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, " \"{text}\"")?;
        }
        f.write_str(" )")
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// About what.
    pub about: About,
    /// How it stands.
    pub state: State,
    /// A name of it that stays.
    pub code: &'static str,
    /// What was found, in a sentence.
    pub text: String,
    /// What to do about it; nothing where there is nothing to do.
    pub remedy: String,
    /// The record to publish, in place of those at its name that it is to replace.
    pub publish: Option<Txt>,
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub(super) const fn right(about: About, code: &'static str, text: String) -> Self {
        Self::new(about, State::Right, code, text, String::new())
    }

    /// Something to know.
    #[must_use]
    pub(super) const fn note(
        about: About,
        code: &'static str,
        text: String,
        remedy: String,
    ) -> Self {
        Self::new(about, State::Note, code, text, remedy)
    }

    /// Something wrong.
    #[must_use]
    pub(super) const fn wrong(
        about: About,
        code: &'static str,
        text: String,
        remedy: String,
    ) -> Self {
        Self::new(about, State::Wrong, code, text, remedy)
    }

    /// Something that could not be told.
    #[must_use]
    pub(super) fn untold(about: About, question: &Question, why: &str) -> Self {
        let code = match about {
            About::Spf => "spf_untold",
            About::Dkim => "dkim_untold",
            About::Dmarc => "dmarc_untold",
        };
        let text = format!(
            "could not be told: asked for {} of {}, {why}",
            question.kind.as_str(),
            shown(&question.name)
        );
        let remedy = "see that the DNS server answers, or name another by --dns ADDRESS:PORT";
        Self::new(about, State::Untold, code, text, remedy.to_owned())
    }

    const fn new(
        about: About,
        state: State,
        code: &'static str,
        text: String,
        remedy: String,
    ) -> Self {
        Self { about, state, code, text, remedy, publish: None }
    }

    /// With the record that is to be published.
    #[must_use]
    pub(super) fn publish(mut self, name: &str, value: impl Into<String>) -> Self {
        let mut value: String = value.into();
        // Parts of it may be what stands in the DNS; what is right is in plain letters.
        value.retain(|c| c == ' ' || c.is_ascii_graphic());
        self.publish = Some(Txt { name: name.to_owned(), value });
        self
    }
}

/// What stands in the DNS, fit for a terminal: whoever publishes it chooses its letters.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() || !c.is_ascii() { '?' } else { c };
    let mut shown: String = text.chars().take(400).map(plain).collect();
    if text.chars().nth(400).is_some() {
        shown.push_str("...");
    }
    shown
}
