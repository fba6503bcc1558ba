//! Webhooks: other systems are told what becomes of leads (Standard Webhooks; docs/webhooks.md).
//!
//! Nothing is queued in the clear. What is to be told is the difference between how a lead stands and what the
//! receiver was told of it ([`told`]), worked out again before every attempt, so that a withdrawal, an erasure or
//! the loss of a ground changes what is sent. Whoever changes a lead marks it, by a trigger of the database; [`round`]
//! takes the marks; [`post`] sends, and connects to no address that is not public ([`address`]).

pub mod address;
pub mod payload;
pub mod post;
pub mod round;
pub mod sender;
pub mod told;
