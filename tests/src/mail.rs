//! A mail server that is not ours, and what a library that is not ours says of the mail that it took: Python's
//! aiosmtpd and dkimpy, in a folder of the build's own (`tests/mail/requirements.txt`).

mod dns;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;
use tempfile::TempDir;

pub use self::dns::DnsServer;
use crate::{
    process::{Server, panic_with},
    python,
};

/// The Python that has the tools.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| python::with_tools("mail"))
}

fn of_tests(name: &str) -> PathBuf {
    python::of_tests("mail", name)
}

/// An SMTP server.
#[derive(Debug)]
pub struct MailServer {
    server: Server,
    folder: TempDir,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with these flags of `tests/mail/tools.py`.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_with(flags: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("ashiato-mail-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        let mut serve = Command::new(python());
        serve.arg(of_tests("tools.py")).arg("serve").arg(folder.path()).args(flags);
        let server = Server::start(&mut serve, &folder.path().join("stderr.log"));
        Self { server, folder }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Whether a mail is being taken that will not be.
    #[must_use]
    pub fn is_hanging(&self) -> bool {
        self.folder.path().join("hanging").is_file()
    }

    /// The files of what it took, the first first.
    ///
    /// # Panics
    /// Where its folder cannot be read.
    #[must_use]
    pub fn taken(&self) -> Vec<PathBuf> {
        mails(self.folder.path())
    }

    /// Who a mail was from and to, as the server was told.
    ///
    /// # Panics
    /// Where that was not written down.
    #[must_use]
    pub fn envelope(mail: &Path) -> Value {
        let text = fs::read_to_string(mail.with_extension("json"));
        serde_json::from_str(&text.expect("an envelope is beside its mail")).expect("it is JSON")
    }
}

/// The mails in a folder.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn mails(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut mails: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "eml")).collect();
    mails.sort();
    mails
}

/// What a mail holds, and whether its signature is right by that record of the DNS.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn read(mail: &Path, name: &str, record: &str) -> Value {
    let mut read = Command::new(python());
    read.arg(of_tests("tools.py")).arg("read").arg(mail).args([name, record]);
    let output = read.output().expect("Python can be run");
    match serde_json::from_slice(&output.stdout) {
        Ok(said) => said,
        Err(_) => panic_with(&String::from_utf8_lossy(&output.stderr)),
    }
}
