//! End to end, without a browser: the wire, hostile callers, crashes, races and the command line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod analysis;
mod audit;
mod cli;
#[cfg(target_os = "linux")]
mod clock;
mod cookies;
mod crash;
mod crm;
mod demo;
mod devices;
mod erasure;
mod events;
mod exports;
mod factors;
mod forms;
mod ground;
mod groups;
mod hostile;
mod import;
mod jar;
mod keys;
mod leads;
mod lists;
mod log;
mod logs;
mod mail;
mod me;
mod metrics;
mod now;
mod office;
mod openapi;
mod oversight;
mod passkeys;
mod policy;
mod queries;
mod race;
mod readiness;
mod receipts;
mod refusals;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod retention;
mod sealed;
mod segmented;
mod setup;
mod several;
mod signon;
mod silence;
mod site;
mod storage;
mod subject;
mod tls;
mod upgrade;
mod webhooks;
mod wire;
