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
    /// The keys file, made on first start with mode 0600. Its content may be given in the
    /// environment variable `ASHIATO_KEYS` instead; no file is read then.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    pub keys_file: PathBuf,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// The variable that holds the content of a keys file. It has no flag: what stands on a command line
/// is seen by everybody on the machine.
pub const KEYS: &str = "ASHIATO_KEYS";

/// The content of a keys file, where the environment gives it.
#[must_use]
pub fn keys_text() -> Option<String> {
    std::env::var(KEYS).ok().filter(|text| !text.trim().is_empty())
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
