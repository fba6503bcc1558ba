//! Every key that a site file may have: whether it must be there, what it holds, and what to tell
//! an owner who left it out.

mod asking;
mod forms;
mod mail;
mod tables;

use super::{complaint::Both, vague::Need, value::Verdict};

pub(super) use asking::SIGNALS;
pub(super) use tables::SITE;

/// A table of the file.
pub(super) struct Shape {
    /// What it describes.
    pub(super) noun: Both,
    /// The key by which one is told from the next.
    pub(super) named_by: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a table.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What to do where it is missing and must not be.
    pub(super) needed: Option<Both>,
    pub(super) rule: Rule,
}

/// What a key holds.
pub(super) enum Rule {
    /// A string.
    One(fn(&str) -> Verdict),
    /// Strings, no two the same.
    Many(fn(&str) -> Verdict),
    /// One of these.
    Of(&'static [&'static str]),
    /// Some of these, none twice.
    SomeOf(&'static [&'static str]),
    /// A whole number in these bounds.
    Number(i64, i64),
    /// Yes or no.
    Flag,
    /// A text in every language of the site, of so many characters at most.
    Words(usize),
    /// A text that says what something is for.
    Use(Need),
    /// A text that says what is sent.
    Sends,
    /// A table.
    Table(&'static Shape),
    /// Tables.
    Tables(&'static Shape),
    /// The site's own words in place of built-in ones, by language.
    Overrides,
}
