//! How the process is set up: flags, and environment variables of the same names.

mod office;

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

pub use office::{Office, SECRET, oidc_secret};

use crate::{proxy, store::accounts::Role};

/// `ashiato serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "ASHIATO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address by which browsers reach it [default: `http://LISTEN`, `https` with TLS].
    #[arg(long, env = "ASHIATO_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// The keys file, made on first start with mode 0600. Its content may be given in the
    /// environment variable `ASHIATO_KEYS` instead; no file is read then.
    #[arg(long, env = "ASHIATO_KEYS_FILE", default_value = "ashiato-keys.toml")]
    pub keys_file: PathBuf,
    /// The consent log's name in its checkpoints, fixed for good at the first start [default: the
    /// public URL's host and `/log`].
    #[arg(long, env = "ASHIATO_LOG_ORIGIN", value_name = "NAME")]
    pub log_origin: Option<String>,
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
    /// What SQLite waits for before a call is acknowledged. With `normal` the last moments before a power
    /// failure may be lost, though they were acknowledged; a crash of the collector alone loses nothing.
    #[arg(
        long,
        env = "ASHIATO_SQLITE_SYNCHRONOUS",
        value_enum,
        default_value_t = Synchronous::Full
    )]
    pub sqlite_synchronous: Synchronous,
    /// By what mail leaves.
    #[command(flatten)]
    pub mail: Mail,
    /// Let webhooks go to private addresses, any port, and by http: for receivers inside one's own network.
    #[arg(long, env = "ASHIATO_ALLOW_PRIVATE_WEBHOOKS")]
    pub allow_private_webhooks: bool,
    /// A role that has to log in with a second factor; with commas between them, or given again. Whoever has none sets
    /// one up before they see anything else.
    #[arg(long, env = "ASHIATO_SECOND_FACTOR", value_name = "ROLE", value_delimiter = ',')]
    pub second_factor: Vec<Role>,
    /// Who may come into the back office, and by what.
    #[command(flatten)]
    pub office: Office,
    /// What callers may have.
    #[command(flatten)]
    pub limits: Limits,
}

/// By what mail leaves. Without either flag mail waits.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Mail")]
pub struct Mail {
    /// The mail server: `smtps://HOST`, or `smtp://HOST` with STARTTLS. Name and password stand in the environment
    /// variables `ASHIATO_SMTP_USER` and `ASHIATO_SMTP_PASSWORD`.
    #[arg(long, env = "ASHIATO_SMTP_URL", value_name = "URL")]
    pub smtp_url: Option<String>,
    /// Write mail into this folder, a file each, in place of sending it; to try things out.
    #[arg(long, env = "ASHIATO_MAIL_DIR", value_name = "DIR", conflicts_with = "smtp_url")]
    pub mail_dir: Option<PathBuf>,
}

/// Name and password at the mail server. They have no flag: what stands on a command line is seen by everybody on the
/// machine.
///
/// # Errors
/// Where only one of the two is there, its name.
pub fn smtp_login() -> Result<Option<(String, String)>, &'static str> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable("ASHIATO_SMTP_USER"), variable("ASHIATO_SMTP_PASSWORD")) {
        (Some(user), Some(password)) => Ok(Some((user, password))),
        (None, None) => Ok(None),
        (Some(_), None) => Err("ASHIATO_SMTP_PASSWORD"),
        (None, Some(_)) => Err("ASHIATO_SMTP_USER"),
    }
}

/// What is waited for before a call is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Synchronous {
    /// That it is on disk.
    #[default]
    Full,
    /// That it is handed to the system.
    Normal,
}

/// What callers may have.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Calls a second from one address, in the long run; ten seconds' worth may come at once. 0: no
    /// limit.
    #[arg(long, env = "ASHIATO_RATE_PER_ADDRESS", default_value_t = 200)]
    pub rate_per_address: u32,
    /// The same under one visitor's session.
    #[arg(long, env = "ASHIATO_RATE_PER_SESSION", default_value_t = 20)]
    pub rate_per_session: u32,
    /// The same from all pages of one site.
    #[arg(long, env = "ASHIATO_RATE_PER_SITE", default_value_t = 5_000)]
    pub rate_per_site: u32,
    /// A proxy in front of the collector, by address or network: it is believed about whose call it
    /// is. May be given again, in the variable with commas.
    #[arg(long, env = "ASHIATO_TRUSTED_PROXY", value_delimiter = ',', value_parser = proxy::network)]
    pub trusted_proxy: Vec<IpNet>,
    /// The header in which trusted proxies say it.
    #[arg(long, env = "ASHIATO_PROXY_HEADER", value_enum, default_value_t = proxy::Header::XForwardedFor)]
    pub proxy_header: proxy::Header,
    /// Connections at once. Beyond them one that waits makes room for a new one.
    #[arg(long, env = "ASHIATO_MAX_CONNECTIONS", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// Seconds that the head of a request may take.
    #[arg(long, env = "ASHIATO_HEADER_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub header_timeout: u32,
    /// Seconds that a body may take.
    #[arg(long, env = "ASHIATO_BODY_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub body_timeout: u32,
    /// Seconds that a connection is kept between requests; more than proxies in front of it keep it.
    #[arg(long, env = "ASHIATO_IDLE_TIMEOUT", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle_timeout: u32,
}

/// The variable that holds the content of a keys file. It has no flag: what stands on a command line
/// is seen by everybody on the machine.
pub const KEYS: &str = "ASHIATO_KEYS";

/// The content of a keys file, where the environment gives it.
#[must_use]
pub fn keys_text() -> Option<String> {
    std::env::var(KEYS).ok().filter(|text| !text.trim().is_empty())
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
    /// The database: sqlite:PATH, or `postgres://USER@HOST/DATABASE` for several collectors at once.
    #[arg(
        long = "database-url",
        env = "ASHIATO_DATABASE_URL",
        default_value = "sqlite:ashiato.db"
    )]
    pub url: String,
}

/// Reads an address by which browsers reach the collector.
///
/// # Errors
/// Where it is none, for who gave it.
pub fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    match consent_core::page::Address::parse(url) {
        Some(address) if address.origin == url => Ok(url.to_owned()),
        _ => {
            Err("write http://HOST or https://HOST, with a port if need be, and no path".to_owned())
        }
    }
}
