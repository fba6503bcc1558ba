//! What is asked of the provider: where it is spoken to (OpenID Connect Discovery 1.0), the token for a code (RFC 6749
//! §4.1.3), its keys, and whom it means.
//!
//! Nothing is redirected, little is read, and nothing waits long. What a provider answers is shown to nobody.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64ct::Encoding as _;
use consent_core::{page::Address as Web, time::Millis};
use serde::{Deserialize, de::DeserializeOwned};
use ureq::{
    Agent,
    http::{Request, header},
    tls::{Certificate, RootCerts, TlsConfig},
};
use zeroize::Zeroizing;

use super::{
    Begun, Refused,
    token::{self, Address, Expected, KeySet, Person},
};
use crate::clock;

/// How long one answer may take; all of a log-in have twice that, which is less than a browser's call has.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it is believed where the provider is spoken to.
const KNOWN: Duration = Duration::from_secs(300);
/// Bytes of an answer that are read.
const ANSWER: u64 = 256 * 1_024;

/// How a provider is spoken to.
pub struct SignOn {
    issuer: String,
    client: String,
    secret: Option<Zeroizing<String>>,
    name: String,
    agent: Agent,
    known: Mutex<Option<(Duration, Arc<Places>)>>,
}

impl std::fmt::Debug for SignOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignOn").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Where a provider is spoken to.
#[derive(Debug, Deserialize)]
struct Places {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct About {
    sub: String,
    #[serde(flatten)]
    address: Address,
}

/// Why a provider's answer is of no use; for the log.
enum Useless {
    Http(ureq::Error),
    Status(u16),
    Content(&'static str),
}

impl std::fmt::Display for Useless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Status(status) => write!(f, "it answers {status}"),
            Self::Content(what) => f.write_str(what),
        }
    }
}

impl SignOn {
    /// A provider by the name that it gives itself.
    ///
    /// # Errors
    /// Where that is none that is spoken to.
    pub fn new(
        issuer: &str,
        client: &str,
        secret: Option<String>,
        name: Option<String>,
    ) -> Result<Self, String> {
        let host = host_of(issuer).ok_or_else(|| {
            "the issuer is no https address\n  remedy: give --oidc-issuer as the provider's own \
             /.well-known/openid-configuration names it; http goes to this machine alone"
                .to_owned()
        })?;
        Ok(Self {
            name: name.unwrap_or(host),
            issuer: issuer.to_owned(),
            client: client.to_owned(),
            secret: secret.map(Zeroizing::new),
            agent: agent(),
            known: Mutex::default(),
        })
    }

