//! What is wrong with a site file, in words for its owner: on the command line in English, in the back office in the
//! reader's language.

use std::fmt::Write;

/// A sentence in the languages that owners are spoken to in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A sentence that has nothing to be filled in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both {
    ja: &'static str,
    en: &'static str,
}

/// A sentence in Japanese and in English.
pub(super) const fn both(ja: &'static str, en: &'static str) -> Both {
    Both { ja, en }
}

impl From<Both> for Said {
    fn from(Both { ja, en }: Both) -> Self {
        Self { ja: ja.to_owned(), en: en.to_owned() }
    }
}

impl Both {
    /// In Japanese, and in English.
    pub(super) const fn parts(self) -> (&'static str, &'static str) {
        (self.ja, self.en)
    }
}

/// A sentence in Japanese and in English, as `format!` would have it. Names before a semicolon are [`Said`] themselves, and
/// stand in each sentence in its language.
macro_rules! said {
    ($($part:ident),+; $ja:literal, $en:literal) => {
        $crate::site::complaint::Said {
            ja: { $(let $part = &$part.ja;)+ format!($ja) },
            en: { $(let $part = &$part.en;)+ format!($en) },
        }
    };
    ($ja:literal, $en:literal) => {
        $crate::site::complaint::Said { ja: format!($ja), en: format!($en) }
    };
}
pub(super) use said;

/// Something to put right in a site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line it is about; the first is 1.
    pub line: usize,
    /// What is wrong.
    pub message: Said,
    /// What to do about it.
    pub remedy: Said,
}

/// All complaints about a file as lines for a terminal.
#[must_use]
pub fn report(file_name: &str, complaints: &[Complaint]) -> String {
    let mut text = String::new();
    for Complaint { line, message, remedy } in complaints {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{file_name}:{line}: {}\n  remedy: {}", message.en, remedy.en);
    }
    text
}
