//! TLS by rustls: one certificate for every name, exchanged while connections go on.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
        server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

/// How often the files are looked at.
pub const REFRESH: Duration = Duration::from_secs(60);
/// How long a caller may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why the files are not taken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the {what} {}: {source}", path.display())]
    File {
        /// Which of them.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error(
        "the {what} {} is not taken: {reason}\n  remedy: give PEM files, the certificate with its chain, the server's own first",
        path.display()
    )]
    Content {
        /// Which of them.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The two are not of one another, or rustls knows no such key.
    #[error(
        "the certificate {} and the key {} are not taken: {reason}\n  remedy: give the key for which the certificate was issued",
        certificate.display(), key.display()
    )]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        reason: rustls::Error,
    },
}

/// The files in PEM.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What the files hold.
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    fn hash(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(&self.certificate)
            .chain_update([0])
            .chain_update(&self.key)
            .finalize()
            .into()
    }
}

/// Agrees on keys with callers.
#[derive(Clone)]
pub struct Acceptor {
    files: Files,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

/// The certificate in force, and the hash of the files that it is from. Sessions that callers resume
/// outlive it: they were agreed with this server.
#[derive(Debug)]
struct Current(RwLock<(Arc<CertifiedKey>, [u8; 32])>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptor").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Acceptor {
    /// An acceptor with the certificate and key of two PEM files.
    ///
    /// # Errors
    /// Where they cannot be read, or do not belong together.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let provider = Arc::new(ring::default_provider());
        let content = files.read()?;
        let pair = files.pair(&content, &provider)?;
        let current = Arc::new(Current(RwLock::new((Arc::new(pair), content.hash()))));
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|reason| files.refused(reason))?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files, current, config: Arc::new(config) })
    }

    /// The same certificate, for callers who show one of their own that an authority in a PEM file has issued. It is
    /// asked for in the handshake: no request of anybody else is read.
    ///
    /// # Errors
    /// Where the file cannot be read, or holds no certificate.
    pub fn asking(&self, authority: &Path) -> Result<Self, TlsError> {
        let what = "authority";
        let path = authority.to_owned();
        let pem = fs::read(authority).map_err(|source| TlsError::File { what, path, source })?;
        let refused =
            |reason: String| TlsError::Content { what, path: authority.to_owned(), reason };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| refused(error.to_string()))?;
            roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        }
        let provider = Arc::clone(self.config.crypto_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.build().map_err(|error| refused(error.to_string()))?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|reason| self.files.refused(reason))?;
        let resolver = Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>;
        let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
        config.alpn_protocols.clone_from(&self.config.alpn_protocols);
        let (files, current) = (self.files.clone(), Arc::clone(&self.current));
        Ok(Self { files, current, config: Arc::new(config) })
    }

    /// Agrees on keys with a caller.
    ///
    /// # Errors
    /// Where that fails, or takes longer than ten seconds.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        tokio::time::timeout(HANDSHAKE, acceptor.accept(stream))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads the files again; whether they held something new. On an error what was in force stays.
    ///
    /// # Errors
    /// Where the files cannot be read, or do not belong together, as while only one of them is exchanged.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let content = self.files.read()?;
        if self.current.0.read().unwrap_or_else(PoisonError::into_inner).1 == content.hash() {
            return Ok(false);
        }
        let pair = self.files.pair(&content, self.config.crypto_provider())?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = (Arc::new(pair), content.hash());
        Ok(true)
    }
}

impl Files {
    fn read(&self) -> Result<Content, TlsError> {
        let read = |what, path: &Path| {
            let path = path.to_owned();
            fs::read(&path).map_err(|source| TlsError::File { what, path, source })
        };
        Ok(Content {
            certificate: read("certificate", &self.certificate)?,
            key: read("key", &self.key)?,
        })
    }

    fn pair(
        &self,
        Content { certificate, key }: &Content,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, TlsError> {
        let refused = |what, path: &Path, error: &pem::Error| {
            let (path, reason) = (path.to_owned(), error.to_string());
            TlsError::Content { what, path, reason }
        };
        let chain = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<Vec<_>, _>>()
            .and_then(
                |chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) },
            )
            .map_err(|error| refused("certificate", &self.certificate, &error))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| refused("key", &self.key, &error))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|reason| self.refused(reason))
    }

    fn refused(&self, reason: rustls::Error) -> TlsError {
        let Self { certificate, key } = self.clone();
        TlsError::Pair { certificate, key, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    fn shown(acceptor: &Acceptor) -> Vec<u8> {
        acceptor.current.0.read().unwrap().0.cert[0].to_vec()
    }

    #[test]
    fn files_that_change_are_taken_and_broken_ones_leave_what_was_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), "one.example");
        let acceptor = Acceptor::open(&certificate, &key).unwrap();
        let first = shown(&acceptor);
        assert!(!acceptor.reload().unwrap(), "nothing has changed");

        let old_key = fs::read(&key).unwrap();
        write(folder.path(), "two.example");
        let new_key = fs::read(&key).unwrap();
        fs::write(&key, &old_key).unwrap();
        assert!(matches!(acceptor.reload(), Err(TlsError::Pair { .. })), "only one is exchanged");
        for broken in ["", "-----BEGIN CERTIFICATE-----\nAA\n"] {
            fs::write(&key, broken).unwrap();
            let error = acceptor.reload().unwrap_err().to_string();
            assert!(error.contains("key.pem") && error.contains("remedy"), "{error}");
        }
        assert_eq!(shown(&acceptor), first);

        fs::write(&key, &new_key).unwrap();
        assert!(acceptor.reload().unwrap());
        assert_ne!(shown(&acceptor), first);
    }

    #[test]
    fn files_that_hold_something_else_are_named_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), "one.example");
        let error = |certificate: &Path, key: &Path| {
            Acceptor::open(certificate, key).unwrap_err().to_string()
        };
        assert!(error(&folder.path().join("none.pem"), &key).contains("none.pem"));
        let swapped = error(&key, &certificate);
        assert!(swapped.contains("key.pem") && swapped.contains("remedy"), "{swapped}");
    }
}
