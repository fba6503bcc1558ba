//! By what mail leaves: an SMTP server, or a folder for who tries things out.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        response::Code,
    },
};
use tokio::time::timeout;

/// How long a mail server may think about one command.
const COMMAND: Duration = Duration::from_secs(30);
/// How long it may take for one mail. A lease is longer.
const WHOLE: Duration = Duration::from_secs(120);

/// By what mail leaves.
#[derive(Clone, Debug)]
pub enum Transport {
    /// An SMTP server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// A folder.
    Folder(AsyncFileTransport<Tokio1Executor>),
}

/// Mail cannot leave by what was named.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address of the server is not one.
    #[error("--smtp-url: {0}\n  remedy: {1}")]
    Url(String, &'static str),
    /// The folder is none.
    #[error("--mail-dir: {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Why a mail was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untaken {
    /// Of a fixed list.
    pub(super) reason: &'static str,
    /// What the server answered; its words are not kept.
    pub(super) code: Option<u16>,
    /// Whether another try makes no sense.
    pub(super) for_good: bool,
    /// Whether other mail would fare no better now.
    pub(super) all: bool,
}

const EXAMPLE: &str =
    "write smtps://HOST (TLS from the start, port 465) or smtp://HOST (STARTTLS, port 587)";

impl Transport {
    /// By an SMTP server: `smtps://HOST[:PORT]`, or `smtp://HOST[:PORT]` with STARTTLS, without which nothing is
    /// sent. On this machine itself, and with `?tls=none`, as it is.
    ///
    /// # Errors
    /// Where the address is not one, has a password in it, or would send one in the clear.
    pub fn smtp(url: &str, login: Option<(String, String)>) -> Result<Self, TransportError> {
        let wrong = |why: &str, remedy| TransportError::Url(why.to_owned(), remedy);
        let (url, bare) = match url.strip_suffix("?tls=none") {
            Some(url) => (url, true),
            None => (url, false),
        };
        let Some((scheme @ ("smtp" | "smtps"), rest)) = url.split_once("://") else {
            return Err(wrong("it is no address of an SMTP server", EXAMPLE));
        };
        if rest.contains('@') {
            return Err(wrong(
                "it holds a login, which everybody on the machine could see",
                "put name and password into the environment variables ASHIATO_SMTP_USER and ASHIATO_SMTP_PASSWORD",
            ));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                let port = port.parse::<u16>().ok().filter(|port| *port > 0);
                (host, Some(port.ok_or_else(|| wrong("its port is none", EXAMPLE))?))
            }
            _ => (rest, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
            return Err(wrong("it has more or less than a host and a port", EXAMPLE));
        }
        let local = matches!(host, "localhost" | "127.0.0.1" | "::1");
        if bare && !local && login.is_some() {
            return Err(wrong(
                "with tls=none the password would be sent in the clear",
                "leave ?tls=none out, or the password where the server asks for none",
            ));
        }
        let parameters = || {
            TlsParameters::new(host.to_owned()).map_err(|_| {
                wrong(
                    "the system's certificates cannot be read",
                    "install ca-certificates, or name them by SSL_CERT_FILE",
                )
            })
        };
        let (tls, usual) = match scheme {
            "smtps" => (Tls::Wrapper(parameters()?), 465),
            _ if local || bare => (Tls::None, 25),
            _ => (Tls::Required(parameters()?), 587),
        };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port.unwrap_or(usual))
            .tls(tls)
            .timeout(Some(COMMAND));
        if let Some((user, password)) = login {
            server = server.credentials(Credentials::new(user, password));
        }
        Ok(Self::Smtp(server.build()))
    }

    /// Into a folder, a file for each mail; it is made where it does not exist.
    ///
    /// # Errors
    /// Where it cannot be.
    pub fn folder(path: &Path) -> Result<Self, TransportError> {
        let failed = |source| TransportError::Folder { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        Ok(Self::Folder(AsyncFileTransport::new(path)))
    }

    /// Hands a mail over.
    pub(super) async fn send(&self, mail: Message) -> Result<(), Untaken> {
        let later = |reason| Untaken { reason, code: None, for_good: false, all: true };
        let sent = async {
            match self {
                Self::Folder(folder) => match folder.send(mail).await {
                    Ok(_) => Ok(()),
                    Err(_) => Err(later("folder")),
                },
                Self::Smtp(server) => match server.send(mail).await {
                    Ok(_) => Ok(()),
                    Err(error) => match error.status() {
                        Some(code) => Err(answered(code, error.is_permanent())),
                        None if error.is_timeout() => Err(later("timeout")),
                        None if error.is_tls() => Err(later("tls")),
                        None if error.is_client() => Err(later("unsupported")),
                        None if error.is_response() => Err(later("unreadable")),
                        None => Err(later("unreachable")),
                    },
                },
            }
        };
        timeout(WHOLE, sent).await.unwrap_or_else(|_| Err(later("timeout")))
    }
}

/// What an answer of the server means: a login that it does not take is no fault of the mail.
fn answered(code: Code, permanent: bool) -> Untaken {
    let number = u16::from(code);
    let (reason, for_good, all) = match number {
        530 | 534 | 535 | 538 | 454 => ("login", false, true),
        421 => ("busy", false, true),
        _ if permanent => ("refused", true, false),
        _ => ("busy", false, false),
    };
    Untaken { reason, code: Some(number), for_good, all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_spoken_to_in_the_clear_only_where_that_is_asked_for_or_here() {
        let login = || Some(("user".to_owned(), "word".to_owned()));
        for good in [
            "smtps://mail.example",
            "smtp://mail.example:2525/",
            "smtp://127.0.0.1:25",
            "smtp://[::1]:25",
        ] {
            assert!(Transport::smtp(good, login()).is_ok(), "{good}");
        }
        assert!(Transport::smtp("smtp://relay?tls=none", None).is_ok());
        for (bad, said) in [
            ("smtp://relay?tls=none", "in the clear"),
            ("smtp://a:b@mail.example", "ASHIATO_SMTP_PASSWORD"),
            ("http://mail.example", "smtps://HOST"),
            ("mail.example:25", "smtps://HOST"),
            ("smtp://", "host"),
            ("smtp://mail.example:0", "port"),
            ("smtp://mail.example/path?x", "host"),
        ] {
            let error = Transport::smtp(bad, login()).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("a:b"), "{bad}: {error}");
        }
    }
}
