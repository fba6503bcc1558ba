//! How the process is set up: flags, and environment variables of the same names.

use std::{net::SocketAddr, path::PathBuf};

/// `ashiato serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "ASHIATO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address by which browsers reach it [default: `http://LISTEN`, `https` with TLS].
    #[arg(long, env = "ASHIATO_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// The keys file, made on first start with mode 0600.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    pub keys_file: PathBuf,
    /// Where Prometheus gets the figures (`/metrics`); off unless given. Not for the world to see.
    #[arg(long, env = "ASHIATO_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
    /// How the log is written.
    #[arg(long, env = "ASHIATO_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Speak TLS with this certificate and its chain (PEM); read again when it changes.
    #[arg(long, env = "ASHIATO_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, env = "ASHIATO_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Seconds to answer on after a signal to stop, while /readyz says that it is not ready.
    #[arg(long, env = "ASHIATO_STOP_DELAY", value_name = "SECONDS", default_value_t = 0)]
    pub stop_delay: u64,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line.
    Json,
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
