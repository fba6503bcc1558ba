//! Deciding what comes in: verified, checked against the recorded consent, and committed before it
//! is answered.

pub mod amend;
pub mod approval;
pub mod asking;
pub mod cell;
pub mod check;
pub mod consents;
pub mod crm;
pub mod disposal;
pub mod events;
pub mod ground;
pub mod handout;
pub mod import;
pub mod leads;
pub mod listing;
pub mod mail;
pub mod own;
mod receipt;
pub mod sealing;
pub mod subject;
pub mod sweep;
pub mod verify;
pub mod writer;

#[cfg(test)]
mod tests;
