//! Sending one message: one connection, one request, no redirect followed, little of the answer read.
//!
//! hyper and rustls, which the collector listens with, send too: a client that resolves names by itself would
//! connect to what was not checked.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, StatusCode,
    body::{Body, Bytes, Incoming},
    client::conn::http1,
    header::{self, HeaderMap},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use super::address::{Address, Reach, is_public};

/// How long everything may take: the name, the connection, the answer.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const ANSWER: usize = 4_096;
/// The longest that a receiver may ask to be left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3_600);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A 2xx: the receiver took it.
    Taken(u16),
    /// 410: it wants no more.
    Gone,
    /// Another status, and how long the receiver asks to be left alone.
    Status(u16, Option<Duration>),
    /// 3xx, which is not followed.
    Redirect(u16),
    /// Its name stands for no public address.
    Inside,
    /// The receiver cannot be reached, or breaks off.
    Unreachable(&'static str),
    /// It did not answer in time.
    Late,
    /// What was to be sent could not be opened.
    Sealed,
}

impl Answer {
    /// What happened, for figures: one of a fixed list.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Taken(_) => "delivered",
            Self::Gone => "gone",
            Self::Status(..) => "status",
            Self::Redirect(_) => "redirect",
            Self::Inside => "not_public",
            Self::Unreachable(_) => "unreachable",
            Self::Late => "late",
            Self::Sealed => "sealed",
        }
    }

    /// The same for the owner of the webhook.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Taken(status) => format!("{status}"),
            Self::Gone => "410: the receiver wants no more".to_owned(),
            Self::Status(status, _) => format!("{status}"),
            Self::Redirect(status) => format!("{status}: redirects are not followed"),
            Self::Inside => "its name stands for no public address".to_owned(),
            Self::Unreachable(why) => (*why).to_owned(),
            Self::Late => format!("no answer in {} s", PATIENCE.as_secs()),
            Self::Sealed => "the lead could not be opened; the log says why".to_owned(),
        }
    }
}

/// A message as it is sent.
#[derive(Clone)]
pub struct Signed {
    /// The webhook-id.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub seconds: i64,
    /// Its signatures, with spaces between them.
    pub signatures: String,
    /// What is sent, a JSON object.
    pub body: Vec<u8>,
}

/// Sends messages.
#[derive(Clone)]
pub struct Post {
    tls: Arc<ClientConfig>,
    reach: Reach,
}

impl Post {
    /// One that trusts whom this machine trusts.
    ///
    /// # Errors
    /// Where rustls does not take its own settings.
    pub fn new(reach: Reach) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let tls = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), reach })
    }

    /// Sends a message to an address as it was stored, and waits for the answer, but not for ever.
    pub async fn send(&self, url: &str, message: Signed) -> Answer {
        let end = Instant::now() + PATIENCE;
        let Ok(address) = Address::parse(url, self.reach) else { return Answer::Inside };
        match timeout_at(end, self.ask(&address, message)).await {
            Ok(Ok(answer) | Err(answer)) => answer,
            Err(_) => Answer::Late,
        }
    }

    async fn ask(&self, address: &Address, message: Signed) -> Result<Answer, Answer> {
        let stream = self.connect(address).await?;
        if !address.is_secure {
            return exchange(TokioIo::new(stream), address, message).await;
        }
        let unnamed = |_| Answer::Unreachable("its name is none that a certificate has");
        let name = ServerName::try_from(address.host.clone()).map_err(unnamed)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let refused = |_: io::Error| {
            Answer::Unreachable("its certificate is not trusted, or it speaks no TLS")
        };
        let stream = connector.connect(name, stream).await.map_err(refused)?;
        exchange(TokioIo::new(stream), address, message).await
    }

    /// Connects to an address that was checked: what the name stands for is asked once.
    async fn connect(&self, address: &Address) -> Result<TcpStream, Answer> {
        let unknown = |_: io::Error| Answer::Unreachable("its name is not known");
        let host = (address.host.as_str(), address.port);
        let found: Vec<_> = tokio::net::lookup_host(host).await.map_err(unknown)?.collect();
        let may = |ip: IpAddr| self.reach == Reach::Private || is_public(ip);
        let found: Vec<_> = found.into_iter().filter(|socket| may(socket.ip())).collect();
        if found.is_empty() {
            return Err(Answer::Inside);
        }
        let refused = |_: io::Error| Answer::Unreachable("it takes no connection");
        TcpStream::connect(found.as_slice()).await.map_err(refused)
    }
}

/// The connection's own work, which ends with the value.
struct Driven(JoinHandle<()>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange<S>(stream: S, address: &Address, message: Signed) -> Result<Answer, Answer>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |_: hyper::Error| Answer::Unreachable("it broke off");
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    let _driven = Driven(tokio::spawn(async move {
        // What becomes of the connection is seen by what becomes of the request.
        connection.await.unwrap_or_default();
    }));
    let request = Request::post(&address.target)
        .header(header::HOST, &address.authority)
        .header(header::USER_AGENT, concat!("Ashiato/", env!("CARGO_PKG_VERSION")))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", message.seconds)
        .header("webhook-signature", &message.signatures)
        .body(Full::new(Bytes::from(message.body)));
    let request = request.map_err(|_| Answer::Unreachable("its address cannot be asked for"))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = response.into_parts();
    let answer = answer(head.status, &head.headers);
    if matches!(answer, Answer::Taken(_)) {
        read(body).await?;
    }
    Ok(answer)
}

fn answer(status: StatusCode, headers: &HeaderMap) -> Answer {
    match status.as_u16() {
        code @ 200..300 => Answer::Taken(code),
        code @ 300..400 => Answer::Redirect(code),
        410 => Answer::Gone,
        code => Answer::Status(code, pause(headers)),
    }
}

/// How many seconds a receiver asks to be left alone.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// Reads an answer to its end, or to as much as is read: one that breaks off before was not given.
async fn read(body: Incoming) -> Result<(), Answer> {
    if body.is_end_stream() {
        return Ok(());
    }
    match Limited::new(body, ANSWER).collect().await {
        Ok(_) => Ok(()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Ok(()),
        Err(_) => Err(Answer::Unreachable("it broke off")),
    }
}
