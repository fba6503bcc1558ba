//! Hiyori Home Goods: a small shop that carries the Ashiato tag.
//!
//! It shows what a host page has to do for the tag (and what it need not do), under a policy as strict as a careful
//! owner would set. It must never store or log anything about a visitor: what a visitor agrees to or sends is the
//! collector's to keep, and the shop works the same without it.

pub mod assets;
pub mod catalogue;
pub mod config;
pub mod form;
pub mod headers;
pub mod language;
pub mod pages;
pub mod routes;
pub mod view;

pub use config::{CollectorUrl, Config, SiteKey};
pub use routes::router;
