//! The pages, one module each; `layout` is what they share.
//!
//! Pages are words and markup only. None of them holds an inline script or an inline style.

pub mod contact;
pub mod home;
pub mod layout;
pub mod problem;
pub mod product;
pub mod products;
pub mod video;
