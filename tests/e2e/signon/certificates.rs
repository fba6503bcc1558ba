//! A back office that takes only browsers with a certificate, at an address of its own.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use ashiato_tests::{Collector, Data, collector::UNLIMITED, process::ashiato};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// An authority, and a certificate with its key that it has issued.
struct Authority {
    pem: String,
    issued: (CertificateDer<'static>, PrivateKeyDer<'static>),
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["mika".to_owned()]).unwrap();
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let certificate = params.signed_by(&own, &issuer).unwrap();
    let key = PrivateKeyDer::from_pem_slice(own.serialize_pem().as_bytes()).unwrap();
    Authority { pem, issued: (certificate.der().clone(), key) }
}

/// What is answered to somebody with that certificate, or with none.
fn get(
    server: &str,
    address: &str,
    path: &str,
    own: Option<&Authority>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        Some(Authority { issued: (certificate, key), .. }) => {
            config.with_client_auth_cert(vec![certificate.clone()], key.clone_key()).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap());
    let mut stream = StreamOwned::new(connection.unwrap(), TcpStream::connect(address)?);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn the_back_office_takes_browsers_of_an_authority_alone_and_visitors_are_asked_for_nothing() {
    let data = Data::new();
    let (ours, theirs) = (authority("Ours"), authority("Theirs"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let server = made.cert.pem();
    let path = |name: &str| data.path(name).display().to_string();
    std::fs::write(path("cert.pem"), &server).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("ca.pem"), &ours.pem).unwrap();
    let (cert, key, ca) = (path("cert.pem"), path("key.pem"), path("ca.pem"));
    let given = [
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--office-listen",
        "127.0.0.1:0",
        "--office-client-ca",
        &ca,
    ];
    let flags: Vec<_> = UNLIMITED.iter().chain(&given).copied().collect();
    let mut collector = Collector::start_with(&data, &flags);
    let line = collector.next_line();
    let office = line.strip_prefix("the back office listens on https://").unwrap().to_owned();
    let link = collector.next_line();
    assert!(link.contains(&format!("https://{office}/office/link/")), "{link}");

    let login = "/office/login";
    let answer = get(&server, &office, login, Some(&ours)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(get(&server, &office, login, None).is_err(), "without a certificate");
    assert!(get(&server, &office, login, Some(&theirs)).is_err(), "of another authority");
    // Its pages lead to what is public, which is there too.
    let answer = get(&server, &office, "/s/shop/policy", Some(&ours)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let public = collector.authority().to_owned();
    let answer = get(&server, &public, "/s/shop/ashiato.js", None).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = get(&server, &public, login, Some(&ours)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    collector.stop();
}

#[test]
fn an_address_of_its_own_needs_no_certificates() {
    let data = Data::new();
    let flags: Vec<_> =
        UNLIMITED.iter().chain(&["--office-listen", "127.0.0.1:0"]).copied().collect();
    let mut collector = Collector::start_with(&data, &flags);
    let line = collector.next_line();
    let office = line.strip_prefix("the back office listens on http://").unwrap();
    let mut stream = TcpStream::connect(office).unwrap();
    write!(stream, "GET /office/login HTTP/1.1\r\nHost: {office}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(collector.get("/office/login").status, 404);
    collector.stop();
}

#[test]
fn what_is_no_authority_is_refused_at_start() {
    let data = Data::empty_on_sqlite();
    let (url, keys) = (data.database_url(), data.path("keys").display().to_string());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let path = |name: &str| data.path(name).display().to_string();
    std::fs::write(path("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("empty.pem"), "nothing").unwrap();
    let (cert, key, none, empty) =
        (path("cert.pem"), path("key.pem"), path("none.pem"), path("empty.pem"));
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--keys-file", &keys];
    let tls = ["--tls-cert", &cert, "--tls-key", &key];
    for (more, said) in [
        ([&tls[..], &["--office-client-ca", &none]].concat(), "--office-listen"),
        (vec!["--office-listen", "127.0.0.1:0", "--office-client-ca", &none], "--tls-cert"),
        (
            [&tls[..], &["--office-listen", "127.0.0.1:0", "--office-client-ca", &none]].concat(),
            "none.pem",
        ),
        (
            [&tls[..], &["--office-listen", "127.0.0.1:0", "--office-client-ca", &empty]].concat(),
            "empty.pem",
        ),
    ] {
        let given: Vec<_> = serve.iter().chain(&more).map(|it| (*it).to_owned()).collect();
        let answer = ashiato(&given);
        assert!(!answer.status.success() && answer.err.contains(said), "{said}: {}", answer.err);
    }
}
