//! The rules of consent and the wire format, shared by the collector and the browser.
//!
//! Nothing here reads a clock, draws a random number, or does I/O: times, random bytes and keys are
//! arguments. The same code therefore decides in the page and in the collector, and every rule can
//! be tested natively.
//!
//! It needs no operating system (`no_std`): a browser module without the standard library has no
//! machinery for panic messages, which would be half of its bytes.
//!
//! The heart is [`gate::permit`], the one function that answers whether something may be stored,
//! set, sent or linked. Its yes is a [`gate::Permitted`] that nothing else can make.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod choices;
pub mod client;
pub mod cookie;
pub mod event;
pub mod form;
pub mod gate;
pub mod ids;
pub mod json;
pub mod jws;
pub mod lead;
pub mod page;
pub mod policy;
pub mod receipt;
pub mod standing;
pub mod text;
pub mod time;
pub mod wire;