    /// What the provider is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider as it names itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a browser is sent to log in.
    ///
    /// # Errors
    /// Where the provider does not answer.
    pub async fn address(
        self: &Arc<Self>,
        begun: &Begun,
        back: &str,
        language: &str,
    ) -> Result<String, Refused> {
        let places = self.beside(Self::places).await?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", back),
            ("scope", "openid email"),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &begun.challenge()),
            ("code_challenge_method", "S256"),
            ("ui_locales", language),
        ] {
            query.append_pair(name, value);
        }
        let to = &places.authorization_endpoint;
        let mark = if to.contains('?') { '&' } else { '?' };
        Ok(format!("{to}{mark}{}", query.finish()))
    }

    /// Whom the provider names for a code. `answered` is the issuer that stood beside it (RFC 9207).
    ///
    /// # Errors
    /// Where it names nobody that is to be believed.
    pub async fn person(
        self: &Arc<Self>,
        begun: &Begun,
        (code, answered): (String, Option<String>),
        back: &str,
        now: Millis,
    ) -> Result<Person, Refused> {
        let (begun, back) = (begun.clone(), back.to_owned());
        self.beside(move |own| own.ask(&begun, &code, answered.as_deref(), &back, now)).await
    }

    /// What blocks goes beside; it is not waited for longer than a browser waits.
    async fn beside<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Self) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let own = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || ask(&own));
        match tokio::time::timeout(2 * PATIENCE, asked).await {
            Ok(Ok(answer)) => answer,
            _ => {
                tracing::warn!("the OpenID Connect provider is too slow: nobody can log in by it");
                Err(Refused::Down)
            }
        }
    }

    fn ask(
        &self,
        begun: &Begun,
        code: &str,
        answered: Option<&str>,
        back: &str,
        now: Millis,
    ) -> Result<Person, Refused> {
        let places = self.places()?;
        let must = places.authorization_response_iss_parameter_supported;
        if answered.map_or(must, |issuer| issuer != self.issuer) {
            return Err(told(token::Fault::Issuer));
        }
        let tokens = self.tokens(&places, begun, code, back)?;
        let keys: KeySet = self.get(&places.jwks_uri, None, "its keys")?;
        let expected =
            Expected { issuer: &self.issuer, client: &self.client, nonce: &begun.nonce, now };
        let mut person = token::read(&tokens.id_token, &keys, expected).map_err(told)?;
        // Many providers put the address into no token (Core §5.4). Where it cannot be had, who is known gets in.
        if let (None, Some(access), Some(place)) =
            (&person.verified, &tokens.access_token, &places.userinfo_endpoint)
        {
            match self.get::<About>(place, Some(access), "an address") {
                Ok(about) if about.sub == person.subject => {
                    person.verified = about.address.verified();
                }
                Ok(_) => return Err(told(token::Fault::Subject)),
                Err(_) => {}
            }
        }
        Ok(person)
    }

    fn places(&self) -> Result<Arc<Places>, Refused> {
        let now = clock::uptime();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, places)) = known.filter(|(since, _)| now < *since + KNOWN) {
            return Ok(places);
        }
        let base = self.issuer.trim_end_matches('/');
        let address = format!("{base}/.well-known/openid-configuration");
        let places: Places = self.get(&address, None, "where it is spoken to")?;
        if places.issuer != self.issuer {
            return Err(down("where it is spoken to", &Useless::Content("it is another issuer")));
        }
        let own = [&places.authorization_endpoint, &places.token_endpoint, &places.jwks_uri];
        if !own.into_iter().chain(&places.userinfo_endpoint).all(|it| host_of(it).is_some()) {
            return Err(down("where it is spoken to", &Useless::Content("not all is https")));
        }
        let places = Arc::new(places);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((now, Arc::clone(&places)));
        Ok(places)
    }

    fn tokens(
        &self,
        places: &Places,
        begun: &Begun,
        code: &str,
        back: &str,
    ) -> Result<Tokens, Refused> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", back)
            .append_pair("code_verifier", &begun.verifier);
        let mut request = Request::post(&places.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        let methods = &places.token_endpoint_auth_methods_supported;
        let basic = methods.is_empty() || methods.iter().any(|it| it == "client_secret_basic");
        match &self.secret {
            Some(secret) if basic => {
                let escaped =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect();
                let (client, secret): (String, String) = (escaped(&self.client), escaped(secret));
                let pair = Zeroizing::new(format!("{client}:{secret}"));
                let pair = base64ct::Base64::encode_string(pair.as_bytes());
                request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
            }
            Some(secret) => {
                form.append_pair("client_id", &self.client).append_pair("client_secret", secret);
            }
            None => {
                form.append_pair("client_id", &self.client);
            }
        }
        let malformed = |_| down("a token", &Useless::Content("its address cannot be asked for"));
        let request = request.body(form.finish()).map_err(malformed)?;
        read(self.agent.run(request)).map_err(|error| down("a token", &error))
    }

    fn get<T: DeserializeOwned>(
        &self,
        address: &str,
        bearer: Option<&str>,
        what: &'static str,
    ) -> Result<T, Refused> {
        let mut request = Request::get(address).header(header::ACCEPT, "application/json");
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let malformed = |_| down(what, &Useless::Content("its address cannot be asked for"));
        let request = request.body(()).map_err(malformed)?;
        read(self.agent.run(request)).map_err(|error| down(what, &error))
    }
}

fn read<T: DeserializeOwned>(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<T, Useless> {
    let mut answer = answer.map_err(Useless::Http)?;
    if answer.status() != 200 {
        return Err(Useless::Status(answer.status().as_u16()));
    }
    let bytes = answer.body_mut().with_config().limit(ANSWER).read_to_vec();
    let bytes = bytes.map_err(Useless::Http)?;
    serde_json::from_slice(&bytes).map_err(|_| Useless::Content("it is not what was asked for"))
}

fn down(what: &str, error: &Useless) -> Refused {
    tracing::warn!(%error, "the OpenID Connect provider does not tell {what}");
    Refused::Down
}

fn told(fault: token::Fault) -> Refused {
    tracing::warn!(reason = %fault, "an ID token was not believed: nobody was let in");
    Refused::Token(fault)
}

/// The host of an address that a provider may have: by https, or on this machine.
fn host_of(address: &str) -> Option<String> {
    let web = Web::parse(address)?;
    let host = web.host();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let near = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    (address.starts_with("https://") || near).then(|| host.to_owned())
}

/// A client that trusts whom this machine trusts.
fn agent() -> Agent {
    let found = rustls_native_certs::load_native_certs();
    let roots: Vec<_> =
        found.certs.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}
