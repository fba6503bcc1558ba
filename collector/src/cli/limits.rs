//! What callers may have, from the flags.

use std::{sync::Arc, time::Duration};

use crate::{config, limits::Limits, proxy::Proxies, routes::listen::Bounds};

/// Open files that are not connections: the database, the log, what is read now and then.
#[cfg(unix)]
const OTHER_FILES: u32 = 100;

/// How much may be called, and who is believed about whose call it is.
pub(super) fn of_calls(flags: &config::Limits) -> (Arc<Limits>, Arc<Proxies>) {
    let limits = Limits::new(flags.rate_per_address, flags.rate_per_session, flags.rate_per_site);
    let proxies = Proxies { trusted: flags.trusted_proxy.clone(), header: flags.proxy_header };
    (Arc::new(limits), Arc::new(proxies))
}

/// What connections may have. There are no more than this process can open.
pub(super) fn bounds(flags: &config::Limits) -> Bounds {
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    Bounds {
        connections: usize::try_from(possible(flags.max_connections)).unwrap_or(usize::MAX),
        head: seconds(flags.header_timeout),
        body: seconds(flags.body_timeout),
        idle: seconds(flags.idle_timeout),
    }
}

/// As many connections as are asked for, or as many as this process may have open; it is allowed all
/// that the system lets it allow itself.
#[cfg(unix)]
fn possible(asked: u32) -> u32 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let files = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit }.current;
    let possible = files.map_or(u32::MAX, |files| u32::try_from(files).unwrap_or(u32::MAX));
    let possible = possible.saturating_sub(OTHER_FILES).max(1);
    if possible < asked {
        tracing::warn!(
            asked,
            possible,
            "this process may not open files enough for so many connections; raise the limit (ulimit -n)"
        );
    }
    asked.min(possible)
}

#[cfg(not(unix))]
fn possible(asked: u32) -> u32 {
    asked
}
