//! The collector: it stores only what the recorded consent allows, and answers for it.
//!
//! Requests come in by `routes`, are verified and decided by `intake`, and reach the database by
//! `store`, which takes what the gate has permitted and nothing else. Imports run that way only.

pub mod analysis;
pub mod bots;
pub mod cli;
pub mod client;
pub mod clock;
pub mod columns;
pub mod config;
pub mod device;
pub mod domains;
pub mod error;
pub mod export;
pub mod intake;
pub mod keys;
pub mod limits;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod office;
pub mod openapi;
pub mod proxy;
pub mod query;
pub mod refusals;
pub mod routes;
pub mod session;
pub mod site;
pub mod sites;
pub mod store;
pub mod tls;
pub mod transparency;
pub mod webhooks;
