//! How the process is set up: flags, and environment variables of the same names.

use std::{net::SocketAddr, path::PathBuf};

/// `ashiato serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "ASHIATO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address by which browsers reach it [default: `http://LISTEN`].
    #[arg(long, env = "ASHIATO_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// The keys file, made on first start with mode 0600.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    pub keys_file: PathBuf,
    /// The consent log's name in its checkpoints, fixed for good at the first start [default: the
    /// public URL's host and `/log`].
    #[arg(long, env = "ASHIATO_LOG_ORIGIN")]
    pub log_origin: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// Which database.
#[derive(Clone, Debug, clap::Args)]
pub struct Database {
    /// The database: sqlite:PATH.
    #[arg(
        long = "database-url",
        env = "ASHIATO_DATABASE_URL",
        default_value = "sqlite:ashiato.db"
    )]
    pub url: String,
}

fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    match consent_core::page::Address::parse(url) {
        Some(address) if address.origin == url => Ok(url.to_owned()),
        _ => {
            Err("write http://HOST or https://HOST, with a port if need be, and no path".to_owned())
        }
    }
}
