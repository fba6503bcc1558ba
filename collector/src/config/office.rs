//! How people come into the back office.

use std::{net::SocketAddr, path::PathBuf};

use crate::office::access::{self, Allowed};

/// Who may come into the back office, and by what.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Back office")]
pub struct Office {
    /// Let people log in by this OpenID Connect provider: its issuer, as it names itself. The client's secret stands
    /// in the environment variable `ASHIATO_OIDC_CLIENT_SECRET` or in a file.
    #[arg(long, env = "ASHIATO_OIDC_ISSUER", value_name = "URL", requires = "oidc_client_id")]
    pub oidc_issuer: Option<String>,
    /// What the provider knows the collector by.
    #[arg(long, env = "ASHIATO_OIDC_CLIENT_ID", value_name = "ID", requires = "oidc_issuer")]
    pub oidc_client_id: Option<String>,
    /// A file of mode 0600 that holds the client's secret and nothing else.
    #[arg(long, env = "ASHIATO_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What the log-in page calls the provider [default: the issuer's host].
    #[arg(long, env = "ASHIATO_OIDC_NAME", value_name = "NAME")]
    pub oidc_name: Option<String>,
    /// Close the log-in by password: everybody comes by the provider, or by a link of `ashiato user link`.
    #[arg(long, env = "ASHIATO_NO_PASSWORD_LOG_IN", requires = "oidc_issuer")]
    pub no_password_log_in: bool,
    /// A network from which a role may be used, as in `owner=10.0.0.0/8`; `all=` names one for every role. A role
    /// without any may be used from everywhere. May be given again, in the variable with commas.
    #[arg(long, env = "ASHIATO_OFFICE_ALLOW", value_name = "ROLE=NETWORK", value_delimiter = ',', value_parser = access::rule)]
    pub office_allow: Vec<access::Rule>,
    /// Serve the back office here, beside everything else, and no more at `--listen`.
    #[arg(long, env = "ASHIATO_OFFICE_LISTEN", value_name = "ADDR")]
    pub office_listen: Option<SocketAddr>,
    /// The address by which browsers reach `--office-listen` [default: `http://OFFICE_LISTEN`, `https` with TLS].
    #[arg(long, env = "ASHIATO_OFFICE_URL", value_name = "URL", requires = "office_listen", value_parser = super::public_url)]
    pub office_url: Option<String>,
    /// Take there only browsers with a certificate of this authority (PEM); the others are asked for none.
    #[arg(
        long,
        env = "ASHIATO_OFFICE_CLIENT_CA",
        value_name = "FILE",
        requires = "office_listen",
        requires = "tls_cert"
    )]
    pub office_client_ca: Option<PathBuf>,
}

impl Office {
    /// From where each role may be used.
    #[must_use]
    pub fn allowed(&self) -> Allowed {
        Allowed::of(self.office_allow.clone())
    }
}

/// The variable that holds the secret of the provider's client.
pub const SECRET: &str = "ASHIATO_OIDC_CLIENT_SECRET";

/// The secret of the provider's client, where the environment gives it.
#[must_use]
pub fn oidc_secret() -> Option<String> {
    std::env::var(SECRET).ok().filter(|text| !text.trim().is_empty())
}
