//! The site file: what a site asks consent for, as its owner wrote it.
//!
//! [`parse`] is the only way from an owner's text to a [`SiteFile`]; it names everything that is
//! wrong, with line and remedy. What visitors are shown and what the policy says is made from the
//! file alone, so that the two cannot differ. Nothing here reads a clock or a database.

mod complaint;
mod config;
mod file;
mod texts;

pub use complaint::{Complaint, report};
pub use file::{
    Agreement, BannerFile, Controller, Cookie, FormField, LeadForm, Provider, Purpose, Service,
    SiteFile, Words,
};

/// Reads a site file.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn parse(text: &str) -> Result<SiteFile, Vec<Complaint>> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        vec![Complaint {
            line: text[..start].matches('\n').count() + 1,
            message: error.message().to_owned(),
            remedy: "compare with the example".to_owned(),
        }]
    })
}
