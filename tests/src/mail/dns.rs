//! A DNS server that is not ours, and a library that is not ours which evaluates SPF by it.

use std::process::Command;

use tempfile::TempDir;

use super::{of_tests, python};
use crate::process::{Server, panic_with};

/// A DNS server that answers for everything, by UDP and TCP; of names in a `broken.` it cannot tell (SERVFAIL).
#[derive(Debug)]
pub struct DnsServer {
    server: Server,
    _folder: TempDir,
}

impl DnsServer {
    /// Starts one that holds a zone file.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(zone: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("ashiato-dns-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        let file = folder.path().join("zone");
        std::fs::write(&file, zone).expect("a zone file can be written");
        let mut serve = Command::new(python());
        serve.arg(of_tests("tools.py")).arg("dns").arg(&file);
        let server = Server::start(&mut serve, &folder.path().join("stderr.log"));
        Self { server, _folder: folder }
    }

    /// Where it listens, ADDRESS:PORT.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.url()
    }

    /// What another library says of hosts that send mail of a domain, `IP,DOMAIN` each: `pass`, `fail`, `permerror` …
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn spf(&self, pairs: &[String]) -> Vec<String> {
        let port = self.address().rsplit(':').next().unwrap_or_default();
        let mut check = Command::new(python());
        check.arg(of_tests("tools.py")).args(["spf", port]).args(pairs);
        let output = check.output().expect("Python can be run");
        match serde_json::from_slice(&output.stdout) {
            Ok(said) => said,
            Err(_) => panic_with(&String::from_utf8_lossy(&output.stderr)),
        }
    }
}
