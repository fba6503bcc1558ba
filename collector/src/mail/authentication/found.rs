//! What the DNS has answered.

use std::collections::BTreeMap;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// A mail server.
    Mx,
    /// The name of an address.
    Ptr,
    /// Text.
    Txt,
}

impl Kind {
    /// As the DNS names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Ptr => "PTR",
            Self::Txt => "TXT",
        }
    }
}

/// A question to the DNS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// In small letters, without a dot at its end.
    pub name: String,
    /// Of which records.
    pub kind: Kind,
}

/// The records as text, none where there are none; or why nothing can be told.
pub type Answer = Result<Vec<String>, String>;

/// What has been answered.
#[derive(Clone, Debug, Default)]
pub struct Found(BTreeMap<Question, Answer>);

/// An answer that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It has not been asked for.
    Ask(Question),
    /// It cannot be had, and why.
    Untold(Question, String),
}

impl Found {
    /// Keeps an answer.
    pub fn keep(&mut self, question: Question, answer: Answer) {
        self.0.insert(question, answer);
    }

    /// The records of that kind at a name.
    ///
    /// # Errors
    /// Where that is not known.
    pub fn records(&self, kind: Kind, name: &str) -> Result<&[String], Missing> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let question = Question { name, kind };
        match self.0.get(&question) {
            Some(Ok(records)) => Ok(records),
            Some(Err(why)) => Err(Missing::Untold(question, why.clone())),
            None => Err(Missing::Ask(question)),
        }
    }
}
