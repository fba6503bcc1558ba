//! The log: lines on standard error, as text or as JSON.
//!
//! It has no personal data at any level. So other crates' lines below warnings are left out, whatever
//! `ASHIATO_LOG` says: what they tell there is theirs, and may be what a caller sent.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt as _};

use crate::config::LogFormat;

/// From here on what is logged is written.
pub(super) fn start(format: LogFormat) -> Result<(), SetGlobalDefaultError> {
    let chosen = EnvFilter::try_from_env("ASHIATO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::registry().with(chosen).with(filter_fn(is_ours));
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => tracing::subscriber::set_global_default(
            lines.with(layer.with_ansi(std::io::stderr().is_terminal())),
        ),
        LogFormat::Json => tracing::subscriber::set_global_default(
            lines.with(layer.json().flatten_event(true).with_span_list(false)),
        ),
    }
}

fn is_ours(line: &Metadata<'_>) -> bool {
    line.target().starts_with("ashiato") || *line.level() <= Level::WARN
}
