//! An OpenID Connect provider that says what a test tells it to: for what a real one never does. The real one is in
//! tests/browser/provider.test.mjs.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) const CLIENT: &str = "ashiato";
pub(super) const SECRET: &str = "s3cret:/+";

/// What the provider is to say.
#[derive(Clone)]
pub(super) struct Mood {
    /// The claims of the next ID token, beside those that are right.
    pub(super) claims: Value,
    /// The head of the next ID token.
    pub(super) head: Value,
    /// By which key it is signed: the first is in the set.
    pub(super) key: u8,
    /// Whether the signature is left out.
    pub(super) unsigned: bool,
    /// Whom it says that it is.
    pub(super) issuer: Option<String>,
    /// What the page about people says.
    pub(super) about: Value,
    /// Status of the answer to a code.
    pub(super) status: u16,
    /// Whether nothing is answered at all to a code.
    pub(super) silent: bool,
    /// What log-in it is: nonce and challenge.
    pub(super) asked: (String, String),
}

impl Default for Mood {
    fn default() -> Self {
        Self {
            claims: json!({}),
            head: json!({ "alg": "EdDSA", "kid": "1" }),
            key: 1,
            unsigned: false,
            issuer: None,
            about: json!({}),
            status: 200,
            silent: false,
            asked: Default::default(),
        }
    }
}

/// The provider, until it is dropped.
pub(super) struct Provider {
    pub(super) issuer: String,
    mood: Arc<Mutex<Mood>>,
    /// Connections that are kept waiting.
    _kept: mpsc::Receiver<TcpStream>,
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

impl Provider {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let mood = Arc::new(Mutex::new(Mood::default()));
        let (own, said) = (issuer.clone(), Arc::clone(&mood));
        let (keep, kept) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mood = said.lock().unwrap().clone();
                let Some((line, headers, body)) = read(&stream) else { continue };
                if mood.silent && line.starts_with("POST") {
                    if keep.send(stream).is_err() {
                        return;
                    }
                    continue;
                }
                let (status, answer) = answer(&own, &mood, &line, &headers, &body);
                let text = answer.to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    text.len()
                );
                stream.write_all((head + &text).as_bytes()).unwrap_or_default();
            }
        });
        Self { issuer, mood, _kept: kept }
    }

    pub(super) fn say(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

fn read(stream: &TcpStream) -> Option<(String, String, String)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((line, headers, String::from_utf8(body).ok()?))
}

fn answer(own: &str, mood: &Mood, line: &str, headers: &str, body: &str) -> (u16, Value) {
    let path = line.split(' ').nth(1).unwrap_or_default();
    match path {
        "/.well-known/openid-configuration" => (
            200,
            json!({ "issuer": mood.issuer.as_deref().unwrap_or(own),
                "authorization_endpoint": format!("{own}/auth"),
                "token_endpoint": format!("{own}/token"), "jwks_uri": format!("{own}/jwks"),
                "userinfo_endpoint": format!("{own}/about"),
                "authorization_response_iss_parameter_supported": true }),
        ),
        "/jwks" => {
            let x = base64url(key(1).verifying_key().as_bytes());
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x });
            (200, json!({ "keys": [jwk] }))
        }
        "/about" if headers.contains("Bearer access") => (200, mood.about.clone()),
        "/token" if mood.status == 200 => token(own, mood, headers, body),
        "/token" => (mood.status, json!({ "error": "invalid_grant" })),
        _ => (404, json!({})),
    }
}

#[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
fn token(own: &str, mood: &Mood, headers: &str, body: &str) -> (u16, Value) {
    // RFC 6749 §2.3.1: both are escaped first.
    let escaped: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let pair = base64ct::Base64::encode_string(format!("{CLIENT}:{escaped}").as_bytes());
    let sent: std::collections::HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).collect();
    let challenge = base64url(&Sha256::digest(sent["code_verifier"].as_bytes()));
    if !headers.contains(&format!("Basic {pair}"))
        || challenge != mood.asked.1
        || sent["code"] != "c0de"
        || !sent["redirect_uri"].ends_with("/office/oidc/return")
    {
        return (400, json!({ "error": "invalid_request" }));
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({ "iss": own, "sub": "sub-1", "aud": CLIENT, "nonce": mood.asked.0,
        "iat": now, "exp": now + 300 });
    for (name, value) in mood.claims.as_object().unwrap() {
        // How many seconds from now.
        let time = ["iat", "exp", "nbf"].contains(&name.as_str());
        claims[name] = match value.as_i64().filter(|_| time) {
            Some(seconds) => json!(i64::try_from(now).unwrap() + seconds),
            None => value.clone(),
        };
    }
    let part = |it: &Value| base64url(it.to_string().as_bytes());
    let signed = format!("{}.{}", part(&mood.head), part(&claims));
    let signature = base64url(&key(mood.key).sign(signed.as_bytes()).to_bytes());
    let signature = if mood.unsigned { String::new() } else { signature };
    (
        200,
        json!({ "id_token": format!("{signed}.{signature}"), "access_token": "access", "token_type": "Bearer" }),
    )
}
