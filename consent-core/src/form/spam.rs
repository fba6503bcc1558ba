//! Signs of a program behind a form. Nobody else is asked, nothing is kept, and nothing is dropped in silence: who
//! is taken for a program is told so, and can send once more.

use alloc::{collections::BTreeMap, string::String};

use super::fault::FieldFault;

/// How the keys of what a page tells of itself begin; no field of a site does.
pub const RESERVED: &str = "ashiato_";
/// What was written into the field that only programs see.
pub const TRAP: &str = "ashiato_trap";
/// Milliseconds from when somebody came to the form until it was sent.
pub const TOOK: &str = "ashiato_took";
/// The language of the page.
pub const LANGUAGE: &str = "ashiato_language";

/// Quicker than this, in milliseconds, nobody fills in a form. Who has the browser fill it in and is quicker does not
/// notice: the page waits.
const LEAST: u64 = 1_000;

/// Addresses of pages that a line and a long text may have, at most.
const LINKS: usize = 1;
const LINKS_IN_LONG: usize = 5;

/// What a form is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spam {
    /// The field that only programs see was filled in.
    Trap,
    /// It was sent at once.
    TooFast,
}

impl Spam {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Trap, Self::TooFast];

    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::TooFast => "too_fast",
        }
    }

    /// Takes what a page tells of itself out of the fields, and judges by it. Who sends without a page tells
    /// nothing, and has a session and a rate like everybody.
    pub fn take(fields: &mut BTreeMap<String, String>) -> Option<Self> {
        let trap = fields.remove(TRAP).is_some_and(|text| !text.is_empty());
        let took = fields.remove(TOOK).and_then(|text| text.parse::<u64>().ok());
        let fast = took.is_some_and(|took| took < LEAST);
        trap.then_some(Self::Trap).or(fast.then_some(Self::TooFast))
    }
}

/// The text, where it has no more addresses of pages than people write.
pub(super) fn few_links(text: String, is_long: bool) -> Result<String, FieldFault> {
    let mut rest = text.as_str();
    let mut count = 0;
    while let Some((before, after)) = rest.split_once(':') {
        let ends = |scheme: &str| {
            let start = before.len().checked_sub(scheme.len());
            let end = start.and_then(|start| before.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(scheme))
        };
        if after.starts_with("//") && (ends("http") || ends("https")) {
            count += 1;
        }
        rest = after;
    }
    let most = if is_long { LINKS_IN_LONG } else { LINKS };
    if count > most { Err(FieldFault::TooManyLinks) } else { Ok(text) }
}
