//! The site file: what a site asks consent for, as its owner wrote it.
//!
//! [`parse`] is the only way from an owner's text to a [`SiteFile`]; it names everything that is
//! wrong, with line and remedy. What visitors are shown and what the policy says is made from the
//! file alone, so that the two cannot differ. Nothing here reads a clock or a database.

mod check;
mod complaint;
mod config;
mod file;
mod forms;
mod held_page;
mod history;
mod kept;
mod letter;
mod mail_page;
mod nearest;
mod own_cookies;
mod own_page;
mod place;
mod policy_page;
mod request_letter;
mod request_page;
pub mod retention;
mod revision;
mod shape;
mod signals;
mod texts;
mod vague;
mod value;
mod walk;
mod words;

use toml::de::DeTable;

use self::complaint::{Both, both, said};

pub use complaint::{Complaint, Said, report};
pub use file::{
    Agreement, AgreementKind, Approval, BannerFile, ConsentModeFile, Controller, Cookie, FormField,
    Gpc, Law, LeadForm, MailFile, Office, Opt, Provider, Purpose, Region, Retention, Rights,
    Service, SiteFile, Source, Statistics, Storage, Words,
};
pub use held_page::{HELD_STYLE, Sheet};
pub(crate) use history::day;
pub use history::{History, Past, Revision};
pub use letter::{Letter, Told};
pub use mail_page::{MAIL_STYLE, MailPage};
pub use own_page::{Held, HeldEvent, HeldReceipt, OWN_STYLE, OwnShown, Switch, switch_name};
pub use policy_page::{POLICY_STYLE, Shown};
pub use request_letter::RequestTold;
pub use request_page::{KINDS, REQUEST_STYLE, RequestForm, RequestPage};

/// Reads a site file.
///
/// # Errors
/// Everything that is wrong with it, by line: of a text that is no TOML where it first is not; else every
/// key that is unknown, missing or wrong by itself, and every rule between them that can be judged.
pub fn parse(text: &str) -> Result<SiteFile, Vec<Complaint>> {
    let lines = place::Lines::of(text);
    let of = |error: &toml::de::Error, remedy: Both| {
        let line = lines.line(error.span().map_or(0, |span| span.start));
        let told = error.message();
        Complaint {
            line,
            message: said!("読み取れません（{told}）", "{told}"),
            remedy: remedy.into(),
        }
    };
    // After the first one a parser only guesses.
    let root = DeTable::parse(text).map_err(|error| {
        vec![of(
            &error,
            both(
                "TOMLの書き方に直してください（https://toml.io）",
                "write it as TOML (https://toml.io)",
            ),
        )]
    })?;
    let mut complaints = walk::walk(&lines, &root);
    match toml::from_str::<SiteFile>(text) {
        Ok(file) => {
            let places = place::Places::of(&lines, root.get_ref());
            complaints.extend(check::check(&file, &places));
            if complaints.is_empty() {
                return Ok(file);
            }
        }
        // Whatever keeps a file from being read has been complained of, with a better remedy.
        Err(error) if complaints.is_empty() => {
            let remedy =
                both("ガイドの例と見比べてください", "compare it with the example in the guide");
            complaints.push(of(&error, remedy));
        }
        Err(_) => {}
    }
    complaints.sort_by_key(|complaint| complaint.line);
    Err(complaints)
}

#[cfg(test)]
mod tests;
