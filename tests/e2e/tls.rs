//! TLS by the collector itself, with files that are exchanged while it runs.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use ashiato_tests::{Collector, Data, process::ashiato, wait_for};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// A certificate for `localhost` that nobody else has, and its key, in PEM.
pub(crate) struct Made {
    certificate: String,
    key: String,
}

pub(crate) fn make() -> Made {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    Made { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

impl Made {
    fn write(&self, data: &Data) {
        std::fs::write(data.path("cert.pem"), &self.certificate).unwrap();
        std::fs::write(data.path("key.pem"), &self.key).unwrap();
    }

    /// A collector with this certificate, and these flags.
    pub(crate) fn start(&self, data: &Data, more: &[&str]) -> Collector {
        self.write(data);
        let flags = flags(data);
        let flags: Vec<_> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Collector::start_with(data, &flags)
    }

    /// What is answered to somebody who trusts this certificate alone.
    pub(crate) fn get(&self, collector: &Collector, path: &str) -> std::io::Result<String> {
        let mut stream =
            StreamOwned::new(self.caller(), TcpStream::connect(collector.authority())?);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8(answer).unwrap())
    }

    /// What somebody who trusts this certificate alone says first.
    pub(crate) fn hello(&self) -> Vec<u8> {
        let mut hello = Vec::new();
        self.caller().write_tls(&mut hello).unwrap();
        hello
    }

    fn caller(&self) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
    }
}

fn flags(data: &Data) -> Vec<String> {
    let path = |name: &str| data.path(name).display().to_string();
    vec!["--tls-cert".into(), path("cert.pem"), "--tls-key".into(), path("key.pem")]
}

#[test]
fn the_collector_speaks_tls_and_tells_browsers_to_use_nothing_else() {
    let data = Data::new();
    let made = make();
    let mut collector = made.start(&data, &[]);
    // Somebody who never says anything holds up nobody.
    let silent = TcpStream::connect(collector.authority()).unwrap();
    let answer = made.get(&collector, "/healthz").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    assert!(make().get(&collector, "/healthz").is_err(), "another certificate is not this one");
    collector.stop();
    drop(silent);

    let plain = Collector::start(&data);
    assert_eq!(plain.get("/healthz").header("strict-transport-security"), "");
}

#[test]
fn a_certificate_is_exchanged_while_it_runs_and_a_broken_one_is_not_taken() {
    let data = Data::new();
    let (first, second) = (make(), make());
    let collector = first.start(&data, &[]);
    assert!(first.get(&collector, "/healthz").is_ok());

    std::fs::write(data.path("cert.pem"), "not a certificate").unwrap();
    collector.hang_up();
    wait_for("a word about the broken file", || {
        collector.log().contains("the certificate before stays in force").then_some(())
    });
    assert!(collector.log().contains("cert.pem"), "{}", collector.log());
    assert!(!collector.log().contains(first.key.lines().nth(1).unwrap()));
    assert!(first.get(&collector, "/healthz").is_ok(), "what was in force stays");

    second.write(&data);
    collector.hang_up();
    wait_for("the new certificate", || second.get(&collector, "/healthz").ok());
    assert!(first.get(&collector, "/healthz").is_err(), "the old one is not shown any more");
}

#[test]
fn a_certificate_without_its_key_is_refused_at_start() {
    let data = Data::new();
    make().write(&data);
    std::fs::write(data.path("key.pem"), make().key).unwrap();
    let (url, keys) = (data.database_url(), data.path("keys").display().to_string());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--keys-file", &keys];
    let serve: Vec<_> = serve.map(str::to_owned).to_vec();
    let said = ashiato(serve.iter().chain(&flags(&data)));
    assert!(!said.status.success(), "{said:?}");
    assert!(said.err.contains("key.pem") && said.err.contains("remedy"), "{}", said.err);
    let said = ashiato(serve.iter().chain(&flags(&data)[..2]));
    assert!(said.err.contains("--tls-key"), "{}", said.err);
}
